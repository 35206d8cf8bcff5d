//! From a profile file to a [`Profile`]: everything is checked here, once, so that scoring cannot fail.

use std::collections::{BTreeMap, BTreeSet};

use interview_schemas::Bilingual;
use interview_schemas::profile::{
    Aggregate, CompetencySpec, EvidenceRule, GradeThresholds, IndicatorSpec, ProfileFile,
};
use sha2::{Digest, Sha256};

use super::Curve;
use super::error::suggestion;
use super::profile::{Profile, ProfileCompetency, ProfileGroup, ProfileIndicator};
use crate::features::catalogue;

/// Most competencies of a profile.
pub(super) const MAX_COMPETENCIES: usize = 64;
/// Most indicators of a competency.
pub(super) const MAX_INDICATORS: usize = 64;
/// How far a sum of weights may be from 100: the rounding of six decimals.
const SUM_TOLERANCE: f64 = 1e-6;
/// The kinds of answers.
const KINDS: [&str; 4] = ["video", "audio", "text", "external"];
/// Features of outside scores begin with this; their values are 0–100.
pub(super) const EXTERNAL: &str = "external.";

/// Problems found so far, each with the path of its field.
#[derive(Default)]
struct Check {
    problems: Vec<(Vec<String>, String)>,
}

impl Check {
    fn problem(&mut self, path: &[&str], message: impl Into<String>) {
        // A hostile file could make thousands of problems; nobody reads more than these.
        if self.problems.len() < 100 {
            self.problems.push((path.iter().map(|part| (*part).to_owned()).collect(), message.into()));
        }
    }

    /// A weight in percent, or 0 with a problem.
    fn weight(&mut self, path: &[&str], weight: Option<f64>) -> f64 {
        match weight {
            Some(weight) if (0.0..=100.0).contains(&weight) => weight,
            Some(weight) => {
                self.problem(path, format!("a weight is a number from 0 to 100, not {weight}"));
                0.0
            }
            None => {
                self.problem(path, "`weight` is missing (percent)");
                0.0
            }
        }
    }

    fn sum(&mut self, path: &[&str], what: &str, sum: f64) {
        if (sum - 100.0).abs() > SUM_TOLERANCE {
            let off = if sum > 100.0 { "take away" } else { "add" };
            self.problem(
                path,
                format!(
                    "the weights of {what} add up to {sum}, not to 100; {off} {}",
                    shown((sum - 100.0).abs())
                ),
            );
        }
    }
}

/// A difference of weights without the noise of binary fractions.
fn shown(value: f64) -> f64 {
    interview_schemas::features::round_decimals(value, 6)
}

/// Checks a profile.
///
/// # Errors
/// Every problem with the path of its field.
pub(super) fn validate(mut file: ProfileFile) -> Result<Profile, Vec<(Vec<String>, String)>> {
    let mut check = Check::default();
    check_name(&mut check, &["name"], &file.name);
    if file.version == 0 {
        check.problem(&["version"], "versions are counted from 1");
    }
    canonicalise(&mut file);
    let title = title(&mut check, &["title"], file.title.as_ref());
    let evidence = evidence(&mut check, file.evidence);
    let grades = grades(&mut check, file.grades);
    let mut groups = check_groups(&mut check, &file);
    let (competencies, indicators) = check_competencies(&mut check, &file, &mut groups);
    if !check.problems.is_empty() {
        return Err(check.problems);
    }
    let hash = hash(&file);
    Ok(Profile { file, hash, title, evidence, grades, groups, competencies, indicators })
}

/// SHA-256 of the canonical JSON of a file: keys in the order of their names, numbers in their shortest form.
fn hash(file: &ProfileFile) -> String {
    // Maps with text keys and finite numbers always serialise; an empty text would only change the hash.
    let bytes = serde_json::to_vec(file).unwrap_or_default();
    hex::encode(Sha256::digest(&bytes))
}

/// Brings what is a set in a file into one order, and writes down the defaults.
fn canonicalise(file: &mut ProfileFile) {
    for indicator in file.competencies.values_mut().flat_map(|competency| competency.indicators.values_mut())
    {
        for set in [&mut indicator.scenes, &mut indicator.kinds].into_iter().flatten() {
            set.sort();
            set.dedup();
        }
        indicator.aggregate.get_or_insert_default();
        indicator.weight = indicator.weight.map(|weight| weight + 0.0);
    }
}

fn check_name(check: &mut Check, path: &[&str], name: &str) {
    let good = !name.is_empty()
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        && name.starts_with(|first: char| first.is_ascii_lowercase());
    if !good {
        check.problem(
            path,
            "a name has 1 to 64 lower-case letters, digits, `-` and `_`, and begins with a letter",
        );
    }
}

fn title(check: &mut Check, path: &[&str], title: Option<&Bilingual>) -> Bilingual {
    match title {
        Some(title) if title.en.trim().is_empty() || title.zh.trim().is_empty() => {
            check.problem(path, "both `en` and `zh` need a text");
            title.clone()
        }
        Some(title) => title.clone(),
        None => {
            check.problem(path, "`title` is missing: { en = \"...\", zh = \"...\" }");
            Bilingual::new("", "")
        }
    }
}

fn evidence(check: &mut Check, rule: Option<EvidenceRule>) -> EvidenceRule {
    let Some(rule) = rule else {
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

fn check_groups(check: &mut Check, file: &ProfileFile) -> Vec<ProfileGroup> {
    let mut groups = Vec::new();
    if file.competencies.values().any(|competency| competency.group.is_none()) {
        groups.push(ProfileGroup { name: None, title: Bilingual::new("Other", "其他"), weight: 0.0 });
    }
    for (name, group) in &file.groups {
        check_name(check, &["groups", name], name);
        let title = title(check, &["groups", name, "title"], group.title.as_ref());
        if !file.competencies.values().any(|competency| competency.group.as_ref() == Some(name)) {
            check.problem(&["groups", name], "no competency belongs to this group");
        }
        groups.push(ProfileGroup { name: Some(name.clone()), title, weight: 0.0 });
    }
    groups
}

fn check_competencies(
    check: &mut Check,
    file: &ProfileFile,
    groups: &mut [ProfileGroup],
) -> (Vec<ProfileCompetency>, Vec<ProfileIndicator>) {
    let (mut competencies, mut indicators) = (Vec::new(), Vec::new());
    if file.competencies.is_empty() || file.competencies.len() > MAX_COMPETENCIES {
        check.problem(&["competencies"], format!("a profile has 1 to {MAX_COMPETENCIES} competencies"));
        return (competencies, indicators);
    }
    let weights: BTreeMap<&str, f64> = file
        .competencies
        .iter()
        .map(|(name, spec)| (name.as_str(), check.weight(&["competencies", name, "weight"], spec.weight)))
        .collect();
    let sum: f64 = weights.values().sum();
    check.sum(&["competencies"], "the competencies", sum);
    for (name, spec) in &file.competencies {
        let path = ["competencies", name.as_str()];
        check_name(check, &path, name);
        let group = find_group(check, name, spec, groups);
        let weight = weights.get(name.as_str()).copied().unwrap_or_default() / sum.max(f64::MIN_POSITIVE);
        groups[group].weight += weight;
        let start = indicators.len();
        indicators.extend(check_indicators(check, name, spec, weight, competencies.len()));
        competencies.push(ProfileCompetency {
            name: name.clone(),
            title: title(check, &["competencies", name, "title"], spec.title.as_ref()),
            group,
            weight,
            indicators: start..indicators.len(),
        });
    }
    (competencies, indicators)
}

fn find_group(check: &mut Check, name: &str, spec: &CompetencySpec, groups: &[ProfileGroup]) -> usize {
    if let Some(index) = groups.iter().position(|group| group.name == spec.group) {
        return index;
    }
    let wrong = spec.group.as_deref().unwrap_or_default();
    let known = groups.iter().filter_map(|group| group.name.as_deref());
    check.problem(
        &["competencies", name, "group"],
        format!("there is no group {wrong:?} in `groups`{}", suggestion(wrong, known)),
    );
    0
}

fn check_indicators(
    check: &mut Check,
    competency: &str,
    spec: &CompetencySpec,
    competency_weight: f64,
    index: usize,
) -> Vec<ProfileIndicator> {
    let path = ["competencies", competency, "indicators"];
    if spec.indicators.is_empty() || spec.indicators.len() > MAX_INDICATORS {
        check.problem(&path, format!("a competency has 1 to {MAX_INDICATORS} indicators"));
        return Vec::new();
    }
    let weights: Vec<f64> = spec
        .indicators
        .iter()
        .map(|(name, indicator)| {
            check.weight(&["competencies", competency, "indicators", name, "weight"], indicator.weight)
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    check.sum(&path, "the indicators", sum);
    let mut found = Vec::new();
    for ((name, indicator), weight) in spec.indicators.iter().zip(weights) {
        let path = ["competencies", competency, "indicators", name.as_str()];
        check_name(check, &path, name);
        let share = weight / sum.max(f64::MIN_POSITIVE);
        found.extend(check_indicator(check, &path, indicator).map(|(feature, curve)| ProfileIndicator {
            name: name.clone(),
            title: feature.title,
            feature: feature.name,
            unit: feature.unit,
            competency: index,
            share,
            weight: share * competency_weight,
            curve,
            scenes: indicator.scenes.as_ref().map(|scenes| scenes.iter().cloned().collect()),
            kinds: indicator.kinds.as_ref().map(|kinds| kinds.iter().cloned().collect()),
            aggregate: indicator.aggregate.unwrap_or(Aggregate::Mean),
        }));
    }
    found
}

/// What an indicator takes from the catalogue.
struct FeatureName {
    name: String,
    title: Bilingual,
    unit: String,
}

fn check_indicator(
    check: &mut Check,
    path: &[&str; 4],
    spec: &IndicatorSpec,
) -> Option<(FeatureName, Curve)> {
    let [a, b, c, d] = *path;
    let within = |field: &'static str| [a, b, c, d, field];
    for (field, set) in [("scenes", &spec.scenes), ("kinds", &spec.kinds)] {
        if set.as_ref().is_some_and(Vec::is_empty) {
            check.problem(
                &within(field),
                "an empty list admits no answer; leave it out to admit every answer",
            );
        }
    }
    for kind in spec.kinds.iter().flatten().filter(|kind| !KINDS.contains(&kind.as_str())) {
        let known = KINDS.join(", ");
        check.problem(
            &within("kinds"),
            format!("there is no kind of answer {kind:?}{}; known are {known}", suggestion(kind, KINDS)),
        );
    }
    for scene in spec.scenes.iter().flatten() {
        check_name(check, &within("scenes"), scene);
    }
    let feature = check_feature(check, &within("feature"), &within("title"), spec);
    let curve = match spec.curve.as_ref().map(Curve::new) {
        Some(Ok(curve)) => Some(curve),
        Some(Err(message)) => {
            check.problem(&within("curve"), message);
            None
        }
        None => {
            check.problem(
                &within("curve"),
                "`curve` is missing, such as `curve.linear = { from = 0, to = 1 }`",
            );
            None
        }
    };
    Some((feature?, curve?))
}

fn check_feature(
    check: &mut Check,
    path: &[&str],
    title_path: &[&str],
    spec: &IndicatorSpec,
) -> Option<FeatureName> {
    let Some(name) = &spec.feature else {
        check.problem(path, "`feature` is missing: a name of the catalogue, or `external.<measure>`");
        return None;
    };
    let own_title = spec.title.as_ref().map(|own| title(check, title_path, Some(own)));
    if let Some(measure) = name.strip_prefix(EXTERNAL) {
        let good = !measure.is_empty()
            && measure.len() <= 64
            && measure.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !good {
            check
                .problem(path, "the measure after `external.` has 1 to 64 letters, digits, `-`, `_` and `.`");
            return None;
        }
        let title = own_title.unwrap_or_else(|| Bilingual::new(measure, measure));
        return Some(FeatureName { name: name.clone(), title, unit: "score".to_owned() });
    }
    let Some(definition) = catalogue::find(name) else {
        let known: BTreeSet<&str> = catalogue::all().map(|definition| definition.name).collect();
        check.problem(
            path,
            format!("there is no feature {name:?} in the catalogue{}", suggestion(name, known)),
        );
        return None;
    };
    Some(FeatureName {
        name: name.clone(),
        title: own_title.unwrap_or_else(|| Bilingual::new(definition.title_en, definition.title_zh)),
        unit: definition.unit.to_owned(),
    })
}
