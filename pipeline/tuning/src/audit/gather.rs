//! The people of an audit, and the indicators in which groups differ.

use std::collections::BTreeSet;

use interview_pipeline::score::Profile;
use interview_pipeline::score::evaluate::evaluate;
use interview_schemas::features::round_decimals;
use interview_schemas::report::ProfileRef;
use serde::Serialize;

use super::Selected;
use crate::TuningError;
use crate::population::{Population, Readings, features_of};
use crate::statistics::{Interval, hedges_g, mean};

/// Fewest measured members of a group whose points are compared.
const LEAST_MEMBERS: usize = 10;
/// Most culprits that are listed per category.
const MOST_CULPRITS: usize = 12;

/// A profile as an audit names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Audited {
    /// The profile.
    pub profile: ProfileRef,
    /// Its indicators, in its order.
    pub indicators: Vec<AuditedIndicator>,
}

/// An indicator of the audited profile.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedIndicator {
    /// Names of competency and indicator.
    pub name: String,
    /// The feature.
    pub feature: String,
    /// Share of the whole, 0–1.
    pub weight: f64,
}

impl From<&Profile> for Audited {
    fn from(profile: &Profile) -> Self {
        let indicators = profile.indicators().iter().map(|indicator| {
            let part = profile.competencies().get(indicator.competency);
            AuditedIndicator {
                name: format!("{} / {}", part.map_or("", |part| part.name.as_str()), indicator.name),
                feature: indicator.feature.clone(),
                weight: indicator.weight,
            }
        });
        Self { profile: profile.reference(), indicators: indicators.collect() }
    }
}

/// One person.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The interview.
    pub id: String,
    /// The score.
    pub score: Option<f64>,
    /// Selected or not.
    pub selected: bool,
    /// Per indicator of the profile: points (0–100); absent when not assessed.
    pub indicators: Vec<Option<f64>>,
}

/// An indicator in which a group differs from everybody else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Culprit {
    /// Names of competency and indicator.
    pub indicator: String,
    /// The feature.
    pub feature: String,
    /// The group.
    pub group: String,
    /// Mean points of the group minus those of everybody else, in standard deviations (Hedges' g), with the 95 %
    /// interval.
    pub difference: Interval,
    /// What that makes of the total score, in points.
    pub score_points: f64,
}

/// Scores a population; test candidates are left out and counted.
///
/// # Errors
/// [`TuningError`] when it cannot be read.
pub fn gather(
    population: &Population,
    profile: &Profile,
    selected: Selected,
    threads: usize,
) -> Result<(Vec<Person>, usize), TuningError> {
    let features = features_of(&[profile]);
    let parts = population.scan(&features, threads, |block| {
        let mut readings = Readings::new(profile, &features, &block);
        let (mut people, mut tests) = (Vec::new(), 0);
        for (index, interview) in block.interviews.iter().enumerate() {
            if interview.test {
                tests += 1;
                continue;
            }
            let evaluation = evaluate(profile, readings.of(index));
            people.push(Person {
                id: interview.id.clone(),
                score: evaluation.score,
                selected: selected.counts(evaluation.grade),
                indicators: evaluation.indicators.iter().map(|indicator| indicator.score).collect(),
            });
        }
        Ok((people, tests))
    })?;
    let (mut people, mut tests) = (Vec::new(), 0);
    for (part, left_out) in parts {
        people.extend(part);
        tests += left_out;
    }
    Ok((people, tests))
}

/// The indicators in which groups differ most from everybody else whose group is known, by what that makes of the
/// total score.
pub(super) fn culprits(audited: &Audited, people: &[Person], labels: &[Option<String>]) -> Vec<Culprit> {
    let groups: BTreeSet<&str> = labels.iter().flatten().map(String::as_str).collect();
    let mut found = Vec::new();
    for group in groups {
        for (place, indicator) in audited.indicators.iter().enumerate() {
            let (mut own, mut others) = (Vec::new(), Vec::new());
            for (person, label) in people.iter().zip(labels) {
                let points = person.indicators.get(place).copied().flatten();
                let (Some(label), Some(points)) = (label, points) else { continue };
                if label == group { own.push(points) } else { others.push(points) }
            }
            if own.len() < LEAST_MEMBERS || others.len() < LEAST_MEMBERS {
                continue;
            }
            let Some(difference) = hedges_g(&own, &others) else { continue };
            let gap = mean(&own).unwrap_or(0.0) - mean(&others).unwrap_or(0.0);
            found.push(Culprit {
                indicator: indicator.name.clone(),
                feature: indicator.feature.clone(),
                group: group.to_owned(),
                difference: Interval {
                    value: round_decimals(difference.value, 6),
                    low: round_decimals(difference.low, 6),
                    high: round_decimals(difference.high, 6),
                },
                score_points: round_decimals(indicator.weight * gap, 6),
            });
        }
    }
    found.sort_by(|a, b| {
        b.score_points
            .abs()
            .total_cmp(&a.score_points.abs())
            .then_with(|| a.indicator.cmp(&b.indicator))
            .then_with(|| a.group.cmp(&b.group))
    });
    found.truncate(MOST_CULPRITS);
    found
}
