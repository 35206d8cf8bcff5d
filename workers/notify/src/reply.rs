//! What the answer of a receiver means: delivered, to be tried again, or never to be tried again.
//!
//! Receivers are configured by tenants, so their answers are read as hostile: at most [`MOST_BODY`] bytes of them,
//! every number bounded. What a receiver writes never reaches a log, for it may repeat what was sent to it.
//!
//! Sources: Standard Webhooks (2xx is delivered, 410 ends the subscription, redirects are failures), RFC 9110 section
//! 10.2.3 (`Retry-After`), the WeCom developer guide on group robots (`errcode`).

use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use serde::Deserialize;

/// Bytes of a body that are read at most.
pub const MOST_BODY: usize = 64 * 1024;
/// Longest time that a receiver may put us off; a longer one is shortened to it.
pub const MOST_DELAY: Duration = Duration::from_secs(24 * 3600);
/// Longest `Retry-After` that is looked at; a date has 29 bytes.
const MOST_RETRY_AFTER: usize = 64;

/// `errcode` of a WeCom robot that has taken the message.
const ROBOT_OK: i64 = 0;
/// `errcode` of a robot that was removed from its group, or of a key that does not exist.
const ROBOT_GONE: i64 = 93_000;
/// `errcode` values that pass: the system is busy; more than 20 messages in a minute.
const ROBOT_BUSY: [i64; 2] = [-1, 45_009];

/// The answer of a receiver, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    status: u16,
    retry_after: Option<Vec<u8>>,
    body: Vec<u8>,
    whole: bool,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The receiver has it.
    Delivered,
    /// It must be tried again: after `not_before`, where the receiver asks for that, and not before the sender's
    /// own pause is over.
    Retry {
        /// What the receiver asks for, at most [`MOST_DELAY`].
        not_before: Option<Duration>,
    },
    /// This message will never be taken: trying again is of no use.
    Rejected,
    /// The receiver wants nothing any more: its subscription ends.
    Disabled,
}

impl Reply {
    /// Reads an answer: status, headers in their order, and at most [`MOST_BODY`] bytes of the body.
    ///
    /// # Errors
    /// When the body cannot be read.
    pub fn read<'a>(
        status: u16,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        body: impl Read,
    ) -> io::Result<Self> {
        let retry_after = headers
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
            .map(|(_, value)| value.get(..MOST_RETRY_AFTER).unwrap_or(value).to_vec());
        let mut bytes = Vec::new();
        // One byte more, to see whether there is more.
        body.take(MOST_BODY as u64 + 1).read_to_end(&mut bytes)?;
        let whole = bytes.len() <= MOST_BODY;
        bytes.truncate(MOST_BODY);
        Ok(Self { status, retry_after, body: bytes, whole })
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What the answer of a receiver of webhooks means, by its status alone. `now` is what dates are held against.
    #[must_use]
    pub fn of_webhook(&self, now: SystemTime) -> Judgement {
        match self.status {
            200..=299 => Judgement::Delivered,
            410 => Judgement::Disabled,
            // Also redirects, which are never followed: they could lead inside; and what is wrong with the request
            // in the eyes of a receiver, which may be repaired within the hours in which we try.
            _ => Judgement::Retry { not_before: self.not_before(now) },
        }
    }

    /// What the answer of a WeCom group robot means: its status is 200 also where it did not take the message.
    #[must_use]
    pub fn of_robot(&self, now: SystemTime) -> Judgement {
        if !(200..=299).contains(&self.status) {
            return self.of_webhook(now);
        }
        let retry = Judgement::Retry { not_before: self.not_before(now) };
        // Whatever answers 200 without saying how it went is a proxy or a page, not the robot.
        let parsed = self.whole.then(|| serde_json::from_slice::<RobotReply>(&self.body).ok()).flatten();
        match parsed.map(|reply| reply.errcode) {
            Some(ROBOT_OK) => Judgement::Delivered,
            Some(ROBOT_GONE) => Judgement::Disabled,
            Some(code) if ROBOT_BUSY.contains(&code) => retry,
            Some(_) => Judgement::Rejected,
            None => retry,
        }
    }

    fn not_before(&self, now: SystemTime) -> Option<Duration> {
        retry_after(self.retry_after.as_deref()?, now)
    }
}

/// What a robot says.
#[derive(Debug, Deserialize)]
struct RobotReply {
    errcode: i64,
}

/// The wait that a `Retry-After` asks for: seconds, or a date in one of the three forms of HTTP. `None` for what is
/// neither; at most [`MOST_DELAY`].
#[must_use]
pub fn retry_after(value: &[u8], now: SystemTime) -> Option<Duration> {
    let text = std::str::from_utf8(value.get(..MOST_RETRY_AFTER).unwrap_or(value)).ok()?.trim_ascii();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are a long time.
        let seconds = text.parse::<u64>().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(MOST_DELAY));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    // A date in the past: no wait.
    Some(date.duration_since(now).unwrap_or(Duration::ZERO).min(MOST_DELAY))
}
