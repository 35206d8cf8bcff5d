//! The layers, one by one and together.

use std::time::{Duration, Instant};

use interview_sandbox::SandboxError;
use interview_sandbox::child::Decoder;
use interview_sandbox::layers::{Layer, Layers};

use crate::support::{
    End, all, attack, can_be_nobody, in_user_namespace, is_root, landlock_version, only, settings,
};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("without_layers_the_attacks_succeed", without_layers_the_attacks_succeed),
    ("the_system_call_filter_alone", the_system_call_filter_alone),
    ("landlock_alone", landlock_alone),
    ("limits_alone", limits_alone),
    ("privileges_alone", privileges_alone),
    ("all_layers_together", all_layers_together),
    ("the_kernel_confirms_the_layers", the_kernel_confirms_the_layers),
    ("a_child_dies_with_its_parent", a_child_dies_with_its_parent),
    ("a_missing_layer_is_refused", a_missing_layer_is_refused),
];

fn is_refused(end: &End) -> bool {
    matches!(end, End::Refused(_))
}

fn is_killed(end: &End) -> bool {
    matches!(end, End::Ended("CRASH", message) if message.contains("forbidden system call"))
}

/// The attacks are real: nothing but the layers stops them.
fn without_layers_the_attacks_succeed() {
    for what in ["socket", "connect", "open", "list", "fork", "thread", "kill", "executable memory"] {
        let end = attack(what, Layers::NONE);
        assert!(matches!(end, End::Escaped(_)), "{what}: {end:?}");
    }
    // Another program in its place says nothing.
    let end = attack("exec", Layers::NONE);
    assert!(
        matches!(&end, End::Ended("CRASH", message) if message.contains("without an outcome")),
        "{end:?}"
    );
}

fn the_system_call_filter_alone() {
    let layer = only(Layer::SystemCalls);
    for what in [
        "socket",
        "connect",
        "exec",
        "ptrace",
        "read the parent",
        "memory of the parent",
        "kill",
        "fork",
        "fork bomb",
        "root",
        "chroot",
        "descriptors",
        "executable memory",
        "more time",
        "no capabilities",
        "give pages away",
        "another recording",
        "io_uring",
        "bpf",
        "page faults",
        "a file in memory",
        "a process by descriptor",
        "keys",
        "mount",
    ] {
        let end = attack(what, layer);
        assert!(is_killed(&end), "{what}: {end:?}");
    }
    for what in ["open", "create", "list"] {
        let end = attack(what, layer);
        assert_eq!(end, End::Refused("PermissionDenied".to_owned()), "{what}");
    }
    assert!(is_refused(&attack("thread", layer)), "a thread");
}

fn landlock_alone() {
    let version = landlock_version();
    // Files from the first version on, TCP from the fourth, signals from the sixth.
    for (since, what) in [
        (1, "open"),
        (1, "create"),
        (1, "list"),
        (1, "memory of the parent"),
        (1, "exec"),
        (4, "connect"),
        (6, "kill"),
    ] {
        if version < since {
            println!("skipped: {what}: Landlock has version {version} here, {since} is needed");
            continue;
        }
        let end = attack(what, only(Layer::Landlock).with(Layer::NoNewPrivileges));
        assert!(is_refused(&end), "{what}: {end:?}");
    }
}

fn limits_alone() {
    let layer = only(Layer::Limits);
    for what in ["more memory", "descriptors", "more time"] {
        // Root may raise its own limits again; the other layers see to that.
        if what != "more time" || !is_root() {
            let end = attack(what, layer);
            assert!(is_refused(&end), "{what}: {end:?}");
        }
    }
    let end = attack("write a file", layer);
    assert!(matches!(end, End::Ended("CRASH", _)) || is_refused(&end), "{end:?}");
    let end = attack("spin", layer);
    assert!(matches!(&end, End::Ended("TIMEOUT", message) if message.contains("processor time")), "{end:?}");
    // Limits on processes do not bind root, where the decoder stays root the system call filter has to do.
    if is_root() && !can_be_nobody() || in_user_namespace() {
        println!("skipped: the limit on processes, which does not bind this user");
        return;
    }
    let as_nobody = if is_root() { layer.with(Layer::OtherUser) } else { layer };
    for what in ["thread", "fork", "fork bomb"] {
        let end = attack(what, as_nobody);
        assert!(is_refused(&end), "{what}: {end:?}");
    }
}

fn privileges_alone() {
    for what in ["chroot", "no capabilities"] {
        let end = attack(what, only(Layer::NoCapabilities));
        assert!(is_refused(&end), "{what}: {end:?}");
    }
    if can_be_nobody() {
        for what in ["root", "chroot", "kill", "ptrace", "memory of the parent"] {
            let end = attack(what, only(Layer::OtherUser));
            assert!(is_refused(&end), "{what}: {end:?}");
        }
    }
}

fn all_layers_together() {
    let all = all();
    for what in [
        "socket",
        "connect",
        "exec",
        "open",
        "create",
        "list",
        "memory of the parent",
        "read the parent",
        "ptrace",
        "kill",
        "fork",
        "fork bomb",
        "thread",
        "root",
        "chroot",
        "executable memory",
        "more memory",
        "more time",
        "descriptors",
        "write a file",
        "no capabilities",
        "give pages away",
        "another recording",
        "io_uring",
        "a file in memory",
    ] {
        let end = attack(what, all);
        assert!(is_refused(&end) || is_killed(&end), "{what}: {end:?}");
    }
    assert_eq!(attack("behave", all), End::Decoded { samples: 16_000, pictures: 1 });
}

/// Not what the child says about itself, but what the kernel says about the child.
fn the_kernel_confirms_the_layers() {
    let child = Decoder::start(&settings(Layers::ALL)).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    assert_eq!(field("NoNewPrivs"), "1");
    assert_eq!(field("Seccomp"), "2");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(field(set).trim_start_matches('0'), "", "{set}");
    }
    assert_eq!(field("Threads"), "1");
    if child.active().layers.has(Layer::OtherUser) {
        assert_eq!(field("Uid"), ["65534"; 4].join("\t"));
        assert_eq!(field("Groups"), "");
        assert_eq!(field("CapBnd").trim_start_matches('0'), "");
    }
    let environment = std::fs::read(format!("/proc/{}/environ", child.id()));
    assert!(environment.map_or(true, |bytes| bytes.is_empty()), "no environment");
    assert!(interview_sandbox::child::is_complete(child.active()));
}

fn a_child_dies_with_its_parent() {
    let id = std::thread::spawn(|| {
        let child = Decoder::start(&settings(only(Layer::DiesWithParent))).unwrap();
        let id = child.id();
        // Nobody kills it and its pipe stays open: only the end of this thread remains.
        std::mem::forget(child);
        id
    })
    .join()
    .unwrap();
    let state = || std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let started = Instant::now();
    while !state().is_empty() && !state().contains(") Z ") {
        assert!(started.elapsed() < Duration::from_secs(5), "it still runs: {}", state());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn a_missing_layer_is_refused() {
    let all_but_one = Layers::from_bits(Layers::ALL.bits() & !(Layer::SystemCalls as u32));
    let mut settings = settings(all_but_one);
    settings.required = Layers::REQUIRED;
    match Decoder::start(&settings) {
        Err(error @ SandboxError::Layers { missing }) => {
            assert_eq!(missing, only(Layer::SystemCalls));
            assert_eq!(error.code().as_str(), "CONFIGURATION");
            assert!(error.to_string().contains("--insecure-decoder"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    let absent = interview_sandbox::Settings { program: "/does/not/exist".into(), ..settings };
    assert!(matches!(Decoder::start(&absent), Err(SandboxError::Start(_))));
}
