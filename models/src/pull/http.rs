//! Downloads over HTTP that go on where they were cut off.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::{PullEvent, PullProgress};

/// How many attempts in a row may end without a single new byte.
const FRUITLESS_ATTEMPTS: u32 = 4;
/// How many attempts there are in all, however slowly the download advances.
const ATTEMPTS: u32 = 200;

/// One download.
pub(super) struct Download<'a> {
    /// Address of the file.
    pub(super) url: &'a str,
    /// Where the bytes go; bytes that are there already are taken as the beginning.
    pub(super) partial: &'a Path,
    /// The file may not be longer.
    pub(super) limit_bytes: u64,
    /// Pause before the second attempt; it doubles with each fruitless one.
    pub(super) retry_pause: Duration,
}

/// Why an attempt ended.
enum Failure {
    /// Another attempt may succeed.
    Transient(String),
    /// No attempt will.
    Permanent(String),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Transient(error.to_string())
    }
}

impl Download<'_> {
    /// Fetches the whole file.
    ///
    /// # Errors
    /// What happened and what to do, in words; what was fetched until then stays for the next call.
    pub(super) fn run(&self, progress: &mut dyn PullProgress) -> Result<(), String> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            // A transfer that stalls is cut off and taken up again where it stopped.
            .timeout_recv_body(Some(Duration::from_secs(600)))
            .build()
            .into();
        let mut longest = self.length();
        let mut fruitless = 0;
        let mut pause = self.retry_pause;
        for _ in 0..ATTEMPTS {
            let reason = match self.attempt(&agent, progress) {
                Ok(()) => return Ok(()),
                Err(Failure::Permanent(reason)) => return Err(reason),
                Err(Failure::Transient(reason)) => reason,
            };
            let length = self.length();
            if length > longest {
                longest = length;
                fruitless = 0;
                pause = self.retry_pause;
            }
            fruitless += 1;
            if fruitless >= FRUITLESS_ATTEMPTS {
                return Err(format!(
                    "{reason}; tried {fruitless} times in a row; what arrived is kept, run the command again \
                     to go on"
                ));
            }
            tracing::debug!(%reason, length, "download interrupted, trying again");
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2);
        }
        Err(format!("the connection broke {ATTEMPTS} times; run the command again to go on"))
    }

    fn length(&self) -> u64 {
        std::fs::metadata(self.partial).map_or(0, |found| found.len())
    }

    fn attempt(&self, agent: &Agent, progress: &mut dyn PullProgress) -> Result<(), Failure> {
        let have = self.length();
        let mut request = agent.get(self.url);
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let response = request.call().map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Failure::Permanent(error.to_string()),
            other => Failure::Transient(other.to_string()),
        })?;
        let (mut file, start) = self.open(&response, have)?;
        let rest = content_length(&response);
        let total = rest.and_then(|rest| rest.checked_add(start));
        if total.is_some_and(|total| total > self.limit_bytes) {
            return Err(self.too_long());
        }
        progress.event(PullEvent::Bytes { done: start, total });
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
        let mut buffer = vec![0u8; 1 << 16];
        let mut done = start;
        loop {
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            done = done.saturating_add(count as u64);
            if done > self.limit_bytes {
                drop(file);
                let _ = std::fs::remove_file(self.partial);
                return Err(self.too_long());
            }
            file.write_all(&buffer[..count]).map_err(|error| self.unwritable(&error))?;
            progress.event(PullEvent::Bytes { done, total });
        }
        if total.is_some_and(|total| done < total) {
            return Err(Failure::Transient("the connection was cut".to_owned()));
        }
        file.sync_all().map_err(|error| self.unwritable(&error))
    }

    /// Opens the partial file at the place where the answer goes on.
    fn open(&self, response: &Response<Body>, have: u64) -> Result<(File, u64), Failure> {
        let unwritable = |error: std::io::Error| self.unwritable(&error);
        match response.status() {
            StatusCode::PARTIAL_CONTENT if have > 0 && content_range_start(response) == Some(have) => {
                let file = OpenOptions::new().append(true).open(self.partial).map_err(unwritable)?;
                Ok((file, have))
            }
            // The server does not do ranges: from the beginning.
            StatusCode::OK => Ok((File::create(self.partial).map_err(unwritable)?, 0)),
            // What is there cannot be the beginning of this file.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                std::fs::remove_file(self.partial).map_err(unwritable)?;
                Err(Failure::Transient("the server cannot go on where the download stopped".to_owned()))
            }
            status if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) => {
                Err(Failure::Transient(format!("the server answered {status}")))
            }
            status => Err(Failure::Permanent(format!("the server answered {status}"))),
        }
    }

    fn too_long(&self) -> Failure {
        Failure::Permanent(format!("the file is longer than the {} bytes it may have", self.limit_bytes))
    }

    fn unwritable(&self, error: &std::io::Error) -> Failure {
        Failure::Permanent(format!("{}: {error}", self.partial.display()))
    }
}

fn content_length(response: &Response<Body>) -> Option<u64> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

fn content_range_start(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes ")?.split_once('-')?.0.trim().parse().ok()
}
