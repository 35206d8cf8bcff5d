//! The queue of the fleet: jobs in, settled exactly as their outcome says; events out, confirmed.
//!
//! One set of traits, two implementations with the same contract (the tests in `tests/` run over both):
//! RabbitMQ for a fleet (`amqp://`, `amqps://`), SQLite for one machine (`sqlite:FILE`).
//!
//! A job is given at least once. It is gone only when it was acknowledged, and the worker acknowledges last: the
//! un-acknowledged job is the outbox. Work done twice has the same ids and the same bytes, so that who reads
//! events drops the repeat.
//!
//! The futures of this crate run on any executor: what needs a runtime (heartbeats, timers) runs on threads of
//! this crate, which nothing else can starve.

mod amqp;
pub mod deadline;
pub mod disposition;
mod error;
mod lanes;
mod message;
mod queue;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
pub mod topology;
mod url;

pub use disposition::{Disposition, decide};
pub use error::QueueError;
pub use interview_schemas::wire::Lane;
pub use message::{
    DeadLetter, Delivery, Failure, JobHeaders, JobRef, LaneStatus, MAX_DELIVERIES, MAX_JOB_BYTES, NewJob,
    QueueStatus, ReceivedEvent, Settled,
};
pub use queue::{EventFilter, EventSink, EventStream, Health, JobQueue, Queue, connect};
pub use url::{QueueUrl, TlsFiles};
