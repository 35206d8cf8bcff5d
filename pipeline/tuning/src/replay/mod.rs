//! Replay: what would a profile have said about past interviews, and for whom would it have changed?

mod html;
mod movers;
mod summary;

use std::collections::BTreeMap;

use interview_pipeline::score::Profile;
use interview_pipeline::score::evaluate::{Evaluation, evaluate};
use interview_pipeline::score::rules::Applied;
use interview_schemas::Bilingual;
use interview_schemas::report::Grade;

use crate::TuningError;
use crate::population::{Population, Readings, Values, features_with_rules};
use crate::statistics::{kendall_tau_b, spearman};
use crate::store::Block;

pub use html::render;
pub use movers::{Mover, Reason};
pub use summary::{BranchRates, Count, Distribution, GRADES, Replay, grade_index};

use movers::Movers;

/// How a replay is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Threads to score with.
    pub threads: usize,
    /// How many of those who moved most are listed.
    pub movers: usize,
}

/// The outcome of one interview under both profiles.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The interview.
    pub id: String,
    /// The branch.
    pub branch: Option<String>,
    /// Score and grade under the new profile.
    pub new: (Option<f64>, Grade),
    /// Score and grade under the baseline.
    pub old: Option<(Option<f64>, Grade)>,
    /// Hard rules and triggers of the new profile that apply.
    pub new_applied: Applied,
    /// Hard rules and triggers of the baseline that apply.
    pub old_applied: Applied,
}

/// Re-scores a population with `profile`, and with `baseline` beside it. Test candidates are left out. `row` is
/// told every interview in the order of the population. Hard rules never reject here: whether a policy allows that
/// is no matter of the profile.
///
/// # Errors
/// [`TuningError`] when the population cannot be read.
pub fn replay(
    population: &Population,
    profile: &Profile,
    baseline: Option<&Profile>,
    options: Options,
    mut row: impl FnMut(&Row) -> Result<(), TuningError>,
) -> Result<Replay, TuningError> {
    let both: Vec<&Profile> = std::iter::once(profile).chain(baseline).collect();
    let features = features_with_rules(&both);
    let parts = population.scan(&features, options.threads, |block| {
        let mut new_side = Side::new(profile, &features, &block);
        let mut old_side = baseline.map(|baseline| Side::new(baseline, &features, &block));
        let mut movers = Movers::new(options.movers);
        let mut rows = Vec::with_capacity(block.interviews.len());
        let mut tests = 0usize;
        for (index, interview) in block.interviews.iter().enumerate() {
            if interview.test {
                tests += 1;
                continue;
            }
            let (new, new_applied) = new_side.of(index);
            let mut old_applied = Applied::default();
            let old = old_side.as_mut().map(|side| {
                let (old, applied) = side.of(index);
                movers.offer(&interview.id, (profile, &new), (side.profile, &old));
                old_applied = applied;
                outcome(&old)
            });
            rows.push(Row {
                id: interview.id.clone(),
                branch: interview.branch.clone(),
                new: outcome(&new),
                old,
                new_applied,
                old_applied,
            });
        }
        Ok((rows, movers, tests))
    })?;
    let mut movers = Movers::new(options.movers);
    let mut summary = summary::Builder::default();
    let (mut new_scores, mut old_scores) = (Vec::new(), Vec::new());
    let mut tests = 0;
    for (rows, part, left_out) in parts {
        tests += left_out;
        movers.merge(part);
        for one in rows {
            summary.add(&one);
            if let (Some(new), Some((Some(old), _))) = (one.new.0, one.old) {
                new_scores.push(new);
                old_scores.push(old);
            }
            row(&one)?;
        }
    }
    let mut result = summary.finish(profile, baseline, tests);
    result.kendall_tau_b = kendall_tau_b(&old_scores, &new_scores);
    result.spearman = spearman(&old_scores, &new_scores);
    result.movers = movers.finish();
    result.pairs = html::sample(&old_scores, &new_scores);
    Ok(result)
}

/// A profile with what it looks at.
struct Side<'a> {
    profile: &'a Profile,
    block: &'a Block,
    readings: Readings<'a>,
    values: Values,
}

impl<'a> Side<'a> {
    fn new(profile: &'a Profile, features: &[String], block: &'a Block) -> Self {
        let values = Values::new(profile.rules().features(), features);
        Self { profile, block, readings: Readings::new(profile, features, block), values }
    }

    /// Scores an interview and looks which rules and triggers apply.
    fn of(&mut self, index: usize) -> (Evaluation, Applied) {
        let evaluation = evaluate(self.profile, self.readings.of(index));
        let flags: Vec<&str> = self
            .block
            .interviews
            .get(index)
            .map(|interview| interview.flags.iter().map(String::as_str).collect())
            .unwrap_or_default();
        let applied = self.profile.rules().applied(&evaluation, &self.values.of(self.block, index), &flags);
        (evaluation, applied)
    }
}

fn outcome(evaluation: &Evaluation) -> (Option<f64>, Grade) {
    (evaluation.score, evaluation.grade)
}

/// The titles of the competencies by name.
fn titles(profile: &Profile) -> BTreeMap<String, Bilingual> {
    profile.competencies().iter().map(|part| (part.name.clone(), part.title.clone())).collect()
}

#[cfg(test)]
mod tests;
