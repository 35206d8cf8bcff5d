//! Features: every measured number with unit, confidence and evidence (`features.json`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::job::QuestionKind;
use crate::report::Flag;
use crate::{AnswerId, JobId, Language, ReportId};

/// `features.json`: enough to score again without any model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureSet {
    /// Version of this schema; `"1"`.
    pub schema_version: String,
    /// The job that was measured.
    pub job_id: JobId,
    /// Hash of job, media, models and pipeline version; the profile is not part of it.
    pub features_id: ReportId,
    /// Version of the pipeline that measured.
    pub pipeline_version: String,
    /// Test candidates are never counted in statistics (R8).
    pub test_candidate: bool,
    /// The branch that hires, where the job names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Name of the policy under which was measured.
    pub policy: String,
    /// One entry per answer, in the order of the job.
    pub answers: Vec<AnswerFeatures>,
    /// What a person should look at.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// The models that ran.
    pub models: Vec<ModelUse>,
}

/// The features of one answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerFeatures {
    /// The answer.
    pub id: AnswerId,
    /// Kind of the answer: `video`, `audio`, `text` or `external`.
    pub kind: String,
    /// Kind of its question; absent where the answer belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionKind>,
    /// The scene of its question, such as `refusal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<String>,
    /// Language in which it was analysed; absent where nothing was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Length of the recording in seconds; absent for text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// The features, ordered by name.
    pub features: Vec<Feature>,
}

/// Why a feature has no value. What could not be measured is never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotAssessed {
    /// The policy forbids it, or consent is missing.
    Policy,
    /// The answer has no sound.
    NoAudio,
    /// The answer has no picture.
    NoVideo,
    /// There is sound, but no speech in it.
    NoSpeech,
    /// No usable face was seen for long enough.
    NoFace,
    /// The shoulders were not in view.
    NoBody,
    /// The person showed no usual state to compare with, such as a direction in which they mostly look.
    NoBaseline,
    /// Too little of it to measure.
    TooShort,
    /// Picture or sound is too poor.
    PoorQuality,
    /// The transcript is too uncertain to be judged.
    UnreliableTranscript,
    /// Not available in this language.
    Language,
    /// What it compares with was not given (no question, no requirements, no rubric).
    NoReference,
    /// The model it needs is not installed.
    NoModel,
    /// It does not apply to this kind of answer, such as the voice of a written one.
    NotApplicable,
    /// No answer was given in which it could be measured: no question of the scene, no rating.
    NoAnswer,
}

/// One measured number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Dotted name as in the catalogue, such as `speech.articulation_rate`.
    pub name: String,
    /// The value; `null` when not assessed.
    pub value: Option<f64>,
    /// Unit as in the catalogue, such as `syllables/s`.
    pub unit: String,
    /// How far the value can be relied on, 0–1; 0 when not assessed.
    pub confidence: f64,
    /// Why there is no value; `null` when there is one.
    pub not_assessed: Option<NotAssessed>,
    /// Where it can be seen or heard.
    pub evidence: Vec<Evidence>,
}

impl Feature {
    /// A measured feature. The value is rounded to six decimals and the confidence clamped to 0–1; a value
    /// that is not finite becomes `NotAssessed::TooShort` (it comes from a division by too little).
    #[must_use]
    pub fn measured(name: &str, unit: &str, value: f64, confidence: f64, evidence: Vec<Evidence>) -> Self {
        if !value.is_finite() || !confidence.is_finite() {
            return Self::not_assessed(name, unit, NotAssessed::TooShort);
        }
        Self {
            name: name.to_owned(),
            value: Some(round_decimals(value, 6)),
            unit: unit.to_owned(),
            confidence: round_decimals(confidence.clamp(0.0, 1.0), 3),
            not_assessed: None,
            evidence,
        }
    }

    /// A feature that could not be measured.
    #[must_use]
    pub fn not_assessed(name: &str, unit: &str, reason: NotAssessed) -> Self {
        Self {
            name: name.to_owned(),
            value: None,
            unit: unit.to_owned(),
            confidence: 0.0,
            not_assessed: Some(reason),
            evidence: Vec::new(),
        }
    }
}

/// Rounds to so many decimals; never returns negative zero.
#[must_use]
pub fn round_decimals(value: f64, decimals: u32) -> f64 {
    let scale = 10f64.powi(i32::try_from(decimals).unwrap_or(0));
    (value * scale).round() / scale + 0.0
}

/// Where a person can check a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// The words, or what is to be seen.
    pub text: String,
}

impl Evidence {
    /// Evidence at a span of time, rounded to milliseconds.
    #[must_use]
    pub fn new(start_s: f64, end_s: f64, text: impl Into<String>) -> Self {
        Self { start_s: round_decimals(start_s, 3), end_s: round_decimals(end_s, 3), text: text.into() }
    }
}

/// A model that ran.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelUse {
    /// Name in the manifest.
    pub name: String,
    /// Version in the manifest.
    pub version: String,
    /// SHA-256 of the file that was loaded; of several files, the hash of their hashes.
    pub sha256: String,
}
