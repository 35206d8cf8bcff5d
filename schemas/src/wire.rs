//! Names on the wire: exchanges, queues, routing keys and headers, as other programs see them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Exchange that takes jobs (direct); the routing key is the lane.
pub const JOBS_EXCHANGE: &str = "interview.jobs";
/// Exchange that gives events (topic); the routing key is the type of the event.
pub const EVENTS_EXCHANGE: &str = "interview.events";
/// Queue that holds every event but progress until the HR system has taken it.
pub const RESULTS_QUEUE: &str = "interview.results";
/// Queue of jobs that nobody can do as they are, until an operator decides.
pub const DEAD_QUEUE: &str = "interview.dead";

/// Header: which attempt the message is, counted from 1. Missing means 1.
pub const ATTEMPT_HEADER: &str = "x-attempt";
/// Header: when the job was first queued (RFC 3339). Missing means unknown.
pub const QUEUED_AT_HEADER: &str = "x-queued-at";
/// Header: W3C trace context of the job.
pub const TRACEPARENT_HEADER: &str = "traceparent";
/// Header of a dead letter: why, as a stable code.
pub const FAILURE_CODE_HEADER: &str = "x-failure-code";
/// Header of a dead letter: what happened.
pub const FAILURE_MESSAGE_HEADER: &str = "x-failure-message";
/// Header of a dead letter: when (RFC 3339).
pub const FAILED_AT_HEADER: &str = "x-failed-at";
/// Header of a dead letter: the lane it came from.
pub const LANE_HEADER: &str = "x-lane";
/// What stands before the name of a CloudEvents attribute in a header.
pub const CLOUD_EVENTS_PREFIX: &str = "cloudEvents:";

/// How urgent a job is: interactive ones are waited for, bulk ones are not. Neither starves the other.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Somebody waits for the report.
    #[default]
    Interactive,
    /// Many at once; nobody waits for a single one.
    Bulk,
}

impl Lane {
    /// Both lanes, the more urgent one first.
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Bulk];

    /// The name on the wire, which is also the routing key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Bulk => "bulk",
        }
    }
}

impl std::fmt::Display for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Lane {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or_else(|| format!("unknown lane {text:?}; known are interactive and bulk"))
    }
}
