//! `interview profile norms`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use interview_pipeline::PipelineError;
use interview_pipeline::score::norms::Norms;
use interview_pipeline::score::source::{Format, Source};
use interview_schemas::{Bilingual, ErrorCode};
use serde_json::json;

use super::{PopulationArgs, write};
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile norms`.
#[derive(Debug, Args)]
pub(super) struct NormsArgs {
    #[command(subcommand)]
    command: NormsCommand,
}

#[derive(Debug, Subcommand)]
enum NormsCommand {
    /// Builds a norm table from stored features.
    Build(BuildArgs),
}

/// Options of `interview profile norms build`.
#[derive(Debug, Args)]
struct BuildArgs {
    #[command(flatten)]
    population: PopulationArgs,
    /// Name of the table.
    #[arg(long)]
    name: String,
    /// Version of the table.
    #[arg(long, default_value_t = 1)]
    version: u32,
    /// Who was measured, English.
    #[arg(long, value_name = "TEXT", requires = "about_zh")]
    about_en: Option<String>,
    /// Who was measured, Chinese.
    #[arg(long, value_name = "TEXT", requires = "about_en")]
    about_zh: Option<String>,
    /// Only these features.
    #[arg(long, value_name = "FEATURE,…", value_delimiter = ',')]
    features: Vec<String>,
    /// The file to write; profiles look for `norms/NAME@VERSION.toml` beside them.
    #[arg(long, value_name = "FILE.toml")]
    out: PathBuf,
    /// Print JSON: what was written.
    #[arg(long)]
    json: bool,
}

/// Runs `interview profile norms`.
pub(super) fn run(args: &NormsArgs) -> Result<ExitCode, CommandError> {
    let NormsCommand::Build(args) = &args.command;
    let about = args.about_en.clone().zip(args.about_zh.clone()).map(|(en, zh)| Bilingual { en, zh });
    let table = interview_tuning::norms::build(
        &args.population.find()?,
        &args.name,
        args.version,
        about,
        &args.features,
        args.population.threads(),
    )?;
    let text = toml::to_string(&table)
        .map_err(|error| CommandError::new(ErrorCode::Internal, format!("cannot write TOML: {error}")))?;
    // What is written must load.
    let source = Source::new(&args.out.display().to_string(), &text, Format::Toml);
    Norms::load(&source).map_err(PipelineError::from)?;
    write(&args.out, &text)?;
    if args.json {
        let features: Vec<_> = table.features.keys().collect();
        let reference = format!("{}@{}", table.name, table.version);
        output::print_json(
            &json!({"file": args.out.display().to_string(), "reference": reference, "features": features}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    output::print(&format!("{} features in {}", table.features.len(), args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}
