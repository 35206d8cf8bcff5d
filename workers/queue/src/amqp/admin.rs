//! Topology, status and dead letters.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use super::link::Live;
use super::{Core, headers};
use crate::error::QueueError;
use crate::message::{DeadLetter, LaneStatus, NewJob, QueueStatus};
use crate::topology::Argument;
use interview_schemas::wire::Lane;

/// A channel for one piece of work; closing it gives back what was only looked at.
async fn channel(core: &Core) -> Result<(Arc<Live>, Channel), QueueError> {
    let live = core.receiver.link().live().await?;
    let channel = live.connection.create_channel().await.map_err(|error| sorted(core, &error))?;
    Ok((live, channel))
}

fn sorted(core: &Core, error: &lapin::Error) -> QueueError {
    core.receiver.link().error(error)
}

fn kind(name: &str) -> ExchangeKind {
    match name {
        "direct" => ExchangeKind::Direct,
        "fanout" => ExchangeKind::Fanout,
        _ => ExchangeKind::Topic,
    }
}

/// Declares everything; what is there with the same settings stays as it is.
pub(super) async fn setup(core: &Core) -> Result<(), QueueError> {
    let (_live, channel) = channel(core).await?;
    for exchange in core.topology.exchanges() {
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare(exchange.name.into(), kind(exchange.kind), options, FieldTable::default())
            .await
            .map_err(|error| sorted(core, &error))?;
    }
    for queue in core.topology.queues() {
        let mut arguments = FieldTable::default();
        for (name, value) in queue.arguments {
            let value = match value {
                Argument::Text(text) => AMQPValue::LongString(text.into()),
                Argument::Number(number) => AMQPValue::LongLongInt(number),
            };
            arguments.insert(name.into(), value);
        }
        channel
            .queue_declare(queue.name.into(), QueueDeclareOptions::durable(), arguments)
            .await
            .map_err(|error| sorted(core, &error))?;
    }
    for binding in core.topology.bindings() {
        channel
            .queue_bind(
                binding.queue.into(),
                binding.exchange.into(),
                binding.routing_key.into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(|error| sorted(core, &error))?;
    }
    Ok(())
}

/// Looks whether every exchange and queue is there. AMQP cannot ask for bindings: a missing one shows when a
/// mandatory message comes back.
pub(super) async fn check(core: &Core) -> Result<(), QueueError> {
    let (_live, channel) = channel(core).await?;
    for exchange in core.topology.exchanges() {
        let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare(exchange.name.into(), kind(exchange.kind), options, FieldTable::default())
            .await
            .map_err(|error| sorted(core, &error))?;
    }
    for queue in core.topology.queues() {
        count(core, &channel, &queue.name).await?;
    }
    Ok(())
}

/// Messages that wait in a queue.
async fn count(core: &Core, channel: &Channel, queue: &str) -> Result<u64, QueueError> {
    let options = QueueDeclareOptions::durable().passive();
    let queue = channel
        .queue_declare(queue.into(), options, FieldTable::default())
        .await
        .map_err(|error| sorted(core, &error))?;
    Ok(u64::from(queue.message_count()))
}

pub(super) async fn status(core: &Core) -> Result<QueueStatus, QueueError> {
    let (_live, channel) = channel(core).await?;
    let mut lanes = Vec::new();
    for lane in Lane::ALL {
        let ready = count(core, &channel, &core.topology.lane_queue(lane)).await?;
        lanes.push(LaneStatus { lane, ready, running: None });
    }
    let mut delayed = 0u64;
    for queue in core.topology.tier_queues() {
        delayed = delayed.saturating_add(count(core, &channel, &queue).await?);
    }
    Ok(QueueStatus {
        kind: "amqp",
        lanes,
        delayed,
        dead: count(core, &channel, &core.topology.dead_queue()).await?,
        results: count(core, &channel, &core.topology.results_queue()).await?,
    })
}

/// Takes letters one by one until `found` says stop; those not acknowledged go back when the channel closes.
async fn look_through(
    core: &Core,
    mut found: impl FnMut(DeadLetter) -> bool,
) -> Result<Option<(Channel, lapin::message::Delivery)>, QueueError> {
    let (_live, channel) = channel(core).await?;
    let queue = core.topology.dead_queue();
    loop {
        let got = channel
            .basic_get(queue.as_str().into(), BasicGetOptions::default())
            .await
            .map_err(|error| sorted(core, &error))?;
        let Some(message) = got else { break };
        let mut delivery = message.delivery;
        let body = std::mem::take(&mut delivery.data);
        if found(headers::dead_letter(&delivery.properties, body)) {
            return Ok(Some((channel, delivery)));
        }
    }
    close(core, &channel).await?;
    Ok(None)
}

/// Closes and waits, so that what was looked at is back in the queue when this returns.
async fn close(core: &Core, channel: &Channel) -> Result<(), QueueError> {
    channel.close(200, "done".into()).await.map_err(|error| sorted(core, &error))
}

pub(super) async fn dead_letters(core: &Core, limit: usize) -> Result<Vec<DeadLetter>, QueueError> {
    let mut letters = Vec::new();
    if limit == 0 {
        return Ok(letters);
    }
    let stopped = look_through(core, |letter| {
        letters.push(letter);
        letters.len() >= limit
    })
    .await?;
    if let Some((channel, _)) = stopped {
        close(core, &channel).await?;
    }
    Ok(letters)
}

/// Finds the oldest letter with this id and does something with it before it is taken out.
async fn take_out(core: &Core, message_id: &str, send_again: bool) -> Result<(), QueueError> {
    let mut wanted = None;
    let found = look_through(core, |letter| {
        let hit = letter.message_id == message_id;
        if hit {
            wanted = Some(letter);
        }
        hit
    })
    .await?;
    let (Some((channel, delivery)), Some(letter)) = (found, wanted) else {
        return Err(QueueError::NotFound(message_id.to_owned()));
    };
    if send_again {
        let DeadLetter { message_id, lane, body, traceparent, queued_at, .. } = letter;
        // The time tells the next failure from this one, however fast the two follow each other.
        let this_millisecond = |at: Timestamp| at.as_millisecond() == Timestamp::now().as_millisecond();
        if queued_at.is_some_and(this_millisecond) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let job = NewJob { message_id, lane, body, traceparent };
        core.publisher.publish(&[core.job_message(&job)]).await?;
    }
    let acknowledged = delivery.acker.ack(BasicAckOptions::default()).await;
    close(core, &channel).await?;
    match acknowledged {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(QueueError::LeaseLost { message_id: message_id.to_owned() }),
    }
}

pub(super) async fn retry_dead_letter(core: &Core, message_id: &str) -> Result<(), QueueError> {
    take_out(core, message_id, true).await
}

pub(super) async fn drop_dead_letter(core: &Core, message_id: &str) -> Result<(), QueueError> {
    take_out(core, message_id, false).await
}
