//! Identifiers: short opaque strings, checked once at the border so that they are safe in file names,
//! storage keys and message headers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest identifier in bytes.
pub const MAX_ID_BYTES: usize = 128;

/// Why a string is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The identifier has no character.
    #[error("an identifier must not be empty")]
    Empty,
    /// The identifier is longer than [`MAX_ID_BYTES`].
    #[error("an identifier has at most {MAX_ID_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// The identifier has a character outside `A-Z a-z 0-9 . _ : -`, or begins with a dot.
    #[error(
        "an identifier consists of letters, digits, '.', '_', ':' and '-' and does not begin with '.'; found {0:?}"
    )]
    BadCharacter(char),
}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > MAX_ID_BYTES {
        return Err(IdError::TooLong(text.len()));
    }
    if text.starts_with('.') {
        return Err(IdError::BadCharacter('.'));
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-'))) {
        Some(c) => Err(IdError::BadCharacter(c)),
        None => Ok(()),
    }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String", extend("pattern" = r"^[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,127}$"))]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps an identifier.
            ///
            /// # Errors
            /// [`IdError`] when the text is empty, longer than [`MAX_ID_BYTES`] or holds another character
            /// than `A-Z a-z 0-9 . _ : -`.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }
    };
}

identifier!(
    /// One interview to be analysed, chosen by the HR system; the same id is the same job (R4).
    JobId
);
identifier!(
    /// One answer within a job.
    AnswerId
);
identifier!(
    /// One question within a job.
    QuestionId
);
identifier!(
    /// The HR system's opaque reference to a candidate; never a name, a phone or an identity number (R38).
    CandidateRef
);
identifier!(
    /// One report: the hash of job, media and versions, so that work done twice has the same id.
    ReportId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_checked() {
        assert!(JobId::new("shop-7:2026.11_a").is_ok());
        assert_eq!(JobId::new(""), Err(IdError::Empty));
        assert_eq!(JobId::new("../etc"), Err(IdError::BadCharacter('.')));
        assert_eq!(JobId::new("a/b"), Err(IdError::BadCharacter('/')));
        assert_eq!(JobId::new("x".repeat(129)), Err(IdError::TooLong(129)));
    }
}
