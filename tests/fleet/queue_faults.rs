//! 1 and 5–8: brokers that die, leases that are lost, exchanges that lead nowhere.

use std::time::Duration;

use interview_tests::fleet::chaos::{Analysis, Plan, run};
use interview_tests::fleet::{Order, QueueKind, StoreKind, text_job};
use rustix::process::Signal;

use crate::over_both_queues;
use crate::scene::{PATIENCE, Scene, end};

over_both_queues! {
    killed_many_times_and_every_report_once
    a_worker_that_loses_its_lease_gives_up_its_work
}

/// A hundred kills, twenty terminations, five kills of the broker where there is one.
fn killed_many_times_and_every_report_once(queue: QueueKind) {
    let store = if queue == QueueKind::RabbitMq { StoreKind::S3 } else { StoreKind::Dir };
    let outcome = run(&Plan {
        queue,
        store,
        jobs: 600,
        workers: 3,
        slots: 2,
        kills: 50,
        terminations: 10,
        broker_kills: 5,
        analysis: Analysis::Ready(40),
        patience: Duration::from_secs(60),
    });
    println!(
        "{} in {:.1} s, recovery {:?}",
        outcome.findings,
        outcome.time.as_secs_f64(),
        outcome.slowest_recovery
    );
    assert!(outcome.findings.is_clean(), "{}", outcome.findings);
    assert!(outcome.bad_exits.is_empty(), "{:?}", outcome.bad_exits);
    assert!(
        outcome.slowest_recovery.is_none_or(|time| time < Duration::from_secs(30)),
        "{:?}",
        outcome.slowest_recovery
    );
}

/// The worker stands still for longer than its lease; another one does the job; the first must not acknowledge
/// what is not its own any more.
fn a_worker_that_loses_its_lease_gives_up_its_work(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    let file = scene.folder.path().join("begun");
    scene.enqueue(&[text_job("j1", Order(&format!("slow-once={}", file.display())))]);
    let first = scene.ready_spec().start("first");
    let deadline = std::time::Instant::now() + PATIENCE;
    while !file.exists() {
        assert!(std::time::Instant::now() < deadline, "the job is never begun");
        std::thread::sleep(Duration::from_millis(20));
    }
    first.signal(Signal::STOP);
    let second = scene.ready_spec().start("second");
    scene.assert_reports(&["j1"]);
    first.signal(Signal::CONT);
    first.wait_for("lease is lost", PATIENCE);
    // It works on afterwards.
    scene.enqueue(&[text_job("j2", Order("")), text_job("j3", Order(""))]);
    scene.assert_reports(&["j1", "j2", "j3"]);
    end(first);
    end(second);
}
