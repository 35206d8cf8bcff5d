//! Word lists of tenants: `interview analyze` and workers read them, each job with those of its own tenant.

#![allow(clippy::unwrap_used)] // what fails here is a finding of the test

use std::path::Path;

use interview_tests::{analyze, interview};
use serde_json::{Value, json};

use crate::profile::path;
use crate::profile_fleet::files;

fn write(folder: &Path, file: &str, text: &str) {
    let file = folder.join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

fn job(id: &str, tenant: Option<&str>) -> Value {
    let mut job = json!({
        "schema_version": "1",
        "job_id": id,
        "candidate": {"reference": "candidate-1"},
        "language": "en",
        "position": {"requirements": [{"text": "FlexiPlan"}, {"text": "Docker"}]},
        "answers": [{"kind": "text", "id": "a", "text":
            "I sold the flexi tariff to many customers every day and I ran moby containers on our servers."}],
    });
    if let Some(tenant) = tenant {
        job["tenant"] = tenant.into();
    }
    job
}

fn lists(folder: &Path) {
    write(folder, "lists/en/synonyms.txt", "docker = moby\n");
    write(folder, "lists/acme/en/synonyms.txt", "# tariffs\nFlexiPlan = flexi tariff\n");
}

/// The share of the two requirements that was found.
fn coverage(features: &Value) -> f64 {
    interview_tests::feature(features, 0, "content.requirement_coverage").unwrap()
}

#[test]
fn analyze_uses_the_lists_of_the_tenant_of_the_job() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    lists(folder);
    let of = |tenant: Option<&str>, more: &[&str]| {
        write(folder, "job.json", &job("j", tenant).to_string());
        let file = path(folder, "job.json");
        let result = analyze(&folder.join("out"), &[&["--job", &file], more].concat());
        assert_eq!(result.exit_code, 0, "{} {}", result.outcome, result.log);
        result.json("features.json")
    };
    let shown = path(folder, "lists");
    let with = |tenant: Option<&str>| of(tenant, &["--lexicons", &shown]);
    assert_eq!(coverage(&of(Some("acme"), &[])), 0.0);
    assert_eq!(coverage(&with(None)), 0.5);
    assert_eq!(coverage(&with(Some("acme"))), 1.0);
    let rival = with(Some("rival"));
    assert_eq!(coverage(&rival), 0.5);
    assert_ne!(rival["features_id"], with(Some("acme"))["features_id"]);
}

#[test]
fn workers_use_the_lists_of_the_tenant_of_each_job() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    lists(folder);
    let queue = format!("sqlite:{}", path(folder, "queue.db"));
    for (id, tenant) in [("shared", None), ("own", Some("acme")), ("foreign", Some("rival"))] {
        write(folder, "job.json", &job(id, tenant).to_string());
        let file = path(folder, "job.json");
        let output = interview().args(["enqueue", "--queue", &queue, &file]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let work = || {
        let store = format!("dir:{}", path(folder, "store"));
        let mut program = interview();
        // As in a container: the folder stands in the environment.
        program.env("INTERVIEW_LEXICONS", path(folder, "lists"));
        program.args([
            "worker",
            "--queue",
            &queue,
            "--store",
            &store,
            "--until-idle-s",
            "1",
            "--threads",
            "1",
        ]);
        let output = program.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // What would have no effect is told before any job is taken.
    write(folder, "lists/acme/en/fillers.txt", "[alwayss]\nzorb\n");
    let (code, log) = work();
    assert!(code == Some(2) && log.contains("acme/en/fillers.txt:1: there is no section [alwayss]"), "{log}");
    write(folder, "lists/acme/en/fillers.txt", "[always]\nzorb\n");
    let (code, log) = work();
    assert_eq!(code, Some(0), "{log}");

    for (tenant, job, expected) in
        [("default", "shared", 0.5), ("acme", "own", 1.0), ("rival", "foreign", 0.5)]
    {
        let below = folder.join("store").join(tenant).join("candidates/candidate-1/jobs").join(job);
        let found = files(&below, "features.json");
        assert_eq!(found.len(), 1, "{}", below.display());
        let features: Value = serde_json::from_slice(&found[0].1).unwrap();
        assert_eq!(coverage(&features), expected, "{tenant}");
    }
}
