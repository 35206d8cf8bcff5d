//! The job's deadline against the broker's: a job must end before the broker takes it away.

use std::time::Duration;

/// Time between the end of an analysis and its acknowledgement: storing, publishing, a broker that is slow.
pub const SETTLE_TIME: Duration = Duration::from_secs(60);

/// Why a deadline does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "jobs may take {} s and {} s to settle, but the broker takes an un-acknowledged job away after {} s \
     (consumer_timeout): it would be analysed twice; shorten the deadline, or raise consumer_timeout in the broker and \
     say so in the queue's address with consumer_timeout=…",
    deadline.as_secs(), SETTLE_TIME.as_secs(), consumer_timeout.as_secs()
)]
pub struct DeadlineTooLong {
    /// How long a job may take.
    pub deadline: Duration,
    /// When the broker takes it away.
    pub consumer_timeout: Duration,
}

/// Checks that a job ends and is settled before the broker takes it away.
///
/// # Errors
/// [`DeadlineTooLong`] when it may not.
pub fn check_deadline(deadline: Duration, consumer_timeout: Duration) -> Result<(), DeadlineTooLong> {
    match deadline.checked_add(SETTLE_TIME) {
        Some(needed) if needed <= consumer_timeout => Ok(()),
        _ => Err(DeadlineTooLong { deadline, consumer_timeout }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_fits_with_the_time_to_settle() {
        let seconds = Duration::from_secs;
        assert_eq!(check_deadline(seconds(1740), seconds(1800)), Ok(()));
        let error = check_deadline(seconds(1741), seconds(1800)).unwrap_err();
        assert!(error.to_string().contains("1741 s"), "{error}");
        assert!(check_deadline(Duration::MAX, seconds(1800)).is_err());
    }
}
