//! The shipped profiles: all load, all are published, and the weights are those the requirements ask for (R21).

use super::Library;
use super::library::{Layer, lock_entries};
use super::source::{Format, Source};

fn weights(name: &str) -> Vec<(String, f64)> {
    let profile = Library::shipped().named(name).unwrap().profile;
    let mut weights: Vec<_> = profile
        .competencies()
        .iter()
        .map(|part| (part.name.clone(), (part.weight * 100.0).round()))
        .collect();
    weights.sort_by(|a, b| b.1.total_cmp(&a.1));
    weights
}

#[test]
fn every_shipped_profile_is_valid_described_and_published() {
    let lock = include_str!("../../profiles/versions.lock");
    let mut unpublished = Vec::new();
    for name in Library::shipped_names() {
        let text =
            std::fs::read_to_string(format!("{}/profiles/{name}.toml", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let resolved = Library::shipped().check(Source::new(name, &text, Format::Toml)).unwrap();
        let file = resolved.profile.file();
        assert_eq!(file.name, name);
        let described = file.description.as_ref().expect(name);
        assert!(!described.en.is_empty() && !described.zh.is_empty());
        for part in file.competencies.values() {
            assert!(part.title.is_some(), "{name}");
        }
        let reference = resolved.layers.last().map(|layer: &Layer| layer.reference.clone()).unwrap();
        let published = lock_entries(lock).find(|(known, _)| *known == reference);
        if published.map(|(_, hash)| hash) != Some(resolved.profile.hash()) {
            unpublished.push(format!("{reference} {}", resolved.profile.hash()));
        }
    }
    assert!(
        unpublished.is_empty(),
        "publish them with `interview profile publish pipeline/profiles/*.toml`, or raise their versions:\n{}",
        unpublished.join("\n")
    );
}

#[test]
fn weights_are_those_of_the_requirements() {
    let named = |pairs: &[(&str, f64)]| {
        pairs.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect::<Vec<_>>()
    };
    assert_eq!(
        weights("sales"),
        named(&[("communication", 40.0), ("product-knowledge", 30.0), ("stress-resistance", 30.0)])
    );
    assert_eq!(weights("line-operator"), named(&[("communication", 60.0), ("reaction-speed", 40.0)]));
    assert_eq!(weights("factory-worker"), named(&[("communication", 70.0), ("willingness", 30.0)]));
    assert_eq!(
        weights("customer-service").into_iter().map(|(name, _)| name).collect::<Vec<_>>(),
        ["logic", "emotion-control", "reaction-speed"]
    );
}

#[test]
fn no_shipped_profile_scores_what_must_not_be_compared_between_people() {
    for name in Library::shipped_names() {
        let Ok(resolved) = Library::shipped().named(name) else { continue };
        for indicator in resolved.profile.indicators() {
            assert!(
                !["voice.f0_median", "voice.level_mean", "voice.signal_to_noise"]
                    .contains(&indicator.feature.as_str()),
                "{name}: {}",
                indicator.feature
            );
        }
    }
}
