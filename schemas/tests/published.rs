//! The published schemas: the files agree with the code, documents agree with the schemas.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::path::{Path, PathBuf};

use interview_schemas::features::FeatureSet;
use interview_schemas::job::Job;
use interview_schemas::parse::from_json;
use interview_schemas::perception::Perception;
use interview_schemas::policy::Policy;
use interview_schemas::profile::ProfileFile;
use interview_schemas::report::Report;
use interview_schemas::{ErrorCode, json_schemas};
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
