//! What operators look at: health, metrics, logs without anything personal.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use interview_tests::fleet::{Order, QueueKind, StoreKind, text_job};

use crate::over_both_queues;
use crate::scene::{PATIENCE, Scene, end};

over_both_queues! {
    a_worker_tells_how_it_is
}

pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A request in plain HTTP; the status and the body.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some((status, body.to_owned()))
}

pub(crate) fn wait_for_answer(address: SocketAddr, path: &str, wanted: impl Fn(u16, &str) -> bool) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = get(address, path);
        if let Some((status, body)) = &answer
            && wanted(*status, body)
        {
            return body.clone();
        }
        assert!(Instant::now() < end, "{path}: {answer:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn a_worker_tells_how_it_is(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::S3);
    let address = free_address();
    let worker = scene.ready_spec().with(&["--metrics", &address.to_string()]).start("worker");
    wait_for_answer(address, "/readyz", |status, _| status == 200);
    assert_eq!(get(address, "/healthz").unwrap().0, 200);
    assert_eq!(get(address, "/nothing").unwrap().0, 404);
    let mut secret = text_job("job-7", Order(""));
    secret["candidate"] =
        serde_json::json!({"reference": "cand-secret", "resume": "Zhang Wei, born in Chengdu"});
    scene.enqueue(&[secret, text_job("job-8", Order("crash"))]);
    scene.listener.wait_for(2, PATIENCE);
    let metrics = wait_for_answer(address, "/metrics", |_, body| body.contains("dead_lettered"));
    for expected in [
        r#"interview_jobs_total{outcome="completed",code=""} 1"#,
        r#"interview_jobs_total{outcome="dead_lettered",code="CRASH"} 1"#,
        r#"interview_slot_ends_total{reason="crash"} 2"#,
        r#"interview_model_runs_total{model="ready"} 1"#,
        r#"interview_model_rows_total{model="ready"} 4"#,
        "interview_job_retries_total 1",
        "interview_queue_wait_seconds_bucket",
        r#"interview_stage_seconds_count{stage="judge"} 1"#,
        "interview_job_overhead_seconds_sum",
        "interview_slots 1",
        "interview_queue_connected 1",
        "process_resident_memory_bytes",
    ] {
        assert!(metrics.contains(expected), "{expected} is missing in\n{metrics}");
    }
    let log = worker.log();
    for line in log.lines() {
        let entry: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(entry["timestamp"].is_string() && entry["level"].is_string(), "{line}");
    }
    assert!(log.contains(r#""job_id":"job-7""#) && log.contains("trace_id"), "{log}");
    for private in ["Zhang", "Chengdu", "cand-secret", "customer", "refund", "test-secret-key"] {
        assert!(!log.contains(private) && !metrics.contains(private), "{private} is told");
    }
    end(worker);
}

#[test]
fn a_worker_without_store_or_queue_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let output = interview_tests::interview().arg("worker").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let store = format!("dir:{}", folder.path().join("store").display());
    let queue = format!("sqlite:{}", folder.path().join("q.db").display());
    for (arguments, code, said) in [
        (vec!["--queue", &queue, "--store", "ftp://x"], 2, "s3://bucket/prefix or dir:PATH"),
        (vec!["--queue", "redis://x", "--store", &store], 2, "sqlite:FILE"),
        (vec!["--queue", &queue, "--store", &store, "--slots", "0"], 2, "--slots"),
        (vec!["--queue", "amqp://h/v", "--store", &store, "--deadline-s", "1800"], 2, "consumer_timeout"),
        (vec!["--queue", &queue, "--store", "dir:/proc/none"], 3, "/proc/none"),
    ] {
        let (status, log) = run(&arguments);
        assert_eq!(status, Some(code), "{arguments:?}: {log}");
        assert!(log.contains(said), "{arguments:?}: {log}");
    }
}
