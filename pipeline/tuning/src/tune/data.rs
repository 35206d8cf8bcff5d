//! What is tuned on: competency scores and outcomes, interview by interview.

use std::collections::BTreeMap;

use interview_pipeline::score::Profile;
use interview_pipeline::score::evaluate::{Evaluation, evaluate};

use crate::TuningError;
use crate::population::{Population, Readings, features_of};
use crate::statistics::count;
use crate::tables::Table;

/// Fewest interviews of a group that parity is asked for.
const LEAST_GROUP: usize = 30;

/// A group of people.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Column and value, such as `sex = F`.
    pub name: String,
    /// Its rows.
    pub rows: Vec<usize>,
}

/// Competency scores and outcomes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Data {
    /// The competencies, in the order of the profile.
    pub competencies: Vec<String>,
    /// Scores 0–100, row by row.
    pub x: Vec<f64>,
    /// Outcomes.
    pub y: Vec<f64>,
    /// Interviews without outcome or without a score.
    pub left_out: usize,
    /// Per group: its mean of each competency, minus the mean of all, in points.
    pub gaps: Vec<Vec<f64>>,
}

impl Data {
    /// Number of interviews.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// The competency scores of a row.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f64] {
        let width = self.competencies.len();
        self.x.get(index * width..(index + 1) * width).unwrap_or_default()
    }

    /// Sets the groups between which parity is asked for; small ones are left out.
    pub fn set_groups(&mut self, groups: &[Group]) {
        let width = self.competencies.len();
        let mean = |rows: &mut dyn Iterator<Item = usize>| -> Vec<f64> {
            let (mut sums, mut number) = (vec![0.0; width], 0usize);
            for row in rows {
                for (sum, value) in sums.iter_mut().zip(self.row(row)) {
                    *sum += value;
                }
                number += 1;
            }
            sums.into_iter().map(|sum| sum / count(number.max(1))).collect()
        };
        let all = mean(&mut (0..self.rows()));
        let gaps = groups
            .iter()
            .filter(|group| group.rows.len() >= LEAST_GROUP)
            .map(|group| {
                let own = mean(&mut group.rows.iter().copied());
                own.iter().zip(&all).map(|(own, all)| own - all).collect()
            })
            .collect();
        self.gaps = gaps;
    }

    /// Largest difference of a group's mean score from the mean of all under these weights, in points.
    #[must_use]
    pub fn largest_gap(&self, weights: &[f64]) -> Option<f64> {
        let gap =
            |gaps: &Vec<f64>| gaps.iter().zip(weights).map(|(gap, weight)| gap * weight).sum::<f64>().abs();
        self.gaps.iter().map(gap).max_by(f64::total_cmp)
    }
}

/// Collects the interviews that have an outcome and a score under today's profile.
///
/// # Errors
/// [`TuningError`] when something cannot be read, or a column is missing.
pub fn collect(
    population: &Population,
    profile: &Profile,
    outcomes: &Table,
    outcome: &str,
    groups: Option<&Table>,
    threads: usize,
) -> Result<Data, TuningError> {
    let column = outcomes.column(outcome)?;
    let features = features_of(&[profile]);
    let parts = population.scan(&features, threads, |block| {
        let mut readings = Readings::new(profile, &features, &block);
        let (mut rows, mut left_out) = (Vec::new(), 0);
        for (index, interview) in block.interviews.iter().enumerate() {
            let outcome = outcomes.number(&interview.id, column)?;
            let evaluation = evaluate(profile, readings.of(index));
            match (outcome, filled(profile, &evaluation), interview.test) {
                (Some(y), Some(x), false) => rows.push((interview.id.clone(), x, y)),
                _ => left_out += 1,
            }
        }
        Ok((rows, left_out))
    })?;
    let mut data = Data {
        competencies: profile.competencies().iter().map(|part| part.name.clone()).collect(),
        ..Data::default()
    };
    let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (rows, left_out) in parts {
        data.left_out += left_out;
        for (id, x, y) in rows {
            for (place, name) in groups.iter().flat_map(|table| table.columns().iter().enumerate()) {
                if let Some(value) = groups.and_then(|table| table.text(&id, place)) {
                    members.entry(format!("{name} = {value}")).or_default().push(data.y.len());
                }
            }
            data.x.extend(x);
            data.y.push(y);
        }
    }
    let groups: Vec<_> = members.into_iter().map(|(name, rows)| Group { name, rows }).collect();
    data.set_groups(&groups);
    Ok(data)
}

/// The competency scores; what was not assessed gets the score of its group, else that of the whole, which is
/// what today's profile makes of it by sharing its weight among its siblings.
fn filled(profile: &Profile, evaluation: &Evaluation) -> Option<Vec<f64>> {
    let whole = evaluation.score?;
    let fill = |(part, result): (
        &interview_pipeline::score::ProfileCompetency,
        &interview_pipeline::score::evaluate::PartResult,
    )| {
        result
            .score
            .or_else(|| evaluation.groups.get(part.group).and_then(|group| group.score))
            .unwrap_or(whole)
    };
    Some(profile.competencies().iter().zip(&evaluation.competencies).map(fill).collect())
}
