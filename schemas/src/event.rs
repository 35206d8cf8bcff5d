//! Events: what the pipeline tells the world, as CloudEvents 1.0 (R9, R24, R30).
//!
//! The attributes (`id`, `source`, `type`, `subject`, `time`, `traceparent`) travel as AMQP headers with the prefix
//! `cloudEvents:` beside the data as JSON body (binary mode), or in one JSON object (structured mode, [`Event`]).
//! Ids are deterministic: the same work said twice has the same id, so that a consumer can drop the repeat.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::{Grade, ProfileRef, Report};
use crate::trace::TraceParent;
use crate::{Bilingual, CandidateRef, ErrorCode, JobId, ReportId};

/// What an event says; the type of the event is the name of the variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "data")]
pub enum EventData {
    /// A stage of an analysis has begun or come further.
    #[serde(rename = "interview.progress")]
    Progress(Progress),
    /// A report has been written and stored.
    #[serde(rename = "interview.report.completed")]
    ReportCompleted(ReportCompleted),
    /// There will be no report: somebody has to act.
    #[serde(rename = "interview.report.failed")]
    ReportFailed(ReportFailed),
    /// The status of the interview in the candidate's record changes.
    #[serde(rename = "interview.status.changed")]
    StatusChanged(StatusChanged),
    /// A trigger of the profile applies.
    #[serde(rename = "interview.trigger.fired")]
    TriggerFired(TriggerFired),
}

impl EventData {
    /// Every type of event, in the order of the documentation.
    pub const TYPES: [&str; 5] = [
        "interview.progress",
        "interview.report.completed",
        "interview.report.failed",
        "interview.status.changed",
        "interview.trigger.fired",
    ];

    /// The CloudEvents `type`, which is also the routing key.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Progress(_) => Self::TYPES[0],
            Self::ReportCompleted(_) => Self::TYPES[1],
            Self::ReportFailed(_) => Self::TYPES[2],
            Self::StatusChanged(_) => Self::TYPES[3],
            Self::TriggerFired(_) => Self::TYPES[4],
        }
    }

    /// Name of the JSON Schema of the data.
    #[must_use]
    pub fn schema_name(&self) -> &'static str {
        match self {
            Self::Progress(_) => "event-progress",
            Self::ReportCompleted(_) => "event-report-completed",
            Self::ReportFailed(_) => "event-report-failed",
            Self::StatusChanged(_) => "event-status-changed",
            Self::TriggerFired(_) => "event-trigger-fired",
        }
    }

    /// Whether the event must reach somebody. Progress is of use only while somebody looks.
    #[must_use]
    pub fn must_be_delivered(&self) -> bool {
        !matches!(self, Self::Progress(_))
    }

    /// The data alone, as it stands in the body of a message.
    ///
    /// # Errors
    /// None for the types of this crate: every field is JSON.
    pub fn body(&self) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::Progress(data) => serde_json::to_vec(data),
            Self::ReportCompleted(data) => serde_json::to_vec(data),
            Self::ReportFailed(data) => serde_json::to_vec(data),
            Self::StatusChanged(data) => serde_json::to_vec(data),
            Self::TriggerFired(data) => serde_json::to_vec(data),
        }
    }

    /// Reads the body of a message of this type; `None` for a type that is not known.
    ///
    /// # Errors
    /// A body that is not of the type.
    pub fn from_body(event_type: &str, body: &[u8]) -> Option<serde_json::Result<Self>> {
        Some(match event_type {
            "interview.progress" => serde_json::from_slice(body).map(Self::Progress),
            "interview.report.completed" => serde_json::from_slice(body).map(Self::ReportCompleted),
            "interview.report.failed" => serde_json::from_slice(body).map(Self::ReportFailed),
            "interview.status.changed" => serde_json::from_slice(body).map(Self::StatusChanged),
            "interview.trigger.fired" => serde_json::from_slice(body).map(Self::TriggerFired),
            _ => return None,
        })
    }
}

/// Version of CloudEvents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum SpecVersion {
    /// CloudEvents 1.0.
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

/// One event in structured mode: attributes and data in one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Version of CloudEvents; `"1.0"`.
    pub specversion: SpecVersion,
    /// Names the event: the same thing said twice has the same id. Drop what you already have.
    pub id: String,
    /// Who says it: `urn:interview:<tenant>`, or `urn:interview` where the job names no tenant.
    pub source: String,
    /// The job, or what is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it was said; a repeat may carry a later time.
    pub time: Timestamp,
    /// Trace of the job (W3C Trace Context).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// What happened.
    #[serde(flatten)]
    pub data: EventData,
}

/// A stage as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgressStage {
    /// The media are fetched and checked.
    Fetch,
    /// Demuxing and decoding.
    Decode,
    /// Voice activity, pitch and level.
    Listen,
    /// Speech to text.
    Transcribe,
    /// Faces, body and picture quality.
    See,
    /// Sentence embeddings.
    Understand,
    /// Features, score and report.
    Judge,
    /// The results are stored.
    Store,
}

impl ProgressStage {
    /// Every stage, in order.
    pub const ALL: [Self; 8] = [
        Self::Fetch,
        Self::Decode,
        Self::Listen,
        Self::Transcribe,
        Self::See,
        Self::Understand,
        Self::Judge,
        Self::Store,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Decode => "decode",
            Self::Listen => "listen",
            Self::Transcribe => "transcribe",
            Self::See => "see",
            Self::Understand => "understand",
            Self::Judge => "judge",
            Self::Store => "store",
        }
    }

    /// The stage for people.
    #[must_use]
    pub fn title(self) -> Bilingual {
        match self {
            Self::Fetch => Bilingual::new("Fetching the recordings", "获取录像"),
            Self::Decode => Bilingual::new("Decoding", "解码"),
            Self::Listen => Bilingual::new("Listening to the voice", "分析语音"),
            Self::Transcribe => Bilingual::new("Speech to text", "语音转文字"),
            Self::See => Bilingual::new("Looking at the picture", "分析画面"),
            Self::Understand => Bilingual::new("Reading the answers", "理解回答"),
            Self::Judge => Bilingual::new("Scoring", "评分"),
            Self::Store => Bilingual::new("Storing the report", "保存报告"),
        }
    }
}

/// Data of `interview.progress`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    /// The job.
    pub job_id: JobId,
    /// Tenant of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The HR system's reference to the candidate.
    pub candidate: CandidateRef,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
    /// What is being done.
    pub stage: ProgressStage,
    /// Name of the stage for people.
    pub title: Bilingual,
    /// Seconds of media worked through in this stage.
    pub done_s: f64,
    /// Seconds of media there are, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_s: Option<f64>,
}

/// Where a stored document lies and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtefactRef {
    /// `s3://bucket/key`, or `file:` with a path.
    pub uri: String,
    /// SHA-256 of the document in hexadecimal.
    pub sha256: String,
    /// Length of the document in bytes.
    pub bytes: u64,
}

/// The documents of one report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artefacts {
    /// `report.json`.
    pub report: ArtefactRef,
    /// `report.html`: the same for people.
    pub html: ArtefactRef,
    /// `features.json`: every measured number.
    pub features: ArtefactRef,
}

/// Data of `interview.report.completed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportCompleted {
    /// The job.
    pub job_id: JobId,
    /// Tenant of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The HR system's reference to the candidate.
    pub candidate: CandidateRef,
    /// A test candidate is never counted in statistics (R8).
    pub test_candidate: bool,
    /// Names the work; also the id of this event. Drop a report that you already have.
    pub report_id: ReportId,
    /// The features the report was scored from.
    pub features_id: ReportId,
    /// 0–100; `null` when there is too little evidence. Never treat `null` as 0.
    pub score: Option<f64>,
    /// The recommendation; a person decides.
    pub grade: Grade,
    /// How much of the profile's weight that applies to these kinds of answers could be measured, and how well; 0–1.
    pub confidence: f64,
    /// The profile that was used.
    pub profile: ProfileRef,
    /// Where the documents lie.
    pub artefacts: Artefacts,
}

/// Data of `interview.report.failed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFailed {
    /// The job; absent where not even that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// Tenant of the job, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The HR system's reference to the candidate, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<CandidateRef>,
    /// Id of the message that carried the job.
    pub message_id: String,
    /// Why, as a stable code (`docs/errors.md`).
    pub code: ErrorCode,
    /// What happened, with the place.
    pub message: String,
    /// What the code means and what to do, for people.
    pub advice: String,
    /// Which attempt failed last, counted from 1.
    pub attempt: u32,
    /// Whether the job lies in the dead letters, from where an operator can send it again.
    pub dead_lettered: bool,
}

/// The status of an interview in the candidate's record (R30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InterviewStatus {
    /// 待评估: the job has come in.
    Waiting,
    /// 评估中: it is being analysed.
    Analysing,
    /// 通过: the recommendation is to go on.
    Passed,
    /// 未通过: the recommendation is not to go on.
    NotPassed,
    /// 待复核: a person has to look.
    Review,
    /// 评估失败: there is no report.
    Failed,
}

impl InterviewStatus {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Analysing => "analysing",
            Self::Passed => "passed",
            Self::NotPassed => "not_passed",
            Self::Review => "review",
            Self::Failed => "failed",
        }
    }

    /// The status for people.
    #[must_use]
    pub fn title(self) -> Bilingual {
        match self {
            Self::Waiting => Bilingual::new("Waiting for analysis", "待评估"),
            Self::Analysing => Bilingual::new("Being analysed", "评估中"),
            Self::Passed => Bilingual::new("Passed (proposal)", "通过（建议）"),
            Self::NotPassed => Bilingual::new("Not passed (proposal)", "未通过（建议）"),
            Self::Review => Bilingual::new("To be reviewed", "待复核"),
            Self::Failed => Bilingual::new("Analysis failed", "评估失败"),
        }
    }

    /// What a report proposes. Where the profile's rules ask for a person, or the evidence does not reach, it is
    /// always [`Self::Review`].
    #[must_use]
    pub fn proposed_by(report: &Report) -> Self {
        if !report.reviews.is_empty() {
            return Self::Review;
        }
        match report.grade {
            Grade::Recommended => Self::Passed,
            Grade::NotRecommended => Self::NotPassed,
            Grade::Consider | Grade::InsufficientEvidence => Self::Review,
        }
    }
}

/// Data of `interview.status.changed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusChanged {
    /// The job.
    pub job_id: JobId,
    /// Tenant of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The HR system's reference to the candidate.
    pub candidate: CandidateRef,
    /// The status from now on.
    pub status: InterviewStatus,
    /// Name of the status for people.
    pub title: Bilingual,
    /// Whether a person still has to confirm it. Always true for `passed` and `not_passed`: a person decides.
    pub proposal: bool,
    /// The report that it rests on, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_id: Option<ReportId>,
}

/// Data of `interview.trigger.fired`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TriggerFired {
    /// The job.
    pub job_id: JobId,
    /// Tenant of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The HR system's reference to the candidate.
    pub candidate: CandidateRef,
    /// A test candidate sets nothing going for real (R8).
    pub test_candidate: bool,
    /// The report that it rests on.
    pub report_id: ReportId,
    /// Name of the trigger in the profile.
    pub trigger: String,
    /// What is to happen, such as `second_round_invitation`.
    pub event: String,
    /// Name for people.
    pub title: Bilingual,
    /// The score that set it off.
    pub score: Option<f64>,
}
