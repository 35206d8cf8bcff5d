//! Worker processes under test.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{QueuePlace, StorePlace};

/// How a worker under test is started.
#[derive(Debug, Clone)]
pub struct WorkerSpec {
    /// `--queue`.
    pub queue: String,
    /// `--store` and what belongs to it.
    pub store: Vec<String>,
    /// Environment of the store's client.
    pub environment: Vec<(String, String)>,
    /// Where log and recordings go.
    pub folder: PathBuf,
    /// Further arguments.
    pub arguments: Vec<String>,
}

/// The program whose analysis is a ready result.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn ready_slot() -> PathBuf {
    let path = crate::program().with_file_name("ready_slot");
    assert!(path.is_file(), "{} is missing: build the tests first", path.display());
    path
}

impl WorkerSpec {
    /// A worker with the real analysis.
    #[must_use]
    pub fn new(queue: &QueuePlace, store: &StorePlace, folder: &std::path::Path) -> Self {
        Self {
            queue: queue.url(),
            store: store.arguments(),
            environment: store.environment(),
            folder: folder.to_owned(),
            arguments: vec!["--work-dir".to_owned(), folder.join("work").display().to_string()],
        }
    }

    /// Further arguments: options with their values. An option that was given before is replaced.
    #[must_use]
    pub fn with(mut self, arguments: &[&str]) -> Self {
        for pair in arguments.chunks(2) {
            if let Some(place) = self.arguments.iter().position(|argument| argument == pair[0]) {
                self.arguments.drain(place..place + 2);
            }
            self.arguments.extend(pair.iter().map(|&argument| argument.to_owned()));
        }
        self
    }

    /// With the stand-in for the analysis.
    #[must_use]
    pub fn ready(self) -> Self {
        let program = ready_slot().display().to_string();
        self.with(&["--slot-program", &program])
    }

    /// Starts a worker; its log goes to a file of the folder.
    ///
    /// # Panics
    /// When the program does not start.
    #[must_use]
    pub fn start(&self, name: &str) -> Worker {
        let log = self.folder.join(format!("{name}.log"));
        let output = File::options().create(true).append(true).open(&log).expect("a log file");
        let mut command = Command::new(crate::program());
        command
            .args(["--log-format", "json", "worker", "--queue", &self.queue])
            .args(&self.store)
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .env_remove("INTERVIEW_LOG")
            .env_remove("INTERVIEW_DEVICE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output);
        Worker { child: command.spawn().expect("the worker starts"), log }
    }
}

/// A worker that runs; killed when dropped.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    log: PathBuf,
}

impl Worker {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        // One that has ended in the meantime needs none.
        let _ = pid.map(|pid| rustix::process::kill_process(pid, signal));
    }

    /// Kills it as `kill -9` does and waits until it is gone.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn kill(&mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.wait().expect("a child can be waited for");
    }

    /// Asks it to end, and waits.
    ///
    /// # Panics
    /// When it has not ended after `patience`.
    pub fn terminate(&mut self, patience: Duration) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.wait(patience)
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it has not ended after `patience`.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(Instant::now() < end, "the worker does not end; its log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    ///
    /// # Panics
    /// When the system does not tell.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_none()
    }

    /// What it has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until the log holds a text.
    ///
    /// # Panics
    /// When it does not after `patience`.
    pub fn wait_for(&self, text: &str, patience: Duration) {
        let end = Instant::now() + patience;
        while !self.log().contains(text) {
            assert!(Instant::now() < end, "the log never says {text:?}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process ids of its slots.
    #[must_use]
    pub fn slots(&self) -> Vec<u32> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id()));
        let mut found: Vec<u32> = Vec::new();
        for thread in threads.into_iter().flatten().filter_map(Result::ok) {
            let text = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            found.extend(text.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
    }
}
