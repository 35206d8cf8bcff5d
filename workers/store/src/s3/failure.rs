//! From the errors of the S3 client to ours.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::StoreError;

/// Longest quotation of an error of the client, in characters.
const QUOTE_CHARS: usize = 300;

/// The HTTP status of a refusal; `None` when no answer came.
pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    match error {
        SdkError::ServiceError(refusal) => Some(refusal.raw().status().as_u16()),
        SdkError::ResponseError(refusal) => Some(refusal.raw().status().as_u16()),
        _ => None,
    }
}

/// Maps a failed request about `name`.
pub(super) fn failed<E>(name: &str, error: SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let key = name.to_owned();
    let code = match &error {
        SdkError::ServiceError(refusal) => refusal.err().code().map(str::to_owned),
        _ => None,
    };
    let status = status(&error);
    let detail = match (&status, &code) {
        (Some(status), Some(code)) => format!("HTTP {status}, {code}"),
        (Some(status), None) => format!("HTTP {status}"),
        (None, _) => DisplayErrorContext(&error).to_string().chars().take(QUOTE_CHARS).collect(),
    };
    match (status, code.as_deref()) {
        // A bucket that is not there is a fault of the set-up, not of one object.
        (_, Some("NoSuchBucket")) => StoreError::Unavailable { key, detail },
        (Some(404), _) => StoreError::NotFound { key },
        (Some(401 | 403), _) | (_, Some("ExpiredToken" | "InvalidToken")) => {
            StoreError::Forbidden { key, detail }
        }
        (Some(412 | 416), _) => {
            let detail = format!("the object was replaced during the download ({detail})");
            StoreError::Integrity { key, detail }
        }
        _ => StoreError::Unavailable { key, detail },
    }
}
