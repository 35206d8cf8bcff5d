//! A slot: one child process that analyses, watched from outside. Whatever becomes of the child costs the job at
//! hand one attempt and nobody else anything.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use interview_schemas::ErrorCode;
use interview_slot::{Analyze, FrameError, FrameReader, HEARTBEAT, Reply, Request, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, interval_at, sleep_until, timeout};

use super::memory;

/// A child that has said nothing for this long hangs.
const SILENCE: Duration = Duration::from_secs(15);
/// How long a child may take to start.
const START: Duration = Duration::from_secs(30);
/// How long a child may take to read a request.
const HAND_OVER: Duration = Duration::from_secs(10);
/// How long a child that was told to end may take.
const GOODBYE: Duration = Duration::from_secs(2);
/// What the analysis of strangers' files must not know: the password of the queue, the keys of the store.
const SECRETS: [&str; 7] = [
    "INTERVIEW_QUEUE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];
/// How often the child's memory is looked at.
const MEMORY_CHECK: Duration = Duration::from_millis(250);

/// How the children of a worker are started and what they may take.
#[derive(Debug, Clone)]
pub(crate) struct SlotConfig {
    /// The program; the worker itself unless a test or benchmark brings its own.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// How long one job may take.
    pub(crate) deadline: Duration,
    /// Resident memory of a child with its decoders in bytes.
    pub(crate) memory_limit: u64,
    /// A child is replaced after this many jobs.
    pub(crate) jobs_per_child: u32,
}

/// Why a child gave no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SlotError {
    /// The analysis failed; the child is well.
    #[error("{message}")]
    Failed {
        /// The stable code.
        code: ErrorCode,
        /// What happened.
        message: String,
    },
    /// The child could not be started.
    #[error("the process of the slot cannot be started: {0}")]
    Start(String),
    /// The child ended in the middle of the job.
    #[error("the process of the analysis ended: {0}")]
    Crashed(ExitStatus),
    /// The system killed the child for want of memory.
    #[error("the system killed the analysis for want of memory")]
    OutOfMemory,
    /// The child used more memory than it may; it was killed.
    #[error("the analysis used {bytes} bytes of memory, {limit} are allowed")]
    MemoryLimit {
        /// What it used.
        bytes: u64,
        /// What it may use.
        limit: u64,
    },
    /// The job took too long; the child was killed.
    #[error("the analysis did not end within {0} s")]
    Deadline(u64),
    /// The child gave no sign of life; it was killed.
    #[error("the process of the analysis gave no sign of life for {0} s")]
    Silent(u64),
    /// The child said something that is not understood; it was killed.
    #[error("the process of the analysis said something that is not understood: {0}")]
    Protocol(#[from] FrameError),
}

impl SlotError {
    /// The stable code.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Failed { code, .. } => *code,
            Self::Start(_) => ErrorCode::Resource,
            Self::Crashed(_) | Self::Silent(_) | Self::Protocol(_) => ErrorCode::Crash,
            Self::OutOfMemory | Self::MemoryLimit { .. } => ErrorCode::Resource,
            Self::Deadline(_) => ErrorCode::Timeout,
        }
    }

    /// The name of what happened to the child, for metrics; `None` when it is well.
    pub(crate) fn end_of_child(&self) -> Option<&'static str> {
        match self {
            Self::Failed { .. } => None,
            Self::Start(_) => Some("start"),
            Self::Crashed(_) => Some("crash"),
            Self::OutOfMemory => Some("out_of_memory"),
            Self::MemoryLimit { .. } => Some("memory_limit"),
            Self::Deadline(_) => Some("deadline"),
            Self::Silent(_) => Some("silent"),
            Self::Protocol(_) => Some("protocol"),
        }
    }
}

/// A finished analysis; its documents lie in the folder of the job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Analysed {
    /// Processor seconds of each stage.
    pub(crate) stage_s: std::collections::BTreeMap<String, f64>,
    /// Seconds it took.
    pub(crate) wall_s: f64,
    /// Runs of each model, and rows of all its runs together.
    pub(crate) model_runs: std::collections::BTreeMap<String, (u64, u64)>,
}

/// A stage that got on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Advance {
    pub(crate) stage: String,
    pub(crate) done_s: f64,
    pub(crate) total_s: Option<f64>,
}

/// A child that runs.
struct Running {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    frames: FrameReader,
    block: Vec<u8>,
    jobs: u32,
    /// A request is under way: the child is of no use to anybody else.
    busy: bool,
}

/// A slot of a worker.
pub(crate) struct Slot {
    number: usize,
    config: SlotConfig,
    running: Option<Running>,
}

impl Slot {
    /// A slot without a child; `number` is for logs and metrics.
    pub(crate) fn new(number: usize, config: SlotConfig) -> Self {
        Self { number, config, running: None }
    }

    /// Its number.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Resident memory of the child and its decoders in bytes, where there is one and the system tells.
    pub(crate) fn memory(&self) -> Option<u64> {
        memory::resident_with_children(self.running.as_ref()?.child.id()?)
    }

    /// Starts the child where none runs, so that the first job need not wait for it.
    pub(crate) async fn start(&mut self) -> Result<(), SlotError> {
        self.ensure().await.map(drop)
    }

    /// Lets the child analyse one interview. When this future is dropped before its end, [`Slot::abandon`] must
    /// follow.
    pub(crate) async fn run(
        &mut self,
        request: &Analyze,
        mut advance: impl FnMut(Advance),
    ) -> Result<Analysed, SlotError> {
        let (deadline, limit) = (self.config.deadline, self.config.memory_limit);
        let running = self.ensure().await?;
        running.busy = true;
        let result = running.converse(request, deadline, limit, &mut advance).await;
        running.busy = false;
        match &result {
            // A child that has met a defect of this program ends by itself; nobody else may run into that.
            Err(SlotError::Failed { code: ErrorCode::Internal, .. }) => self.stop().await,
            Ok(_) | Err(SlotError::Failed { .. }) => {
                running.jobs = running.jobs.saturating_add(1);
                if running.jobs >= self.config.jobs_per_child {
                    self.stop().await;
                }
            }
            Err(_) => self.kill().await,
        }
        result
    }

    /// The child, started where none runs.
    async fn ensure(&mut self) -> Result<&mut Running, SlotError> {
        let unfit = match &mut self.running {
            Some(running) => running.busy || !matches!(running.child.try_wait(), Ok(None)),
            None => false,
        };
        if unfit {
            self.kill().await;
        }
        let running = match self.running.take() {
            Some(running) => running,
            None => self.spawn().await?,
        };
        Ok(self.running.insert(running))
    }

    async fn spawn(&self) -> Result<Running, SlotError> {
        let start = |error: std::io::Error| SlotError::Start(error.to_string());
        let mut command = Command::new(&self.config.program);
        command
            .args(&self.config.arguments)
            .args(["--parent", &std::process::id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        hide_secrets(&mut command);
        // A group of its own: Ctrl-C goes to the worker alone, which drains; and the child can be killed with
        // whatever processes it has started.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(start)?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SlotError::Start("its pipes are missing".to_owned()));
        };
        let mut running = Running {
            child,
            stdin,
            stdout,
            frames: FrameReader::new(),
            block: vec![0; 16 * 1024],
            jobs: 0,
            busy: false,
        };
        let ready = async {
            loop {
                match running.reply().await? {
                    Some(Reply::Ready { pipeline_version }) => return Ok(pipeline_version),
                    Some(_) => {}
                    None => return Err(SlotError::Start(running.last_words().await)),
                }
            }
        };
        let started = timeout(START, ready).await;
        match started {
            Ok(Ok(version)) if version == interview_pipeline::PIPELINE_VERSION => Ok(running),
            Ok(Ok(version)) => Err(SlotError::Start(format!(
                "it runs version {version}, the worker {}: restart the worker",
                interview_pipeline::PIPELINE_VERSION
            ))),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(SlotError::Start(format!("not ready after {} s", START.as_secs()))),
        }
    }

    /// Ends the child in peace: closes its input and waits.
    pub(crate) async fn stop(&mut self) {
        let Some(Running { mut child, stdin, stdout, .. }) = self.running.take() else { return };
        drop((stdin, stdout));
        if timeout(GOODBYE, child.wait()).await.is_err() {
            kill_group(&mut child).await;
        }
    }

    /// Kills the child where it is in the middle of a job that nobody waits for any more.
    pub(crate) async fn abandon(&mut self) {
        if self.running.as_ref().is_some_and(|running| running.busy) {
            self.kill().await;
        }
    }

    /// Kills the child with everything it has started, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            kill_group(&mut running.child).await;
        }
    }
}

/// Lets a process start without the passwords of the worker.
pub(super) fn hide_secrets(command: &mut Command) {
    for name in SECRETS {
        command.env_remove(name);
    }
}

/// Kills a child with everything it has started, and waits until it is gone.
pub(super) async fn kill_group(child: &mut Child) {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // A group that is gone already is what was wanted.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill().await;
}

impl Running {
    /// The next reply; `None` when the child has closed its output.
    async fn reply(&mut self) -> Result<Option<Reply>, SlotError> {
        loop {
            if let Some(reply) = self.frames.next_message()? {
                return Ok(Some(reply));
            }
            match self.stdout.read(&mut self.block).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(count) => self.frames.push(self.block.get(..count).unwrap_or_default()),
            }
        }
    }

    async fn last_words(&mut self) -> String {
        match timeout(GOODBYE, self.child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            _ => "it closed its output".to_owned(),
        }
    }

    /// Hands over a request and waits for its result, watching the clock, the pulse and the memory.
    async fn converse(
        &mut self,
        request: &Analyze,
        deadline: Duration,
        memory_limit: u64,
        advance: &mut impl FnMut(Advance),
    ) -> Result<Analysed, SlotError> {
        let end = Instant::now() + deadline;
        let kills_before = memory::out_of_memory_kills();
        let frame = encode(&Request::Analyze(Box::new(request.clone())))?;
        let written = timeout(HAND_OVER, async {
            self.stdin.write_all(&frame).await?;
            self.stdin.flush().await
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(self.autopsy(kills_before).await),
            Err(_) => return Err(SlotError::Silent(HAND_OVER.as_secs())),
        }
        let pid = self.child.id();
        let mut memory_check = interval_at(Instant::now() + MEMORY_CHECK, MEMORY_CHECK);
        let mut last_sign = Instant::now();
        loop {
            tokio::select! {
                reply = self.reply() => {
                    last_sign = Instant::now();
                    match reply? {
                        Some(Reply::Done { stage_s, wall_s, model_runs }) => {
                            return Ok(Analysed { stage_s, wall_s, model_runs });
                        }
                        Some(Reply::Failed { code, message }) => return Err(SlotError::Failed { code, message }),
                        Some(Reply::Progress { stage, done_s, total_s }) => {
                            advance(Advance { stage, done_s, total_s });
                        }
                        Some(Reply::Alive | Reply::Ready { .. } | Reply::Runs { .. }) => {}
                        None => return Err(self.autopsy(kills_before).await),
                    }
                }
                () = sleep_until(end) => return Err(SlotError::Deadline(deadline.as_secs())),
                () = sleep_until(last_sign + SILENCE.max(HEARTBEAT * 3)) => {
                    return Err(SlotError::Silent(SILENCE.as_secs()));
                }
                _ = memory_check.tick() => {
                    if let Some(bytes) = pid.and_then(memory::resident_with_children).filter(|&bytes| bytes > memory_limit) {
                        return Err(SlotError::MemoryLimit { bytes, limit: memory_limit });
                    }
                }
            }
        }
    }

    /// Why the child has closed its pipes.
    async fn autopsy(&mut self, kills_before: Option<u64>) -> SlotError {
        match timeout(GOODBYE, self.child.wait()).await {
            Ok(Ok(status)) => {
                let killed = memory::out_of_memory_kills() > kills_before;
                if killed { SlotError::OutOfMemory } else { SlotError::Crashed(status) }
            }
            _ => SlotError::Silent(GOODBYE.as_secs()),
        }
    }
}
