//! The contract that both queues keep.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use interview_schemas::Event;
use serde::Serialize;

use crate::error::QueueError;
use crate::message::{DeadLetter, Delivery, NewJob, QueueStatus, ReceivedEvent};
use crate::url::{Place, QueueUrl};

/// Takes jobs in and gives them out.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Makes what is missing: exchanges, queues, bindings, or the file. Safe to repeat.
    ///
    /// # Errors
    /// [`QueueError::Configuration`] when something is there under the same name with other settings.
    async fn setup(&self) -> Result<(), QueueError>;

    /// Checks that everything [`Self::setup`] makes is there.
    ///
    /// # Errors
    /// [`QueueError::Configuration`] with what is missing.
    async fn check(&self) -> Result<(), QueueError>;

    /// How full the queue is.
    ///
    /// # Errors
    /// When the queue cannot be reached.
    async fn status(&self) -> Result<QueueStatus, QueueError>;

    /// Queues jobs; returns when every one of them is safe on disk. While the broker is blocked it waits.
    ///
    /// # Errors
    /// When one could not be queued; those before it may be queued all the same. Queueing them again is harmless:
    /// the same job id is the same job.
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<(), QueueError>;

    /// Waits for the next job. Call it once per free slot: what was received counts as running. Dropping the
    /// future loses no job. A queue that cannot be reached is waited for, without end.
    ///
    /// # Errors
    /// [`QueueError::Configuration`] when waiting does not help.
    async fn receive(&self) -> Result<Delivery, QueueError>;

    /// The dead letters, oldest first, at most `limit`. They stay where they are.
    ///
    /// # Errors
    /// When the queue cannot be reached.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, QueueError>;

    /// Sends the oldest dead letter with this id back to its lane as a first attempt.
    ///
    /// # Errors
    /// [`QueueError::NotFound`], or when the queue cannot be reached.
    async fn retry_dead_letter(&self, message_id: &str) -> Result<(), QueueError>;

    /// Throws the oldest dead letter with this id away.
    ///
    /// # Errors
    /// [`QueueError::NotFound`], or when the queue cannot be reached.
    async fn drop_dead_letter(&self, message_id: &str) -> Result<(), QueueError>;

    /// Whether the queue can be reached now.
    fn health(&self) -> Health;
}

/// Says events.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Publishes events in this order; returns when every one of them is safe with the queue. While the broker is
    /// blocked it waits.
    ///
    /// # Errors
    /// [`QueueError::Unroutable`] when an event that must be delivered has nowhere to go, or when the queue cannot be
    /// reached. Publishing them again is harmless: the same id is the same event.
    async fn publish(&self, events: &[Event]) -> Result<(), QueueError>;
}

/// Which events a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventFilter {
    /// The results that nobody has taken yet, all but progress; taken when acknowledged.
    Results,
    /// Everything from now on, progress too; a look from the side that takes nothing.
    Live,
}

/// Reads events.
#[async_trait]
pub trait EventStream: Send {
    /// The next event; `None` when there was none for this long. Wait for the end of the call: an event that came
    /// to a call nobody waits for any more is given again only to the next reader.
    ///
    /// # Errors
    /// When the queue cannot be reached; calling again connects again.
    async fn next(&mut self, wait: Duration) -> Result<Option<ReceivedEvent>, QueueError>;

    /// Takes the event out of the results.
    ///
    /// # Errors
    /// [`QueueError::LeaseLost`] when the connection broke since: it will be given again.
    async fn ack(&mut self, event: &ReceivedEvent) -> Result<(), QueueError>;
}

/// A queue: jobs, events and what they become.
#[async_trait]
pub trait Queue: JobQueue + EventSink {
    /// Reads events.
    ///
    /// # Errors
    /// When the queue cannot be reached.
    async fn events(&self, filter: EventFilter) -> Result<Box<dyn EventStream>, QueueError>;
}

/// Whether a queue can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Connected and usable.
    pub connected: bool,
    /// Why the broker takes no messages for the moment, where it does not (memory or disk alarm).
    pub blocked: Option<String>,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// Opens the queue behind an address. The first connection is made here, so that a wrong address or password is
/// told at once; a broker that is down is [`QueueError::Unavailable`].
///
/// # Errors
/// When the address is wrong or the queue cannot be reached.
pub async fn connect(url: &QueueUrl) -> Result<Arc<dyn Queue>, QueueError> {
    match &url.place {
        Place::Amqp(_) => Ok(Arc::new(crate::amqp::AmqpQueue::connect(url).await?)),
        Place::Sqlite(path) => Ok(Arc::new(crate::sqlite::SqliteQueue::open(url, path).await?)),
    }
}
