//! A client that is not ours: an HR system in Python with pika and boto3, over RabbitMQ and S3.

use std::path::{Path, PathBuf};
use std::process::Command;

use interview_queue::QueueUrl;
use interview_test_s3::BUCKET;
use interview_tests::fleet::{QueueKind, QueuePlace, StoreKind, StorePlace, WorkerSpec, runtime};
use interview_tests::made;
use serde_json::Value;

use crate::scene::end;

/// The Python with pika and boto3: `INTERVIEW_CLIENT_PYTHON`, or what `make clients` made.
fn python() -> PathBuf {
    let path = std::env::var_os("INTERVIEW_CLIENT_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../out/clients/venv/bin/python"),
        PathBuf::from,
    );
    assert!(path.is_file(), "{} is missing: run `make clients` first (make test does)", path.display());
    path
}

#[test]
fn a_python_client_uploads_a_video_sends_the_job_and_reads_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let queue = QueuePlace::share(QueueKind::RabbitMq, folder.path());
    let store = StorePlace::start(StoreKind::S3, folder.path());
    let url: QueueUrl = queue.url().parse().unwrap();
    runtime().block_on(async { interview_queue::connect(&url).await.unwrap().setup().await.unwrap() });
    let worker = WorkerSpec::new(&queue, &store, folder.path()).start("worker");
    let words =
        "A customer was very angry about a bill. I listened, I apologised, and then we solved it together.";
    let sound = made::speech(folder.path(), "answer.wav", "en-us", words);
    let video = made::video(folder.path(), "answer.mp4", &sound);
    let address = queue.url().split('?').next().unwrap().to_owned();
    let output = Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/hr_system.py"))
        .args(["--amqp", &address, "--queue-prefix", &url.prefix])
        .args(["--s3", &store.server().endpoint(), "--bucket", BUCKET])
        .args(["--tenant", "acme", "--prefix", "fleet/acme/"])
        .args(["--video", made::text(&video), "--job-id", "hr-1", "--timeout", "120"])
        .envs(store.environment())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{log}\nworker: {}", worker.log());
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read["job_id"], "hr-1");
    assert!(read["report_id"].as_str().is_some_and(|id| id.len() == 32), "{read}");
    assert!(
        read["words"].as_u64().is_some_and(|words| words >= 10),
        "the report holds what was said: {read}"
    );
    assert!(read["html_bytes"].as_u64().is_some_and(|bytes| bytes > 10_000), "{read}");
    let events = read["events"].to_string();
    assert!(events.contains("interview.report.completed"), "{events}");
    end(worker);
}
