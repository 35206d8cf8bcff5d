//! Face detectors: MediaPipe BlazeFace, full range and short range.

use crate::anchors::{Detection, anchors, decode, weighted_nms};
use crate::session::{Input, ModelSession, Numbers};
use crate::{ModelError, ModelStore, Runtime, SessionOptions};

/// Number of keypoints: the person's right eye, left eye, nose tip, mouth, right ear, left ear.
pub const KEYPOINTS: usize = 6;

/// A found face.
pub type FaceDetection = Detection<KEYPOINTS>;

/// Which of the two detectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceRange {
    /// Faces near the camera, also turned or half-dark ones; 128×128, threshold 0.5.
    Short,
    /// Faces from 4 % of the picture; 192×192, threshold 0.6.
    Full,
}

impl FaceRange {
    /// Name in the manifest.
    #[must_use]
    pub fn model(self) -> &'static str {
        match self {
            Self::Short => "mediapipe-face-detector-short",
            Self::Full => "mediapipe-face-detector-full",
        }
    }

    /// Side of the square input in pixels.
    #[must_use]
    pub fn input_size(self) -> usize {
        match self {
            Self::Short => 128,
            Self::Full => 192,
        }
    }

    /// The score from which its makers take a box for a face.
    #[must_use]
    pub fn threshold(self) -> f32 {
        match self {
            Self::Short => 0.5,
            Self::Full => 0.6,
        }
    }

    fn grids(self) -> &'static [(usize, usize)] {
        match self {
            Self::Short => &[(16, 2), (8, 6)],
            Self::Full => &[(48, 1)],
        }
    }

    fn outputs(self) -> (&'static str, &'static str) {
        match self {
            Self::Short => ("regressors", "classificators"),
            Self::Full => ("Identity", "Identity_1"),
        }
    }
}

/// A loaded face detector.
pub struct FaceDetector {
    session: ModelSession,
    range: FaceRange,
    anchors: Vec<[f32; 2]>,
}

impl FaceDetector {
    /// Loads the detector.
    ///
    /// # Errors
    /// [`ModelError`] when the file is missing or cannot be loaded.
    pub fn load(runtime: &Runtime, store: &ModelStore, range: FaceRange) -> Result<Self, ModelError> {
        let session = runtime.network(range.model(), store, SessionOptions::default())?;
        Ok(Self { session, range, anchors: anchors(range.grids()) })
    }

    /// Which detector this is.
    #[must_use]
    pub fn range(&self) -> FaceRange {
        self.range
    }

    /// Finds faces in a square, best first.
    ///
    /// `input`: RGB, row after row, `input_size * input_size * 3` values of -1 to 1 (`v / 127.5 - 1`), the picture
    /// centred and padded with black (-1) to a square.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn detect(&mut self, input: &[f32]) -> Result<Vec<FaceDetection>, ModelError> {
        let model = self.range.model();
        let size = self.range.input_size();
        let input = Input { name: "", shape: &[1, size, size, 3], numbers: Numbers::F32(input) };
        let outputs = self.session.run(model, 1, &[input])?;
        let (boxes, scores) = self.range.outputs();
        let (_, regressors) = outputs.get(boxes)?;
        let (_, logits) = outputs.get(scores)?;
        Ok(weighted_nms(decode(regressors, logits, &self.anchors, size, self.range.threshold())))
    }
}
