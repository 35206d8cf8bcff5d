//! `interview profile simulate`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use interview_schemas::ErrorCode;
use interview_tuning::simulate::{Options, write, write_documents};
use serde_json::json;

use super::LibraryArgs;
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile simulate`.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Number of interviews.
    #[arg(long, default_value_t = 5000)]
    interviews: usize,
    /// Seed: the same seed gives the same population.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The profile whose competencies decide the outcomes.
    #[arg(long, value_name = "NAME|FILE", default_value = "sales")]
    profile: String,
    /// Weights that decide the outcomes, such as `communication=20` [default: the profile's].
    #[arg(long, value_name = "COMPETENCY=WEIGHT,…", value_delimiter = ',')]
    plant: Vec<String>,
    /// Correlation of performance with the planted weights, 0–1.
    #[arg(long, default_value_t = 0.6)]
    effect: f64,
    /// By how many standard deviations the voice of the group `origin = C` is measured too unsteady.
    #[arg(long, default_value_t = 0.0)]
    bias: f64,
    /// Folder for features.parquet, outcomes.csv and groups.csv.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Also write every interview as workers store it, a features.json each, into this folder.
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
    /// Print JSON: what was written.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Runs `interview profile simulate`.
pub(super) fn run(args: &SimulateArgs) -> Result<ExitCode, CommandError> {
    let profile = args.library.library().named(&args.profile)?.profile;
    let mut planted: Vec<f64> = profile.competencies().iter().map(|part| part.weight).collect();
    if !args.plant.is_empty() {
        planted.fill(0.0);
    }
    for text in &args.plant {
        let place = text.split_once('=').and_then(|(name, weight)| {
            let place = profile.competencies().iter().position(|part| part.name == name)?;
            Some((place, weight.parse::<f64>().ok()?))
        });
        let Some((place, weight)) = place else {
            let names: Vec<_> = profile.competencies().iter().map(|part| part.name.as_str()).collect();
            return Err(CommandError::new(
                ErrorCode::Configuration,
                format!("--plant {text:?}: write COMPETENCY=WEIGHT; competencies are {}", names.join(", ")),
            ));
        };
        if let Some(slot) = planted.get_mut(place) {
            *slot = weight;
        }
    }
    let options = Options {
        interviews: args.interviews,
        seed: args.seed,
        planted,
        effect: args.effect,
        bias: args.bias,
    };
    let written = write(&args.out, &options, &profile)?;
    let documents = match &args.documents {
        Some(folder) => Some(write_documents(folder, &options, &profile)?),
        None => None,
    };
    if args.json {
        let shown = |path: &std::path::Path| path.display().to_string();
        output::print_json(&json!({
            "interviews": written.interviews,
            "features": shown(&written.features),
            "outcomes": shown(&written.outcomes),
            "groups": shown(&written.groups),
            "documents": documents,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::print(&format!(
        "{} simulated interviews: {}, {}, {}",
        written.interviews,
        written.features.display(),
        written.outcomes.display(),
        written.groups.display()
    ))?;
    if let (Some(folder), Some(documents)) = (&args.documents, documents) {
        output::print(&format!("{documents} features.json below {}", folder.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
