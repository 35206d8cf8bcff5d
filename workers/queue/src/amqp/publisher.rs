//! Publishing with confirms: a message counts only when the broker says that it is on disk in some queue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation};
use tokio::time::{Instant, sleep};

use super::link::{Backoff, Link, Live};
use crate::error::QueueError;
use crate::url::QueueUrl;

/// How often it is looked whether the broker is blocked, and whether the time is up.
const TICK: Duration = Duration::from_millis(100);
/// Channels that are kept open for the next message.
const KEPT_CHANNELS: usize = 32;

/// A message to be published.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    /// The exchange; empty for the queue that `routing_key` names.
    pub(super) exchange: String,
    pub(super) routing_key: String,
    pub(super) properties: BasicProperties,
    pub(super) body: Vec<u8>,
    /// Whether it is a failure when no queue is there to receive it.
    pub(super) must_be_routed: bool,
}

/// Publishes.
pub(super) struct Publisher {
    link: Link,
    url: QueueUrl,
    idle: Mutex<Vec<(Arc<Live>, Channel)>>,
}

impl Publisher {
    pub(super) fn new(url: &QueueUrl) -> Self {
        Self { link: Link::new(url, "publisher"), url: url.clone(), idle: Mutex::default() }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Publishes messages in this order and waits until the broker has confirmed all of them. A connection that breaks
    /// is made again within the time of the address; time in which the broker is blocked does not count.
    pub(super) async fn publish(&self, messages: &[Outgoing]) -> Result<(), QueueError> {
        let mut left = self.url.publish_timeout;
        let mut backoff = Backoff::default();
        loop {
            let error = match self.try_publish(messages, &mut left).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let again = matches!(error, QueueError::Unavailable { .. });
            if !again || left.is_zero() {
                return Err(error);
            }
            tracing::warn!(%error, "publishing again");
            let started = Instant::now();
            backoff.wait().await;
            left = left.saturating_sub(started.elapsed());
        }
    }

    /// One attempt, given up when no time is left.
    async fn try_publish(&self, messages: &[Outgoing], left: &mut Duration) -> Result<(), QueueError> {
        let started = Instant::now();
        let channel = self.channel().await;
        *left = left.saturating_sub(started.elapsed());
        let (live, channel) = channel?;
        let result = self.send_in_time(&live, &channel, messages, left).await;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = !matches!(result, Err(QueueError::Unavailable { .. }));
        if answered && channel.status().connected() && idle.len() < KEPT_CHANNELS {
            idle.push((live, channel));
        }
        result
    }

    /// Sends while there is time left; time in which the broker is blocked does not count.
    async fn send_in_time(
        &self,
        live: &Live,
        channel: &Channel,
        messages: &[Outgoing],
        left: &mut Duration,
    ) -> Result<(), QueueError> {
        let mut sending = std::pin::pin!(self.send(channel, messages));
        loop {
            let started = Instant::now();
            tokio::select! {
                result = &mut sending => return result,
                () = sleep(TICK) => {}
            }
            if !live.blocked() {
                *left = left.saturating_sub(started.elapsed());
            }
            if left.is_zero() {
                // The channel is given up with its unanswered confirms.
                let message = format!("no confirm within {} s", self.url.publish_timeout.as_secs_f64());
                return Err(QueueError::Unavailable { queue: self.url.to_string(), message });
            }
        }
    }

    /// A channel with confirms that nobody else uses: confirms and returned messages must not be mixed up.
    async fn channel(&self) -> Result<(Arc<Live>, Channel), QueueError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some((live, channel)) if live.connected() && channel.status().connected() => {
                    return Ok((live, channel));
                }
                Some(_) => {}
                None => break,
            }
        }
        let live = self.link.live().await?;
        let channel = live.connection.create_channel().await.map_err(|error| self.link.error(&error))?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .map_err(|error| self.link.error(&error))?;
        Ok((live, channel))
    }

    async fn send(&self, channel: &Channel, messages: &[Outgoing]) -> Result<(), QueueError> {
        let mut confirms = Vec::with_capacity(messages.len());
        for message in messages {
            let options = BasicPublishOptions { mandatory: true, immediate: false };
            let confirm = channel
                .basic_publish(
                    message.exchange.as_str().into(),
                    message.routing_key.as_str().into(),
                    options,
                    &message.body,
                    message.properties.clone(),
                )
                .await
                .map_err(|error| self.link.error(&error))?;
            confirms.push(confirm);
        }
        let mut returned = Vec::new();
        let mut refused = false;
        for confirm in confirms {
            match confirm.await.map_err(|error| self.link.error(&error))? {
                // A returned message comes with some confirm of the channel, not always with its own.
                Confirmation::Ack(message) => returned.extend(message),
                Confirmation::Nack(message) => {
                    refused = true;
                    returned.extend(message);
                }
                Confirmation::NotRequested => {
                    return Err(QueueError::Internal("a channel without confirms".to_owned()));
                }
            }
        }
        if refused {
            let target = messages
                .first()
                .map_or_else(String::new, |message| format!("{}/{}", message.exchange, message.routing_key));
            return Err(QueueError::Refused { target });
        }
        let lost = returned.iter().find(|returned| {
            messages.iter().any(|message| {
                message.must_be_routed
                    && message.exchange == returned.delivery.exchange.as_str()
                    && message.routing_key == returned.delivery.routing_key.as_str()
            })
        });
        match lost {
            Some(returned) => Err(QueueError::Unroutable {
                exchange: returned.delivery.exchange.as_str().to_owned(),
                routing_key: returned.delivery.routing_key.as_str().to_owned(),
            }),
            None => Ok(()),
        }
    }
}
