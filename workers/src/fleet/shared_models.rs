//! The process that holds the models for all slots, seen from the worker: started before them, watched, and started
//! again when it ends. The slots wait for it meanwhile and ask again.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use interview_schemas::ErrorCode;
use interview_slot::{FrameReader, HEARTBEAT, Reply};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::slot::{SlotConfig, hide_secrets, kill_group};
use super::{memory, metrics};
use crate::error::CommandError;

/// Name of the socket in the folder of the worker.
pub(super) const SOCKET: &str = "models";
/// How long the process may take to load its library and find its device.
const START: Duration = Duration::from_secs(60);
/// A process that has said nothing for this long hangs.
const SILENCE: Duration = Duration::from_secs(15);
/// Between its end and its next start.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest path that a socket can have on every system, in bytes.
const LONGEST_SOCKET: usize = 100;

/// The process, and the task that watches it. It ends when this is dropped.
pub(super) struct SharedModels(JoinHandle<()>);

impl Drop for SharedModels {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A process that runs.
struct Running {
    child: Child,
    stdout: ChildStdout,
    frames: FrameReader,
    block: Vec<u8>,
}

/// Where the socket lies in a folder.
///
/// # Errors
/// When its path is longer than the system allows.
pub(super) fn socket(folder: &Path) -> Result<PathBuf, CommandError> {
    let socket = folder.join(SOCKET);
    if socket.as_os_str().len() > LONGEST_SOCKET {
        let message = format!("{} is too long for a socket: name a shorter --work-dir", socket.display());
        return Err(CommandError::new(ErrorCode::Configuration, message));
    }
    Ok(socket)
}

/// Starts the process and waits until it listens; only `program` and `arguments` of the configuration count.
///
/// # Errors
/// When it cannot be started or its device is not there: that is wrong now and stays so.
pub(super) async fn start(config: SlotConfig) -> Result<SharedModels, CommandError> {
    let first = spawn(&config).await?;
    Ok(SharedModels(tokio::spawn(keep(config, first))))
}

/// Watches the process for ever.
async fn keep(config: SlotConfig, first: Running) {
    let mut running = Some(first);
    loop {
        if let Some(mut alive) = running.take() {
            let reason = alive.watch().await;
            kill_group(&mut alive.child).await;
            metrics::child_ended("shared_models");
            tracing::error!(reason, "the process of the shared models ended; it is started again");
        }
        sleep(PAUSE).await;
        match spawn(&config).await {
            Ok(next) => running = Some(next),
            Err(error) => {
                tracing::error!(error = %error.message, "the process of the shared models cannot be started");
            }
        }
    }
}

async fn spawn(config: &SlotConfig) -> Result<Running, CommandError> {
    let failed = |reason: String| {
        let message = format!("the process of the shared models cannot be started: {reason}");
        CommandError::new(ErrorCode::Resource, message)
    };
    let mut command = Command::new(&config.program);
    command
        .args(&config.arguments)
        .args(["--parent", &std::process::id().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    hide_secrets(&mut command);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let stdout = child.stdout.take().ok_or_else(|| failed("its pipe is missing".to_owned()))?;
    let mut running = Running { child, stdout, frames: FrameReader::new(), block: vec![0; 16 * 1024] };
    match timeout(START, running.reply()).await {
        Ok(Some(Reply::Ready { .. })) => Ok(running),
        Ok(Some(Reply::Failed { code, message })) => Err(CommandError::new(code, message)),
        Ok(_) => Err(failed("it ended at once; the log says why".to_owned())),
        Err(_) => Err(failed(format!("not ready after {} s", START.as_secs()))),
    }
}

impl Running {
    /// The next message; `None` when the process has closed its output or says what is not understood.
    async fn reply(&mut self) -> Option<Reply> {
        loop {
            if let Some(reply) = self.frames.next_message().ok()? {
                return Some(reply);
            }
            match self.stdout.read(&mut self.block).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.frames.push(self.block.get(..count)?),
            }
        }
    }

    /// Reads its counts until it ends or falls silent; says which.
    async fn watch(&mut self) -> &'static str {
        loop {
            match timeout(SILENCE.max(HEARTBEAT * 3), self.reply()).await {
                Ok(Some(Reply::Runs { model_runs })) => {
                    metrics::model_runs(&model_runs);
                    if let Some(bytes) = self.child.id().and_then(memory::resident) {
                        metrics::shared_models_memory(bytes);
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => return "ended",
                Err(_) => return "silent",
            }
        }
    }
}
