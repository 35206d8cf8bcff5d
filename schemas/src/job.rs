//! The job: one interview as the HR system sends it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::policy::Consent;
use crate::{CandidateRef, JobId, Language, QuestionId};

/// Version of the job schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum JobSchemaVersion {
    /// The first version.
    #[default]
    #[serde(rename = "1")]
    V1,
}

/// Where the position is filled from (R7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// A candidate from outside.
    #[default]
    ExternalHire,
    /// An employee who is to be promoted.
    InternalPromotion,
}

/// The code that admitted the candidate to the interview (R3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterviewCode {
    /// The code itself.
    pub code: String,
    /// Submissions before this time are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Submissions after this time are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// How many submissions are allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission_limit: Option<u32>,
    /// The number of this submission, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission_number: Option<u32>,
}

/// One requirement of the position (R15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The skill, product or quality, such as `Spring Boot`.
    pub text: String,
    /// Other words for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// Whether a person must look when neither an answer nor the résumé shows it, or when that could not be judged; never
    /// a rejection by itself. Under every profile.
    #[serde(default)]
    pub must: bool,
}

/// The position to be filled.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Id of the position in the HR system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Title of the position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the position requires.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<Requirement>,
    /// Names and terms the speech recogniser should expect (products, places, skills).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vocabulary: Vec<String>,
}

/// What kind of question it is (R1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// The same question for everybody.
    #[default]
    Structured,
    /// A scene the candidate has to act in.
    Situational,
    /// A procedure to be shown or said in the right order (R18).
    Procedure,
}

impl QuestionKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Structured, Self::Situational, Self::Procedure];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Structured => "structured",
            Self::Situational => "situational",
            Self::Procedure => "procedure",
        }
    }
}

/// One point an answer should cover.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RubricPoint {
    /// Unique within the question.
    pub id: String,
    /// The point in a sentence.
    pub text: String,
    /// Other wordings of the same point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wordings: Vec<String>,
    /// Whether a person must look when no answer to the question covers it, or when that could not be judged; never a
    /// rejection by itself. Under every profile.
    #[serde(default)]
    pub must: bool,
    /// Weight among the points of the question.
    #[serde(default = "one")]
    pub weight: f64,
    /// Place in a procedure, counted from 1 (R18).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<u32>,
}

fn one() -> f64 {
    1.0
}

/// One question of the interview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Unique within the job.
    pub id: QuestionId,
    /// What was asked.
    pub text: String,
    /// What kind of question it is.
    #[serde(default)]
    pub kind: QuestionKind,
    /// The scene of a situational question, such as `refusal` or `complaint` (R17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<String>,
    /// The points a good answer covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rubric: Vec<RubricPoint>,
}

/// Who is interviewed; opaque references only (R38).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The HR system's reference.
    pub reference: CandidateRef,
    /// The branch that hires (R25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Plain text of the résumé (R15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<String>,
}

/// One interview to be analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Version of this schema; `"1"`.
    pub schema_version: JobSchemaVersion,
    /// Id of the job; the same id is the same job.
    pub job_id: JobId,
    /// Tenant whose media, profiles and reports these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Who is interviewed.
    pub candidate: Candidate,
    /// A test candidate is marked in every output and never counted in statistics (R8).
    #[serde(default)]
    pub test_candidate: bool,
    /// External hire or internal promotion (R7).
    #[serde(default)]
    pub scenario: Scenario,
    /// The code that admitted the candidate (R3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interview_code: Option<InterviewCode>,
    /// When the candidate submitted; decides whether the interview code was valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// The position to be filled.
    #[serde(default)]
    pub position: Position,
    /// Name of the competency profile, `name` or `name@version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Name of the policy; `cn` unless stated (R40).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What the candidate has separately agreed to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub consent: BTreeSet<Consent>,
    /// Language of the interview.
    #[serde(default)]
    pub language: Language,
    /// The questions asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
    /// The answers given; at least one.
    #[schemars(length(min = 1))]
    pub answers: Vec<Answer>,
}

impl Job {
    /// The question with this id.
    #[must_use]
    pub fn question(&self, id: &QuestionId) -> Option<&Question> {
        self.questions.iter().find(|question| &question.id == id)
    }
}
