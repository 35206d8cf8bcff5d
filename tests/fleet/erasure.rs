//! Erasure and retention: what goes, what stays, and what is left as proof.

use std::process::Command;

use interview_tests::fleet::{Order, QueueKind, StoreKind, speech_job, text_job};
use serde_json::Value;

use crate::over_both_queues;
use crate::scene::{PATIENCE, Scene, end};

over_both_queues! {
    an_erased_candidate_leaves_nothing_behind
}

fn erase(scene: &Scene, arguments: &[&str]) -> Vec<Value> {
    let output = Command::new(interview_tests::program())
        .arg("erase")
        .args(scene.store.arguments())
        .envs(scene.store.environment())
        .env_remove("INTERVIEW_LOG")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn an_erased_candidate_leaves_nothing_behind(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::S3);
    let worker = scene.ready_spec().start("worker");
    scene.store.put("default/media/a.wav", b"a recording");
    scene.store.put("default/media/b.wav", b"another");
    let of = |mut job: Value, candidate: &str| {
        job["candidate"]["reference"] = candidate.into();
        job
    };
    scene.enqueue(&[
        of(speech_job("j1", "media/a.wav", Order("")), "c-1"),
        of(speech_job("j2", "media/b.wav", Order("")), "c-10"),
        of(text_job("j3", Order("crash")), "c-1"),
        of(text_job("j4", Order("crash")), "c-10"),
    ]);
    scene.listener.wait_for(4, PATIENCE);
    scene.wait_until_quiet();
    let would = erase(&scene, &["--candidate", "c-1", "--dry-run"]);
    assert_eq!(would[0]["recordings"], 1);
    assert!(scene.store.get("default/media/a.wav").is_some());

    let receipt = erase(&scene, &["--candidate", "c-1", "--queue", &scene.queue.url()]);
    assert_eq!(
        (&receipt[0]["recordings"], &receipt[0]["dead_letters"]),
        (&1.into(), &1.into()),
        "{receipt:?}"
    );
    let left = scene.store.keys();
    assert!(left.iter().all(|key| !key.contains("c-1/")), "{left:?}");
    assert!(scene.store.get("default/media/a.wav").is_none());
    assert!(scene.store.get("default/media/b.wav").is_some());
    assert!(left.iter().any(|key| key.contains("candidates/c-10/")), "{left:?}");
    let receipts: Vec<_> = left.iter().filter(|key| key.ends_with("-receipt.json")).collect();
    assert_eq!(receipts.len(), 1);
    assert!(!receipts[0].contains("c-1"), "the receipt names nobody");
    let proof = String::from_utf8(scene.store.get(receipts[0]).unwrap()).unwrap();
    assert!(!proof.contains("c-1"), "{proof}");
    assert!(left.iter().any(|key| key.starts_with("default/audit/")));
    assert_eq!(scene.dead_codes(), [("j4".to_owned(), "CRASH".to_owned())]);

    // What is queued afterwards is a new beginning.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    scene.enqueue(&[of(text_job("new", Order("")), "c-1")]);
    let end_at = std::time::Instant::now() + PATIENCE;
    while !scene.listener.heard().completed.contains_key("new") {
        assert!(std::time::Instant::now() < end_at, "{:?}", scene.listener.heard().failed);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    end(worker);
}

/// A job that still waits while its candidate is erased is refused when its turn comes.
#[test]
fn a_waiting_job_of_an_erased_candidate_is_refused() {
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    let mut job = text_job("j1", Order(""));
    job["candidate"]["reference"] = "c-1".into();
    scene.enqueue(&[job]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    erase(&scene, &["--candidate", "c-1"]);
    let worker = scene.ready_spec().start("worker");
    assert_eq!(scene.failure_of("j1"), "POLICY_FORBIDS");
    end(worker);
    assert!(scene.store.keys().iter().all(|key| !key.contains("c-1")), "{:?}", scene.store.keys());
}

/// What has outlived its time goes: by the policy of the job, and where that states none by the operator's.
#[test]
fn what_has_outlived_its_time_goes() {
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    let worker = scene.ready_spec().start("worker");
    scene.store.put("default/media/il.wav", b"a recording");
    let mut illinois = speech_job("il", "media/il.wav", Order(""));
    illinois["policy"] = "us-il".into();
    illinois["consent"] = serde_json::json!(["ai-analysis"]);
    scene.enqueue(&[illinois, text_job("cn", Order(""))]);
    scene.assert_reports(&["il", "cn"]);
    end(worker);
    assert!(erase(&scene, &["--expired"]).is_empty(), "nothing is old yet");
    let age = |days: u64| {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400);
        for key in scene.store.keys() {
            let file = std::fs::File::options().write(true).open(scene.store.file(&key)).unwrap();
            file.set_modified(then).unwrap();
        }
    };
    age(29);
    assert!(erase(&scene, &["--expired"]).is_empty());
    age(31);
    let gone = erase(&scene, &["--expired"]);
    assert_eq!(gone.len(), 1);
    assert_eq!((&gone[0]["job_id"], &gone[0]["recordings"]), (&"il".into(), &1.into()));
    let left = scene.store.keys();
    assert!(
        left.iter().any(|key| key.contains("jobs/cn/")) && left.iter().all(|key| !key.contains("/il")),
        "{left:?}"
    );
    assert_eq!(erase(&scene, &["--expired", "--retention-days", "30"]).len(), 1);
    assert!(scene.store.keys().iter().all(|key| !key.contains("candidates/")));
}
