//! Settling one delivery: what must be said is confirmed first, the acknowledgement comes last.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use interview_schemas::Event;
use lapin::message::Delivery as AmqpDelivery;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::receiver::{JobChannel, Received};
use super::{Core, headers};
use crate::error::QueueError;
use crate::message::{Delivery, Failure, JobHeaders, Settle};

/// How often it is looked whether a lease still holds.
const LEASE_CHECK: Duration = Duration::from_millis(200);

/// Settles one delivery. Dropped unsettled, it closes its channel, and the broker gives the job out again.
pub(super) struct AmqpSettle {
    core: Arc<Core>,
    delivery: AmqpDelivery,
    channel: JobChannel,
    headers: JobHeaders,
    lost: watch::Receiver<bool>,
    watcher: AbortHandle,
}

impl Drop for AmqpSettle {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

/// Wraps a received message; runs on the runtime of the queue.
pub(super) fn delivery(core: Arc<Core>, received: Received) -> Delivery {
    let Received { mut delivery, exhausted, channel } = received;
    let body = std::mem::take(&mut delivery.data);
    let headers = headers::job_headers(
        &delivery.properties,
        delivery.routing_key.as_str(),
        exhausted,
        delivery.redelivered,
        &body,
    );
    let (sender, lost) = watch::channel(false);
    let (acker, watched) = (delivery.acker.clone(), channel.clone());
    let watcher = tokio::spawn(async move {
        while !acker.poisoned() && watched.channel.status().connected() && watched.live.connected() {
            sleep(LEASE_CHECK).await;
        }
        sender.send_replace(true);
    });
    let settle = AmqpSettle {
        core,
        delivery,
        channel,
        headers: headers.clone(),
        lost,
        watcher: watcher.abort_handle(),
    };
    Delivery { body, headers, settle: Box::new(settle) }
}

impl AmqpSettle {
    fn lease_lost(&self) -> QueueError {
        QueueError::LeaseLost { message_id: self.headers.message_id.clone() }
    }

    /// Acknowledges and frees the channel. lapin says `Ok(false)` on a channel that is dead.
    async fn acknowledge(self: Box<Self>) -> Result<(), QueueError> {
        match self.delivery.acker.ack(BasicAckOptions::default()).await {
            Ok(true) => {
                self.core.receiver.give_back(self.channel.clone());
                Ok(())
            }
            Ok(false) | Err(_) => Err(self.lease_lost()),
        }
    }

    /// Fails early where the lease is lost: nothing should be said about a job that is somebody else's.
    fn check_lease(&self) -> Result<(), QueueError> {
        if self.delivery.acker.usable() && self.channel.channel.status().connected() {
            Ok(())
        } else {
            Err(self.lease_lost())
        }
    }
}

#[async_trait]
impl Settle for AmqpSettle {
    async fn ack(self: Box<Self>) -> Result<(), QueueError> {
        let core = Arc::clone(&self.core);
        core.run(self.acknowledge()).await
    }

    async fn retry(self: Box<Self>, after: Duration, body: Vec<u8>) -> Result<Duration, QueueError> {
        self.check_lease()?;
        let core = Arc::clone(&self.core);
        let tier = core.url.tier_for(after);
        let copy = core.retry_copy(&self.headers, body, tier);
        let publishing = Arc::clone(&core);
        core.run(async move {
            publishing.publisher.publish(&[copy]).await?;
            self.acknowledge().await
        })
        .await?;
        Ok(tier)
    }

    async fn bury(
        self: Box<Self>,
        failure: &Failure,
        events: &[Event],
        body: Vec<u8>,
    ) -> Result<(), QueueError> {
        self.check_lease()?;
        let core = Arc::clone(&self.core);
        let mut messages = core.event_messages(events)?;
        messages.push(core.dead_copy(&self.headers, failure, body));
        let publishing = Arc::clone(&core);
        core.run(async move {
            publishing.publisher.publish(&messages).await?;
            self.acknowledge().await
        })
        .await
    }

    async fn refuse(self: Box<Self>, events: &[Event]) -> Result<(), QueueError> {
        self.check_lease()?;
        let core = Arc::clone(&self.core);
        let messages = core.event_messages(events)?;
        let publishing = Arc::clone(&core);
        core.run(async move {
            publishing.publisher.publish(&messages).await?;
            self.acknowledge().await
        })
        .await
    }

    async fn hand_back(self: Box<Self>) -> Result<(), QueueError> {
        let core = Arc::clone(&self.core);
        core.run(async move {
            let options = BasicNackOptions { requeue: true, multiple: false };
            match self.delivery.acker.nack(options).await {
                Ok(true) => {
                    self.core.receiver.give_back(self.channel.clone());
                    Ok(())
                }
                Ok(false) | Err(_) => Err(self.lease_lost()),
            }
        })
        .await
    }

    fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }
}
