//! The words of a 10-minute answer: sentences, embeddings and all content features on one core. Target: 2 s.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use interview_models::{Device, Embedder, Manifest, ModelStore, Runtime, SessionOptions};
use interview_pipeline::features::{AnswerContext, content};
use interview_pipeline::perception::semantics::{SemanticsInput, analyse, typed};
use interview_pipeline::policy;
use interview_pipeline::text::Lexicons;
use interview_schemas::job::Job;
use interview_schemas::perception::{AnswerPerception, Transcript};
use interview_schemas::{AnswerId, Language};

/// Ten minutes of speech: 1,500 English words or 2,500 Chinese characters.
const WORDS: usize = 1500;
const CHARACTERS: usize = 2500;

const ENGLISH: &str = include_str!("../../tests/data/answers/en.toml");
const MANDARIN: &str = include_str!("../../tests/data/answers/zh.toml");

/// The labelled answers one after another, as much as is said in ten minutes.
fn transcript(language: Language) -> Transcript {
    let answers = if language == Language::Zh { MANDARIN } else { ENGLISH };
    let lines = answers.lines().filter_map(|line| line.strip_prefix("text = \"")?.strip_suffix('"'));
    let text: String = match language {
        Language::Zh => lines.collect::<String>().chars().take(CHARACTERS).collect(),
        _ => lines.flat_map(str::split_whitespace).take(WORDS).collect::<Vec<_>>().join(" "),
    };
    typed(&text, language)
}

fn job(language: Language) -> Job {
    let wordings = match language {
        Language::Zh => ["耐心倾听客户", "向客户道歉", "退款或者换货", "跟进回访", "核实收入和负债"],
        _ => [
            "listens to the customer",
            "apologises",
            "offers a refund or replacement",
            "follows up",
            "checks income and debts",
        ],
    };
    let points: Vec<_> = wordings
        .iter()
        .map(|text| serde_json::json!({"id": text, "text": text, "wordings": [text]}))
        .collect();
    let job = serde_json::json!({
        "schema_version": "1",
        "job_id": "job-1",
        "candidate": {"reference": "c-1"},
        "position": {"requirements": [{"text": "Excel"}, {"text": "customer service"}, {"text": "客户"}]},
        "questions": [{"id": "q1", "text": wordings.join(", "), "rubric": points}],
        "answers": [{"kind": "text", "id": "a1", "question": "q1", "text": ""}],
    });
    serde_json::from_value(job).expect("a valid job")
}

fn embedder() -> Embedder {
    let folder = std::env::var_os("INTERVIEW_MODELS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/interview/models"),
        PathBuf::from,
    );
    let store = ModelStore::new(folder, Manifest::built_in().expect("the built-in manifest"));
    let library = store.file("onnxruntime", "library").expect("run `interview models pull` first");
    let runtime = Runtime::load(&library, Device::Cpu).expect("ONNX Runtime");
    Embedder::load(&runtime, &store, SessionOptions { threads: 1 })
        .expect("run `interview models pull` first")
}

fn words(criterion: &mut Criterion) {
    let mut embedder = embedder();
    let mut group = criterion.benchmark_group("content");
    group.sample_size(10);
    for language in [Language::En, Language::Zh] {
        let job = job(language);
        let policy = policy::resolve(&policy::shipped("cn").expect("cn"), &job.consent).expect("allowed");
        let perception = AnswerPerception {
            id: AnswerId::new("a1").expect("an id"),
            media: None,
            transcript: Some(transcript(language)),
            voice: None,
            faces: None,
            body: None,
            picture: None,
        };
        let lexicons = Lexicons::shipped();
        group.bench_function(format!("ten_minutes_{language}"), |bencher| {
            bencher.iter(|| {
                let input = SemanticsInput {
                    transcript: perception.transcript.as_ref().expect("a transcript"),
                    question: job.questions.first(),
                    position: &job.position,
                    lexicons: &lexicons,
                };
                let semantics = analyse(black_box(&input), Some(&mut embedder)).expect("a meaning");
                content::measure(&AnswerContext {
                    job: &job,
                    answer: &job.answers[0],
                    question: job.questions.first(),
                    policy: &policy,
                    perception: &perception,
                    semantics: Some(&semantics),
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, words);
criterion_main!(benches);
