//! Jobs for the fleet: small ones, and ones that order trouble.

use interview_queue::{Lane, NewJob};
use serde_json::{Value, json};

/// What a stand-in slot is to do with a job, see `ready_slot.rs`; nothing for the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<'a>(pub &'a str);

/// A job as JSON of one typed answer.
#[must_use]
pub fn text_job(id: &str, order: Order<'_>) -> Value {
    json!({
        "schema_version": "1",
        "job_id": id,
        "candidate": {"reference": format!("candidate-{id}")},
        "position": {"title": if order.0.is_empty() { "clerk" } else { order.0 }},
        "language": "en",
        "questions": [{"id": "q1", "text": "How do you deal with a difficult customer?"}],
        "answers": [{
            "kind": "text", "id": "a1", "question": "q1",
            "text": "First I listen and let the customer finish. Then I repeat what I understood, because a person who \
                     feels heard calms down. For example, last year a customer wanted a refund without a receipt."
        }]
    })
}

/// A job of one sound recording in the store.
#[must_use]
pub fn speech_job(id: &str, uri: &str, order: Order<'_>) -> Value {
    let mut job = text_job(id, order);
    job["answers"] = json!([{"kind": "audio", "id": "a1", "question": "q1", "media": {"uri": uri}}]);
    job
}

/// A job ready to be queued.
///
/// # Panics
/// When the value has no text as `job_id`.
#[must_use]
pub fn job(value: &Value) -> NewJob {
    NewJob {
        message_id: value["job_id"].as_str().expect("a job has an id").to_owned(),
        lane: Lane::Bulk,
        body: serde_json::to_vec(value).expect("a value is JSON"),
        traceparent: None,
    }
}
