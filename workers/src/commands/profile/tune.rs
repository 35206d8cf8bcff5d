//! `interview profile tune`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use interview_schemas::ErrorCode;
use interview_tuning::tables::Table;
use interview_tuning::tune::{Options, Tuning, propose, tune};

use super::{LibraryArgs, PopulationArgs, json, write};
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile tune`.
#[derive(Debug, Args)]
pub(super) struct TuneArgs {
    #[command(flatten)]
    population: PopulationArgs,
    /// The profile of today: `name`, `name@version` or a file.
    #[arg(long, value_name = "PROFILE")]
    profile: String,
    /// Outcomes: CSV with `interview` (the job id) and columns such as hired, performance.
    #[arg(long, value_name = "OUTCOMES.csv")]
    outcomes: PathBuf,
    /// The column to predict; more is better.
    #[arg(long, value_name = "COLUMN")]
    by: String,
    /// Largest change of any weight, in percent points.
    #[arg(long, value_name = "POINTS")]
    distance: Option<f64>,
    /// Largest weight in percent: of any competency, or of one, such as `communication=40`.
    #[arg(long, value_name = "PERCENT|COMPETENCY=PERCENT,…", value_delimiter = ',')]
    cap: Vec<String>,
    /// Keep the order of today's weights.
    #[arg(long)]
    keep_order: bool,
    /// Groups: CSV with `interview` and a column per kind of group; for --parity.
    #[arg(long, value_name = "GROUPS.csv", requires = "parity")]
    groups: Option<PathBuf>,
    /// Largest difference of any group's mean score from the mean of all, in points.
    #[arg(long, value_name = "POINTS", requires = "groups")]
    parity: Option<f64>,
    /// Seed of folds and resamples.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write the proposed profile here, if the new weights are worth it.
    #[arg(long, value_name = "FILE.toml")]
    propose: Option<PathBuf>,
    /// Percent of the candidates that the proposed profile is rolled out to; all others are scored in the shadow.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, requires = "propose")]
    rollout: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs `interview profile tune`.
pub(super) fn run(args: &TuneArgs) -> Result<ExitCode, CommandError> {
    let resolved = args.library.library().named(&args.profile)?;
    let outcomes = Table::read(&args.outcomes)?;
    let groups = match &args.groups {
        Some(path) => Some(Table::read(path)?),
        None => None,
    };
    if !(0.0..=100.0).contains(&args.rollout) {
        return Err(CommandError::new(ErrorCode::Configuration, "--rollout is a number from 0 to 100"));
    }
    let (cap, caps) = caps(&args.cap)?;
    let options = Options {
        distance: args.distance,
        cap,
        caps,
        keep_order: args.keep_order,
        parity: args.parity,
        seed: args.seed,
        threads: args.population.threads(),
    };
    let population = args.population.find()?;
    let tuning = tune(&population, &resolved.profile, &outcomes, &args.by, groups.as_ref(), &options)?;
    if args.json {
        output::print(&json(&tuning)?)?;
    } else {
        print(&tuning)?;
    }
    if let Some(path) = &args.propose {
        if tuning.adopt {
            write(path, &propose(&resolved, &tuning, args.rollout)?)?;
        } else {
            output::complain("no profile is proposed: today's weights stand");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The largest weight of any competency, and those of single ones.
fn caps(texts: &[String]) -> Result<(Option<f64>, BTreeMap<String, f64>), CommandError> {
    let (mut of_any, mut of_one) = (None, BTreeMap::new());
    for text in texts {
        let (name, percent) = match text.split_once('=') {
            Some((name, percent)) => (Some(name.trim()), percent),
            None => (None, text.as_str()),
        };
        let percent = percent.trim().parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
        match (name, percent) {
            (Some(name), Some(percent)) => drop(of_one.insert(name.to_owned(), percent)),
            (None, Some(percent)) => of_any = Some(percent),
            (_, None) => {
                let message = format!("--cap {text:?}: write a percentage such as 50, or communication=40");
                return Err(CommandError::new(ErrorCode::Configuration, message));
            }
        }
    }
    Ok((of_any, of_one))
}

fn print(tuning: &Tuning) -> Result<(), CommandError> {
    output::print(&format!(
        "{} interviews with `{}`, {} left out",
        tuning.rows,
        tuning.outcome.escape_debug(),
        tuning.left_out
    ))?;
    let mut rows = vec![["competency", "today", "tuned", "95 % interval"].map(str::to_owned).to_vec()];
    for weight in &tuning.weights {
        let interval = weight.interval.map_or("-".to_owned(), |(low, high)| format!("{low:.1} to {high:.1}"));
        rows.push(vec![
            weight.competency.clone(),
            format!("{:.1}", weight.today),
            format!("{:.1}", weight.tuned),
            interval,
        ]);
    }
    output::print(&format!("\n{}\n", output::table(&rows)))?;
    for reason in &tuning.reasons {
        output::print(reason)?;
    }
    if let Some(parity) = tuning.parity {
        output::print(&format!(
            "Largest difference of a group's mean score from the mean of all: {parity:.2} points."
        ))?;
    }
    output::print(if tuning.adopt { "Proposed: the tuned weights." } else { "Proposed: nothing." })?;
    Ok(())
}
