//! Starts attackers and says how they ended.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use interview_sandbox::buffers::Buffers;
use interview_sandbox::child::{Decoder, Request};
use interview_sandbox::layers::{Allowance, Layer, Layers};
use interview_sandbox::message::{Failure, Outcome};
use interview_sandbox::receiver::{Bounds, Event};
use interview_sandbox::{Pool, SandboxError, Settings};

/// How an attack ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    /// The attacker got what it wanted, or says so.
    Escaped(String),
    /// It was refused and lived to tell.
    Refused(String),
    /// It sent what a decoder sends.
    Decoded { samples: usize, pictures: usize },
    /// The parent ended it: code and message.
    Ended(&'static str, String),
}

pub(crate) fn settings(layers: Layers) -> Settings {
    Settings {
        program: PathBuf::from("/proc/self/exe"),
        arguments: vec![crate::ATTACK.into(), layers.bits().to_string().into()],
        required: Layers::NONE,
        allowance: Allowance { memory_bytes: 256 << 20, cpu_s: 1 },
        silence: Duration::from_secs(100),
        deadline: Duration::from_secs(100),
        start: Duration::from_secs(60),
    }
}

pub(crate) fn bounds() -> Bounds {
    Bounds { max_pixels: 1 << 20, max_duration_s: 60.0, sample_fps: 5.0, audio: true, video: true }
}

/// Has an attacker behind these layers try one thing.
pub(crate) fn attack(what: &str, layers: Layers) -> End {
    let mut settings = settings(layers);
    if what == "silence" {
        settings.silence = Duration::from_millis(700);
    }
    if what == "dawdle" {
        settings.deadline = Duration::from_millis(700);
    }
    let decoder = match Decoder::start(&settings) {
        Ok(decoder) => decoder,
        Err(error) => panic!("{what} behind {layers}: {error}"),
    };
    assert_eq!(decoder.active().layers, layers, "{what}: the layers that were asked for");
    finish(|request, each| decoder.run(request, each), what)
}

/// The same with a child of a pool.
pub(crate) fn attack_in(pool: &Pool, what: &str) -> End {
    finish(|request, each| pool.run(request, each), what)
}

type Each<'a> = &'a mut dyn FnMut(Event<'_>) -> bool;

/// Runs a child that was told to do `what`, and says how it ended.
pub(crate) fn finish(run: impl FnOnce(Request<'_>, Each<'_>) -> Result<(), SandboxError>, what: &str) -> End {
    let recording = File::open("/dev/null").unwrap();
    let request = Request {
        options: what.as_bytes(),
        recording: &recording,
        bounds: bounds(),
        buffers: Buffers::default(),
        cancelled: &|| false,
    };
    let (mut samples, mut pictures, mut outcome) = (0, 0, None);
    let ended = run(request, &mut |event| {
        match event {
            Event::Audio(piece) => samples += piece.len(),
            Event::Picture(..) => pictures += 1,
            Event::Outcome(end) => outcome = Some(end),
            Event::Claimed(_) | Event::Alive => {}
        }
        true
    });
    match (ended, outcome) {
        (Err(error), _) => End::Ended(error.code().as_str(), error.to_string()),
        (Ok(()), Some(Outcome::Done(_))) => End::Decoded { samples, pictures },
        (Ok(()), Some(Outcome::Failed(Failure { message, .. }))) => match message.split_once(": ") {
            Some(("refused", why)) => End::Refused(why.to_owned()),
            _ => End::Escaped(message),
        },
        (Ok(()), None) => panic!("{what}: neither outcome nor error"),
    }
}

pub(crate) fn only(layer: Layer) -> Layers {
    Layers::only(layer)
}

/// Every layer that there is for this user on this machine.
pub(crate) fn all() -> Layers {
    Pool::new(settings(Layers::ALL)).probe().unwrap().layers
}

pub(crate) fn is_root() -> bool {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// Whether the decoder can become another user here: root can, but not in every container.
pub(crate) fn can_be_nobody() -> bool {
    all().has(Layer::OtherUser)
}

/// Whether ids mean something else here than on the machine.
pub(crate) fn in_user_namespace() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().collect::<Vec<_>>() != ["0", "0", "4294967295"]
}

/// Version of Landlock in this kernel; without it its tests have nothing to try.
pub(crate) fn landlock_version() -> u32 {
    Pool::new(settings(Layers::ALL)).probe().unwrap().landlock_version
}

/// Runs all tests once more without root's rights. Returns whether they passed; others have none to lose.
pub(crate) fn repeat_as_nobody() -> bool {
    if !can_be_nobody() {
        return true;
    }
    // The folder of the build may be closed to others.
    let folder = std::env::temp_dir().join(format!("escape-{}", std::process::id()));
    let passed = copy_and_run(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    passed
}

fn copy_and_run(folder: &Path) -> bool {
    let program = folder.join("escape");
    std::fs::create_dir(folder).unwrap();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let status =
        Command::new(&program).arg(crate::AS_NOBODY).current_dir("/").uid(65_534).gid(65_534).status();
    status.unwrap().success()
}
