//! The words of answers through the public surface: transcript and job in, features out, with the real model.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use interview_models::{Device, Embedder, Manifest, ModelStore, Runtime, SessionOptions};
use interview_pipeline::features::{AnswerContext, content};
use interview_pipeline::perception::semantics::{Semantics, SemanticsInput, analyse, typed};
use interview_pipeline::policy;
use interview_pipeline::text::Lexicons;
use interview_schemas::features::NotAssessed;
use interview_schemas::job::Job;
use interview_schemas::perception::{AnswerPerception, Transcript};
use interview_schemas::{AnswerId, Feature, Language};

fn embedder() -> MutexGuard<'static, Embedder> {
    static SHARED: OnceLock<Mutex<Embedder>> = OnceLock::new();
    let load = || {
        let folder = std::env::var_os("INTERVIEW_MODELS").map_or_else(
            || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/interview/models"),
            PathBuf::from,
        );
        let store = ModelStore::new(folder, Manifest::built_in().unwrap());
        let library = store.file("onnxruntime", "library").expect("run `interview models pull` first");
        let runtime = Runtime::load(&library, Device::Cpu).unwrap();
        let embedder = Embedder::load(&runtime, &store, SessionOptions::default());
        Mutex::new(embedder.expect("run `interview models pull` first"))
    };
    SHARED.get_or_init(load).lock().unwrap_or_else(PoisonError::into_inner)
}

/// A job with one question and one typed answer.
fn job(question: Option<&str>, requirements: serde_json::Value, answer: &str) -> Job {
    let mut job = serde_json::json!({
        "schema_version": "1",
        "job_id": "job-1",
        "candidate": {"reference": "c-1"},
        "position": {"requirements": requirements},
        "answers": [{"kind": "text", "id": "a1", "text": answer}],
    });
    if let Some(question) = question {
        job["questions"] = serde_json::json!([{"id": "q1", "text": question}]);
        job["answers"][0]["question"] = "q1".into();
    }
    serde_json::from_value(job).unwrap()
}

fn semantics(job: &Job, transcript: &Transcript) -> Semantics {
    let input = SemanticsInput {
        transcript,
        question: job.questions.first(),
        position: &job.position,
        resume: job.candidate.resume.as_deref(),
        lexicons: &Lexicons::shipped(),
    };
    analyse(&input, Some(&mut embedder())).unwrap()
}

fn measure(job: &Job, transcript: Option<Transcript>) -> Vec<Feature> {
    let policy = policy::resolve(&policy::shipped("cn").unwrap(), &job.consent).unwrap();
    let semantics = transcript.as_ref().map(|transcript| semantics(job, transcript));
    let perception = AnswerPerception {
        id: AnswerId::new("a1").unwrap(),
        media: None,
        transcript,
        voice: None,
        faces: None,
        body: None,
        picture: None,
    };
    let features = content::measure(&AnswerContext {
        job,
        answer: &job.answers[0],
        question: job.questions.first(),
        policy: &policy,
        perception: &perception,
        semantics: semantics.as_ref(),
    });
    let names: Vec<&str> = features.iter().map(|feature| feature.name.as_str()).collect();
    assert!(names.is_sorted(), "{names:?}");
    features
}

fn measure_text(question: Option<&str>, requirements: serde_json::Value, answer: &str) -> Vec<Feature> {
    measure(&job(question, requirements, answer), Some(typed(answer, Language::Auto)))
}

fn feature<'a>(features: &'a [Feature], name: &str) -> &'a Feature {
    features.iter().find(|feature| feature.name == name).unwrap_or_else(|| panic!("no feature {name}"))
}

fn value(features: &[Feature], name: &str) -> f64 {
    feature(features, name).value.unwrap_or_else(|| panic!("{name} is not assessed"))
}

const COMPLAINT: &str = "Tell me about a time you handled a difficult customer complaint.";
const GOOD: &str = "Last year a customer was furious because her order arrived two weeks late. I listened to her \
    complaint, apologised and found out that the parcel was stuck at customs. I refunded the shipping and called \
    her every day until it arrived. She later wrote a positive review.";
const OFF_TOPIC: &str = "I like swimming in the sea and my dog is called Bruno. On weekends we cook pasta with my \
    sister. The weather in spring is my favourite because the flowers are in bloom.";

#[test]
fn an_answer_to_the_question_is_more_relevant_than_a_pleasant_chat() {
    let none = || serde_json::json!([]);
    let good = measure_text(Some(COMPLAINT), none(), GOOD);
    let chat = measure_text(Some(COMPLAINT), none(), OFF_TOPIC);
    assert!(value(&good, "content.relevance") > 0.6, "{}", value(&good, "content.relevance"));
    assert!(value(&chat, "content.relevance") < 0.2, "{}", value(&chat, "content.relevance"));
    let evidence = &feature(&good, "content.relevance").evidence;
    assert!(evidence[0].text.contains("customer") || evidence[0].text.contains("complaint"), "{evidence:?}");

    let good = measure_text(
        Some("请说说你处理客户投诉的一次经历。"),
        none(),
        "去年有位顧客投訴发货太慢，我先道歉，再帮他处理退款。",
    );
    let chat =
        measure_text(Some("请说说你处理客户投诉的一次经历。"), none(), "我喜欢游泳，周末和家人一起做饭。");
    assert!(value(&good, "content.relevance") > 0.4 && value(&chat, "content.relevance") < 0.2);
}

#[test]
fn requirements_are_hit_in_their_own_words_and_in_synonyms() {
    let requirements = serde_json::json!([
        {"text": "Spring Boot"},
        {"text": "Kubernetes"},
        {"text": "reconciling accounts", "synonyms": ["bank reconciliation"]},
        {"text": "C++"},
    ]);
    let answer = "I built services with SpringBoot and ran them on k8s. Every month I reconciled accounts.";
    let features = measure_text(None, requirements, answer);
    let coverage = feature(&features, "content.requirement_coverage");
    assert_eq!(coverage.value, Some(0.75));
    let marks: Vec<String> =
        coverage.evidence.iter().map(|line| line.text.chars().take(5).collect()).collect();
    assert_eq!(marks, ["✓ Spr", "✓ Kub", "✓ rec", "✗ C++"]);
}

#[test]
fn mandarin_requirements_are_found_in_simplified_and_traditional() {
    let requirements = serde_json::json!([{"text": "Spring"}, {"text": "资料库", "synonyms": ["数据库"]}, {"text": "客户沟通"}, {"text": "出差"}]);
    let features =
        measure_text(None, requirements, "我熟悉Ｓｐｒｉｎｇ Boot，維護過數據庫，也負責和顧客溝通。");
    let coverage = feature(&features, "content.requirement_coverage");
    let lines: Vec<_> = coverage.evidence.iter().map(|line| line.text.as_str()).collect();
    assert!(lines[0].starts_with("✓ Spring") && lines[1].starts_with("≈ 资料库"), "{lines:?}");
    assert!(lines[2].starts_with("✓ 客户沟通") && lines[3].starts_with("✗ 出差"), "{lines:?}");
}

#[test]
fn what_cannot_be_measured_says_why() {
    let reason = |features: &[Feature], name: &str| feature(features, name).not_assessed;
    let short = measure_text(None, serde_json::json!([]), "Yes, I can.");
    assert_eq!(reason(&short, "content.relevance"), Some(NotAssessed::NoReference));
    assert_eq!(reason(&short, "content.requirement_coverage"), Some(NotAssessed::NoReference));
    assert_eq!(reason(&short, "content.lexical_diversity"), Some(NotAssessed::TooShort));
    assert_eq!(value(&short, "content.length"), 3.0);

    let job = job(Some(COMPLAINT), serde_json::json!([]), "");
    for (transcript, expected) in [
        (None, NotAssessed::NoSpeech),
        (Some(typed("", Language::En)), NotAssessed::NoSpeech),
        (Some(typed("…!?", Language::En)), NotAssessed::NoSpeech),
        (
            Some(Transcript { unreliable: Some("loop".to_owned()), ..typed(GOOD, Language::En) }),
            NotAssessed::UnreliableTranscript,
        ),
    ] {
        let features = measure(&job, transcript);
        assert!(features.iter().all(|feature| feature.not_assessed == Some(expected)), "{features:?}");
    }
}

#[test]
fn every_feature_is_in_the_catalogue_and_within_its_range() {
    for answer in [GOOD, OFF_TOPIC, "嗯", "a", &"word ".repeat(3000)] {
        let features = measure_text(Some(COMPLAINT), serde_json::json!([{"text": "sales"}]), answer);
        for feature in features {
            let definition = interview_pipeline::features::catalogue::find(&feature.name).unwrap();
            assert_eq!(definition.unit, feature.unit);
            let within = |value: f64| (definition.range.0..=definition.range.1).contains(&value);
            assert!(feature.value.is_none_or(within), "{feature:?}");
        }
    }
}
