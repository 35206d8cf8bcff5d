//! Text for people, in both languages of the product.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The same text in English and Chinese.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// English text.
    pub en: String,
    /// Chinese text.
    pub zh: String,
}

impl Bilingual {
    /// Pairs the two texts.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }
}
