//! Norm tables: which percent of a population has a lower value of a feature.

use std::collections::BTreeMap;
use std::sync::Arc;

use interview_schemas::profile::NormTable;

use super::check::is_name;
use super::error::suggestion;
use super::source::Source;
use super::{EXTERNAL, ProfileError};
use crate::features::catalogue;

/// Number of points of a distribution: 0, 1 … 100 percent.
pub const POINTS: usize = 101;

/// A checked norm table.
#[derive(Debug, Clone, PartialEq)]
pub struct Norms {
    name: String,
    version: u32,
    features: BTreeMap<String, Arc<[f64]>>,
}

impl Norms {
    /// Reads a norm table.
    ///
    /// # Errors
    /// [`ProfileError`] with every problem found.
    pub fn load(source: &Source) -> Result<Self, ProfileError> {
        let table: NormTable = source.parse()?;
        let mut problems = Vec::new();
        let mut problem = |path: &[&str], message: String| {
            let path: Vec<_> = path.iter().map(|part| (*part).to_owned()).collect();
            problems.push(source.problem_at(&path, message));
        };
        if !is_name(&table.name) {
            problem(&["name"], "a name has lower-case letters, digits, `-` and `_`".to_owned());
        }
        for (name, feature) in &table.features {
            if !name.starts_with(EXTERNAL) && catalogue::find(name).is_none() {
                let known = suggestion(name, catalogue::all().map(|definition| definition.name));
                problem(&["features", name], format!("there is no feature {name:?} in the catalogue{known}"));
            }
            let points = &feature.percentiles;
            let rising = points.windows(2).all(|pair| matches!(pair, [a, b] if a <= b));
            if points.len() != POINTS || !rising || !points.iter().all(|point| point.abs() <= 1e12) {
                problem(
                    &["features", name, "percentiles"],
                    format!(
                        "{POINTS} numbers that never fall, at most 1e12 in size, are needed for 0 to 100 percent"
                    ),
                );
            }
        }
        if !problems.is_empty() {
            return Err(ProfileError { problems });
        }
        let features =
            table.features.into_iter().map(|(name, feature)| (name, feature.percentiles.into())).collect();
        Ok(Self { name: table.name, version: table.version, features })
    }

    /// `name@version`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The distribution of a feature: [`POINTS`] values that never fall.
    #[must_use]
    pub fn distribution(&self, feature: &str) -> Option<Arc<[f64]>> {
        self.features.get(feature).cloned()
    }

    /// The features with a distribution.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.features.keys().map(String::as_str)
    }
}

/// Percent of a population below a value, 0–100: linear between the points of the distribution, and the middle
/// of the ranks where many share the same value. `distribution` never falls and is not empty.
#[must_use]
pub fn percentile(distribution: &[f64], value: f64) -> f64 {
    let below = distribution.partition_point(|point| *point < value);
    let not_above = distribution.partition_point(|point| *point <= value);
    #[allow(clippy::cast_precision_loss)] // At most POINTS.
    let last = distribution.len().saturating_sub(1).max(1) as f64;
    #[allow(clippy::cast_precision_loss)]
    let rank = if not_above > below {
        // Equal to one point or more: the middle of their ranks.
        (below + not_above - 1) as f64 / 2.0
    } else {
        match (below.checked_sub(1).and_then(|index| distribution.get(index)), distribution.get(below)) {
            (Some(low), Some(high)) => below as f64 - 1.0 + (value - low) / (high - low),
            (None, _) => 0.0,
            (Some(_), None) => last,
        }
    };
    (100.0 * rank / last).clamp(0.0, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_interpolate_and_share_ranks() {
        let points = [0.0, 10.0, 10.0, 10.0, 40.0];
        assert_eq!(percentile(&points, -1.0), 0.0);
        assert_eq!(percentile(&points, 0.0), 0.0);
        assert_eq!(percentile(&points, 5.0), 12.5);
        assert_eq!(percentile(&points, 10.0), 50.0);
        assert_eq!(percentile(&points, 25.0), 87.5);
        assert_eq!(percentile(&points, 40.0), 100.0);
        assert_eq!(percentile(&points, 41.0), 100.0);
        assert_eq!(percentile(&[3.0; 5], 3.0), 50.0);
    }
}
