//! Decodes through the built program's sandboxed process and keeps what came, to be compared.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::path::Path;

use interview_pipeline::media::{
    CancelToken, DecodeOptions, DecodeSummary, Decoders, MediaError, MediaSink, VideoFrame,
};
use interview_sandbox::Settings;

/// Decoders that run the built program.
#[must_use]
pub fn sandboxed() -> Decoders {
    Decoders::sandboxed(Settings { program: crate::program(), ..Settings::default() })
}

/// What came of a decode.
#[derive(Debug, Default, PartialEq)]
pub struct Heard {
    /// Samples.
    pub samples: usize,
    /// Hash of all samples.
    pub sound: u64,
    /// Time, size and hash of the planes of every picture.
    pub pictures: Vec<(f64, u32, u32, u64)>,
    /// What the container states about its length.
    pub claimed_s: Option<f64>,
}

impl MediaSink for Heard {
    fn claimed_duration(&mut self, seconds: f64) {
        self.claimed_s = Some(seconds);
    }

    fn audio(&mut self, samples: &[f32]) -> ControlFlow<()> {
        self.samples += samples.len();
        let mut hasher = DefaultHasher::new();
        self.sound.hash(&mut hasher);
        samples.iter().for_each(|sample| sample.to_bits().hash(&mut hasher));
        self.sound = hasher.finish();
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: VideoFrame) -> ControlFlow<()> {
        let mut hasher = DefaultHasher::new();
        for index in 0..3 {
            let Some((row_bytes, rows)) = frame.plane_size(index) else { continue };
            if let Some(plane) = frame.plane(index) {
                (0..rows).for_each(|row| plane.data[row * plane.stride..][..row_bytes].hash(&mut hasher));
            }
        }
        self.pictures.push((frame.t_s, frame.width(), frame.height(), hasher.finish()));
        ControlFlow::Continue(())
    }
}

/// Decodes a file with these decoders.
pub fn decode(
    decoders: &Decoders,
    path: &Path,
    options: &DecodeOptions,
) -> (Result<DecodeSummary, MediaError>, Heard) {
    let mut heard = Heard::default();
    let result = decoders.decode(path, options, &CancelToken::new(), &mut heard);
    (result, heard)
}
