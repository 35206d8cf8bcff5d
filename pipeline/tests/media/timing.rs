//! Time: the sampling grid, variable frame rate, lying or missing lengths, jumping clocks.

use std::path::Path;
use std::time::Duration;

use super::making::{Collector, PLAIN, Studio, collect_with, find, good, recordings, warning_codes};
use interview_pipeline::media::{CancelToken, DecodeOptions, MediaError, decode, warning_code as code};

fn at(sample_fps: f64) -> DecodeOptions {
    DecodeOptions { sample_fps, ..DecodeOptions::default() }
}

fn times(sink: &Collector) -> Vec<f64> {
    sink.frames.iter().map(|frame| frame.t_s).collect()
}

#[test]
fn frames_come_at_the_grid_for_any_rate() {
    let studio = Studio::new();
    let path = studio.ffmpeg(PLAIN, "plain.mp4");
    for (fps, count) in [(0.5, 2), (1.0, 3), (5.0, 15), (10.0, 30), (30.0, 90), (120.0, 90)] {
        let (result, sink) = collect_with(&path, &at(fps));
        result.expect("decodes");
        assert_eq!(sink.frames.len(), count, "{fps} frames/s");
        if fps <= 30.0 {
            for (k, t_s) in times(&sink).iter().enumerate() {
                let late_s = k as f64 / fps - t_s;
                assert!((-1e-3..0.034).contains(&late_s), "{fps} frames/s, frame {k} at {t_s}");
            }
        }
    }
}

#[test]
fn leaving_out_and_threads_change_nothing() {
    let studio = Studio::new();
    let moving = "-f lavfi -i testsrc2=size=320x240:rate=30:d=4 ";
    for (name, arguments) in [
        ("pyramid.mp4", "-c:v libx264 -preset medium -bf 5 -b_strategy 2 -g 50"),
        ("open.ts", "-c:v libx264 -preset veryfast -bf 3 -x264-params open-gop=1:keyint=25"),
        ("vfr.mkv", "-vf select=not(mod(n\\,7))+gt(mod(n\\,23)\\,12) -vsync vfr -c:v libx264 -bf 3"),
        (
            "hevc.mp4",
            "-c:v libx265 -preset veryfast -x265-params log-level=none:bframes=4:b-pyramid=1 -tag:v hvc1",
        ),
        ("vp8.webm", "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -b:v 300k"),
        ("vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 300k"),
        ("divx.avi", "-c:v mpeg4 -bf 2"),
        ("dvd.mpg", "-c:v mpeg2video -bf 2"),
    ] {
        let path = studio.ffmpeg(&format!("{moving} -pix_fmt yuv420p {arguments}"), name);
        for fps in [5.0, 7.3] {
            let (plain, skipping) = collect_with(&path, &at(fps));
            let (all, full) = collect_with(&path, &DecodeOptions { skip_unneeded: false, ..at(fps) });
            let (_, threaded) = collect_with(&path, &DecodeOptions { video_threads: 4, ..at(fps) });
            let (plain, all) = (plain.expect("decodes"), all.expect("decodes"));
            assert!(full.frames.len() >= 12, "{name}: {} frames", full.frames.len());
            assert_eq!(skipping.frames, full.frames, "{name}: leaving out");
            assert_eq!(threaded.frames, full.frames, "{name}: threads");
            assert_eq!(plain.facts, all.facts, "{name}");
            let count = |summary: &interview_pipeline::media::DecodeSummary| {
                summary.video.as_ref().map_or(0, |video| video.decoded)
            };
            if name == "pyramid.mp4" {
                assert!(count(&plain) * 10 < count(&all) * 8, "{} of {}", count(&plain), count(&all));
            }
        }
    }
}

#[test]
fn variable_frame_rate_keeps_its_times() {
    let studio = Studio::new();
    let path = studio.ffmpeg(
        "-f lavfi -i testsrc=size=64x48:rate=30:d=4 -vf select=not(between(n\\,31\\,89)) -vsync vfr \
         -c:v libx264 -bf 2",
        "pause.mp4",
    );
    let (summary, sink) = good(&path);
    let taken = times(&sink);
    // The picture of 1.0 s stands until 3.0 s: one picture, no copies.
    assert!(taken.iter().all(|t_s| *t_s < 1.01 || *t_s > 2.99), "{taken:?}");
    assert_eq!(taken.len(), 11, "{taken:?}");
    assert!((summary.facts.duration_s - 4.0).abs() < 0.05);
}

#[test]
fn a_missing_length_is_counted() {
    let studio = Studio::new();
    let path = studio.ffmpeg(
        "-f lavfi -i testsrc=size=64x48:rate=25:d=3 -f lavfi -i sine=d=3 -c:v libvpx -c:a libopus -live 1 \
         -f webm",
        "live.webm",
    );
    let (summary, sink) = good(&path);
    assert_eq!(sink.claimed_s, None, "a live recording states no length");
    assert!((summary.facts.duration_s - 3.0).abs() < 0.05, "{}", summary.facts.duration_s);
    assert!(warning_codes(&summary).is_empty(), "{:?}", summary.facts.warnings);
}

#[test]
fn a_first_time_far_from_zero_is_time_zero() {
    let studio = Studio::new();
    let both = "-f lavfi -i testsrc=size=64x48:rate=25 -f lavfi -i sine -t 3 -c:a mp2";
    for (name, arguments) in [
        ("late.ts", "-c:v libx264 -output_ts_offset 50000"),
        ("late.mkv", "-c:v libx264 -output_ts_offset 50000"),
        ("late.mpg", "-c:v mpeg2video -output_ts_offset 20000"),
        ("late.mp4", "-c:v libx264 -use_editlist 0 -output_ts_offset 5000"),
    ] {
        let (summary, sink) = good(&studio.ffmpeg(&format!("{both} {arguments}"), name));
        assert!((summary.facts.duration_s - 3.0).abs() < 0.15, "{name}: {}", summary.facts.duration_s);
        assert!((sink.samples.len() as f64 / 16_000.0 - 3.0).abs() < 0.15, "{name}: {}", sink.samples.len());
        assert!(sink.frames[0].t_s < 0.1, "{name}: {:?}", sink.frames[0]);
        assert!((14..=17).contains(&sink.frames.len()), "{name}: {} frames", sink.frames.len());
    }
}

/// Writes another length into the headers of an MP4 (version 0 of `mvhd`, `tkhd` and `mdhd`).
fn with_claimed_length(bytes: &mut [u8], factor: f64) {
    for (name, offset) in [(b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)] {
        for at in find(bytes, name) {
            let field: &mut [u8] = &mut bytes[at + offset..at + offset + 4];
            let stated = u32::from_be_bytes(field.try_into().expect("four bytes"));
            field.copy_from_slice(&((f64::from(stated) * factor) as u32).to_be_bytes());
        }
    }
}

#[test]
fn a_lying_length_is_not_believed() {
    let studio = Studio::new();
    let path = studio.ffmpeg(&format!("{PLAIN} -use_editlist 0"), "plain.mp4");
    for (factor, name) in [(3000.0, "long.mp4"), (0.02, "short.mp4")] {
        let mut bytes = std::fs::read(&path).expect("just made");
        with_claimed_length(&mut bytes, factor);
        let (summary, sink) = good(&studio.write(name, &bytes));
        let claimed = sink.claimed_s.expect("it claims a length");
        assert!((claimed - 3.0).abs() > 1.0, "{name} claims {claimed} s");
        assert!((summary.facts.duration_s - 3.0).abs() < 0.1, "{name}: {}", summary.facts.duration_s);
        assert_eq!(warning_codes(&summary), [code::DURATION_MISMATCH], "{name}");
    }
}

#[test]
fn a_jump_of_the_clock_is_closed_up() {
    let studio = Studio::new();
    let part = |offset: u32, name: &str| {
        studio.ffmpeg(
            &format!(
                "-f lavfi -i testsrc=size=64x48:rate=25 -f lavfi -i sine -t 2 -c:v libx264 -c:a mp2 \
                 -output_ts_offset {offset}"
            ),
            name,
        )
    };
    for (first, second, name) in [(100, 40_000, "forward.ts"), (40_000, 100, "backward.ts")] {
        let mut bytes = std::fs::read(part(first, "a.ts")).expect("just made");
        bytes.extend(std::fs::read(part(second, "b.ts")).expect("just made"));
        let (summary, sink) = good(&studio.write(name, &bytes));
        assert!((summary.facts.duration_s - 4.0).abs() < 0.3, "{name}: {}", summary.facts.duration_s);
        assert!(warning_codes(&summary).contains(&code::TIMESTAMP_JUMPS), "{:?}", summary.facts.warnings);
        assert!((18..=22).contains(&sink.frames.len()), "{name}: {} frames", sink.frames.len());
        assert!((sink.samples.len() as f64 / 16_000.0 - 4.0).abs() < 0.3, "{name}");
    }
}

#[test]
fn limits_on_length_bytes_and_packets_hold() {
    let studio = Studio::new();
    let path = studio.ffmpeg(PLAIN, "plain.mp4");
    let mut options = DecodeOptions::default();
    options.limits.max_duration_s = 1.0;
    let (result, sink) = collect_with(&path, &options);
    assert_limit(result, "max_duration_s");
    assert!(sink.samples.len() <= 16_000, "nothing beyond the limit is handed on");
    options = DecodeOptions::default();
    options.limits.max_bytes = 1000;
    assert_limit(collect_with(&path, &options).0, "max_bytes");
    options = DecodeOptions::default();
    options.limits.max_packets = 20;
    assert_limit(collect_with(&path, &options).0, "max_packets");
    options = DecodeOptions::default();
    options.limits.max_pixels = 64 * 64;
    assert_limit(collect_with(&path, &options).0, "max_pixels");
    options = DecodeOptions::default();
    options.limits.max_streams = 1;
    assert_limit(collect_with(&path, &options).0, "max_streams");
}

fn assert_limit<T: std::fmt::Debug>(result: Result<T, MediaError>, field: &str) {
    let error = result.expect_err("beyond the limit");
    assert_eq!(error.code().as_str(), "LIMIT", "{error}");
    assert!(error.to_string().contains(field), "{error}");
}

#[test]
fn a_decode_can_be_stopped_from_both_sides() {
    let studio = Studio::new();
    let path = studio.ffmpeg(PLAIN, "plain.mp4");
    let token = CancelToken::new();
    token.cancel();
    let error = decode(&path, &DecodeOptions::default(), &token, &mut Collector::default());
    assert!(matches!(error, Err(MediaError::Cancelled(_))), "{error:?}");
    let mut sink = Collector { stop_after: Some(3), ..Collector::default() };
    let error = decode(&path, &DecodeOptions::default(), &CancelToken::new(), &mut sink);
    assert!(matches!(error, Err(MediaError::Cancelled(_))), "{error:?}");
    assert_eq!(sink.frames.len(), 3, "nothing comes after the sink has stopped");
}

#[test]
fn cancelling_while_it_runs_ends_it() {
    let Some(folder) = recordings() else { return };
    let token = CancelToken::new();
    let remote = token.clone();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        remote.cancel();
    });
    let options = at(30.0);
    let result = decode(&folder.join("talk_latentsync_2.mp4"), &options, &token, &mut Collector::default());
    canceller.join().expect("the canceller ends");
    assert!(matches!(result, Err(MediaError::Cancelled(_))), "{result:?}");
}

#[test]
fn options_out_of_range_are_refused_before_the_file_is_touched() {
    let nowhere = Path::new("/nonexistent/video.mp4");
    for fps in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        let (result, _) = collect_with(nowhere, &at(fps));
        assert!(matches!(result, Err(MediaError::Configuration(_))), "{fps}: {result:?}");
    }
    let mut options = DecodeOptions::default();
    options.limits.formats = vec!["mov,hls".into()];
    assert!(matches!(collect_with(nowhere, &options).0, Err(MediaError::Configuration(_))));
    assert!(matches!(collect_with(nowhere, &at(5.0)).0, Err(MediaError::NotFound(_))));
}

#[test]
fn options_read_from_configuration_have_defaults_and_refuse_unknown_fields() {
    let options: DecodeOptions =
        toml::from_str("sample_fps = 2.5\n[limits]\nmax_duration_s = 60.0").expect("valid");
    assert_eq!((options.sample_fps, options.limits.max_duration_s), (2.5, 60.0));
    assert_eq!(options.limits.max_streams, DecodeOptions::default().limits.max_streams);
    assert!(toml::from_str::<DecodeOptions>("sample_rate = 3").is_err());
}
