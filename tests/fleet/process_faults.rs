//! 4 and 20: analyses that crash, hang, or take too much are dead letters, and their neighbours never notice.

use std::time::Duration;

use interview_tests::fleet::{Order, QueueKind, StoreKind, text_job};
use rustix::process::{Pid, Signal, kill_process};

use crate::over_both_queues;
use crate::scene::{PATIENCE, Scene, end};

over_both_queues! {
    an_analysis_that_always_crashes_is_a_dead_letter_and_spares_its_neighbours
    an_analysis_that_crashes_once_is_repeated
    an_analysis_that_takes_too_much_memory_is_killed
    an_analysis_that_does_not_end_is_killed
    a_slot_that_is_killed_costs_one_attempt
}

fn an_analysis_that_always_crashes_is_a_dead_letter_and_spares_its_neighbours(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    let neighbours: Vec<String> = (0..6).map(|number| format!("good-{number}")).collect();
    let mut jobs: Vec<_> = neighbours.iter().map(|id| text_job(id, Order("sleep=50"))).collect();
    jobs.insert(2, text_job("bad-1", Order("crash")));
    jobs.insert(4, text_job("bad-2", Order("abort")));
    scene.enqueue(&jobs);
    let worker = scene.ready_spec().with(&["--slots", "2"]).start("worker");
    assert_eq!(scene.failure_of("bad-1"), "CRASH");
    assert_eq!(scene.failure_of("bad-2"), "CRASH");
    scene.listener.wait_for(8, PATIENCE);
    let heard = scene.listener.heard();
    for id in &neighbours {
        assert_eq!(heard.completed[id].len(), 1, "{id}");
        assert!(!heard.failed.contains_key(id), "{id}");
    }
    let crash = |id: &str| (id.to_owned(), "CRASH".to_owned());
    assert_eq!(scene.dead_codes(), [crash("bad-1"), crash("bad-2")]);
    assert_eq!(scene.dead_letters()[0].attempt, 2, "a crash is tried once more");
    end(worker);
}

fn an_analysis_that_crashes_once_is_repeated(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    let file = scene.folder.path().join("crashed");
    scene.enqueue(&[text_job("j1", Order(&format!("crash-once={}", file.display())))]);
    let worker = scene.ready_spec().start("worker");
    scene.assert_reports(&["j1"]);
    assert!(file.exists());
    end(worker);
}

fn an_analysis_that_takes_too_much_memory_is_killed(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    scene.enqueue(&[text_job("greedy", Order("memory")), text_job("modest", Order(""))]);
    let worker = scene.ready_spec().with(&["--memory-limit-mb", "200"]).start("worker");
    assert_eq!(scene.failure_of("greedy"), "RESOURCE");
    scene.listener.wait_for(2, PATIENCE);
    assert_eq!(scene.dead_codes(), [("greedy".to_owned(), "RESOURCE".to_owned())]);
    assert_eq!(scene.dead_letters()[0].attempt, 2, "tried once more");
    assert!(worker.log().contains("memory_limit"));
    end(worker);
}

fn an_analysis_that_does_not_end_is_killed(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    scene.enqueue(&[text_job("endless", Order("hang")), text_job("quick", Order(""))]);
    let worker = scene.ready_spec().with(&["--deadline-s", "2"]).start("worker");
    assert_eq!(scene.failure_of("endless"), "TIMEOUT");
    scene.listener.wait_for(2, PATIENCE);
    assert_eq!(scene.dead_codes(), [("endless".to_owned(), "TIMEOUT".to_owned())]);
    end(worker);
}

fn a_slot_that_is_killed_costs_one_attempt(queue: QueueKind) {
    let scene = Scene::new(queue, StoreKind::Dir);
    scene.enqueue(&[text_job("j1", Order("sleep=1500")), text_job("j2", Order("sleep=1500"))]);
    let worker = scene.ready_spec().with(&["--slots", "2"]).start("worker");
    worker.wait_for("worker takes jobs", PATIENCE);
    std::thread::sleep(Duration::from_millis(700));
    let slot = worker.slots()[0];
    kill_process(Pid::from_raw(i32::try_from(slot).unwrap()).unwrap(), Signal::KILL).unwrap();
    scene.assert_reports(&["j1", "j2"]);
    assert!(worker.log().contains(r#""reason":"crash""#), "{}", worker.log());
    end(worker);
}

/// The kernel ends the slots of a worker that is killed.
#[test]
fn slots_die_with_their_worker() {
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    let mut worker = scene.spec().with(&["--slots", "2"]).start("worker");
    let end = std::time::Instant::now() + PATIENCE;
    while worker.slots().len() < 2 {
        assert!(std::time::Instant::now() < end, "the slots do not start:\n{}", worker.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    let slots = worker.slots();
    worker.kill();
    for slot in slots {
        let end = std::time::Instant::now() + Duration::from_secs(5);
        while std::path::Path::new(&format!("/proc/{slot}")).exists() {
            assert!(std::time::Instant::now() < end, "slot {slot} outlives its worker");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
