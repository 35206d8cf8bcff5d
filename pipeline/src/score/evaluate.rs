//! The arithmetic: points per indicator, weights of what is missing shared among siblings, contributions that
//! add up to the score.
//!
//! - A competency's score is the weighted mean of its assessed indicators, a group's that of its assessed
//!   competencies, the total that of the assessed groups: the weight of what is missing is shared among its
//!   siblings first, then one level up.
//! - Confidence is the mean of the confidences of all indicators by weight, with 0 for what is missing. It does not
//!   change the score; below the profile's floor there is none.
//! - What does not apply to the kind of the answers, such as the voice of written ones, is not missing: it counts
//!   neither way. But the floor holds for the share of the profile that applies, too: a profile that is all about the
//!   voice scores no written answers.
//! - Contributions are whole billionths of a point, made by cumulative rounding, so that they add up to the
//!   score exactly, in any order.

use interview_schemas::features::{NotAssessed, round_decimals};
use interview_schemas::report::Grade;

use super::Profile;

/// What was measured for one indicator over all answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The value, finite, in the unit of the feature.
    pub value: f64,
    /// How far it can be relied on, above 0 and at most 1.
    pub confidence: f64,
}

/// The result for one indicator.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct IndicatorResult {
    /// 0–100; absent when not assessed.
    pub score: Option<f64>,
    /// Points of the total.
    pub contribution: f64,
    /// 0–1; 0 when not assessed.
    pub confidence: f64,
}

/// The result for one competency or group.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PartResult {
    /// 0–100; absent when nothing of it was assessed.
    pub score: Option<f64>,
    /// Points of the total.
    pub contribution: f64,
    /// 0–1.
    pub confidence: f64,
}

/// The result of scoring one interview.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// 0–100; absent when there is too little evidence.
    pub score: Option<f64>,
    /// The recommendation.
    pub grade: Grade,
    /// 0–1.
    pub confidence: f64,
    /// The share of the profile's weight that applies to answers of these kinds, 0–1.
    pub applies: f64,
    /// One entry per group of the profile.
    pub groups: Vec<PartResult>,
    /// One entry per competency of the profile.
    pub competencies: Vec<PartResult>,
    /// One entry per indicator of the profile.
    pub indicators: Vec<IndicatorResult>,
}

/// Billionths of a point: what contributions are counted in.
const PER_POINT: f64 = 1e9;

/// A weighted mean that is absent while nothing with weight was added.
#[derive(Clone, Copy, Default)]
struct Mean {
    weight: f64,
    sum: f64,
}

impl Mean {
    fn add(&mut self, weight: f64, value: Option<f64>) {
        if let Some(value) = value
            && weight > 0.0
        {
            self.weight += weight;
            self.sum += weight * value;
        }
    }

    fn get(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

/// Scores one interview. `readings` has one entry per indicator of the profile, or the reason why there is none;
/// entries that are not there count as missing.
#[must_use]
pub fn evaluate(profile: &Profile, readings: &[Result<Reading, NotAssessed>]) -> Evaluation {
    let floor = profile.evidence.indicator_floor;
    let mut indicators = vec![IndicatorResult::default(); profile.indicators.len()];
    for (index, (indicator, result)) in profile.indicators.iter().zip(&mut indicators).enumerate() {
        let Some(Ok(reading)) = readings.get(index).copied() else { continue };
        if reading.value.is_finite() && reading.confidence > 0.0 && reading.confidence >= floor {
            result.score = Some(indicator.curve.points(reading.value));
            result.confidence = reading.confidence.min(1.0);
        }
    }
    let mut competencies = vec![Mean::default(); profile.competencies.len()];
    let mut groups = vec![Mean::default(); profile.groups.len()];
    let mut total = Mean::default();
    for (indicator, result) in profile.indicators.iter().zip(&indicators) {
        competencies[indicator.competency].add(indicator.share, result.score);
    }
    for (competency, mean) in profile.competencies.iter().zip(&competencies) {
        groups[competency.group].add(competency.weight, mean.get());
    }
    for (group, mean) in profile.groups.iter().zip(&groups) {
        total.add(group.weight, mean.get());
    }

    let mut competency_results = vec![PartResult::default(); profile.competencies.len()];
    let mut group_results = vec![PartResult::default(); profile.groups.len()];
    for (result, mean) in competency_results.iter_mut().zip(&competencies) {
        result.score = mean.get().map(|score| round_decimals(score, 6));
    }
    for (result, mean) in group_results.iter_mut().zip(&groups) {
        result.score = mean.get().map(|score| round_decimals(score, 6));
    }
    let applies = |index: usize| readings.get(index) != Some(&Err(NotAssessed::NotApplicable));
    let (confidence, applies) =
        confidences(profile, &indicators, applies, &mut competency_results, &mut group_results);
    let floor = profile.evidence.floor;
    let enough = total.weight > 0.0 && confidence > 0.0 && confidence >= floor && applies >= floor;
    let score = enough.then(|| {
        let assessed: Vec<bool> = indicators.iter().map(|result| result.score.is_some()).collect();
        let shares = shares(profile, &assessed);
        contribute(profile, &shares, &mut indicators, &mut competency_results, &mut group_results)
    });
    for result in &mut indicators {
        result.score = result.score.map(|score| round_decimals(score, 6));
    }
    Evaluation {
        score,
        grade: grade(profile, score),
        confidence,
        applies,
        groups: group_results,
        competencies: competency_results,
        indicators,
    }
}

/// A mean of confidences by weight, over what applies.
#[derive(Clone, Copy, Default)]
struct Confidence {
    weight: f64,
    sum: f64,
}

impl Confidence {
    fn add(&mut self, weight: f64, confidence: f64) {
        self.weight += weight;
        self.sum += weight * confidence;
    }

    /// Rounded to six decimals; 0 where nothing applies.
    fn get(self) -> f64 {
        let mean = if self.weight > 0.0 { self.sum / self.weight } else { 0.0 };
        round_decimals(mean.clamp(0.0, 1.0), 6)
    }
}

/// Fills in the confidence of competencies and groups; returns that of the whole and the share of the weight that
/// applies, both rounded to six decimals.
fn confidences(
    profile: &Profile,
    indicators: &[IndicatorResult],
    applies: impl Fn(usize) -> bool,
    competencies: &mut [PartResult],
    groups: &mut [PartResult],
) -> (f64, f64) {
    let mut whole = Confidence::default();
    let mut of_groups = vec![Confidence::default(); groups.len()];
    for (competency, result) in profile.competencies.iter().zip(competencies.iter_mut()) {
        let mut own = Confidence::default();
        for index in competency.indicators.clone().filter(|index| applies(*index)) {
            let (share, confidence) = (profile.indicators[index].share, indicators[index].confidence);
            own.add(share, confidence);
            whole.add(competency.weight * share, confidence);
            of_groups[competency.group].add(competency.weight * share, confidence);
        }
        result.confidence = own.get();
    }
    for (group, confidence) in groups.iter_mut().zip(of_groups) {
        group.confidence = confidence.get();
    }
    (whole.get(), round_decimals(whole.weight.clamp(0.0, 1.0), 6))
}

/// The share of the total, 0–1, that each indicator has when only some are assessed: the weight of what is
/// missing is shared among its siblings. The shares add up to 1, unless nothing with weight was assessed.
#[must_use]
pub fn shares(profile: &Profile, assessed: &[bool]) -> Vec<f64> {
    let present = |index: usize| assessed.get(index).copied().unwrap_or(false);
    let mut competencies = vec![0.0f64; profile.competencies.len()];
    let mut groups = vec![0.0f64; profile.groups.len()];
    for (_, indicator) in profile.indicators.iter().enumerate().filter(|(index, _)| present(*index)) {
        competencies[indicator.competency] += indicator.share;
    }
    for (competency, weight) in profile.competencies.iter().zip(&competencies) {
        if *weight > 0.0 {
            groups[competency.group] += competency.weight;
        }
    }
    let with_weight = profile.groups.iter().zip(&groups).filter(|(_, weight)| **weight > 0.0);
    let total: f64 = with_weight.map(|(group, _)| group.weight).sum();
    let share = |(index, indicator): (usize, &super::ProfileIndicator)| {
        let competency = &profile.competencies[indicator.competency];
        let (in_competency, in_group) = (competencies[indicator.competency], groups[competency.group]);
        if !present(index) || in_competency <= 0.0 || in_group <= 0.0 || total <= 0.0 {
            return 0.0;
        }
        indicator.share / in_competency
            * (competency.weight / in_group)
            * (profile.groups[competency.group].weight / total)
    };
    profile.indicators.iter().enumerate().map(share).collect()
}

/// Fills in the contributions; returns their sum, the score.
///
/// Running totals are rounded, and a contribution is the difference of two of them: the sum is the rounded
/// exact sum, whatever the shares, so a perfect interview has 100 points and not 99.999999999.
fn contribute(
    profile: &Profile,
    shares: &[f64],
    indicators: &mut [IndicatorResult],
    competencies: &mut [PartResult],
    groups: &mut [PartResult],
) -> f64 {
    let mut exact = 0.0f64;
    let mut done = 0.0f64;
    let mut of_competency = vec![0.0f64; competencies.len()];
    let mut of_group = vec![0.0f64; groups.len()];
    for ((indicator, result), share) in profile.indicators.iter().zip(indicators.iter_mut()).zip(shares) {
        let Some(points) = result.score.filter(|_| *share > 0.0) else { continue };
        exact += share * points * PER_POINT;
        // Whole numbers up to 1e11 are exact in f64, and so are their sums and differences.
        let next = exact.round().clamp(done, 100.0 * PER_POINT);
        result.contribution = (next - done) / PER_POINT;
        of_competency[indicator.competency] += next - done;
        of_group[profile.competencies[indicator.competency].group] += next - done;
        done = next;
    }
    for (result, sum) in competencies.iter_mut().zip(of_competency) {
        result.contribution = sum / PER_POINT;
    }
    for (result, sum) in groups.iter_mut().zip(of_group) {
        result.contribution = sum / PER_POINT;
    }
    done / PER_POINT
}

/// The recommendation for a score (R23).
fn grade(profile: &Profile, score: Option<f64>) -> Grade {
    // A score that misses a threshold by less than a millionth of a point meets it.
    match score.map(|score| round_decimals(score, 6)) {
        None => Grade::InsufficientEvidence,
        Some(score) if score >= profile.grades.recommended => Grade::Recommended,
        Some(score) if score >= profile.grades.consider => Grade::Consider,
        Some(_) => Grade::NotRecommended,
    }
}
