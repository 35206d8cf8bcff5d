//! Loads the networks, pictures and recordings that the tests look at.

use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::RgbImage;
use interview_models::{Device, Manifest, ModelStore, Runtime};
use interview_pipeline::features::{AnswerContext, visual};
use interview_pipeline::media::{CancelToken, DecodeOptions, MediaSink, VideoFrame, decode};
use interview_pipeline::perception::vision::{VisionAnalyzer, VisionConfig, VisionModels, VisionPerception};
use interview_pipeline::policy;
use interview_schemas::Feature;
use interview_schemas::answer::Answer;
use interview_schemas::job::Job;
use interview_schemas::perception::AnswerPerception;
use interview_schemas::policy::{Consent, ResolvedPolicy};
use interview_schemas::report::Flag;

/// The models of this machine.
pub(crate) fn store() -> ModelStore {
    let folder = std::env::var_os("INTERVIEW_MODELS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/interview/models"),
        PathBuf::from,
    );
    ModelStore::new(folder, Manifest::built_in().unwrap())
}

/// ONNX Runtime on the processor.
pub(crate) fn runtime(store: &ModelStore) -> Runtime {
    let library = store.file("onnxruntime", "library").expect("run `interview models pull` first");
    Runtime::load(&library, Device::Cpu).unwrap()
}

/// A policy with every consent.
pub(crate) fn everything_agreed(name: &str) -> ResolvedPolicy {
    policy::resolve(&policy::shipped(name).unwrap(), &Consent::ALL.into_iter().collect()).unwrap()
}

/// All networks, expressions allowed.
pub(crate) fn models() -> VisionModels {
    let store = store();
    VisionModels::load(&runtime(&store), &store, &everything_agreed("cn"))
        .expect("run `interview models pull` first")
}

/// A file of the labelled recordings; `None`, with a line on the terminal, where they are not there.
pub(crate) fn media(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("INTERVIEW_TEST_MEDIA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media"), PathBuf::from);
    let path = folder.join(name);
    if path.exists() {
        Some(path)
    } else {
        println!("skipped: {} is not there; set INTERVIEW_TEST_MEDIA", path.display());
        None
    }
}

/// A picture as a frame.
pub(crate) fn frame_of(picture: &RgbImage, t_s: f64) -> VideoFrame {
    VideoFrame::from_rgb(t_s, picture.width(), picture.height(), picture.as_raw().clone())
}

/// Reads a picture.
pub(crate) fn picture(path: &Path) -> RgbImage {
    image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).to_rgb8()
}

/// Looks at one picture as a recording of a single frame.
pub(crate) fn look_at(models: &mut VisionModels, picture: &RgbImage) -> VisionPerception {
    let mut analyzer = VisionAnalyzer::new(models, &everything_agreed("cn"), VisionConfig::default());
    analyzer.push(&frame_of(picture, 0.0)).unwrap();
    analyzer.finish()
}

/// Hands the pictures of a recording to the analyser.
struct Watcher<'a>(VisionAnalyzer<'a>);

impl MediaSink for Watcher<'_> {
    fn audio(&mut self, _samples: &[f32]) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: VideoFrame) -> ControlFlow<()> {
        self.0.push(&frame).expect("the networks run");
        ControlFlow::Continue(())
    }
}

/// Looks at a recording as the program does: planes of the decoder, five frames a second.
pub(crate) fn watch(models: &mut VisionModels, path: &Path) -> VisionPerception {
    let policy = everything_agreed("cn");
    let mut watcher = Watcher(VisionAnalyzer::new(models, &policy, VisionConfig::default()));
    let options = DecodeOptions { want_audio: false, ..DecodeOptions::default() };
    decode(path, &options, &CancelToken::new(), &mut watcher)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    watcher.0.finish()
}

/// Looks at a recording after FFmpeg filtered it and `edit` changed every picture, five frames a second.
pub(crate) fn watch_changed(
    models: &mut VisionModels,
    path: &Path,
    filter: &str,
    edit: impl Fn(RgbImage) -> RgbImage,
) -> VisionPerception {
    let filter = if filter.is_empty() { "fps=5".to_owned() } else { format!("{filter},fps=5") };
    let policy = everything_agreed("cn");
    let mut analyzer = VisionAnalyzer::new(models, &policy, VisionConfig::default());
    let (width, height) = size_of(path, &filter);
    let mut child = ffmpeg(path, &filter)
        .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed");
    let mut pipe = child.stdout.take().unwrap();
    let mut bytes = vec![0; width as usize * height as usize * 3];
    let mut index = 0;
    while pipe.read_exact(&mut bytes).is_ok() {
        let edited = edit(RgbImage::from_raw(width, height, bytes.clone()).unwrap());
        analyzer.push(&frame_of(&edited, f64::from(index) / 5.0)).unwrap();
        index += 1;
    }
    assert!(child.wait().unwrap().success() && index > 0, "{} did not decode", path.display());
    analyzer.finish()
}

/// Features and flags of what was seen, as of the only answer of a job.
pub(crate) fn measured(seen: &VisionPerception) -> (Vec<Feature>, Vec<Flag>) {
    let answer: Answer =
        serde_json::from_value(serde_json::json!({"kind": "video", "id": "a1", "media": {"uri": "a.mp4"}}))
            .unwrap();
    let job: Job = serde_json::from_value(serde_json::json!({
        "schema_version": "1", "job_id": "j1", "candidate": {"reference": "c1"}, "answers": [answer],
    }))
    .unwrap();
    let duration_s = seen.faces.frames.last().map_or(0.0, |frame| frame.t_s + 0.2);
    let perception: AnswerPerception = serde_json::from_value(serde_json::json!({
        "id": "a1", "transcript": null, "voice": null, "faces": seen.faces, "body": seen.body, "picture": seen.picture,
        "media": {"duration_s": duration_s, "has_audio": false, "has_video": true,
                  "sampled_frames": seen.faces.frames.len(), "sha256": "", "warnings": []},
    }))
    .unwrap();
    let policy = everything_agreed("cn");
    let context = AnswerContext {
        job: &job,
        answer: &answer,
        question: None,
        policy: &policy,
        perception: &perception,
        semantics: None,
    };
    (visual::measure(&context), visual::flags(&context))
}

/// The value of a feature; fails when it was not assessed.
pub(crate) fn value(features: &[Feature], name: &str) -> f64 {
    let feature = features.iter().find(|feature| feature.name == name).expect(name);
    feature.value.unwrap_or_else(|| panic!("{name}: {:?}", feature.not_assessed))
}

fn size_of(path: &Path, filter: &str) -> (u32, u32) {
    let output = ffmpeg(path, filter)
        .args(["-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"])
        .output()
        .expect("ffmpeg is installed");
    let first = image::load_from_memory(&output.stdout).expect("a first picture");
    (first.width(), first.height())
}

fn ffmpeg(path: &Path, filter: &str) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path).args(["-vf", filter]);
    command
}
