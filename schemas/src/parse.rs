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
        ParseError { path, message: error.into_inner().to_string() }
    })?;
    deserializer
        .end()
        .map_err(|error| ParseError { path: "(document)".to_owned(), message: error.to_string() })?;
    Ok(value)
}
