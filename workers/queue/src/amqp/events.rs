//! Reading events: the results queue, or a look from the side.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Acker, Channel, Consumer};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::link::Live;
use super::{Core, headers};
use crate::error::QueueError;
use crate::message::ReceivedEvent;
use crate::queue::{EventFilter, EventStream};

/// Events that are fetched ahead of the reader.
const PREFETCH: u16 = 200;

/// What one connection of a reader holds.
struct Reading {
    _live: Arc<Live>,
    _channel: Channel,
    consumer: Consumer,
    unsettled: BTreeMap<u64, Acker>,
}

/// A reader of events.
pub(super) struct AmqpEvents {
    core: Arc<Core>,
    filter: EventFilter,
    reading: Arc<Mutex<Option<Reading>>>,
}

impl AmqpEvents {
    pub(super) async fn open(core: Arc<Core>, filter: EventFilter) -> Result<Self, QueueError> {
        let opening = Arc::clone(&core);
        let reading = core.run(async move { subscribe(&opening, filter).await }).await?;
        Ok(Self { core, filter, reading: Arc::new(Mutex::new(Some(reading))) })
    }
}

async fn subscribe(core: &Core, filter: EventFilter) -> Result<Reading, QueueError> {
    let sorted = |error: lapin::Error| core.receiver.link().error(&error);
    let live = core.receiver.link().live().await?;
    let channel = live.connection.create_channel().await.map_err(sorted)?;
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await.map_err(sorted)?;
    let queue = match filter {
        EventFilter::Results => core.topology.results_queue(),
        EventFilter::Live => {
            let options =
                QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
            let queue =
                channel.queue_declare("".into(), options, FieldTable::default()).await.map_err(sorted)?;
            let name = queue.name().as_str().to_owned();
            channel
                .queue_bind(
                    name.as_str().into(),
                    core.topology.events_exchange().into(),
                    "#".into(),
                    QueueBindOptions::default(),
                    FieldTable::default(),
                )
                .await
                .map_err(sorted)?;
            name
        }
    };
    let consumer = channel
        .basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), FieldTable::default())
        .await
        .map_err(sorted)?;
    Ok(Reading { _live: live, _channel: channel, consumer, unsettled: BTreeMap::new() })
}

#[async_trait]
impl EventStream for AmqpEvents {
    async fn next(&mut self, wait: Duration) -> Result<Option<ReceivedEvent>, QueueError> {
        let (core, reading, filter) = (Arc::clone(&self.core), Arc::clone(&self.reading), self.filter);
        let work = async move {
            let mut slot = reading.lock().await;
            if slot.is_none() {
                *slot = Some(subscribe(&core, filter).await?);
            }
            let Some(reading) = slot.as_mut() else { return Ok(None) };
            let next = match timeout(wait, reading.consumer.next()).await {
                Err(_) => return Ok(None),
                Ok(next) => next,
            };
            match next {
                Some(Ok(delivery)) => {
                    let event = headers::structured_event(&delivery.properties, &delivery.data);
                    let tag = delivery.delivery_tag;
                    reading.unsettled.insert(tag, delivery.acker);
                    Ok(Some(ReceivedEvent { event, tag }))
                }
                failed => {
                    // The next call subscribes again.
                    *slot = None;
                    let queue = core.url.to_string();
                    let message = "the reader of events was cut off".to_owned();
                    Err(match failed {
                        Some(Err(error)) => core.receiver.link().error(&error),
                        _ => QueueError::Unavailable { queue, message },
                    })
                }
            }
        };
        self.core.run(work).await
    }

    async fn ack(&mut self, event: &ReceivedEvent) -> Result<(), QueueError> {
        let (reading, tag) = (Arc::clone(&self.reading), event.tag);
        let lost = move || QueueError::LeaseLost { message_id: format!("event {tag}") };
        let work = async move {
            let mut slot = reading.lock().await;
            let acker = slot.as_mut().and_then(|reading| reading.unsettled.remove(&tag));
            match acker {
                Some(acker) => match acker.ack(BasicAckOptions::default()).await {
                    Ok(true) => Ok(()),
                    Ok(false) | Err(_) => Err(lost()),
                },
                None => Err(lost()),
            }
        };
        self.core.run(work).await
    }
}
