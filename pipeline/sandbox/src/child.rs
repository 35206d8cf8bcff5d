//! One child: started, asked once, listened to, and gone.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use crate::buffers::Buffers;
use crate::layers::{Active, Layers};
use crate::receiver::{self, Bounds, Event, ReceiveError, Receiver};
use crate::watch::{Impatience, Watched};
use crate::{CPU_ARGUMENT, MEMORY_ARGUMENT, SandboxError, Settings, request};

/// Bytes the pipe may hold: the most an unprivileged user gets. With less it works too, with more switches.
const PIPE_BYTES: usize = 1 << 20;
/// How long a child that closed its pipe may take to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// A child that is ready for a request.
#[derive(Debug)]
pub struct Decoder {
    process: Guarded,
    control: OwnedFd,
    pipe: File,
    active: Active,
    settings: Settings,
}

/// What is asked of a child.
pub struct Request<'a> {
    /// Options in the form that the program understands.
    pub options: &'a [u8],
    /// The recording, open for reading.
    pub recording: &'a File,
    /// What the answer may be.
    pub bounds: Bounds,
    /// Where pictures are put.
    pub buffers: Buffers,
    /// Whether the caller has lost interest.
    pub cancelled: &'a dyn Fn() -> bool,
}

impl Decoder {
    /// Starts a child and waits until its layers are up. The thread that calls this is the child's parent: when
    /// it ends, the child is killed.
    ///
    /// # Errors
    /// [`SandboxError::Start`], [`SandboxError::Layers`] when a required layer is not there.
    pub fn start(settings: &Settings) -> Result<Self, SandboxError> {
        let start = |error: &dyn std::fmt::Display| SandboxError::Start(error.to_string());
        let kind = SocketType::SEQPACKET;
        let (control, theirs) = socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None)
            .map_err(|error| start(&error))?;
        let (pipe, writer) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| start(&error))?;
        // Refused where the user's pipes hold too much already.
        let _ = fcntl_setpipe_size(&pipe, PIPE_BYTES);
        let process = Command::new(&settings.program)
            .args(&settings.arguments)
            .args([MEMORY_ARGUMENT, &settings.allowance.memory_bytes.to_string()])
            .args([CPU_ARGUMENT, &settings.allowance.cpu_s.to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::from(writer))
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| start(&format_args!("{}: {error}", settings.program.display())))?;
        let mut decoder = Self {
            process: Guarded(process),
            control,
            pipe: File::from(pipe),
            active: Active::default(),
            settings: settings.clone(),
        };
        decoder.active = decoder.wait_until_ready()?;
        let missing = decoder.active.layers.missing_of(settings.required);
        if missing.is_empty() { Ok(decoder) } else { Err(SandboxError::Layers { missing }) }
    }

    fn wait_until_ready(&mut self) -> Result<Active, SandboxError> {
        let limit = self.settings.start;
        let mut pipe = Watched {
            pipe: &self.pipe,
            silence: limit,
            deadline: limit,
            spent: Duration::ZERO,
            cancelled: &|| false,
        };
        receiver::ready(&mut pipe).map_err(|error| {
            SandboxError::Start(match error {
                ReceiveError::Closed => match self.process.farewell() {
                    Some(status) => format!("it ended with {status}"),
                    None => "it closed its pipe".to_owned(),
                },
                other => other.to_string(),
            })
        })
    }

    /// The layers that are up.
    #[must_use]
    pub fn active(&self) -> Active {
        self.active
    }

    /// Whether it still lives.
    #[must_use]
    pub(crate) fn is_waiting(&mut self) -> bool {
        matches!(self.process.0.try_wait(), Ok(None))
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Has it decode one recording and hands every event to `each` until the outcome came, which is the last
    /// event, or `each` returns `false`. Afterwards the child is gone.
    ///
    /// # Errors
    /// [`SandboxError`] when the child does not come to its end.
    pub fn run(
        mut self,
        request: Request<'_>,
        each: &mut dyn FnMut(Event<'_>) -> bool,
    ) -> Result<(), SandboxError> {
        if let Err(error) = request::send(self.control.as_fd(), request.options, request.recording) {
            return Err(match self.process.farewell() {
                Some(status) => self.death(status, (0, 0)),
                None => error.into(),
            });
        }
        let watched = Watched {
            pipe: &self.pipe,
            silence: self.settings.silence,
            deadline: self.settings.deadline,
            spent: Duration::ZERO,
            cancelled: request.cancelled,
        };
        let mut receiver = Receiver::new(watched, request.bounds, request.buffers);
        loop {
            let error = match receiver.event() {
                Ok(event) => {
                    let last = matches!(event, Event::Outcome(_));
                    if !each(event) || last {
                        return Ok(());
                    }
                    continue;
                }
                Err(error) => error,
            };
            let counts = receiver.counts();
            drop(receiver);
            return Err(match error {
                ReceiveError::Violation(what) => {
                    SandboxError::Crash(format!("it sent {what}{}", after(counts)))
                }
                ReceiveError::Closed => match self.process.farewell() {
                    Some(status) => self.death(status, counts),
                    None => SandboxError::Crash(format!("it closed its pipe{}", after(counts))),
                },
                ReceiveError::Io(error) => impatience(error, counts),
            });
        }
    }

    /// What the end of the process means.
    fn death(&self, status: ExitStatus, counts: (u64, u64)) -> SandboxError {
        let after = after(counts);
        match status.signal() {
            Some(libc::SIGXCPU) => SandboxError::Timeout(format!(
                "more than {} s of processor time{after}",
                self.settings.allowance.cpu_s
            )),
            Some(libc::SIGKILL) => SandboxError::Resource(format!(
                "the system killed the decoder, most likely for want of memory{after}"
            )),
            Some(libc::SIGSYS) => SandboxError::Crash(format!("a forbidden system call{after}")),
            Some(signal) => SandboxError::Crash(format!("{}{after}", signal_name(signal))),
            None => SandboxError::Crash(format!("it ended without an outcome ({status}){after}")),
        }
    }
}

fn impatience(error: std::io::Error, counts: (u64, u64)) -> SandboxError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Impatience>()) {
        Some(Impatience::Cancelled) => SandboxError::Cancelled,
        Some(impatience) => SandboxError::Timeout(format!("{impatience}{}", after(counts))),
        None => SandboxError::Io(error),
    }
}

/// How far it came.
fn after((samples, pictures): (u64, u64)) -> String {
    if samples == 0 && pictures == 0 {
        return String::new();
    }
    format!(", after {:.1} s of sound and {pictures} pictures", samples as f64 / receiver::SAMPLE_RATE_HZ)
}

fn signal_name(signal: i32) -> String {
    match signal {
        libc::SIGSEGV | libc::SIGBUS => "a forbidden memory access".to_owned(),
        libc::SIGABRT => "it gave up (abort)".to_owned(),
        libc::SIGILL => "an illegal instruction".to_owned(),
        libc::SIGFPE => "an arithmetic fault".to_owned(),
        other => format!("signal {other}"),
    }
}

/// Whether no required layer is missing; for `doctor`.
#[must_use]
pub fn is_complete(active: Active) -> bool {
    active.layers.missing_of(Layers::REQUIRED).is_empty()
}

/// A process that does not outlive this value.
#[derive(Debug)]
struct Guarded(Child);

impl Guarded {
    /// Waits a little for a process that has closed its pipe. `None` when it still runs.
    fn farewell(&mut self) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if started.elapsed() < FAREWELL => thread::sleep(Duration::from_millis(1)),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Both fail only when it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
