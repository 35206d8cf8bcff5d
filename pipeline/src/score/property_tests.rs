//! Properties of scoring over random profiles and interviews.

use std::collections::BTreeMap;

use interview_schemas::Bilingual;
use interview_schemas::features::{FeatureSet, NotAssessed};
use interview_schemas::profile::{
    Aggregate, CompetencySpec, CurveSpec, EvidenceRule, GradeThresholds, GroupSpec, IndicatorSpec,
    ProfileFile, ProfileSchemaVersion,
};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::source::{Format, Source};
use super::testing::{answer, external, interview, missing};
use super::validate::{Completeness, validate};
use super::{Library, Profile, score};

/// Number of random profiles for each property.
const CASES: u32 = 10_000;

/// Weights in hundredths of a percent that add up to 100.
fn weights(parts: Vec<u32>) -> Vec<f64> {
    let total: u64 = parts.iter().map(|part| u64::from(*part)).sum::<u64>().max(1);
    let mut left = 10_000u64;
    let count = parts.len();
    let mut weights = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        let weight = if index + 1 == count { left } else { u64::from(part) * 10_000 / total };
        left -= weight;
        weights.push(f64::from(u32::try_from(weight).unwrap()) / 100.0);
    }
    weights
}

/// A curve, any or only one that rises.
fn curve(rising: bool) -> BoxedStrategy<CurveSpec> {
    let linear =
        (-50.0..50.0, 1.0..100.0).prop_map(|(from, step)| CurveSpec::Linear { from, to: from + step });
    let logistic =
        (0.0..100.0, 1.0..50.0).prop_map(|(midpoint, width)| CurveSpec::Logistic { midpoint, width });
    if rising {
        return prop_oneof![linear, logistic].boxed();
    }
    let trapezoid =
        (-20.0..50.0, 1.0..20.0, 0.0..20.0, 1.0..20.0).prop_map(|(low_zero, a, b, c)| CurveSpec::Trapezoid {
            low_zero,
            low_full: low_zero + a,
            high_full: low_zero + a + b,
            high_zero: low_zero + a + b + c,
        });
    let falling = (0.0..50.0, 1.0..100.0).prop_map(|(to, step)| CurveSpec::Linear { from: to + step, to });
    prop_oneof![linear, logistic, trapezoid, falling].boxed()
}

fn indicator(rising: bool) -> impl Strategy<Value = (u32, IndicatorSpec)> {
    let feature = (0..8u8).prop_map(|number| format!("external.f{number}"));
    let aggregate = prop_oneof![Just(Aggregate::Mean), Just(Aggregate::Min), Just(Aggregate::Max)];
    (0..1000u32, feature, curve(rising), aggregate, prop::bool::weighted(0.2)).prop_map(
        |(weight, feature, curve, aggregate, scene)| {
            let spec = IndicatorSpec {
                feature: Some(feature),
                curve: Some(curve),
                aggregate: Some(aggregate),
                scenes: scene.then(|| vec!["refusal".to_owned()]),
                ..IndicatorSpec::default()
            };
            (weight, spec)
        },
    )
}

/// A valid profile with 1–5 competencies of 1–5 indicators, in up to three groups or none.
fn profile_file(rising: bool) -> impl Strategy<Value = ProfileFile> {
    let competency = (0..1000u32, 0..4u8, prop::collection::vec(indicator(rising), 1..6));
    let rule = (0.0..0.6, 0.0..0.3, 1.0..50.0, 51.0..100.0);
    (prop::collection::vec(competency, 1..6), rule).prop_map(
        |(parts, (floor, indicator_floor, low, high))| {
            let title = |text: &str| Some(Bilingual::new(text, text));
            let mut groups = BTreeMap::new();
            let mut competencies = BTreeMap::new();
            let shares = weights(parts.iter().map(|(weight, _, _)| *weight).collect());
            for (index, ((_, group, indicators), weight)) in parts.into_iter().zip(shares).enumerate() {
                let group = (group > 0).then(|| format!("g{group}"));
                if let Some(name) = &group {
                    groups.insert(name.clone(), GroupSpec { title: title(name) });
                }
                let shares = weights(indicators.iter().map(|(weight, _)| *weight).collect());
                let indicators = indicators
                    .into_iter()
                    .zip(shares)
                    .enumerate()
                    .map(|(index, ((_, spec), weight))| {
                        (format!("i{index}"), IndicatorSpec { weight: Some(weight), ..spec })
                    })
                    .collect();
                let name = format!("c{index}");
                let spec = CompetencySpec {
                    title: title(&name),
                    group,
                    weight: Some(weight),
                    indicators,
                    ..CompetencySpec::default()
                };
                competencies.insert(name, spec);
            }
            ProfileFile {
                schema_version: ProfileSchemaVersion::V1,
                name: "random".to_owned(),
                version: 1,
                title: title("Random"),
                description: None,
                extends: None,
                base_only: false,
                overlay: None,
                effective: None,
                rollout: None,
                evidence: Some(EvidenceRule { floor, indicator_floor }),
                grades: Some(GradeThresholds { recommended: high, consider: low }),
                groups,
                competencies,
                triggers: BTreeMap::new(),
                rules: BTreeMap::new(),
            }
        },
    )
}

fn load(file: &ProfileFile) -> Profile {
    validate(file.clone(), &[], Completeness::Whole).unwrap()
}

/// An interview of up to four answers with some of eight measures.
fn answers() -> impl Strategy<Value = FeatureSet> {
    let feature = (0..8u8, prop::option::weighted(0.8, -30.0..130.0), 0.01..1.0);
    let one = (prop::bool::weighted(0.3), prop::collection::vec(feature, 0..12));
    prop::collection::vec(one, 0..5).prop_map(|answers| {
        let answers = answers.into_iter().enumerate().map(|(index, (refusal, features))| {
            let mut names = std::collections::BTreeSet::new();
            let features = features
                .into_iter()
                .filter(|(number, _, _)| names.insert(*number))
                .map(|(number, value, confidence)| match value {
                    Some(value) => external(&format!("f{number}"), value, confidence),
                    None => missing(&format!("f{number}"), NotAssessed::PoorQuality),
                })
                .collect();
            let mut answer = answer(&format!("a{index}"), features);
            answer.scene = refusal.then(|| "refusal".to_owned());
            answer
        });
        interview(answers.collect())
    })
}

fn config() -> Config {
    Config { cases: CASES, max_global_rejects: 4 * CASES, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    /// Contributions of indicators, competencies and groups each add up to the score; everything is in range.
    #[test]
    fn contributions_add_up(file in profile_file(false), set in answers()) {
        let profile = load(&file);
        let card = score(&profile, &set);
        let total = card.score.unwrap_or(0.0);
        let of_competencies: f64 = card.competencies.iter().map(|part| part.contribution).sum();
        prop_assert!((of_competencies - total).abs() <= 1e-9, "{of_competencies} {total}");
        let indicators = card.competencies.iter().flat_map(|part| &part.indicators);
        let of_indicators: f64 = indicators.clone().map(|part| part.contribution).sum();
        prop_assert!((of_indicators - total).abs() <= 1e-9);
        if !card.groups.is_empty() {
            let of_groups: f64 = card.groups.iter().map(|part| part.contribution).sum();
            prop_assert!((of_groups - total).abs() <= 1e-9);
        }
        prop_assert!((0.0..=100.0).contains(&total) && (0.0..=1.0).contains(&card.confidence));
        for part in indicators {
            prop_assert!(part.contribution >= 0.0 && part.score.is_none_or(|score| (0.0..=100.0).contains(&score)));
            prop_assert_eq!(part.score.is_none(), part.not_assessed.is_some());
        }
        if card.score.is_some() {
            prop_assert!(card.confidence >= file.evidence.unwrap().floor);
        }
    }

    /// The order of answers, of features and of lines changes nothing; the same input gives the same bytes.
    #[test]
    fn order_does_not_matter(file in profile_file(false), set in answers(), seed in any::<u64>()) {
        let profile = load(&file);
        let mut other = set.clone();
        let turn = usize::try_from(seed % 7).unwrap();
        if !other.answers.is_empty() {
            let count = other.answers.len();
            other.answers.rotate_left(turn % count);
            other.answers.iter_mut().for_each(|answer| answer.features.reverse());
        }
        let bytes = |profile: &Profile, set: &FeatureSet| {
            let card = score(profile, set);
            serde_json::to_vec(&(card.competencies, card.groups, card.reasons)).unwrap()
        };
        prop_assert_eq!(bytes(&profile, &set), bytes(&profile, &other));

        // The same file written as TOML and as YAML (of which JSON is a part).
        for (text, format) in [
            (toml::to_string(&file).unwrap(), Format::Toml),
            (serde_json::to_string(&file).unwrap(), Format::Yaml),
        ] {
            let again = Library::shipped().resolve(Source::new("random", &text, format)).unwrap().profile;
            prop_assert_eq!(again.hash(), profile.hash());
            prop_assert_eq!(bytes(&again, &set), bytes(&profile, &set));
        }
    }

    /// With rising curves, more of any measure never lowers the score.
    #[test]
    fn more_of_a_good_thing_never_lowers_the_score(
        file in profile_file(true), set in answers(), at in any::<prop::sample::Index>(), more in 0.0..80.0f64,
    ) {
        let profile = load(&file);
        let mut better = set.clone();
        let mut measured: Vec<_> = better
            .answers
            .iter_mut()
            .flat_map(|answer| &mut answer.features)
            .filter_map(|feature| feature.value.as_mut())
            .collect();
        prop_assume!(!measured.is_empty());
        let index = at.index(measured.len());
        *measured[index] += more;
        let (before, after) = (score(&profile, &set), score(&profile, &better));
        prop_assert_eq!(before.score.is_some(), after.score.is_some());
        prop_assert!(after.score >= before.score, "{:?} {:?}", before.score, after.score);
    }

    /// Taking evidence away never raises the confidence.
    #[test]
    fn less_evidence_is_less_confidence(
        file in profile_file(false), set in answers(), at in any::<prop::sample::Index>(),
    ) {
        let mut file = file;
        // Below the floor of one indicator a weak value counts as none: without a floor the rule is exact.
        file.evidence = Some(EvidenceRule { floor: 0.0, indicator_floor: 0.0 });
        let profile = load(&file);
        let mut less = set.clone();
        let mut measured: Vec<_> = less
            .answers
            .iter_mut()
            .flat_map(|answer| &mut answer.features)
            .filter(|feature| feature.value.is_some())
            .collect();
        prop_assume!(!measured.is_empty());
        let index = at.index(measured.len());
        let name = measured[index].name.trim_start_matches("external.").to_owned();
        *measured[index] = missing(&name, NotAssessed::NoSpeech);
        prop_assert!(score(&profile, &less).confidence <= score(&profile, &set).confidence + 1e-9);
    }
}
