//! Tests of the flags for what a job requires.

use interview_schemas::features::{AnswerFeatures, Evidence, NotAssessed};
use interview_schemas::job::Job;
use interview_schemas::parse::from_json;
use interview_schemas::report::{Flag, Grade};
use interview_schemas::{AnswerId, Feature};

use super::required::required_flags;
use crate::score::{named, score, testing};

/// Requirements and a question with points; a1 and a2 answer it, a3 is about nothing.
fn job(answers: &str) -> Job {
    let text = format!(
        r#"{{"schema_version":"1","job_id":"j","candidate":{{"reference":"c"}},
        "position":{{"requirements":[{{"text":"forklift licence","must":true}},{{"text":"Excel"}},
            {{"text":"shift work","must":true}}]}},
        "questions":[{{"id":"q","text":"What do you do first?","rubric":[
            {{"id":"lock","text":"Locks the switch","must":true}},{{"id":"call","text":"Calls the foreman"}}]}}],
        "answers":[{answers}]}}"#
    );
    from_json(text.as_bytes()).unwrap()
}

const ONE: &str = r#"{"kind":"text","id":"a1","text":"x","question":"q"}"#;
const TWO: &str = r#"{"kind":"text","id":"a1","text":"x","question":"q"},
    {"kind":"text","id":"a2","text":"x","question":"q"}"#;

/// A measured share with lines of evidence.
fn share(name: &str, value: f64, lines: &[&str]) -> Feature {
    let evidence = lines.iter().map(|line| Evidence::new(0.0, 0.0, *line)).collect();
    Feature::measured(name, "ratio", value, 0.9, evidence)
}

fn unknown(name: &str, reason: NotAssessed) -> Feature {
    Feature::not_assessed(name, "ratio", reason)
}

fn answer(id: &str, kind: &str, features: Vec<Feature>) -> AnswerFeatures {
    AnswerFeatures { kind: kind.to_owned(), ..testing::answer(id, features) }
}

/// An answer that shows the requirements but for those, and covers its points but for those.
fn words(id: &str, without: &[&str], uncovered: &[&str]) -> AnswerFeatures {
    let measured = |name: &str, all: &[&str], missing: &[&str]| {
        let line = |text: &&str| {
            if missing.contains(text) { format!("✗ {text}") } else { format!("✓ {text}: I said so.") }
        };
        let lines: Vec<String> = all.iter().map(line).collect();
        share(name, 0.5, &lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let required = ["forklift licence", "Excel", "shift work"];
    answer(
        id,
        "text",
        vec![
            measured("content.requirement_coverage", &required, without),
            unknown("content.resume_coverage", NotAssessed::NoReference),
            measured("content.rubric_coverage", &["Locks the switch", "Calls the foreman"], uncovered),
        ],
    )
}

/// An answer whose words could not be judged.
fn deaf(id: &str, kind: &str, reason: NotAssessed) -> AnswerFeatures {
    let names = ["content.length", "content.requirement_coverage", "content.rubric_coverage"];
    answer(id, kind, names.iter().map(|name| unknown(name, reason)).collect())
}

fn codes(flags: &[Flag]) -> Vec<(&str, Option<&str>)> {
    flags.iter().map(|flag| (flag.code.as_str(), flag.answer.as_ref().map(AnswerId::as_str))).collect()
}

#[test]
fn a_must_that_is_nowhere_is_named_and_what_is_not_required_is_not() {
    let flags =
        required_flags(&job(ONE), &[words("a1", &["forklift licence", "Excel"], &["Locks the switch"])]);
    assert_eq!(codes(&flags), [("REQUIREMENT_MISSING", None), ("REQUIRED_POINT_MISSING", Some("a1"))]);
    for (flag, name) in flags.iter().zip(["“forklift licence”", "“Locks the switch”"]) {
        for text in [&flag.message.en, &flag.message.zh] {
            assert!(text.contains(name) && !text.contains("Excel") && !text.contains("shift"), "{text}");
        }
    }
    assert!(flags[1].message.en.contains("“What do you do first?”"));
    assert!(required_flags(&job(ONE), &[words("a1", &["Excel"], &["Calls the foreman"])]).is_empty());
}

#[test]
fn one_answer_or_the_resume_is_enough() {
    let without = words("a1", &["forklift licence", "shift work"], &["Locks the switch"]);
    let other = words("a2", &["shift work"], &[]);
    let both = required_flags(&job(TWO), &[without.clone(), other]);
    assert_eq!(codes(&both), [("REQUIREMENT_MISSING", None)]);
    assert!(both[0].message.en.contains("“shift work”") && !both[0].message.en.contains("forklift"));

    let mut read = without;
    read.features[1] =
        share("content.resume_coverage", 0.7, &["≈ forklift licence: …truck licence…", "✗ shift work"]);
    let flags = required_flags(&job(ONE), &[read]);
    assert!(flags[0].message.en.contains("nor in the résumé: “shift work”"), "{}", flags[0].message.en);
    assert!(flags[0].message.zh.contains("简历") && !flags[0].message.zh.contains("forklift"));
}

#[test]
fn what_could_not_be_judged_is_a_reason_to_look_but_never_missing() {
    for reason in [NotAssessed::UnreliableTranscript, NotAssessed::NoSpeech, NotAssessed::Policy] {
        let flags = required_flags(&job(ONE), &[deaf("a1", "audio", reason)]);
        let expected = [("REQUIREMENT_NOT_ASSESSED", None), ("REQUIRED_POINT_NOT_ASSESSED", Some("a1"))];
        assert_eq!(codes(&flags), expected, "{reason:?}");
    }
    // An answer that failed has no features at all; what another answer shows is shown.
    let failed = answer("a2", "video", Vec::new());
    let flags = required_flags(&job(TWO), &[words("a1", &["shift work"], &[]), failed]);
    assert_eq!(codes(&flags), [("REQUIREMENT_NOT_ASSESSED", None)]);
    assert!(flags[0].message.en.contains("shift work") && !flags[0].message.en.contains("forklift"));
    // A written answer without words is known to hold nothing.
    let flags = required_flags(&job(ONE), &[deaf("a1", "text", NotAssessed::NoSpeech)]);
    assert_eq!(codes(&flags), [("REQUIREMENT_MISSING", None), ("REQUIRED_POINT_MISSING", Some("a1"))]);
    // Nobody answered the question: only a rating came.
    let rating = r#"{"kind":"external","id":"r","measure":"m","source":"s","score":1,"min":0,"max":5}"#;
    let flags = required_flags(&job(rating), &[answer("r", "external", Vec::new())]);
    assert_eq!(codes(&flags), [("REQUIREMENT_NOT_ASSESSED", None), ("REQUIRED_POINT_NOT_ASSESSED", None)]);
}

#[test]
fn long_names_and_many_of_them_stay_readable() {
    let mut job = job(ONE);
    let long = "x".repeat(4_000);
    let mut lines = vec![format!("✗ {}…", "x".repeat(240))];
    job.position.requirements[0].text = long;
    for number in 0..40 {
        let mut one = job.position.requirements[0].clone();
        one.text = format!("skill {number}");
        lines.push(format!("✗ {}", one.text));
        job.position.requirements.push(one);
    }
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let flags = required_flags(
        &job,
        &[answer("a1", "text", vec![share("content.requirement_coverage", 0.0, &lines)])],
    );
    let message = &flags[0].message;
    assert!(message.en.contains("skill 10”") && message.en.contains("and 29 more"), "{}", message.en);
    assert!(message.zh.contains("等41项") && message.en.len() < 700, "{}", message.zh);
}

#[test]
fn a_missing_must_asks_for_a_person_under_every_profile_and_sets_nothing_going() {
    for profile in ["general", "sales"] {
        let profile = named(profile).unwrap();
        let mut set = testing::interview(vec![words("a1", &["forklift licence"], &["Locks the switch"])]);
        for (name, value) in
            [("content.relevance", 0.8), ("content.length", 80.0), ("content.lexical_diversity", 0.9)]
        {
            set.answers[0].features.push(share(name, value, &[]));
        }
        set.answers[0].features[0].value = Some(1.0);
        set.answers[0].scene = Some("refusal".to_owned());
        let clean = score(&profile, &set);
        assert!(clean.reviews.is_empty(), "{:?}", clean.reviews);

        set.flags = required_flags(&job(ONE), &set.answers);
        let card = score(&profile, &set);
        assert_eq!((card.score, card.grade), (clean.score, clean.grade), "it never rejects by itself");
        let names: Vec<_> = card.reviews.iter().map(|hit| hit.name.as_str()).collect();
        assert_eq!(names, ["required-skills", "required-points"]);
        assert!(card.triggers.is_empty());
        let reasons: Vec<_> = card.reasons.iter().map(|reason| reason.en.as_str()).collect();
        assert!(
            reasons.iter().any(|it| it.starts_with("A person must look") && it.contains("forklift licence"))
        );
        assert!(card.reasons.iter().any(|it| it.zh.contains("须人工复核") | it.zh.contains("需人工复核")));
        let codes: Vec<_> = set.flags.iter().map(|flag| flag.code.as_str()).collect();
        let evaluation = crate::score::evaluate::evaluate(&profile, &[]);
        assert!(profile.rules().applied(&evaluation, &[], &codes).triggers.is_empty());
    }
}

#[test]
fn a_rule_of_the_profile_gives_way_to_what_names_the_point() {
    let profile = named("sales").unwrap();
    let mut answer = words("a1", &[], &["Locks the switch"]);
    answer.features.push(share("content.rubric_must_coverage", 0.0, &["✗ Locks the switch"]));
    let mut set = testing::interview(vec![answer]);
    let generic = score(&profile, &set);
    assert_eq!(generic.reviews.len(), 1);
    set.flags = required_flags(&job(ONE), &set.answers);
    let card = score(&profile, &set);
    assert_eq!(card.reviews.len(), 1);
    assert_eq!(card.reviews[0].name, generic.reviews[0].name);
    assert!(card.reviews[0].message.zh.contains("Locks the switch"));
    assert_eq!(card.grade, Grade::InsufficientEvidence);
}
