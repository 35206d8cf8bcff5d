//! `interview profile explain`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use interview_schemas::ErrorCode;
use interview_schemas::features::FeatureSet;
use interview_schemas::parse::from_json;
use interview_schemas::report::Report;
use interview_tuning::explain::{explain, explain_report, markdown, plain};
use interview_tuning::inputs::MAX_JSON_BYTES;

use super::super::inputs::S3Args;
use super::LibraryArgs;
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A report.json or features.json: a file, or s3://bucket/key.
    #[arg(value_name = "REPORT|FEATURES")]
    file: PathBuf,
    /// The profile; a report can be explained with its own only [default: the report's, by name and version].
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
    /// Print JSON: the same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    #[command(flatten)]
    s3: S3Args,
    #[command(flatten)]
    library: LibraryArgs,
}

/// How an explanation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines for a terminal.
    Text,
    /// JSON.
    Json,
    /// Markdown, in both languages.
    Markdown,
}

/// Runs `interview profile explain`.
pub(super) fn run(args: &ExplainArgs) -> Result<ExitCode, CommandError> {
    let shown = args.file.display();
    let bytes = args.s3.read(&args.file, MAX_JSON_BYTES)?;
    let library = args.library.library();
    let bad = |error: &dyn std::fmt::Display| {
        CommandError::new(ErrorCode::Configuration, format!("{shown}: {error}"))
    };
    // A report has an id of its own; features have none.
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| bad(&error))?;
    let explanation = if value.get("report_id").is_some() {
        let report: Report = from_json(&bytes).map_err(|error| bad(&error))?;
        let own = format!("{}@{}", report.profile.name, report.profile.version);
        let profile = library.named(args.profile.as_deref().unwrap_or(&own))?.profile;
        explain_report(&profile, &report)?
    } else {
        let features: FeatureSet = from_json(&bytes).map_err(|error| bad(&error))?;
        let Some(name) = &args.profile else {
            return Err(CommandError::new(ErrorCode::Configuration, "name a profile with --profile"));
        };
        explain(&library.named(name)?.profile, &features)
    };
    let form = if args.json { Form::Json } else { args.format };
    let text = match form {
        Form::Text => plain(&explanation),
        Form::Json => super::json(&explanation)?,
        Form::Markdown => markdown(&explanation),
    };
    output::print(text.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
