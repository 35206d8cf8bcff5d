//! Tuning: weights of competencies that predict an outcome better, within limits, as a convex problem.
//!
//! The outcome y is explained as a + b × score with b ≥ 0, where the score is the weighted mean of the competency
//! scores. With β = b × weights the least squares problem is convex, and every limit on the weights (caps, locks,
//! distance from today, order, parity between groups) is linear in β. What was not assessed is filled in with
//! what today's profile makes of it: the mean of its siblings.
//!
//! New weights are proposed only when they beat today's profile and a model that knows the mean only, out of
//! sample, with their 95 % intervals clear of zero. Otherwise today's weights stand.

mod data;
mod proposal;
mod solver;
mod validation;

use std::collections::BTreeMap;

use interview_pipeline::score::Profile;
use interview_schemas::features::round_decimals;
use interview_schemas::report::ProfileRef;
use serde::Serialize;

use crate::TuningError;
use crate::population::Population;
use crate::statistics::{Interval, bootstrap, count};
use crate::tables::Table;

pub use data::{Data, Group, collect};
pub use proposal::propose;
pub use solver::{Limits, Moments, Parity, solve};
pub use validation::{Validation, validate};

/// Fewest interviews with an outcome per weight that is free to move.
pub const ROWS_PER_WEIGHT: usize = 20;
/// Fewest interviews with an outcome.
pub const LEAST_ROWS: usize = 100;
/// Fewest interviews of the rarer outcome per weight, where there are only two outcomes.
pub const EVENTS_PER_WEIGHT: usize = 10;
/// Resamples for the intervals of the weights.
const RESAMPLES: usize = 200;

/// What is asked of the new weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Largest change of any weight, in percent points; absent: any.
    pub distance: Option<f64>,
    /// Largest weight of any competency, in percent; absent: any.
    pub cap: Option<f64>,
    /// Largest weights of single competencies, in percent, by name.
    pub caps: BTreeMap<String, f64>,
    /// The order of today's weights stays.
    pub keep_order: bool,
    /// Largest difference of any group's mean score from the mean of all, in points; absent: any.
    pub parity: Option<f64>,
    /// Seed of the folds and resamples.
    pub seed: u64,
    /// Threads to read with.
    pub threads: usize,
}

/// A weight before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weight {
    /// The competency.
    pub competency: String,
    /// Percent today.
    pub today: f64,
    /// Percent with which the outcome is predicted best within the limits, with its interval over resamples.
    pub tuned: f64,
    /// Lower and upper end of the 95 % interval; absent when resamples do not agree that there is an effect.
    pub interval: Option<(f64, f64)>,
}

/// What tuning found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// The profile of today.
    pub profile: ProfileRef,
    /// The outcome.
    pub outcome: String,
    /// Interviews with outcome.
    pub rows: usize,
    /// Interviews without outcome, of test candidates, or without a score, which were left out.
    pub left_out: usize,
    /// Whether the new weights are worth proposing.
    pub adopt: bool,
    /// Why, or why not.
    pub reasons: Vec<String>,
    /// The weights.
    pub weights: Vec<Weight>,
    /// How well is predicted out of sample.
    pub validation: Validation,
    /// Largest difference of a group's mean score from the mean of all under the new weights, in points.
    pub parity: Option<f64>,
}

/// Looks for better weights.
///
/// # Errors
/// [`TuningError::NotEnough`] with how much would be needed, [`TuningError`] when data cannot be read.
pub fn tune(
    population: &Population,
    profile: &Profile,
    outcomes: &Table,
    outcome: &str,
    groups: Option<&Table>,
    options: &Options,
) -> Result<Tuning, TuningError> {
    let data = collect(population, profile, outcomes, outcome, groups, options.threads)?;
    if data.rows() == 0 {
        return Err(TuningError::NotEnough(format!(
            "none of the {} interviews of the outcomes is in the population with a score and {outcome:?}; the ids must \
             be those of the jobs",
            outcomes.len()
        )));
    }
    tune_data(profile, outcome, &data, options)
}

/// Looks for better weights in data that are already collected.
///
/// # Errors
/// As [`tune`].
pub fn tune_data(
    profile: &Profile,
    outcome: &str,
    data: &Data,
    options: &Options,
) -> Result<Tuning, TuningError> {
    let limits = limits(profile, data, options)?;
    enough(data, &limits)?;
    let all: Vec<usize> = (0..data.rows()).collect();
    let solution = solve(&Moments::of(data, &all), &limits)?;
    let validation = validate(data, &limits, options.seed)?;
    let limited = options.distance.is_some()
        || options.cap.is_some()
        || !options.caps.is_empty()
        || options.keep_order
        || options.parity.is_some();
    let (adopt, reasons) = verdict(&validation, solution.is_some(), limited, data.rows());
    let tuned = solution.unwrap_or_else(|| limits.today.clone());
    let intervals = intervals(data, &limits, options.seed);
    let weights: Vec<_> = data
        .competencies
        .iter()
        .zip(&limits.today)
        .zip(rounded(&tuned, &limits))
        .enumerate()
        .map(|(index, ((name, today), tuned))| Weight {
            competency: name.clone(),
            today: round_decimals(100.0 * today, 6),
            tuned,
            interval: intervals.get(index).copied().flatten(),
        })
        .collect();
    let shares: Vec<f64> = weights.iter().map(|weight| weight.tuned / 100.0).collect();
    Ok(Tuning {
        profile: profile.reference(),
        outcome: outcome.to_owned(),
        rows: data.rows(),
        left_out: data.left_out,
        adopt,
        reasons,
        parity: data.largest_gap(&shares).map(|gap| round_decimals(gap, 6)),
        weights,
        validation,
    })
}

/// The limits of each weight: those of the profile, those asked for, and locks.
fn limits(profile: &Profile, data: &Data, options: &Options) -> Result<Limits, TuningError> {
    for (name, value) in [("distance", options.distance), ("cap", options.cap), ("parity", options.parity)] {
        if value.is_some_and(|value| !(0.0..=100.0).contains(&value)) {
            return Err(TuningError::Usage(format!("--{name} is a number from 0 to 100")));
        }
    }
    let today: Vec<f64> = profile.competencies().iter().map(|part| part.weight).collect();
    let names: Vec<&str> = profile.competencies().iter().map(|part| part.name.as_str()).collect();
    if let Some(unknown) = options.caps.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(TuningError::Usage(format!(
            "there is no competency {unknown:?} to cap; there are {}",
            names.join(", ")
        )));
    }
    let mut bounds = Vec::new();
    for (part, today) in profile.competencies().iter().zip(&today) {
        let spec = profile.file().competencies.get(&part.name);
        let (mut low, mut high): (f64, f64) = (0.0, 1.0);
        if let Some(limits) = spec.and_then(|spec| spec.limits) {
            (low, high) = (limits.min / 100.0, limits.max / 100.0);
        }
        if let Some(distance) = options.distance {
            (low, high) = (low.max(today - distance / 100.0), high.min(today + distance / 100.0));
        }
        for cap in options.cap.iter().chain(options.caps.get(&part.name)) {
            high = high.min(cap / 100.0);
        }
        if spec.is_some_and(|spec| spec.locked) {
            (low, high) = (*today, *today);
        }
        if low > high + 1e-12 {
            return Err(TuningError::Usage(format!(
                "competency {}: nothing is at least {} % and at most {} %; loosen --cap or --distance",
                part.name,
                100.0 * low,
                100.0 * high
            )));
        }
        bounds.push((low.min(high), high));
    }
    let least: f64 = bounds.iter().map(|(low, _)| low).sum();
    let most: f64 = bounds.iter().map(|(_, high)| high).sum();
    if least > 1.0 + 1e-9 || most < 1.0 - 1e-9 {
        return Err(TuningError::Usage(format!(
            "the limits cannot be met: the weights add up to {:.1} % at least and {:.1} % at most",
            100.0 * least,
            100.0 * most
        )));
    }
    let parity = options.parity.map(|limit| Parity { limit, gaps: data.gaps.clone() });
    Ok(Limits { today, bounds, keep_order: options.keep_order, parity })
}

/// Refuses when there is too little data.
fn enough(data: &Data, limits: &Limits) -> Result<(), TuningError> {
    let free = limits.bounds.iter().filter(|(low, high)| high - low > 1e-9).count();
    if free < 2 {
        return Err(TuningError::Usage(
            "fewer than two weights are free to move; there is nothing to tune".to_owned(),
        ));
    }
    let needed = LEAST_ROWS.max(ROWS_PER_WEIGHT * free);
    if data.rows() < needed {
        return Err(TuningError::NotEnough(format!(
            "{} interviews have an outcome; {free} weights need at least {needed}",
            data.rows()
        )));
    }
    let mut values = data.y.clone();
    values.sort_by(f64::total_cmp);
    let runs: Vec<usize> = values.chunk_by(|a, b| a == b).map(<[f64]>::len).collect();
    match runs.as_slice() {
        [] | [_] => {
            Err(TuningError::NotEnough("every outcome is the same; there is nothing to predict".to_owned()))
        }
        [a, b] if *a.min(b) < EVENTS_PER_WEIGHT * free => Err(TuningError::NotEnough(format!(
            "the rarer outcome occurs {} times; {free} weights need it at least {} times",
            a.min(b),
            EVENTS_PER_WEIGHT * free
        ))),
        _ => Ok(()),
    }
}

/// Whether new weights are worth proposing, and why.
fn verdict(validation: &Validation, effect: bool, limited: bool, rows: usize) -> (bool, Vec<String>) {
    let mut reasons = Vec::new();
    let percent = |interval: &Interval| {
        format!(
            "{:.2} % (95 %: {:.2} to {:.2})",
            100.0 * interval.value,
            100.0 * interval.low,
            100.0 * interval.high
        )
    };
    reasons.push(format!(
        "Out of sample the tuned weights explain {} of the outcome's variance, today's {}.",
        percent(&validation.tuned),
        percent(&validation.today)
    ));
    if !effect {
        reasons.push(format!(
            "Within the limits no weights are better than the mean alone: {}.",
            if limited {
                "loosen --parity, --distance, --cap or --keep-order"
            } else {
                "the outcome does not follow the competencies"
            }
        ));
        return (false, reasons);
    }
    if validation.tuned.low <= 0.0 {
        reasons.push(format!(
            "That is not clearly better than the mean alone; today's weights stand.{}",
            needed(&validation.tuned, rows)
        ));
        return (false, reasons);
    }
    if validation.gain.low <= 0.0 {
        reasons.push(format!(
            "The gain over today, {}, is not clear of zero; today's weights stand.{}",
            percent(&validation.gain),
            needed(&validation.gain, rows)
        ));
        return (false, reasons);
    }
    reasons.push(format!("The gain over today is {}.", percent(&validation.gain)));
    (true, reasons)
}

/// How many interviews would make an effect of this size clear.
fn needed(interval: &Interval, rows: usize) -> String {
    let half = (interval.high - interval.low) / 2.0;
    if interval.value <= 0.0 || !half.is_finite() {
        return String::new();
    }
    let needed = (count(rows) * (half / interval.value).powi(2) * 1.1).ceil();
    format!(" If the effect is real, about {needed:.0} interviews with an outcome would show it.")
}

/// Intervals of the weights over resamples, in percent.
fn intervals(data: &Data, limits: &Limits, seed: u64) -> Vec<Option<(f64, f64)>> {
    let mut samples: Vec<Vec<f64>> = Vec::new();
    // The statistic is only a counter here: what is kept are the solutions.
    bootstrap(data.rows(), RESAMPLES, seed ^ 0x57ED, |rows| {
        let solution = solve(&Moments::of(data, rows), limits).ok().flatten()?;
        samples.push(solution);
        Some(0.0)
    });
    if samples.len() * 10 < RESAMPLES * 9 {
        return vec![None; data.competencies.len()];
    }
    (0..data.competencies.len())
        .map(|index| {
            let mut values: Vec<f64> =
                samples.iter().filter_map(|sample| sample.get(index).copied()).collect();
            values.sort_by(f64::total_cmp);
            let end = |share| {
                crate::statistics::quantile(&values, share).map(|value| round_decimals(100.0 * value, 2))
            };
            Some((end(0.025)?, end(0.975)?))
        })
        .collect()
}

/// Percent that add up to 100 and keep their limits: those that cannot move stay exactly as they are, the others have one
/// decimal, rounded down; the largest remainders get what is missing.
fn rounded(weights: &[f64], limits: &Limits) -> Vec<f64> {
    let total: f64 = weights.iter().sum::<f64>().max(1e-12);
    let bounds = |index: usize| limits.bounds.get(index).copied().unwrap_or((0.0, 1.0));
    let locked = |index: usize| bounds(index).1 - bounds(index).0 < 1e-9;
    let exact: Vec<f64> = weights.iter().map(|weight| 100.0 * weight / total).collect();
    let mut shown: Vec<f64> = exact
        .iter()
        .enumerate()
        .map(|(index, percent)| match locked(index) {
            true => 100.0 * bounds(index).0,
            false => (percent * 10.0 + 1e-6).floor() / 10.0,
        })
        .collect();
    let mut order: Vec<usize> = (0..weights.len()).filter(|index| !locked(*index)).collect();
    let left = |index: &usize| exact.get(*index).zip(shown.get(*index)).map_or(0.0, |(a, b)| a - b);
    order.sort_by(|a, b| left(b).total_cmp(&left(a)).then(a.cmp(b)));
    let mut missing = 100.0 - shown.iter().sum::<f64>();
    for index in order.iter().cycle().take(order.len() * 2) {
        // A lock between two tenths leaves less than a tenth for the last one.
        let step = missing.min(0.1);
        let fits = |percent: &&mut f64| **percent + step <= 100.0 * bounds(*index).1 + 1e-9;
        if step > 1e-9
            && let Some(slot) = shown.get_mut(*index).filter(fits)
        {
            *slot += step;
            missing -= step;
        }
    }
    shown.into_iter().map(|percent| round_decimals(percent, 6)).collect()
}

#[cfg(test)]
mod tests;
