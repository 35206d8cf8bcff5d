//! Body pose: MediaPipe's person detector and 33 body landmarks (BlazePose full).
//!
//! Bazarevsky et al., "BlazePose: On-device Real-time Body Pose Tracking" (2020).

use crate::anchors::{Detection, anchors, decode, sigmoid, weighted_nms};
use crate::session::{Input, ModelSession, Numbers};
use crate::{ModelError, ModelStore, Runtime, SessionOptions};

/// Name of the detector in the manifest.
pub const DETECTOR: &str = "mediapipe-pose-detector";
/// Name of the landmark network in the manifest.
pub const LANDMARKS: &str = "mediapipe-pose";
/// Side of the square input of the detector in pixels.
pub const DETECTOR_INPUT_SIZE: usize = 224;
/// Side of the square input of the landmark network in pixels.
pub const INPUT_SIZE: usize = 256;
/// Body points.
pub const POINTS: usize = 33;
/// Body points and the two auxiliary points that give the region of the next frame.
pub const ALL_POINTS: usize = 39;
/// Index of the auxiliary point at the centre of the body.
pub const CENTRE: usize = 33;
/// Index of the auxiliary point that gives size and direction of the body.
pub const EXTENT: usize = 34;

const THRESHOLD: f32 = 0.5;
const HEATMAP: usize = 64;
/// The heat map is looked at so many cells around a point.
const REACH: usize = 3;

/// A found body: keypoint 0 is the centre of the hips, 1 a point that gives size and direction.
pub type PoseDetection = Detection<4>;

/// A loaded person detector.
pub struct PoseDetector {
    session: ModelSession,
    anchors: Vec<[f32; 2]>,
}

impl PoseDetector {
    /// Loads the detector.
    ///
    /// # Errors
    /// [`ModelError`] when the file is missing or cannot be loaded.
    pub fn load(runtime: &Runtime, store: &ModelStore) -> Result<Self, ModelError> {
        let session = runtime.network(DETECTOR, store, SessionOptions::default())?;
        Ok(Self { session, anchors: anchors(&[(28, 2), (14, 2), (7, 6)]) })
    }

    /// Finds people in a square, best first; input as for the face detectors, 224×224, -1 to 1.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn detect(&mut self, input: &[f32]) -> Result<Vec<PoseDetection>, ModelError> {
        let size = DETECTOR_INPUT_SIZE;
        let input = Input { name: "", shape: &[1, size, size, 3], numbers: Numbers::F32(input) };
        let outputs = self.session.run("pose-detector", 1, &[input])?;
        let (_, regressors) = outputs.get("Identity")?;
        let (_, logits) = outputs.get("Identity_1")?;
        Ok(weighted_nms(decode(regressors, logits, &self.anchors, size, THRESHOLD)))
    }
}

/// One point of the body in a crop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PosePoint {
    /// x and y as shares of the crop: (0, 0) top left, (1, 1) bottom right.
    pub position: [f32; 2],
    /// Probability that the point is not hidden, 0–1.
    pub visibility: f32,
    /// Probability that the point lies within the crop, 0–1.
    pub presence: f32,
}

/// The body in a crop.
#[derive(Debug, Clone)]
pub struct CropPose {
    /// Probability that the crop shows a body, 0–1.
    pub presence: f32,
    /// [`ALL_POINTS`] points.
    pub points: Vec<PosePoint>,
}

/// A loaded landmark network.
pub struct PoseLandmarks {
    session: ModelSession,
}

impl PoseLandmarks {
    /// Loads the network.
    ///
    /// # Errors
    /// [`ModelError`] when the file is missing or cannot be loaded.
    pub fn load(runtime: &Runtime, store: &ModelStore) -> Result<Self, ModelError> {
        Ok(Self { session: runtime.network(LANDMARKS, store, SessionOptions::default())? })
    }

    /// The body in a crop: `256 * 256 * 3` values of 0 to 1.
    ///
    /// # Errors
    /// [`ModelError::Inference`]; also when a coordinate is not a finite number.
    pub fn run(&mut self, input: &[f32]) -> Result<CropPose, ModelError> {
        let input = Input { name: "", shape: &[1, INPUT_SIZE, INPUT_SIZE, 3], numbers: Numbers::F32(input) };
        let outputs = self.session.run("pose", 1, &[input])?;
        let (_, landmarks) = outputs.get("Identity")?;
        let (_, presence) = outputs.get("Identity_1")?;
        let (_, heat) = outputs.get("Identity_3")?;
        let presence = presence.first().copied().unwrap_or(f32::NAN);
        if landmarks.len() != ALL_POINTS * 5
            || heat.len() != HEATMAP * HEATMAP * ALL_POINTS
            || !presence.is_finite()
            || !landmarks.iter().all(|value| value.is_finite())
        {
            return Err(ModelError::inference(LANDMARKS, "39 finite points were expected"));
        }
        let points = landmarks
            .chunks_exact(5)
            .enumerate()
            .map(|(index, values)| PosePoint {
                position: refine(index, [values[0], values[1]].map(|value| value / INPUT_SIZE as f32), heat),
                visibility: sigmoid(values[3]),
                presence: sigmoid(values[4]),
            })
            .collect();
        Ok(CropPose { presence, points })
    }
}

/// Moves a point to the centre of the warmth around it in its heat map, where that is warm enough.
fn refine(index: usize, position: [f32; 2], heat: &[f32]) -> [f32; 2] {
    let cell = position.map(|value| (value * HEATMAP as f32).floor());
    if !cell.iter().all(|value| (0.0..HEATMAP as f32).contains(value)) {
        return position;
    }
    let [column, row] = cell.map(|value| value as usize);
    let window = |middle: usize| middle.saturating_sub(REACH)..(middle + REACH + 1).min(HEATMAP);
    let (mut total, mut x, mut y, mut warmest) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
    for r in window(row) {
        for c in window(column) {
            let weight = sigmoid(heat[(r * HEATMAP + c) * ALL_POINTS + index]);
            total += weight;
            x += weight * c as f32;
            y += weight * r as f32;
            warmest = warmest.max(weight);
        }
    }
    if warmest >= 0.5 { [x / total / HEATMAP as f32, y / total / HEATMAP as f32] } else { position }
}
