//! One answer on the page: what was asked and said, its timeline, and every number measured in it.

use interview_schemas::features::{AnswerFeatures, Feature};
use interview_schemas::perception::Span;
use interview_schemas::report::{AnswerReport, Report};
use interview_schemas::{Bilingual, Language};
use serde::Serialize;

use super::chart::{Chart, chart};
use super::view::{Definition, Level, definition, level};
use super::{format, words};
use crate::features::catalogue;

/// Confidence of a transcript line below which it is marked as uncertain.
const UNCERTAIN: f64 = 0.6;
/// Most pieces of evidence shown per number; the rest is counted.
const MAX_EVIDENCE: usize = 6;

/// One answer.
#[derive(Debug, Serialize)]
pub(super) struct AnswerView {
    id: String,
    kind: Bilingual,
    question: Option<String>,
    duration: Option<Bilingual>,
    language: Option<Bilingual>,
    /// Language of the transcript for the `lang` attribute.
    lang: Option<&'static str>,
    lines: Vec<Line>,
    /// Whether a line is marked as uncertain.
    uncertain: bool,
    failure: Option<Failure>,
    chart: Option<Chart>,
    features: Vec<FeatureView>,
    /// Whether the numbers are shown at once: a rating from outside has nothing else to show.
    open: bool,
}

#[derive(Debug, Serialize)]
struct Line {
    /// Absent for typed text.
    time: Option<String>,
    text: String,
    uncertain: bool,
}

#[derive(Debug, Serialize)]
struct Failure {
    code: &'static str,
    message: String,
}

#[derive(Debug, Serialize)]
struct FeatureView {
    name: String,
    title: Bilingual,
    value: Option<Bilingual>,
    not_assessed: Option<Bilingual>,
    confidence: Level,
    definition: Option<Definition>,
    evidence: Vec<Mark>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct Mark {
    time: Option<String>,
    text: String,
}

/// Makes the view of one answer.
pub(super) fn answer_view(
    answer: &AnswerReport,
    report: &Report,
    features: Option<&AnswerFeatures>,
) -> AnswerView {
    let lines: Vec<_> = answer
        .transcript
        .iter()
        .map(|line| Line {
            time: (line.end_s > 0.0).then(|| format::time(line.start_s)),
            text: line.text.clone(),
            uncertain: line.confidence < UNCERTAIN,
        })
        .collect();
    let flagged: Vec<Span> = report
        .flags
        .iter()
        .filter(|flag| flag.answer.as_ref() == Some(&answer.id))
        .flat_map(|flag| flag.spans.iter().copied())
        .collect();
    AnswerView {
        id: answer.id.to_string(),
        kind: words::kind(&answer.kind),
        question: answer.question.clone(),
        duration: answer.duration_s.map(format::duration),
        language: answer.language.and_then(language),
        lang: match answer.language {
            Some(Language::En) => Some("en"),
            Some(Language::Zh) => Some("zh-CN"),
            Some(Language::Auto) | None => None,
        },
        uncertain: lines.iter().any(|line| line.uncertain),
        lines,
        failure: answer
            .failure
            .as_ref()
            .map(|failure| Failure { code: failure.code.as_str(), message: failure.message.clone() }),
        chart: answer
            .timeline
            .as_ref()
            .zip(answer.duration_s)
            .and_then(|(timeline, duration_s)| chart(timeline, duration_s, &flagged)),
        features: features
            .map(|answer| answer.features.iter().map(|feature| feature_view(feature, report)).collect())
            .unwrap_or_default(),
        open: answer.kind == "external",
    }
}

fn language(language: Language) -> Option<Bilingual> {
    match language {
        Language::En => Some(Bilingual::new("English", "英语")),
        Language::Zh => Some(Bilingual::new("Mandarin Chinese", "普通话")),
        Language::Auto => None,
    }
}

fn feature_view(feature: &Feature, report: &Report) -> FeatureView {
    let known = catalogue::find(&feature.name);
    FeatureView {
        name: feature.name.clone(),
        title: title(&feature.name, report),
        value: feature.value.map(|value| format::value(value, &feature.unit, known.map(|it| it.range))),
        not_assessed: feature.not_assessed.map(words::not_assessed),
        confidence: level(feature.confidence),
        definition: definition(&feature.name),
        evidence: feature
            .evidence
            .iter()
            .take(MAX_EVIDENCE)
            .map(|evidence| Mark {
                time: (evidence.end_s > 0.0).then(|| format::span(evidence.start_s, evidence.end_s)),
                text: evidence.text.clone(),
            })
            .collect(),
        more: feature.evidence.len().saturating_sub(MAX_EVIDENCE),
    }
}

/// The name of a feature for people: from the catalogue, else from the profile, else as it stands.
fn title(name: &str, report: &Report) -> Bilingual {
    if let Some(known) = catalogue::find(name) {
        return Bilingual::new(known.title_en, known.title_zh);
    }
    report
        .competencies
        .iter()
        .flat_map(|competency| &competency.indicators)
        .find(|indicator| indicator.feature == name)
        .map_or_else(|| Bilingual::new(name, name), |indicator| indicator.title.clone())
}
