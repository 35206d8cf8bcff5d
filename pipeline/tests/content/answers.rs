//! The labelled answers: how well rubric points and answers off topic are found. The test is the test half of `en.toml`
//! and `zh.toml`; everything else is for tuning.

use std::path::{Path, PathBuf};

use interview_pipeline::perception::semantics::typed;
use interview_schemas::{Feature, Language};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::helpers::{feature, measure};

#[derive(Deserialize)]
struct Labelled {
    #[serde(default)]
    question: Vec<LabelledQuestion>,
    #[serde(default)]
    answer: Vec<LabelledAnswer>,
    /// Answers about something else, whatever the question.
    #[serde(default)]
    elsewhere: Vec<Elsewhere>,
    /// Answers to questions of another file.
    #[serde(default)]
    topic: Vec<OnTopic>,
}

#[derive(Deserialize)]
struct OnTopic {
    question: String,
    text: String,
}

#[derive(Deserialize)]
struct Elsewhere {
    text: String,
}

#[derive(Deserialize)]
struct LabelledQuestion {
    id: String,
    position: String,
    text: String,
    point: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct LabelledAnswer {
    id: String,
    question: String,
    kind: String,
    covers: Vec<String>,
    text: String,
}

impl LabelledAnswer {
    /// Half of the answers, told by a hash of the id, are for tuning.
    fn is_test(&self) -> bool {
        Sha256::digest(&self.id)[0] % 2 == 1
    }
}

/// The answers of a set with their questions.
#[derive(Clone, Copy, PartialEq)]
enum Set {
    Tuning,
    Test,
    /// The third set: a test once, now for tuning.
    Fresh,
    /// The fourth set, written by somebody who did not know the method: a test once, now for tuning.
    Fourth,
    /// The sixth set, written in the same way: a test.
    Sixth,
    /// The fifth set, written in the same way and full of points that are named and not done: a test once, now for
    /// tuning.
    Fifth,
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/answers").join(format!("{file}.toml"))
}

fn load(file: &str) -> Labelled {
    toml::from_str(&std::fs::read_to_string(path(file)).unwrap()).unwrap()
}

fn answers(language: Language, set: Set) -> (Vec<LabelledQuestion>, Vec<LabelledAnswer>) {
    let file = match set {
        Set::Fresh => format!("fresh-{language}"),
        Set::Fourth => format!("fourth-{language}"),
        Set::Fifth => format!("fifth-{language}"),
        Set::Sixth => format!("sixth-{language}"),
        Set::Tuning | Set::Test => language.to_string(),
    };
    let mut labelled = load(&file);
    match set {
        Set::Fresh | Set::Fourth | Set::Fifth | Set::Sixth => {}
        Set::Test => labelled.answer.retain(LabelledAnswer::is_test),
        Set::Tuning => labelled.answer.retain(|answer| !answer.is_test()),
    }
    if set == Set::Tuning && language == Language::Zh {
        let more = load("tuning-zh");
        labelled.question.extend(more.question);
        labelled.answer.extend(more.answer);
    }
    (labelled.question, labelled.answer)
}

fn measured(question: &LabelledQuestion, text: &str, language: Language) -> Vec<Feature> {
    let job = serde_json::json!({
        "schema_version": "1",
        "job_id": "job-1",
        "candidate": {"reference": "c-1"},
        "position": {"title": question.position},
        "questions": [{"id": "q1", "text": question.text, "rubric": question.point}],
        "answers": [{"kind": "text", "id": "a1", "text": text, "question": "q1"}],
    });
    let job = serde_json::from_value(job).unwrap();
    measure(&job, Some(typed(text, language)))
}

/// Counts of a detector.
#[derive(Default)]
struct Counts {
    hits: u32,
    false_alarms: u32,
    misses: u32,
    rejections: u32,
}

impl Counts {
    fn add(&mut self, found: bool, real: bool) {
        *match (found, real) {
            (true, true) => &mut self.hits,
            (true, false) => &mut self.false_alarms,
            (false, true) => &mut self.misses,
            (false, false) => &mut self.rejections,
        } += 1;
    }

    fn f1(&self) -> f64 {
        f64::from(2 * self.hits) / f64::from((2 * self.hits + self.false_alarms + self.misses).max(1))
    }

    fn recall(&self) -> f64 {
        f64::from(self.hits) / f64::from((self.hits + self.misses).max(1))
    }

    fn false_alarm_rate(&self) -> f64 {
        f64::from(self.false_alarms) / f64::from((self.false_alarms + self.rejections).max(1))
    }
}

fn is_elsewhere(features: &[Feature]) -> bool {
    let says = |name: &str| feature(features, name).value.is_some_and(|value| value >= 0.5);
    says("content.off_topic") || says("content.unanswered")
}

/// Rubric points and off-topic answers over one set of labelled answers, with a line per mistake.
fn evaluate(language: Language, set: Set) -> (Counts, Counts, Vec<String>) {
    let (questions, answers) = answers(language, set);
    let (mut points, mut off_topic) = (Counts::default(), Counts::default());
    let mut mistakes = Vec::new();
    for answer in &answers {
        let question = questions.iter().find(|question| question.id == answer.question).unwrap();
        let features = measured(question, &answer.text, language);
        let lines = &feature(&features, "content.rubric_coverage").evidence;
        for (point, line) in question.point.iter().zip(lines) {
            let id = point["id"].as_str().unwrap();
            let (found, real) =
                (line.text.starts_with('✓'), answer.covers.iter().any(|covered| covered == id));
            points.add(found, real);
            if found != real {
                mistakes.push(format!("{} {id}: {}", answer.id, if found { &line.text } else { "missed" }));
            }
        }
        let real = matches!(answer.kind.as_str(), "off_topic" | "unanswered");
        // A list of keywords is no honest answer: neither kind of mistake.
        if answer.kind != "stuffed" {
            let found = is_elsewhere(&features);
            off_topic.add(found, real);
            if found != real {
                mistakes.push(format!("{} off topic: {found}", answer.id));
            }
        }
    }
    (points, off_topic, mistakes)
}

/// What has been reached, held against going back. The aims are F1 0.85 (English) and 0.80 (Mandarin), and a recall
/// of 0.9 at 5 % false alarms.
struct Reached {
    f1: f64,
    recall: f64,
    false_alarms: f64,
}

fn check(language: Language, set: Set, reached: &Reached) {
    let (points, off_topic, mistakes) = evaluate(language, set);
    let (recall, alarms) = (off_topic.recall(), off_topic.false_alarm_rate());
    println!("{}", figures(language, &points, &off_topic));
    // Nobody is to learn from the mistakes of a test.
    if set != Set::Sixth {
        println!("{}", mistakes.join("\n"));
    }
    assert!(points.f1() >= reached.f1, "F1 {:.3} of {language} is below {}", points.f1(), reached.f1);
    let fine = recall >= reached.recall && alarms <= reached.false_alarms;
    assert!(fine, "{language}: recall {recall:.3}, false alarms {alarms:.3}");
}

fn figures(language: Language, points: &Counts, off_topic: &Counts) -> String {
    let found = f64::from(points.hits) / f64::from((points.hits + points.false_alarms).max(1));
    format!(
        "{language}: rubric points F1 {:.3} (precision {found:.3}, recall {:.3}), off topic recall {:.3} at {:.3} false \
         alarms",
        points.f1(),
        points.recall(),
        off_topic.recall(),
        off_topic.false_alarm_rate()
    )
}

#[test]
fn rubric_points_and_off_topic_answers_are_found_in_english() {
    check(Language::En, Set::Test, &Reached { f1: 0.88, recall: 0.9, false_alarms: 0.05 });
}

#[test]
fn rubric_points_and_off_topic_answers_are_found_in_mandarin() {
    check(Language::Zh, Set::Test, &Reached { f1: 0.9, recall: 0.9, false_alarms: 0.05 });
}

/// What has been reached on the sets for tuning and on the sixth set, a test that nothing was learned from.
#[test]
fn answers_of_the_other_sets_are_judged() {
    let reached = |f1, recall, false_alarms| Reached { f1, recall, false_alarms };
    for (language, set, reached) in [
        (Language::En, Set::Fresh, reached(0.89, 0.9, 0.05)),
        (Language::Zh, Set::Fresh, reached(0.86, 0.9, 0.05)),
        // Talk about the same trade that does not answer ("at my last hotel we had a spa") is hardly ever noticed.
        (Language::En, Set::Fourth, reached(0.81, 0.7, 0.03)),
        (Language::Zh, Set::Fourth, reached(0.8, 0.8, 0.03)),
        // Most points that these do not cover are named and denied, taken back or done by somebody else.
        (Language::En, Set::Fifth, reached(0.73, 0.6, 0.03)),
        (Language::Zh, Set::Fifth, reached(0.73, 0.75, 0.03)),
        (Language::En, Set::Sixth, reached(0.71, 0.7, 0.03)),
        (Language::Zh, Set::Sixth, reached(0.6, 0.7, 0.03)),
    ] {
        check(language, set, &reached);
    }
}

/// Length proves nothing: five vague answers to other questions, one after another, say little of what was asked.
#[test]
fn many_vague_words_cover_little() {
    for (language, most) in [(Language::En, 0.14), (Language::Zh, 0.14)] {
        let (questions, answers) = answers(language, Set::Fresh);
        let vague: Vec<_> =
            answers.iter().filter(|answer| matches!(answer.kind.as_str(), "vague" | "memorised")).collect();
        let mut counts = Counts::default();
        for question in &questions {
            let others = vague.iter().filter(|answer| answer.question != question.id);
            let texts: Vec<&str> = others.take(5).map(|answer| answer.text.as_str()).collect();
            let features = measured(question, &texts.join(" "), language);
            for line in &feature(&features, "content.rubric_coverage").evidence {
                counts.add(line.text.starts_with('✓'), false);
            }
        }
        let covered = counts.false_alarm_rate();
        println!("{language}: {covered:.3} of the points");
        assert!(covered <= most, "{language}: {covered:.3}");
    }
}

/// For tuning: prints the mistakes of the tuning half. `cargo test … -- --ignored --nocapture tuning_half`
#[test]
#[ignore = "for tuning only"]
fn tuning_half() {
    for language in [Language::En, Language::Zh] {
        let (points, off_topic, mistakes) = evaluate(language, Set::Tuning);
        println!("{}", figures(language, &points, &off_topic));
        println!("{}", mistakes.join("\n"));
    }
    for language in [Language::En, Language::Zh] {
        let (questions, _) = answers(language, Set::Tuning);
        let more = load(&format!("tuning-{language}"));
        let mut counts = Counts::default();
        let mut count = |question: &LabelledQuestion, text: &str, real: bool| {
            let found = is_elsewhere(&measured(question, text, language));
            counts.add(found, real);
            if found != real {
                println!("{} {found}: {text}", question.id);
            }
        };
        for answer in &more.topic {
            count(
                questions.iter().find(|question| question.id == answer.question).unwrap(),
                &answer.text,
                false,
            );
        }
        for question in &questions {
            more.elsewhere.iter().for_each(|elsewhere| count(question, &elsewhere.text, true));
        }
        let (recall, alarms) = (counts.recall(), counts.false_alarm_rate());
        println!("{language}, talk of something else, any question: recall {recall:.3} at {alarms:.3}");
    }
}
