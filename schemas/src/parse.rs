//! Strict JSON parsing that names the path of what is wrong.

use serde::de::DeserializeOwned;

/// Why a document was refused, with the place.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ParseError {
    /// Path of the offending field, such as `answers[1].media.uri`, or `(document)` for the whole.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// Parses JSON into a wire type; unknown fields, wrong types and bad values are refused with their path.
///
/// # Errors
/// [`ParseError`] with the first problem found.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ParseError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { "(document)".to_owned() } else { path };
        join_nested(path, error.into_inner().to_string())
    })?;
    deserializer
        .end()
        .map_err(|error| ParseError { path: "(document)".to_owned(), message: error.to_string() })?;
    Ok(value)
}

/// Deserialises a value that was read before its type was known; the path inside it is kept by putting
/// `.path: ` in front of the message, where [`from_json`] finds it again.
pub(crate) fn nested<T: DeserializeOwned, E: serde::de::Error>(value: serde_json::Value) -> Result<T, E> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner();
        if path == "." { E::custom(message) } else { E::custom(format_args!(".{path}: {message}")) }
    })
}

fn join_nested(path: String, message: String) -> ParseError {
    let inner = message.strip_prefix('.').and_then(|rest| rest.split_once(": "));
    match inner {
        Some((inner, rest)) => ParseError { path: format!("{path}.{inner}"), message: rest.to_owned() },
        None => ParseError { path, message },
    }
}
