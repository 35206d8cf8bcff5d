//! The queue of a fleet: RabbitMQ through lapin.
//!
//! Everything runs on a runtime of its own with one thread that does nothing else, so that heartbeats are sent
//! whatever the rest of the program does.

mod admin;
mod events;
mod headers;
mod link;
mod publisher;
mod receiver;
mod settle;
mod tls;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use interview_schemas::Event;
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::QueueError;
use crate::message::{DeadLetter, Delivery, Failure, JobHeaders, MAX_JOB_BYTES, NewJob, QueueStatus};
use crate::queue::{EventFilter, EventSink, EventStream, Health, JobQueue, Queue};
use crate::topology::Topology;
use crate::url::QueueUrl;
use link::Link;
use publisher::{Outgoing, Publisher};
use receiver::Receiver;

/// How many messages wait for their confirms at the same time.
const CONFIRM_WINDOW: usize = 500;

/// What the queue and its deliveries share.
struct Core {
    url: QueueUrl,
    topology: Topology,
    publisher: Publisher,
    receiver: Receiver,
    runtime: OwnRuntime,
}

/// Ends without waiting: it may be dropped inside another runtime.
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Tells a task that nobody waits for its result any more. It is not stopped in the middle of a call to lapin, which
/// would leave consumers behind that hold messages; it stops where nothing is half done.
struct Wanted(watch::Sender<bool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

impl Core {
    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        self.runtime.0.as_ref().map(|runtime| runtime.spawn(work))
    }

    /// Runs work on the queue's own runtime. It goes on when the caller stops waiting: what was begun is ended.
    async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, QueueError>> + Send + 'static,
    ) -> Result<T, QueueError> {
        let task = self.spawn(work).ok_or_else(closed)?;
        task.await.map_err(|error| QueueError::Internal(format!("a task of the queue ended: {error}")))?
    }

    fn retry_copy(&self, job: &JobHeaders, body: Vec<u8>, tier: Duration) -> Outgoing {
        Outgoing {
            exchange: self.topology.tier_exchange(tier),
            routing_key: job.lane.to_string(),
            properties: headers::job_properties(
                &job.message_id,
                job.attempt.saturating_add(1),
                job.queued_at,
                job.traceparent,
            ),
            body,
            must_be_routed: true,
        }
    }

    fn dead_copy(&self, job: &JobHeaders, failure: &Failure, body: Vec<u8>) -> Outgoing {
        Outgoing {
            exchange: String::new(),
            routing_key: self.topology.dead_queue(),
            properties: headers::dead_properties(job, failure),
            body,
            must_be_routed: true,
        }
    }

    fn job_message(&self, job: &NewJob) -> Outgoing {
        let now = Some(Timestamp::now());
        Outgoing {
            exchange: self.topology.jobs_exchange(),
            routing_key: job.lane.to_string(),
            properties: headers::job_properties(&job.message_id, 1, now, job.traceparent),
            body: job.body.clone(),
            must_be_routed: true,
        }
    }

    fn event_messages(&self, events: &[Event]) -> Result<Vec<Outgoing>, QueueError> {
        events
            .iter()
            .map(|event| {
                let body = event
                    .data
                    .body()
                    .map_err(|error| QueueError::Internal(format!("event {}: {error}", event.id)))?;
                Ok(Outgoing {
                    exchange: self.topology.events_exchange(),
                    routing_key: event.data.event_type().to_owned(),
                    properties: headers::event_properties(event),
                    body,
                    must_be_routed: event.data.must_be_delivered(),
                })
            })
            .collect()
    }
}

fn closed() -> QueueError {
    QueueError::Internal("the queue is closed".to_owned())
}

/// The queue behind a broker.
pub(crate) struct AmqpQueue {
    core: Arc<Core>,
}

impl AmqpQueue {
    /// Connects once, so that a wrong address or password is told now.
    pub(crate) async fn connect(url: &QueueUrl) -> Result<Self, QueueError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("queue-amqp")
            .enable_all()
            .build()
            .map_err(|error| QueueError::Internal(format!("no thread for the queue: {error}")))?;
        let topology = Topology::of(url);
        let core = Arc::new(Core {
            url: url.clone(),
            publisher: Publisher::new(url),
            receiver: Receiver::new(Link::new(url, "consumer"), &topology),
            topology,
            runtime: OwnRuntime(Some(runtime)),
        });
        let first = Arc::clone(&core);
        core.run(async move { first.publisher.link().live().await.map(drop) }).await?;
        Ok(Self { core })
    }
}

#[async_trait]
impl JobQueue for AmqpQueue {
    async fn setup(&self) -> Result<(), QueueError> {
        let core = Arc::clone(&self.core);
        self.core.run(async move { admin::setup(&core).await }).await
    }

    async fn check(&self) -> Result<(), QueueError> {
        let core = Arc::clone(&self.core);
        self.core.run(async move { admin::check(&core).await }).await
    }

    async fn status(&self) -> Result<QueueStatus, QueueError> {
        let core = Arc::clone(&self.core);
        self.core.run(async move { admin::status(&core).await }).await
    }

    async fn enqueue(&self, jobs: &[NewJob]) -> Result<(), QueueError> {
        if let Some(job) = jobs.iter().find(|job| job.body.len() > MAX_JOB_BYTES) {
            return Err(QueueError::TooLarge { bytes: job.body.len(), limit: MAX_JOB_BYTES });
        }
        for window in jobs.chunks(CONFIRM_WINDOW) {
            let messages: Vec<Outgoing> = window.iter().map(|job| self.core.job_message(job)).collect();
            let core = Arc::clone(&self.core);
            self.core.run(async move { core.publisher.publish(&messages).await }).await?;
        }
        Ok(())
    }

    async fn receive(&self) -> Result<Delivery, QueueError> {
        let core = Arc::clone(&self.core);
        let (sender, wanted) = watch::channel(true);
        let _wanted = Wanted(sender);
        self.core
            .run(async move {
                let received = core.receiver.receive(wanted.clone()).await?;
                if *wanted.borrow() {
                    return Ok(settle::delivery(core, received));
                }
                core.receiver.requeue(received).await;
                Err(closed())
            })
            .await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
        let core = Arc::clone(&self.core);
        self.core.run(async move { admin::dead_letters(&core, limit).await }).await
    }

    async fn retry_dead_letter(&self, message_id: &str) -> Result<(), QueueError> {
        let (core, id) = (Arc::clone(&self.core), message_id.to_owned());
        self.core.run(async move { admin::retry_dead_letter(&core, &id).await }).await
    }

    async fn drop_dead_letter(&self, message_id: &str) -> Result<(), QueueError> {
        let (core, id) = (Arc::clone(&self.core), message_id.to_owned());
        self.core.run(async move { admin::drop_dead_letter(&core, &id).await }).await
    }

    fn health(&self) -> Health {
        let publishing = self.core.publisher.link().health();
        let consuming = self.core.receiver.link().health();
        Health {
            connected: publishing.connected && (consuming.connected || consuming.last_error.is_none()),
            blocked: publishing.blocked,
            last_error: publishing.last_error.or(consuming.last_error),
        }
    }
}

#[async_trait]
impl EventSink for AmqpQueue {
    async fn publish(&self, events: &[Event]) -> Result<(), QueueError> {
        let messages = self.core.event_messages(events)?;
        let core = Arc::clone(&self.core);
        self.core.run(async move { core.publisher.publish(&messages).await }).await
    }
}

#[async_trait]
impl Queue for AmqpQueue {
    async fn events(&self, filter: EventFilter) -> Result<Box<dyn EventStream>, QueueError> {
        let core = Arc::clone(&self.core);
        let stream = events::AmqpEvents::open(core, filter).await?;
        Ok(Box::new(stream))
    }
}
