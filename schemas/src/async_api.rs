//! `schemas/asyncapi.json`: the messages of the fleet as an AsyncAPI 3 document, generated from the same names
//! and types as the code.

use serde_json::{Map, Value, json};

use crate::event::EventData;
use crate::wire;

/// One kind of message.
struct Message {
    key: &'static str,
    name: &'static str,
    schema: &'static str,
    summary: &'static str,
}

const JOB: Message = Message {
    key: "job",
    name: "interview.job",
    schema: "job",
    summary: "One interview to be analysed. Send it persistent and mandatory, and wait for the confirm.",
};

const EVENTS: [Message; 5] = [
    Message {
        key: "progress",
        name: EventData::TYPES[0],
        schema: "event-progress",
        summary: "A stage of an analysis has begun or come further; lost when nobody listens.",
    },
    Message {
        key: "reportCompleted",
        name: EventData::TYPES[1],
        schema: "event-report-completed",
        summary: "A report has been written and stored. Drop an id that you already have.",
    },
    Message {
        key: "reportFailed",
        name: EventData::TYPES[2],
        schema: "event-report-failed",
        summary: "There will be no report until somebody acts; every dead letter is announced by one.",
    },
    Message {
        key: "statusChanged",
        name: EventData::TYPES[3],
        schema: "event-status-changed",
        summary: "The status of the interview in the candidate's record changes.",
    },
    Message {
        key: "triggerFired",
        name: EventData::TYPES[4],
        schema: "event-trigger-fired",
        summary: "A trigger of the profile applies, such as an invitation to the second round.",
    },
];

/// The AsyncAPI 3.0 document.
#[must_use]
pub fn async_api() -> Value {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for lane in wire::Lane::ALL {
        let key = format!("jobs-{lane}");
        channels.insert(key.clone(), job_channel(lane));
        operations.insert(format!("receive-{key}"), operation("receive", &key, JOB.key, JOB.summary));
    }
    messages.insert(JOB.key.to_owned(), message(&JOB, job_headers()));
    for event in &EVENTS {
        channels.insert(event.key.to_owned(), event_channel(event));
        operations
            .insert(format!("send-{}", event.key), operation("send", event.key, event.key, event.summary));
        messages.insert(event.key.to_owned(), message(event, event_headers(event.name)));
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Interview media pipeline",
            "version": "1",
            "description": "Jobs in, events out, over AMQP 0-9-1 (RabbitMQ). Actions are those of the workers: they \
                            receive jobs and send events. Events are CloudEvents 1.0 in binary mode: attributes as \
                            headers with the prefix cloudEvents:, the data as JSON body.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "rabbitmq": {
                "host": "{host}",
                "protocol": "amqps",
                "protocolVersion": "0.9.1",
                "description": "The broker of the operator; amqp without TLS only inside one machine.",
                "variables": {"host": {"description": "Host and port.", "default": "localhost:5671"}},
            }
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    })
}

fn exchange(name: &str, kind: &str) -> Value {
    json!({
        "amqp": {
            "is": "routingKey",
            "exchange": {"name": name, "type": kind, "durable": true, "autoDelete": false, "vhost": "/"},
            "bindingVersion": "0.3.0",
        }
    })
}

fn job_channel(lane: wire::Lane) -> Value {
    json!({
        "address": lane.as_str(),
        "title": format!("Jobs, lane {lane}"),
        "messages": {JOB.key: {"$ref": format!("#/components/messages/{}", JOB.key)}},
        "bindings": exchange(wire::JOBS_EXCHANGE, "direct"),
    })
}

fn event_channel(event: &Message) -> Value {
    json!({
        "address": event.name,
        "title": event.name,
        "description": event.summary,
        "messages": {event.key: {"$ref": format!("#/components/messages/{}", event.key)}},
        "bindings": exchange(wire::EVENTS_EXCHANGE, "topic"),
    })
}

fn operation(action: &str, channel: &str, message: &str, summary: &str) -> Value {
    json!({
        "action": action,
        "summary": summary,
        "channel": {"$ref": format!("#/channels/{channel}")},
        "messages": [{"$ref": format!("#/channels/{channel}/messages/{message}")}],
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": true, "ack": true, "bindingVersion": "0.3.0"}},
    })
}

fn message(message: &Message, headers: Value) -> Value {
    json!({
        "name": message.name,
        "title": message.name,
        "summary": message.summary,
        "contentType": "application/json",
        "headers": headers,
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": format!("json/{}.schema.json", message.schema)},
        },
    })
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn job_headers() -> Value {
    json!({
        "type": "object",
        "properties": {
            wire::TRACEPARENT_HEADER: text("W3C trace context of the sender; handed on to every event. Optional."),
            wire::ATTEMPT_HEADER: {
                "type": "integer", "minimum": 1, "default": 1,
                "description": "Which attempt the message is. Leave it out; the workers count.",
            },
            wire::QUEUED_AT_HEADER: text("When the job was queued (RFC 3339). Optional."),
        },
    })
}

fn event_headers(event_type: &str) -> Value {
    let attribute = |name: &str| format!("{}{name}", wire::CLOUD_EVENTS_PREFIX);
    let mut properties = Map::new();
    properties.insert(attribute("specversion"), json!({"const": "1.0"}));
    properties.insert(attribute("id"), text("Names the event; also the AMQP message id."));
    properties.insert(attribute("source"), text("urn:interview or urn:interview:<tenant>."));
    properties.insert(attribute("type"), json!({"const": event_type}));
    properties.insert(attribute("subject"), text("The job."));
    properties.insert(attribute("time"), text("When it was said (RFC 3339)."));
    properties.insert(attribute("traceparent"), text("W3C trace context of the job."));
    let required: Vec<String> = ["specversion", "id", "source", "type"].map(attribute).to_vec();
    json!({"type": "object", "properties": properties, "required": required})
}
