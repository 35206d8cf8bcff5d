//! Real recordings: every one ends as its entry in MANIFEST.csv says.

use super::making::{collect, collect_with, good, recordings, refused, warning_codes};
use interview_pipeline::media::{DecodeOptions, warning_code as code};

/// What a file must come to: length and tolerance in seconds, sound, picture, upright size.
struct Expected {
    duration_s: f64,
    tolerance_s: f64,
    audio: bool,
    size: Option<(u32, u32)>,
    warnings: &'static [&'static str],
}

const fn recording(duration_s: f64, audio: bool, size: Option<(u32, u32)>) -> Expected {
    Expected { duration_s, tolerance_s: 0.1, audio, size, warnings: &[] }
}

#[test]
fn broken_recordings_end_with_their_code() {
    let Some(folder) = recordings() else { return };
    for (name, expected) in [
        ("edge_empty_0B.mp3", "INVALID_MEDIA"),
        ("edge_too_short.mp3", "INVALID_MEDIA"),
        ("edge_truncated_64bit.mp4", "PARTIAL"),
        ("edge_oom_header.flac", "INVALID_MEDIA"),
        ("edge_cut_231s_claimed.mp4", "PARTIAL"),
        ("edge_chunk_out_of_range.mp4", "INVALID_MEDIA"),
        ("edge_init_segment_only.mp4", "INVALID_MEDIA"),
        ("edge_encrypted_cenc.mp4", "UNSUPPORTED"),
        // FFmpeg before 7.1 has no decoder for xHE-AAC.
        ("edge_codec_xhe_aac.mp4", "UNSUPPORTED"),
    ] {
        let (code, message) = refused(&folder.join(name));
        assert_eq!(code, expected, "{name}: {message}");
        assert!(message.len() > 30, "{name}: says what happened: {message}");
    }
    assert!(refused(&folder.join("edge_encrypted_cenc.mp4")).1.contains("encrypted"));
    assert!(refused(&folder.join("edge_init_segment_only.mp4")).1.contains("no media"));
    assert!(refused(&folder.join("edge_empty_0B.mp3")).1.contains("empty"));
}

#[test]
fn odd_recordings_decode_with_warnings() {
    let Some(folder) = recordings() else { return };
    for (name, expected) in [
        (
            "edge_flac_truncated_202s.flac",
            Expected { warnings: &[code::DURATION_MISMATCH, code::TRUNCATED], ..recording(0.46, true, None) },
        ),
        (
            "edge_timescale_zero.mp4",
            Expected {
                warnings: &[code::CORRUPT_PACKETS, code::NO_AUDIO],
                ..recording(6.04, false, Some((320, 240)))
            },
        ),
        (
            "edge_white_10s_noaudio.mp4",
            Expected { warnings: &[code::NO_AUDIO], ..recording(10.0, false, Some((320, 240))) },
        ),
        (
            "edge_no_face_no_audio_40s.mp4",
            Expected { warnings: &[code::NO_AUDIO], ..recording(39.855, false, Some((640, 360))) },
        ),
        ("edge_mediarecorder_chrome52.webm", recording(50.8, true, Some((640, 480)))),
        ("two_faces_headpose.gif", recording(4.66, false, Some((480, 270)))),
        ("face_single_happy.mp4", recording(2.43, true, Some((640, 360)))),
        ("face_then_noface.mov", recording(6.4, true, Some((960, 540)))),
        ("speech_en_lj001_0005.mp3", recording(8.176, true, None)),
        ("speech_en_jfk.wav", recording(11.0, true, None)),
    ] {
        let (summary, sink) = check(&folder, name, &expected);
        for code in expected.warnings {
            assert!(warning_codes(&summary).contains(code), "{name}: {:?}", summary.facts.warnings);
        }
        if let Some(frames) = summary.video.as_ref().map(|_| sink.frames.len()) {
            assert!(
                frames as f64 <= (summary.facts.duration_s * 5.0).ceil() + 1.0,
                "{name}: {frames} frames"
            );
        }
    }
}

#[test]
fn talking_recordings_have_their_length_frames_and_size() {
    let Some(folder) = recordings() else { return };
    for (name, duration_s, size) in [
        ("talk_grid_lbax4n.mpg", 3.0, (360, 288)),
        ("talk_grid_lrwp9a.mpg", 3.0, (360, 288)),
        ("talk_grid_sbia1a.mpg", 3.0, (360, 288)),
        ("talk_latentsync_1.mp4", 10.008, (1080, 1920)),
        ("talk_latentsync_2.mp4", 20.08, (1080, 1920)),
        ("talk_latentsync_3.mp4", 20.016, (1080, 1920)),
    ] {
        let (_, sink) = check(&folder, name, &recording(duration_s, true, Some(size)));
        let instants = duration_s * 5.0;
        assert!((sink.frames.len() as f64 - instants).abs() <= 1.0, "{name}: {} frames", sink.frames.len());
        for (k, frame) in sink.frames.iter().enumerate() {
            let late_s = k as f64 / 5.0 - frame.t_s;
            assert!((-1e-6..0.0401).contains(&late_s), "{name}: frame {k} at {}", frame.t_s);
        }
    }
}

#[test]
fn jittering_times_of_a_browser_do_not_break_the_sound() {
    let Some(folder) = recordings() else { return };
    let (summary, _) = good(&folder.join("edge_mediarecorder_chrome52.webm"));
    let interventions: u64 = summary
        .facts
        .warnings
        .iter()
        .filter(|one| [code::AUDIO_GAPS, code::AUDIO_OVERLAPS].contains(&one.code.as_str()))
        .map(|one| one.count)
        .sum();
    assert!(interventions <= 3, "{:?}", summary.facts.warnings);
}

#[test]
fn leaving_out_unneeded_pictures_changes_nothing() {
    let Some(folder) = recordings() else { return };
    for name in ["talk_latentsync_1.mp4", "talk_grid_sbia1a.mpg", "expr_video_sad_to_happy.mp4"] {
        let path = folder.join(name);
        let (_, skipping) = collect(&path);
        let all = DecodeOptions { skip_unneeded: false, ..DecodeOptions::default() };
        let (_, full) = collect_with(&path, &all);
        assert_eq!(skipping.frames, full.frames, "{name}");
    }
}

fn check(
    folder: &std::path::Path,
    name: &str,
    expected: &Expected,
) -> (interview_pipeline::media::DecodeSummary, super::making::Collector) {
    let (summary, sink) = good(&folder.join(name));
    let facts = &summary.facts;
    assert!((facts.duration_s - expected.duration_s).abs() <= expected.tolerance_s, "{name}: {facts:?}");
    assert_eq!(facts.has_audio, expected.audio, "{name}");
    assert_eq!(facts.has_video, expected.size.is_some(), "{name}");
    assert_eq!(facts.width.zip(facts.height), expected.size, "{name}");
    assert_eq!(sink.samples.is_empty(), !expected.audio, "{name}");
    assert!(sink.samples.len() as f64 / 16_000.0 <= facts.duration_s + 0.001, "{name}");
    let bytes = std::fs::metadata(folder.join(name)).expect("the file is there").len();
    assert_eq!((summary.bytes, facts.sha256.len()), (bytes, 64), "{name}");
    (summary, sink)
}
