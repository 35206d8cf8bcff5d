//! Expressions over an answer: which one prevails when, and how steady they are. Only where policy and consent allow.

use std::collections::BTreeMap;

use interview_schemas::perception::Span;

use super::view::View;

/// Another expression takes over only when it is more probable by this much.
const MARGIN: f64 = 0.15;
/// Steadiness compares the face with itself about this much later, in seconds.
const APART_S: f64 = 1.0;

/// The prevailing expression over time.
pub(super) struct Expressions {
    /// Spans of one expression after the other.
    pub(super) spans: Vec<(String, Span)>,
    /// Time per expression, in seconds.
    pub(super) time_s: BTreeMap<String, f64>,
    /// All time with a known expression, in seconds.
    pub(super) known_s: f64,
    /// 1 minus the mean change of the distribution (total variation distance) within a second; `None` when too short.
    pub(super) steadiness: Option<f64>,
}

impl Expressions {
    /// `None` when no expression was read at all.
    pub(super) fn new(view: &View<'_>) -> Option<Self> {
        let seen: Vec<_> = view
            .samples
            .iter()
            .filter_map(|sample| Some((sample, sample.usable?.expression.as_ref()?)))
            .collect();
        let mut spans: Vec<(String, Span)> = Vec::new();
        let mut time_s: BTreeMap<String, f64> = BTreeMap::new();
        let mut known_s = 0.0;
        let mut current: Option<String> = None;
        for (sample, probabilities) in &seen {
            let (best, probability) =
                probabilities.iter().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)))?;
            let held = current.as_ref().and_then(|name| probabilities.get(name)).copied();
            let label = match (&current, held) {
                (Some(name), Some(held)) if *probability < held + MARGIN => name.clone(),
                _ => best.clone(),
            };
            match spans.last_mut() {
                Some((name, span)) if *name == label && sample.t_s - span.end_s <= view.step_s => {
                    span.end_s = sample.end_s();
                }
                _ => spans.push((label.clone(), Span { start_s: sample.t_s, end_s: sample.end_s() })),
            }
            *time_s.entry(label.clone()).or_default() += sample.step_s;
            known_s += sample.step_s;
            current = Some(label);
        }
        (known_s > 0.0).then(|| Self { steadiness: steadiness(&seen), spans, time_s, known_s })
    }

    /// Share of the time in which an expression prevails.
    pub(super) fn ratio(&self, name: &str) -> f64 {
        self.time_s.get(name).copied().unwrap_or(0.0) / self.known_s
    }

    /// The spans of one expression.
    pub(super) fn spans_of(&self, name: &str) -> Vec<Span> {
        self.spans.iter().filter(|(label, _)| label == name).map(|(_, span)| *span).collect()
    }
}

fn steadiness(seen: &[(&super::view::Sample<'_>, &BTreeMap<String, f64>)]) -> Option<f64> {
    let (mut sum, mut count, mut later) = (0.0, 0u32, 0);
    for (sample, probabilities) in seen {
        while later < seen.len() && seen[later].0.t_s < sample.t_s + APART_S - 0.001 {
            later += 1;
        }
        let Some((next, other)) = seen.get(later) else { break };
        if next.t_s - sample.t_s <= 1.5 * APART_S {
            let change: f64 = probabilities
                .iter()
                .map(|(name, value)| (value - other.get(name).copied().unwrap_or(0.0)).abs())
                .sum();
            sum += change / 2.0;
            count += 1;
        }
    }
    (count > 0).then(|| 1.0 - sum / f64::from(count))
}
