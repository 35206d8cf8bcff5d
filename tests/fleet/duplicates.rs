//! 1–3: jobs that are killed, or come twice, have one report.

use std::time::{Duration, Instant};

use interview_test_s3::{Action, Fault};
use interview_tests::fleet::{Order, QueueKind, StoreKind, text_job};

use crate::over_both_queues;
use crate::scene::{PATIENCE, Scene, end};

over_both_queues! {
    killed_between_store_publish_and_acknowledgement
    the_same_job_twice_at_once
    the_same_job_again_later
}

/// Waits until the S3 server has got a request of this method for a key with this part.
fn wait_for_request(scene: &Scene, method: &str, part: &str) {
    let server = scene.store.server();
    let deadline = Instant::now() + PATIENCE;
    while !server.requests().iter().any(|request| request.method == method && request.path.contains(part)) {
        assert!(Instant::now() < deadline, "no {method} of {part}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A request that is answered late shows where the worker is; there it is killed.
fn killed_between_store_publish_and_acknowledgement(queue: QueueKind) {
    for (step, part) in
        [("before the report is stored", "report.json"), ("after it, beside the event", "/audit/")]
    {
        let scene = Scene::new(queue, StoreKind::S3);
        let server = scene.store.server();
        server.inject(Fault::once("PUT", part, Action::AnswerLate(Duration::from_secs(5))));
        scene.enqueue(&[text_job("j1", Order(""))]);
        let spec = scene.ready_spec();
        let mut worker = spec.start("killed");
        wait_for_request(&scene, "PUT", part);
        std::thread::sleep(Duration::from_millis(300));
        worker.kill();
        let worker = spec.start("second");
        let findings = scene.assert_reports(&["j1"]);
        if part == "/audit/" {
            assert_eq!(findings.repeats, 1, "{step}: the event was said before the kill");
        }
        end(worker);
    }
}

fn the_same_job_twice_at_once(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::S3);
    let job = text_job("j1", Order("sleep=300"));
    scene.enqueue(&[job.clone(), job]);
    let worker = scene.ready_spec().with(&["--slots", "2"]).start("worker");
    scene.assert_reports(&["j1"]);
    assert!(scene.dead_letters().is_empty());
    end(worker);
}

fn the_same_job_again_later(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    let worker = scene.ready_spec().start("worker");
    scene.enqueue(&[text_job("j1", Order(""))]);
    scene.assert_reports(&["j1"]);
    scene.enqueue(&[text_job("j1", Order(""))]);
    scene.wait_until_quiet();
    scene.assert_reports(&["j1"]);
    end(worker);
}
