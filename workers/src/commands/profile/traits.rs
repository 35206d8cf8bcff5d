//! `interview profile traits`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use interview_tuning::tables::Table;
use interview_tuning::traits::traits;

use super::{PopulationArgs, json, share};
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile traits`.
#[derive(Debug, Args)]
pub(super) struct TraitsArgs {
    #[command(flatten)]
    population: PopulationArgs,
    /// Outcomes: CSV with `interview` (the job id) and a column of performance.
    #[arg(long, value_name = "OUTCOMES.csv")]
    outcomes: PathBuf,
    /// The column that tells performance; more is better.
    #[arg(long, value_name = "COLUMN", default_value = "performance")]
    by: String,
    /// The share that counts as strong.
    #[arg(long, value_name = "SHARE", default_value = "20%", value_parser = share)]
    top: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `interview profile traits`.
pub(super) fn run(args: &TraitsArgs) -> Result<ExitCode, CommandError> {
    let outcomes = Table::read(&args.outcomes)?;
    let found = traits(&args.population.find()?, &outcomes, &args.by, args.top, args.population.threads())?;
    if args.json {
        output::print(&json(&found)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::print(&format!(
        "{} interviews; strong: {} of at least {}",
        found.interviews,
        found.by.escape_debug(),
        found.threshold
    ))?;
    let head = ["feature", "strong", "others", "difference in SD", "q"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for one in &found.traits {
        rows.push(vec![
            format!("{}{}", if one.found { "* " } else { "  " }, one.feature),
            format!("{:.3}", one.strong_mean),
            format!("{:.3}", one.others_mean),
            format!("{:+.2} ({:+.2} to {:+.2})", one.effect.value, one.effect.low, one.effect.high),
            format!("{:.2e}", one.q),
        ]);
    }
    output::print(&format!("\n{}\n", output::table(&rows)))?;
    output::print("* stands after the correction for multiple looks (false discovery rate 5 %)")?;
    output::print(found.warning.0)?;
    output::print(found.warning.1)?;
    Ok(ExitCode::SUCCESS)
}
