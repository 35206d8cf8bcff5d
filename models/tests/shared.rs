//! One process with the models for several: its answers are those of models loaded here, in batches and alone.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use interview_models::face_detector::{FaceDetector, FaceRange};
use interview_models::pose::{PoseDetector, PoseLandmarks};
use interview_models::shared::{Server, ServerOptions};
use interview_models::transcriber::{SpeechPiece, TranscriptionHints};
use interview_models::{
    Device, Embedder, Manifest, ModelStore, Runtime, SessionOptions, Transcriber, clock, recogniser,
};
use interview_models::{expression::ExpressionNet, face_mesh::FaceMesh};
use interview_schemas::perception::Span;
use interview_schemas::{ErrorCode, Language};

/// Runs are counted for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Clients at the same time.
const CLIENTS: usize = 6;
/// Runs of each client.
const RUNS: usize = 4;

fn store() -> ModelStore {
    let folder = std::env::var_os("INTERVIEW_MODELS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/interview/models"),
        PathBuf::from,
    );
    ModelStore::new(folder, Manifest::built_in().unwrap())
}

fn library() -> PathBuf {
    store().file("onnxruntime", "library").expect("run `interview models pull` first")
}

/// A server on threads of this process.
fn serve(folder: &Path, most_rows: usize) -> PathBuf {
    let socket = folder.join("models");
    let options = ServerOptions { library: None, device: Device::Cpu, threads: 1, recognisers: 2, most_rows };
    let server = Server::new(store(), options).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || server.serve(&listener));
    socket
}

fn runtime(shared: Option<&Path>) -> Runtime {
    Runtime::load(&library(), Device::Cpu).unwrap().with_shared(shared.map(Path::to_owned))
}

/// Numbers that look like a picture to a network, another for each `seed`.
fn picture(length: usize, least: f32, most: f32, seed: usize) -> Vec<f32> {
    let wave = |index: usize| ((index + seed * 7919) as f32 * 0.000_37).sin() * 0.5 + 0.5;
    (0..length).map(|index| least + (most - least) * wave(index)).collect()
}

/// Everything that the networks say of a few pictures and sentences, as numbers in a fixed order.
fn answers(runtime: &Runtime, client: usize) -> Vec<f32> {
    let store = store();
    let options = SessionOptions::default();
    let mut embedder = Embedder::load(runtime, &store, options).unwrap();
    let mut expression = ExpressionNet::load(runtime, &store).unwrap();
    let mut mesh = FaceMesh::load(runtime, &store).unwrap();
    let mut pose = PoseLandmarks::load(runtime, &store).unwrap();
    let mut people = PoseDetector::load(runtime, &store).unwrap();
    let mut near = FaceDetector::load(runtime, &store, FaceRange::Short).unwrap();
    let mut all = Vec::new();
    for run in 0..RUNS {
        let seed = client * RUNS + run;
        all.extend(expression.run(&picture(112 * 112 * 3, 0.0, 255.0, seed)).unwrap());
        let seen = mesh.run(&picture(192 * 192 * 3, 0.0, 1.0, seed)).unwrap();
        all.push(seen.presence);
        all.extend(seen.points.iter().flatten());
        let body = pose.run(&picture(256 * 256 * 3, 0.0, 1.0, seed)).unwrap();
        all.push(body.presence);
        all.extend(body.points.iter().flat_map(|point| point.position));
        all.push(people.detect(&picture(224 * 224 * 3, -1.0, 1.0, seed)).unwrap().len() as f32);
        all.push(near.detect(&picture(128 * 128 * 3, -1.0, 1.0, seed)).unwrap().len() as f32);
        let texts = [format!("I counted {seed} boxes."), "The customer was content.".to_owned()];
        all.extend(embedder.embed(&texts).unwrap());
    }
    all
}

#[test]
fn batches_of_several_clients_give_what_each_would_get_alone() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let socket = serve(folder.path(), 32);
    let here = runtime(None);
    let expected: Vec<Vec<f32>> = (0..CLIENTS).map(|client| answers(&here, client)).collect();
    let _ = clock::take_model_runs();
    let found: Vec<Vec<f32>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|client| (client, socket.clone())).collect();
        let running: Vec<_> = clients
            .into_iter()
            .map(|(client, socket)| scope.spawn(move || answers(&runtime(Some(&socket)), client)))
            .collect();
        running.into_iter().map(|client| client.join().unwrap()).collect()
    });
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected.len(), found.len());
        for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
            // Pixels of the mesh reach 200; a batch may add in another order.
            let tolerance = 1e-4 * expected.abs().max(1.0);
            assert!((expected - found).abs() <= tolerance, "{index}: {found} instead of {expected}");
        }
    }
    let runs = clock::take_model_runs();
    for (name, per_client) in
        [("face-mesh", 1), ("pose", 1), ("facial-expression", 1), ("sentence-embedding", 2)]
    {
        let count = runs[name];
        println!("{name}: {} rows in {} runs", count.rows, count.runs);
        assert_eq!(count.rows, (CLIENTS * RUNS * per_client) as u64, "{name}");
        assert!(count.runs <= count.rows / per_client as u64, "{name}");
    }
    // With six clients that ask without pause some must have met.
    assert!(runs["face-mesh"].runs < runs["face-mesh"].rows || runs["pose"].runs < runs["pose"].rows);
}

#[test]
fn one_row_at_a_time_gives_the_same_bits() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let socket = serve(folder.path(), 1);
    assert_eq!(answers(&runtime(None), 0), answers(&runtime(Some(&socket)), 0));
}

#[test]
fn speech_is_transcribed_to_the_same_bits() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let socket = serve(folder.path(), 32);
    let samples = picture(16_000 * 3, -0.3, 0.3, 3);
    let piece = SpeechPiece { samples, speech: vec![Span { start_s: 0.2, end_s: 2.8 }] };
    let hints = TranscriptionHints { language: Language::En, vocabulary: vec!["Rust".to_owned()] };
    let transcripts = |runtime: &Runtime| -> Vec<_> {
        let model = interview_models::moonshine::MODEL;
        let loaded = recogniser::load(model, runtime, &store(), 2).unwrap();
        assert_eq!(loaded.len(), 2);
        loaded
            .into_iter()
            .map(|mut recogniser: Box<dyn Transcriber>| {
                assert_eq!(recogniser.model(), model);
                assert_eq!(recogniser.languages(), [Language::En]);
                recogniser.transcribe(&piece, &hints).unwrap()
            })
            .collect()
    };
    let here = runtime(None);
    let shared = runtime(Some(&socket));
    assert_eq!(transcripts(&here), transcripts(&shared));
    assert_eq!(shared.loaded(), [interview_models::moonshine::MODEL]);
}

#[test]
fn what_the_server_cannot_load_is_an_error_with_its_code() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let socket = serve(folder.path(), 32);
    let shared = runtime(Some(&socket));
    let error = shared.network("no-such-model", &store(), SessionOptions::default()).err().unwrap();
    assert_eq!(error.code(), ErrorCode::Configuration, "{error}");
    assert!(error.to_string().contains("no-such-model"), "{error}");
    // The conversation goes on.
    ExpressionNet::load(&shared, &store()).unwrap().run(&picture(112 * 112 * 3, 0.0, 255.0, 1)).unwrap();
}
