//! 10: SIGTERM at any moment loses nothing and ends the worker with 0 within the grace period.

use std::time::{Duration, Instant};

use interview_tests::fleet::{Order, QueueKind, StoreKind, text_job};

use crate::over_both_queues;
use crate::scene::{PATIENCE, Scene, end};

over_both_queues! {
    an_idle_worker_ends_at_once
    a_short_job_is_ended_first
    a_long_job_is_handed_back
}

fn an_idle_worker_ends_at_once(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    let worker = scene.ready_spec().start("worker");
    worker.wait_for("worker takes jobs", PATIENCE);
    std::thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    end(worker);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

fn a_short_job_is_ended_first(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    scene.enqueue(&[text_job("j1", Order("sleep=1000")), text_job("j2", Order("sleep=1000"))]);
    let worker = scene.ready_spec().start("worker");
    worker.wait_for("worker takes jobs", PATIENCE);
    std::thread::sleep(Duration::from_millis(500));
    end(worker);
    // The running one is done, the other one still waits.
    let heard = scene.listener.wait_for(1, PATIENCE);
    assert_eq!(heard.completed.len(), 1);
    let waiting: u64 = scene.status().lanes.iter().map(|lane| lane.ready).sum();
    assert_eq!(waiting, 1);
    let worker = scene.ready_spec().start("second");
    scene.assert_reports(&["j1", "j2"]);
    end(worker);
}

fn a_long_job_is_handed_back(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    let file = scene.folder.path().join("begun");
    // The first attempt takes for ever; the next worker is quick.
    scene.enqueue(&[text_job("j1", Order(&format!("slow-once={}", file.display())))]);
    let worker = scene.ready_spec().with(&["--grace-s", "1"]).start("worker");
    let deadline = Instant::now() + PATIENCE;
    while !file.exists() {
        assert!(Instant::now() < deadline, "the job is never begun");
        std::thread::sleep(Duration::from_millis(20));
    }
    let started = Instant::now();
    end(worker);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let second = scene.ready_spec().start("second");
    scene.assert_reports(&["j1"]);
    let heard = scene.listener.heard();
    assert!(heard.failed.is_empty(), "handing back is no failure: {:?}", heard.failed);
    end(second);
}
