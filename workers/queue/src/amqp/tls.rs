//! Certificates for `amqps://`, read anew at every connection so that they can be renewed while a worker runs.

use std::path::Path;

use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};

use crate::error::QueueError;
use crate::url::{QueueUrl, TlsFiles};

/// Reads the certificates that the address names.
pub(super) fn read(url: &QueueUrl) -> Result<OwnedTLSConfig, QueueError> {
    let TlsFiles { ca, certificate, key } = &url.tls;
    let bytes = |path: &Path| {
        std::fs::read(path).map_err(|error| configuration(url, format!("{}: {error}", path.display())))
    };
    let cert_chain = match ca {
        Some(path) => Some(String::from_utf8(bytes(path)?).map_err(|_| {
            configuration(url, format!("{}: not a PEM file of certificates", path.display()))
        })?),
        None => None,
    };
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            Some(OwnedIdentity::PKCS8 { pem: bytes(certificate)?, key: bytes(key)? })
        }
        (None, None) => None,
        _ => {
            return Err(configuration(url, "a client certificate needs both cert=… and key=…".to_owned()));
        }
    };
    Ok(OwnedTLSConfig { identity, cert_chain })
}

fn configuration(url: &QueueUrl, message: String) -> QueueError {
    QueueError::Configuration { queue: url.to_string(), message }
}
