//! The overlay is a video of the same length with something drawn on it.

use std::process::Command;

use interview_pipeline::media::{DecodeOptions, Decoders};
use interview_pipeline::perception::vision::overlay::{self, OverlayError};

use crate::portrait::portrait;
use crate::support::{everything_agreed, models, watch};

#[test]
fn a_recording_is_written_with_its_findings() {
    let folder = tempfile::tempdir().unwrap();
    let (still, video, out) =
        (folder.path().join("a.png"), folder.path().join("a.mp4"), folder.path().join("overlay.mp4"));
    portrait().save(&still).unwrap();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-loop", "1", "-i"])
        .arg(&still)
        .args(["-t", "2", "-r", "10", "-pix_fmt", "yuv420p"])
        .arg(&video)
        .status()
        .expect("ffmpeg is installed");
    assert!(made.success());
    let mut models = models();
    let options = DecodeOptions::default();
    let seen =
        overlay::draw(&Decoders::in_process(), &video, &out, &mut models, &everything_agreed("cn"), &options)
            .unwrap();
    assert_eq!(seen.faces.frames.len(), 10);
    assert!(seen.faces.frames.iter().all(|frame| frame.faces.len() == 1));
    // The face is still found under the drawing, at the same time and place.
    let drawn = watch(&mut models, &out);
    assert!((9..=10).contains(&drawn.faces.frames.len()), "{}", drawn.faces.frames.len());
    let change = drawn.picture.frames[0].sharpness - seen.picture.frames[0].sharpness;
    assert!(change > 100.0, "lines make the picture sharper: {change}");

    let missing = folder.path().join("none/overlay.mp4");
    let refused = overlay::draw(
        &Decoders::in_process(),
        &video,
        &missing,
        &mut models,
        &everything_agreed("cn"),
        &options,
    );
    assert!(matches!(refused, Err(OverlayError::Write { .. })), "{refused:?}");
}
