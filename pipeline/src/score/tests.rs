//! Scoring and loading through the public surface, against numbers worked out by hand.

use interview_schemas::features::{Evidence, FeatureSet, NotAssessed};
use interview_schemas::report::Grade;

use super::testing::{SMALL, answer, external, from_toml, interview, missing};
use super::{Profile, Scorecard, named, score};
use crate::PipelineError;

fn small() -> Profile {
    from_toml("small.toml", SMALL).unwrap()
}

fn one(a: f64, b: f64, c: f64, d: f64) -> FeatureSet {
    interview(vec![answer(
        "x",
        vec![external("a", a, 1.0), external("b", b, 1.0), external("c", c, 1.0), external("d", d, 1.0)],
    )])
}

fn contributions(card: &Scorecard) -> f64 {
    card.competencies.iter().map(|competency| competency.contribution).sum()
}

fn problems(text: &str) -> String {
    from_toml("p.toml", text).unwrap_err().to_string().trim_start_matches("profile: ").to_owned()
}

#[test]
fn a_score_is_the_weighted_sum_of_its_indicators() {
    let card = score(&small(), &one(80.0, 40.0, 50.0, 90.0));
    // 0.4*(0.75*80 + 0.25*40) + 0.2*50 + 0.4*90 = 28 + 10 + 36.
    assert_eq!(card.score, Some(74.0));
    assert_eq!(card.grade, Grade::Consider);
    assert_eq!(card.confidence, 1.0);
    let names: Vec<_> = card.competencies.iter().map(|c| (c.name.as_str(), c.contribution)).collect();
    assert_eq!(names, [("craft", 36.0), ("talk", 28.0), ("calm", 10.0)]);
    assert_eq!(card.competencies[1].indicators[0].contribution, 24.0);
    assert_eq!(card.profile.version, "3");
    assert_eq!(card.profile.hash.len(), 64);
}

#[test]
fn thresholds_are_met_exactly() {
    for (points, grade) in [
        (100.0, Grade::Recommended),
        (80.0, Grade::Recommended),
        (79.9, Grade::Consider),
        (60.0, Grade::Consider),
        (59.9, Grade::NotRecommended),
        (0.0, Grade::NotRecommended),
    ] {
        let card = score(&small(), &one(points, points, points, points));
        assert_eq!((card.score, card.grade), (Some(points), grade));
    }
}

#[test]
fn missing_evidence_gives_its_weight_to_its_siblings_first() {
    let set = interview(vec![answer(
        "x",
        vec![
            external("a", 80.0, 1.0),
            missing("b", NotAssessed::NoSpeech),
            missing("c", NotAssessed::NoSpeech),
            external("d", 20.0, 1.0),
        ],
    )]);
    let card = score(&small(), &set);
    // Talk is a alone (80), general is talk alone with all of its 60 %, skill keeps its 40 %.
    assert_eq!(card.score, Some(56.0));
    assert_eq!(card.confidence, 0.7);
    assert!((contributions(&card) - 56.0).abs() < 1e-9);
    let calm = card.competencies.iter().find(|c| c.name == "calm").unwrap();
    assert_eq!((calm.score, calm.contribution, calm.confidence), (None, 0.0, 0.0));
    assert_eq!(calm.indicators[0].not_assessed, Some(NotAssessed::NoSpeech));
    assert!(
        card.reasons
            .iter()
            .any(|reason| reason.en.contains("external.b") || reason.en.contains("b (no speech)"))
    );
}

#[test]
fn below_the_floor_there_is_no_score() {
    let set =
        interview(vec![answer("x", vec![external("d", 100.0, 1.0), missing("a", NotAssessed::NoSpeech)])]);
    let card = score(&small(), &set);
    assert_eq!((card.score, card.grade, card.confidence), (None, Grade::InsufficientEvidence, 0.4));
    assert_eq!(contributions(&card), 0.0);
    assert!(card.reasons[0].en.contains("40 %") && card.reasons[0].zh.contains("证据不足"));
    let nothing = score(&small(), &interview(Vec::new()));
    assert_eq!((nothing.score, nothing.grade, nothing.confidence), (None, Grade::InsufficientEvidence, 0.0));
}

#[test]
fn several_answers_count_by_their_confidence_in_any_order() {
    let first = answer("x", vec![external("a", 90.0, 0.9), external("d", 60.0, 1.0)]);
    let second = answer("y", vec![external("a", 30.0, 0.3), external("c", 60.0, 1.0)]);
    let third =
        answer("z", vec![missing("a", NotAssessed::NoSpeech), missing("d", NotAssessed::NotApplicable)]);
    let card = score(&small(), &interview(vec![first.clone(), second.clone(), third.clone()]));
    let talk = card.competencies.iter().find(|c| c.name == "talk").unwrap();
    // (90*0.9 + 30*0.3) / 1.2 = 75; confidence (0.9 + 0.3 + 0) / 3.
    assert_eq!(talk.indicators[0].value, Some(75.0));
    assert_eq!(talk.indicators[0].confidence, 0.4);
    let craft = card.competencies.iter().find(|c| c.name == "craft").unwrap();
    assert_eq!(craft.confidence, 1.0, "an answer it does not apply to is no missing evidence");
    assert_eq!(card, score(&small(), &interview(vec![third, second, first])));
}

#[test]
fn an_indicator_looks_only_at_its_scene_and_kind() {
    let text = SMALL
        .replace("a = { feature = \"external.a\"", "a = { scenes = [\"refusal\"], feature = \"external.a\"")
        .replace("c = { feature = \"external.c\"", "c = { kinds = [\"video\"], feature = \"external.c\"");
    let profile = from_toml("small.toml", &text).unwrap();
    let mut refusal = answer("x", vec![external("a", 100.0, 1.0)]);
    refusal.scene = Some("refusal".to_owned());
    let other =
        answer("y", vec![external("a", 0.0, 1.0), external("c", 50.0, 1.0), external("d", 50.0, 1.0)]);
    let card = score(&profile, &interview(vec![refusal, other]));
    let value = |name: &str| {
        let competency = card.competencies.iter().find(|c| c.name == name).unwrap();
        competency.indicators[0].value
    };
    assert_eq!((value("talk"), value("calm")), (Some(100.0), None));
}

#[test]
fn evidence_keeps_its_answer() {
    let mut feature = external("a", 50.0, 1.0);
    feature.evidence = vec![Evidence::new(1.0, 2.0, "well")];
    let card = score(&small(), &interview(vec![answer("x", vec![feature, external("d", 50.0, 1.0)])]));
    let talk = card.competencies.iter().find(|c| c.name == "talk").unwrap();
    assert_eq!(talk.indicators[0].evidence[0].answer.as_str(), "x");
}

#[test]
fn the_order_of_lines_does_not_change_the_hash_and_any_value_does() {
    let profile = small();
    let swapped = SMALL.replace(
        "evidence = { floor = 0.5, indicator_floor = 0.1 }\ngrades = { recommended = 80, consider = 60 }",
        "grades = { consider = 60, recommended = 80.0 }\nevidence = { indicator_floor = 0.1, floor = 0.5 }",
    );
    assert_ne!(swapped, SMALL);
    assert_eq!(from_toml("s", &swapped).unwrap().hash(), profile.hash());
    let other = SMALL.replace("recommended = 80", "recommended = 81");
    assert_ne!(from_toml("s", &other).unwrap().hash(), profile.hash());
}

#[test]
fn what_is_wrong_is_said_with_line_and_nearest_name() {
    let text = problems(&SMALL.replace("weight = 20", "weight = 25"));
    assert!(
        text.starts_with("p.toml:14: competencies: the weights of the competencies add up to 105"),
        "{text}"
    );
    let text = problems(&SMALL.replacen("wei", "wie", 1));
    assert!(
        text.contains("p.toml:17: unknown field `wieght`") && text.contains("did you mean \"weight\""),
        "{text}"
    );
    let text = problems(&SMALL.replace("group = \"skill\"", "group = \"skil\""));
    assert!(
        text.contains("p.toml:31: competencies.craft.group") && text.contains("mean \"skill\""),
        "{text}"
    );
    let text = problems(&SMALL.replace("to = 100 } }\nb", "to = 0 } }\nb"));
    assert!(
        text.contains("p.toml:19: competencies.talk.indicators.a.curve: `from` and `to` must differ"),
        "{text}"
    );
    let text = problems(&SMALL.replace("external.d", "speech.no_such_feature"));
    assert!(
        text.contains("p.toml:34: competencies.craft.indicators.d.feature: there is no feature"),
        "{text}"
    );
    let text = problems(&SMALL.replace("weight = 20", "weight = 1e308"));
    assert!(text.contains("a weight is a number from 0 to 100, not 1e308"), "{text}");
    let text = problems(&SMALL.replace("version = 3", "version = 3\nversion = 4"));
    assert!(text.contains("stands here twice"), "{text}");
}

#[test]
fn bad_numbers_are_refused() {
    for (from, to) in [
        ("weight = 20", "weight = nan"),
        ("weight = 20", "weight = -20"),
        ("weight = 20", "weight = 1e308"),
        ("weight = 20", "weight = inf"),
        ("weight = 20", ""),
        ("floor = 0.5", "floor = 1.5"),
        ("floor = 0.5", "floor = nan"),
        ("recommended = 80", "recommended = 60"),
        ("recommended = 80", "recommended = nan"),
        ("consider = 60", "consider = -1"),
        ("version = 3", "version = 0"),
        ("version = 3", "version = -1"),
        ("name = \"small\"", "name = \"../small\""),
        ("name = \"small\"", "name = \"\""),
        ("zh = \"小\"", "zh = \" \""),
        ("[competencies.calm]", "[competencies.talk]"),
        ("external.d", "external."),
        ("d = {", "d = { kinds = [\"vidoe\"],"),
        ("d = {", "d = { kinds = [],"),
        ("schema_version = \"1\"", "schema_version = \"2\""),
        ("schema_version = \"1\"", "schema_version = 1"),
    ] {
        assert!(SMALL.contains(from), "{from}");
        assert!(from_toml("p.toml", &SMALL.replacen(from, to, 1)).is_err(), "{from} -> {to}");
    }
    assert!(from_toml("p.toml", "").is_err());
    assert!(from_toml("p.toml", &"[".repeat(100_000)).is_err());
    assert!(from_toml("p.toml", &format!("a = {}", "[".repeat(100_000))).is_err());
}

#[test]
fn files_are_read_with_clear_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.toml");
    std::fs::write(&path, format!("\u{feff}{SMALL}")).unwrap();
    assert_eq!(named(path.to_str().unwrap()).unwrap().hash(), small().hash());
    std::fs::write(&path, b"name = \"\xff\"").unwrap();
    let garbled = named(path.to_str().unwrap()).unwrap_err().to_string();
    assert!(garbled.contains("small.toml:1: is not UTF-8"), "{garbled}");
    let folder_itself = named(&format!("{}/", folder.path().display())).unwrap_err().to_string();
    assert!(folder_itself.contains("is a folder"), "{folder_itself}");
    std::fs::write(&path, " ".repeat(2_000_000)).unwrap();
    assert!(named(path.to_str().unwrap()).unwrap_err().to_string().contains("at most"));
    assert!(matches!(named("no/such/file.toml"), Err(PipelineError::Profile(_))));
    let unknown = named("genral").unwrap_err().to_string();
    assert!(unknown.contains("did you mean \"general\""), "{unknown}");
}

#[test]
fn what_does_not_apply_to_written_answers_lowers_no_confidence() {
    let written = |features| {
        let mut answer = answer("w", features);
        answer.kind = "text".to_owned();
        answer
    };
    let does_not_apply = |measure: &str| missing(measure, NotAssessed::NotApplicable);
    // Of talk (40 %) only a (30 %) applies, calm (20 %) does not, craft (40 %) does: 70 % of the profile.
    let words =
        vec![external("a", 80.0, 0.8), does_not_apply("b"), does_not_apply("c"), external("d", 60.0, 0.8)];
    let card = score(&small(), &interview(vec![written(words.clone())]));
    assert_eq!((card.score, card.confidence), (Some(72.0), 0.8));
    let part = |card: &Scorecard, name: &str| {
        card.competencies.iter().find(|part| part.name == name).map(|part| part.confidence)
    };
    assert_eq!((part(&card, "talk"), part(&card, "calm")), (Some(0.8), Some(0.0)));
    assert_eq!(card.groups.iter().find(|group| group.name == "general").unwrap().confidence, 0.8);
    assert!(card.reasons.iter().any(|reason| reason.en.contains("does not apply to these answers")));

    // A recording of poor quality, or one that failed, hides what a written answer could not show anyway.
    let mut poor = answer("v", ["b", "c"].map(|name| missing(name, NotAssessed::PoorQuality)).to_vec());
    poor.kind = "video".to_owned();
    let mut failed = answer("v", Vec::new());
    failed.kind = "video".to_owned();
    for recording in [poor, failed] {
        let card = score(&small(), &interview(vec![written(words.clone()), recording]));
        assert_eq!(card.confidence, 0.56, "0.7 x 0.8: what is hidden counts as missing");
    }
    // What the profile asks for and nobody gave an answer to is missing, too.
    let card =
        score(&small(), &interview(vec![written(vec![external("a", 80.0, 1.0), external("d", 60.0, 1.0)])]));
    assert_eq!(card.confidence, 0.7);
    assert_eq!(card.competencies[1].indicators[1].not_assessed, Some(NotAssessed::NoAnswer));
}

#[test]
fn a_profile_that_hardly_applies_gives_no_score() {
    let features = ["a", "b", "c"].map(|name| missing(name, NotAssessed::NotApplicable));
    let mut written = answer("w", features.into_iter().chain([external("d", 100.0, 1.0)]).collect());
    written.kind = "text".to_owned();
    let card = score(&small(), &interview(vec![written]));
    assert_eq!((card.score, card.grade, card.confidence), (None, Grade::InsufficientEvidence, 1.0));
    let reason = &card.reasons[0];
    assert!(
        reason.en.contains("only 40 % of the profile applies") && reason.en.contains("50 %"),
        "{reason:?}"
    );
    assert!(reason.zh.contains("仅40%适用"), "{reason:?}");
}
