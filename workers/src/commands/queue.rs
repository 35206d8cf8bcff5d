//! `interview queue`: makes the queue and says how full it is.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use interview_queue::topology::Topology;
use interview_queue::{Lane, QueueStatus};
use serde_json::json;

use crate::error::CommandError;
use crate::output::{print, print_json, table};
use crate::queue_access::QueueArgs;

/// Arguments of `interview queue`.
#[derive(Debug, Args)]
pub(crate) struct QueueCommandArgs {
    #[command(subcommand)]
    action: Action,
    /// Print one JSON object.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    queue: QueueArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes what is missing: exchanges, queues and bindings, or the file. Safe to repeat.
    Setup,
    /// How full the queue is.
    Status,
    /// Prints the definitions file for `rabbitmqctl import_definitions`.
    Definitions {
        /// The virtual host.
        #[arg(long, value_name = "VHOST", default_value = "/")]
        vhost: String,
    },
}

/// Runs `interview queue`.
///
/// # Errors
/// A queue that cannot be reached, or that holds something else under our names.
pub(crate) fn run(arguments: &QueueCommandArgs) -> Result<ExitCode, CommandError> {
    match &arguments.action {
        Action::Setup => {
            arguments.queue.with(|queue| async move {
                queue.setup().await?;
                Ok(queue.check().await?)
            })?;
            if arguments.json {
                print_json(&json!({"status": "done", "queue": arguments.queue.url.to_string()}))?;
            } else {
                print(&format!("ready: {}", arguments.queue.url))?;
            }
        }
        Action::Status => {
            let status = arguments.queue.with(|queue| async move { Ok(queue.status().await?) })?;
            if arguments.json {
                print_json(&status)?;
            } else {
                print(&in_words(&status))?;
            }
        }
        Action::Definitions { vhost } => {
            let definitions = Topology::of(&arguments.queue.url).definitions(vhost);
            print(&format!("{definitions:#}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(status: &QueueStatus) -> String {
    let mut rows = vec![vec!["what".to_owned(), "waiting".to_owned(), "running".to_owned()]];
    for lane in &status.lanes {
        let name = match lane.lane {
            Lane::Interactive => "jobs, interactive",
            Lane::Bulk => "jobs, bulk",
        };
        let running = lane.running.map(|running| running.to_string()).unwrap_or_default();
        rows.push(vec![name.to_owned(), lane.ready.to_string(), running]);
    }
    for (name, count) in
        [("next attempts", status.delayed), ("dead letters", status.dead), ("results", status.results)]
    {
        rows.push(vec![name.to_owned(), count.to_string(), String::new()]);
    }
    table(&rows)
}

#[cfg(test)]
mod tests {
    use interview_queue::LaneStatus;

    use super::*;

    #[test]
    fn what_waits_is_told_in_a_table() {
        let lanes = Lane::ALL.map(|lane| LaneStatus { lane, ready: 3, running: None }).to_vec();
        let status = QueueStatus { kind: "amqp", lanes, delayed: 2, dead: 1, results: 40 };
        let text = in_words(&status);
        assert!(text.contains("jobs, interactive  3"), "{text}");
        assert!(text.lines().any(|line| line.starts_with("dead letters") && line.ends_with('1')), "{text}");
    }
}
