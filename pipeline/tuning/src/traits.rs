//! Traits: which features set strong performers apart (R28).

use std::collections::BTreeMap;

use interview_schemas::features::round_decimals;
use serde::Serialize;

use crate::TuningError;
use crate::population::{Population, feature_mean};
use crate::statistics::{Interval, benjamini_hochberg, count, hedges_g, quantile, welch_p};
use crate::tables::Table;

/// Fewest people with a feature in each of the two groups.
const LEAST: usize = 20;
/// Below this share of false discoveries a trait counts as found.
pub const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// The warning that stands over every result.
pub const WARNING: (&str, &str) = (
    "These are correlations. A trait of strong performers need not be what makes them strong, may come from how they \
     were chosen, and may stand for a group of people: audit before you weigh it.",
    "以上仅为相关关系：绩优者的共同点未必是其绩优的原因，可能源于选拔方式，也可能与特定人群有关；赋权前请先做公平性审计。",
);

/// One feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trait {
    /// The feature.
    pub feature: String,
    /// Strong performers in whom it was measured.
    pub strong: usize,
    /// Others in whom it was measured.
    pub others: usize,
    /// Mean of the strong performers.
    pub strong_mean: f64,
    /// Mean of the others.
    pub others_mean: f64,
    /// Difference in standard deviations (Hedges' g) with its 95 % interval.
    pub effect: Interval,
    /// p-value of Welch's t-test, corrected for the number of features (Benjamini & Hochberg).
    pub q: f64,
    /// Whether the difference stands after the correction.
    pub found: bool,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Traits {
    /// By what performance was told.
    pub by: String,
    /// Share that counts as strong, 0–1.
    pub top: f64,
    /// The value from which performance counts as strong.
    pub threshold: f64,
    /// Interviews with performance.
    pub interviews: usize,
    /// The features, the largest effect first.
    pub traits: Vec<Trait>,
    /// A plain warning, English and Chinese.
    pub warning: (&'static str, &'static str),
}

/// Compares the strongest share by the column `by` of a table with everybody else in it.
///
/// # Errors
/// [`TuningError::NotEnough`] when there are fewer than 20 on either side, [`TuningError`] when something cannot be
/// read.
pub fn traits(
    population: &Population,
    outcomes: &Table,
    by: &str,
    top: f64,
    threads: usize,
) -> Result<Traits, TuningError> {
    if !(0.0 < top && top < 1.0) {
        return Err(TuningError::Usage(format!(
            "the top share is between 0 and 100 %, not {} %",
            100.0 * top
        )));
    }
    let column = outcomes.column(by)?;
    let features = population.features()?;
    let parts = population.scan(&features, threads, |block| {
        let mut people = Vec::new();
        for (index, interview) in block.interviews.iter().enumerate() {
            let Some(performance) = outcomes.number(&interview.id, column)? else { continue };
            if interview.test {
                continue;
            }
            let values: Vec<_> = (0..features.len())
                .map(|column| feature_mean(&block, index, column).map(|reading| reading.value))
                .collect();
            people.push((performance, values));
        }
        Ok(people)
    })?;
    let people: Vec<(f64, Vec<Option<f64>>)> = parts.into_iter().flatten().collect();
    let mut performances: Vec<f64> = people.iter().map(|(performance, _)| *performance).collect();
    performances.sort_by(f64::total_cmp);
    let threshold = quantile(&performances, 1.0 - top)
        .ok_or_else(|| TuningError::NotEnough(format!("no interview has a value for {by:?}")))?;
    let strong = people.iter().filter(|(performance, _)| *performance >= threshold).count();
    let least = strong.min(people.len() - strong);
    if least < LEAST {
        return Err(TuningError::NotEnough(format!(
            "{strong} strong performers and {} others; each side needs {LEAST}, so about {:.0} interviews in all",
            people.len() - strong,
            (count(LEAST) / top.min(1.0 - top)).ceil()
        )));
    }
    Ok(Traits {
        by: by.to_owned(),
        top,
        threshold,
        interviews: people.len(),
        traits: compare(&features, &people, threshold),
        warning: WARNING,
    })
}

fn compare(features: &[String], people: &[(f64, Vec<Option<f64>>)], threshold: f64) -> Vec<Trait> {
    let mut sides: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for (performance, values) in people {
        for (feature, value) in features.iter().zip(values) {
            let side = sides.entry(feature).or_default();
            if let Some(value) = value {
                if *performance >= threshold { side.0.push(*value) } else { side.1.push(*value) }
            }
        }
    }
    let mut found: Vec<Trait> = sides
        .into_iter()
        .filter(|(_, (strong, others))| strong.len() >= LEAST && others.len() >= LEAST)
        .filter_map(|(feature, (strong, others))| {
            let effect = hedges_g(&strong, &others)?;
            Some(Trait {
                feature: feature.to_owned(),
                strong: strong.len(),
                others: others.len(),
                strong_mean: round_decimals(crate::statistics::mean(&strong)?, 6),
                others_mean: round_decimals(crate::statistics::mean(&others)?, 6),
                effect,
                q: welch_p(&strong, &others)?,
                found: false,
            })
        })
        .collect();
    let corrected = benjamini_hochberg(&found.iter().map(|one| one.q).collect::<Vec<_>>());
    for (one, q) in found.iter_mut().zip(corrected) {
        one.q = q;
        one.found = q <= FALSE_DISCOVERY_RATE;
    }
    found.sort_by(|a, b| {
        b.effect.value.abs().total_cmp(&a.effect.value.abs()).then_with(|| a.feature.cmp(&b.feature))
    });
    found
}
