//! `interview profile replay`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use interview_schemas::ErrorCode;
use interview_tuning::replay::{GRADES, Options, Replay, Row, render, replay};
use interview_tuning::tables::inert;

use super::{LibraryArgs, PopulationArgs, json, write};
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile replay`.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    population: PopulationArgs,
    /// The new profile: `name`, `name@version` or a file.
    #[arg(long, value_name = "NEW")]
    profile: String,
    /// The profile to compare with.
    #[arg(long, value_name = "OLD")]
    baseline: Option<String>,
    /// How many of those who moved most are listed.
    #[arg(long, value_name = "N", default_value_t = 20)]
    movers: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Also write a row per interview: id, branch, scores, grades.
    #[arg(long, value_name = "FILE.csv")]
    csv: Option<PathBuf>,
    /// Also write one self-contained page with plots.
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs `interview profile replay`.
pub(super) fn run(args: &ReplayArgs) -> Result<ExitCode, CommandError> {
    let library = args.library.library();
    let profile = library.named(&args.profile)?.profile;
    let baseline = match &args.baseline {
        Some(name) => Some(library.named(name)?.profile),
        None => None,
    };
    let mut rows = match &args.csv {
        Some(path) => Some(csv::Writer::from_path(path).map_err(|error| csv_failed(&error))?),
        None => None,
    };
    if let Some(rows) = &mut rows {
        rows.write_record(HEADER).map_err(|error| csv_failed(&error))?;
    }
    let names = Names {
        rules: profile.rules().rule_names().map(str::to_owned).collect(),
        triggers: profile.rules().trigger_names().map(str::to_owned).collect(),
    };
    let options = Options { threads: args.population.threads(), movers: args.movers };
    let mut broken: Option<csv::Error> = None;
    let result = replay(&args.population.find()?, &profile, baseline.as_ref(), options, |row| {
        if let (Some(rows), None) = (&mut rows, &broken) {
            broken = rows.write_record(record(row, &names)).err();
        }
        Ok(())
    })?;
    if let Some(error) = broken {
        return Err(csv_failed(&error));
    }
    if let Some(rows) = &mut rows {
        rows.flush()?;
    }
    if let Some(path) = &args.html {
        let thresholds = |profile: &interview_pipeline::score::Profile| {
            let grades = profile.grades();
            [grades.consider, grades.recommended]
        };
        let old = baseline.as_ref().map(thresholds).unwrap_or_default();
        write(path, &render(&result, &old, &thresholds(&profile))?)?;
    }
    if args.json {
        output::print(&json(&result)?)?;
    } else {
        print(&result)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn csv_failed(error: &csv::Error) -> CommandError {
    CommandError::new(ErrorCode::Io, format!("cannot write CSV: {error}"))
}

/// Columns of the rows; `rules` and `triggers` are those of the new profile.
const HEADER: [&str; 8] =
    ["interview", "branch", "score", "grade", "baseline_score", "baseline_grade", "rules", "triggers"];

/// Names of the hard rules and triggers of the new profile.
struct Names {
    rules: Vec<String>,
    triggers: Vec<String>,
}

fn record(row: &Row, names: &Names) -> [String; 8] {
    let list = |places: &[usize], names: &[String]| {
        places.iter().filter_map(|place| names.get(*place).map(String::as_str)).collect::<Vec<_>>().join(" ")
    };
    let score = |score: Option<f64>| score.map_or_else(String::new, |score| score.to_string());
    [
        inert(&row.id),
        inert(row.branch.as_deref().unwrap_or_default()),
        score(row.new.0),
        row.new.1.as_str().to_owned(),
        score(row.old.and_then(|old| old.0)),
        row.old.map_or_else(String::new, |old| old.1.as_str().to_owned()),
        list(&row.new_applied.rules, &names.rules),
        list(&row.new_applied.triggers, &names.triggers),
    ]
}

fn print(result: &Replay) -> Result<(), CommandError> {
    let number =
        |value: Option<f64>, places: usize| value.map_or("-".to_owned(), |value| format!("{value:.places$}"));
    let reference = &result.profile;
    output::print(&format!(
        "{} interviews, {} test candidates not counted, with {}@{} {:.12}",
        result.new.interviews, result.test_candidates, reference.name, reference.version, reference.hash
    ))?;
    let mut rows = vec![["", "scored", "mean", "sd", "median"].map(str::to_owned).to_vec()];
    rows[0].extend(GRADES.iter().map(|grade| grade.as_str().to_owned()));
    for (name, side) in [("new", Some(&result.new)), ("baseline", result.old.as_ref())] {
        let Some(side) = side else { continue };
        let mut row = vec![
            name.to_owned(),
            side.scored.to_string(),
            number(side.mean, 2),
            number(side.standard_deviation, 2),
            number(side.quantiles.get(2).copied(), 2),
        ];
        row.extend(side.grades.iter().map(ToString::to_string));
        rows.push(row);
    }
    output::print(&format!("\n{}", output::table(&rows)))?;
    output::print("")?;
    print_applied(result)?;
    if let Some(flips) = &result.flips {
        let mut rows = vec![vec!["baseline \\ new".to_owned()]];
        rows[0].extend(GRADES.iter().map(|grade| grade.as_str().to_owned()));
        for (grade, counts) in GRADES.iter().zip(flips) {
            let mut row = vec![grade.as_str().to_owned()];
            row.extend(counts.iter().map(ToString::to_string));
            rows.push(row);
        }
        output::print(&format!("\n{}", output::table(&rows)))?;
        output::print(&format!(
            "\n{} grades change; Kendall tau-b {}, Spearman {}",
            result.flipped().unwrap_or(0),
            number(result.kendall_tau_b, 4),
            number(result.spearman, 4)
        ))?;
        let mut rows = vec![["moved most", "old", "new", "why"].map(str::to_owned).to_vec()];
        for mover in &result.movers {
            let why = mover
                .reasons
                .iter()
                .take(3)
                .map(|reason| format!("{} {:+.1}", reason.competency, reason.points));
            rows.push(vec![
                mover.id.clone(),
                format!("{:.1}", mover.old),
                format!("{:.1}", mover.new),
                why.collect::<Vec<_>>().join(", "),
            ]);
        }
        output::print(&format!("\n{}", output::table(&rows)))?;
    }
    let mut rows = vec![
        ["branch", "interviews", "recommended", "or consider", "was", "was"].map(str::to_owned).to_vec(),
    ];
    let percent = |rate: Option<f64>| rate.map_or_else(String::new, |rate| format!("{:.1} %", 100.0 * rate));
    for branch in &result.branches {
        rows.push(vec![
            branch.branch.clone().unwrap_or_else(|| "-".to_owned()),
            branch.interviews.to_string(),
            percent(Some(branch.recommended)),
            percent(Some(branch.considered)),
            percent(branch.baseline_recommended),
            percent(branch.baseline_considered),
        ]);
    }
    output::print(&format!("\n{}", output::table(&rows)))?;
    Ok(())
}

/// At how many interviews a person must look, and what is set going.
fn print_applied(result: &Replay) -> Result<(), CommandError> {
    for (name, side) in [("new", Some(&result.new)), ("baseline", result.old.as_ref())] {
        let Some(side) = side else { continue };
        let rules = side.rules.iter().map(|rule| format!("rule {} {}", rule.name, rule.interviews));
        let triggers = side.triggers.iter().map(|one| format!("trigger {} {}", one.name, one.interviews));
        let all: Vec<_> = rules.chain(triggers).collect();
        let all = if all.is_empty() { "no rules, no triggers".to_owned() } else { all.join(", ") };
        output::print(&format!("{name}: a person must look at {}; {all}", side.to_look_at))?;
    }
    Ok(())
}
