//! The embedded queue: one SQLite file for one machine, several processes at once.
//!
//! One thread owns the connection and does everything in groups: what waits at the same moment is one transaction
//! and one fsync. Every commit is on disk before anybody is told (WAL, `synchronous=FULL`). A job that is given out
//! carries a lease; the thread renews the leases of this process, and what a dead process held is given out again
//! when its lease has run out.

mod store;
mod thread;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use interview_schemas::Event;
use tokio::sync::{oneshot, watch};

use crate::error::QueueError;
use crate::message::{
    DeadLetter, Delivery, Failure, MAX_JOB_BYTES, NewJob, QueueStatus, ReceivedEvent, Settle,
};
use crate::queue::{EventFilter, EventSink, EventStream, Health, JobQueue, Queue};
use crate::url::QueueUrl;
use thread::{Command, Ending, Leased, Thread, Write};

/// The embedded queue.
pub(crate) struct SqliteQueue {
    thread: Arc<Thread>,
    url: QueueUrl,
    failing: Arc<AtomicBool>,
}

impl SqliteQueue {
    /// Opens the file, making it when it is missing.
    pub(crate) async fn open(url: &QueueUrl, path: &Path) -> Result<Self, QueueError> {
        let thread = Thread::start(url, path).await?;
        Ok(Self { thread: Arc::new(thread), url: url.clone(), failing: Arc::default() })
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, QueueError>>) -> Command,
    ) -> Result<T, QueueError> {
        let result = self.thread.ask(command).await;
        self.failing.store(matches!(result, Err(QueueError::Unavailable { .. })), Ordering::Relaxed);
        result
    }

    async fn write(&self, write: Write) -> Result<(), QueueError> {
        self.ask(|reply| Command::Write { write, reply }).await
    }

    fn delivery(&self, leased: Leased) -> Delivery {
        let settle = SqliteSettle {
            thread: Arc::clone(&self.thread),
            url: self.url.clone(),
            id: leased.id,
            message_id: leased.headers.message_id.clone(),
            lost: leased.lost,
            settled: false,
        };
        Delivery { body: leased.body, headers: leased.headers, settle: Box::new(settle) }
    }
}

#[async_trait]
impl JobQueue for SqliteQueue {
    async fn setup(&self) -> Result<(), QueueError> {
        self.check().await
    }

    async fn check(&self) -> Result<(), QueueError> {
        // Opening made the tables; reading shows that they are still there.
        self.status().await.map(drop)
    }

    async fn status(&self) -> Result<QueueStatus, QueueError> {
        self.ask(|reply| Command::Status { reply }).await
    }

    async fn enqueue(&self, jobs: &[NewJob]) -> Result<(), QueueError> {
        if let Some(job) = jobs.iter().find(|job| job.body.len() > MAX_JOB_BYTES) {
            return Err(QueueError::TooLarge { bytes: job.body.len(), limit: MAX_JOB_BYTES });
        }
        self.write(Write::Enqueue(jobs.to_vec())).await
    }

    async fn receive(&self) -> Result<Delivery, QueueError> {
        let leased = self.ask(|reply| Command::Lease { reply }).await?;
        Ok(self.delivery(leased))
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
        self.ask(|reply| Command::DeadLetters { limit, reply }).await
    }

    async fn retry_dead_letter(&self, message_id: &str) -> Result<(), QueueError> {
        self.write(Write::RetryDead(message_id.to_owned())).await
    }

    async fn drop_dead_letter(&self, message_id: &str) -> Result<(), QueueError> {
        self.write(Write::DropDead(message_id.to_owned())).await
    }

    fn health(&self) -> Health {
        let failing = self.failing.load(Ordering::Relaxed);
        let last_error = failing.then(|| format!("queue {} fails; see the log", self.url));
        Health { connected: !failing, blocked: None, last_error }
    }
}

#[async_trait]
impl EventSink for SqliteQueue {
    async fn publish(&self, events: &[Event]) -> Result<(), QueueError> {
        self.write(Write::Publish(events.to_vec())).await
    }
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn events(&self, filter: EventFilter) -> Result<Box<dyn EventStream>, QueueError> {
        let after = match filter {
            EventFilter::Results => 0,
            EventFilter::Live => self.ask(|reply| Command::LastEvent { reply }).await?,
        };
        Ok(Box::new(SqliteEvents { thread: Arc::clone(&self.thread), filter, after }))
    }
}

/// A reader of events.
struct SqliteEvents {
    thread: Arc<Thread>,
    filter: EventFilter,
    after: i64,
}

#[async_trait]
impl EventStream for SqliteEvents {
    async fn next(&mut self, wait: Duration) -> Result<Option<ReceivedEvent>, QueueError> {
        let (filter, after) = (self.filter, self.after);
        let found = self.thread.ask(|reply| Command::NextEvent { filter, after, wait, reply }).await?;
        if let Some((id, _)) = &found {
            self.after = *id;
        }
        Ok(found.map(|(id, event)| ReceivedEvent { event, tag: id.unsigned_abs() }))
    }

    async fn ack(&mut self, event: &ReceivedEvent) -> Result<(), QueueError> {
        if self.filter == EventFilter::Live {
            return Ok(());
        }
        let id = i64::try_from(event.tag).unwrap_or(i64::MAX);
        self.thread.ask(|reply| Command::Write { write: Write::TakeEvent(id), reply }).await
    }
}

/// Settles one leased job.
struct SqliteSettle {
    thread: Arc<Thread>,
    url: QueueUrl,
    id: i64,
    message_id: String,
    lost: watch::Receiver<bool>,
    settled: bool,
}

impl SqliteSettle {
    async fn end(mut self: Box<Self>, ending: Ending) -> Result<(), QueueError> {
        self.settled = true;
        let id = self.id;
        let write = Write::Settle { id, ending };
        match self.thread.ask(|reply| Command::Write { write, reply }).await {
            Err(QueueError::LeaseLost { .. }) => {
                Err(QueueError::LeaseLost { message_id: self.message_id.clone() })
            }
            other => other,
        }
    }
}

#[async_trait]
impl Settle for SqliteSettle {
    async fn ack(self: Box<Self>) -> Result<(), QueueError> {
        self.end(Ending::Ack { events: Vec::new() }).await
    }

    async fn retry(self: Box<Self>, after: Duration, _: Vec<u8>) -> Result<Duration, QueueError> {
        let tier = self.url.tier_for(after);
        self.end(Ending::Retry { after: tier }).await?;
        Ok(tier)
    }

    async fn bury(
        self: Box<Self>,
        failure: &Failure,
        events: &[Event],
        _: Vec<u8>,
    ) -> Result<(), QueueError> {
        self.end(Ending::Bury { failure: failure.clone(), events: events.to_vec() }).await
    }

    async fn refuse(self: Box<Self>, events: &[Event]) -> Result<(), QueueError> {
        self.end(Ending::Ack { events: events.to_vec() }).await
    }

    async fn hand_back(self: Box<Self>) -> Result<(), QueueError> {
        self.end(Ending::HandBack).await
    }

    fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }
}

impl Drop for SqliteSettle {
    fn drop(&mut self) {
        if !self.settled {
            self.thread.forget(self.id);
        }
    }
}
