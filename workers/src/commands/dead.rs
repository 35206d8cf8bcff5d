//! `interview dead`: the dead letters, for an operator to decide about.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use interview_queue::{DeadLetter, Queue, QueueError};
use serde_json::{Value, json};

use crate::error::CommandError;
use crate::output::{print, print_json, table};
use crate::queue_access::QueueArgs;

/// More letters than anybody looks through by hand.
const MANY: usize = 100_000;

/// Arguments of `interview dead`.
#[derive(Debug, Args)]
pub(crate) struct DeadArgs {
    #[command(subcommand)]
    action: Action,
    /// Print JSON: one object per letter.
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    queue: QueueArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the dead letters, oldest first.
    List {
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
    },
    /// Shows one letter with its job.
    Show {
        /// The message, which is the job's id.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Sends letters back to their lane, each as a first attempt.
    Retry(Selection),
    /// Throws letters away. Their failed reports have been published; nothing more will be.
    Drop(Selection),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Selection {
    /// The messages, which are the jobs' ids.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Every letter with this error code, such as STORAGE after an outage.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
}

/// Runs `interview dead`.
///
/// # Errors
/// A letter that is not there, or a queue that cannot be reached.
pub(crate) fn run(arguments: &DeadArgs) -> Result<ExitCode, CommandError> {
    arguments.queue.with(|queue| async move {
        match &arguments.action {
            Action::List { limit } => list(&*queue, *limit, arguments.json).await,
            Action::Show { id } => show(&*queue, id).await,
            Action::Retry(selection) => settle(&*queue, selection, true, arguments.json).await,
            Action::Drop(selection) => settle(&*queue, selection, false, arguments.json).await,
        }
    })
}

async fn list(queue: &dyn Queue, limit: usize, json: bool) -> Result<ExitCode, CommandError> {
    let letters = queue.dead_letters(limit).await?;
    if json {
        for letter in &letters {
            print_json(letter)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows =
        vec![["id", "code", "attempt", "lane", "failed at", "message"].map(str::to_owned).to_vec()];
    for letter in &letters {
        rows.push(vec![
            letter.message_id.clone(),
            letter.code.clone().unwrap_or_default(),
            letter.attempt.to_string(),
            letter.lane.to_string(),
            letter.failed_at.map(|time| time.to_string()).unwrap_or_default(),
            letter.message.clone().unwrap_or_default(),
        ]);
    }
    print(&table(&rows))?;
    Ok(ExitCode::SUCCESS)
}

async fn show(queue: &dyn Queue, id: &str) -> Result<ExitCode, CommandError> {
    let letters = queue.dead_letters(MANY).await?;
    let letter = letters
        .into_iter()
        .find(|letter| letter.message_id == id)
        .ok_or_else(|| QueueError::NotFound(id.to_owned()))?;
    let job: Value = serde_json::from_slice(&letter.body)
        .unwrap_or_else(|_| json!(String::from_utf8_lossy(&letter.body).into_owned()));
    let shown = json!({"letter": letter, "job": job});
    print(&format!("{shown:#}"))?;
    Ok(ExitCode::SUCCESS)
}

async fn settle(
    queue: &dyn Queue,
    selection: &Selection,
    again: bool,
    json: bool,
) -> Result<ExitCode, CommandError> {
    let ids = match &selection.code {
        Some(code) => with_code(queue.dead_letters(MANY).await?, code),
        None => selection.ids.clone(),
    };
    for id in &ids {
        let status = if again {
            queue.retry_dead_letter(id).await?;
            "queued"
        } else {
            queue.drop_dead_letter(id).await?;
            "dropped"
        };
        if json {
            print_json(&json!({"status": status, "message_id": id}))?;
        } else {
            print(&format!("{status} {id}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn with_code(letters: Vec<DeadLetter>, code: &str) -> Vec<String> {
    letters
        .into_iter()
        .filter(|letter| letter.code.as_deref() == Some(code))
        .map(|letter| letter.message_id)
        .collect()
}
