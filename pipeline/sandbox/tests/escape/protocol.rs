//! A child that lies: the parent ends it with a code, and nobody else notices.

use std::thread;
use std::time::Duration;

use interview_sandbox::Pool;
use interview_sandbox::child::Decoder;
use interview_sandbox::layers::Layers;

use crate::support::{End, all, attack, attack_in, finish, settings};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("lies_end_the_child", lies_end_the_child),
    ("deaths_have_codes", deaths_have_codes),
    ("a_child_that_the_system_kills_lacked_a_resource", a_child_that_the_system_kills_lacked_a_resource),
    ("neighbours_of_an_attacker_finish", neighbours_of_an_attacker_finish),
    ("a_spare_that_died_is_replaced", a_spare_that_died_is_replaced),
];

fn lies_end_the_child() {
    let all = all();
    for what in [
        "garbage",
        "a huge length",
        "a huge picture",
        "not a number",
        "time backwards",
        "endless sound",
        "endless signs of life",
        "half a picture",
        "a false count",
        "a false checksum",
        "a terminal's control characters",
        "a code of others",
    ] {
        match attack(what, all) {
            End::Ended("CRASH", message) => {
                assert!(message.len() < 300 && !message.chars().any(char::is_control), "{what}: {message}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

fn deaths_have_codes() {
    let all = all();
    for (what, code, hint) in [
        ("crash", "CRASH", "forbidden"),
        ("abort", "CRASH", "abort"),
        ("exit", "CRASH", "without an outcome"),
        ("memory bomb", "CRASH", "abort"),
        ("silence", "TIMEOUT", "no sign of life"),
        ("dawdle", "TIMEOUT", "not done after"),
        ("spin", "TIMEOUT", "processor time"),
    ] {
        match attack(what, all) {
            End::Ended(found, message) => {
                assert_eq!(found, code, "{what}: {message}");
                assert!(message.contains(hint), "{what}: {message}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// What the kernel does when memory runs out: it kills without a word.
fn a_child_that_the_system_kills_lacked_a_resource() {
    let decoder = Decoder::start(&settings(Layers::ALL)).unwrap();
    let id = i32::try_from(decoder.id()).unwrap();
    thread::scope(|scope| {
        let run = scope.spawn(|| finish(|request, each| decoder.run(request, each), "silence"));
        thread::sleep(Duration::from_millis(200));
        assert!(kill(id));
        match run.join().unwrap() {
            End::Ended("RESOURCE", message) => assert!(message.contains("memory"), "{message}"),
            other => panic!("{other:?}"),
        }
    });
}

fn neighbours_of_an_attacker_finish() {
    let pool = Pool::new(settings(Layers::ALL));
    let attacks = ["memory bomb", "fork bomb", "exec", "garbage", "spin", "kill"];
    thread::scope(|scope| {
        let attackers: Vec<_> =
            attacks.iter().map(|what| (what, scope.spawn(|| attack_in(&pool, what)))).collect();
        let neighbours: Vec<_> = (0..6).map(|_| scope.spawn(|| attack_in(&pool, "behave"))).collect();
        for neighbour in neighbours {
            assert_eq!(neighbour.join().unwrap(), End::Decoded { samples: 16_000, pictures: 1 });
        }
        for (what, attacker) in attackers {
            let end = attacker.join().unwrap();
            assert!(matches!(end, End::Ended("CRASH" | "TIMEOUT", _)), "{what}: {end:?}");
        }
    });
    assert_eq!(attack_in(&pool, "behave"), End::Decoded { samples: 16_000, pictures: 1 });
}

fn a_spare_that_died_is_replaced() {
    let pool = Pool::new(settings(Layers::ALL));
    let id = pool.take().unwrap().id();
    pool.prepare();
    let spare = pool.take().unwrap();
    assert_ne!(spare.id(), id, "one child, one recording");
    drop(spare);
    pool.prepare();
    let mut killed = 0;
    // The spare is on its way; as soon as it is there, it is killed from outside.
    while killed == 0 {
        killed = children().into_iter().filter(|&child| kill(child)).count();
    }
    thread::sleep(Duration::from_millis(200));
    assert_eq!(attack_in(&pool, "behave"), End::Decoded { samples: 16_000, pictures: 1 });
}

/// Process ids of the children of this process.
fn children() -> Vec<i32> {
    let mut found = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let text = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(text.split_whitespace().filter_map(|word| word.parse::<i32>().ok()));
    }
    found
}

fn kill(process: i32) -> bool {
    // SAFETY: signals a child of this test.
    unsafe { libc::kill(process, libc::SIGKILL) == 0 }
}
