//! The labelled answers: how well rubric points and answers off topic are found. Only the test half is checked; the
//! other half is for tuning.

use interview_pipeline::perception::semantics::typed;
use interview_schemas::{Feature, Language};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::helpers::{feature, measure};

#[derive(Deserialize)]
struct Labelled {
    question: Vec<LabelledQuestion>,
    answer: Vec<LabelledAnswer>,
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

fn load(language: Language) -> Labelled {
    let path = format!("{}/../tests/data/answers/{language}.toml", env!("CARGO_MANIFEST_DIR"));
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn measured(question: &LabelledQuestion, answer: &LabelledAnswer, language: Language) -> Vec<Feature> {
    let job = serde_json::json!({
        "schema_version": "1",
        "job_id": answer.id,
        "candidate": {"reference": "c-1"},
        "position": {"title": question.position},
        "questions": [{"id": "q1", "text": question.text, "rubric": question.point}],
        "answers": [{"kind": "text", "id": "a1", "text": answer.text, "question": "q1"}],
    });
    let job = serde_json::from_value(job).unwrap();
    measure(&job, Some(typed(&answer.text, language)))
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

/// Rubric points and off-topic answers over one half of the labelled answers, with a line per mistake.
fn evaluate(language: Language, test_half: bool) -> (Counts, Counts, Vec<String>) {
    let labelled = load(language);
    let (mut points, mut off_topic) = (Counts::default(), Counts::default());
    let mut mistakes = Vec::new();
    for answer in labelled.answer.iter().filter(|answer| answer.is_test() == test_half) {
        let question = labelled.question.iter().find(|question| question.id == answer.question).unwrap();
        let features = measured(question, answer, language);
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
        let says = |name: &str| feature(&features, name).value.is_some_and(|value| value >= 0.5);
        let real = matches!(answer.kind.as_str(), "off_topic" | "unanswered");
        // A list of keywords is no honest answer: neither kind of mistake.
        if answer.kind != "stuffed" {
            let found = says("content.off_topic") || says("content.unanswered");
            off_topic.add(found, real);
            if found != real {
                mistakes.push(format!("{} off topic: {found}", answer.id));
            }
        }
    }
    (points, off_topic, mistakes)
}

/// What has been reached, held against going back. The aims are F1 0.85 (English) and 0.80 (Mandarin), and a recall
/// of 0.9 at 5 % false alarms; Mandarin misses the last (0.94 at 8.6 %, three false alarms in 35): the words alone tell
/// too little of what an answer is about, as long as no embedding model knows the language.
struct Reached {
    f1: f64,
    recall: f64,
    false_alarms: f64,
}

fn check(language: Language, reached: &Reached) {
    let (points, off_topic, mistakes) = evaluate(language, true);
    let (recall, alarms) = (off_topic.recall(), off_topic.false_alarm_rate());
    println!(
        "{language}: rubric points F1 {:.3}, off topic recall {recall:.3} at {alarms:.3} false alarms",
        points.f1()
    );
    println!("{}", mistakes.join("\n"));
    assert!(points.f1() >= reached.f1, "F1 {:.3} of {language} is below {}", points.f1(), reached.f1);
    let fine = recall >= reached.recall && alarms <= reached.false_alarms;
    assert!(fine, "{language}: recall {recall:.3}, false alarms {alarms:.3}");
}

#[test]
fn rubric_points_and_off_topic_answers_are_found_in_english() {
    check(Language::En, &Reached { f1: 0.84, recall: 0.9, false_alarms: 0.05 });
}

#[test]
fn rubric_points_and_off_topic_answers_are_found_in_mandarin() {
    check(Language::Zh, &Reached { f1: 0.87, recall: 0.9, false_alarms: 0.09 });
}

/// For tuning: prints the mistakes of the tuning half. `cargo test … -- --ignored --nocapture tuning_half`
#[test]
#[ignore = "for tuning only"]
fn tuning_half() {
    for language in [Language::En, Language::Zh] {
        let (points, off_topic, mistakes) = evaluate(language, false);
        println!("{language}: F1 {:.3}, recall {:.3}", points.f1(), off_topic.recall());
        println!("{}", mistakes.join("\n"));
    }
}
