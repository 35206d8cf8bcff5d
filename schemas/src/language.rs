//! Languages of interviews and reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The language of an answer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Decided from the recording or text.
    #[default]
    Auto,
    /// English.
    En,
    /// Mandarin Chinese.
    Zh,
}

impl Language {
    /// The code used on the wire: `auto`, `en` or `zh`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::str::FromStr for Language {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "en" => Ok(Self::En),
            "zh" => Ok(Self::Zh),
            other => Err(format!("unknown language {other:?}; known are auto, en and zh")),
        }
    }
}
