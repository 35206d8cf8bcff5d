//! How fast and how long a download may be, and what it must give.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Limits of one download. The timeouts of the S3 client do not cover the body: these do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferLimits {
    /// Most bytes of an object.
    pub max_bytes: u64,
    /// Least bytes per second, measured over `window`.
    pub floor_bytes_per_s: u64,
    /// Over how long the speed is measured.
    pub window: Duration,
    /// From the first request to the last byte, with all repetitions.
    pub deadline: Duration,
    /// How often a broken or slow transfer is begun again where it broke.
    pub resumes: u32,
}

impl Default for TransferLimits {
    fn default() -> Self {
        Self {
            max_bytes: 4 << 30,
            floor_bytes_per_s: 32 * 1024,
            window: Duration::from_secs(15),
            deadline: Duration::from_secs(600),
            resumes: 4,
        }
    }
}

/// What the file must be, as far as the job says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Length in bytes.
    pub bytes: Option<u64>,
    /// SHA-256 in hexadecimal.
    pub sha256: Option<String>,
}

/// A file that was downloaded and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal.
    pub sha256: String,
    /// How often the transfer was begun again.
    pub resumed: u32,
}

/// Measures speed over a sliding window.
#[derive(Debug)]
pub(crate) struct SpeedMeter {
    window: Duration,
    floor_bytes_per_s: u64,
    started: Instant,
    /// When how many bytes came, not older than the window; one entry per tick.
    arrivals: VecDeque<(Instant, u64)>,
}

/// Arrivals within this time are one entry, so that the window has a bounded number of them.
const TICK: Duration = Duration::from_millis(100);

impl SpeedMeter {
    pub(crate) fn new(limits: &TransferLimits, now: Instant) -> Self {
        Self {
            window: limits.window.max(Duration::from_millis(200)),
            floor_bytes_per_s: limits.floor_bytes_per_s,
            started: now,
            arrivals: VecDeque::new(),
        }
    }

    /// Books bytes that came.
    pub(crate) fn arrived(&mut self, now: Instant, bytes: u64) {
        match self.arrivals.back_mut() {
            Some((time, sum)) if now.duration_since(*time) < TICK => *sum = sum.saturating_add(bytes),
            _ => self.arrivals.push_back((now, bytes)),
        }
        self.forget(now);
    }

    fn forget(&mut self, now: Instant) {
        while self.arrivals.front().is_some_and(|(time, _)| now.duration_since(*time) > self.window) {
            self.arrivals.pop_front();
        }
    }

    /// The bytes of the last window, when they are too few; the first window is free.
    pub(crate) fn too_slow(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.started) < self.window {
            return None;
        }
        self.forget(now);
        let bytes: u64 = self.arrivals.iter().fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes));
        let needed = u128::from(self.floor_bytes_per_s).saturating_mul(self.window.as_millis()) / 1000;
        (u128::from(bytes) < needed).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(now: Instant) -> SpeedMeter {
        let limits = TransferLimits {
            floor_bytes_per_s: 1000,
            window: Duration::from_secs(10),
            ..TransferLimits::default()
        };
        SpeedMeter::new(&limits, now)
    }

    #[test]
    fn a_drip_is_too_slow_after_the_first_window() {
        let start = Instant::now();
        let mut drip = meter(start);
        let mut steady = meter(start);
        for second in 1..=60 {
            let now = start + Duration::from_secs(second);
            drip.arrived(now, 2);
            steady.arrived(now, 1200);
            assert_eq!(drip.too_slow(now).is_some(), second >= 10, "second {second}");
            assert_eq!(steady.too_slow(now), None, "second {second}");
        }
        assert!(steady.arrivals.len() <= 11);
    }

    #[test]
    fn a_fast_start_does_not_excuse_a_stall() {
        let start = Instant::now();
        let mut meter = meter(start);
        meter.arrived(start, 1_000_000_000);
        assert_eq!(meter.too_slow(start + Duration::from_secs(10)), None);
        assert_eq!(meter.too_slow(start + Duration::from_secs(11)), Some(0));
    }
}
