//! Norm tables from a population: what percentile curves look values up in.

use std::collections::BTreeMap;

use interview_pipeline::features::catalogue;
use interview_pipeline::score::norms::POINTS;
use interview_pipeline::score::{EXTERNAL, is_name, suggestion};
use interview_schemas::Bilingual;
use interview_schemas::features::round_decimals;
use interview_schemas::profile::{NormFeature, NormTable, ProfileSchemaVersion};

use crate::TuningError;
use crate::population::{Population, feature_mean};
use crate::statistics::{count, quantile};

/// Fewest interviews in which a feature must have been measured to be in the table: one per percent.
pub const LEAST: usize = 100;

/// Builds a norm table from the interviews of a population; test candidates are not counted. `only` names the
/// features, all that were measured often enough when it is empty.
///
/// # Errors
/// [`TuningError::NotEnough`] when a feature that was named, or every feature, was measured in fewer than 100
/// interviews; [`TuningError`] when the population cannot be read.
pub fn build(
    population: &Population,
    name: &str,
    version: u32,
    about: Option<Bilingual>,
    only: &[String],
    threads: usize,
) -> Result<NormTable, TuningError> {
    if let Some(unknown) =
        only.iter().find(|name| !name.starts_with(EXTERNAL) && catalogue::find(name).is_none())
    {
        let near = suggestion(unknown, catalogue::all().map(|definition| definition.name));
        return Err(TuningError::Usage(format!("there is no feature {unknown:?} in the catalogue{near}")));
    }
    if !is_name(name) {
        return Err(TuningError::Usage(format!(
            "--name {name:?}: a name has 1 to 64 lower-case letters, digits, `-` and `_`, and begins with a letter"
        )));
    }
    let features = if only.is_empty() { population.features()? } else { only.to_vec() };
    let parts = population.scan(&features, threads, |block| {
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); features.len()];
        for (index, _) in block.interviews.iter().enumerate().filter(|(_, interview)| !interview.test) {
            for (column, values) in values.iter_mut().enumerate() {
                values.extend(feature_mean(&block, index, column).map(|reading| reading.value));
            }
        }
        Ok(values)
    })?;
    let mut all: Vec<Vec<f64>> = vec![Vec::new(); features.len()];
    for part in parts {
        for (all, values) in all.iter_mut().zip(part) {
            all.extend(values);
        }
    }
    let mut table = BTreeMap::new();
    for (feature, mut values) in features.into_iter().zip(all) {
        if values.len() < LEAST {
            if only.contains(&feature) {
                return Err(TuningError::NotEnough(format!(
                    "{feature} was measured in {} interviews; a norm needs {LEAST}",
                    values.len()
                )));
            }
            continue;
        }
        values.sort_by(f64::total_cmp);
        let percentiles = (0..POINTS)
            .filter_map(|point| quantile(&values, count(point) / count(POINTS - 1)))
            .map(|value| round_decimals(value, 6))
            .collect();
        table.insert(
            feature,
            NormFeature { count: u64::try_from(values.len()).unwrap_or(u64::MAX), percentiles },
        );
    }
    if table.is_empty() {
        return Err(TuningError::NotEnough(format!("no feature was measured in {LEAST} interviews")));
    }
    Ok(NormTable {
        schema_version: ProfileSchemaVersion::V1,
        name: name.to_owned(),
        version,
        population: about,
        features: table,
    })
}
