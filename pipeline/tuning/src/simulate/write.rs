//! Writing a simulated population: a store, outcomes and groups.

use std::path::{Path, PathBuf};

use interview_pipeline::score::Profile;
use interview_schemas::features::round_decimals;

use super::{Options, features, people};
use crate::TuningError;
use crate::store::StoreWriter;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The store.
    pub features: PathBuf,
    /// Outcomes as CSV.
    pub outcomes: PathBuf,
    /// Groups as CSV.
    pub groups: PathBuf,
    /// Number of interviews.
    pub interviews: usize,
}

/// Simulates a population into a folder: `features.parquet`, `outcomes.csv`, `groups.csv`.
///
/// # Errors
/// [`TuningError`] when a file cannot be written or the options make no sense.
pub fn write(folder: &Path, options: &Options, profile: &Profile) -> Result<Written, TuningError> {
    let io = TuningError::io;
    // Options that make no sense leave no files behind.
    let people = people(options, profile)?;
    std::fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
    let paths = Written {
        features: folder.join("features.parquet"),
        outcomes: folder.join("outcomes.csv"),
        groups: folder.join("groups.csv"),
        interviews: options.interviews,
    };
    let open =
        |path: &Path| csv::Writer::from_path(path).map_err(|error| TuningError::input(path.display(), error));
    let mut store = StoreWriter::create(&paths.features, &features())?;
    let (mut outcomes, mut groups) = (open(&paths.outcomes)?, open(&paths.groups)?);
    let row = |writer: &mut csv::Writer<std::fs::File>, path: &Path, record: &[String]| {
        writer.write_record(record).map_err(|error| TuningError::input(path.display(), error))
    };
    let header = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let names = ["interview", "hired", "probation_passed", "performance", "human_score"];
    row(&mut outcomes, &paths.outcomes, &header(&names))?;
    row(&mut groups, &paths.groups, &header(&["interview", "sex", "origin"]))?;
    for person in people {
        store.push(&person.features)?;
        let id = person.features.job_id.as_str().to_owned();
        if let Some(outcome) = person.outcome {
            let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
            let record = [
                id.clone(),
                yes(outcome.hired),
                yes(outcome.probation_passed),
                round_decimals(outcome.performance, 3).to_string(),
                round_decimals(outcome.human_score, 1).to_string(),
            ];
            row(&mut outcomes, &paths.outcomes, &record)?;
        }
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        row(&mut groups, &paths.groups, &[id, text(person.sex), text(person.origin)])?;
    }
    store.finish()?;
    outcomes.flush().map_err(|source| io(&paths.outcomes, source))?;
    groups.flush().map_err(|source| io(&paths.groups, source))?;
    Ok(paths)
}

/// Writes the interviews of a simulated population one by one, as the workers of a fleet store them:
/// `default/candidates/<candidate>/jobs/<job>/<features_id>/features.json`. Candidates are called as their jobs.
///
/// # Errors
/// As [`write`].
pub fn write_documents(folder: &Path, options: &Options, profile: &Profile) -> Result<usize, TuningError> {
    let candidates = folder.join("default").join("candidates");
    let mut written = 0;
    for person in people(options, profile)? {
        let (job, set) = (person.features.job_id.as_str(), person.features.features_id.as_str());
        let folder = candidates.join(job).join("jobs").join(job).join(set);
        std::fs::create_dir_all(&folder).map_err(|source| TuningError::io(&folder, source))?;
        let path = folder.join("features.json");
        let text = serde_json::to_vec_pretty(&person.features)
            .map_err(|error| TuningError::Internal(format!("features cannot be written: {error}")))?;
        std::fs::write(&path, text).map_err(|source| TuningError::io(&path, source))?;
        written += 1;
    }
    Ok(written)
}
