//! `interview profile audit`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use interview_tuning::audit::{Audit, Selected, audit, csv, render};
use interview_tuning::tables::Table;

use super::{LibraryArgs, PopulationArgs, json, write};
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    population: PopulationArgs,
    /// The profile: `name`, `name@version` or a file.
    #[arg(long, value_name = "PROFILE")]
    profile: String,
    /// Groups: CSV with `interview` (the job id) and up to four columns such as sex, race; empty is unknown.
    #[arg(long, value_name = "GROUPS.csv")]
    groups: PathBuf,
    /// Who counts as selected.
    #[arg(long, value_enum, default_value_t = Who::Recommended)]
    selected: Who,
    /// Seed of the resamples.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Also write the groups as CSV.
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
    /// Also write one self-contained page.
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Who counts as selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Who {
    /// Those who are recommended.
    Recommended,
    /// Those who are recommended or would be considered.
    Considered,
}

/// Runs `interview profile audit`.
pub(super) fn run(args: &AuditArgs) -> Result<ExitCode, CommandError> {
    let profile = args.library.library().named(&args.profile)?.profile;
    let groups = Table::read(&args.groups)?;
    let selected = match args.selected {
        Who::Recommended => Selected::Recommended,
        Who::Considered => Selected::Considered,
    };
    let population = args.population.find()?;
    let result = audit(&population, &profile, &groups, selected, args.population.threads(), args.seed)?;
    if let Some(path) = &args.csv {
        write(path, &csv(&result)?)?;
    }
    if let Some(path) = &args.html {
        write(path, &render(&result)?)?;
    }
    if args.json {
        output::print(&json(&result)?)?;
    } else {
        print(&result)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(result: &Audit) -> Result<(), CommandError> {
    output::print(&format!(
        "{} people, {} without a score, {} test candidates not counted",
        result.people, result.without_score, result.test_candidates
    ))?;
    let head = ["group", "people", "selected", "impact ratio", "above median", "impact ratio"];
    let share = |rate: Option<f64>| rate.map_or("-".to_owned(), |rate| format!("{:.1} %", 100.0 * rate));
    for category in &result.categories {
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for group in &category.groups {
            let ratio = |rate: &interview_tuning::audit::Rate| match rate.impact_ratio {
                Some(ratio) => format!("{ratio:.3}{}", if rate.below_four_fifths { " !" } else { "" }),
                None => "-".to_owned(),
            };
            rows.push(vec![
                group.group.clone(),
                group.people.to_string(),
                share(group.selection.rate),
                ratio(&group.selection),
                share(group.scoring.rate),
                ratio(&group.scoring),
            ]);
        }
        output::print(&format!(
            "\n{} ({} unknown)\n{}",
            category.category,
            category.unknown,
            output::table(&rows)
        ))?;
        for culprit in category.culprits.iter().take(3) {
            let difference = culprit.difference;
            output::print(&format!(
                "  {} of {}: {:+.2} points of the score; {} {:+.2} SD ({:+.2} to {:+.2})",
                culprit.indicator,
                culprit.group,
                culprit.score_points,
                culprit.feature,
                difference.value,
                difference.low,
                difference.high
            ))?;
        }
    }
    output::print(if result.flagged() {
        "\n! an impact ratio is below four fifths"
    } else {
        "\nno impact ratio is below four fifths"
    })?;
    Ok(())
}
