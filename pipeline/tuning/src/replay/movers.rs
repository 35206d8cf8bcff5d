//! Who moved most between two profiles, and why.

use std::collections::BTreeMap;

use interview_pipeline::score::Profile;
use interview_pipeline::score::evaluate::Evaluation;
use interview_schemas::features::round_decimals;
use interview_schemas::report::Grade;
use serde::Serialize;

/// An interview whose score moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mover {
    /// The interview.
    pub id: String,
    /// Points under the baseline.
    pub old: f64,
    /// Points under the new profile.
    pub new: f64,
    /// Grade under the baseline.
    pub old_grade: Grade,
    /// Grade under the new profile.
    pub new_grade: Grade,
    /// The competencies that moved it, the largest change first.
    pub reasons: Vec<Reason>,
}

/// A competency that moved a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// Name of the competency in its profile.
    pub competency: String,
    /// Points it gives under the new profile, minus those under the baseline.
    pub points: f64,
}

/// Keeps those who moved most.
pub(super) struct Movers {
    most: usize,
    kept: Vec<Mover>,
    /// Smaller moves are turned away.
    bar: f64,
}

impl Movers {
    pub(super) fn new(most: usize) -> Self {
        Self { most, kept: Vec::new(), bar: 1e-9 }
    }

    /// Looks at one interview under the new profile and the baseline.
    pub(super) fn offer(&mut self, id: &str, new: (&Profile, &Evaluation), old: (&Profile, &Evaluation)) {
        let (Some(new_score), Some(old_score)) = (new.1.score, old.1.score) else { return };
        let moved = (new_score - old_score).abs();
        if moved < self.bar {
            return;
        }
        let mut changes: BTreeMap<&str, f64> = BTreeMap::new();
        for (sign, (profile, evaluation)) in [(1.0, new), (-1.0, old)] {
            for (part, result) in profile.competencies().iter().zip(&evaluation.competencies) {
                *changes.entry(&part.name).or_default() += sign * result.contribution;
            }
        }
        let mut reasons: Vec<_> = changes
            .into_iter()
            .map(|(name, points)| Reason { competency: name.to_owned(), points: round_decimals(points, 6) })
            .filter(|reason| reason.points != 0.0)
            .collect();
        reasons.sort_by(|a, b| {
            b.points.abs().total_cmp(&a.points.abs()).then_with(|| a.competency.cmp(&b.competency))
        });
        self.kept.push(Mover {
            id: id.to_owned(),
            old: old_score,
            new: new_score,
            old_grade: old.1.grade,
            new_grade: new.1.grade,
            reasons,
        });
        // Kept unsorted up to twice the number, so that sorting is rare.
        if self.kept.len() > self.most * 2 {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        self.kept.sort_by(|a, b| {
            (b.new - b.old).abs().total_cmp(&(a.new - a.old).abs()).then_with(|| a.id.cmp(&b.id))
        });
        self.kept.truncate(self.most);
        if let Some(last) = self.kept.last().filter(|_| self.kept.len() == self.most) {
            self.bar = self.bar.max((last.new - last.old).abs());
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.kept.extend(other.kept);
        self.shrink();
    }

    /// Those who moved most, the largest move first.
    pub(super) fn finish(mut self) -> Vec<Mover> {
        self.shrink();
        self.kept
    }
}
