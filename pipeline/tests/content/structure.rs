//! The parts of a report (situation, task, action, result), by cue phrases and by embeddings.

use std::collections::BTreeMap;

use interview_pipeline::perception::semantics::typed;
use interview_schemas::{Feature, Language};

use crate::helpers::{feature, job, measure_with, value};

const PARTS: [&str; 4] = ["situation", "task", "action", "result"];

/// The labelled sentences at odd places; those at even places are for tuning.
fn sentences() -> BTreeMap<String, Vec<String>> {
    let path = format!("{}/../tests/data/answers/structure-en.toml", env!("CARGO_MANIFEST_DIR"));
    let all: BTreeMap<String, Vec<String>> = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all.into_iter().map(|(part, all)| (part, all.into_iter().skip(1).step_by(2).collect())).collect()
}

fn measured(text: &str, language: Language, embedded: bool) -> Vec<Feature> {
    let job = job(None, serde_json::json!([]), text);
    measure_with(&job, Some(typed(text, language)), embedded)
}

fn structure(text: &str, embedded: bool) -> f64 {
    value(&measured(text, Language::En, embedded), "content.structure")
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn embeddings_find_parts_that_no_cue_phrase_names() {
    let sentences = sentences();
    let reports: Vec<String> = (0..sentences["task"].len())
        .map(|index| PARTS.map(|part| sentences[part][index].as_str()).join(" "))
        .collect();
    let all =
        |embedded: bool| -> Vec<f64> { reports.iter().map(|report| structure(report, embedded)).collect() };
    let (by_cues, both) = (mean(&all(false)), mean(&all(true)));
    // What a report leaves out must not be claimed much oftener than it is missed.
    let mut claimed = Vec::new();
    for left_out in PARTS {
        let told: Vec<&Vec<String>> =
            PARTS.iter().filter(|part| **part != left_out).map(|part| &sentences[*part]).collect();
        for report in told[0].iter().zip(told[1]).zip(told[2]) {
            let ((first, second), third) = report;
            let features = measured(&format!("{first} {second} {third}"), Language::En, true);
            let mark = format!("[{left_out}]");
            let evidence = &feature(&features, "content.structure").evidence;
            claimed.push(f64::from(u8::from(evidence.iter().any(|line| line.text.starts_with(&mark)))));
        }
    }
    let (claimed, opinion) = (mean(&claimed), structure(&sentences["none"].join(" "), true));
    println!(
        "parts found: by cues {by_cues:.2}, with embeddings {both:.2}; parts left out, claimed {claimed:.2}; in opinions {opinion:.2}"
    );
    assert!(both >= by_cues + 0.2 && both >= 0.55, "{by_cues} {both}");
    assert!(claimed <= 0.35 && opinion <= 0.25, "{claimed} {opinion}");
}

#[test]
fn without_embeddings_cue_phrases_alone_decide_at_lower_confidence() {
    let report = "Last year our shop lost orders. My task was to find out why. First I compared the lists with the \
        invoices and called the carrier. As a result we found every missing parcel within a week.";
    let with = measured(report, Language::En, true);
    let without = measured(report, Language::En, false);
    assert_eq!((value(&with, "content.structure"), value(&without, "content.structure")), (1.0, 1.0));
    let confidence = |features: &[Feature]| feature(features, "content.structure").confidence;
    assert!(confidence(&with) > confidence(&without));

    // No embedding model knows Mandarin yet.
    let report = "去年我们店里老是丢单。领导让我查清原因。首先我把单子和发票对了一遍，然后联系了快递公司。最后一个星期之内全部找到了。";
    let with = measured(report, Language::Zh, true);
    assert_eq!(value(&with, "content.structure"), 1.0);
    assert_eq!(confidence(&with), confidence(&measured(report, Language::Zh, false)));
}
