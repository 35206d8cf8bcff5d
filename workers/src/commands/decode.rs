//! `interview decode`: the decoder's process, started by this program for one recording.

use std::process::ExitCode;

use clap::Args;
use interview_schemas::ErrorCode;

use crate::error::CommandError;

/// What the process may use; standard input and output belong to the parent.
#[derive(Debug, Args)]
pub(crate) struct DecodeArgs {
    /// Bytes of memory beyond what the program itself takes.
    #[arg(long)]
    memory_bytes: u64,
    /// Seconds of processor time.
    #[arg(long)]
    cpu_s: u64,
}

/// Runs the command.
#[cfg(target_os = "linux")]
pub(crate) fn run(args: &DecodeArgs) -> Result<ExitCode, CommandError> {
    use interview_sandbox::layers::Allowance;

    let allowance = Allowance { memory_bytes: args.memory_bytes, cpu_s: args.cpu_s };
    interview_pipeline::media::child::serve(allowance)
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| CommandError::new(ErrorCode::Internal, format!("decoder: {error}")))
}

/// Runs the command.
#[cfg(not(target_os = "linux"))]
pub(crate) fn run(args: &DecodeArgs) -> Result<ExitCode, CommandError> {
    Err(CommandError::new(
        ErrorCode::Configuration,
        format!("this system has no sandbox for the decoder; {args:?} cannot be granted"),
    ))
}
