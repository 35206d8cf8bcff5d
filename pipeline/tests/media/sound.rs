//! Sound: level, pitch, channels, codecs, and that sample `n` is heard at `n / 16000` s.

use std::path::Path;

use super::making::{Collector, Dice, Studio, collect_with, good, warning_codes};
use interview_pipeline::media::{DecodeOptions, warning_code as code};

fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|&one| f64::from(one).powi(2)).sum::<f64>() / samples.len().max(1) as f64).sqrt()
}

/// Frequency in hertz from the upward zero crossings.
fn pitch_hz(samples: &[f32]) -> f64 {
    let crossings = samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    crossings as f64 * 16_000.0 / samples.len() as f64
}

/// Time in seconds at which sound first exceeds a twentieth of full scale.
fn onset_s(sink: &Collector) -> f64 {
    sink.samples.iter().position(|one| one.abs() > 0.05).expect("there is sound") as f64 / 16_000.0
}

fn middle(sink: &Collector) -> &[f32] {
    let quarter = sink.samples.len() / 4;
    &sink.samples[quarter..3 * quarter]
}

#[test]
fn every_codec_and_channel_count_keeps_pitch_level_and_length() {
    let studio = Studio::new();
    let tone = |channels: &str| format!("-f lavfi -i aevalsrc={channels}:s=48000:d=2 ");
    let one = "0.5*sin(2*PI*440*t)";
    let (mono, stereo) = (tone(one), tone(&[one; 2].join("|")));
    let surround = tone(&[one; 6].join("|")) + "-channel_layout 5.1 ";
    let eight = tone(&[one; 8].join("|"));
    for (name, source, arguments, decoder) in [
        ("mono.wav", &mono, "-c:a pcm_s16le", "pcm_s16le"),
        ("stereo.wav", &stereo, "-c:a pcm_s24le", "pcm_s24le"),
        ("mulaw.wav", &mono, "-ar 8000 -c:a pcm_mulaw", "pcm_mulaw"),
        ("alaw.wav", &mono, "-ar 8000 -c:a pcm_alaw", "pcm_alaw"),
        ("float.wav", &stereo, "-c:a pcm_f32le", "pcm_f32le"),
        ("surround.m4a", &surround, "-c:a aac -b:a 384k", "aac"),
        ("eight.wav", &eight, "-c:a pcm_s16le", "pcm_s16le"),
        ("high.flac", &stereo, "-ar 96000 -c:a flac", "flac"),
        ("sound.mp3", &stereo, "-c:a libmp3lame", "mp3float"),
        ("sound.ogg", &stereo, "-c:a libopus", "opus"),
        ("vorbis.ogg", &stereo, "-c:a libvorbis", "vorbis"),
        ("sound.aac", &stereo, "-c:a aac -f adts", "aac"),
        ("sound.webm", &mono, "-c:a libopus", "opus"),
        ("sound.aiff", &mono, "-c:a pcm_s16be", "pcm_s16be"),
        ("sound.mkv", &surround, "-c:a ac3", "ac3"),
    ] {
        let path = studio.ffmpeg(&format!("{source} {arguments}"), name);
        let (summary, sink) = good(&path);
        let audio = summary.audio.as_ref().expect("sound was decoded");
        assert_eq!(audio.decoder, decoder, "{name}");
        assert!((summary.facts.duration_s - 2.0).abs() < 0.06, "{name}: {}", summary.facts.duration_s);
        assert!((pitch_hz(middle(&sink)) - 440.0).abs() < 3.0, "{name}: {} Hz", pitch_hz(middle(&sink)));
        let level = rms(middle(&sink));
        // All channels are alike, so the mean of them has the level of one; surround codecs mix by weight.
        let expected = 0.5 / 2_f64.sqrt();
        assert!((level / expected - 1.0).abs() < 0.12, "{name}: level {level:.3} of {expected:.3}");
        assert!(!summary.facts.has_video);
        assert_eq!(warning_codes(&summary), [code::NO_VIDEO], "{name}");
    }
}

#[test]
fn not_a_number_and_beyond_full_scale_become_samples() {
    let studio = Studio::new();
    let path = studio.ffmpeg("-f lavfi -i sine=d=1:r=16000 -c:a pcm_f32le", "wild.wav");
    let mut bytes = std::fs::read(&path).expect("just made");
    let start = super::making::find(&bytes, b"data")[0] + 8;
    for (index, value) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -7.0].iter().enumerate() {
        let at = start + 4000 * (index + 1);
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    let (_, sink) = good(&studio.write("wild2.wav", &bytes));
    assert_eq!(sink.samples.len(), 16_000);
    // The collector checks that every sample lies from -1 to 1.
    assert!((pitch_hz(&sink.samples) - 440.0).abs() < 3.0);
}

#[test]
fn sound_and_picture_share_their_time() {
    let studio = Studio::new();
    let flash = "-f lavfi -i color=black:size=64x48:rate=25:d=3,drawbox=color=white:t=fill:enable=gte(t\\,1.2) \
                 -f lavfi -i aevalsrc=gte(t\\,1.2)*0.5*sin(2*PI*800*t):s=48000:d=3";
    for (name, arguments) in [
        ("flash.mp4", "-c:v libx264 -bf 3 -c:a aac"),
        ("late.mp4", "-c:v libx264 -bf 3 -c:a aac -output_ts_offset 3600"),
        ("flash.mkv", "-c:v libx264 -bf 2 -c:a libmp3lame"),
        ("flash.webm", "-c:v libvpx -c:a libopus"),
        ("far.mkv", "-c:v mpeg4 -bf 2 -c:a flac -output_ts_offset 36000"),
        ("far.ts", "-c:v libx264 -bf 2 -c:a mp2 -output_ts_offset 20000"),
        ("flash.mpg", "-c:v mpeg2video -bf 2 -c:a mp2"),
        ("flash.avi", "-c:v mpeg4 -c:a pcm_s16le"),
        ("flash.flv", "-c:v flv -ar 44100 -c:a libmp3lame"),
    ] {
        let path = studio.ffmpeg(&format!("{flash} -pix_fmt yuv420p {arguments}"), name);
        let options = DecodeOptions { sample_fps: 25.0, ..DecodeOptions::default() };
        let (result, sink) = collect_with(&path, &options);
        let summary = result.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!((summary.facts.duration_s - 3.0).abs() < 0.1, "{name}: {}", summary.facts.duration_s);
        let white = sink.frames.iter().find(|frame| frame.mean > 150.0).expect("the flash is there").t_s;
        // A codec smears the onset by up to one of its frames (26 ms), and codecs that state no padding
        // (FLV, AVI, TS) begin one frame late.
        assert!((onset_s(&sink) - white).abs() < 0.035, "{name}: {} and {white}", onset_s(&sink));
        assert!((white - 1.2).abs() < 0.07, "{name}: flash at {white}");
        assert!(sink.frames[0].t_s < 0.07, "{name}: begins at {}", sink.frames[0].t_s);
    }
}

fn late_sound(studio: &Studio) -> std::path::PathBuf {
    studio.ffmpeg(
        "-f lavfi -i testsrc=size=64x48:rate=25:d=3 -itsoffset 0.7 -f lavfi -i sine=d=2 -c:v libx264 -c:a aac",
        "late.mkv",
    )
}

#[test]
fn sound_that_begins_late_is_preceded_by_silence() {
    let studio = Studio::new();
    let (summary, sink) = good(&late_sound(&studio));
    assert!((onset_s(&sink) - 0.7).abs() < 0.03, "{}", onset_s(&sink));
    assert!(rms(&sink.samples[..10_000]) < 0.01);
    assert!((summary.facts.duration_s - 3.0).abs() < 0.05);
    assert!(warning_codes(&summary).is_empty(), "a late start is no fault: {:?}", summary.facts.warnings);
}

#[test]
fn without_the_picture_the_sound_is_the_same() {
    let studio = Studio::new();
    let path = studio.ffmpeg(super::making::PLAIN, "plain.mp4");
    let (with, both) = good(&path);
    let options = DecodeOptions { want_video: false, ..DecodeOptions::default() };
    let (result, sound) = collect_with(&path, &options);
    let summary = result.expect("decodes");
    assert_eq!(both.samples, sound.samples);
    assert!(sound.frames.is_empty());
    assert!(summary.facts.has_video, "the picture is there, though nobody looked");
    assert_eq!((summary.facts.width, summary.facts.height), (Some(320), Some(240)));
    assert_eq!(summary.video, None);
    assert_eq!(summary.facts.sha256, with.facts.sha256);
    assert!(warning_codes(&summary).is_empty(), "{:?}", summary.facts.warnings);
}

#[test]
fn without_sound_the_pictures_are_the_same() {
    let studio = Studio::new();
    let path = studio.ffmpeg(super::making::PLAIN, "plain.mp4");
    let options = DecodeOptions { want_audio: false, ..DecodeOptions::default() };
    let (result, sink) = collect_with(&path, &options);
    let summary = result.expect("decodes");
    assert!(sink.samples.is_empty() && summary.facts.has_audio && summary.audio.is_none());
    assert_eq!(sink.frames, good(&path).1.frames);
}

#[test]
fn a_hole_in_the_sound_is_filled_with_silence() {
    let studio = Studio::new();
    let path = studio.ffmpeg(
        "-f lavfi -i sine=d=4:r=16000 -af aselect=not(between(t\\,1\\,2.5)) -c:a pcm_s16le",
        "hole.mkv",
    );
    let (summary, sink) = good(&path);
    assert!((summary.facts.duration_s - 4.0).abs() < 0.06, "{}", summary.facts.duration_s);
    assert!(rms(&sink.samples[18_000..38_000]) < 1e-6, "silence");
    assert!(rms(&sink.samples[41_700..60_000]) > 0.05, "sound again");
    assert!(rms(&sink.samples[2_000..15_000]) > 0.05, "sound before");
    assert_eq!(warning_codes(&summary), [code::AUDIO_GAPS, code::NO_VIDEO]);
    let decoded = summary.audio.expect("sound").decoded;
    assert!(decoded < 42_000, "filled silence does not count: {decoded}");
}

#[test]
fn garbage_before_the_sound_is_skipped() {
    let studio = Studio::new();
    let path =
        studio.ffmpeg("-f lavfi -i sine=d=3 -c:a libmp3lame -write_xing 0 -id3v2_version 0", "clean.mp3");
    let clean = std::fs::read(&path).expect("just made");
    let mut bytes = Dice(7).bytes(3000);
    bytes.retain(|&byte| byte != 0xff);
    bytes.extend_from_slice(&clean);
    let (summary, sink) = good(&studio.write("garbage.mp3", &bytes));
    assert!((summary.facts.duration_s - 3.0).abs() < 0.1, "{}", summary.facts.duration_s);
    assert!((pitch_hz(middle(&sink)) - 440.0).abs() < 3.0);
}

#[test]
fn too_many_channels_are_refused_and_the_picture_kept() {
    let studio = Studio::new();
    let twelve = ["0"; 12].join("|");
    let sound = format!("-f lavfi -i aevalsrc={twelve}:s=16000:d=1");
    let path = studio.ffmpeg(&format!("{sound} -c:a pcm_s16le"), "twelve.wav");
    let (code_, message) = super::making::refused(&path);
    assert_eq!(code_, "UNSUPPORTED", "{message}");
    assert!(message.contains("12 channels"), "{message}");
    let path = studio.ffmpeg(
        &format!("{sound} -f lavfi -i testsrc=size=64x48:rate=10:d=1 -c:a pcm_s16le -c:v libx264"),
        "twelve.mkv",
    );
    let (summary, sink) = good(&path);
    assert!(!summary.facts.has_audio && summary.facts.has_video && sink.samples.is_empty());
    assert!(warning_codes(&summary).contains(&code::AUDIO_UNSUPPORTED));
}

#[test]
fn the_same_file_twice_gives_the_same_bytes() {
    let studio = Studio::new();
    let path: &Path = &late_sound(&studio);
    let (first, second) = (good(path), good(path));
    assert_eq!(first.0, second.0);
    assert_eq!(first.1.samples, second.1.samples);
    assert_eq!(first.1.frames, second.1.frames);
}
