//! The recordings the benchmarks work on: a real talking video where there is one, else a made one, looped to
//! the length that is asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a tool quietly.
///
/// # Errors
/// When it is missing or fails, with its standard error.
pub fn run(tool: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(tool).args(arguments).output().map_err(|error| format!("{tool}: {error}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{tool} failed: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// A path as text.
///
/// # Errors
/// When it is not UTF-8.
pub fn text(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("{}: not UTF-8", path.display()))
}

/// A 720p video (H.264 at 1.6 Mbit/s, AAC) of so many seconds, looped from `picture` and `sound`. Kept in
/// `folder`, so that it is made once.
///
/// # Errors
/// When ffmpeg is missing or fails.
pub fn looped_video(folder: &Path, picture: &Path, sound: &Path, seconds: u32) -> Result<PathBuf, String> {
    let path = folder.join(format!("interview-{seconds}s.mp4"));
    if path.is_file() {
        return Ok(path);
    }
    let part = folder.join(format!("part-{seconds}s.mp4"));
    let length = seconds.to_string();
    run(
        "ffmpeg",
        &[
            "-hide_banner",
            "-loglevel",
            "error",
            "-nostdin",
            "-y",
            "-stream_loop",
            "-1",
            "-i",
            text(picture)?,
            "-stream_loop",
            "-1",
            "-i",
            text(sound)?,
            "-map",
            "0:v:0",
            "-map",
            "1:a:0",
            "-t",
            &length,
            "-vf",
            "scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:-1:-1,fps=30",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-b:v",
            "1600k",
            "-pix_fmt",
            "yuv420p",
            "-c:a",
            "aac",
            "-ar",
            "44100",
            text(&part)?,
        ],
    )?;
    std::fs::rename(&part, &path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
