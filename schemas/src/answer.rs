//! Answers of an interview: video, audio, typed text and results of outside tests (R2).

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::parse::nested;
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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

/// Every kind of answer, as named on the wire.
const KINDS: [&str; 4] = ["video", "audio", "text", "external"];

// Written out because the derived form for tagged enums loses the path of what is wrong inside an answer.
impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = deserializer.deserialize_map(UniqueFields)?;
        let kind = fields.remove("kind").ok_or_else(|| D::Error::missing_field("kind"))?;
        match kind.as_str() {
            Some("video") => inner(fields).map(Self::Video),
            Some("audio") => inner(fields).map(Self::Audio),
            Some("text") => inner(fields).map(Self::Text),
            Some("external") => inner(fields).map(Self::External),
            _ => Err(D::Error::custom(format_args!(
                ".kind: unknown variant {kind}, expected one of {}",
                KINDS.join(", ")
            ))),
        }
    }
}

fn inner<T: DeserializeOwned, E: serde::de::Error>(fields: Map<String, Value>) -> Result<T, E> {
    nested(Value::Object(fields))
}

/// Reads an object and refuses a field that stands in it twice.
struct UniqueFields;

impl<'de> Visitor<'de> for UniqueFields {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Map::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if fields.contains_key(&key) {
                return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
            }
            fields.insert(key, value);
        }
        Ok(fields)
    }
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
