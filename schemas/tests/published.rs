//! The published schemas: the files agree with the code, documents agree with the schemas.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use interview_schemas::async_api::async_api;
use interview_schemas::event::{
    ArtefactRef, Artefacts, InterviewStatus, Progress, ProgressStage, ReportFailed,
};
use interview_schemas::event_making::EventContext;
use interview_schemas::features::FeatureSet;
use interview_schemas::job::Job;
use interview_schemas::parse::from_json;
use interview_schemas::perception::Perception;
use interview_schemas::policy::Policy;
use interview_schemas::profile::{NormTable, ProfileFile};
use interview_schemas::report::{Grade, Report, RuleHit, TriggerHit};
use interview_schemas::{Bilingual, ErrorCode, Event, EventData, json_schemas};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn document(name: &str) -> Value {
    let path = root().join("tests/documents").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn schema(name: &str) -> Value {
    json_schemas().into_iter().find(|(known, _)| *known == name).unwrap().1
}

fn violations(name: &str, document: &Value) -> Vec<String> {
    let validator =
        jsonschema::draft202012::options().should_validate_formats(true).build(&schema(name)).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn parse<T: DeserializeOwned>(document: &Value) -> Result<T, String> {
    from_json(&serde_json::to_vec(document).unwrap()).map_err(|error| error.to_string())
}

/// Compares a generated file with what stands in the repository; `UPDATE_SCHEMAS=1` rewrites it.
fn assert_current(path: &Path, wanted: &str) {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == wanted, "{} differs from the code; run the test with UPDATE_SCHEMAS=1", path.display());
}

#[test]
fn schema_files_agree_with_the_code() {
    for (name, schema) in json_schemas() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        assert_current(&root().join("json").join(format!("{name}.schema.json")), &text);
    }
    let files = std::fs::read_dir(root().join("json")).unwrap().count();
    assert_eq!(files, json_schemas().len(), "schemas/json holds a file that no type publishes");
}

#[test]
fn the_async_api_file_agrees_with_the_code_and_its_references_lead_somewhere() {
    let document = async_api();
    assert_current(&root().join("asyncapi.json"), &(serde_json::to_string_pretty(&document).unwrap() + "\n"));
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        let found = match reference.strip_prefix('#') {
            Some(pointer) => document.pointer(pointer).is_some(),
            None => root().join(&reference).is_file(),
        };
        assert!(found, "{reference} leads nowhere");
    }
    for event_type in EventData::TYPES {
        assert!(document.to_string().contains(event_type), "{event_type} is not described");
    }
}

fn collect_references(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect_references(value, references));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, references)),
        _ => {}
    }
}

/// Every event that a report or a failure says validates in both forms, and is read again.
#[test]
fn events_agree_with_their_schemas() {
    let mut report: Report = parse(&document("report")).unwrap();
    let title = Bilingual::new("Second round", "复试");
    let (name, event) = ("invite".to_owned(), "second_round_invitation".to_owned());
    report.triggers.push(TriggerHit { name, event, title });
    let job: Job = parse(&document("job")).unwrap();
    let place = ArtefactRef { uri: "s3://b/k".to_owned(), sha256: "0".repeat(64), bytes: 1 };
    let artefacts = Artefacts { report: place.clone(), html: place.clone(), features: place };
    let time = "2026-11-22T09:00:00Z".parse().unwrap();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().ok();
    let context = EventContext::of(&job, trace, time);
    let mut events = context.report(&report, artefacts);
    events.push(context.status(&job, 2, InterviewStatus::Analysing));
    events.push(context.progress(Progress {
        job_id: job.job_id.clone(),
        tenant: job.tenant.clone(),
        candidate: job.candidate.reference.clone(),
        attempt: 1,
        stage: ProgressStage::See,
        title: ProgressStage::See.title(),
        done_s: 3.0,
        total_s: None,
    }));
    let failed = ReportFailed {
        job_id: None,
        tenant: None,
        candidate: None,
        message_id: "m1".to_owned(),
        code: ErrorCode::InvalidJob,
        message: "(document): EOF".to_owned(),
        advice: ErrorCode::InvalidJob.advice().to_owned(),
        attempt: 1,
        dead_lettered: true,
    };
    events.push(context.failed(failed, None));
    let types: BTreeSet<&str> = events.iter().map(|event| event.data.event_type()).collect();
    assert_eq!(types.len(), EventData::TYPES.len(), "a type of event has no example: {types:?}");
    let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), events.len(), "two events have the same id");
    assert_eq!(events[0].id, report.report_id.as_str());
    for event in &events {
        let structured = serde_json::to_value(event).unwrap();
        assert_eq!(violations("event", &structured), Vec::<String>::new());
        assert_eq!(&parse::<Event>(&structured).unwrap(), event);
        let body = event.data.body().unwrap();
        let data: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(violations(event.data.schema_name(), &data), Vec::<String>::new());
        assert_eq!(EventData::from_body(event.data.event_type(), &body).unwrap().unwrap(), event.data);
    }
    assert!(EventData::from_body("interview.unknown", b"{}").is_none());
}

#[test]
fn a_report_proposes_a_status_and_rules_that_ask_for_a_person_come_first() {
    let mut report: Report = parse(&document("report")).unwrap();
    let cases = [
        (Grade::Recommended, InterviewStatus::Passed),
        (Grade::Consider, InterviewStatus::Review),
        (Grade::NotRecommended, InterviewStatus::NotPassed),
        (Grade::InsufficientEvidence, InterviewStatus::Review),
    ];
    report.reviews.clear();
    for (grade, status) in cases {
        report.grade = grade;
        assert_eq!(InterviewStatus::proposed_by(&report), status);
    }
    let message = Bilingual::new("Look at this.", "请复核。");
    report.reviews.push(RuleHit { name: "rule".to_owned(), message });
    report.grade = Grade::Recommended;
    assert_eq!(InterviewStatus::proposed_by(&report), InterviewStatus::Review);
}

#[test]
fn every_schema_is_valid_and_names_itself() {
    for (name, schema) in json_schemas() {
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        assert_eq!(schema["$id"], format!("urn:interview:schema:{name}:1"));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

/// A document validates, parses, and what is written again validates and parses to the same.
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str) {
    let original = document(name);
    assert_eq!(violations(name, &original), Vec::<String>::new());
    let parsed: T = parse(&original).unwrap();
    let written = serde_json::to_value(&parsed).unwrap();
    assert_eq!(violations(name, &written), Vec::<String>::new());
    assert_eq!(parse::<T>(&written).unwrap(), parsed);
}

#[test]
fn example_documents_validate_and_survive_the_round_trip() {
    round_trip::<Job>("job");
    round_trip::<Perception>("perception");
    round_trip::<FeatureSet>("features");
    round_trip::<Report>("report");
    round_trip::<Policy>("policy");
    round_trip::<ProfileFile>("profile");
    round_trip::<NormTable>("norms");
}

#[test]
fn the_smallest_job_is_valid() {
    let smallest = json!({
        "schema_version": "1", "job_id": "j1", "candidate": {"reference": "c1"},
        "answers": [{"kind": "text", "id": "a1", "text": "I like this work."}]
    });
    assert_eq!(violations("job", &smallest), Vec::<String>::new());
    parse::<Job>(&smallest).unwrap();
}

/// Sets a value at a JSON pointer whose parent exists.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(map) => drop(map.insert(key.to_owned(), value)),
        Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
    document
}

#[test]
fn typos_and_wrong_types_are_refused_with_their_path() {
    let cases = [
        ("/profil", json!("sales"), "profil: unknown field"),
        ("/position/titel", json!("x"), "position.titel: unknown field"),
        ("/position/requirements/0/synonym", json!([]), "position.requirements[0].synonym: unknown field"),
        ("/questions/0/kind", json!("essay"), "questions[0].kind: unknown variant"),
        ("/answers/0/qestion", json!("q1"), "answers[0].qestion: unknown field"),
        ("/answers/0/media/urii", json!("x"), "answers[0].media.urii: unknown field"),
        ("/answers/0/media/bytes", json!(-1), "answers[0].media.bytes: invalid value"),
        ("/answers/1/id", json!("../a"), "answers[1].id: an identifier"),
        ("/answers/2/kind", json!("poem"), "answers[2].kind: unknown variant"),
        ("/answers/3/score", json!("many"), "answers[3].score: invalid type"),
        ("/candidate/name", json!("Li Lei"), "candidate.name: unknown field"),
        ("/consent/0", json!("everything"), "consent[0]: unknown variant"),
        ("/language", json!("fr"), "language: unknown variant"),
        ("/schema_version", json!("7"), "schema_version: unknown variant"),
        ("/interview_code/valid_until", json!("tomorrow"), "interview_code.valid_until: "),
    ];
    for (pointer, value, expected) in cases {
        let wrong = with(document("job"), pointer, value);
        let error = parse::<Job>(&wrong).expect_err(pointer);
        assert!(error.starts_with(expected), "{pointer}: expected {expected:?}, got {error:?}");
        assert!(!violations("job", &wrong).is_empty(), "the schema accepts {pointer}");
    }
}

#[test]
fn missing_kind_and_doubled_fields_are_refused() {
    let mut wrong = document("job");
    wrong["answers"][0].as_object_mut().unwrap().remove("kind");
    assert!(parse::<Job>(&wrong).unwrap_err().starts_with("answers[0]: missing field `kind`"));
    assert!(!violations("job", &wrong).is_empty());

    let doubled = br#"{"kind": "text", "id": "a", "id": "b", "text": "x"}"#;
    let error = from_json::<interview_schemas::answer::Answer>(doubled).unwrap_err();
    assert!(error.to_string().contains("duplicate field `id`"), "{error}");
}

#[test]
fn garbage_after_the_document_is_refused() {
    let mut bytes = serde_json::to_vec(&document("job")).unwrap();
    bytes.extend_from_slice(b" {}");
    assert!(from_json::<Job>(&bytes).unwrap_err().to_string().contains("trailing characters"));
}

#[test]
fn the_table_of_error_codes_agrees_with_the_code() {
    assert_current(&root().join("../docs/errors.md"), &ErrorCode::documentation());
}
