//! The report: scores with their contributions, evidence and versions (`report.json`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::features::{ModelUse, NotAssessed};
use crate::job::Scenario;
use crate::perception::Span;
use crate::policy::ResolvedPolicy;
use crate::{AnswerId, Bilingual, CandidateRef, ErrorCode, JobId, Language, ReportId};

/// The recommendation (R23). Never a decision: a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// 优先推荐.
    Recommended,
    /// 可考虑.
    Consider,
    /// 不推荐.
    NotRecommended,
    /// 证据不足: a person must look (R20).
    InsufficientEvidence,
}

impl Grade {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::Consider => "consider",
            Self::NotRecommended => "not_recommended",
            Self::InsufficientEvidence => "insufficient_evidence",
        }
    }

    /// The grade for people.
    #[must_use]
    pub fn title(self) -> Bilingual {
        match self {
            Self::Recommended => Bilingual::new("Recommended", "优先推荐"),
            Self::Consider => Bilingual::new("Consider", "可考虑"),
            Self::NotRecommended => Bilingual::new("Not recommended", "不推荐"),
            Self::InsufficientEvidence => Bilingual::new("Insufficient evidence", "证据不足，需人工复核"),
        }
    }
}

/// `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Version of this schema; `"1"`.
    pub schema_version: String,
    /// Hash of job, media and versions of pipeline, models and profile: same work, same id.
    pub report_id: ReportId,
    /// The job.
    pub job_id: JobId,
    /// The features this report was scored from.
    pub features_id: ReportId,
    /// The HR system's reference to the candidate.
    pub candidate: CandidateRef,
    /// Marked in every output, never counted in statistics (R8).
    pub test_candidate: bool,
    /// External hire or internal promotion (R7).
    pub scenario: Scenario,
    /// Title of the position, where the job names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// 0–100; `null` when there is too little evidence.
    pub score: Option<f64>,
    /// The recommendation.
    pub grade: Grade,
    /// How much of the profile's weight that applies to these kinds of answers could be measured, and how well; 0–1.
    pub confidence: f64,
    /// Why, in a few sentences.
    pub reasons: Vec<Bilingual>,
    /// The competencies of the profile; their contributions add up to the score.
    pub competencies: Vec<Competency>,
    /// The groups of the profile (R22), where it has groups; their contributions add up to the score, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupScore>,
    /// Why a person must look whatever the score: hard rules of the profile, and must requirements and must points of
    /// the job that were not found or could not be judged. They never reject by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<RuleHit>,
    /// What the outcome sets going (R24), such as an invitation to the second round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<TriggerHit>,
    /// The scores that profiles under trial would have given (R8, R26); they decide nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadow: Vec<ShadowScore>,
    /// What a person should look at.
    pub flags: Vec<Flag>,
    /// The answers with their transcripts.
    pub answers: Vec<AnswerReport>,
    /// The profile that was used.
    pub profile: ProfileRef,
    /// The policy as it was applied.
    pub policy: ResolvedPolicy,
    /// The models that ran.
    pub models: Vec<ModelUse>,
    /// Version of the pipeline.
    pub pipeline_version: String,
}

/// The profile that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileRef {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// SHA-256 of the resolved profile in its canonical form.
    pub hash: String,
}

/// One group of competencies (R22).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupScore {
    /// Name in the profile.
    pub name: String,
    /// Name for people.
    pub title: Bilingual,
    /// 0–100; `null` when nothing of it could be measured.
    pub score: Option<f64>,
    /// Share of the total weight in the profile, 0–1.
    pub weight: f64,
    /// Points of the total score.
    pub contribution: f64,
    /// How much of its weight that applies could be measured, and how well; 0–1.
    pub confidence: f64,
}

/// A hard rule that applies: one of the profile, or what the job requires (`required-skills`, `required-points`, and
/// the same with `-not-assessed`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleHit {
    /// Name in the profile, or of the job's requirement.
    pub name: String,
    /// What a person has to look at.
    pub message: Bilingual,
}

/// Something that the outcome sets going (R24).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerHit {
    /// Name in the profile.
    pub name: String,
    /// The event to be sent, such as `second_round_invitation`.
    pub event: String,
    /// Name for people.
    pub title: Bilingual,
}

/// What a profile under trial would have said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShadowScore {
    /// The profile under trial.
    pub profile: ProfileRef,
    /// 0–100; `null` when there is too little evidence.
    pub score: Option<f64>,
    /// The recommendation it would have given.
    pub grade: Grade,
    /// 0–1.
    pub confidence: f64,
}

/// One competency of the profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Competency {
    /// Name in the profile.
    pub name: String,
    /// Name for people.
    pub title: Bilingual,
    /// Group in the profile (R22), where it has groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// 0–100; `null` when nothing of it could be measured.
    pub score: Option<f64>,
    /// Share of the total weight in the profile, 0–1.
    pub weight: f64,
    /// Points of the total score; the contributions of all competencies add up to it.
    pub contribution: f64,
    /// How much of its weight that applies could be measured, and how well; 0–1.
    pub confidence: f64,
    /// What it was measured by.
    pub indicators: Vec<Indicator>,
}

/// One indicator of a competency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// The feature.
    pub feature: String,
    /// Name for people.
    pub title: Bilingual,
    /// The value taken over all answers it was measured in; `null` when not assessed.
    pub value: Option<f64>,
    /// Standard deviation between the answers or raters (R27); absent when fewer than two were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    /// Unit of the value.
    pub unit: String,
    /// 0–100; `null` when not assessed.
    pub score: Option<f64>,
    /// Share of the total weight in the profile, 0–1.
    pub weight: f64,
    /// Points of the total score.
    pub contribution: f64,
    /// How far the value can be relied on, 0–1.
    pub confidence: f64,
    /// Why there is no value.
    pub not_assessed: Option<NotAssessed>,
    /// Where it can be seen or heard.
    pub evidence: Vec<AnswerEvidence>,
}

/// Evidence with the answer it stands in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerEvidence {
    /// The answer.
    pub answer: AnswerId,
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// The words, or what is to be seen.
    pub text: String,
}

/// Something a person should look at; never a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Stable code, such as `NO_SPEECH`, `PARTIAL_MEDIA`, `MORE_THAN_ONE_FACE`, `NOT_ANSWERED`, `REQUIREMENT_MISSING`.
    pub code: String,
    /// The answer; absent when it concerns the whole interview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerId>,
    /// When.
    #[serde(default)]
    pub spans: Vec<Span>,
    /// What was seen, for people.
    pub message: Bilingual,
}

/// One answer in the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerReport {
    /// The answer.
    pub id: AnswerId,
    /// Kind of the answer: `video`, `audio`, `text` or `external`.
    pub kind: String,
    /// What was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Length of the recording in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Language in which it was analysed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// What was said, by segments.
    pub transcript: Vec<TranscriptLine>,
    /// Why the answer could not be analysed at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<AnswerFailure>,
    /// Curves for the timeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

/// One line of the transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TranscriptLine {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// What was said.
    pub text: String,
    /// 0–1.
    pub confidence: f64,
}

/// Why an answer could not be analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerFailure {
    /// Stable code.
    pub code: ErrorCode,
    /// What happened and what to do.
    pub message: String,
}

/// Curves over the answer for the timeline, at most a few hundred points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// Spans with speech.
    pub speech: Vec<Span>,
    /// Distance between the points in seconds.
    pub step_s: f64,
    /// Sound level in decibels relative to full scale.
    pub level_db: Vec<f64>,
    /// Pitch in hertz, where voiced.
    pub f0_hz: Vec<Option<f64>>,
    /// Number of faces seen, where the picture was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faces: Vec<Option<f64>>,
    /// Share of eye contact, 0–1, where the picture was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eye_contact: Vec<Option<f64>>,
    /// Smile intensity, 0–1, where the picture was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smile: Vec<Option<f64>>,
}
