//! One process with the models for all slots: the same reports, and its end costs nobody an attempt.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use interview_tests::fleet::{Order, QueueKind, StoreKind, Worker, speech_job, text_job};
use interview_tests::made;
use rustix::process::{Pid, Signal, kill_process};

use crate::operation::{free_address, get};
use crate::scene::{PATIENCE, Scene, end};

const WORDS: &str = "I have worked as a nurse for five years. When a patient is afraid, I sit down and listen first. \
                     Then I explain every step in plain words. Last winter a man refused his medicine, because \
                     nobody had told him what it was for. After ten minutes of questions he took it.";

/// What a worker makes of two recordings and two typed answers: the reports by job.
fn reports(arguments: &[&str], disturb: impl FnOnce(&Worker)) -> BTreeMap<String, Vec<u8>> {
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    let jobs = ["speech-1", "speech-2", "text-1", "text-2"];
    for (job, voice) in [("speech-1", "en-us"), ("speech-2", "en-gb")] {
        let sound = made::speech(scene.folder.path(), &format!("{job}.wav"), voice, WORDS);
        scene.store.put(&format!("default/media/{job}.wav"), &std::fs::read(sound).unwrap());
    }
    scene.enqueue(&jobs.map(|job| match job.starts_with("speech") {
        true => speech_job(job, &format!("media/{job}.wav"), Order("")),
        false => text_job(job, Order("")),
    }));
    let worker = scene.spec().with(&["--slots", "2"]).with(arguments).start("worker");
    disturb(&worker);
    scene.assert_reports(&jobs);
    let keys = scene.store.keys();
    let report = |job: &str| {
        let key = keys.iter().find(|key| key.contains(&format!("/{job}/")) && key.ends_with("report.json"));
        (job.to_owned(), scene.store.get(key.expect("a stored report")).unwrap())
    };
    let reports = jobs.into_iter().map(report).collect();
    assert!(!worker.log().contains(r#""reason":"crash""#), "{}", worker.log());
    end(worker);
    reports
}

/// The process with the models, once it has worked for so many hundredths of a second.
fn holder(worker: &Worker, hundredths: u64) -> Pid {
    let end = Instant::now() + PATIENCE;
    loop {
        for pid in worker.slots() {
            let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // Fields 14 and 15 (proc(5)): processor time; counted behind the name, which may hold anything.
            let behind = stat.rsplit(')').next().unwrap_or_default();
            let time: u64 =
                behind.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
            if arguments.split(|&byte| byte == 0).any(|word| word == b"shared-models") && time >= hundredths {
                return Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            }
        }
        assert!(Instant::now() < end, "no process with shared models:\n{}", worker.log());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn shared_models_give_the_same_reports_whatever_becomes_of_their_process() {
    let alone = reports(&[], |_| ());
    let address = free_address().to_string();
    let shared = reports(&["--shared-models", "--metrics", &address], |worker| {
        // Counts arrive every second.
        let end = Instant::now() + PATIENCE;
        let counted = |text: &str| text.contains("interview_model_runs_total{model=\"moonshine-encoder\"}");
        while !get(address.parse().unwrap(), "/metrics").is_some_and(|(_, text)| counted(&text)) {
            assert!(Instant::now() < end, "no runs of models were counted:\n{}", worker.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        // The slots hold next to nothing: everything was loaded elsewhere.
        let (_, text) = get(address.parse().unwrap(), "/metrics").unwrap();
        assert!(text.contains("interview_shared_models_memory_bytes"), "{text}");
    });
    assert_eq!(alone, shared);
    let killed = reports(&["--shared-models"], |worker| {
        kill_process(holder(worker, 100), Signal::KILL).unwrap();
        worker.wait_for("shared models ended", PATIENCE);
    });
    assert_eq!(alone, killed);
}

#[test]
fn a_device_that_is_not_there_ends_the_worker_at_once() {
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    let mut worker = scene.spec().with(&["--device", "cuda:7", "--shared-models"]).start("worker");
    let status = worker.wait(PATIENCE);
    assert_eq!(status.code(), Some(3), "{}", worker.log());
    assert!(worker.log().contains("cuda:7"), "{}", worker.log());
}
