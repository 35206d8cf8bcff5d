//! Who did what: an append-only record in the store, one object per act (R39).
//!
//! Objects are written on condition that they are new and never changed by this program. Keep them 180 days or
//! longer by a life-cycle rule of the bucket, and lock them with its object lock where the law asks for it.

use interview_store::{Key, StoreError, TenantStore};
use jiff::Timestamp;
use serde::Serialize;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// An interview was analysed and its report stored.
    ReportStored,
    /// A candidate was erased at somebody's request.
    CandidateErased,
    /// An interview was deleted because its time was over.
    InterviewExpired,
}

/// One act.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Record {
    /// Version of this record; `"1"`.
    schema_version: &'static str,
    /// When.
    at: Timestamp,
    /// Which program on which machine, or which user.
    actor: String,
    /// What.
    action: Action,
    /// The job, where it was about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
    /// The report, the receipt, or whatever else proves it.
    subject: String,
    /// The trace it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl Record {
    /// An act of now.
    pub(crate) fn new(actor: &str, action: Action, subject: impl Into<String>) -> Self {
        Self {
            schema_version: "1",
            at: Timestamp::now(),
            actor: actor.to_owned(),
            action,
            job_id: None,
            subject: subject.into(),
            trace_id: None,
        }
    }

    /// The same about a job.
    pub(crate) fn about(self, job_id: impl ToString, trace_id: Option<String>) -> Self {
        Self { job_id: Some(job_id.to_string()), trace_id, ..self }
    }

    /// Appends the record.
    ///
    /// # Errors
    /// As the store says.
    pub(crate) async fn append(&self, tenant: &TenantStore<'_>) -> Result<(), StoreError> {
        let day = self.at.strftime("%Y-%m-%d");
        let time = self.at.strftime("%H%M%S.%6f");
        let key = Key::new(format!("audit/{day}/{time}-{:08x}.json", fastrand::u32(..)))?;
        let bytes = serde_json::to_vec(self)
            .map_err(|error| StoreError::Configuration(format!("audit record: {error}")))?;
        tenant.write(&key, bytes, "application/json").await.map(drop)
    }
}

/// The name of this program on this machine, for the record.
pub(crate) fn actor(role: &str) -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    match user.as_str() {
        "" => format!("{role}@{host}"),
        user => format!("{role}@{host} ({user})"),
    }
}
