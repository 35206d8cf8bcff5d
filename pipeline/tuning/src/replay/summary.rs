//! The numbers of a replay: distribution, grade flips, rates per branch.

use std::collections::BTreeMap;

use interview_pipeline::score::Profile;
use interview_pipeline::score::rules::Applied;
use interview_schemas::Bilingual;
use interview_schemas::features::round_decimals;
use interview_schemas::report::{Grade, ProfileRef};
use serde::Serialize;

use super::movers::Mover;
use super::{Row, titles};
use crate::statistics::{count, mean, quantile, variance};

/// The grades from best to none.
pub const GRADES: [Grade; 4] =
    [Grade::Recommended, Grade::Consider, Grade::NotRecommended, Grade::InsufficientEvidence];
/// Points per bar of the histogram.
const BAR: f64 = 5.0;
/// Bars of the histogram.
const BARS: usize = 20;

/// The place of a grade in [`GRADES`].
#[must_use]
pub fn grade_index(grade: Grade) -> usize {
    GRADES.iter().position(|known| *known == grade).unwrap_or(GRADES.len() - 1)
}

/// How often a hard rule or a trigger applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Its name in the profile.
    pub name: String,
    /// Interviews.
    pub interviews: usize,
}

/// How scores are distributed.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Distribution {
    /// Interviews.
    pub interviews: usize,
    /// Interviews with a score.
    pub scored: usize,
    /// Mean of the scores.
    pub mean: Option<f64>,
    /// Standard deviation of the scores.
    pub standard_deviation: Option<f64>,
    /// Scores at 5, 25, 50, 75 and 95 percent.
    pub quantiles: Vec<f64>,
    /// Interviews with a score of 0–5, 5–10 … 95–100.
    pub histogram: Vec<usize>,
    /// Interviews per grade, in the order of [`GRADES`].
    pub grades: [usize; 4],
    /// Interviews at which a person must look: by a hard rule, or for lack of evidence.
    pub to_look_at: usize,
    /// How often each hard rule of the profile asks for a person.
    pub rules: Vec<Count>,
    /// How often each trigger of the profile goes off.
    pub triggers: Vec<Count>,
}

/// Rates of one branch.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct BranchRates {
    /// The branch; absent for interviews without one.
    pub branch: Option<String>,
    /// Its interviews.
    pub interviews: usize,
    /// Share that is recommended by the new profile.
    pub recommended: f64,
    /// Share that the new profile recommends or would consider.
    pub considered: f64,
    /// Share that is recommended by the baseline.
    pub baseline_recommended: Option<f64>,
    /// Share that the baseline recommends or would consider.
    pub baseline_considered: Option<f64>,
}

/// The result of a replay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// The new profile.
    pub profile: ProfileRef,
    /// What it was compared with.
    pub baseline: Option<ProfileRef>,
    /// Interviews of test candidates, which are not counted (R8).
    pub test_candidates: usize,
    /// Under the new profile.
    pub new: Distribution,
    /// Under the baseline.
    pub old: Option<Distribution>,
    /// Interviews by grade under the baseline (row) and the new profile (column), in the order of [`GRADES`].
    pub flips: Option<[[usize; 4]; 4]>,
    /// Kendall's tau-b between the scores of both.
    pub kendall_tau_b: Option<f64>,
    /// Spearman's rank correlation between the scores of both.
    pub spearman: Option<f64>,
    /// Per branch, ordered by name.
    pub branches: Vec<BranchRates>,
    /// Those who moved most.
    pub movers: Vec<Mover>,
    /// Titles of the competencies by name.
    pub titles: BTreeMap<String, Bilingual>,
    /// Some pairs of (old, new) scores for the plot.
    #[serde(skip)]
    pub pairs: Vec<(f64, f64)>,
}

impl Replay {
    /// How many interviews have another grade than under the baseline.
    #[must_use]
    pub fn flipped(&self) -> Option<usize> {
        let flips = self.flips?;
        let differ = |(row, counts): (usize, &[usize; 4])| -> usize {
            counts.iter().enumerate().filter(|(column, _)| *column != row).map(|(_, count)| count).sum()
        };
        Some(flips.iter().enumerate().map(differ).sum())
    }
}

/// Puts the numbers together.
#[derive(Default)]
pub(super) struct Builder {
    new: Side,
    old: Side,
    compared: bool,
    flips: [[usize; 4]; 4],
    branches: BTreeMap<Option<String>, [[usize; 4]; 2]>,
}

#[derive(Default)]
struct Side {
    scores: Vec<f64>,
    grades: [usize; 4],
    interviews: usize,
    to_look_at: usize,
    /// Rules and triggers that applied, by their places in the profile.
    rules: BTreeMap<usize, usize>,
    triggers: BTreeMap<usize, usize>,
}

impl Side {
    fn add(&mut self, (score, grade): (Option<f64>, Grade), applied: &Applied) {
        self.interviews += 1;
        self.to_look_at += usize::from(!applied.rules.is_empty() || grade == Grade::InsufficientEvidence);
        for (places, counts) in [(&applied.rules, &mut self.rules), (&applied.triggers, &mut self.triggers)] {
            for place in places {
                *counts.entry(*place).or_default() += 1;
            }
        }
        self.scores.extend(score);
        if let Some(slot) = self.grades.get_mut(grade_index(grade)) {
            *slot += 1;
        }
    }

    fn finish(mut self, profile: &Profile) -> Distribution {
        self.scores.sort_by(f64::total_cmp);
        let mut histogram = vec![0; BARS];
        for score in &self.scores {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Scores are 0–100.
            let bar = ((score / BAR) as usize).min(BARS - 1);
            if let Some(slot) = histogram.get_mut(bar) {
                *slot += 1;
            }
        }
        Distribution {
            interviews: self.interviews,
            scored: self.scores.len(),
            mean: mean(&self.scores).map(|value| round_decimals(value, 6)),
            standard_deviation: variance(&self.scores).map(|value| round_decimals(value.sqrt(), 6)),
            quantiles: [0.05, 0.25, 0.5, 0.75, 0.95]
                .iter()
                .filter_map(|share| quantile(&self.scores, *share))
                .map(|value| round_decimals(value, 6))
                .collect(),
            histogram,
            grades: self.grades,
            to_look_at: self.to_look_at,
            rules: counts(profile.rules().rule_names(), &self.rules),
            triggers: counts(profile.rules().trigger_names(), &self.triggers),
        }
    }
}

fn counts<'a>(names: impl Iterator<Item = &'a str>, found: &BTreeMap<usize, usize>) -> Vec<Count> {
    let count = |(place, name): (usize, &str)| Count {
        name: name.to_owned(),
        interviews: found.get(&place).copied().unwrap_or(0),
    };
    names.enumerate().map(count).collect()
}

impl Builder {
    pub(super) fn add(&mut self, row: &Row) {
        self.new.add(row.new, &row.new_applied);
        let branch = self.branches.entry(row.branch.clone()).or_default();
        let [new_counts, old_counts] = branch;
        let new = grade_index(row.new.1);
        new_counts[new] += 1;
        if let Some(old) = row.old {
            self.compared = true;
            self.old.add(old, &row.old_applied);
            let old = grade_index(old.1);
            old_counts[old] += 1;
            self.flips[old][new] += 1;
        }
    }

    pub(super) fn finish(self, profile: &Profile, baseline: Option<&Profile>, tests: usize) -> Replay {
        let compared = baseline.is_some();
        let rate = |counts: &[usize; 4], grades: usize| {
            let all = counts.iter().sum::<usize>();
            round_decimals(count(counts.iter().take(grades).sum::<usize>()) / count(all.max(1)), 6)
        };
        let branches = self.branches.into_iter().map(|(branch, [new, old])| BranchRates {
            branch,
            interviews: new.iter().sum(),
            recommended: rate(&new, 1),
            considered: rate(&new, 2),
            baseline_recommended: compared.then(|| rate(&old, 1)),
            baseline_considered: compared.then(|| rate(&old, 2)),
        });
        let mut names = baseline.map(titles).unwrap_or_default();
        names.extend(titles(profile));
        Replay {
            profile: profile.reference(),
            baseline: baseline.map(Profile::reference),
            test_candidates: tests,
            branches: branches.collect(),
            new: self.new.finish(profile),
            old: baseline.map(|baseline| self.old.finish(baseline)),
            flips: compared.then_some(self.flips),
            kendall_tau_b: None,
            spearman: None,
            movers: Vec::new(),
            titles: names,
            pairs: Vec::new(),
        }
    }
}
