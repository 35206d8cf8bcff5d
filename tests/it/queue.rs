//! The commands of the queue, over a file: enqueue, queue, dead, results, doctor.

use std::path::Path;
use std::process::Output;

use interview_queue::{Failure, QueueUrl, connect};
use interview_schemas::ErrorCode;
use interview_tests::interview;
use serde_json::Value;

fn run(queue: &str, arguments: &[&str]) -> Output {
    interview().env("INTERVIEW_QUEUE", queue).args(arguments).output().expect("the program starts")
}

/// What a command prints with exit code 0, one JSON object per line.
fn lines(queue: &str, arguments: &[&str]) -> Vec<Value> {
    let output = run(queue, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON per line")).collect()
}

fn job_file(folder: &Path, id: &str) -> String {
    let path = folder.join(format!("{id}.json"));
    let job = format!(
        r#"{{"schema_version":"1","job_id":"{id}","candidate":{{"reference":"c-{id}"}},
            "answers":[{{"kind":"text","id":"a1","text":"A secret sentence."}}]}}"#
    );
    std::fs::write(&path, job).expect("a job file");
    path.display().to_string()
}

/// Takes the next jobs as a worker would and buries them.
fn bury(queue: &str, count: usize, code: ErrorCode) {
    let url: QueueUrl = queue.parse().expect("an address");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let queue = connect(&url).await.expect("the queue");
        for _ in 0..count {
            let delivery = queue.receive().await.expect("a job");
            delivery.dead_letter(&Failure::new(code, "no luck")).await.expect("a dead letter");
        }
    });
}

#[test]
fn jobs_go_in_fail_and_come_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let queue = format!("sqlite:{}", folder.path().join("queue.db").display());
    let (one, two) = (job_file(folder.path(), "j1"), job_file(folder.path(), "j2"));
    assert_eq!(lines(&queue, &["queue", "setup", "--json"])[0]["status"], "done");
    let queued = lines(&queue, &["enqueue", &one, &two, "--lane", "bulk", "--json"]);
    assert_eq!(queued.len(), 2);
    assert_eq!((&queued[0]["job_id"], &queued[0]["lane"]), (&"j1".into(), &"bulk".into()));
    assert!(queued[0]["traceparent"].as_str().is_some_and(|trace| trace.starts_with("00-")));
    let status = &lines(&queue, &["queue", "status", "--json"])[0];
    assert_eq!((&status["lanes"][1]["ready"], &status["dead"]), (&2.into(), &0.into()), "{status}");

    bury(&queue, 2, ErrorCode::Storage);
    let letters = lines(&queue, &["dead", "list", "--json"]);
    assert_eq!(letters.len(), 2);
    assert_eq!((&letters[0]["message_id"], &letters[0]["code"]), (&"j1".into(), &"STORAGE".into()));
    let listed = String::from_utf8(run(&queue, &["dead", "list"]).stdout).expect("text");
    assert!(listed.contains("j2") && !listed.contains("secret"), "{listed}");
    let shown = String::from_utf8(run(&queue, &["dead", "show", "j1"]).stdout).expect("text");
    assert!(shown.contains("secret sentence") && shown.contains("STORAGE"), "{shown}");

    let events = lines(&queue, &["results", "--json", "--limit", "1"]);
    assert_eq!(events[0]["type"], "interview.report.failed");
    assert_eq!(lines(&queue, &["results", "--json"]).len(), 3, "the first was taken, three are left");
    assert!(lines(&queue, &["results", "--json"]).is_empty());

    assert_eq!(lines(&queue, &["dead", "drop", "j1", "--json"])[0]["status"], "dropped");
    assert_eq!(lines(&queue, &["dead", "retry", "--code", "STORAGE", "--json"])[0]["message_id"], "j2");
    let status = &lines(&queue, &["queue", "status", "--json"])[0];
    assert_eq!((&status["lanes"][1]["ready"], &status["dead"]), (&1.into(), &0.into()), "{status}");
}

#[test]
fn what_is_wrong_is_told_with_its_exit_code() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let queue = format!("sqlite:{}", folder.path().join("queue.db").display());
    let good = job_file(folder.path(), "good");
    let bad = folder.path().join("bad.json");
    std::fs::write(&bad, r#"{"schema_version":"1","job_id":"bad","candidat":{}}"#).expect("a job file");
    let bad = bad.display().to_string();
    let cases: [(&str, &[&str], i32, &str); 7] = [
        (&queue, &["enqueue", &good, &bad], 1, "INVALID_JOB"),
        (&queue, &["enqueue", "/no/such/job.json"], 2, "CONFIGURATION"),
        (&queue, &["dead", "retry", "j9"], 1, "j9"),
        (&queue, &["dead", "retry"], 2, "required"),
        (&queue, &["enqueue", &good, "--traceparent", "00-x"], 2, "traceparent"),
        ("redis://localhost", &["queue", "status"], 2, "sqlite:FILE"),
        ("amqp://127.0.0.1:1/", &["queue", "status"], 3, "QUEUE"),
    ];
    for (queue, arguments, code, words) in cases {
        let output = run(queue, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    // Nothing of a call with a bad job is queued.
    let status = &lines(&queue, &["queue", "status", "--json"])[0];
    assert_eq!(status["lanes"][0]["ready"], 0, "{status}");
}

#[test]
fn the_doctor_compares_the_deadline_with_the_broker() {
    let output =
        run("amqp://127.0.0.1:1/?consumer_timeout=10m", &["doctor", "--json", "--deadline-s", "1200"]);
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let finding = |check: &str| {
        let findings = found["findings"].as_array().cloned().unwrap_or_default();
        findings.into_iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("{found}"))
    };
    assert_eq!(finding("queue")["status"], "error");
    let deadline = finding("deadline of jobs");
    assert_eq!(deadline["status"], "error");
    assert!(deadline["finding"].as_str().is_some_and(|text| text.contains("600 s")), "{deadline}");
}
