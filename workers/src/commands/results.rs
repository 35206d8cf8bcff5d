//! `interview results`: what the workers say, as it comes.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use interview_queue::{EventFilter, EventStream};
use serde_json::Value;

use crate::error::CommandError;
use crate::output::{complain, print, print_json};
use crate::queue_access::QueueArgs;

/// How long nothing may come before the results count as read.
const END: Duration = Duration::from_secs(1);
/// How long one wait lasts while following.
const TURN: Duration = Duration::from_secs(60);
/// Wait before a reader that was cut off subscribes again.
const PAUSE: Duration = Duration::from_secs(1);

/// Options of `interview results`.
#[derive(Debug, Args)]
pub(crate) struct ResultsArgs {
    /// Go on waiting for more until stopped; without it the command ends when no result is left.
    #[arg(long)]
    follow: bool,
    /// Only watch, progress too, from now on: nothing is taken from whom the results are for.
    #[arg(long)]
    watch: bool,
    /// Stop after so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Print every event as one JSON object (CloudEvents, structured mode).
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    queue: QueueArgs,
}

/// Runs `interview results`. An event is taken out of the results after it was printed.
///
/// # Errors
/// When the queue cannot be reached or nothing can be printed.
pub(crate) fn run(arguments: &ResultsArgs) -> Result<ExitCode, CommandError> {
    let filter = if arguments.watch { EventFilter::Live } else { EventFilter::Results };
    arguments.queue.with(|queue| async move {
        let mut events = queue.events(filter).await?;
        let mut left = arguments.limit.unwrap_or(usize::MAX);
        while left > 0 {
            if !one(arguments, &mut events).await? {
                break;
            }
            left = left.saturating_sub(1);
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints one event; `false` when there is none left.
async fn one(arguments: &ResultsArgs, events: &mut Box<dyn EventStream>) -> Result<bool, CommandError> {
    let on = arguments.follow || arguments.watch;
    loop {
        match events.next(if on { TURN } else { END }).await {
            Ok(Some(received)) => {
                if arguments.json {
                    print_json(&received.event)?;
                } else {
                    print(&in_words(&received.event))?;
                }
                events.ack(&received).await?;
                return Ok(true);
            }
            Ok(None) if on => {}
            Ok(None) => return Ok(false),
            Err(error) if on && error.is_transient() => {
                complain(&format!("waiting for the queue: {error}"));
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// One line for people.
fn in_words(event: &Value) -> String {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or("–").to_owned();
    let number = |pointer: &str| {
        event.pointer(pointer).and_then(Value::as_f64).map_or_else(|| "–".to_owned(), |n| format!("{n:.1}"))
    };
    let what = match event["type"].as_str().unwrap_or_default() {
        "interview.progress" => {
            format!("{} {} s of {} s", text("/data/stage"), number("/data/done_s"), number("/data/total_s"))
        }
        "interview.report.completed" => format!(
            "report {}: {} points, {}: {}",
            text("/data/report_id"),
            number("/data/score"),
            text("/data/grade"),
            text("/data/artefacts/report/uri")
        ),
        "interview.report.failed" => {
            format!("no report: {} [{}]", text("/data/message"), text("/data/code"))
        }
        "interview.status.changed" => format!("status: {}", text("/data/title/en")),
        "interview.trigger.fired" => format!("trigger: {}", text("/data/event")),
        other => other.to_owned(),
    };
    format!("{}  {}  {what}", text("/time"), text("/subject"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_told_in_a_line() {
        let event = json!({"type": "interview.report.failed", "subject": "j1", "time": "2026-11-22T09:00:00Z",
                           "data": {"code": "CRASH", "message": "the decoder died"}});
        assert_eq!(in_words(&event), "2026-11-22T09:00:00Z  j1  no report: the decoder died [CRASH]");
        assert_eq!(in_words(&json!("damaged")), "–  –  ");
    }
}
