//! `interview shared-models` (hidden): the process that holds the models for all slots of a worker.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use interview_models::clock;
use interview_models::shared::{Server, ServerOptions};
use interview_schemas::ErrorCode;
use interview_slot::{HEARTBEAT, Reply};

use super::child::{Replies, die_with_parent};
use crate::commands::{RuntimeArgs, StoreArgs};
use crate::error::CommandError;

/// Options of `interview shared-models`.
#[derive(Debug, Args)]
pub(crate) struct SharedModelsArgs {
    /// Where to listen.
    #[arg(long, value_name = "SOCKET")]
    socket: PathBuf,
    /// Threads within one network.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Pieces of speech that are transcribed side by side.
    #[arg(long, value_name = "N", default_value_t = 1)]
    recognisers: usize,
    /// Most rows in one batch.
    #[arg(long, value_name = "N")]
    most_rows: usize,
    /// The worker's process id; without it this process has no reason to be.
    #[arg(long, value_name = "PID")]
    parent: u32,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

/// Serves until the worker ends.
pub(crate) fn run(args: &SharedModelsArgs) -> Result<ExitCode, CommandError> {
    die_with_parent(args.parent)?;
    let replies = Replies::take_stdout()?;
    let options = ServerOptions {
        library: args.runtime.onnxruntime.clone(),
        device: args.runtime.device,
        threads: args.threads,
        recognisers: args.recognisers,
        most_rows: args.most_rows,
    };
    let server =
        args.store.open().and_then(|store| Ok(Server::new(store, options)?)).inspect_err(|error| {
            replies.send(&Reply::Failed { code: error.code, message: error.message.clone() });
        })?;
    // The one before may have been killed.
    let _ = std::fs::remove_file(&args.socket);
    let listener = UnixListener::bind(&args.socket).map_err(|error| {
        let message = format!("the socket {} cannot be made: {error}", args.socket.display());
        CommandError::new(ErrorCode::Io, message)
    })?;
    replies.send(&Reply::Ready { pipeline_version: interview_pipeline::PIPELINE_VERSION.to_owned() });
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(HEARTBEAT);
            let runs = clock::take_model_runs().into_iter();
            let model_runs = runs.map(|(name, count)| (name, (count.runs, count.rows))).collect();
            replies.send(&Reply::Runs { model_runs });
        }
    });
    server.serve(&listener)?;
    Ok(ExitCode::SUCCESS)
}
