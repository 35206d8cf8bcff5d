//! Headers and properties: between our types and AMQP's.

use interview_schemas::wire::{self, Lane};
use interview_schemas::{Event, EventData, TraceParent};
use jiff::Timestamp;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::{Map, Value, json};

use crate::message::{DeadLetter, Failure, JobHeaders, MAX_DELIVERIES};

/// Quorum queues count here how often they took a message back.
const DELIVERY_COUNT_HEADER: &str = "x-delivery-count";
/// Longest text that is taken from a header of a stranger.
const MAX_TEXT_BYTES: usize = 256;

/// What the broker keeps on disk.
const PERSISTENT: u8 = 2;

fn header<'a>(properties: &'a BasicProperties, name: &str) -> Option<&'a AMQPValue> {
    properties.headers().as_ref()?.inner().get(name)
}

fn text(properties: &BasicProperties, name: &str) -> Option<String> {
    let bytes = match header(properties, name)? {
        AMQPValue::LongString(text) => text.as_bytes().to_vec(),
        AMQPValue::ShortString(text) => text.as_str().as_bytes().to_vec(),
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

fn short_text(properties: &BasicProperties, name: &str) -> Option<String> {
    text(properties, name).filter(|text| text.len() <= MAX_TEXT_BYTES)
}

/// Any of the integers of AMQP; clients of other languages choose differently.
fn number(properties: &BasicProperties, name: &str) -> Option<u32> {
    let number = match *header(properties, name)? {
        AMQPValue::ShortShortInt(number) => i64::from(number),
        AMQPValue::ShortShortUInt(number) => i64::from(number),
        AMQPValue::ShortInt(number) => i64::from(number),
        AMQPValue::ShortUInt(number) => i64::from(number),
        AMQPValue::LongInt(number) => i64::from(number),
        AMQPValue::LongUInt(number) => i64::from(number),
        AMQPValue::LongLongInt(number) => number,
        _ => return None,
    };
    u32::try_from(number).ok()
}

fn time(properties: &BasicProperties, name: &str) -> Option<Timestamp> {
    short_text(properties, name)?.parse().ok()
}

fn traceparent(properties: &BasicProperties) -> Option<TraceParent> {
    short_text(properties, wire::TRACEPARENT_HEADER)?.parse().ok()
}

/// Reads the headers of a job. Nothing a stranger sends is an error here: what is missing or wrong has a default.
pub(super) fn job_headers(
    properties: &BasicProperties,
    routing_key: &str,
    exhausted: bool,
    redelivered: bool,
    body: &[u8],
) -> JobHeaders {
    let taken_back = number(properties, DELIVERY_COUNT_HEADER).unwrap_or(u32::from(redelivered));
    let deliveries = taken_back.saturating_add(1);
    JobHeaders {
        message_id: message_id(properties, body),
        lane: routing_key.parse().unwrap_or_default(),
        attempt: number(properties, wire::ATTEMPT_HEADER).unwrap_or(1).max(1),
        deliveries,
        exhausted: exhausted || deliveries > MAX_DELIVERIES,
        queued_at: time(properties, wire::QUEUED_AT_HEADER),
        traceparent: traceparent(properties),
    }
}

/// The message id; where the sender set none, the job's id, else a name that the body alone decides.
fn message_id(properties: &BasicProperties, body: &[u8]) -> String {
    let stated = properties.message_id().as_ref().map(|id| id.as_str().to_owned());
    stated
        .filter(|id| !id.is_empty())
        .or_else(|| crate::message::JobRef::of_body(body).job_id.map(String::from))
        .unwrap_or_else(|| format!("unnamed-{:016x}", fnv1a(body)))
}

/// FNV-1a: a name for a message, not a check against forgery.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The properties of a job in its lane.
pub(super) fn job_properties(
    message_id: &str,
    attempt: u32,
    queued_at: Option<Timestamp>,
    traceparent: Option<TraceParent>,
) -> BasicProperties {
    let headers = job_table(attempt, queued_at, traceparent);
    properties(message_id, "interview.job").with_headers(headers)
}

fn job_table(attempt: u32, queued_at: Option<Timestamp>, traceparent: Option<TraceParent>) -> FieldTable {
    let mut headers = FieldTable::default();
    headers.insert(wire::ATTEMPT_HEADER.into(), AMQPValue::LongLongInt(i64::from(attempt)));
    if let Some(queued_at) = queued_at {
        insert(&mut headers, wire::QUEUED_AT_HEADER, queued_at.to_string());
    }
    if let Some(traceparent) = traceparent {
        insert(&mut headers, wire::TRACEPARENT_HEADER, traceparent.to_string());
    }
    headers
}

fn insert(headers: &mut FieldTable, name: &str, value: String) {
    headers.insert(name.into(), AMQPValue::LongString(value.into()));
}

fn properties(message_id: &str, kind: &str) -> BasicProperties {
    // Short strings of AMQP end at 255 bytes.
    let end = (0..=message_id.len().min(255)).rev().find(|&end| message_id.is_char_boundary(end));
    BasicProperties::default()
        .with_message_id(message_id[..end.unwrap_or(0)].into())
        .with_type(kind.into())
        .with_content_type("application/json".into())
        .with_delivery_mode(PERSISTENT)
}

/// The properties of a dead letter.
pub(super) fn dead_properties(job: &JobHeaders, failure: &Failure) -> BasicProperties {
    let mut headers = job_table(job.attempt, job.queued_at, job.traceparent);
    insert(&mut headers, wire::LANE_HEADER, job.lane.to_string());
    insert(&mut headers, wire::FAILURE_CODE_HEADER, failure.code.to_string());
    insert(&mut headers, wire::FAILURE_MESSAGE_HEADER, failure.message.clone());
    insert(&mut headers, wire::FAILED_AT_HEADER, Timestamp::now().to_string());
    properties(&job.message_id, "interview.job").with_headers(headers)
}

/// Reads a dead letter.
pub(super) fn dead_letter(properties: &BasicProperties, body: Vec<u8>) -> DeadLetter {
    let lane = short_text(properties, wire::LANE_HEADER).and_then(|lane| lane.parse().ok());
    DeadLetter {
        message_id: message_id(properties, &body),
        lane: lane.unwrap_or(Lane::Bulk),
        code: short_text(properties, wire::FAILURE_CODE_HEADER),
        message: text(properties, wire::FAILURE_MESSAGE_HEADER),
        failed_at: time(properties, wire::FAILED_AT_HEADER),
        attempt: number(properties, wire::ATTEMPT_HEADER).unwrap_or(1).max(1),
        queued_at: time(properties, wire::QUEUED_AT_HEADER),
        traceparent: traceparent(properties),
        bytes: body.len(),
        body,
    }
}

/// The properties of an event: its attributes in binary mode (CloudEvents).
pub(super) fn event_properties(event: &Event) -> BasicProperties {
    let mut headers = FieldTable::default();
    let mut attribute = |name: &str, value: String| {
        insert(&mut headers, &format!("{}{name}", wire::CLOUD_EVENTS_PREFIX), value)
    };
    attribute("specversion", "1.0".to_owned());
    attribute("id", event.id.clone());
    attribute("source", event.source.clone());
    attribute("type", event.data.event_type().to_owned());
    attribute("time", event.time.to_string());
    attribute("datacontenttype", "application/json".to_owned());
    if let Some(subject) = &event.subject {
        attribute("subject", subject.clone());
    }
    if let Some(traceparent) = &event.traceparent {
        attribute("traceparent", traceparent.to_string());
    }
    properties(&event.id, event.data.event_type()).with_headers(headers)
}

/// Puts an event together again in structured mode. What cannot be read as an event is handed on as it came, so that
/// the reader sees that there was something.
pub(super) fn structured_event(properties: &BasicProperties, body: &[u8]) -> Value {
    let mut event = Map::new();
    for (name, value) in properties.headers().iter().flat_map(|headers| headers.inner()) {
        let Some(name) = name.as_str().strip_prefix(wire::CLOUD_EVENTS_PREFIX) else { continue };
        if let AMQPValue::LongString(value) = value {
            event.insert(name.to_owned(), json!(String::from_utf8_lossy(value.as_bytes())));
        }
    }
    let event_type = event.get("type").and_then(Value::as_str).unwrap_or_default();
    let data = match EventData::from_body(event_type, body) {
        Some(Ok(_)) => serde_json::from_slice(body).unwrap_or(Value::Null),
        _ => {
            serde_json::from_slice(body).unwrap_or_else(|_| json!(String::from_utf8_lossy(body).into_owned()))
        }
    };
    // The body says how it is written; that is said again by being JSON.
    event.remove("datacontenttype");
    event.insert("data".to_owned(), data);
    Value::Object(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_a_stranger_have_defaults() {
        let bare = BasicProperties::default();
        let headers = job_headers(&bare, "urgent", false, false, b"{}");
        assert_eq!((headers.attempt, headers.deliveries, headers.lane), (1, 1, Lane::Interactive));
        assert!(headers.message_id.starts_with("unnamed-"));
        let mut table = FieldTable::default();
        table.insert(wire::ATTEMPT_HEADER.into(), AMQPValue::LongLongInt(-7));
        table.insert(wire::QUEUED_AT_HEADER.into(), AMQPValue::LongString("yesterday".into()));
        table.insert(DELIVERY_COUNT_HEADER.into(), AMQPValue::LongLongInt(i64::MAX));
        insert(&mut table, wire::TRACEPARENT_HEADER, "x".repeat(100_000));
        let odd = BasicProperties::default().with_headers(table);
        let headers = job_headers(&odd, "bulk", false, true, br#"{"job_id": "j9"}"#);
        assert_eq!((headers.attempt, headers.queued_at, headers.traceparent), (1, None, None));
        assert_eq!((headers.message_id.as_str(), headers.lane), ("j9", Lane::Bulk));
    }

    #[test]
    fn a_job_that_came_back_too_often_is_exhausted() {
        let mut table = FieldTable::default();
        table.insert(DELIVERY_COUNT_HEADER.into(), AMQPValue::LongLongInt(i64::from(MAX_DELIVERIES)));
        let properties = BasicProperties::default().with_headers(table);
        let headers = job_headers(&properties, "bulk", false, true, b"");
        assert_eq!(headers.deliveries, MAX_DELIVERIES + 1);
        assert!(headers.exhausted);
    }
}
