//! `interview profile which`: the version that a candidate is scored with while a rollout goes on.

use std::process::ExitCode;

use clap::Args;
use interview_pipeline::score::Profile;
use interview_pipeline::score::rollout::{Subject, draw, select};
use interview_schemas::{CandidateRef, ErrorCode};
use jiff::Timestamp;
use serde::Serialize;

use super::{LibraryArgs, json};
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile which`.
#[derive(Debug, Args)]
pub(super) struct WhichArgs {
    /// The profile as a job names it: `name` or `name@version`.
    #[arg(value_name = "NAME")]
    name: String,
    /// The HR system's reference to the candidate.
    #[arg(long, value_name = "REFERENCE")]
    candidate: String,
    /// The branch that hires.
    #[arg(long)]
    branch: Option<String>,
    /// When the candidate submitted, such as 2027-01-31T08:00:00+08:00 [default: now].
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Which {
    /// `name@version` that decides the score.
    live: String,
    /// `name@version` of those scored beside it, without consequence.
    shadow: Vec<String>,
    /// The candidate's place in the rollout, 0–100: in at any percentage above it.
    place: f64,
}

/// Runs `interview profile which`.
pub(super) fn run(args: &WhichArgs) -> Result<ExitCode, CommandError> {
    let candidate = CandidateRef::new(args.candidate.clone())
        .map_err(|error| CommandError::new(ErrorCode::Configuration, format!("--candidate: {error}")))?;
    let at = Some(args.at.unwrap_or_else(Timestamp::now));
    let subject = Subject { candidate: &candidate, branch: args.branch.as_deref(), at };
    let selection = select(&args.library.library(), &args.name, &subject)?;
    let reference = |profile: &Profile| format!("{}@{}", profile.file().name, profile.file().version);
    let which = Which {
        live: reference(&selection.live),
        shadow: selection.shadow.iter().map(reference).collect(),
        place: draw(&selection.live.file().name, &candidate),
    };
    if args.json {
        output::print(&json(&which)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let shadow = if which.shadow.is_empty() { "nothing".to_owned() } else { which.shadow.join(", ") };
    output::print(&format!("{}; in the shadow: {shadow}; place {:.2} of 100", which.live, which.place))?;
    Ok(ExitCode::SUCCESS)
}
