//! A fleet under test: a real queue, a real store, real worker processes.

pub mod chaos;
mod checker;
mod jobs;
mod places;
mod worker;

pub use checker::{Findings, Listener};
pub use jobs::{Order, job, speech_job, text_job};
pub use places::{QueueKind, QueuePlace, StoreKind, StorePlace};
pub use worker::{Worker, WorkerSpec, ready_slot};

/// The URL options that make a test quick: short retries, short leases.
pub const QUICK: &str = "retry_tiers=250ms,1s&lease=2s&heartbeat=1s";

/// A runtime for the parts of a test that wait for the queue.
///
/// # Panics
/// When the system gives none.
#[must_use]
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}
