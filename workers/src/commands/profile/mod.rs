//! `interview profile`: the tools of the data team, a file per subcommand.

mod audit;
mod check;
mod explain;
mod norms;
mod replay;
mod show;
mod simulate;
mod traits;
mod tune;
mod which;

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use interview_schemas::ErrorCode;
use interview_tuning::population::Population;

use super::LibraryArgs;
use super::inputs::InputArgs;
use crate::error::CommandError;

/// Options of `interview profile`.
#[derive(Debug, Args)]
pub(crate) struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

/// The tools.
#[derive(Debug, Subcommand)]
enum ProfileCommand {
    /// Lists the shipped profiles.
    List(show::ListArgs),
    /// Checks profile files; says what is wrong with file, line and the nearest valid name.
    Check(check::CheckArgs),
    /// Writes the content hash of profiles into versions.lock; from then on they cannot change.
    Publish(check::PublishArgs),
    /// Shows a profile; with --resolved every value with where it came from.
    Show(show::ShowArgs),
    /// Says what is different between two profiles.
    Diff(show::DiffArgs),
    /// Which version a candidate is scored with while a rollout goes on.
    Which(which::WhichArgs),
    /// Why this score, and what would change the grade.
    Explain(explain::ExplainArgs),
    /// What a profile would have said about past interviews; no model runs.
    Replay(replay::ReplayArgs),
    /// Looks for weights that predict an outcome better, within limits.
    Tune(tune::TuneArgs),
    /// Are groups of people selected or scored differently? (NYC Local Law 144)
    Audit(audit::AuditArgs),
    /// Which features set strong performers apart.
    Traits(traits::TraitsArgs),
    /// Builds norm tables for percentile curves.
    Norms(norms::NormsArgs),
    /// Makes a population with known structure, for demonstrations and tests.
    Simulate(simulate::SimulateArgs),
}

/// Runs `interview profile`.
///
/// # Errors
/// What the subcommand says.
pub(crate) fn run(args: &ProfileArgs) -> Result<ExitCode, CommandError> {
    match &args.command {
        ProfileCommand::List(args) => show::list(args),
        ProfileCommand::Check(args) => check::run(args),
        ProfileCommand::Publish(args) => check::publish(args),
        ProfileCommand::Show(args) => show::run(args),
        ProfileCommand::Diff(args) => show::diff(args),
        ProfileCommand::Which(args) => which::run(args),
        ProfileCommand::Explain(args) => explain::run(args),
        ProfileCommand::Replay(args) => replay::run(args),
        ProfileCommand::Tune(args) => tune::run(args),
        ProfileCommand::Audit(args) => audit::run(args),
        ProfileCommand::Traits(args) => traits::run(args),
        ProfileCommand::Norms(args) => norms::run(args),
        ProfileCommand::Simulate(args) => simulate::run(args),
    }
}

/// The interviews that a tool looks at.
#[derive(Debug, Clone, Args)]
struct PopulationArgs {
    #[command(flatten)]
    inputs: InputArgs,
    /// Processor threads to use [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl PopulationArgs {
    fn find(&self) -> Result<Population, CommandError> {
        self.inputs.find()
    }

    fn threads(&self) -> usize {
        self.threads.unwrap_or_else(interview_tuning::population::threads)
    }
}

/// Writes a result file.
fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    std::fs::write(path, text)
        .map_err(|error| CommandError::new(ErrorCode::Io, format!("{}: {error}", path.display())))
}

/// A value as JSON in lines.
fn json(value: &impl serde::Serialize) -> Result<String, CommandError> {
    serde_json::to_string_pretty(value)
        .map_err(|error| CommandError::new(ErrorCode::Internal, format!("cannot write JSON: {error}")))
}

/// A share such as `20%` or `0.2`.
fn share(text: &str) -> Result<f64, String> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    share
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| format!("{text:?} is no share; write 20% or 0.2"))
}
