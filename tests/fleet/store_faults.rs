//! 11–13, 18 and 20: stores that refuse, stall, drip and lie; recordings that are none.

use interview_test_s3::{Action, Fault};
use interview_tests::fleet::{Order, QueueKind, StoreKind, speech_job};
use interview_tests::made;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::over_both_queues;
use crate::scene::{Scene, end};

over_both_queues! {
    a_missing_recording_is_tried_a_few_times
    a_forbidden_recording_is_a_dead_letter_at_once
    a_store_that_is_down_for_a_while_is_waited_for
    a_recording_that_stalls_or_drips_is_fetched_again
    wrong_bytes_are_a_dead_letter
    a_recording_that_is_none_is_a_dead_letter
}

const KEY: &str = "fleet/default/media/a.wav";

fn scene(queue: QueueKind) -> Scene {
    Scene::new(queue, StoreKind::S3)
}

fn recording(scene: &Scene) -> Vec<u8> {
    let path = made::speech(scene.folder.path(), "a.wav", "en-us", "I listen first.");
    let bytes = std::fs::read(path).unwrap();
    scene.store.server().put(KEY, &bytes);
    bytes
}

fn job(id: &str) -> Value {
    speech_job(id, "media/a.wav", Order(""))
}

fn get(scene: &Scene, action: Action, times: usize) {
    scene.store.server().inject(Fault::once("GET", "media/a.wav", action).times(times));
}

fn a_missing_recording_is_tried_a_few_times(queue: QueueKind) {
    let scene = scene(queue);
    scene.enqueue(&[job("late"), speech_job("never", "media/never.wav", Order(""))]);
    let worker = scene.ready_spec().with(&["--slots", "2"]).start("worker");
    // The upload of the first ends after the job was sent.
    worker.wait_for("MEDIA_NOT_FOUND", crate::scene::PATIENCE);
    recording(&scene);
    assert_eq!(scene.failure_of("never"), "MEDIA_NOT_FOUND");
    scene.listener.wait_for(2, crate::scene::PATIENCE);
    assert!(scene.listener.heard().completed.contains_key("late"));
    assert_eq!(scene.dead_codes(), [("never".to_owned(), "MEDIA_NOT_FOUND".to_owned())]);
    assert_eq!(scene.dead_letters()[0].attempt, 4);
    end(worker);
}

fn a_forbidden_recording_is_a_dead_letter_at_once(queue: QueueKind) {
    let scene = scene(queue);
    recording(&scene);
    get(&scene, Action::Refuse(403, "AccessDenied"), 99);
    scene.enqueue(&[job("j1")]);
    let worker = scene.ready_spec().start("worker");
    assert_eq!(scene.failure_of("j1"), "MEDIA_FORBIDDEN");
    scene.wait_until_quiet();
    assert_eq!(scene.dead_letters()[0].attempt, 1);
    worker.wait_for(r#""alert":true"#, crate::scene::PATIENCE);
    end(worker);
}

fn a_store_that_is_down_for_a_while_is_waited_for(queue: QueueKind) {
    let scene = scene(queue);
    recording(&scene);
    // The client itself asks three times; then the job waits.
    get(&scene, Action::Refuse(503, "SlowDown"), 5);
    scene.store.server().inject(Fault::once("PUT", "features.json", Action::Close).times(4));
    scene.enqueue(&[job("j1")]);
    let worker = scene.ready_spec().start("worker");
    scene.assert_reports(&["j1"]);
    assert!(worker.log().contains("comes back"), "{}", worker.log());
    end(worker);
}

fn a_recording_that_stalls_or_drips_is_fetched_again(queue: QueueKind) {
    let scene = scene(queue);
    recording(&scene);
    get(&scene, Action::StallAfter(10_000), 1);
    get(&scene, Action::Drip(2), 1);
    scene.enqueue(&[job("j1")]);
    let worker = scene.ready_spec().start("worker");
    scene.assert_reports(&["j1"]);
    end(worker);
}

fn wrong_bytes_are_a_dead_letter(queue: QueueKind) {
    let scene = scene(queue);
    let bytes = recording(&scene);
    let right = hex::encode(Sha256::digest(&bytes));
    let stated = |id: &str, sha256: &str| {
        let mut job = job(id);
        job["answers"][0]["media"]["sha256"] = sha256.into();
        job
    };
    get(&scene, Action::Corrupt, 1);
    scene.enqueue(&[stated("corrupt", &right)]);
    let worker = scene.ready_spec().start("worker");
    assert_eq!(scene.failure_of("corrupt"), "INTEGRITY");
    let mut other = bytes.clone();
    other[50] ^= 1;
    get(&scene, Action::ReplaceAfter(10_000, scene.store.server().file(KEY), other), 1);
    scene.enqueue(&[job("replaced")]);
    assert_eq!(scene.failure_of("replaced"), "INTEGRITY");
    scene.enqueue(&[stated("other", &hex::encode([7; 32]))]);
    assert_eq!(scene.failure_of("other"), "INTEGRITY");
    scene.wait_until_quiet();
    assert_eq!(scene.dead_codes().len(), 3);
    assert!(scene.dead_letters().iter().all(|letter| letter.attempt == 1));
    end(worker);
}

/// The real analysis, of files that are no media, and of one that has no picture.
fn a_recording_that_is_none_is_a_dead_letter(queue: QueueKind) {
    let scene = scene(queue);
    recording(&scene);
    scene.store.server().put("fleet/default/media/empty.wav", b"");
    scene.store.server().put("fleet/default/media/one.wav", b"x");
    let mut sound_only = job("sound-only");
    sound_only["answers"][0]["kind"] = "video".into();
    scene.enqueue(&[
        speech_job("empty", "media/empty.wav", Order("")),
        speech_job("one", "media/one.wav", Order("")),
        sound_only,
    ]);
    let worker = scene.spec().start("worker");
    assert_eq!(scene.failure_of("empty"), "INVALID_MEDIA");
    assert_eq!(scene.failure_of("one"), "INVALID_MEDIA");
    let heard = scene.listener.wait_for(3, crate::scene::PATIENCE);
    let report = scene.store.read(&heard.completed["sound-only"][0].uri).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let flags = report["flags"].as_array().unwrap();
    assert!(flags.iter().any(|flag| flag["code"] == "NO_VIDEO"), "{flags:?}");
    end(worker);
}

/// A work folder on a full disk: once more elsewhere, then a dead letter.
#[test]
fn a_full_disk_is_a_lack_of_resources() {
    if !std::path::Path::new("/dev/shm").is_dir() || !rustix::process::getuid().is_root() {
        println!("skipped: a small file system can only be made by root");
        return;
    }
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    let small = scene.folder.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(&small)
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        println!("skipped: file systems cannot be mounted here");
        return;
    }
    scene.store.put("default/media/a.wav", &vec![0; 1 << 20]);
    scene.enqueue(&[job("j1")]);
    let worker = scene.ready_spec().with(&["--work-dir", small.to_str().unwrap()]).start("worker");
    let code = scene.failure_of("j1");
    end(worker);
    let unmounted = std::process::Command::new("umount").arg(&small).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    assert_eq!(code, "RESOURCE");
    assert_eq!(scene.dead_letters()[0].attempt, 2);
}
