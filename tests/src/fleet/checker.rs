//! Counts what came out: reports lost, reports with other bytes under the same id, jobs that are stuck.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use interview_queue::{EventFilter, QueueUrl};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::StorePlace;

/// One time a report was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The id of the event, which is the report's.
    pub id: String,
    /// Where the report lies.
    pub uri: String,
    /// What its bytes must be.
    pub sha256: String,
}

/// What was heard so far.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Reports by job.
    pub completed: BTreeMap<String, Vec<Said>>,
    /// Codes of failures by job, or by message where the job could not be read.
    pub failed: BTreeMap<String, Vec<String>>,
    /// Statuses by job, in their order.
    pub statuses: BTreeMap<String, Vec<String>>,
    /// Every event but progress, whole.
    pub events: Vec<Value>,
}

/// Reads the results as an HR system would, on a thread of its own.
#[derive(Debug)]
pub struct Listener {
    heard: Arc<Mutex<Heard>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Begins to read.
    ///
    /// # Panics
    /// When the address is none.
    #[must_use]
    pub fn start(url: &str) -> Self {
        let (heard, stop) = (Arc::new(Mutex::new(Heard::default())), Arc::new(AtomicBool::new(false)));
        let (shared, stopped) = (Arc::clone(&heard), Arc::clone(&stop));
        let url: QueueUrl = url.parse().expect("an address of a queue");
        let thread = std::thread::spawn(move || {
            super::runtime().block_on(async {
                while !stopped.load(Ordering::Relaxed) {
                    // A broker that is restarted in the middle of a test is connected to again.
                    if listen(&url, &shared, &stopped).await.is_err() {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
            });
        });
        Self { heard, stop, thread: Some(thread) }
    }

    /// What was heard so far.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many jobs have a report or a failure.
    #[must_use]
    pub fn ended(&self) -> usize {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.completed.len() + heard.failed.keys().filter(|job| !heard.completed.contains_key(*job)).count()
    }

    /// Waits until so many jobs have ended.
    ///
    /// # Panics
    /// When they have not after `patience`.
    pub fn wait_for(&self, jobs: usize, patience: Duration) -> Heard {
        let end = std::time::Instant::now() + patience;
        while self.ended() < jobs {
            assert!(
                std::time::Instant::now() < end,
                "{} of {jobs} jobs have ended after {patience:?}",
                self.ended()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        self.heard()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn listen(
    url: &QueueUrl,
    heard: &Mutex<Heard>,
    stop: &AtomicBool,
) -> Result<(), interview_queue::QueueError> {
    let queue = interview_queue::connect(url).await?;
    let mut events = queue.events(EventFilter::Results).await?;
    while !stop.load(Ordering::Relaxed) {
        if let Some(received) = events.next(Duration::from_millis(100)).await? {
            note(&mut heard.lock().unwrap_or_else(PoisonError::into_inner), &received.event);
            events.ack(&received).await?;
        }
    }
    Ok(())
}

fn note(heard: &mut Heard, event: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let data = &event["data"];
    let job = text(&event["subject"]);
    match event["type"].as_str().unwrap_or_default() {
        "interview.report.completed" => heard.completed.entry(job).or_default().push(Said {
            id: text(&event["id"]),
            uri: text(&data["artefacts"]["report"]["uri"]),
            sha256: text(&data["artefacts"]["report"]["sha256"]),
        }),
        "interview.report.failed" => heard.failed.entry(job).or_default().push(text(&data["code"])),
        "interview.status.changed" => heard.statuses.entry(job).or_default().push(text(&data["status"])),
        _ => {}
    }
    heard.events.push(event.clone());
}

/// What a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Jobs that were queued.
    pub jobs: usize,
    /// Jobs with a report whose bytes are what the event says.
    pub completed: usize,
    /// Jobs without report or failure, or whose report is not in the store.
    pub lost: Vec<String>,
    /// Jobs with two reports: other ids, or other bytes under the same id.
    pub duplicated: Vec<String>,
    /// Jobs that failed, with their codes.
    pub failed: Vec<String>,
    /// Jobs that the queue still holds after the end.
    pub stuck: u64,
    /// Reports that were said again with the same id and bytes, which is allowed.
    pub repeats: usize,
}

impl Findings {
    /// Holds what was heard against what was queued and what is stored.
    #[must_use]
    pub fn of(jobs: &[String], heard: &Heard, store: &StorePlace, stuck: u64) -> Self {
        let mut findings = Self { jobs: jobs.len(), stuck, ..Self::default() };
        for job in jobs {
            let Some((first, repeats)) = heard.completed.get(job).and_then(|said| said.split_first()) else {
                match heard.failed.get(job) {
                    Some(codes) => findings.failed.push(format!("{job}: {}", codes.join(", "))),
                    None => findings.lost.push(job.clone()),
                }
                continue;
            };
            findings.repeats += repeats.len();
            if repeats.iter().any(|said| said != first) {
                findings.duplicated.push(job.clone());
            }
            match store.read(&first.uri).map(|bytes| hex::encode(Sha256::digest(bytes))) {
                Some(sha256) if sha256 == first.sha256 => findings.completed += 1,
                Some(_) => findings.duplicated.push(job.clone()),
                None => findings.lost.push(job.clone()),
            }
        }
        findings
    }

    /// Whether every job came out exactly once.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty()
            && self.duplicated.is_empty()
            && self.failed.is_empty()
            && self.stuck == 0
            && self.completed == self.jobs
    }
}

impl std::fmt::Display for Findings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { jobs, completed, lost, duplicated, failed, stuck, repeats } = self;
        write!(
            f,
            "{jobs} jobs: {completed} completed, {} lost, {} duplicated, {} failed, {stuck} stuck; \
             {repeats} harmless repeats",
            lost.len(),
            duplicated.len(),
            failed.len()
        )?;
        for (name, list) in [("lost", lost), ("duplicated", duplicated), ("failed", failed)] {
            if !list.is_empty() {
                let first: Vec<&str> = list.iter().take(10).map(String::as_str).collect();
                write!(f, "\n  {name}: {}", first.join("; "))?;
            }
        }
        Ok(())
    }
}
