//! `interview features`: stored features of many interviews.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use interview_schemas::ErrorCode;
use interview_tuning::store::StoreWriter;
use serde_json::json;

use super::inputs::InputArgs;
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
    #[command(flatten)]
    inputs: InputArgs,
    /// The file to write.
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
    /// Print JSON: what was written.
    #[arg(long)]
    json: bool,
}

/// Runs `interview features`.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) fn run(args: &FeaturesArgs) -> Result<ExitCode, CommandError> {
    let FeaturesCommand::Pack(args) = &args.command;
    let population = args.inputs.find()?;
    if !population.has_documents() {
        return Err(CommandError::new(
            ErrorCode::Configuration,
            "only features.json documents are packed; these inputs hold none",
        ));
    }
    if population.stores() > 0 {
        let message = "only features.json documents are packed; leave the .parquet files out";
        return Err(CommandError::new(ErrorCode::Configuration, message));
    }
    let mut writer = StoreWriter::create(&args.out, &population.features()?)?;
    population.each_document(|set| writer.push(&set))?;
    let interviews = writer.finish()?;
    if args.json {
        output::print_json(&json!({"interviews": interviews, "file": args.out.display().to_string()}))?;
    } else {
        output::print(&format!("{interviews} interviews in {}", args.out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
