//! Jobs, transcripts and the real embedding model for the tests of content features.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use interview_models::{Device, Embedder, Manifest, ModelStore, Runtime, SessionOptions};
use interview_pipeline::features::{self, AnswerContext, content};
use interview_pipeline::perception::semantics::{Semantics, SemanticsInput, analyse, typed};
use interview_pipeline::policy;
use interview_pipeline::text::Lexicons;
use interview_schemas::job::Job;
use interview_schemas::perception::{AnswerPerception, Transcript};
use interview_schemas::report::Flag;
use interview_schemas::{AnswerId, Feature, Language};

pub(crate) fn embedder() -> MutexGuard<'static, Embedder> {
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
pub(crate) fn job(question: Option<&str>, requirements: serde_json::Value, answer: &str) -> Job {
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

/// A job with one question that has a rubric, and one typed answer.
pub(crate) fn job_with_rubric(
    question: &str,
    rubric: serde_json::Value,
    requirements: serde_json::Value,
    answer: &str,
) -> Job {
    let mut job = job(Some(question), requirements, answer);
    job.questions[0].rubric = serde_json::from_value(rubric).unwrap();
    job
}

fn semantics(job: &Job, transcript: &Transcript, embedded: bool) -> Semantics {
    let input = SemanticsInput {
        transcript,
        question: job.questions.first(),
        position: &job.position,
        lexicons: &Lexicons::shipped(),
    };
    if embedded { analyse(&input, Some(&mut embedder())).unwrap() } else { analyse(&input, None).unwrap() }
}

pub(crate) fn measure(job: &Job, transcript: Option<Transcript>) -> Vec<Feature> {
    measure_with(job, transcript, true)
}

/// As [`measure`], with or without the embedding model.
pub(crate) fn measure_with(job: &Job, transcript: Option<Transcript>, embedded: bool) -> Vec<Feature> {
    let features = in_context(job, transcript, embedded, content::measure);
    let names: Vec<&str> = features.iter().map(|feature| feature.name.as_str()).collect();
    assert!(names.is_sorted(), "{names:?}");
    features
}

/// What a person is shown of an answer.
pub(crate) fn flags(job: &Job, transcript: Transcript) -> Vec<Flag> {
    in_context(job, Some(transcript), true, |context| features::flags(context, &content::measure(context)))
}

fn in_context<T>(
    job: &Job,
    transcript: Option<Transcript>,
    embedded: bool,
    found: impl Fn(&AnswerContext<'_>) -> T,
) -> T {
    let policy = policy::resolve(&policy::shipped("cn").unwrap(), &job.consent).unwrap();
    let semantics = transcript.as_ref().map(|transcript| semantics(job, transcript, embedded));
    let perception = AnswerPerception {
        id: AnswerId::new("a1").unwrap(),
        media: None,
        transcript,
        voice: None,
        faces: None,
        body: None,
        picture: None,
    };
    found(&AnswerContext {
        job,
        answer: &job.answers[0],
        question: job.questions.first(),
        policy: &policy,
        perception: &perception,
        semantics: semantics.as_ref(),
    })
}

pub(crate) fn measure_text(
    question: Option<&str>,
    requirements: serde_json::Value,
    answer: &str,
) -> Vec<Feature> {
    measure(&job(question, requirements, answer), Some(typed(answer, Language::Auto)))
}

pub(crate) fn feature<'a>(features: &'a [Feature], name: &str) -> &'a Feature {
    features.iter().find(|feature| feature.name == name).unwrap_or_else(|| panic!("no feature {name}"))
}

pub(crate) fn value(features: &[Feature], name: &str) -> f64 {
    feature(features, name).value.unwrap_or_else(|| panic!("{name} is not assessed"))
}
