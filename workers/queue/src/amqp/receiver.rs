//! Receiving: one channel per running job, so that what happens to one (a consumer timeout, a bad message) does not
//! take its neighbours along, and never more jobs than free slots.
//!
//! A free slot first asks the lanes in fair order (`basic.get`). When all are empty it subscribes with prefetch 1 and
//! takes what comes first, so that an idle worker neither polls nor hoards.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::select_all;
use interview_schemas::wire::Lane;
use lapin::message::Delivery as AmqpDelivery;
use lapin::options::{
    BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use tokio::sync::watch;

use super::link::{Backoff, Link, Live};
use crate::error::QueueError;
use crate::lanes::{EmptyFor, Rota};
use crate::topology::Topology;

/// A lane that was found empty is not asked again for this long; whoever waits is told by the broker.
const LANE_EMPTY: Duration = Duration::from_millis(20);
/// The same for jobs that were given out too often, which are rare.
const EXHAUSTED_EMPTY: Duration = Duration::from_secs(1);
/// Channels that are kept open for the next job.
const KEPT_CHANNELS: usize = 64;

/// A message with the channel that it came by.
pub(super) struct Received {
    pub(super) delivery: AmqpDelivery,
    pub(super) exhausted: bool,
    pub(super) channel: JobChannel,
}

/// A channel for one job at a time.
#[derive(Clone)]
pub(super) struct JobChannel {
    pub(super) live: Arc<Live>,
    pub(super) channel: Channel,
}

/// A queue that jobs come from.
struct Source {
    queue: String,
    exhausted: bool,
    empty_for: Duration,
    empty: EmptyFor,
}

/// Receives jobs.
pub(super) struct Receiver {
    link: Link,
    rota: Rota,
    interactive: Source,
    bulk: Source,
    exhausted: Source,
    idle: Mutex<Vec<JobChannel>>,
}

impl Receiver {
    pub(super) fn new(link: Link, topology: &Topology) -> Self {
        let lane = |lane| Source {
            queue: topology.lane_queue(lane),
            exhausted: false,
            empty_for: LANE_EMPTY,
            empty: EmptyFor::new(),
        };
        Self {
            link,
            rota: Rota::default(),
            interactive: lane(Lane::Interactive),
            bulk: lane(Lane::Bulk),
            exhausted: Source {
                queue: topology.exhausted_queue(),
                exhausted: true,
                empty_for: EXHAUSTED_EMPTY,
                empty: EmptyFor::new(),
            },
            idle: Mutex::default(),
        }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// The sources in the order in which the next pick looks at them.
    fn order(&self) -> [&Source; 3] {
        let [first, second] = self.rota.next_order().map(|lane| match lane {
            Lane::Interactive => &self.interactive,
            Lane::Bulk => &self.bulk,
        });
        [first, second, &self.exhausted]
    }

    /// Waits for the next message, through any number of broken connections, while it is wanted.
    pub(super) async fn receive(&self, mut wanted: watch::Receiver<bool>) -> Result<Received, QueueError> {
        let mut backoff = Backoff::default();
        loop {
            let error = match self.try_receive(&mut wanted).await {
                Ok(received) => return Ok(received),
                Err(error) => error,
            };
            if !error.is_transient() || !*wanted.borrow() {
                return Err(error);
            }
            tracing::debug!(%error, "receiving again");
            tokio::select! {
                () = backoff.wait() => {}
                () = unwanted(&mut wanted) => {}
            }
        }
    }

    async fn try_receive(&self, wanted: &mut watch::Receiver<bool>) -> Result<Received, QueueError> {
        let channel = self.channel(wanted).await?;
        for source in self.order() {
            if source.empty.holds() {
                continue;
            }
            let got = channel
                .channel
                .basic_get(source.queue.as_str().into(), BasicGetOptions::default())
                .await
                .map_err(|error| self.link.error(&error))?;
            match got {
                Some(message) => {
                    return Ok(Received { delivery: message.delivery, exhausted: source.exhausted, channel });
                }
                None => source.empty.note(source.empty_for),
            }
        }
        self.wait_for_first(channel, wanted).await
    }

    /// Subscribes to every source and takes the first message; what races in behind it goes back at once.
    async fn wait_for_first(
        &self,
        channel: JobChannel,
        wanted: &mut watch::Receiver<bool>,
    ) -> Result<Received, QueueError> {
        let sources = self.order();
        let mut consumers = Vec::new();
        for source in sources {
            let consumer = channel
                .channel
                .basic_consume(
                    source.queue.as_str().into(),
                    "".into(),
                    BasicConsumeOptions::default(),
                    FieldTable::default(),
                )
                .await
                .map_err(|error| self.link.error(&error))?;
            consumers.push(consumer);
        }
        let tags: Vec<_> = consumers.iter().map(Consumer::tag).collect();
        let streams = consumers.into_iter().enumerate().map(|(number, consumer)| {
            let tagged = consumer.map(move |delivery| (number, delivery));
            // A stream that ends (cancelled by the broker) says so once.
            let ended = futures_util::stream::iter([(number, Err(ended()))]);
            Box::pin(tagged.chain(ended)) as TaggedStream
        });
        let mut deliveries = select_all(streams);
        let first = tokio::select! {
            first = deliveries.next() => first,
            () = unwanted(wanted) => None,
        };
        let first = match first {
            Some((number, delivery)) => Some((number, delivery.map_err(|error| self.link.error(&error))?)),
            None => None,
        };
        for tag in tags {
            channel
                .channel
                .basic_cancel(tag, BasicCancelOptions::default())
                .await
                .map_err(|error| self.link.error(&error))?;
        }
        // Cancelled: every stream ends after what was already on its way.
        while let Some((_, next)) = deliveries.next().await {
            if let Ok(surplus) = next {
                let options = BasicNackOptions { requeue: true, multiple: false };
                surplus.acker.nack(options).await.map_err(|error| self.link.error(&error))?;
            }
        }
        match first {
            Some((number, delivery)) => {
                Ok(Received { delivery, exhausted: sources[number].exhausted, channel })
            }
            None => {
                self.give_back(channel);
                Err(self.link.error(&ended()))
            }
        }
    }

    /// A channel that no running job uses.
    async fn channel(&self, wanted: &mut watch::Receiver<bool>) -> Result<JobChannel, QueueError> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            match idle {
                Some(idle) if idle.live.connected() && idle.channel.status().connected() => {
                    return Ok(idle);
                }
                Some(_) => {}
                None => break,
            }
        }
        let live = tokio::select! {
            live = self.link.live_at_last() => live?,
            () = unwanted(wanted) => return Err(self.link.error(&ended())),
        };
        let channel = live.connection.create_channel().await.map_err(|error| self.link.error(&error))?;
        channel.basic_qos(1, BasicQosOptions::default()).await.map_err(|error| self.link.error(&error))?;
        Ok(JobChannel { live, channel })
    }

    /// Gives a message back that nobody waits for any more.
    pub(super) async fn requeue(&self, received: Received) {
        let options = BasicNackOptions { requeue: true, multiple: false };
        // A channel that is gone has given it back already.
        if received.delivery.acker.nack(options).await.is_ok() {
            self.give_back(received.channel);
        }
    }

    /// Takes a channel back whose job is settled.
    pub(super) fn give_back(&self, channel: JobChannel) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if channel.channel.status().connected() && idle.len() < KEPT_CHANNELS {
            idle.push(channel);
        }
    }
}

/// Ends when nobody waits for the message any more.
async fn unwanted(wanted: &mut watch::Receiver<bool>) {
    // A sender that is gone has said `false` before.
    let _ = wanted.wait_for(|wanted| !wanted).await;
}

type TaggedStream = Pin<Box<dyn futures_util::Stream<Item = (usize, lapin::Result<AmqpDelivery>)> + Send>>;

/// The broker has cancelled a consumer: its queue is being moved or was deleted.
fn ended() -> lapin::Error {
    lapin::ErrorKind::InvalidChannelState(lapin::ChannelState::Closing, "consumer cancelled").into()
}
