//! Inheritance, locks, limits, published versions, rollout, norms and rules through the public surface.

use std::path::Path;

use interview_schemas::report::Grade;
use interview_schemas::{Bilingual, CandidateRef};

use super::rollout::{Subject, draw, select};
use super::source::{Format, Source};
use super::testing::{SMALL, answer, external, from_toml, interview};
use super::{Library, score, score_under};

const BASE: &str = r#"
schema_version = "1"
name = "retail-base"
version = 2
base_only = true
title = { en = "Retail base", zh = "零售通用" }
evidence = { floor = 0.5 }
grades = { recommended = 80, consider = 60 }

[competencies.talk]
title = { en = "Talk", zh = "沟通" }
weight = 60
limits = { min = 40, max = 70 }
[competencies.talk.indicators]
a = { feature = "external.a", weight = 50, limits = { min = 20, max = 80 }, curve.linear = { from = 0, to = 100 } }
b = { feature = "external.b", weight = 50, limits = { min = 20, max = 80 }, curve.linear = { from = 0, to = 100 } }

[competencies.honest]
title = { en = "Honesty", zh = "诚信" }
weight = 20
locked = true
[competencies.honest.indicators]
c = { feature = "external.c", weight = 100, curve.linear = { from = 0, to = 100 } }

[competencies.spare]
title = { en = "Spare block", zh = "备用模块" }
[competencies.spare.indicators]
d = { feature = "external.d", weight = 100, curve.linear = { from = 0, to = 100 } }
"#;

const BRANCH: &str = r#"
schema_version = "1"
name = "shanghai"
version = 1
extends = "retail-base@2"
title = { en = "Shanghai", zh = "上海" }

[competencies.talk]
weight = 50
indicators.a.weight = 70
indicators.b.weight = 30

[competencies.local]
title = { en = "Dialect", zh = "方言" }
weight = 30
[competencies.local.indicators]
e = { feature = "external.e", weight = 100, curve.linear = { from = 0, to = 100 } }
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn library(folder: &Path) -> Library {
    Library::shipped().with_folder(folder)
}

/// What is said about an overlay with one change.
fn overlay_error(from: &str, to: &str) -> String {
    assert!(BRANCH.contains(from), "{from}");
    let files = folder(&[("retail-base@2.toml", BASE), ("shanghai.toml", &BRANCH.replacen(from, to, 1))]);
    library(files.path()).named("shanghai").unwrap_err().to_string()
}

#[test]
fn an_overlay_adds_reweights_and_drops_unused_blocks() {
    let files = folder(&[("retail-base@2.toml", BASE), ("shanghai.toml", BRANCH)]);
    let resolved = library(files.path()).named("shanghai").unwrap();
    let weights: Vec<_> =
        resolved.profile.competencies().iter().map(|part| (part.name.as_str(), part.weight)).collect();
    assert_eq!(weights, [("honest", 0.2), ("local", 0.3), ("talk", 0.5)]);
    let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
    let origin = |text: &str| {
        let (layer, line) = resolved.origin(&path(text)).unwrap();
        (layer.reference.clone(), line)
    };
    assert_eq!(origin("competencies.talk.weight"), ("shanghai@1".to_owned(), 9));
    assert_eq!(origin("competencies.talk.title"), ("retail-base@2".to_owned(), 11));
    assert_eq!(origin("competencies.talk.indicators.a.weight"), ("shanghai@1".to_owned(), 10));
    assert_eq!(origin("competencies.talk.indicators.a.feature"), ("retail-base@2".to_owned(), 15));
    let base = library(files.path()).named("retail-base@2").unwrap_err().to_string();
    assert!(base.contains("base for other profiles"), "{base}");
    library(files.path()).check(Source::new("base.toml", BASE, Format::Toml)).unwrap();
}

#[test]
fn the_base_is_obeyed() {
    for (from, to, expected) in [
        (
            "weight = 50",
            "weight = 39",
            "shanghai.toml:9: competencies.talk.weight: 39 is outside of the limits 40 to 70",
        ),
        ("weight = 50", "weight = 45", "add up to 95"),
        (
            "[competencies.local]",
            "[competencies.honest]\nweight = 20\n[competencies.local]",
            "locked by retail-base@2",
        ),
        ("weight = 50", "weight = 50\ntitle = { en = \"x\", zh = \"x\" }", "`title` is set by retail-base@2"),
        ("weight = 50", "weight = 50\nlimits = { min = 0, max = 100 }", "only narrow the limits"),
        (
            "indicators.a.weight = 70",
            "indicators.a = { weight = 70, feature = \"external.z\" }",
            "`feature` is set",
        ),
        (
            "indicators.a.weight = 70",
            "indicators.a = { weight = 70, scenes = [\"refusal\"] }",
            "cannot change what",
        ),
        ("indicators.a.weight = 70", "indicators.a.weight = 90", "outside of the limits 20 to 80"),
        ("retail-base@2", "retail-base@3", "shanghai.toml:5: extends: no version \"3\""),
        ("retail-base@2", "retail-base", "name the version, too"),
        ("retail-base@2", "retial-base@2", "no profile \"retial-base\""),
        ("retail-base@2", "shanghai@1", "a cycle"),
    ] {
        let text = overlay_error(from, to);
        assert!(text.contains(expected), "{from} -> {to}: {text}");
    }
}

#[test]
fn a_base_says_what_an_overlay_may_do() {
    let strict = BASE.replace("base_only = true", "base_only = true\noverlay = { allow = [] }");
    let files = folder(&[("retail-base@2.toml", &strict), ("shanghai.toml", BRANCH)]);
    let text = library(files.path()).named("shanghai").unwrap_err().to_string();
    assert!(text.contains("does not allow an overlay to add competencies"), "{text}");
}

#[test]
fn long_cycles_are_found() {
    let link = |name: &str, extends: &str| {
        BRANCH.replace("\"shanghai\"", &format!("{name:?}")).replace("retail-base@2", extends)
    };
    let files = folder(&[
        ("a.toml", &link("a", "b@1")),
        ("b.toml", &link("b", "c@1")),
        ("c.toml", &link("c", "a@1")),
    ]);
    let text = library(files.path()).named("a").unwrap_err().to_string();
    assert!(text.contains("c.toml:5: extends: c@1 extends a@1, which extends c@1: a cycle"), "{text}");
}

#[test]
fn a_published_version_cannot_change() {
    let hash = from_toml("small.toml", SMALL).unwrap().hash().to_owned();
    let files =
        folder(&[("small.toml", SMALL), ("versions.lock", &format!("# published\nsmall@3 {hash}\n"))]);
    library(files.path()).named("small").unwrap();
    std::fs::write(files.path().join("small.toml"), SMALL.replace("floor = 0.5", "floor = 0.6")).unwrap();
    let text = library(files.path()).named("small").unwrap_err().to_string();
    assert!(text.contains("small.toml:4: version: small@3 was published"), "{text}");
    let rolled = SMALL.replace("version = 3", "version = 3\nrollout = { percent = 20 }");
    std::fs::write(files.path().join("small.toml"), rolled).unwrap();
    library(files.path()).named("small").expect("a rollout is no part of the content");
}

#[test]
fn gray_release_is_stable_and_grows() {
    let newer = |rollout: &str| SMALL.replace("version = 3", &format!("version = 4\nrollout = {rollout}"));
    let candidates: Vec<_> =
        (0..2000).map(|n| CandidateRef::new(format!("candidate-{n}")).unwrap()).collect();
    let admitted = |rollout: &str| {
        let files = folder(&[("small@3.toml", SMALL), ("small@4.toml", &newer(rollout))]);
        let library = library(files.path());
        let choose = |candidate: &CandidateRef, branch: Option<&str>| {
            select(&library, "small", &Subject { candidate, branch, at: None }).unwrap()
        };
        let live = |candidate: &&CandidateRef| choose(candidate, None).live.file().version == 4;
        assert_eq!(choose(&candidates[0], Some("suzhou")).live.file().version, 4);
        candidates.iter().take(40).filter(live).cloned().collect::<Vec<_>>()
    };
    let few = admitted("{ percent = 10, branches = [\"suzhou\"] }");
    let more = admitted("{ percent = 60, branches = [\"suzhou\"] }");
    assert!(few.len() < more.len() && few.iter().all(|candidate| more.contains(candidate)));
    let share = candidates.iter().filter(|candidate| draw("small", candidate) < 25.0).count();
    assert!((430..570).contains(&share), "about a quarter of 2000: {share}");
}

#[test]
fn shadow_versions_and_dates() {
    let newer = SMALL.replace("version = 3", "version = 4\nrollout = { percent = 0, shadow = true }");
    let future = SMALL.replace("version = 3", "version = 5\neffective = { from = \"2027-01-01T00:00:00Z\" }");
    let files = folder(&[("small@3.toml", SMALL), ("small@4.toml", &newer), ("small@5.toml", &future)]);
    let candidate = CandidateRef::new("c").unwrap();
    let at = |text: &str| {
        let subject = Subject { candidate: &candidate, branch: None, at: Some(text.parse().unwrap()) };
        let selection = select(&library(files.path()), "small", &subject).unwrap();
        let shadow: Vec<_> = selection.shadow.iter().map(|profile| profile.file().version).collect();
        (selection.live.file().version, shadow)
    };
    assert_eq!(at("2026-12-31T23:59:59Z"), (3, vec![4]));
    assert_eq!(at("2027-01-01T00:00:00Z"), (5, vec![]));
}

#[test]
fn percentile_curves_use_norm_tables() {
    let percentiles: Vec<_> = (0..=100).map(|n| (f64::from(n) * 0.5).to_string()).collect();
    let norms = format!(
        "schema_version = \"1\"\nname = \"shops\"\nversion = 1\n[features.\"external.a\"]\ncount = 900\npercentiles = [{}]\n",
        percentiles.join(", ")
    );
    let small = SMALL.replace(
        "external.a\", weight = 75, curve.linear = { from = 0, to = 100 }",
        "external.a\", weight = 75, curve.percentile = { norm = \"shops@1\" }",
    );
    let files = folder(&[("small.toml", &small)]);
    let text = library(files.path()).named("small").unwrap_err().to_string();
    assert!(
        text.contains("small.toml:19:") && text.contains("norm table \"shops@1\" was not found"),
        "{text}"
    );
    std::fs::create_dir(files.path().join("norms")).unwrap();
    std::fs::write(files.path().join("norms/shops@1.toml"), norms).unwrap();
    let profile = library(files.path()).named("small").unwrap().profile;
    let set = interview(vec![answer("x", vec![external("a", 40.0, 1.0), external("d", 50.0, 1.0)])]);
    let card = score(&profile, &set);
    let talk = card.competencies.iter().find(|part| part.name == "talk").unwrap();
    assert_eq!(talk.score, Some(80.0));
    let path = files.path().join("norms/shops@1.toml");
    let other = std::fs::read_to_string(&path).unwrap().replace("[0,", "[-5,");
    std::fs::write(&path, other).unwrap();
    let changed = library(files.path()).named("small").unwrap().profile;
    assert_ne!(changed.hash(), profile.hash(), "other norms are another profile");
}

#[test]
fn yaml_says_the_same_with_lines() {
    let file: interview_schemas::profile::ProfileFile = toml::from_str(SMALL).unwrap();
    let json = serde_json::to_string_pretty(&file).unwrap();
    let hash = |text: &str| {
        let source = Source::new("small.yaml", text, Format::Yaml);
        Library::shipped().resolve(source).map(|resolved| resolved.profile.hash().to_owned())
    };
    assert_eq!(hash(&json).unwrap(), from_toml("small.toml", SMALL).unwrap().hash());
    let yaml = "schema_version: \"1\"\nname: small\nversion: 1\ntitle: {en: S, zh: 小}\ngrades: {recommended: 80, consider: 60}\n\
        evidence: {floor: 0.5}\ncompetencies:\n  talk:\n    title: {en: T, zh: 谈}\n    weight: 90\n    indicators:\n      a:\n        feature: external.a\n        weight: 100\n        curve: {linear: {from: 0, to: 1}}\n";
    let text = hash(yaml).unwrap_err().to_string();
    assert!(text.contains("small.yaml:7: competencies: the weights"), "{text}");
    let text = hash(&yaml.replace("weight: 90", "wieght: 90")).unwrap_err().to_string();
    assert!(text.contains("small.yaml:10:") && text.contains("did you mean \"weight\""), "{text}");
    let text = hash(&yaml.replace("weight: 90", "weight: 90\n    weight: 100")).unwrap_err().to_string();
    assert!(text.contains("duplicate"), "{text}");
    assert!(hash("a: &a [*a, *a]").is_err());
    assert!(hash(&"[".repeat(50_000)).is_err());
}

const RULES: &str = r#"
[triggers.second-round]
title = { en = "Second round", zh = "复试" }
event = "second_round_invitation"
when = { score.at_least = 80, confidence.at_least = 0.6, competencies.talk.at_least = 70 }

[rules.licence]
message = { en = "The driving licence is missing.", zh = "缺少驾驶证。" }
outcome = "not_recommended"
when.features."external.licence" = { below = 50, missing = true }
"#;

#[test]
fn hard_rules_never_reject_alone() {
    let profile = from_toml("small.toml", &format!("{SMALL}{RULES}")).unwrap();
    let good = |licence: f64| {
        let features = ["a", "b", "c", "d"].map(|name| external(name, 90.0, 1.0));
        let mut features = features.to_vec();
        features.push(external("licence", licence, 1.0));
        interview(vec![answer("x", features)])
    };
    let card = score(&profile, &good(100.0));
    assert_eq!((card.grade, card.reviews.len()), (Grade::Recommended, 0));
    assert_eq!(card.triggers[0].event, "second_round_invitation");

    let card = score(&profile, &good(0.0));
    assert_eq!(
        (card.grade, card.score),
        (Grade::Recommended, Some(90.0)),
        "a rule asks for a person, no more"
    );
    assert_eq!(card.reviews[0].name, "licence");
    assert!(card.triggers.is_empty(), "nothing is set going while a person must look");
    assert!(card.reasons.iter().any(|reason| reason.zh.contains("需人工复核：缺少驾驶证")));

    let card = score_under(&profile, &good(0.0), true);
    assert_eq!((card.grade, card.score), (Grade::NotRecommended, Some(90.0)));
}

#[test]
fn conditions_are_checked() {
    for (from, to, expected) in [
        (
            "competencies.talk",
            "competencies.tolk",
            "there is no \"tolk\" in `competencies` (did you mean \"talk\"?)",
        ),
        ("score.at_least = 80", "score.at_least = nan", "finite"),
        ("{ below = 50, missing = true }", "{ }", "state `at_least`"),
        (
            "score.at_least = 80",
            "score = { at_least = 80, below = 10 }",
            "nothing is at least 80 and below 10",
        ),
        ("\"second_round_invitation\"", "\"second round\"", "an event has"),
        (
            "score.at_least = 80",
            "flags = [\"MORE_THAN_ONE_FACES\"]",
            "no flag has the code \"MORE_THAN_ONE_FACES\" (did you mean \"MORE_THAN_ONE_FACE\"?)",
        ),
        ("score.at_least = 80", "flags = [\"two faces\"]", "is no code"),
    ] {
        let text = format!("{SMALL}{}", RULES.replace(from, to));
        let text = from_toml("small.toml", &text).unwrap_err().to_string();
        assert!(text.contains(expected), "{to}: {text}");
    }
}

#[test]
fn the_kind_of_the_question_decides_which_answers_count() {
    use interview_schemas::job::QuestionKind;
    let feature = "feature = \"external.d\", weight = 100,";
    let text = SMALL.replace(feature, &format!("{feature} questions = [\"situational\", \"procedure\"],"));
    let profile = from_toml("small.toml", &text).unwrap();
    let to = |kind: Option<QuestionKind>, points: f64| {
        let mut answer = answer(&format!("to-{points:.0}"), vec![external("d", points, 1.0)]);
        answer.question = kind;
        answer
    };
    let asked = interview(vec![
        to(None, 0.0),
        to(Some(QuestionKind::Structured), 10.0),
        to(Some(QuestionKind::Situational), 60.0),
        to(Some(QuestionKind::Procedure), 80.0),
    ]);
    let card = score(&profile, &asked);
    let craft = card.competencies.iter().find(|part| part.name == "craft").unwrap();
    assert_eq!(craft.score, Some(70.0));
    let slip = text.replace("\"situational\"", "\"situationl\"");
    let text = from_toml("small.toml", &slip).unwrap_err().to_string();
    assert!(text.contains("did you mean \"situational\""), "{text}");
}

#[test]
fn several_raters_are_shown_with_their_deviation() {
    let profile = from_toml("small.toml", SMALL).unwrap();
    let rater = |id: &str, points: f64| answer(id, vec![external("d", points, 1.0)]);
    let card = score(&profile, &interview(vec![rater("x", 70.0), rater("y", 80.0), rater("z", 90.0)]));
    // d alone is 40 % of the profile and below the floor, but its reading is shown.
    let craft = card.competencies.iter().find(|part| part.name == "craft").unwrap();
    assert_eq!((craft.indicators[0].value, craft.indicators[0].spread), (Some(80.0), Some(10.0)));
    assert_eq!(craft.title, Bilingual::new("Craft", "技艺"));
}
