//! What every scenario needs: a queue, a store, a listener, workers.

use std::time::Duration;

use interview_queue::{DeadLetter, NewJob, Queue, QueueStatus, QueueUrl};
use interview_tests::fleet::{
    Findings, Listener, QueueKind, QueuePlace, StoreKind, StorePlace, Worker, WorkerSpec, job, runtime,
};
use serde_json::Value;

/// What no scenario takes longer than.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One scenario.
pub(crate) struct Scene {
    pub(crate) listener: Listener,
    pub(crate) store: StorePlace,
    pub(crate) queue: QueuePlace,
    pub(crate) folder: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new(queue: QueueKind, store: StoreKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let queue = QueuePlace::share(queue, folder.path());
        let store = StorePlace::start(store, folder.path());
        let url: QueueUrl = queue.url().parse().unwrap();
        runtime().block_on(async { interview_queue::connect(&url).await.unwrap().setup().await.unwrap() });
        Self { listener: Listener::start(&queue.url()), store, queue, folder }
    }

    /// Does something with the queue.
    pub(crate) fn with_queue<T>(&self, work: impl AsyncFnOnce(&dyn Queue) -> T) -> T {
        let url: QueueUrl = self.queue.url().parse().unwrap();
        runtime().block_on(async { work(interview_queue::connect(&url).await.unwrap().as_ref()).await })
    }

    pub(crate) fn enqueue(&self, jobs: &[Value]) {
        let jobs: Vec<NewJob> = jobs.iter().map(job).collect();
        self.enqueue_raw(&jobs);
    }

    pub(crate) fn enqueue_raw(&self, jobs: &[NewJob]) {
        self.with_queue(async |queue| queue.enqueue(jobs).await.unwrap());
    }

    /// A worker with the stand-in for the analysis and limits that suit a test.
    pub(crate) fn ready_spec(&self) -> WorkerSpec {
        self.spec().ready()
    }

    /// A worker with the real analysis.
    pub(crate) fn spec(&self) -> WorkerSpec {
        WorkerSpec::new(&self.queue, &self.store, self.folder.path()).with(&[
            "--grace-s",
            "3",
            "--download-floor",
            "10000",
            "--download-window-s",
            "1",
        ])
    }

    pub(crate) fn dead_letters(&self) -> Vec<DeadLetter> {
        self.with_queue(async |queue| queue.dead_letters(100).await.unwrap())
    }

    /// The codes of the dead letters by message, in order.
    pub(crate) fn dead_codes(&self) -> Vec<(String, String)> {
        let mut codes: Vec<_> = self
            .dead_letters()
            .into_iter()
            .map(|letter| (letter.message_id, letter.code.unwrap_or_default()))
            .collect();
        codes.sort();
        codes
    }

    pub(crate) fn status(&self) -> QueueStatus {
        self.with_queue(async |queue| queue.status().await.unwrap())
    }

    /// Waits until no job waits, runs or is delayed.
    pub(crate) fn wait_until_quiet(&self) {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let status = self.status();
            let jobs: u64 = status.lanes.iter().map(|lane| lane.ready + lane.running.unwrap_or(0)).sum();
            if jobs + status.delayed == 0 {
                return;
            }
            assert!(std::time::Instant::now() < end, "jobs are stuck: {status:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Insists that these jobs, and no others, have exactly one report each, and that nothing is left over.
    pub(crate) fn assert_reports(&self, ids: &[&str]) -> Findings {
        let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
        self.listener.wait_for(ids.len(), PATIENCE);
        self.wait_until_quiet();
        // What was said at the very end is heard a moment later.
        std::thread::sleep(Duration::from_millis(500));
        let heard = self.listener.heard();
        let findings = Findings::of(&ids, &heard, &self.store, 0);
        assert!(findings.is_clean(), "{findings}");
        findings
    }

    /// Waits for a failure of this job and gives its code.
    pub(crate) fn failure_of(&self, job: &str) -> String {
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            if let Some(codes) = self.listener.heard().failed.get(job) {
                return codes[0].clone();
            }
            assert!(
                std::time::Instant::now() < end,
                "no failed report of {job}: {:?}",
                self.listener.heard().failed
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Ends a worker in peace and insists that it ends well.
pub(crate) fn end(mut worker: Worker) {
    let status = worker.terminate(Duration::from_secs(20));
    assert!(status.success(), "{status}; its log:\n{}", worker.log());
    assert!(!worker.log().contains("panicked"), "{}", worker.log());
}
