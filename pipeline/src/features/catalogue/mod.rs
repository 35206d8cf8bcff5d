//! The catalogue: every feature with definition, unit, range and source; `docs/features.md` is made from it.

pub mod content;
pub mod document;
pub mod visual;
pub mod voice;

use interview_schemas::Feature;
use interview_schemas::features::{Evidence, NotAssessed};

pub use document::markdown;

/// The definition of one feature, in both languages of the product.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureDefinition {
    /// Dotted name, such as `speech.articulation_rate`.
    pub name: &'static str,
    /// Unit, such as `syllables/s`, `ratio`, `s`, `1/min`, `Hz`, `dB`, `semitones`, `score`.
    pub unit: &'static str,
    /// Smallest and largest value it can have.
    pub range: (f64, f64),
    /// Name for people, English.
    pub title_en: &'static str,
    /// Name for people, Chinese.
    pub title_zh: &'static str,
    /// How it is measured, exactly, English.
    pub definition_en: &'static str,
    /// How it is measured, Chinese.
    pub definition_zh: &'static str,
    /// Where the measure comes from: paper, specification or "own definition".
    pub source: &'static str,
}

impl FeatureDefinition {
    /// A measured value of this feature, clamped to its range.
    #[must_use]
    pub fn measured(&self, value: f64, confidence: f64, evidence: Vec<Evidence>) -> Feature {
        Feature::measured(self.name, self.unit, value.clamp(self.range.0, self.range.1), confidence, evidence)
    }

    /// This feature without a value.
    #[must_use]
    pub fn not_assessed(&self, reason: NotAssessed) -> Feature {
        Feature::not_assessed(self.name, self.unit, reason)
    }
}

/// The groups of definitions; each stage of perception brings its own.
const GROUPS: &[&[FeatureDefinition]] = &[content::DEFINITIONS, visual::DEFINITIONS, voice::DEFINITIONS];

/// Every feature, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static FeatureDefinition> {
    GROUPS.iter().flat_map(|group| group.iter())
}

/// The definition of a feature.
#[must_use]
pub fn find(name: &str) -> Option<&'static FeatureDefinition> {
    all().find(|definition| definition.name == name)
}
