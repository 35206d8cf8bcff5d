//! The smallest changes of what was measured that would give another grade.

use interview_pipeline::features::catalogue;
use interview_pipeline::score::evaluate::{Evaluation, Reading, evaluate};
use interview_pipeline::score::{Profile, ProfileIndicator};
use interview_schemas::Bilingual;
use interview_schemas::features::{NotAssessed, round_decimals};
use interview_schemas::profile::CurveSpec;
use interview_schemas::report::Grade;
use serde::Serialize;

/// What was measured for one indicator, or why nothing was.
type Found = Result<Reading, NotAssessed>;

/// Most single changes that are listed per grade.
const MOST: usize = 5;

/// What would give another grade.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhatIf {
    /// The other grade.
    pub grade: Grade,
    /// Points of the total between here and there; negative: down.
    pub points: f64,
    /// Changes of one indicator that are enough alone, the smallest first.
    pub alone: Vec<Change>,
    /// Changes that are enough together, where no single one is.
    pub together: Vec<Change>,
}

/// A change of one indicator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Name of the competency.
    pub competency: String,
    /// Title of the indicator.
    pub title: Bilingual,
    /// The feature.
    pub feature: String,
    /// Unit of the values.
    pub unit: String,
    /// The value now.
    pub from: f64,
    /// The value that would be needed.
    pub to: f64,
    /// Points of the indicator (0–100) between them.
    pub indicator_points: f64,
}

/// The next grade up and the next one down.
pub(super) fn what_if(profile: &Profile, readings: &[Found], now: &Evaluation) -> Vec<WhatIf> {
    let Some(score) = now.score else { return Vec::new() };
    let grades = profile.grades();
    let up = match now.grade {
        Grade::NotRecommended => Some((Grade::Consider, grades.consider)),
        Grade::Consider => Some((Grade::Recommended, grades.recommended)),
        _ => None,
    };
    let down = match now.grade {
        Grade::Recommended => Some((Grade::Consider, grades.recommended)),
        Grade::Consider => Some((Grade::NotRecommended, grades.consider)),
        _ => None,
    };
    let search = Search { profile, readings };
    let mut found = Vec::new();
    for (target, better) in [(up, true), (down, false)] {
        let Some((grade, threshold)) = target else { continue };
        let reached = |evaluation: &Evaluation| {
            let score = round_decimals(evaluation.score.unwrap_or(0.0), 6);
            if better { score >= threshold } else { score < threshold }
        };
        let mut alone: Vec<Change> =
            (0..readings.len()).filter_map(|index| search.single(index, better, &reached)).collect();
        alone.sort_by(|a, b| {
            a.indicator_points
                .abs()
                .total_cmp(&b.indicator_points.abs())
                .then_with(|| a.feature.cmp(&b.feature))
        });
        let together = if alone.is_empty() { search.several(better, &reached) } else { Vec::new() };
        alone.truncate(MOST);
        found.push(WhatIf { grade, points: round_decimals(threshold - score, 6), alone, together });
    }
    found
}

struct Search<'a> {
    profile: &'a Profile,
    readings: &'a [Found],
}

impl Search<'_> {
    /// The smallest change of one indicator that is enough alone.
    fn single(&self, index: usize, better: bool, reached: &impl Fn(&Evaluation) -> bool) -> Option<Change> {
        self.smallest(self.readings, index, better, reached)
    }

    /// Takes the most effective indicators to their ends, one after the other, until it is enough; the last one only
    /// as far as needed.
    fn several(&self, better: bool, reached: &impl Fn(&Evaluation) -> bool) -> Vec<Change> {
        let mut readings = self.readings.to_vec();
        let mut changes: Vec<Change> = Vec::new();
        let mut left: Vec<usize> =
            (0..readings.len()).filter(|index| self.end(*index, better).is_some()).collect();
        while !left.is_empty() {
            let score = |readings: &[Found]| evaluate(self.profile, readings).score.unwrap_or(0.0);
            let gain = |index: &usize| {
                let mut changed = readings.clone();
                self.set(&mut changed, *index, self.end(*index, better));
                let gain = score(&changed) - score(&readings);
                if better { gain } else { -gain }
            };
            let Some(best) = left.iter().copied().max_by(|a, b| gain(a).total_cmp(&gain(b)).then(b.cmp(a)))
            else {
                break;
            };
            if gain(&best) <= 1e-9 {
                break;
            }
            if let Some(change) = self.smallest(&readings, best, better, reached) {
                changes.push(change);
                return changes;
            }
            let end = self.end(best, better);
            if let (Some(end), Some(from)) = (end, self.readings.get(best).and_then(|found| found.ok())) {
                changes.extend(self.change(best, from.value, end));
            }
            self.set(&mut readings, best, end);
            left.retain(|index| *index != best);
        }
        Vec::new()
    }

    /// The smallest change of one indicator that is enough on top of `readings`: bisection towards its end, on the
    /// way to which the curve never turns.
    fn smallest(
        &self,
        readings: &[Found],
        index: usize,
        better: bool,
        reached: &impl Fn(&Evaluation) -> bool,
    ) -> Option<Change> {
        let from = readings.get(index)?.ok()?.value;
        let mut far = self.end(index, better)?;
        let enough = |value: f64| {
            let mut changed = readings.to_vec();
            self.set(&mut changed, index, Some(value));
            reached(&evaluate(self.profile, &changed))
        };
        if !enough(far) {
            return None;
        }
        let mut near = from;
        for _ in 0..60 {
            let middle = near + (far - near) / 2.0;
            if enough(middle) { far = middle } else { near = middle }
        }
        // Rounded to four places in the direction of the change, if that is still enough.
        let scaled = far * 1e4;
        let rounded = if far > from { scaled.ceil() } else { scaled.floor() } / 1e4;
        self.change(index, from, if enough(rounded) { rounded } else { far })
    }

    fn change(&self, index: usize, from: f64, to: f64) -> Option<Change> {
        let spec = self.profile.indicators().get(index)?;
        let part = self.profile.competencies().get(spec.competency)?;
        let points = spec.curve.points(to) - spec.curve.points(from);
        Some(Change {
            competency: part.name.clone(),
            title: spec.title.clone(),
            feature: spec.feature.clone(),
            unit: spec.unit.clone(),
            from: round_decimals(from, 6),
            to: round_decimals(to, 6),
            indicator_points: round_decimals(points, 3),
        })
    }

    fn set(&self, readings: &mut [Found], index: usize, value: Option<f64>) {
        if let (Some(Ok(reading)), Some(value)) = (readings.get_mut(index), value) {
            reading.value = value;
        }
    }

    /// The value with the most (or the fewest) points that lies in the direction in which the curve rises (or falls)
    /// from here, within what the feature can be. `None` when it was not measured, counts nothing or is there already.
    fn end(&self, index: usize, better: bool) -> Option<f64> {
        let spec = self.profile.indicators().get(index)?;
        let value = self.readings.get(index)?.ok()?.value;
        let (low, high) = range(spec);
        let end = match *spec.curve.spec() {
            CurveSpec::Trapezoid { low_zero, low_full, high_full, high_zero } => {
                match (better, value < low_full) {
                    (true, true) => low_full,
                    (true, false) => high_full,
                    // Inside the comfortable range the nearer edge is the smaller change.
                    (false, true) => low_zero,
                    (false, false) if value <= high_full && value - low_zero < high_zero - value => low_zero,
                    (false, false) => high_zero,
                }
            }
            CurveSpec::Linear { from, to } => {
                if better {
                    to
                } else {
                    from
                }
            }
            CurveSpec::Logistic { .. } | CurveSpec::Percentile { .. } => {
                if spec.curve.rising() == Some(better) { high } else { low }
            }
        };
        let end = end.clamp(low, high);
        let gain = spec.curve.points(end) - spec.curve.points(value);
        (spec.weight > 0.0 && if better { gain > 1e-9 } else { gain < -1e-9 }).then_some(end)
    }
}

/// What a feature can be.
fn range(spec: &ProfileIndicator) -> (f64, f64) {
    catalogue::find(&spec.feature).map_or((0.0, 100.0), |definition| definition.range)
}
