//! From the answers of an interview to one reading per indicator.
//!
//! Only the answers that an indicator admits (kind, scene) are looked at. Their values become one as the
//! indicator says: the mean weighted by confidence (the default), the smallest or the largest. The confidence of
//! the reading is the mean of the answers' confidences, with 0 for an answer in which the feature should have
//! been measurable and was not; answers to which it does not apply, or which give it nothing to compare with, do
//! not count.

use std::collections::BTreeMap;

use interview_schemas::features::{AnswerFeatures, FeatureSet, NotAssessed, round_decimals};
use interview_schemas::profile::Aggregate;
use interview_schemas::report::AnswerEvidence;

use super::evaluate::Reading;
use super::{Profile, ProfileIndicator};

/// Most pieces of evidence that one indicator shows.
pub const MAX_EVIDENCE: usize = 12;

/// What an indicator found in the answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The reading, or why there is none.
    pub reading: Result<Reading, NotAssessed>,
    /// Standard deviation between the answers or raters; absent when fewer than two were measured.
    pub spread: Option<f64>,
    /// Where it can be seen or heard, in the order of the answers' ids, at most [`MAX_EVIDENCE`] pieces.
    pub evidence: Vec<AnswerEvidence>,
}

/// Collects what was measured of one indicator, answer by answer. Sums of floats depend on their order, so the
/// answers must come in one order: that of their ids.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    /// (value, confidence) of every answer in which the feature was measured.
    measured: Vec<(f64, f64)>,
    /// Answers in which it should have been measurable.
    applicable: usize,
    missing: BTreeMap<NotAssessed, usize>,
    /// A recording was given that holds nothing of the feature, because it could not be analysed.
    failed: bool,
}

impl Collector {
    /// Adds a measured value; one that is not finite, or of no confidence, counts as too poor.
    pub fn measured(&mut self, value: f64, confidence: f64) {
        if value.is_finite() && confidence > 0.0 {
            self.applicable += 1;
            self.measured.push((value, confidence.min(1.0)));
        } else {
            self.missing(NotAssessed::PoorQuality);
        }
    }

    /// Adds an answer in which the feature was not assessed.
    pub fn missing(&mut self, reason: NotAssessed) {
        if !matches!(reason, NotAssessed::NotApplicable | NotAssessed::NoReference) {
            self.applicable += 1;
        }
        *self.missing.entry(reason).or_default() += 1;
    }

    /// Adds an answer of a kind that says nothing about the feature, not even why: a recording does so only when it
    /// could not be analysed, and then nobody knows what it would have shown.
    pub fn absent(&mut self, kind: &str) {
        self.failed |= matches!(kind, "video" | "audio");
    }

    /// Empties the collector for the next interview.
    pub fn clear(&mut self) {
        self.measured.clear();
        self.applicable = 0;
        self.missing.clear();
        self.failed = false;
    }

    /// The reading over all answers, or the reason that most answers gave for there being none. It is
    /// [`NotAssessed::NotApplicable`] only when it applies to none of the answers that were given, and
    /// [`NotAssessed::NoAnswer`] when there is none to look at.
    ///
    /// # Errors
    /// The reason.
    pub fn reading(&self, aggregate: Aggregate) -> Result<Reading, NotAssessed> {
        if self.measured.is_empty() {
            let reasons = self.missing.iter().filter(|(reason, _)| **reason != NotAssessed::NotApplicable);
            let most = reasons.max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(reason, _)| *reason);
            let applies_to_none = !self.missing.is_empty() && !self.failed;
            return Err(most.unwrap_or(if applies_to_none {
                NotAssessed::NotApplicable
            } else {
                NotAssessed::NoAnswer
            }));
        }
        let values = || self.measured.iter().map(|(value, _)| *value);
        let (smallest, largest) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let total: f64 = self.measured.iter().map(|(_, confidence)| confidence).sum();
        let value = match aggregate {
            // Divided before it is added up: the sum of large values must not overflow.
            Aggregate::Mean => self
                .measured
                .iter()
                .map(|(value, weight)| value * (weight / total))
                .sum::<f64>()
                .clamp(smallest, largest),
            Aggregate::Min => smallest,
            Aggregate::Max => largest,
        };
        #[allow(clippy::cast_precision_loss)] // Numbers of answers.
        let confidence = total / self.applicable as f64;
        Ok(Reading { value, confidence: round_decimals(confidence.min(1.0), 6) })
    }

    /// Sample standard deviation of the values; absent for fewer than two.
    #[must_use]
    pub fn spread(&self) -> Option<f64> {
        if self.measured.len() < 2 {
            return None;
        }
        #[allow(clippy::cast_precision_loss)] // Numbers of answers.
        let count = self.measured.len() as f64;
        let mean = self.measured.iter().map(|(value, _)| value / count).sum::<f64>();
        let variance =
            self.measured.iter().map(|(value, _)| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let spread = variance.sqrt();
        spread.is_finite().then(|| round_decimals(spread, 6))
    }
}

/// What every indicator of a profile found in an interview, in the order of the profile's indicators.
#[must_use]
pub fn findings(profile: &Profile, features: &FeatureSet) -> Vec<Finding> {
    let answers = by_id(features);
    profile.indicators().iter().map(|indicator| find(indicator, &answers)).collect()
}

/// The answers in the order of their ids.
#[must_use]
pub fn by_id(features: &FeatureSet) -> Vec<&AnswerFeatures> {
    let mut answers: Vec<_> = features.answers.iter().collect();
    answers.sort_by(|a, b| a.id.cmp(&b.id));
    answers
}

/// The mean of a feature over all answers, where it was measured.
#[must_use]
pub fn overall(features: &FeatureSet, name: &str) -> Option<f64> {
    let mut collector = Collector::default();
    for feature in by_id(features).into_iter().flat_map(|answer| &answer.features) {
        if feature.name == name
            && let Some(value) = feature.value
        {
            collector.measured(value, feature.confidence);
        }
    }
    collector.reading(Aggregate::Mean).ok().map(|reading| reading.value)
}

fn find(indicator: &ProfileIndicator, answers: &[&AnswerFeatures]) -> Finding {
    let mut collector = Collector::default();
    let mut evidence = Vec::new();
    for answer in answers.iter().filter(|answer| indicator.admits(answer)) {
        if answer.features.iter().all(|feature| feature.name != indicator.feature) {
            collector.absent(&answer.kind);
        }
        for feature in answer.features.iter().filter(|feature| feature.name == indicator.feature) {
            match (feature.value, feature.not_assessed) {
                (Some(value), _) => collector.measured(value, feature.confidence),
                (None, reason) => collector.missing(reason.unwrap_or(NotAssessed::NotApplicable)),
            }
            let room = MAX_EVIDENCE.saturating_sub(evidence.len());
            evidence.extend(feature.evidence.iter().take(room).map(|piece| AnswerEvidence {
                answer: answer.id.clone(),
                start_s: piece.start_s,
                end_s: piece.end_s,
                text: piece.text.clone(),
            }));
        }
    }
    let reading = collector.reading(indicator.aggregate);
    Finding { spread: collector.spread(), evidence, reading }
}
