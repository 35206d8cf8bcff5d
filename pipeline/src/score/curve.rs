//! Curves: how a measured value becomes 0–100 points.

use std::sync::Arc;

use interview_schemas::profile::CurveSpec;

use super::error::suggestion;
use super::norms::{Norms, percentile};

/// A curve with finite, ordered parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    spec: CurveSpec,
    /// The population of a percentile curve; empty for every other.
    distribution: Arc<[f64]>,
}

impl Curve {
    /// Checks the parameters of a curve for a feature; `norms` are the tables that percentile curves may name.
    ///
    /// # Errors
    /// What is wrong with them, in a sentence.
    pub fn new(spec: &CurveSpec, feature: &str, norms: &[Norms]) -> Result<Self, String> {
        let mut distribution: Arc<[f64]> = Arc::new([]);
        let finite = |values: &[f64]| {
            // A value beyond 1e12 in any unit is a slip, and keeps differences finite.
            if values.iter().all(|value| value.is_finite() && value.abs() <= 1e12) {
                Ok(())
            } else {
                Err("the numbers of a curve must be finite and at most 1e12 in size".to_owned())
            }
        };
        match spec {
            CurveSpec::Linear { from, to } => {
                finite(&[*from, *to])?;
                if from == to {
                    return Err(format!("`from` and `to` must differ, both are {from}"));
                }
            }
            CurveSpec::Trapezoid { low_zero, low_full, high_full, high_zero } => {
                finite(&[*low_zero, *low_full, *high_full, *high_zero])?;
                if !(low_zero < low_full && low_full <= high_full && high_full < high_zero) {
                    return Err(format!(
                        "must be ordered low_zero < low_full <= high_full < high_zero, but they are {low_zero}, \
                         {low_full}, {high_full}, {high_zero}"
                    ));
                }
            }
            CurveSpec::Logistic { midpoint, width } => {
                finite(&[*midpoint, *width])?;
                if *width == 0.0 {
                    return Err("`width` must not be 0".to_owned());
                }
            }
            CurveSpec::Percentile { norm, .. } => {
                let table = norms.iter().find(|table| table.reference() == *norm);
                let table = table.ok_or_else(|| format!("the norm table {norm:?} was not found"))?;
                distribution = table.distribution(feature).ok_or_else(|| {
                    let near = suggestion(feature, table.features());
                    format!("the norm table {norm} has no feature {feature:?}{near}")
                })?;
            }
        }
        Ok(Self { spec: spec.clone(), distribution })
    }

    /// Points for a value, 0–100. The value must be finite.
    #[must_use]
    pub fn points(&self, value: f64) -> f64 {
        let share = match &self.spec {
            CurveSpec::Linear { from, to } => (value - from) / (to - from),
            CurveSpec::Trapezoid { low_zero, low_full, high_full, high_zero } => {
                if value < *low_full {
                    (value - low_zero) / (low_full - low_zero)
                } else if value <= *high_full {
                    1.0
                } else {
                    (high_zero - value) / (high_zero - high_full)
                }
            }
            CurveSpec::Logistic { midpoint, width } => {
                1.0 / (1.0 + (-2.0 * (value - midpoint) / width).exp())
            }
            CurveSpec::Percentile { falling, .. } => {
                let below = percentile(&self.distribution, value) / 100.0;
                if *falling { 1.0 - below } else { below }
            }
        };
        100.0 * share.clamp(0.0, 1.0)
    }

    /// The curve as written.
    #[must_use]
    pub fn spec(&self) -> &CurveSpec {
        &self.spec
    }

    /// Whether more of the feature is never worse (`Some(true)`), never better (`Some(false)`), or either.
    #[must_use]
    pub fn rising(&self) -> Option<bool> {
        match &self.spec {
            CurveSpec::Linear { from, to } => Some(to > from),
            CurveSpec::Trapezoid { .. } => None,
            CurveSpec::Logistic { width, .. } => Some(*width > 0.0),
            CurveSpec::Percentile { falling, .. } => Some(!falling),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(spec: CurveSpec, value: f64) -> f64 {
        Curve::new(&spec, "external.x", &[]).unwrap().points(value)
    }

    #[test]
    fn linear_rises_or_falls_and_stays_within_bounds() {
        let rising = || CurveSpec::Linear { from: 2.0, to: 4.0 };
        assert_eq!(points(rising(), 1.0), 0.0);
        assert_eq!(points(rising(), 3.0), 50.0);
        assert_eq!(points(rising(), 9.0), 100.0);
        assert_eq!(points(CurveSpec::Linear { from: 4.0, to: 2.0 }, 2.5), 75.0);
    }

    #[test]
    fn trapezoid_has_a_comfortable_range() {
        let curve = || CurveSpec::Trapezoid { low_zero: 2.0, low_full: 4.0, high_full: 5.0, high_zero: 7.0 };
        assert_eq!(points(curve(), 3.0), 50.0);
        assert_eq!(points(curve(), 4.5), 100.0);
        assert_eq!(points(curve(), 6.5), 25.0);
        assert_eq!(points(curve(), 1.0), 0.0);
        assert_eq!(points(curve(), 70.0), 0.0);
    }

    #[test]
    fn logistic_is_symmetric_about_its_midpoint() {
        let curve = || CurveSpec::Logistic { midpoint: 10.0, width: 2.0 };
        assert_eq!(points(curve(), 10.0), 50.0);
        assert!((points(curve(), 12.0) - 88.079_707_797_788).abs() < 1e-9);
        assert!((points(curve(), 8.0) + points(curve(), 12.0) - 100.0).abs() < 1e-9);
        assert_eq!(points(curve(), 1e9), 100.0);
        assert_eq!(points(curve(), -1e9), 0.0);
    }

    #[test]
    fn bad_parameters_are_refused() {
        for spec in [
            CurveSpec::Linear { from: 1.0, to: 1.0 },
            CurveSpec::Linear { from: f64::NAN, to: 1.0 },
            CurveSpec::Linear { from: -1e308, to: 1e308 },
            CurveSpec::Trapezoid { low_zero: 1.0, low_full: 0.0, high_full: 2.0, high_zero: 3.0 },
            CurveSpec::Logistic { midpoint: 0.0, width: 0.0 },
            CurveSpec::Logistic { midpoint: f64::INFINITY, width: 1.0 },
        ] {
            assert!(Curve::new(&spec, "external.x", &[]).is_err(), "{spec:?}");
        }
    }
}
