//! What the models are (manifest, cache folder, checksums) and how they run: one thin adapter per model
//! over ONNX Runtime or whisper.cpp. Adapters hold tensors, pre- and postprocessing; they never judge.

pub mod anchors;
pub mod clock;
pub mod device;
pub mod error;
pub mod expression;
pub mod face_detector;
pub mod face_mesh;
mod logits;
pub mod manifest;
pub mod minilm;
pub mod moonshine;
pub mod pose;
pub mod pull;
pub mod recogniser;
pub mod repetition;
pub mod runtime;
pub mod sense_voice;
pub mod session;
pub mod shared;
pub mod silero;
pub mod store;
mod token_words;
pub mod transcriber;
#[cfg(feature = "whisper")]
pub mod whisper;
pub mod word_times;

pub use device::Device;
pub use error::ModelError;
pub use manifest::Manifest;
pub use minilm::Embedder;
pub use runtime::{Runtime, SessionOptions};
pub use store::ModelStore;
pub use transcriber::Transcriber;
