//! Face mesh with attention: 478 points of one face, irises included (MediaPipe).
//!
//! Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time" (2020).

use crate::anchors::sigmoid;
use crate::session::{Input, ModelSession, Numbers, Outputs};
use crate::{ModelError, ModelStore, Runtime, SessionOptions};

/// Name in the manifest.
pub const MODEL: &str = "mediapipe-face-mesh";
/// Side of the square input in pixels.
pub const INPUT_SIZE: usize = 192;
/// Number of points: 468 of the skin, then 5 of each iris (centre first).
pub const POINTS: usize = 478;
/// Number of points of the skin.
pub const SKIN_POINTS: usize = 468;
/// Index of the centre of the iris on the left of the picture (the person's right eye).
pub const LEFT_IRIS: usize = 468;
/// Index of the centre of the iris on the right of the picture.
pub const RIGHT_IRIS: usize = 473;

#[rustfmt::skip]
const LIPS: [usize; 80] = [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95, 88, 178, 87, 14,
    317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415, 76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306,
    184, 74, 73, 72, 11, 302, 303, 304, 408, 62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268,
    271, 272, 407,
];
#[rustfmt::skip]
const LEFT_EYE: [usize; 71] = [
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112, 243,
    247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189, 35, 124,
    46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
];
#[rustfmt::skip]
const RIGHT_EYE: [usize; 71] = [
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252, 256,
    341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442,
    441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336,
    285, 417,
];
/// So many of the first points of an eye lie on its rim; their mean depth is that of the iris.
const RIM: usize = 16;

/// The mesh of one crop.
#[derive(Debug, Clone)]
pub struct CropMesh {
    /// Probability that the crop shows a face, 0–1.
    pub presence: f32,
    /// x, y and depth of the [`POINTS`] points in crop pixels (0 to [`INPUT_SIZE`]); depth grows away from the
    /// camera and is relative to the middle of the head.
    pub points: Vec<[f32; 3]>,
}

/// A loaded face mesh.
pub struct FaceMesh {
    session: ModelSession,
}

impl FaceMesh {
    /// Loads the mesh.
    ///
    /// # Errors
    /// [`ModelError`] when the file is missing or cannot be loaded.
    pub fn load(runtime: &Runtime, store: &ModelStore) -> Result<Self, ModelError> {
        Ok(Self { session: runtime.network(MODEL, store, SessionOptions::default())? })
    }

    /// The mesh of the face in a crop.
    ///
    /// `input`: RGB, row after row, `192 * 192 * 3` values of 0 to 1, the face upright and filling two thirds.
    ///
    /// # Errors
    /// [`ModelError::Inference`]; also when a coordinate is not a finite number.
    pub fn run(&mut self, input: &[f32]) -> Result<CropMesh, ModelError> {
        let input = Input { name: "", shape: &[1, INPUT_SIZE, INPUT_SIZE, 3], numbers: Numbers::F32(input) };
        let outputs = self.session.run("face-mesh", 1, &[input])?;
        assemble(&outputs)
    }
}

/// `count` points of `width` numbers each.
fn tensor<'a>(
    outputs: &'a Outputs<'_>,
    name: &str,
    count: usize,
    width: usize,
) -> Result<std::slice::ChunksExact<'a, f32>, ModelError> {
    let (_, values) = outputs.get(name)?;
    if values.len() != count * width {
        return Err(ModelError::inference(MODEL, format!("{name} has {} numbers", values.len())));
    }
    Ok(values.chunks_exact(width))
}

fn assemble(outputs: &Outputs<'_>) -> Result<CropMesh, ModelError> {
    let flag = tensor(outputs, "conv_faceflag", 1, 1)?.next().map_or(f32::NAN, |value| value[0]);
    let mut points: Vec<[f32; 3]> = tensor(outputs, "output_mesh_identity", SKIN_POINTS, 3)?
        .map(|point| [point[0], point[1], point[2]])
        .collect();
    let refined: [(&str, &[usize]); 3] =
        [("output_lips", &LIPS), ("output_left_eye", &LEFT_EYE), ("output_right_eye", &RIGHT_EYE)];
    for (name, indices) in refined {
        for (&index, point) in indices.iter().zip(tensor(outputs, name, indices.len(), 2)?) {
            points[index][..2].copy_from_slice(point);
        }
    }
    for (name, eye) in [("output_left_iris", &LEFT_EYE), ("output_right_iris", &RIGHT_EYE)] {
        let depth = eye[..RIM].iter().map(|&index| points[index][2]).sum::<f32>() / RIM as f32;
        points.extend(tensor(outputs, name, 5, 2)?.map(|point| [point[0], point[1], depth]));
    }
    if !flag.is_finite() || !points.iter().flatten().all(|value| value.is_finite()) {
        return Err(ModelError::inference(MODEL, "a coordinate is not a finite number"));
    }
    Ok(CropMesh { presence: sigmoid(flag), points })
}
