//! Fair picking between the lanes: the interactive one goes first most of the time, the bulk one always moves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use interview_schemas::wire::Lane;

/// Of so many picks, one prefers the bulk lane. A lane that is empty leaves its turn to the other.
const BULK_EVERY: u64 = 5;

/// Says which lane to look at first.
#[derive(Debug, Default)]
pub(crate) struct Rota {
    picks: AtomicU64,
}

impl Rota {
    /// The lanes in the order in which the next pick should look at them.
    pub(crate) fn next_order(&self) -> [Lane; 2] {
        let pick = self.picks.fetch_add(1, Ordering::Relaxed);
        if pick % BULK_EVERY == BULK_EVERY - 1 {
            [Lane::Bulk, Lane::Interactive]
        } else {
            [Lane::Interactive, Lane::Bulk]
        }
    }
}

/// Remembers for a moment that a queue was found empty, so that the many slots of a busy worker do not all ask.
#[derive(Debug)]
pub(crate) struct EmptyFor {
    started: Instant,
    until_ms: AtomicU64,
}

impl EmptyFor {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), until_ms: AtomicU64::new(0) }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes that the queue was empty just now.
    pub(crate) fn note(&self, how_long: Duration) {
        let until = self.now_ms().saturating_add(u64::try_from(how_long.as_millis()).unwrap_or(u64::MAX));
        self.until_ms.store(until, Ordering::Relaxed);
    }

    /// Whether the queue was empty a moment ago.
    pub(crate) fn holds(&self) -> bool {
        self.now_ms() < self.until_ms.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lanes_come_first_in_their_turn() {
        let rota = Rota::default();
        let first: Vec<Lane> = (0..10).map(|_| rota.next_order()[0]).collect();
        assert_eq!(first.iter().filter(|lane| **lane == Lane::Bulk).count(), 2);
        assert_eq!(first[0], Lane::Interactive);
    }
}
