//! The scorecard: the result of scoring in the terms of the report, with reasons in both languages.

use interview_schemas::Bilingual;
use interview_schemas::features::{FeatureSet, NotAssessed, round_decimals};
use interview_schemas::report::{Competency, Grade, Indicator, ProfileRef};

use super::aggregate::{Finding, findings};
use super::evaluate::{Evaluation, evaluate};
use super::{Profile, reasons};

/// What scoring contributes to a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// The profile that was used.
    pub profile: ProfileRef,
    /// 0–100; absent when there is too little evidence.
    pub score: Option<f64>,
    /// The recommendation.
    pub grade: Grade,
    /// Share of the profile's weight that was measured, times how well; 0–1.
    pub confidence: f64,
    /// Why, in a few sentences.
    pub reasons: Vec<Bilingual>,
    /// The competencies, heaviest first; their contributions add up to the score.
    pub competencies: Vec<Competency>,
}

/// Scores an interview: pure, the same input gives the same bytes, in whatever order the answers stand.
#[must_use]
pub fn score(profile: &Profile, features: &FeatureSet) -> Scorecard {
    let findings = findings(profile, features);
    let readings: Vec<_> = findings.iter().map(|finding| finding.reading.ok()).collect();
    let evaluation = evaluate(profile, &readings);
    let mut competencies: Vec<_> = (0..profile.competencies().len())
        .map(|index| competency(profile, &evaluation, &findings, index))
        .collect();
    // Sorting is stable: equal weights stay in the order of their names.
    competencies.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    Scorecard {
        profile: profile.reference(),
        score: evaluation.score,
        grade: evaluation.grade,
        confidence: evaluation.confidence,
        reasons: reasons::reasons(profile, &evaluation, &competencies),
        competencies,
    }
}

fn competency(profile: &Profile, evaluation: &Evaluation, findings: &[Finding], index: usize) -> Competency {
    let spec = &profile.competencies()[index];
    let result = &evaluation.competencies[index];
    let mut indicators: Vec<_> =
        spec.indicators.clone().map(|index| indicator(profile, evaluation, findings, index)).collect();
    indicators.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    Competency {
        name: spec.name.clone(),
        title: spec.title.clone(),
        group: profile.groups()[spec.group].name.clone(),
        score: result.score,
        weight: round_decimals(spec.weight, 6),
        contribution: result.contribution,
        confidence: result.confidence,
        indicators,
    }
}

fn indicator(profile: &Profile, evaluation: &Evaluation, findings: &[Finding], index: usize) -> Indicator {
    let spec = &profile.indicators()[index];
    let result = &evaluation.indicators[index];
    let finding = &findings[index];
    let not_assessed = match (result.score, finding.reading) {
        (Some(_), _) => None,
        (None, Err(reason)) => Some(reason),
        // Measured, but below the profile's floor for one indicator.
        (None, Ok(_)) => Some(NotAssessed::PoorQuality),
    };
    Indicator {
        feature: spec.feature.clone(),
        title: spec.title.clone(),
        value: match result.score {
            Some(_) => finding.reading.ok().map(|reading| round_decimals(reading.value, 6)),
            None => None,
        },
        spread: finding.spread,
        unit: spec.unit.clone(),
        score: result.score,
        weight: round_decimals(spec.weight, 6),
        contribution: result.contribution,
        confidence: result.confidence,
        not_assessed,
        evidence: finding.evidence.clone(),
    }
}
