//! Damaged files: cut at many places, cut at every box, bytes changed. Whatever is left is judged, and
//! nothing panics, hangs or grows.

use std::path::Path;

use super::making::{Dice, Studio, collect, collect_with, find, good, warning_codes};
use interview_pipeline::media::{DecodeOptions, warning_code as code};

/// Codes that damage may end with.
const CODES: [&str; 4] = ["INVALID_MEDIA", "PARTIAL", "UNSUPPORTED", "LIMIT"];

/// One second, small.
const SMALL: &str =
    "-f lavfi -i testsrc2=size=64x48:rate=15 -f lavfi -i sine=r=16000 -t 1 -pix_fmt yuv420p -g 8";

/// Small files of every family, 1 s each.
fn family(studio: &Studio) -> Vec<(&'static str, Vec<u8>)> {
    [
        ("h264.mp4", format!("{SMALL} -c:v libx264 -c:a aac")),
        ("fast.mp4", format!("{SMALL} -c:v libx264 -c:a aac -movflags +faststart")),
        ("fragments.mp4", format!("{SMALL} -c:v libx264 -c:a aac -movflags frag_keyframe+empty_moov")),
        ("hevc.mp4", format!("{SMALL} -c:v libx265 -x265-params log-level=none -c:a aac")),
        ("vp8.webm", format!("{SMALL} -c:v libvpx -c:a libopus")),
        ("vp9.webm", format!("{SMALL} -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -c:a libvorbis")),
        ("dvd.mpg", format!("{SMALL} -c:v mpeg2video -c:a mp2")),
        ("h264.ts", format!("{SMALL} -c:v libx264 -c:a aac")),
        ("divx.avi", format!("{SMALL} -c:v mpeg4 -c:a libmp3lame")),
        ("sound.wav", "-f lavfi -i sine=d=1:r=16000".into()),
        ("sound.flac", "-f lavfi -i sine=d=1:r=16000".into()),
        ("sound.mp3", "-f lavfi -i sine=d=1:r=16000 -c:a libmp3lame".into()),
        ("sound.ogg", "-f lavfi -i sine=d=1:r=16000 -c:a libopus -page_duration 100000".into()),
        ("still.jpg", "-f lavfi -i testsrc2=size=64x48 -frames:v 1".into()),
        ("still.png", "-f lavfi -i testsrc2=size=64x48 -frames:v 1".into()),
        ("moving.gif", "-f lavfi -i testsrc2=size=64x48:rate=5:d=1".into()),
    ]
    .into_iter()
    .map(|(name, arguments)| {
        let path = studio.ffmpeg(&arguments, name);
        (name, std::fs::read(path).expect("just made"))
    })
    .collect()
}

/// Decodes what may be damaged; checks that the end is an orderly one and says whether something was left.
fn orderly(path: &Path, name: &str) -> bool {
    let (result, sink) = collect(path);
    match result {
        Ok(summary) => {
            let facts = &summary.facts;
            assert!(facts.has_audio || facts.has_video, "{name}: {facts:?}");
            assert!(sink.samples.len() as f64 / 16_000.0 <= facts.duration_s + 0.01, "{name}");
            assert!(sink.frames.len() as f64 <= facts.duration_s * 5.0 + 2.0, "{name}");
            true
        }
        Err(error) => {
            assert!(CODES.contains(&error.code().as_str()), "{name}: {error}");
            false
        }
    }
}

#[test]
fn files_cut_anywhere_end_orderly_and_keep_what_is_there() {
    let studio = Studio::new();
    let mut lost = Vec::new();
    for (name, bytes) in family(&studio) {
        let mut kept = 0;
        for part in 1..20 {
            let cut = bytes.len() * part / 20;
            let path = studio.write(&format!("cut-{name}"), &bytes[..cut]);
            kept += usize::from(orderly(&path, &format!("{name} cut at {part}/20")));
        }
        assert!(orderly(&studio.write(&format!("whole-{name}"), &bytes), name), "{name} is whole");
        // Only an MP4 with its index at the end is lost whole when the cut comes before the index.
        let fine = match name {
            "h264.mp4" | "hevc.mp4" => kept <= 4,
            // FFmpeg decodes no part of a PNG, and sees the pictures of a short GIF only near its end.
            "still.png" => kept == 0,
            "moving.gif" => kept >= 1,
            _ => kept >= 3,
        };
        if !fine {
            lost.push(format!("{name}: {kept} of 19 cuts gave something"));
        }
    }
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn a_cut_interview_is_flagged() {
    let studio = Studio::new();
    let long = "-f lavfi -i testsrc2=size=64x48:rate=15 -f lavfi -i sine=r=16000 -t 20 -pix_fmt yuv420p";
    // FFmpeg computes the length of a WAV from the bytes that are there: nothing to contradict.
    for (name, arguments, states_length) in [
        ("fast.mp4", "-c:v libx264 -c:a aac -movflags +faststart", true),
        ("cut.webm", "-c:v libvpx -c:a libopus", true),
        ("cut.mkv", "-c:v libx264 -c:a aac", true),
        ("cut.wav", "-map 1 -c:a pcm_s16le", false),
    ] {
        let bytes = std::fs::read(studio.ffmpeg(&format!("{long} {arguments}"), name)).expect("just made");
        let (summary, _) = good(&studio.write(&format!("half-{name}"), &bytes[..bytes.len() / 2]));
        let counted = summary.facts.duration_s;
        assert!((5.0..15.0).contains(&counted), "{name}: {counted} s of the first half");
        let codes = warning_codes(&summary);
        assert!(codes.contains(&code::TRUNCATED), "{name}: {codes:?}");
        assert_eq!(codes.contains(&code::DURATION_MISMATCH), states_length, "{name}: {codes:?}");
    }
}

#[test]
fn a_cut_that_leaves_too_little_is_partial() {
    let studio = Studio::new();
    let long = "-f lavfi -i testsrc2=size=64x48:rate=15 -f lavfi -i sine=r=16000 -t 20 -pix_fmt yuv420p";
    let arguments = format!("{long} -c:v libx264 -c:a aac -movflags +faststart");
    let bytes = std::fs::read(studio.ffmpeg(&arguments, "fast.mp4")).expect("just made");
    // The index is there and whole, of the sound and the pictures it describes nothing is.
    let data = find(&bytes, b"mdat")[0] + 4;
    let (result, sink) = collect(&studio.write("index.mp4", &bytes[..data + 4]));
    let error = result.expect_err("nothing to judge");
    assert_eq!(error.code().as_str(), "PARTIAL", "{error}");
    assert!(error.to_string().contains("breaks off"), "{error}");
    assert!(sink.samples.is_empty() && sink.frames.is_empty());
    // The same file where enough is left is judged and flagged, not refused.
    let (summary, _) = good(&studio.write("most.mp4", &bytes[..bytes.len() * 9 / 10]));
    assert!(warning_codes(&summary).contains(&code::TRUNCATED), "{:?}", summary.facts.warnings);
}

#[test]
fn an_mp4_cut_at_every_box_ends_orderly() {
    let studio = Studio::new();
    for (name, bytes) in family(&studio).into_iter().filter(|(name, _)| name.ends_with(".mp4")) {
        for box_name in [
            "ftyp", "moov", "mvhd", "trak", "tkhd", "edts", "elst", "mdia", "mdhd", "hdlr", "minf", "vmhd",
            "smhd", "dinf", "dref", "stbl", "stsd", "avc1", "avcC", "hvcC", "mp4a", "esds", "stts", "ctts",
            "stss", "stsc", "stsz", "stco", "udta", "mdat", "moof", "mfhd", "traf", "tfhd", "tfdt", "trun",
            "mvex", "trex", "sidx", "mfra",
        ] {
            for at in find(&bytes, box_name.as_bytes()) {
                for cut in [at.saturating_sub(4), at, at + 4, at + 9] {
                    if cut < bytes.len() {
                        let path = studio.write("box.mp4", &bytes[..cut]);
                        orderly(&path, &format!("{name} cut at {box_name} ({cut})"));
                    }
                }
            }
        }
    }
}

#[test]
fn changed_bytes_never_break_the_decoder() {
    let studio = Studio::new();
    let mut dice = Dice(0x1234_5678);
    for (name, bytes) in family(&studio) {
        for round in 0..20 {
            let mut mutant = bytes.clone();
            for _ in 0..=dice.below(12) {
                // Half of the changes hit the first kilobyte, where the headers are.
                let reach = if dice.below(2) == 0 { bytes.len().min(1024) } else { bytes.len() };
                let at = dice.below(reach);
                match dice.below(4) {
                    0 => mutant[at] ^= 1 << dice.below(8),
                    1 => mutant[at] = [0x00, 0xff, 0x7f, 0x80][dice.below(4)],
                    2 => mutant[at] = dice.below(256) as u8,
                    _ => {
                        let end = (at + 8).min(mutant.len());
                        mutant[at..end].fill(0xff);
                    }
                }
            }
            orderly(&studio.write(&format!("mutant-{name}"), &mutant), &format!("{name}, round {round}"));
        }
    }
}

#[test]
fn damaged_packets_are_counted_and_their_place_kept() {
    let studio = Studio::new();
    let path = studio.ffmpeg(
        "-f lavfi -i testsrc2=size=128x96:rate=25:d=6 -f lavfi -i sine=d=6 -pix_fmt yuv420p -c:v libx264 \
         -c:a aac -g 25",
        "whole.ts",
    );
    let mut bytes = std::fs::read(path).expect("just made");
    let (from, to) = (bytes.len() * 2 / 5, bytes.len() / 2);
    let noise = Dice(5).bytes(to - from);
    bytes[from..to].copy_from_slice(&noise);
    let (summary, sink) = good(&studio.write("holed.ts", &bytes));
    assert!((summary.facts.duration_s - 6.0).abs() < 0.3, "{}", summary.facts.duration_s);
    let codes = warning_codes(&summary);
    assert!(codes.contains(&code::CORRUPT_PACKETS) || codes.contains(&code::AUDIO_GAPS), "{codes:?}");
    let seconds = sink.samples.len() as f64 / 16_000.0;
    assert!((seconds - 6.0).abs() < 0.3, "the sound keeps its length: {seconds}");
}

#[test]
fn too_little_to_judge_is_an_error() {
    let studio = Studio::new();
    let path = studio.ffmpeg("-f lavfi -i sine=d=0.1", "blip.wav");
    let (result, _) = collect(&path);
    assert_eq!(result.expect_err("too short").code().as_str(), "INVALID_MEDIA");
    let mut options = DecodeOptions::default();
    options.limits.min_duration_s = 0.05;
    assert!(collect_with(&path, &options).0.is_ok());
}
