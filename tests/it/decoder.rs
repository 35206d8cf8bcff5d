//! The decoder's process: it gives what decoding in this process gives, and what it meets stays in it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use interview_pipeline::media::{CancelToken, DecodeOptions, Decoders, MediaError};
use interview_sandbox::Settings;
use interview_sandbox::layers::Layers;
use interview_tests::mutants::{Tally, peak_mib, seeds};
use interview_tests::{decoding, interview, made, program, recordings};

/// Mutants in every run of the tests; `make fuzz-media` takes 20,000.
const MUTANTS: u64 = 300;

fn agree(sandboxed: &Decoders, path: &Path, options: &DecodeOptions) {
    let name = path.display();
    let (here, heard_here) = decoding::decode(&Decoders::in_process(), path, options);
    let (there, heard_there) = decoding::decode(sandboxed, path, options);
    match (here, there) {
        (Ok(here), Ok(there)) => assert_eq!(here, there, "{name}"),
        (Err(here), Err(there)) => {
            assert_eq!(here.code(), there.code(), "{name}: {here} / {there}");
            assert_eq!(here.to_string(), there.to_string(), "{name}");
        }
        (here, there) => panic!("{name}: {here:?} here, {there:?} in the sandbox"),
    }
    assert_eq!(heard_here, heard_there, "{name}");
}

#[test]
fn a_process_of_its_own_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sandboxed = decoding::sandboxed();
    let mut options = DecodeOptions::default();
    let _files = seeds(folder.path());
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.path())
        .expect("just made")
        .map(|entry| entry.expect("a file").path())
        .collect();
    // Odd sizes, padding between rows, other layouts, rotation, a still picture.
    for (name, arguments) in [
        ("odd.mp4", "-f lavfi -i testsrc2=size=638x358:rate=10:d=1 -pix_fmt yuv420p -c:v libx264"),
        ("full.mp4", "-f lavfi -i testsrc2=size=320x240:rate=10:d=1 -pix_fmt yuv444p -c:v libx264"),
        ("grey.mp4", "-f lavfi -i testsrc2=size=322x242:rate=10:d=1 -pix_fmt gray -c:v libx264"),
        ("still.png", "-f lavfi -i testsrc2=size=641x359 -frames:v 1 -pix_fmt rgb24"),
        ("moving.gif", "-f lavfi -i testsrc2=size=64x48:rate=5:d=1"),
    ] {
        let path = folder.path().join(name);
        let arguments: Vec<&str> = arguments.split(' ').chain([made::text(&path)]).collect();
        made::ffmpeg(&arguments);
        paths.push(path);
    }
    for path in &paths {
        agree(&sandboxed, path, &options);
    }
    options.want_video = false;
    agree(&sandboxed, &folder.path().join("h264.mp4"), &options);
    let threaded = DecodeOptions { video_threads: 4, ..DecodeOptions::default() };
    agree(&sandboxed, &folder.path().join("h264.mp4"), &threaded);
}

#[test]
fn real_recordings_are_the_same_in_the_sandbox() {
    let Some(media) = recordings() else { return };
    let sandboxed = decoding::sandboxed();
    let mut names: Vec<_> = std::fs::read_dir(media)
        .expect("the recordings")
        .map(|entry| entry.expect("a file").path())
        .collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension != "csv"));
    names.sort();
    assert!(names.len() > 20, "{} recordings", names.len());
    for path in &names {
        agree(&sandboxed, path, &DecodeOptions::default());
    }
}

#[test]
fn mutants_end_with_a_code_or_a_result() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let seeds = seeds(folder.path());
    let decoders = decoding::sandboxed();
    let (mut tally, before) = (Tally::default(), peak_mib());
    for number in 0..MUTANTS {
        tally.run(&decoders, folder.path(), &seeds[number as usize % seeds.len()], number);
    }
    let count = |names: &[&str]| names.iter().filter_map(|name| tally.ends.get(name)).sum::<u64>();
    assert_eq!(tally.ends.values().sum::<u64>(), MUTANTS);
    assert_eq!(tally.deaths, [""; 0], "damage alone takes no decoder down");
    assert!(count(&["OK", "OK with warnings"]) > MUTANTS / 10, "{tally:?}");
    assert!(count(&["INVALID_MEDIA", "PARTIAL", "UNSUPPORTED", "LIMIT"]) > MUTANTS / 20, "{tally:?}");
    assert!(peak_mib() < before + 200, "this process grew from {before} to {} MiB", peak_mib());
}

#[test]
fn a_decode_can_be_cancelled_and_its_process_is_gone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("long.mp4");
    made::ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=320x240:rate=30:d=60",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        made::text(&path),
    ]);
    let (decoders, cancel) = (decoding::sandboxed(), CancelToken::new());
    let mut sink = Cancelling(cancel.clone(), 0);
    let result = decoders.decode(&path, &DecodeOptions::default(), &cancel, &mut sink);
    assert!(matches!(result, Err(MediaError::Cancelled(_))), "{result:?}");
    assert!(sink.1 < 100, "{} pictures after the third", sink.1);
}

/// Cancels with the third picture.
struct Cancelling(CancelToken, u32);

impl interview_pipeline::media::MediaSink for Cancelling {
    fn audio(&mut self, _: &[f32]) -> std::ops::ControlFlow<()> {
        std::ops::ControlFlow::Continue(())
    }

    fn frame(&mut self, _: interview_pipeline::media::VideoFrame) -> std::ops::ControlFlow<()> {
        self.1 += 1;
        if self.1 == 3 {
            self.0.cancel();
        }
        std::ops::ControlFlow::Continue(())
    }
}

#[test]
fn a_program_that_is_no_decoder_is_refused_in_time() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sound = made::speech(folder.path(), "good.wav", "en-us", "Good morning.");
    for (program, part) in
        [("/bin/true", "ended"), ("/does/not/exist", "cannot be started"), ("/bin/cat", "")]
    {
        let settings =
            Settings { program: program.into(), start: Duration::from_secs(2), ..Settings::default() };
        let started = Instant::now();
        let (result, _) = decoding::decode(&Decoders::sandboxed(settings), &sound, &DecodeOptions::default());
        let error = result.expect_err("no decoder");
        assert_eq!(error.code().as_str(), "CONFIGURATION", "{program}: {error}");
        assert!(error.to_string().contains(part), "{program}: {error}");
        assert!(started.elapsed() < Duration::from_secs(30), "{program}");
    }
}

#[test]
fn doctor_and_the_decoder_agree_about_the_layers() {
    let active = decoding::sandboxed().probe().expect("a sandbox");
    assert!(active.layers.missing_of(Layers::REQUIRED).is_empty(), "{active:?}");
    let output = interview().args(["doctor", "--json"]).output().expect("the program starts");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = found["findings"].as_array().expect("findings");
    let sandbox = findings.iter().find(|finding| finding["check"] == "decoder's sandbox").expect("a finding");
    for layer in active.layers.iter() {
        assert!(sandbox["finding"].as_str().is_some_and(|text| text.contains(layer.title())), "{sandbox}");
    }
    // Hidden, and of no use to anybody who calls it by hand.
    let help = interview().arg("--help").output().expect("the program starts");
    assert!(!String::from_utf8_lossy(&help.stdout).contains("decode "), "hidden");
    let status = std::process::Command::new(program())
        .args(["decode", "--memory-bytes", "1000000", "--cpu-s", "1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(!status.expect("the program starts").success());
}
