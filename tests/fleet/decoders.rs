//! 4: recordings that take the decoder over, through real workers; and workers without a sandbox, which say so.

use interview_tests::fleet::{Order, QueueKind, StoreKind, speech_job};
use interview_tests::made;

use crate::operation::{free_address, get, wait_for_answer};
use crate::scene::{PATIENCE, Scene, end};

/// A decoder with a hole, see `exploited_decoder`.
const EXPLOITED: &str = env!("CARGO_BIN_EXE_exploited_decoder");

#[test]
fn an_attack_is_a_dead_letter_and_spares_its_neighbours() {
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    let words = "I have worked as a nurse for five years and I like to explain things to patients calmly.";
    let sound = made::speech(scene.folder.path(), "good.wav", "en-us", words);
    scene.store.put("default/media/good.wav", &std::fs::read(sound).unwrap());
    let mut jobs = vec![speech_job("good-1", "media/good.wav", Order(""))];
    for attack in ["socket", "exec", "lie"] {
        let uri = format!("media/{attack}.wav");
        scene.store.put(&format!("default/{uri}"), format!("EXPLOIT {attack:<56}").repeat(40).as_bytes());
        jobs.push(speech_job(attack, &uri, Order("")));
    }
    jobs.push(speech_job("good-2", "media/good.wav", Order("")));
    scene.enqueue(&jobs);
    let worker = scene.spec().with(&["--decoder-program", EXPLOITED]).start("worker");
    for attack in ["socket", "exec", "lie"] {
        assert_eq!(scene.failure_of(attack), "CRASH", "{attack}");
    }
    let heard = scene.listener.wait_for(jobs.len(), PATIENCE);
    for id in ["good-1", "good-2"] {
        assert_eq!(heard.completed[id].len(), 1, "{id}");
    }
    let crash = |id: &str| (id.to_owned(), "CRASH".to_owned());
    assert_eq!(scene.dead_codes(), [crash("exec"), crash("lie"), crash("socket")]);
    // The slot itself was never in danger: its process lives on, with its models loaded.
    assert!(!worker.log().contains(r#""reason":"crash""#), "{}", worker.log());
    end(worker);
}

#[test]
fn a_worker_without_a_sandbox_says_so() {
    let scene = Scene::new(QueueKind::Sqlite, StoreKind::Dir);
    for (arguments, value) in [(&[][..], 0), (&["--insecure-decoder"][..], 1)] {
        let address = free_address();
        let worker = scene
            .ready_spec()
            .with(arguments)
            .with(&["--metrics", &address.to_string()])
            .start(&format!("worker-{value}"));
        wait_for_answer(address, "/readyz", |status, _| status == 200);
        let (_, metrics) = get(address, "/metrics").unwrap();
        assert!(metrics.contains(&format!("interview_insecure_decoder {value}")), "{metrics}");
        assert_eq!(worker.log().contains("without a sandbox"), value == 1, "{}", worker.log());
        end(worker);
    }
}
