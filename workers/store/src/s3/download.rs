//! Downloads that survive broken connections: resumed at the byte where they broke, of the same version only.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::S3Store;
use super::failure::failed;
use crate::receiver::Receiver;
use crate::transfer::SpeedMeter;
use crate::{Downloaded, Expected, StoreError, TransferLimits};

/// Which version of the object is being downloaded.
struct Version {
    etag: String,
    total: u64,
}

impl S3Store {
    pub(crate) async fn download(
        &self,
        name: &str,
        target: &Path,
        expected: &Expected,
        limits: &TransferLimits,
    ) -> Result<Downloaded, StoreError> {
        let download = self.download_resuming(name, target, expected, limits);
        timeout(limits.deadline, download).await.unwrap_or_else(|_| {
            Err(StoreError::Deadline { key: name.to_owned(), deadline_s: limits.deadline.as_secs() })
        })
    }

    async fn download_resuming(
        &self,
        name: &str,
        target: &Path,
        expected: &Expected,
        limits: &TransferLimits,
    ) -> Result<Downloaded, StoreError> {
        let mut receiver = Receiver::create(name, target, expected, limits.max_bytes).await?;
        let mut version = None;
        let mut resumed = 0;
        loop {
            match self.attempt(name, &mut receiver, &mut version, expected, limits).await {
                Ok(total) => return receiver.finish(total, expected, resumed).await,
                // Before the first answer there is nothing to resume; the client has repeated it already.
                Err(error) if version.is_some() && resumed < limits.resumes && is_transient(&error) => {
                    resumed += 1;
                    tracing::debug!(bytes = receiver.bytes(), resumed, "download broke off, is resumed");
                    sleep(Duration::from_millis(100) * 2u32.pow(resumed.min(6))).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Requests what is missing and takes what comes; gives the length of the object when all has come.
    async fn attempt(
        &self,
        name: &str,
        receiver: &mut Receiver,
        version: &mut Option<Version>,
        expected: &Expected,
        limits: &TransferLimits,
    ) -> Result<u64, StoreError> {
        let broken = |detail: String| StoreError::Unavailable { key: name.to_owned(), detail };
        let mut request = self.client.get_object().bucket(&self.bucket).key(self.full(name));
        if let Some(version) = version {
            if receiver.bytes() >= version.total {
                return Ok(version.total);
            }
            request = request.if_match(&version.etag).range(format!("bytes={}-", receiver.bytes()));
        }
        let answer = request.send().await.map_err(|error| failed(name, error))?;
        let length = answer.content_length().and_then(|length| u64::try_from(length).ok());
        let total = match version {
            None => {
                let total = length.ok_or_else(|| broken("the server states no length".to_owned()))?;
                receiver.announced(total, expected, limits.max_bytes)?;
                // Without a tag nobody can tell whether the rest belongs to the beginning.
                if let Some(etag) = answer.e_tag() {
                    *version = Some(Version { etag: etag.to_owned(), total });
                }
                total
            }
            Some(version) => {
                let range = answer.content_range().unwrap_or_default();
                if answer.e_tag() != Some(version.etag.as_str())
                    || !range.ends_with(&format!("/{}", version.total))
                {
                    let detail = "the object was replaced during the download".to_owned();
                    return Err(StoreError::Integrity { key: name.to_owned(), detail });
                }
                if !range.starts_with(&format!("bytes {}-", receiver.bytes())) {
                    return Err(broken(format!("asked for byte {} on, got {range:?}", receiver.bytes())));
                }
                version.total
            }
        };
        let mut body = answer.body;
        let mut meter = SpeedMeter::new(limits, Instant::now());
        let tick = (limits.window / 10).clamp(Duration::from_millis(20), Duration::from_secs(1));
        loop {
            match timeout(tick, body.next()).await {
                Ok(Some(Ok(chunk))) => {
                    receiver.push(&chunk).await?;
                    meter.arrived(Instant::now(), chunk.len() as u64);
                }
                Ok(Some(Err(error))) => return Err(broken(format!("the connection broke: {error}"))),
                Ok(None) if receiver.bytes() < total => {
                    return Err(broken(format!(
                        "the answer ended after {} of {total} bytes",
                        receiver.bytes()
                    )));
                }
                Ok(None) => return Ok(total),
                Err(_) => {}
            }
            if let Some(bytes) = meter.too_slow(Instant::now()) {
                return Err(StoreError::TooSlow {
                    key: name.to_owned(),
                    bytes,
                    window_s: limits.window.as_secs(),
                    floor: limits.floor_bytes_per_s,
                });
            }
        }
    }
}

fn is_transient(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable { .. } | StoreError::TooSlow { .. })
}
