//! `interview features`: stored features of many interviews.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use interview_schemas::ErrorCode;
use interview_tuning::population::{Population, read_features};
use interview_tuning::store::StoreWriter;

use crate::error::CommandError;
use crate::output;

/// Options of `interview features`.
#[derive(Debug, Args)]
pub(crate) struct FeaturesArgs {
    #[command(subcommand)]
    command: FeaturesCommand,
}

#[derive(Debug, Subcommand)]
enum FeaturesCommand {
    /// Writes one columnar file (Parquet) out of many features.json.
    Pack(PackArgs),
}

/// Options of `interview features pack`.
#[derive(Debug, Args)]
struct PackArgs {
    /// features.json files, or folders with them.
    #[arg(required = true, value_name = "FEATURES|DIR")]
    inputs: Vec<PathBuf>,
    /// The file to write.
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
}

/// Runs `interview features`.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) fn run(args: &FeaturesArgs) -> Result<ExitCode, CommandError> {
    let FeaturesCommand::Pack(args) = &args.command;
    let population = Population::find(&args.inputs)?;
    if population.files().is_empty() {
        return Err(CommandError::new(
            ErrorCode::Configuration,
            "only features.json files are packed; these inputs hold none",
        ));
    }
    let mut writer = StoreWriter::create(&args.out, &population.features()?)?;
    for path in population.files() {
        writer.push(&read_features(path)?)?;
    }
    let interviews = writer.finish()?;
    output::print(&format!("{interviews} interviews in {}", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}
