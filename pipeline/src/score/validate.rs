//! From a profile file to a [`Profile`]: everything is checked here, once, so that scoring cannot fail.

use interview_schemas::Bilingual;
use interview_schemas::profile::{CurveSpec, EvidenceRule, GradeThresholds, ProfileFile, Rollout};
use sha2::{Digest, Sha256};

use super::check::{Check, check_name, title};
use super::norms::Norms;
use super::overlay::Problems;
use super::parts::check_competencies;
use super::profile::{Profile, ProfileGroup};
use super::rules::Rules;

/// Whether a file has to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completeness {
    /// Interviews are scored with it: everything must be there and add up.
    Whole,
    /// A base: what stands there must be right, the rest is left to overlays.
    Base,
}

/// Checks a profile.
///
/// # Errors
/// Every problem with the path of its field.
pub(super) fn validate(
    mut file: ProfileFile,
    norms: &[Norms],
    completeness: Completeness,
) -> Result<Profile, Problems> {
    let mut check = Check { base_only: completeness == Completeness::Base, ..Check::default() };
    check_name(&mut check, &["name"], &file.name);
    if file.version == 0 {
        check.problem(&["version"], "versions are counted from 1");
    }
    canonicalise(&mut file);
    let title = title(&mut check, &["title"], file.title.as_ref());
    let evidence = evidence(&mut check, file.evidence);
    let grades = grades(&mut check, file.grades);
    rollout(&mut check, &file);
    let mut groups = check_groups(&mut check, &file);
    let (competencies, indicators) = check_competencies(&mut check, &file, &mut groups, norms);
    let rules = Rules::new(&mut check, &file, &groups, &competencies);
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    let hash = hash(&file, norms);
    Ok(Profile { file, hash, title, evidence, grades, groups, competencies, indicators, rules })
}

/// SHA-256 of the canonical JSON of a file: keys in the order of their names, numbers in their shortest form; and of
/// the distributions that its percentile curves use. Who is scored with it, and when, is no part of it: a rollout goes
/// on without a new version.
fn hash(file: &ProfileFile, norms: &[Norms]) -> String {
    let file = ProfileFile { effective: None, rollout: None, ..file.clone() };
    // Maps with text keys and finite numbers always serialise; an empty text would only change the hash.
    let bytes = serde_json::to_vec(&file).unwrap_or_default();
    let mut hash = Sha256::new();
    hash.update(&bytes);
    for indicator in file.competencies.values().flat_map(|competency| competency.indicators.values()) {
        let Some(CurveSpec::Percentile { norm, .. }) = &indicator.curve else { continue };
        let table = norms.iter().find(|table| table.reference() == *norm);
        let feature = indicator.feature.as_deref().unwrap_or_default();
        for point in
            table.and_then(|table| table.distribution(feature)).iter().flat_map(|points| points.iter())
        {
            hash.update(point.to_le_bytes());
        }
    }
    hex::encode(hash.finalize())
}

/// Brings what is a set in a file into one order, and writes down the defaults.
fn canonicalise(file: &mut ProfileFile) {
    for indicator in file.competencies.values_mut().flat_map(|competency| competency.indicators.values_mut())
    {
        for set in [&mut indicator.scenes, &mut indicator.kinds].into_iter().flatten() {
            set.sort();
            set.dedup();
        }
        if let Some(kinds) = &mut indicator.questions {
            kinds.sort();
            kinds.dedup();
        }
        indicator.aggregate.get_or_insert_default();
        indicator.weight = indicator.weight.map(|weight| weight + 0.0);
    }
}

fn evidence(check: &mut Check, rule: Option<EvidenceRule>) -> EvidenceRule {
    let Some(rule) = rule else {
        if check.base_only {
            return EvidenceRule { floor: 0.0, indicator_floor: 0.0 };
        }
        check.problem(&["evidence"], "`evidence` is missing, such as `evidence = { floor = 0.5 }`");
        return EvidenceRule { floor: 0.0, indicator_floor: 0.0 };
    };
    for (name, value) in [("floor", rule.floor), ("indicator_floor", rule.indicator_floor)] {
        if !(0.0..=1.0).contains(&value) {
            check.problem(&["evidence", name], format!("a confidence is a number from 0 to 1, not {value}"));
        }
    }
    rule
}

fn grades(check: &mut Check, grades: Option<GradeThresholds>) -> GradeThresholds {
    let Some(grades) = grades else {
        if check.base_only {
            return GradeThresholds { recommended: 0.0, consider: 0.0 };
        }
        check.problem(
            &["grades"],
            "`grades` is missing, such as `grades = { recommended = 80, consider = 60 }`",
        );
        return GradeThresholds { recommended: 0.0, consider: 0.0 };
    };
    for (name, value) in [("recommended", grades.recommended), ("consider", grades.consider)] {
        if !(0.0..=100.0).contains(&value) {
            check.problem(&["grades", name], format!("a threshold is a number from 0 to 100, not {value}"));
        }
    }
    if grades.recommended <= grades.consider {
        check.problem(
            &["grades"],
            format!("`recommended` ({}) must be above `consider` ({})", grades.recommended, grades.consider),
        );
    }
    grades
}

fn rollout(check: &mut Check, file: &ProfileFile) {
    if let Some(Rollout { percent: Some(percent), .. }) = file.rollout
        && !(0.0..=100.0).contains(&percent)
    {
        check.problem(&["rollout", "percent"], format!("a number from 0 to 100, not {percent}"));
    }
    if let Some(effective) = file.effective
        && let (Some(from), Some(until)) = (effective.from, effective.until)
        && from >= until
    {
        check.problem(&["effective"], "`from` must be before `until`");
    }
}

fn check_groups(check: &mut Check, file: &ProfileFile) -> Vec<ProfileGroup> {
    let mut groups = Vec::new();
    if file.competencies.values().any(|competency| competency.group.is_none()) {
        groups.push(ProfileGroup { name: None, title: Bilingual::new("Other", "其他"), weight: 0.0 });
    }
    for (name, group) in &file.groups {
        check_name(check, &["groups", name], name);
        let title = title(check, &["groups", name, "title"], group.title.as_ref());
        let used = file.competencies.values().any(|competency| competency.group.as_ref() == Some(name));
        if !used && !check.base_only {
            check.problem(&["groups", name], "no competency belongs to this group");
        }
        groups.push(ProfileGroup { name: Some(name.clone()), title, weight: 0.0 });
    }
    groups
}
