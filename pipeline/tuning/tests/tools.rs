//! Traits, norms and differences through the public surface.

#![allow(clippy::unwrap_used)]

use interview_pipeline::score::norms::Norms;
use interview_pipeline::score::source::{Format, Source};
use interview_pipeline::score::{Library, named};
use interview_tuning::population::Population;
use interview_tuning::simulate::{self, Options, Written};
use interview_tuning::tables::Table;
use interview_tuning::{diff, norms, traits};

fn made(folder: &std::path::Path, effect: f64) -> Written {
    let profile = named("sales").unwrap();
    // Only stress resistance decides: content.relevance, voice.steadiness and speech.pause_ratio in its scenes.
    let options = Options { interviews: 2000, seed: 4, planted: vec![0.0, 0.0, 1.0], effect, bias: 0.0 };
    simulate::write(folder, &options, &profile).unwrap()
}

#[test]
fn traits_find_what_was_planted_and_nothing_in_noise() {
    let folder = tempfile::tempdir().unwrap();
    let run = |effect| {
        let written = made(folder.path(), effect);
        let population = Population::find(&[written.features]).unwrap();
        traits::traits(&population, &Table::read(&written.outcomes).unwrap(), "performance", 0.2, 2).unwrap()
    };
    let found = run(0.9);
    let names: Vec<_> = found.traits.iter().filter(|one| one.found).map(|one| one.feature.as_str()).collect();
    assert!(names.contains(&"voice.steadiness") && names.contains(&"content.relevance"), "{names:?}");
    let pauses = found.traits.iter().find(|one| one.feature == "speech.pause_ratio").unwrap();
    assert!(pauses.effect.value < 0.0, "strong performers pause less");
    assert!(!found.warning.0.is_empty() && found.warning.1.contains("相关"));
    let noise = run(0.0);
    assert!(noise.traits.iter().all(|one| !one.found), "{:?}", noise.traits);
}

#[test]
fn too_few_people_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let written = made(folder.path(), 0.5);
    let population = Population::find(&[written.features]).unwrap();
    let few = Table::parse("o.csv", b"id,performance\nsim-0000001,3\nsim-0000002,4\n").unwrap();
    let error = traits::traits(&population, &few, "performance", 0.2, 1).unwrap_err().to_string();
    assert!(error.contains("about 100 interviews in all"), "{error}");
}

#[test]
fn norms_are_percentiles_and_load() {
    let folder = tempfile::tempdir().unwrap();
    let population = Population::find(&[made(folder.path(), 0.5).features]).unwrap();
    let table = norms::build(&population, "shops", 1, None, &[], 2).unwrap();
    let text = toml::to_string(&table).unwrap();
    let loaded = Norms::load(&Source::new("shops@1.toml", &text, Format::Toml)).unwrap();
    assert_eq!(loaded.reference(), "shops@1");
    let relevance = &table.features["content.relevance"];
    assert_eq!(relevance.percentiles.len(), 101);
    assert!(relevance.count > 1900 && (relevance.percentiles[50] - 0.55).abs() < 0.03);
    let only = ["voice.steadiness".to_owned()];
    assert_eq!(norms::build(&population, "one", 1, None, &only, 1).unwrap().features.len(), 1);
    let unknown = ["voice.unheard_of".to_owned()];
    assert!(norms::build(&population, "none", 1, None, &unknown, 1).is_err());
}

#[test]
fn the_profile_of_the_guide_is_valid() {
    let guide =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/profiles.md")).unwrap();
    let blocks: Vec<&str> =
        guide.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let check = |text: &str| Library::shipped().check(Source::new("guide", text, Format::Toml));
    let profile = blocks.iter().find(|block| block.contains("schema_version")).unwrap();
    check(profile).unwrap();
    // The other blocks are parts of a profile.
    for part in blocks.iter().filter(|block| !block.contains("schema_version")) {
        let whole =
            if part.starts_with('[') { format!("{profile}{part}") } else { format!("{part}{profile}") };
        check(&whole).unwrap_or_else(|error| panic!("{part}\n{error}"));
    }
}

#[test]
fn differences_are_said_in_human_terms() {
    let folder = tempfile::tempdir().unwrap();
    let old = Library::shipped().named("sales").unwrap();
    let text = old
        .layers
        .last()
        .unwrap()
        .source
        .text
        .replace("communication.weight = 40", "communication.weight = 45");
    let text = text.replace("product-knowledge.weight = 30", "product-knowledge.weight = 25");
    let text = text.replace("version = 1\nextends", "version = 2\n\nextends");
    let text = text.replace("score.at_least = 80", "score.at_least = 85");
    let text = format!(
        "grades = {{ recommended = 82, consider = 60 }}\nrollout = {{ percent = 10, branches = [\"suzhou\"], shadow = true }}\n{text}"
    );
    let path = folder.path().join("sales.toml");
    std::fs::write(&path, text).unwrap();
    let new = Library::shipped().named(path.to_str().unwrap()).unwrap();
    let changes = diff::diff(&old.profile, &new.profile);
    let lines: Vec<_> = changes.iter().map(|one| format!("{}: {}", one.subject, one.change)).collect();
    assert_eq!(
        lines,
        [
            "grades: recommended from 80 -> 82",
            "rollout: branches none -> suzhou",
            "rollout: percent none -> 10",
            "rollout: shadow none -> true",
            "communication: weight 40 -> 45",
            "product-knowledge: weight 30 -> 25",
            "trigger second-round: when.score.at_least 80 -> 85"
        ]
    );
    assert!(diff::diff(&old.profile, &old.profile).is_empty());
}
