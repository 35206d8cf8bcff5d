//! Recordings made on the spot, so that everything essential is tested on machines without real ones:
//! speech by espeak-ng, pictures and containers by the ffmpeg command line (both installed by `make setup`).

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a tool and insists that it succeeds.
///
/// # Panics
/// When it is missing or fails, with its standard error.
pub fn run(tool: &str, arguments: &[&str]) {
    let output = Command::new(tool)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{tool}: {error}; `make setup` installs it"));
    assert!(
        output.status.success(),
        "{tool} {arguments:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs ffmpeg, overwriting, with errors only.
pub fn ffmpeg(arguments: &[&str]) {
    let mut all = vec!["-hide_banner", "-loglevel", "error", "-nostdin", "-y"];
    all.extend_from_slice(arguments);
    run("ffmpeg", &all);
}

/// A path as text.
///
/// # Panics
/// When it is not UTF-8, which temporary folders are.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have UTF-8 names")
}

/// Speech as a WAV file; `voice` as espeak-ng names it, such as `en-us` or `cmn`.
#[must_use]
pub fn speech(folder: &Path, name: &str, voice: &str, words: &str) -> PathBuf {
    let path = folder.join(name);
    run("espeak-ng", &["-v", voice, "-s", "150", "-w", text(&path), words]);
    path
}

/// A video of a test picture with a sound file beneath; H.264 and AAC in MP4.
#[must_use]
pub fn video(folder: &Path, name: &str, sound: &Path) -> PathBuf {
    let path = folder.join(name);
    let (sound, target) = (text(sound), text(&path));
    let picture = "testsrc=size=320x240:rate=15";
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        picture,
        "-i",
        sound,
        "-shortest",
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        "-c:a",
        "aac",
        target,
    ]);
    path
}
