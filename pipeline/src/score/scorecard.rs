//! The scorecard: the result of scoring in the terms of the report, with reasons in both languages.

use interview_schemas::Bilingual;
use interview_schemas::features::{FeatureSet, NotAssessed, round_decimals};
use interview_schemas::report::{
    Competency, Grade, GroupScore, Indicator, ProfileRef, RuleHit, ShadowScore, TriggerHit,
};

use super::aggregate::{Finding, findings, overall};
use super::evaluate::{Evaluation, evaluate};
use super::rollout::Selection;
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
    /// Share of what applies of the profile's weight that was measured, times how well; 0–1.
    pub confidence: f64,
    /// Why, in a few sentences.
    pub reasons: Vec<Bilingual>,
    /// The competencies, heaviest first; their contributions add up to the score.
    pub competencies: Vec<Competency>,
    /// The groups of the profile, heaviest first; empty when it has none.
    pub groups: Vec<GroupScore>,
    /// Hard rules of the profile, and what the job requires, that ask for a person to look.
    pub reviews: Vec<RuleHit>,
    /// What the outcome sets going.
    pub triggers: Vec<TriggerHit>,
    /// What versions under trial would have said (see [`score_selected`]).
    pub shadow: Vec<ShadowScore>,
}

/// Scores an interview: pure, the same input gives the same bytes, in whatever order the answers stand. No rule
/// rejects by itself.
#[must_use]
pub fn score(profile: &Profile, features: &FeatureSet) -> Scorecard {
    score_under(profile, features, false)
}

/// Scores an interview under a policy that may allow hard rules to recommend against a candidate
/// (`automatic_rejection`).
#[must_use]
pub fn score_under(profile: &Profile, features: &FeatureSet, automatic_rejection: bool) -> Scorecard {
    let findings = findings(profile, features);
    let readings: Vec<_> = findings.iter().map(|finding| finding.reading).collect();
    let mut evaluation = evaluate(profile, &readings);
    let values: Vec<_> = profile.rules().features().iter().map(|name| overall(features, name)).collect();
    let flags: Vec<_> = features.flags.iter().map(|flag| flag.code.as_str()).collect();
    let mut consequences = profile.rules().consequences(&evaluation, &values, &flags, automatic_rejection);
    consequences.add_job_rules(&features.flags);
    if consequences.rejected && evaluation.score.is_some() {
        evaluation.grade = Grade::NotRecommended;
    }
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
        reasons: reasons::reasons(profile, &evaluation, &competencies, &consequences),
        competencies,
        groups: groups(profile, &evaluation),
        reviews: consequences.reviews,
        triggers: consequences.triggers,
        shadow: Vec::new(),
    }
}

/// Scores an interview with the chosen version of a profile, and beside it with the versions under trial.
#[must_use]
pub fn score_selected(selection: &Selection, features: &FeatureSet, automatic_rejection: bool) -> Scorecard {
    let trial = |profile| {
        let card = score_under(profile, features, automatic_rejection);
        ShadowScore {
            profile: card.profile,
            score: card.score,
            grade: card.grade,
            confidence: card.confidence,
        }
    };
    let mut card = score_under(&selection.live, features, automatic_rejection);
    card.shadow = selection.shadow.iter().map(trial).collect();
    card
}

fn groups(profile: &Profile, evaluation: &Evaluation) -> Vec<GroupScore> {
    if profile.groups().iter().all(|group| group.name.is_none()) {
        return Vec::new();
    }
    let mut groups: Vec<_> = profile
        .groups()
        .iter()
        .zip(&evaluation.groups)
        .map(|(spec, result)| GroupScore {
            name: spec.name.clone().unwrap_or_default(),
            title: spec.title.clone(),
            score: result.score,
            weight: round_decimals(spec.weight, 6),
            contribution: result.contribution,
            confidence: result.confidence,
        })
        .collect();
    groups.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    groups
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
