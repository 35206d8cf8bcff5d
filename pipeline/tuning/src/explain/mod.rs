//! Explain: why this score, point by point, and the smallest changes that would change the grade.

mod text;
mod what_if;

use interview_pipeline::score::aggregate::findings;
use interview_pipeline::score::evaluate::{Reading, evaluate, shares};
use interview_pipeline::score::{Profile, reasons, score};
use interview_schemas::Bilingual;
use interview_schemas::features::{FeatureSet, NotAssessed, round_decimals};
use interview_schemas::report::{Grade, ProfileRef, Report, RuleHit, TriggerHit};
use serde::Serialize;

use crate::TuningError;

pub use text::{markdown, plain};
pub use what_if::{Change, WhatIf};

/// Why a score is what it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The profile.
    pub profile: ProfileRef,
    /// The score.
    pub score: Option<f64>,
    /// The grade.
    pub grade: Grade,
    /// 0–1.
    pub confidence: f64,
    /// Scores from which `recommended` and `consider` are given.
    pub thresholds: (f64, f64),
    /// The indicators, those that give most points first.
    pub points: Vec<Point>,
    /// What would change the grade: up first, then down.
    pub what_if: Vec<WhatIf>,
    /// Hard rules that ask for a person to look.
    pub reviews: Vec<RuleHit>,
    /// What the outcome sets going.
    pub triggers: Vec<TriggerHit>,
}

/// One indicator's part in a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Name of the competency.
    pub competency: String,
    /// Title of the competency.
    pub competency_title: Bilingual,
    /// Name of the indicator.
    pub indicator: String,
    /// Title of the indicator.
    pub title: Bilingual,
    /// The feature.
    pub feature: String,
    /// The value over all answers.
    pub value: Option<f64>,
    /// Unit of the value.
    pub unit: String,
    /// 0–100.
    pub score: Option<f64>,
    /// Percent of the profile.
    pub weight: f64,
    /// Percent that it counts here, with the weight of what is missing shared out.
    pub counts: f64,
    /// Points of the total.
    pub contribution: f64,
    /// Points of the total that it could still give.
    pub missed: f64,
    /// Why there is no value.
    pub not_assessed: Option<NotAssessed>,
    /// The reason for people.
    pub reason: Option<Bilingual>,
}

/// Explains the score of an interview from its features.
#[must_use]
pub fn explain(profile: &Profile, features: &FeatureSet) -> Explanation {
    let found = findings(profile, features);
    let readings: Vec<_> = found.iter().map(|finding| finding.reading).collect();
    let card = score(profile, features);
    Explanation { reviews: card.reviews, triggers: card.triggers, ..from_readings(profile, &readings) }
}

/// Explains the score of a report. The report holds every reading, but under the profile it was made with only.
///
/// # Errors
/// [`TuningError::Usage`] when it was made with another profile.
pub fn explain_report(profile: &Profile, report: &Report) -> Result<Explanation, TuningError> {
    if report.profile.hash != profile.hash() {
        let own = profile.reference();
        return Err(TuningError::Usage(format!(
            "the report was made with {}@{} ({:.12}…), not with {}@{} ({:.12}…); explain its features.json instead",
            report.profile.name, report.profile.version, report.profile.hash, own.name, own.version, own.hash
        )));
    }
    let mut readings = Vec::new();
    for spec in profile.indicators() {
        let name = profile.competencies().get(spec.competency).map_or("", |part| part.name.as_str());
        // A feature can stand twice in a competency, for two scenes: the title and weight tell them apart.
        let found = report
            .competencies
            .iter()
            .filter(|part| part.name == name)
            .flat_map(|part| &part.indicators)
            .find(|one| {
                one.feature == spec.feature
                    && one.title == spec.title
                    && (one.weight - round_decimals(spec.weight, 6)).abs() < 1e-9
            });
        let reading = found.and_then(|one| Some(Reading { value: one.value?, confidence: one.confidence }));
        let missing = found.and_then(|one| one.not_assessed).unwrap_or(NotAssessed::PoorQuality);
        readings.push(reading.ok_or(missing));
    }
    Ok(Explanation {
        // A policy may let a hard rule decide about the grade.
        grade: report.grade,
        reviews: report.reviews.clone(),
        triggers: report.triggers.clone(),
        ..from_readings(profile, &readings)
    })
}

fn from_readings(profile: &Profile, readings: &[Result<Reading, NotAssessed>]) -> Explanation {
    let evaluation = evaluate(profile, readings);
    let assessed: Vec<bool> = evaluation.indicators.iter().map(|result| result.score.is_some()).collect();
    let shares = shares(profile, &assessed);
    let mut points: Vec<Point> = profile
        .indicators()
        .iter()
        .enumerate()
        .map(|(index, spec)| {
            let result = evaluation.indicators.get(index).copied().unwrap_or_default();
            let share = shares.get(index).copied().unwrap_or(0.0);
            let part = profile.competencies().get(spec.competency);
            let reason = match result.score {
                Some(_) => None,
                // Measured, but below the floor of the profile for one indicator.
                None => readings.get(index).map(|reading| reading.err().unwrap_or(NotAssessed::PoorQuality)),
            };
            let reading =
                readings.get(index).and_then(|reading| reading.ok()).filter(|_| result.score.is_some());
            Point {
                competency: part.map_or(String::new(), |part| part.name.clone()),
                competency_title: part.map_or(Bilingual::new("", ""), |part| part.title.clone()),
                indicator: spec.name.clone(),
                title: spec.title.clone(),
                feature: spec.feature.clone(),
                value: reading.map(|reading| round_decimals(reading.value, 6)),
                unit: spec.unit.clone(),
                score: result.score,
                weight: round_decimals(100.0 * spec.weight, 6),
                counts: round_decimals(100.0 * share, 6),
                contribution: result.contribution,
                missed: round_decimals((100.0 * share - result.contribution).max(0.0), 6),
                not_assessed: reason,
                reason: reason.map(reasons::not_assessed_text),
            }
        })
        .collect();
    points.sort_by(|a, b| {
        let order = b.contribution.total_cmp(&a.contribution).then_with(|| b.weight.total_cmp(&a.weight));
        order.then_with(|| (&a.competency, &a.indicator).cmp(&(&b.competency, &b.indicator)))
    });
    let grades = profile.grades();
    Explanation {
        profile: profile.reference(),
        score: evaluation.score,
        grade: evaluation.grade,
        confidence: evaluation.confidence,
        thresholds: (grades.recommended, grades.consider),
        points,
        what_if: what_if::what_if(profile, readings, &evaluation),
        reviews: Vec::new(),
        triggers: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
