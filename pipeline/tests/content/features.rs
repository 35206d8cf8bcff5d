//! What single features measure.

use interview_pipeline::perception::semantics::typed;
use interview_schemas::features::NotAssessed;
use interview_schemas::perception::Transcript;
use interview_schemas::{Feature, Language};

use crate::helpers::{feature, job, measure, measure_text, value};

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
    assert_eq!(marks, ["✓ Spr", "≈ Kub", "✓ rec", "✗ C++"]);
}

#[test]
fn mandarin_requirements_are_found_in_simplified_and_traditional() {
    let requirements = serde_json::json!([{"text": "Spring"}, {"text": "资料库", "synonyms": ["数据库"]}, {"text": "客户沟通"}, {"text": "出差"}]);
    let features =
        measure_text(None, requirements, "我熟悉Ｓｐｒｉｎｇ Boot，維護過數據庫，也負責和顧客溝通。");
    let coverage = feature(&features, "content.requirement_coverage");
    let lines: Vec<_> = coverage.evidence.iter().map(|line| line.text.as_str()).collect();
    assert!(lines[0].starts_with("✓ Spring") && lines[1].starts_with("≈ 资料库"), "{lines:?}");
    assert!(lines[2].starts_with("≈ 客户沟通") && lines[3].starts_with("✗ 出差"), "{lines:?}");
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
        // The policy of this job does not allow sentiment, whatever was said.
        let reason = |name: &str| match (name, expected) {
            ("content.sentiment", _) => Some(NotAssessed::Policy),
            // Nothing was typed: that is no answer, for certain.
            ("content.unanswered", NotAssessed::NoSpeech) => None,
            _ => Some(expected),
        };
        let fine = features.iter().all(|feature| feature.not_assessed == reason(&feature.name));
        assert!(fine, "{features:?}");
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
