//! `interview enqueue`: jobs into the queue.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use interview_queue::{Lane, NewJob};
use interview_schemas::job::Job;
use interview_schemas::parse::from_json;
use interview_schemas::{ErrorCode, TraceParent};
use serde_json::json;

use crate::error::CommandError;
use crate::output::{print, print_json};
use crate::queue_access::QueueArgs;

/// Options of `interview enqueue`.
#[derive(Debug, Args)]
pub(crate) struct EnqueueArgs {
    /// Job files. All of them are checked before the first is queued.
    #[arg(value_name = "JOB.json", required = true)]
    jobs: Vec<PathBuf>,
    /// interactive: somebody waits for the report; bulk: many at once, nobody waits for a single one.
    #[arg(long, default_value_t = Lane::Interactive)]
    lane: Lane,
    /// Trace context of the caller (W3C); a new trace is begun without one.
    #[arg(long, value_name = "TRACEPARENT", env = "TRACEPARENT")]
    traceparent: Option<TraceParent>,
    /// Print one JSON object per job on standard output.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    queue: QueueArgs,
}

/// Runs `interview enqueue`. Returns when every job is safe on the queue's disk.
///
/// # Errors
/// A job that is not valid (nothing is queued then), or a queue that cannot be reached.
pub(crate) fn run(arguments: &EnqueueArgs) -> Result<ExitCode, CommandError> {
    let jobs = arguments
        .jobs
        .iter()
        .map(|path| read(path, arguments.lane, arguments.traceparent))
        .collect::<Result<Vec<NewJob>, CommandError>>()?;
    arguments.queue.with(|queue| {
        let jobs = &jobs;
        async move { Ok(queue.enqueue(jobs).await?) }
    })?;
    for job in &jobs {
        if arguments.json {
            let traceparent = job.traceparent;
            print_json(&json!({
                "status": "queued", "job_id": job.message_id, "lane": job.lane, "traceparent": traceparent
            }))?;
        } else {
            print(&format!("queued {} ({})", job.message_id, job.lane))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a job strictly, and queues it as it stands in the file.
fn read(path: &Path, lane: Lane, traceparent: Option<TraceParent>) -> Result<NewJob, CommandError> {
    let body = std::fs::read(path).map_err(|error| {
        CommandError::new(ErrorCode::Configuration, format!("job file {}: {error}", path.display()))
    })?;
    let job: Job = from_json(&body)
        .map_err(|error| CommandError::new(ErrorCode::InvalidJob, format!("{}: {error}", path.display())))?;
    let traceparent = traceparent.or_else(new_trace);
    Ok(NewJob { message_id: job.job_id.into(), lane, body, traceparent })
}

fn new_trace() -> Option<TraceParent> {
    TraceParent::new(fastrand::u128(1..), fastrand::u64(1..), true)
}
