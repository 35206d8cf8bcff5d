//! W3C trace context: the `traceparent` that ties a job, its events and the logs of every program together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a text is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a traceparent is 00-<32 hexadecimal digits>-<16>-<2> in lower case, neither of the ids all zero (W3C Trace Context)"
)]
pub struct TraceParentError;

/// `traceparent` of W3C Trace Context, version 00: `00-<trace id>-<parent id>-<flags>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"))]
pub struct TraceParent {
    trace_id: u128,
    parent_id: u64,
    flags: u8,
}

impl TraceParent {
    /// Puts a trace context together; `None` when one of the ids is zero.
    #[must_use]
    pub fn new(trace_id: u128, parent_id: u64, sampled: bool) -> Option<Self> {
        (trace_id != 0 && parent_id != 0).then_some(Self { trace_id, parent_id, flags: u8::from(sampled) })
    }

    /// The trace in 32 hexadecimal digits, as it stands in logs.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// The span that caused this one, in 16 hexadecimal digits.
    #[must_use]
    pub fn parent_id(&self) -> String {
        format!("{:016x}", self.parent_id)
    }

    /// Whether the caller records this trace.
    #[must_use]
    pub fn sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The same trace with another parent span; an id of zero keeps the old parent.
    #[must_use]
    pub fn with_parent(self, parent_id: u64) -> Self {
        if parent_id == 0 { self } else { Self { parent_id, ..self } }
    }
}

impl std::fmt::Display for TraceParent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, self.flags)
    }
}

impl std::str::FromStr for TraceParent {
    type Err = TraceParentError;

    fn from_str(text: &str) -> Result<Self, TraceParentError> {
        let field = |text: &str, digits: usize| -> Result<u128, TraceParentError> {
            let hexadecimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if text.len() != digits || !hexadecimal {
                return Err(TraceParentError);
            }
            u128::from_str_radix(text, 16).map_err(|_| TraceParentError)
        };
        let mut parts = text.split('-');
        let mut next = || parts.next().ok_or(TraceParentError);
        // Later versions may append fields; version 00 has exactly these.
        if next()? != "00" {
            return Err(TraceParentError);
        }
        let trace_id = field(next()?, 32)?;
        let parent_id = u64::try_from(field(next()?, 16)?).map_err(|_| TraceParentError)?;
        let flags = u8::try_from(field(next()?, 2)?).map_err(|_| TraceParentError)?;
        if parts.next().is_some() || trace_id == 0 || parent_id == 0 {
            return Err(TraceParentError);
        }
        Ok(Self { trace_id, parent_id, flags })
    }
}

impl TryFrom<String> for TraceParent {
    type Error = TraceParentError;

    fn try_from(text: String) -> Result<Self, TraceParentError> {
        text.parse()
    }
}

impl From<TraceParent> for String {
    fn from(trace: TraceParent) -> Self {
        trace.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_specification_is_read_and_written() {
        let trace: TraceParent = EXAMPLE.parse().unwrap();
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(trace.parent_id(), "00f067aa0ba902b7");
        assert!(trace.sampled());
        assert_eq!(trace.to_string(), EXAMPLE);
        assert_eq!(trace.with_parent(1).trace_id(), trace.trace_id());
        assert_eq!(TraceParent::new(0, 1, true), None);
    }

    #[test]
    fn malformed_contexts_are_refused() {
        for wrong in [
            "",
            "00-0-0-0",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(wrong.parse::<TraceParent>(), Err(TraceParentError), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,60}") {
            let _ = text.parse::<TraceParent>();
        }

        #[test]
        fn what_is_written_is_read_again(trace in 1u128.., parent in 1u64.., sampled: bool) {
            let context = TraceParent::new(trace, parent, sampled).unwrap();
            prop_assert_eq!(context.to_string().parse(), Ok(context));
        }
    }
}
