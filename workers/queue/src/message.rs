//! What goes through the queue: jobs, deliveries with their lease, failures, dead letters.

use std::time::Duration;

use async_trait::async_trait;
use interview_schemas::event::{InterviewStatus, ReportFailed, StatusChanged};
use interview_schemas::event_making::EventContext;
use interview_schemas::wire::Lane;
use interview_schemas::{CandidateRef, ErrorCode, Event, JobId, TraceParent};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::disposition::{Disposition, decide};
use crate::error::QueueError;

/// Largest job that is taken: far above the limits of an interview, far below what hurts a broker.
pub const MAX_JOB_BYTES: usize = 32 * 1024 * 1024;

/// How often one attempt is given out before it counts as a crash: its worker died or lost its connection each
/// time. Handing back and waiting in vain do not get near it.
pub const MAX_DELIVERIES: u32 = 10;

/// Longest message of a failure that travels with a dead letter, in bytes.
const MAX_FAILURE_BYTES: usize = 2000;

/// A job to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Names the message; the job's id.
    pub message_id: String,
    /// Who waits for it.
    pub lane: Lane,
    /// The job as JSON.
    pub body: Vec<u8>,
    /// Trace of the sender.
    pub traceparent: Option<TraceParent>,
}

/// What is known of a job beside its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobHeaders {
    /// Names the message; the job's id where the sender set it.
    pub message_id: String,
    /// Where it came from.
    pub lane: Lane,
    /// Which attempt this is, counted from 1. Our own count: what the broker counts does not decide.
    pub attempt: u32,
    /// How often this attempt was given out, counted from 1: more than once when a worker died or lost its lease.
    pub deliveries: u32,
    /// Given out too often: it must not be tried again, only settled as [`ErrorCode::Crash`].
    pub exhausted: bool,
    /// When the job was queued, where the sender said so.
    pub queued_at: Option<Timestamp>,
    /// Trace of the sender.
    pub traceparent: Option<TraceParent>,
}

/// Whose job it is, as far as the body can be read at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobRef {
    /// The job.
    pub job_id: Option<JobId>,
    /// Its tenant.
    pub tenant: Option<String>,
    /// The candidate.
    pub candidate: Option<CandidateRef>,
}

impl JobRef {
    /// Reads what can be read, of whatever a body holds.
    #[must_use]
    pub fn of_body(body: &[u8]) -> Self {
        let Ok(job) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let text = |pointer: &str| job.pointer(pointer).and_then(Value::as_str);
        Self {
            job_id: text("/job_id").and_then(|id| JobId::new(id).ok()),
            tenant: text("/tenant").filter(|tenant| tenant.len() <= 128).map(str::to_owned),
            candidate: text("/candidate/reference").and_then(|id| CandidateRef::new(id).ok()),
        }
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable code; decides what becomes of the job.
    pub code: ErrorCode,
    /// What happened, with file or field. Never words, names or faces of the candidate.
    pub message: String,
}

impl Failure {
    /// A failure with its code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > MAX_FAILURE_BYTES {
            let end = (0..=MAX_FAILURE_BYTES).rev().find(|&end| message.is_char_boundary(end)).unwrap_or(0);
            message.truncate(end);
        }
        Self { code, message }
    }
}

/// What became of a failed job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Acknowledged; the failed report is published.
    Refused,
    /// It comes back after this time.
    Retried {
        /// The time until it is given out again.
        after: Duration,
    },
    /// It lies in the dead letters; the failed report is published.
    DeadLettered {
        /// Whether an operator should be called.
        alert: bool,
    },
}

/// How a delivery is settled; one implementation per queue.
#[async_trait]
pub(crate) trait Settle: Send + Sync {
    /// Done: the message is gone.
    async fn ack(self: Box<Self>) -> Result<(), QueueError>;
    /// Comes back after (at least) the time, with the next attempt number. Gives the time really waited.
    async fn retry(self: Box<Self>, after: Duration, body: Vec<u8>) -> Result<Duration, QueueError>;
    /// Publishes the events, keeps the job as a dead letter, acknowledges.
    async fn bury(
        self: Box<Self>,
        failure: &Failure,
        events: &[Event],
        body: Vec<u8>,
    ) -> Result<(), QueueError>;
    /// Publishes the events, acknowledges.
    async fn refuse(self: Box<Self>, events: &[Event]) -> Result<(), QueueError>;
    /// Given to another worker at once; the attempt does not count.
    async fn hand_back(self: Box<Self>) -> Result<(), QueueError>;
    /// Turns true when the lease is lost.
    fn lost(&self) -> watch::Receiver<bool>;
}

/// A job in the hands of this worker. Dropped without being settled, it goes to another worker.
pub struct Delivery {
    /// The job as it was sent; nothing about it has been checked.
    pub body: Vec<u8>,
    /// What is known beside it.
    pub headers: JobHeaders,
    pub(crate) settle: Box<dyn Settle>,
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The body holds words of a candidate.
        f.debug_struct("Delivery")
            .field("headers", &self.headers)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Delivery {
    /// Acknowledges: everything that the job asked for is stored and said.
    ///
    /// # Errors
    /// [`QueueError::LeaseLost`] when the job is somebody else's by now; the work is done there again, with the same
    /// ids and bytes.
    pub async fn ack(self) -> Result<(), QueueError> {
        self.settle.ack().await
    }

    /// Settles a failed job as its error code says ([`decide`]): a failed report and done, back after a while, or a
    /// failed report and a dead letter.
    ///
    /// # Errors
    /// When it could not be settled: it is still in the queue and will be given out again.
    pub async fn fail(self, failure: &Failure) -> Result<Settled, QueueError> {
        let disposition = if self.headers.exhausted {
            Disposition::DeadLetter { alert: true }
        } else {
            decide(failure.code, self.headers.attempt)
        };
        match disposition {
            Disposition::Done => {
                let events = self.failed_events(failure, false);
                self.settle.refuse(&events).await?;
                Ok(Settled::Refused)
            }
            Disposition::Retry { after } => Ok(Settled::Retried { after: self.retry_after(after).await? }),
            Disposition::DeadLetter { alert } => {
                self.dead_letter(failure).await?;
                Ok(Settled::DeadLettered { alert })
            }
        }
    }

    /// Sends the job back for its next attempt after (at least) this time. Gives the time it really waits.
    ///
    /// # Errors
    /// When it could not be sent back: it is still in the queue and will be given out again.
    pub async fn retry_after(self, after: Duration) -> Result<Duration, QueueError> {
        self.settle.retry(after, self.body).await
    }

    /// Keeps the job in the dead letters and says so with a failed report, in this order: report, letter,
    /// acknowledgement.
    ///
    /// # Errors
    /// When not all of it could be done: the job is still in the queue and will be given out again.
    pub async fn dead_letter(self, failure: &Failure) -> Result<(), QueueError> {
        let events = self.failed_events(failure, true);
        self.settle.bury(failure, &events, self.body).await
    }

    /// Gives the job to another worker at once, untouched: this one has to stop.
    ///
    /// # Errors
    /// When the queue cannot be reached; then it gives the job out again by itself.
    pub async fn hand_back(self) -> Result<(), QueueError> {
        self.settle.hand_back().await
    }

    /// Whether the lease is lost: stop the work, nothing may be acknowledged any more.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        *self.settle.lost().borrow()
    }

    /// A handle that turns true when the lease is lost; it may outlive the delivery.
    #[must_use]
    pub fn lost(&self) -> watch::Receiver<bool> {
        self.settle.lost()
    }

    /// Whose job it is, as far as the body can be read.
    #[must_use]
    pub fn job_ref(&self) -> JobRef {
        JobRef::of_body(&self.body)
    }

    /// The failed report, and the status where the job is known.
    fn failed_events(&self, failure: &Failure, dead_lettered: bool) -> Vec<Event> {
        let job = self.job_ref();
        let headers = &self.headers;
        let context = EventContext {
            tenant: job.tenant.clone(),
            traceparent: headers.traceparent,
            time: Timestamp::now(),
        };
        let failed = ReportFailed {
            job_id: job.job_id.clone(),
            tenant: job.tenant.clone(),
            candidate: job.candidate.clone(),
            message_id: headers.message_id.clone(),
            code: failure.code,
            message: failure.message.clone(),
            advice: failure.code.advice().to_owned(),
            attempt: headers.attempt,
            dead_lettered,
        };
        let mut events = vec![context.failed(failed, headers.queued_at)];
        if let (Some(job_id), Some(candidate)) = (job.job_id, job.candidate) {
            let status = InterviewStatus::Failed;
            let changed = StatusChanged {
                job_id,
                tenant: job.tenant,
                candidate,
                status,
                title: status.title(),
                proposal: false,
                report_id: None,
            };
            let id = format!("{}.status", events[0].id);
            events.push(context.status_changed(id, changed));
        }
        events
    }
}

/// A job that nobody can do as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Names the message; the job's id.
    pub message_id: String,
    /// Where it came from.
    pub lane: Lane,
    /// Why, as a stable code; absent where the letter was not written by us.
    pub code: Option<String>,
    /// What happened.
    pub message: Option<String>,
    /// When.
    pub failed_at: Option<Timestamp>,
    /// Which attempt failed last.
    pub attempt: u32,
    /// When the job was queued.
    pub queued_at: Option<Timestamp>,
    /// Trace of the sender.
    pub traceparent: Option<TraceParent>,
    /// Size of the job.
    pub bytes: usize,
    /// The job as it was sent; left out of lists.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// How full one lane is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaneStatus {
    /// The lane.
    pub lane: Lane,
    /// Jobs that wait for a worker.
    pub ready: u64,
    /// Jobs in the hands of workers, where the queue tells.
    pub running: Option<u64>,
}

/// How full the queue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueStatus {
    /// `amqp` or `sqlite`.
    pub kind: &'static str,
    /// The lanes.
    pub lanes: Vec<LaneStatus>,
    /// Jobs that wait for their next attempt.
    pub delayed: u64,
    /// Dead letters.
    pub dead: u64,
    /// Events that nobody has taken yet.
    pub results: u64,
}

/// An event that was taken out of the results.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedEvent {
    /// The event in structured mode (CloudEvents).
    pub event: Value,
    /// For [`crate::EventStream::ack`].
    pub(crate) tag: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_job_it_is_is_read_from_any_body() {
        let whole =
            br#"{"job_id": "j1", "tenant": "t", "candidate": {"reference": "c1", "phone": 1}, "x": []}"#;
        let job = JobRef::of_body(whole);
        assert_eq!(job.job_id.unwrap().as_str(), "j1");
        assert_eq!(job.candidate.unwrap().as_str(), "c1");
        assert_eq!(JobRef::of_body(b"{"), JobRef::default());
        assert_eq!(JobRef::of_body(br#"{"job_id": "../x", "candidate": 7}"#), JobRef::default());
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let failure = Failure::new(ErrorCode::Internal, "过".repeat(2000));
        assert!(failure.message.len() <= MAX_FAILURE_BYTES && failure.message.len() > MAX_FAILURE_BYTES - 3);
    }
}
