//! Audit: are groups of people selected or scored differently? The arithmetic of New York City's Local Law 144
//! (6 RCNY § 5-300 ff.), with intervals, and the features that make the difference.
//!
//! - *Selection rate*: members of the group who are selected, divided by its members. *Impact ratio*: its selection
//!   rate divided by that of the group with the highest one (§ 5-300).
//! - *Scoring rate*: share of the group whose score is above the median of all. *Impact ratio*: its scoring rate
//!   divided by the highest one.
//! - Calculated for every column of the groups table and for their intersections (§ 5-301 (b), (c)).
//! - A group with less than 2 % of the people may be left out of the impact ratios; its number and rate are still
//!   given (§ 5-301 (d)). People whose group is not known are counted (§ 5-301 (b)(4)).
//! - The four-fifths rule (29 CFR 1607.4 D): an impact ratio below 0.8 is flagged.

mod gather;
mod html;

use std::collections::{BTreeMap, BTreeSet};

use interview_pipeline::score::Profile;
use interview_schemas::Bilingual;
use interview_schemas::features::round_decimals;
use interview_schemas::report::{Grade, ProfileRef};
use rand_distr::{Binomial, Distribution};
use serde::Serialize;

use crate::TuningError;
use crate::population::Population;
use crate::statistics::{generator, quantile};
use crate::tables::Table;

pub use gather::{Audited, AuditedIndicator, Culprit, Person, gather};
pub use html::{csv, render};

/// Below this share of all people a group may be left out of the impact ratios.
pub const SMALL_GROUP: f64 = 0.02;
/// Below this impact ratio a group is flagged.
pub const FOUR_FIFTHS: f64 = 0.8;
/// Resamples for the intervals.
const RESAMPLES: usize = 10_000;
/// Most columns whose intersections are formed.
const MOST_COLUMNS: usize = 4;
/// Most groups of a column.
const MOST_GROUPS: usize = 50;

/// Who counts as selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Selected {
    /// Those who are recommended.
    Recommended,
    /// Those who are recommended or would be considered.
    Considered,
}

impl Selected {
    /// What it means, for people.
    #[must_use]
    pub fn title(self) -> Bilingual {
        match self {
            Self::Recommended => Bilingual::new("recommended", "评级为优先推荐"),
            Self::Considered => Bilingual::new("recommended or consider", "评级为优先推荐或可考虑"),
        }
    }

    /// Whether a grade counts.
    #[must_use]
    pub fn counts(self, grade: Grade) -> bool {
        grade == Grade::Recommended || (self == Self::Considered && grade == Grade::Consider)
    }
}

/// A rate with its impact ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    /// Share of the group, 0–1; absent when nobody of it has a score.
    pub rate: Option<f64>,
    /// Rate divided by the highest rate; absent for a small group, or when no group has a rate above 0.
    pub impact_ratio: Option<f64>,
    /// 95 % interval of the impact ratio.
    pub interval: Option<(f64, f64)>,
    /// The impact ratio is below four fifths.
    pub below_four_fifths: bool,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupResult {
    /// Values of the columns, joined by ` × `.
    pub group: String,
    /// People whose group is known.
    pub people: u64,
    /// Of these, with a score.
    pub scored: u64,
    /// Less than 2 % of the people: left out of the impact ratios.
    pub small: bool,
    /// Selection.
    pub selection: Rate,
    /// Scores above the median.
    pub scoring: Rate,
}

/// The groups of one column or intersection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Category {
    /// Columns, joined by ` × `.
    pub category: String,
    /// People whose group is not known; they are in no group.
    pub unknown: usize,
    /// Groups, ordered by name.
    pub groups: Vec<GroupResult>,
    /// The indicators in which groups differ most.
    pub culprits: Vec<Culprit>,
}

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// The profile.
    pub profile: ProfileRef,
    /// Who counts as selected.
    pub selected: Selected,
    /// People.
    pub people: usize,
    /// People without a score (insufficient evidence): not selected, and left out of the scoring rates.
    pub without_score: usize,
    /// Interviews of test candidates, which are not counted.
    pub test_candidates: usize,
    /// Median score of all.
    pub median: Option<f64>,
    /// Columns, then intersections.
    pub categories: Vec<Category>,
}

impl Audit {
    /// Whether any group is flagged.
    #[must_use]
    pub fn flagged(&self) -> bool {
        let groups = self.categories.iter().flat_map(|category| &category.groups);
        groups.into_iter().any(|group| group.selection.below_four_fifths || group.scoring.below_four_fifths)
    }
}

/// Audits a profile over a population.
///
/// # Errors
/// [`TuningError::NotEnough`] when nobody of the table is in the population, [`TuningError`] when something cannot
/// be read.
pub fn audit(
    population: &Population,
    profile: &Profile,
    groups: &Table,
    selected: Selected,
    threads: usize,
    seed: u64,
) -> Result<Audit, TuningError> {
    let (people, test_candidates) = gather(population, profile, selected, threads)?;
    let mut audit = judge(&people, groups, &Audited::from(profile), selected, seed)?;
    audit.test_candidates = test_candidates;
    Ok(audit)
}

/// Audits people whose scores are known.
///
/// # Errors
/// [`TuningError::NotEnough`] when nobody of the table is among them, [`TuningError::Usage`] for too many columns.
pub fn judge(
    people: &[Person],
    groups: &Table,
    audited: &Audited,
    selected: Selected,
    seed: u64,
) -> Result<Audit, TuningError> {
    let columns = groups.columns();
    if columns.is_empty() || columns.len() > MOST_COLUMNS {
        return Err(TuningError::Usage(format!(
            "a groups table has 1 to {MOST_COLUMNS} columns beside the interview; this one has {}",
            columns.len()
        )));
    }
    for (place, name) in columns.iter().enumerate() {
        let values: BTreeSet<_> = people.iter().filter_map(|person| groups.text(&person.id, place)).collect();
        if values.len() > MOST_GROUPS {
            return Err(TuningError::Usage(format!(
                "column {name:?} has {} different values, at most {MOST_GROUPS} groups can be compared; is it a kind \
                 of group?",
                values.len()
            )));
        }
    }
    if !people.iter().any(|person| (0..columns.len()).any(|column| groups.text(&person.id, column).is_some()))
    {
        return Err(TuningError::NotEnough(
            "no interview of the groups table is in the population".to_owned(),
        ));
    }
    let mut scores: Vec<f64> = people.iter().filter_map(|person| person.score).collect();
    scores.sort_by(f64::total_cmp);
    let median = quantile(&scores, 0.5);
    let mut categories = Vec::new();
    for set in subsets(columns.len()) {
        let name = |joined: &mut dyn Iterator<Item = &str>| joined.collect::<Vec<_>>().join(" × ");
        let label = |person: &Person| {
            let texts: Option<Vec<&str>> =
                set.iter().map(|column| groups.text(&person.id, *column)).collect();
            texts.map(|texts| name(&mut texts.into_iter()))
        };
        let labels: Vec<Option<String>> = people.iter().map(label).collect();
        let category = name(&mut set.iter().filter_map(|column| columns.get(*column).map(String::as_str)));
        let mut result = category_result(category, people, &labels, median, seed);
        result.culprits = gather::culprits(audited, people, &labels);
        categories.push(result);
    }
    Ok(Audit {
        profile: audited.profile.clone(),
        selected,
        people: people.len(),
        without_score: people.len() - scores.len(),
        test_candidates: 0,
        median: median.map(|median| round_decimals(median, 6)),
        categories,
    })
}

/// Every set of columns: single ones first.
fn subsets(columns: usize) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = (1..1usize << columns)
        .map(|bits| (0..columns).filter(|column| bits & (1 << column) != 0).collect())
        .collect();
    sets.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    sets
}

/// How many of how many: the members of a group who are selected, and those with a score above the median.
#[derive(Debug, Clone, Copy, Default)]
struct Members {
    people: u64,
    selected: u64,
    scored: u64,
    above: u64,
}

impl Members {
    fn selection(self) -> (u64, u64) {
        (self.selected, self.people)
    }

    fn scoring(self) -> (u64, u64) {
        (self.above, self.scored)
    }
}

fn category_result(
    category: String,
    people: &[Person],
    labels: &[Option<String>],
    median: Option<f64>,
    seed: u64,
) -> Category {
    let mut groups: BTreeMap<&str, Members> = BTreeMap::new();
    for (person, label) in people.iter().zip(labels) {
        let Some(label) = label else { continue };
        let members = groups.entry(label).or_default();
        members.people += 1;
        members.selected += u64::from(person.selected);
        if let Some((score, median)) = person.score.zip(median) {
            members.scored += 1;
            members.above += u64::from(score > median);
        }
    }
    let known: u64 = groups.values().map(|members| members.people).sum();
    let small = |members: &Members| ratio((members.people, known)).is_none_or(|share| share < SMALL_GROUP);
    let counted: Vec<Members> = groups.values().filter(|members| !small(members)).copied().collect();
    let rate = |members: &Members, pick: fn(Members) -> (u64, u64)| {
        let all: Vec<(u64, u64)> = counted.iter().map(|members| pick(*members)).collect();
        let own = ratio(pick(*members));
        let highest = all.iter().filter_map(|counts| ratio(*counts)).fold(0.0, f64::max);
        let impact = own.filter(|_| !small(members) && highest > 0.0).map(|own| own / highest);
        Rate {
            rate: own.map(|own| round_decimals(own, 6)),
            impact_ratio: impact.map(|impact| round_decimals(impact, 6)),
            interval: impact.and_then(|_| ratio_interval(pick(*members), &all, seed)),
            below_four_fifths: impact.is_some_and(|impact| round_decimals(impact, 9) < FOUR_FIFTHS),
        }
    };
    let results = groups.iter().map(|(name, members)| GroupResult {
        group: (*name).to_owned(),
        people: members.people,
        scored: members.scored,
        small: small(members),
        selection: rate(members, Members::selection),
        scoring: rate(members, Members::scoring),
    });
    Category {
        category,
        unknown: labels.iter().filter(|label| label.is_none()).count(),
        groups: results.collect(),
        culprits: Vec::new(),
    }
}

/// A share; `None` of nobody.
fn ratio((part, whole): (u64, u64)) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)] // Numbers of people.
    let share = part as f64 / whole as f64;
    (whole > 0).then_some(share)
}

/// Bootstrap interval of an impact ratio: every group is resampled within itself, and the highest rate is found anew.
/// Drawing n members with replacement, of whom a share p counts, is drawing once from the binomial distribution (n, p).
fn ratio_interval(own: (u64, u64), all: &[(u64, u64)], seed: u64) -> Option<(f64, f64)> {
    let place = all.iter().position(|counts| *counts == own)?;
    let draws: Vec<(u64, Binomial)> = all
        .iter()
        .filter_map(|counts| Some((counts.1, Binomial::new(counts.1, ratio(*counts)?).ok()?)))
        .collect();
    if draws.len() != all.len() {
        return None;
    }
    let mut random = generator(seed);
    let mut ratios: Vec<f64> = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let rates: Vec<f64> =
            draws.iter().filter_map(|(people, draw)| ratio((draw.sample(&mut random), *people))).collect();
        let highest = rates.iter().copied().fold(0.0, f64::max);
        ratios.extend(rates.get(place).filter(|_| highest > 0.0).map(|rate| rate / highest));
    }
    if ratios.len() * 10 < RESAMPLES * 9 {
        return None;
    }
    ratios.sort_by(f64::total_cmp);
    Some((round_decimals(quantile(&ratios, 0.025)?, 6), round_decimals(quantile(&ratios, 0.975)?, 6)))
}

#[cfg(test)]
mod tests;
