//! Answers of an interview: video, audio, typed text and results of outside tests (R2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AnswerId, Language, QuestionId};

/// Where a recording lies and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaRef {
    /// `s3://bucket/key`, or a path relative to the job file (`file:` prefix optional).
    pub uri: String,
    /// SHA-256 of the file in hexadecimal; a file with another one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Length of the file in bytes; a file of another length is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// A recorded answer, video or audio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedAnswer {
    /// Unique within the job.
    pub id: AnswerId,
    /// The question that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionId>,
    /// The recording.
    pub media: MediaRef,
    /// When the question ended, in seconds of the recording; the answer latency counts from here (R12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_end_s: Option<f64>,
    /// Language of this answer where it differs from the job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

/// A typed answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextAnswer {
    /// Unique within the job.
    pub id: AnswerId,
    /// The question that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionId>,
    /// What the candidate typed.
    pub text: String,
    /// Language of this answer where it differs from the job's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

/// A score that a person or another system gave: code judge, technical expert, branch rating (R27).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalScore {
    /// Unique within the job.
    pub id: AnswerId,
    /// What was rated: the profile refers to it as the feature `external.<measure>`.
    pub measure: String,
    /// Who or what rated, such as `code-judge` or `rater:branch-12`.
    pub source: String,
    /// The rating, from `min` to `max`.
    pub score: f64,
    /// Lowest possible rating.
    #[serde(default)]
    pub min: f64,
    /// Highest possible rating.
    #[serde(default = "hundred")]
    pub max: f64,
    /// A remark of the rater, shown in the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

fn hundred() -> f64 {
    100.0
}

/// One answer of the interview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// A video with or without sound.
    Video(RecordedAnswer),
    /// A sound recording.
    Audio(RecordedAnswer),
    /// A typed text.
    Text(TextAnswer),
    /// A score from outside.
    External(ExternalScore),
}

impl Answer {
    /// The id of the answer.
    #[must_use]
    pub fn id(&self) -> &AnswerId {
        match self {
            Self::Video(answer) | Self::Audio(answer) => &answer.id,
            Self::Text(answer) => &answer.id,
            Self::External(answer) => &answer.id,
        }
    }

    /// The question that is answered, where one is named.
    #[must_use]
    pub fn question(&self) -> Option<&QuestionId> {
        match self {
            Self::Video(answer) | Self::Audio(answer) => answer.question.as_ref(),
            Self::Text(answer) => answer.question.as_ref(),
            Self::External(_) => None,
        }
    }
}
