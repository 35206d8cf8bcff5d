//! How well weights predict interviews they have not seen: repeated cross-validation against today's weights and
//! against the mean alone.

use rand::seq::SliceRandom;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::Data;
use super::solver::{Limits, Moments, slopes};
use crate::TuningError;
use crate::statistics::{Interval, count, generator, mean, variance};

/// Parts of which each is predicted from the others.
const FOLDS: usize = 10;
/// How often the parts are drawn anew.
const REPEATS: usize = 5;

/// Shares of the outcome's variance that are explained out of sample (R²; below 0: worse than the mean alone),
/// with 95 % intervals corrected for the overlap of the training sets (Nadeau & Bengio 2003).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Validation {
    /// By the tuned weights.
    pub tuned: Interval,
    /// By today's weights.
    pub today: Interval,
    /// Tuned minus today.
    pub gain: Interval,
}

/// Cross-validates.
///
/// # Errors
/// [`TuningError::Internal`] when the solver fails.
pub fn validate(data: &Data, limits: &Limits, seed: u64) -> Result<Validation, TuningError> {
    let mut random = generator(seed);
    let mut rows: Vec<usize> = (0..data.rows()).collect();
    let whole = variance(&data.y).unwrap_or(0.0).max(f64::MIN_POSITIVE);
    let (mut tuned, mut today, mut gain) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        rows.shuffle(&mut random);
        for fold in 0..FOLDS {
            let (test, train): (Vec<_>, Vec<_>) =
                rows.iter().copied().enumerate().partition(|(place, _)| place % FOLDS == fold);
            let bare = |pairs: Vec<(usize, usize)>| pairs.into_iter().map(|(_, row)| row).collect::<Vec<_>>();
            let (test, train) = (bare(test), bare(train));
            let moments = Moments::of(data, &train);
            let best = slopes(&moments, limits)?;
            let old = today_slopes(&moments, &limits.today);
            let loss = |slopes: Option<&[f64]>| -> f64 {
                let errors = test.iter().map(|&row| {
                    let explained: f64 = slopes.map_or(0.0, |slopes| {
                        data.row(row)
                            .iter()
                            .zip(&moments.mean_x)
                            .zip(slopes)
                            .map(|((value, mean), slope)| (value - mean) * slope)
                            .sum()
                    });
                    (data.y.get(row).copied().unwrap_or(0.0) - moments.mean_y - explained).powi(2)
                });
                errors.sum::<f64>() / count(test.len().max(1))
            };
            let (alone, new, old) = (loss(None), loss(Some(&best)), loss(Some(&old)));
            tuned.push((alone - new) / whole);
            today.push((alone - old) / whole);
            gain.push((old - new) / whole);
        }
    }
    Ok(Validation { tuned: interval(&tuned), today: interval(&today), gain: interval(&gain) })
}

/// Today's weights times the slope with which they predict best.
fn today_slopes(moments: &Moments, today: &[f64]) -> Vec<f64> {
    let width = today.len();
    let covariance: f64 = moments.xy.iter().zip(today).map(|(xy, weight)| xy * weight).sum();
    let spread: f64 = (0..width)
        .flat_map(|i| (0..width).map(move |j| (i, j)))
        .filter_map(|(i, j)| Some(moments.xx.get(i * width + j)? * today.get(i)? * today.get(j)?))
        .sum();
    let slope = if spread > 0.0 { (covariance / spread).max(0.0) } else { 0.0 };
    today.iter().map(|weight| weight * slope).collect()
}

fn interval(values: &[f64]) -> Interval {
    let value = mean(values).unwrap_or(0.0);
    let runs = count(values.len());
    let overlap = 1.0 / runs + 1.0 / (count(FOLDS) - 1.0);
    let error = (overlap * variance(values).unwrap_or(0.0)).sqrt();
    let factor = StudentsT::new(0.0, 1.0, runs - 1.0).map_or(2.01, |student| student.inverse_cdf(0.975));
    Interval { value, low: value - factor * error, high: value + factor * error }
}
