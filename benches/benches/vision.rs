//! Looking at one face: the parts of a sampled frame and the whole. Target: at most 18 ms per frame on one thread.
//! Needs the models (`interview models pull`); INTERVIEW_MODELS names their folder.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use interview_models::expression::ExpressionNet;
use interview_models::{Device, Manifest, ModelStore, Runtime};
use interview_pipeline::media::VideoFrame;
use interview_pipeline::perception::vision::crop::{Border, Picture, Scale};
use interview_pipeline::perception::vision::expression;
use interview_pipeline::perception::vision::head_pose::HeadPose;
use interview_pipeline::perception::vision::quality::{Reduced, face_quality};
use interview_pipeline::perception::vision::tracker::{FaceTracker, TrackerConfig};
use interview_pipeline::perception::vision::{VisionAnalyzer, VisionConfig, VisionModels};
use interview_pipeline::policy;
use interview_schemas::policy::Consent;

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

fn store() -> ModelStore {
    let folder = std::env::var_os("INTERVIEW_MODELS").map(PathBuf::from).or_else(ModelStore::default_folder);
    ModelStore::new(folder.expect("a folder of models"), Manifest::built_in().expect("the built-in manifest"))
}

/// The portrait of the sample in the middle of a grey picture of 720p.
fn frame(store: &ModelStore) -> VideoFrame {
    let path = store.file("sample-portrait", "picture").expect("run `interview models pull` first");
    let portrait = image::open(path).expect("a picture").to_rgb8();
    let mut picture = image::RgbImage::from_pixel(WIDTH, HEIGHT, image::Rgb([110, 110, 110]));
    image::imageops::replace(&mut picture, &portrait, 384, 100);
    VideoFrame::from_rgb(0.0, WIDTH, HEIGHT, picture.into_raw())
}

fn vision(criterion: &mut Criterion) {
    let store = store();
    let library = store.locate_runtime_library(None).expect("ONNX Runtime");
    let runtime = Runtime::load(&library, Device::Cpu).expect("ONNX Runtime");
    let agreed = Consent::ALL.into_iter().collect();
    let policy = policy::resolve(&policy::shipped("cn").expect("a policy"), &agreed).expect("a policy");
    let mut models = VisionModels::load(&runtime, &store, &policy).expect("the models");
    let frame = frame(&store);
    let picture = Picture::new(&frame).expect("planes");
    let mut tracker = FaceTracker::new(TrackerConfig::default());
    let faces = tracker.push(models.faces(), &frame, &picture, false).expect("the networks run");
    let mesh = faces.first().expect("a face").mesh.clone();
    let region = mesh.next_region();
    let mut group = criterion.benchmark_group("vision");
    let mut crop = Vec::new();
    group.bench_function("crop_of_a_face", |bencher| {
        bencher.iter(|| picture.crop(black_box(&region), 192, Border::Edge, Scale::UNIT, &mut crop));
    });
    let points: Vec<[f32; 3]> = mesh.points.iter().map(|point| point.map(|value| value % 192.0)).collect();
    group.bench_function("quality_of_a_face", |bencher| {
        bencher.iter(|| face_quality(black_box(&crop), &points, 0.0));
    });
    group.bench_function("quality_of_a_picture", |bencher| {
        bencher.iter(|| Reduced::new(black_box(&picture)).measure(0.0, None));
    });
    group.bench_function("head_pose", |bencher| bencher.iter(|| HeadPose::fit(black_box(&mesh))));
    let mut net = ExpressionNet::load(&runtime, &store).expect("the model");
    group.bench_function("expression_of_a_face", |bencher| {
        let shown = (WIDTH, HEIGHT);
        bencher.iter(|| expression::read(&mut net, &mut crop, black_box(&picture), shown, &mesh));
    });
    group.bench_function("mesh_of_a_face", |bencher| {
        bencher.iter(|| models.faces().mesh(black_box(&picture), &region));
    });
    group.bench_function("follow_a_face", |bencher| {
        bencher.iter(|| tracker.push(models.faces(), black_box(&frame), &picture, false));
    });
    group.bench_function("everything_but_the_body", |bencher| {
        let config = VisionConfig { body_every_s: None, ..VisionConfig::default() };
        let mut analyzer = VisionAnalyzer::new(&mut models, &policy, config);
        bencher.iter(|| analyzer.push(black_box(&frame)));
    });
    group.finish();
}

criterion_group!(benches, vision);
criterion_main!(benches);
