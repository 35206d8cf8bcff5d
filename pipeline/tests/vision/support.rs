//! Loads the networks, pictures and recordings that the tests look at.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::RgbImage;
use interview_models::{Device, Manifest, ModelStore, Runtime};
use interview_pipeline::media::VideoFrame;
use interview_pipeline::perception::vision::{VisionAnalyzer, VisionConfig, VisionModels, VisionPerception};
use interview_pipeline::policy;
use interview_schemas::policy::{Consent, ResolvedPolicy};

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

/// Looks at a recording, sampled at `fps` and passed through the FFmpeg filter first (empty: none).
pub(crate) fn watch(models: &mut VisionModels, path: &Path, fps: f64, filter: &str) -> VisionPerception {
    let filter = if filter.is_empty() { format!("fps={fps}") } else { format!("fps={fps},{filter}") };
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
        let frame = VideoFrame::from_rgb(f64::from(index) / fps, width, height, bytes.clone());
        analyzer.push(&frame).unwrap();
        index += 1;
    }
    assert!(child.wait().unwrap().success() && index > 0, "{} did not decode", path.display());
    analyzer.finish()
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
