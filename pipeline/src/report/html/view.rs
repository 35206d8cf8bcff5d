//! What the page shows, in words and strings: the templates only lay it out.

use std::collections::BTreeMap;

use interview_schemas::features::FeatureSet;
use interview_schemas::policy::ResolvedPolicy;
use interview_schemas::report::{Competency, Flag, GroupScore, Indicator, Report, RuleHit, TriggerHit};
use interview_schemas::{AnswerId, Bilingual};
use serde::Serialize;

use super::answers::{AnswerView, answer_view};
use super::{format, words};
use crate::features::catalogue;

/// Circumference of the ring around the score in SVG units: 2π × 52.
const RING: f64 = 326.726;

/// The whole page.
#[derive(Debug, Serialize)]
pub(super) struct Page<'a> {
    report: &'a Report,
    position: Option<&'a str>,
    scenario: Bilingual,
    grade: Grade,
    score: Option<Score>,
    confidence: Level,
    flags: Vec<FlagView>,
    competencies: Vec<CompetencyView>,
    groups: Vec<GroupView>,
    /// The rules that apply and say something that no flag says.
    reviews: Vec<&'a RuleHit>,
    /// Whether a rule asks for a person, whatever the score.
    must_look: bool,
    triggers: &'a [TriggerHit],
    /// Whether something of the profile could not be measured.
    shared: bool,
    answers: Vec<AnswerView>,
    policy: PolicyView,
}

#[derive(Debug, Serialize)]
struct Grade {
    key: &'static str,
    title: Bilingual,
    meaning: Bilingual,
}

#[derive(Debug, Serialize)]
struct Score {
    text: String,
    /// Length of the filled part of the ring.
    dash: String,
}

/// A share (0–1) with a word for it.
#[derive(Debug, Serialize)]
pub(super) struct Level {
    key: &'static str,
    word: Bilingual,
    percent: String,
}

#[derive(Debug, Serialize)]
struct FlagView {
    code: String,
    message: Bilingual,
    /// Number of the answer, counted from 1.
    answer: Option<usize>,
    spans: Vec<String>,
}

#[derive(Debug, Serialize)]
struct GroupView {
    title: Bilingual,
    score: Option<String>,
    weight: String,
    points: String,
}

#[derive(Debug, Serialize)]
struct CompetencyView {
    title: Bilingual,
    score: Option<String>,
    weight: String,
    points: String,
    /// Start and width in the bar of the total score, in percent.
    bar_start: String,
    bar_width: String,
    /// Number of its colour.
    colour: usize,
    confidence: Level,
    indicators: Vec<IndicatorView>,
}

#[derive(Debug, Serialize)]
struct IndicatorView {
    feature: String,
    title: Bilingual,
    value: Option<Bilingual>,
    /// Standard deviation between answers or raters.
    spread: Option<Bilingual>,
    score: Option<String>,
    weight: String,
    points: String,
    confidence: Level,
    not_assessed: Option<Bilingual>,
    definition: Option<Definition>,
    evidence: Vec<EvidenceView>,
}

/// How a feature is measured.
#[derive(Debug, Serialize)]
pub(super) struct Definition {
    text: Bilingual,
    source: &'static str,
}

#[derive(Debug, Serialize)]
struct EvidenceView {
    answer: Option<usize>,
    time: Option<String>,
    text: String,
}

#[derive(Debug, Serialize)]
struct PolicyView {
    name: String,
    consent: Vec<Bilingual>,
    looked_at: Vec<(Bilingual, bool)>,
    retention_days: Option<u32>,
    notices: Vec<Bilingual>,
}

/// Makes the page from a report and the features it was scored from.
pub(super) fn page<'a>(report: &'a Report, features: &FeatureSet) -> Page<'a> {
    let numbers: BTreeMap<&AnswerId, usize> =
        report.answers.iter().enumerate().map(|(index, answer)| (&answer.id, index + 1)).collect();
    Page {
        report,
        position: report.position.as_deref(),
        scenario: words::scenario(report.scenario),
        grade: Grade {
            key: report.grade.as_str(),
            title: report.grade.title(),
            meaning: words::grade_meaning(report.grade),
        },
        score: report.score.map(|score| Score {
            text: format::fixed(score, 1),
            dash: format!("{:.1}", (score / 100.0).clamp(0.0, 1.0) * RING),
        }),
        confidence: level(report.confidence),
        flags: report.flags.iter().map(|flag| flag_view(flag, &numbers)).collect(),
        competencies: competencies(report, &numbers),
        groups: groups(report),
        reviews: report
            .reviews
            .iter()
            .filter(|review| report.flags.iter().all(|flag| flag.message != review.message))
            .collect(),
        must_look: !report.reviews.is_empty(),
        triggers: &report.triggers,
        shared: report
            .competencies
            .iter()
            .flat_map(|competency| &competency.indicators)
            .any(|indicator| indicator.score.is_none()),
        answers: report
            .answers
            .iter()
            .map(|answer| answer_view(answer, report, features.answers.iter().find(|it| it.id == answer.id)))
            .collect(),
        policy: policy_view(&report.policy),
    }
}

pub(super) fn level(share: f64) -> Level {
    let (key, word) = words::confidence(share);
    Level { key, word, percent: format::percent(share) }
}

fn flag_view(flag: &Flag, numbers: &BTreeMap<&AnswerId, usize>) -> FlagView {
    FlagView {
        code: flag.code.clone(),
        message: flag.message.clone(),
        answer: flag.answer.as_ref().and_then(|id| numbers.get(id).copied()),
        spans: flag.spans.iter().map(|span| format::span(span.start_s, span.end_s)).collect(),
    }
}

fn competencies(report: &Report, numbers: &BTreeMap<&AnswerId, usize>) -> Vec<CompetencyView> {
    let contributions: Vec<f64> = report.competencies.iter().map(|it| it.contribution).collect();
    let points = tenths(&contributions);
    let mut start = 0.0;
    report
        .competencies
        .iter()
        .zip(points)
        .enumerate()
        .map(|(index, (competency, points))| {
            let width = competency.contribution.clamp(0.0, 100.0);
            let bar_start = start;
            start += width;
            competency_view(competency, index, points, (bar_start, width), numbers)
        })
        .collect()
}

fn groups(report: &Report) -> Vec<GroupView> {
    let contributions: Vec<f64> = report.groups.iter().map(|group| group.contribution).collect();
    let view = |(group, points): (&GroupScore, i64)| GroupView {
        title: group.title.clone(),
        score: group.score.map(|score| format::fixed(score, 1)),
        weight: format::percent(group.weight),
        points: points_text(points),
    };
    report.groups.iter().zip(tenths(&contributions)).map(view).collect()
}

fn competency_view(
    competency: &Competency,
    index: usize,
    points: i64,
    (bar_start, bar_width): (f64, f64),
    numbers: &BTreeMap<&AnswerId, usize>,
) -> CompetencyView {
    let contributions: Vec<f64> = competency.indicators.iter().map(|it| it.contribution).collect();
    CompetencyView {
        title: competency.title.clone(),
        score: competency.score.map(|score| format::fixed(score, 1)),
        weight: format::percent(competency.weight),
        points: points_text(points),
        bar_start: format!("{bar_start:.2}"),
        bar_width: format!("{bar_width:.2}"),
        colour: index % 6 + 1,
        confidence: level(competency.confidence),
        indicators: competency
            .indicators
            .iter()
            .zip(tenths(&contributions))
            .map(|(indicator, points)| indicator_view(indicator, points, numbers))
            .collect(),
    }
}

fn indicator_view(indicator: &Indicator, points: i64, numbers: &BTreeMap<&AnswerId, usize>) -> IndicatorView {
    let range = catalogue::find(&indicator.feature).map(|definition| definition.range);
    IndicatorView {
        feature: indicator.feature.clone(),
        title: indicator.title.clone(),
        value: indicator.value.map(|value| format::value(value, &indicator.unit, range)),
        spread: indicator.spread.map(|spread| format::value(spread, &indicator.unit, range)),
        score: indicator.score.map(|score| format::fixed(score, 1)),
        weight: format::percent(indicator.weight),
        points: points_text(points),
        confidence: level(indicator.confidence),
        not_assessed: indicator.not_assessed.map(words::not_assessed),
        definition: definition(&indicator.feature),
        evidence: indicator
            .evidence
            .iter()
            .map(|evidence| EvidenceView {
                answer: numbers.get(&evidence.answer).copied(),
                // Evidence of typed text and of ratings has no time.
                time: (evidence.end_s > 0.0).then(|| format::span(evidence.start_s, evidence.end_s)),
                text: evidence.text.clone(),
            })
            .collect(),
    }
}

/// How a feature is measured, where the catalogue knows it.
pub(super) fn definition(feature: &str) -> Option<Definition> {
    let found = catalogue::find(feature)?;
    Some(Definition { text: Bilingual::new(found.definition_en, found.definition_zh), source: found.source })
}

fn policy_view(policy: &ResolvedPolicy) -> PolicyView {
    let looked_at = [
        (
            policy.picture,
            Bilingual::new("Picture (face geometry, gaze, posture)", "画面（面部几何、目光、姿态）"),
        ),
        (policy.expression, Bilingual::new("Facial expression", "面部表情")),
        (policy.identity, Bilingual::new("Biometric identity", "生物特征身份")),
        (policy.sentiment, Bilingual::new("Sentiment of words", "言语情感倾向")),
    ];
    PolicyView {
        name: policy.name.clone(),
        consent: policy.consent.iter().copied().map(words::consent).collect(),
        looked_at: looked_at.into_iter().map(|(allowed, title)| (title, allowed)).collect(),
        retention_days: policy.retention_days,
        notices: policy.notices.clone(),
    }
}

/// Rounds to tenths so that the shown numbers still add up to their shown sum: what rounding down leaves over
/// goes to the largest remainders.
fn tenths(values: &[f64]) -> Vec<i64> {
    let scaled: Vec<f64> = values
        .iter()
        .map(|value| if value.is_finite() { value.clamp(-1e6, 1e6) * 10.0 } else { 0.0 })
        .collect();
    let mut tenths: Vec<i64> = scaled.iter().map(|value| value.floor() as i64).collect();
    let missing = scaled.iter().sum::<f64>().round() as i64 - tenths.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..scaled.len()).collect();
    order.sort_by(|&a, &b| (scaled[b] - scaled[b].floor()).total_cmp(&(scaled[a] - scaled[a].floor())));
    for &index in order.iter().take(usize::try_from(missing).unwrap_or(0)) {
        tenths[index] += 1;
    }
    tenths
}

fn points_text(tenths: i64) -> String {
    format::fixed(tenths as f64 / 10.0, 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shown_points_add_up_to_the_shown_sum(values in prop::collection::vec(0.0..100.0f64, 0..12)) {
            let shown = tenths(&values);
            let sum: f64 = values.iter().sum();
            prop_assert_eq!(shown.iter().sum::<i64>(), (sum * 10.0).round() as i64);
            for (value, shown) in values.iter().zip(shown) {
                prop_assert!((value * 10.0 - shown as f64).abs() <= 1.0);
            }
        }
    }
}
