//! Features of real recordings, and how little they move when only the picture changes.

use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, imageops};
use interview_schemas::Feature;
use interview_schemas::features::NotAssessed;

use crate::support::{measured, media, models, value, watch, watch_changed};

/// Measures that must not move by more than 0.05 when only the picture changes.
const STEADY: [&str; 3] = ["face.smile_ratio", "face.eyes_closed_ratio", "gaze.eye_contact_ratio"];

fn brighter(factor: f32) -> impl Fn(RgbImage) -> RgbImage {
    move |mut picture| {
        picture
            .as_flat_samples_mut()
            .samples
            .iter_mut()
            .for_each(|value| *value = (f32::from(*value) * factor) as u8);
        picture
    }
}

fn jpeg_50(picture: RgbImage) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 50).encode_image(&picture).unwrap();
    image::load_from_memory(&bytes).unwrap().to_rgb8()
}

fn unmoved(name: &str, change: &str, before: &[Feature], after: &[Feature]) {
    for measure in STEADY {
        // An actress who looks all around has no direction to calibrate to, whatever the light.
        if name.starts_with("expr_video") && measure == "gaze.eye_contact_ratio" {
            for features in [before, after] {
                let gaze = features.iter().find(|feature| feature.name == measure);
                let reason = gaze.and_then(|feature| feature.not_assessed);
                assert_eq!(reason, Some(NotAssessed::NoBaseline), "{change}");
            }
            continue;
        }
        let (before, after) = (value(before, measure), value(after, measure));
        println!("{name}, {change}: {measure} {before:.3} -> {after:.3}");
        assert!((before - after).abs() <= 0.05, "{name}, {change}: {measure} {before} -> {after}");
    }
}

#[test]
fn light_compression_size_rate_and_mirroring_move_no_measure() {
    let mut models = models();
    for (name, small, large) in [
        ("talk_latentsync_3.mp4", "scale=480:-2", "scale=1080:-2"),
        ("expr_video_sad_to_happy.mp4", "scale=854:480", "scale=1920:1080"),
    ] {
        let Some(path) = media(name) else { return };
        let mut look = |filter: &str, edit: &dyn Fn(RgbImage) -> RgbImage| {
            measured(&watch_changed(&mut models, &path, filter, edit)).0
        };
        let same = |picture: RgbImage| picture;
        let before = look("", &same);
        unmoved(name, "30 % darker", &before, &look("", &brighter(0.7)));
        unmoved(name, "30 % brighter", &before, &look("", &brighter(1.3)));
        unmoved(name, "JPEG quality 50", &before, &look("", &jpeg_50));
        unmoved(name, "mirrored", &before, &look("", &|picture| imageops::flip_horizontal(&picture)));
        unmoved(name, "480 against 1080 lines", &look(small, &same), &look(large, &same));
        unmoved(name, "15 against 30 frames/s", &look("fps=15", &same), &look("fps=30", &same));
    }
}

#[test]
fn smiles_lie_in_the_second_half_of_sad_to_happy() {
    let Some(path) = media("expr_video_sad_to_happy.mp4") else { return };
    let seen = watch(&mut models(), &path);
    let middle = seen.faces.frames.len() / 2;
    let half = |first: bool| {
        let mut half = seen.clone();
        let keep = |index: usize| (index < middle) == first;
        let mut index = 0;
        half.faces.frames.retain(|_| (keep(index), index += 1).0);
        index = 0;
        half.picture.frames.retain(|_| (keep(index), index += 1).0);
        measured(&half).0
    };
    let (sad, happy) = (value(&half(true), "face.smile_ratio"), value(&half(false), "face.smile_ratio"));
    println!("smile ratio {sad:.2} in the first half, {happy:.2} in the second");
    assert!(sad < 0.1 && happy > 0.9, "{sad} {happy}");
    let (features, _) = measured(&seen);
    assert!(
        value(&features, "expression.sad_ratio") > 0.35 && value(&features, "expression.happy_ratio") > 0.45
    );
}

#[test]
fn absent_faces_are_flagged_where_they_are_absent() {
    let Some(path) = media("face_then_noface.mov") else { return };
    let mut models = models();
    let (features, flags) = measured(&watch(&mut models, &path));
    let span = flags.iter().find(|flag| flag.code == "NO_FACE").expect("NO_FACE").spans[0];
    assert!((2.2..2.8).contains(&span.start_s) && span.end_s > 6.0, "{span:?}");
    assert!((value(&features, "face.presence_ratio") - 0.38).abs() < 0.04);
    let Some(path) = media("edge_no_face_no_audio_40s.mp4") else { return };
    let (features, flags) = measured(&watch(&mut models, &path));
    assert_eq!(value(&features, "face.presence_ratio"), 0.0);
    let spans = &flags.iter().find(|flag| flag.code == "NO_FACE").expect("NO_FACE").spans;
    assert!(spans.len() == 1 && spans[0].start_s < 0.5 && spans[0].end_s > 39.0, "{spans:?}");
}

#[test]
fn people_who_talk_to_the_camera_keep_eye_contact_and_raise_no_flag() {
    let mut models = models();
    for name in [
        "talk_latentsync_1.mp4",
        "talk_latentsync_2.mp4",
        "talk_latentsync_3.mp4",
        "face_video_liveportrait_d9.mp4",
    ] {
        let Some(path) = media(name) else { return };
        let (features, flags) = measured(&watch(&mut models, &path));
        assert!(value(&features, "gaze.eye_contact_ratio") > 0.9, "{name}");
        assert!(value(&features, "picture.quality") > 0.8, "{name}");
        assert!(value(&features, "face.presence_ratio") > 0.99, "{name}");
        let blinks = value(&features, "face.blink_rate");
        println!("{name}: {blinks:.0} blinks per minute");
        assert!((5.0..80.0).contains(&blinks), "{name}: {blinks}");
        assert!(flags.is_empty(), "{name}: {flags:?}");
    }
}
