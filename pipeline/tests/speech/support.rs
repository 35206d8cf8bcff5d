//! The models and recordings of these tests.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use interview_models::{Device, Manifest, ModelStore, Runtime};

/// The models on this machine: `INTERVIEW_MODELS`, or the user's cache.
pub(crate) fn store() -> ModelStore {
    let folder = std::env::var_os("INTERVIEW_MODELS").map_or_else(
        || {
            let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            cache
                .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
                .unwrap()
                .join("interview/models")
        },
        PathBuf::from,
    );
    ModelStore::new(folder, Manifest::built_in().unwrap())
}

/// ONNX Runtime on the processor, loaded once.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let library = store().file("onnxruntime", "library").unwrap_or_else(|error| panic!("{error}"));
        Runtime::load(&library, Device::Cpu).unwrap()
    })
}

/// A recording of the manifest.
pub(crate) fn sample(role: &str) -> Vec<f32> {
    let path = store().file("speech-samples", role).unwrap_or_else(|error| panic!("{error}"));
    read_wav(&path)
}

/// 16-bit WAV as mono sound at 16 kHz.
pub(crate) fn read_wav(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..4], b"RIFF", "{}", path.display());
    let number = |at: usize, length: usize| -> usize {
        bytes[at..at + length].iter().rev().fold(0, |sum, &byte| sum * 256 + usize::from(byte))
    };
    let (mut at, mut channels, mut rate) = (12, 1, 16_000);
    loop {
        let length = number(at + 4, 4);
        match &bytes[at..at + 4] {
            b"fmt " => {
                (channels, rate) = (number(at + 10, 2), number(at + 12, 4));
                assert_eq!(number(at + 22, 2), 16, "{}", path.display());
            }
            b"data" => {
                let end = (at + 8 + length).min(bytes.len());
                let samples: Vec<f32> = bytes[at + 8..end]
                    .chunks_exact(2)
                    .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0)
                    .collect();
                let mono: Vec<f32> = samples
                    .chunks_exact(channels)
                    .map(|frame| frame.iter().sum::<f32>() / channels as f32)
                    .collect();
                return resample(&mono, rate, 16_000);
            }
            _ => {}
        }
        at += 8 + length + length % 2;
    }
}

/// Resamples by a windowed sinc with 32 zero crossings; good enough to be no source of word errors.
pub(crate) fn resample(samples: &[f32], from_hz: usize, to_hz: usize) -> Vec<f32> {
    if from_hz == to_hz {
        return samples.to_vec();
    }
    let ratio = to_hz as f64 / from_hz as f64;
    let cutoff = ratio.min(1.0);
    let half = (32.0 / cutoff) as i64;
    let length = (samples.len() as f64 * ratio) as usize;
    (0..length)
        .map(|index| {
            let centre = index as f64 / ratio;
            let first = centre.floor() as i64 - half;
            let mut sum = 0.0;
            for tap in first.max(0)..(first + 2 * half).min(samples.len() as i64) {
                let distance = centre - tap as f64;
                let x = std::f64::consts::PI * distance * cutoff;
                let sinc = if x.abs() < 1e-9 { 1.0 } else { x.sin() / x };
                let window = 0.5 + 0.5 * (std::f64::consts::PI * distance / (half as f64 + 1.0)).cos();
                sum += f64::from(samples[tap as usize]) * sinc * cutoff * window;
            }
            sum as f32
        })
        .collect()
}
