//! Ranks, correlations, effect sizes, intervals. Checked against SciPy by `tests/peers/check_profiles.py`.

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Counts as numbers: exact below 2^53.
#[allow(clippy::cast_precision_loss)]
#[must_use]
pub fn count(number: usize) -> f64 {
    number as f64
}

/// Mean; `None` for nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len()))
}

/// Sample variance (divided by n − 1); `None` for fewer than two values.
#[must_use]
pub fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    Some(values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count(values.len()) - 1.0))
}

/// Quantile of sorted values by linear interpolation (type 7 of Hyndman & Fan 1996, the default of NumPy and R).
#[must_use]
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * count(last);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to last.
    let index = place.floor() as usize;
    let low = sorted.get(index)?;
    let high = sorted.get(index + 1).unwrap_or(low);
    Some(low + (high - low) * (place - count(index)))
}

/// Ranks from 1; equal values share the mean of their ranks.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let value = |index: &usize| values.get(*index).copied().unwrap_or(f64::NAN);
    order.sort_by(|a, b| value(a).total_cmp(&value(b)));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for run in order.chunk_by(|a, b| value(a) == value(b)) {
        let rank = count(2 * start + run.len() + 1) / 2.0;
        for index in run {
            if let Some(slot) = ranks.get_mut(*index) {
                *slot = rank;
            }
        }
        start += run.len();
    }
    ranks
}

/// Pearson's correlation; `None` when one side does not vary.
#[must_use]
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xy += (a - mean_x) * (b - mean_y);
        xx += (a - mean_x).powi(2);
        yy += (b - mean_y).powi(2);
    }
    let correlation = xy / (xx * yy).sqrt();
    correlation.is_finite().then(|| correlation.clamp(-1.0, 1.0))
}

/// Spearman's rank correlation; `None` when one side does not vary.
#[must_use]
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    pearson(&ranks(x), &ranks(y))
}

/// Kendall's tau-b, with ties, in n log n (Knight 1966); `None` when one side does not vary.
#[must_use]
pub fn kendall_tau_b(x: &[f64], y: &[f64]) -> Option<f64> {
    let mut pairs: Vec<(f64, f64)> = x.iter().copied().zip(y.iter().copied()).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let tied = |runs: &mut dyn Iterator<Item = usize>| -> u64 { runs.map(pairs_of).sum() };
    let tied_x = tied(&mut pairs.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len));
    let tied_both = tied(&mut pairs.chunk_by(|a, b| a == b).map(<[_]>::len));
    let mut y: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
    let mut buffer = y.clone();
    let swaps = merge_sort(&mut y, &mut buffer);
    let tied_y = tied(&mut y.chunk_by(|a, b| a == b).map(<[_]>::len));
    let all = pairs_of(pairs.len());
    // Up to 2^63 pairs: as numbers from here on.
    let number = |value: u64| -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let number = value as f64;
        number
    };
    let concordant_minus_discordant =
        number(all) - number(tied_x) - number(tied_y) + number(tied_both) - 2.0 * number(swaps);
    let tau = concordant_minus_discordant / (number(all - tied_x) * number(all - tied_y)).sqrt();
    tau.is_finite().then(|| tau.clamp(-1.0, 1.0))
}

/// Number of pairs among so many.
fn pairs_of(number: usize) -> u64 {
    let number = u64::try_from(number).unwrap_or(u64::MAX).min(1 << 31);
    number * number.saturating_sub(1) / 2
}

/// Sorts; returns the number of pairs that stood the wrong way round.
fn merge_sort(values: &mut [f64], buffer: &mut [f64]) -> u64 {
    if values.len() < 2 {
        return 0;
    }
    let middle = values.len() / 2;
    let swaps = {
        let (left, right) = values.split_at_mut(middle);
        let (left_buffer, right_buffer) = buffer.split_at_mut(middle);
        merge_sort(left, left_buffer) + merge_sort(right, right_buffer)
    };
    buffer.copy_from_slice(values);
    let (left, right) = buffer.split_at(middle);
    let (mut i, mut j, mut swapped) = (0, 0, 0u64);
    for slot in values {
        match (left.get(i), right.get(j)) {
            (Some(a), Some(b)) if a <= b => {
                *slot = *a;
                i += 1;
            }
            (left_value, Some(b)) => {
                *slot = *b;
                j += 1;
                if left_value.is_some() {
                    swapped += u64::try_from(left.len() - i).unwrap_or(0);
                }
            }
            (Some(a), None) => {
                *slot = *a;
                i += 1;
            }
            (None, None) => {}
        }
    }
    swaps + swapped
}

/// A value with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Hedges' g: the difference of two means in pooled standard deviations, corrected for small samples, with its
/// 95 % interval (Hedges & Olkin 1985). `None` when it cannot be told.
#[must_use]
pub fn hedges_g(a: &[f64], b: &[f64]) -> Option<Interval> {
    let (n, m) = (count(a.len()), count(b.len()));
    let pooled = ((n - 1.0) * variance(a)? + (m - 1.0) * variance(b)?) / (n + m - 2.0);
    let correction = 1.0 - 3.0 / (4.0 * (n + m) - 9.0);
    let value = (mean(a)? - mean(b)?) / pooled.sqrt() * correction;
    let error = ((n + m) / (n * m) + value * value / (2.0 * (n + m))).sqrt();
    let interval = Interval { value, low: value - Z95 * error, high: value + Z95 * error };
    (interval.value.is_finite() && error.is_finite()).then_some(interval)
}

/// 97.5 % point of the normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// Two-sided p-value of Welch's t-test; `None` when it cannot be told.
#[must_use]
pub fn welch_p(a: &[f64], b: &[f64]) -> Option<f64> {
    let (n, m) = (count(a.len()), count(b.len()));
    let (va, vb) = (variance(a)? / n, variance(b)? / m);
    let t = (mean(a)? - mean(b)?) / (va + vb).sqrt();
    let freedom = (va + vb).powi(2) / (va * va / (n - 1.0) + vb * vb / (m - 1.0));
    if !t.is_finite() || !freedom.is_finite() {
        return None;
    }
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some((2.0 * distribution.cdf(-t.abs())).clamp(0.0, 1.0))
}

/// Benjamini and Hochberg's correction for multiple looks (1995): adjusted p-values in the order given.
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    let value = |index: usize| p.get(index).copied().unwrap_or(1.0);
    order.sort_by(|a, b| value(*b).total_cmp(&value(*a)));
    let mut adjusted = vec![1.0; p.len()];
    let mut smallest: f64 = 1.0;
    for (place, index) in order.iter().enumerate() {
        let rank = count(p.len() - place);
        smallest = smallest.min(value(*index) * count(p.len()) / rank);
        if let Some(slot) = adjusted.get_mut(*index) {
            *slot = smallest;
        }
    }
    adjusted
}

/// A generator with a seed: the same seed gives the same numbers on every machine.
#[must_use]
pub fn generator(seed: u64) -> Pcg64Mcg {
    Pcg64Mcg::new(u128::from(seed) << 64 | 0x9E37_79B9_7F4A_7C15)
}

/// Percentile bootstrap (Efron 1979) of a statistic over so many units: 95 % interval. Resamples in which the
/// statistic is not defined are left out; `None` when more than a tenth of them is.
pub fn bootstrap(
    units: usize,
    resamples: usize,
    seed: u64,
    mut statistic: impl FnMut(&[usize]) -> Option<f64>,
) -> Option<(f64, f64)> {
    if units == 0 {
        return None;
    }
    let mut random = generator(seed);
    let mut sample = vec![0; units];
    let mut values = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        for slot in &mut sample {
            *slot = random.random_range(0..units);
        }
        values.extend(statistic(&sample).filter(|value| value.is_finite()));
    }
    if values.len() * 10 < resamples * 9 {
        return None;
    }
    values.sort_by(f64::total_cmp);
    Some((quantile(&values, 0.025)?, quantile(&values, 0.975)?))
}

/// The normal distribution function.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    Normal::new(0.0, 1.0).map_or(f64::NAN, |normal| normal.cdf(z))
}

#[cfg(test)]
mod tests;
