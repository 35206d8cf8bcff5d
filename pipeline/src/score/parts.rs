//! Checks the competencies of a profile and their indicators.

use std::collections::{BTreeMap, BTreeSet};

use interview_schemas::Bilingual;
use interview_schemas::profile::{Aggregate, CompetencySpec, IndicatorSpec, ProfileFile};

use super::check::{Check, check_name, title};
use super::error::suggestion;
use super::norms::Norms;
use super::profile::{ProfileCompetency, ProfileGroup, ProfileIndicator};
use super::{Curve, EXTERNAL};
use crate::features::catalogue;

/// Most competencies of a profile.
const MAX_COMPETENCIES: usize = 64;
/// Most indicators of a competency.
const MAX_INDICATORS: usize = 64;
/// The kinds of answers.
const KINDS: [&str; 4] = ["video", "audio", "text", "external"];

/// Checks all competencies; adds their weights to those of their groups.
pub(super) fn check_competencies(
    check: &mut Check,
    file: &ProfileFile,
    groups: &mut [ProfileGroup],
    norms: &[Norms],
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
        check.limits(&["competencies", name, "limits"], spec.weight, spec.limits);
        let group = find_group(check, name, spec, groups);
        let weight = weights.get(name.as_str()).copied().unwrap_or_default() / sum.max(f64::MIN_POSITIVE);
        groups[group].weight += weight;
        let start = indicators.len();
        indicators.extend(check_indicators(check, name, spec, (competencies.len(), weight), norms));
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
    (index, competency_weight): (usize, f64),
    norms: &[Norms],
) -> Vec<ProfileIndicator> {
    let path = ["competencies", competency, "indicators"];
    if (spec.indicators.is_empty() && !check.base_only) || spec.indicators.len() > MAX_INDICATORS {
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
        check.limits(
            &["competencies", competency, "indicators", name, "limits"],
            indicator.weight,
            indicator.limits,
        );
        let share = weight / sum.max(f64::MIN_POSITIVE);
        found.extend(check_indicator(check, &path, indicator, norms).map(|(feature, curve)| {
            ProfileIndicator {
                name: name.clone(),
                title: feature.title,
                feature: feature.name,
                unit: feature.unit,
                competency: index,
                share,
                weight: share * competency_weight,
                curve,
                scenes: indicator.scenes.as_ref().map(|scenes| scenes.iter().cloned().collect()),
                questions: indicator.questions.as_ref().map(|kinds| kinds.iter().copied().collect()),
                kinds: indicator.kinds.as_ref().map(|kinds| kinds.iter().cloned().collect()),
                aggregate: indicator.aggregate.unwrap_or(Aggregate::Mean),
            }
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
    norms: &[Norms],
) -> Option<(FeatureName, Curve)> {
    let [a, b, c, d] = *path;
    let within = |field: &'static str| [a, b, c, d, field];
    for (field, empty) in [
        ("scenes", spec.scenes.as_ref().is_some_and(Vec::is_empty)),
        ("questions", spec.questions.as_ref().is_some_and(Vec::is_empty)),
        ("kinds", spec.kinds.as_ref().is_some_and(Vec::is_empty)),
    ] {
        if empty {
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
    let feature_name = spec.feature.as_deref().unwrap_or_default();
    let curve = match spec.curve.as_ref().map(|curve| Curve::new(curve, feature_name, norms)) {
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
        if check.base_only {
            return None;
        }
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

/// Whether a text can name an outside score.
pub(super) fn is_measure(measure: &str) -> bool {
    !measure.is_empty()
        && measure.len() <= 64
        && measure.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
