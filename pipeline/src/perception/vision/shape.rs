//! The shape of a face as far as geometry tells it: where its rigid points lie once place, size and rotation are
//! removed. Enough to notice that somebody else sits there, far too coarse to recognise a person; no biometric
//! descriptor is computed.

use super::canonical_face::CANONICAL;
use super::head_pose::HeadPose;
use super::mesh::Mesh;

/// Heads that are turned or nodded further than this do not show their shape well.
const LARGEST_TURN_DEG: f64 = 25.0;
/// Faces with their eyes closer together than this many pixels are too small.
const SMALLEST_EYE_DISTANCE: f64 = 24.0;
/// A shape within this distance of the mean of a track is taken for the same face; in shares of the distance of
/// the outer eye corners, root mean square over the points.
pub const SAME_SHAPE: f64 = 0.022;
/// So many frames make a mean that can be compared.
const ENOUGH_FRAMES: u32 = 3;

/// The rigid points of one frame in units of the canonical face, x and y only: the depth of the mesh is guessed.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceShape(Vec<[f64; 2]>);

impl FaceShape {
    /// Measures the shape; `None` when the face is turned away too far or too small.
    #[must_use]
    pub fn measure(mesh: &Mesh, pose: &HeadPose) -> Option<Self> {
        if pose.yaw_deg().abs() > LARGEST_TURN_DEG
            || pose.pitch_deg().abs() > LARGEST_TURN_DEG
            || pose.scale < SMALLEST_EYE_DISTANCE
        {
            return None;
        }
        Some(Self(
            CANONICAL
                .iter()
                .map(|point| {
                    let seen = pose.to_canonical(mesh.points[point.index]);
                    [seen.x - point.position[0], seen.y - point.position[1]]
                })
                .collect(),
        ))
    }
}

/// The mean shape of a track.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShapeMean {
    sums: Vec<[f64; 2]>,
    count: u32,
}

impl ShapeMean {
    /// Adds the shape of one frame.
    pub fn add(&mut self, shape: &FaceShape) {
        if self.sums.is_empty() {
            self.sums = vec![[0.0; 2]; shape.0.len()];
        }
        for (sum, point) in self.sums.iter_mut().zip(&shape.0) {
            sum[0] += point[0];
            sum[1] += point[1];
        }
        self.count = self.count.saturating_add(1);
    }

    /// Root mean square distance of a shape from the mean; `None` while there is no mean worth the name.
    #[must_use]
    pub fn distance(&self, shape: &FaceShape) -> Option<f64> {
        if self.count < ENOUGH_FRAMES {
            return None;
        }
        let count = f64::from(self.count);
        let sum: f64 = self
            .sums
            .iter()
            .zip(&shape.0)
            .map(|(sum, point)| (sum[0] / count - point[0]).powi(2) + (sum[1] / count - point[1]).powi(2))
            .sum();
        Some((sum / shape.0.len().max(1) as f64).sqrt())
    }

    /// Root mean square distance of two means; `None` while one of them is not worth the name.
    #[must_use]
    pub fn apart(&self, other: &Self) -> Option<f64> {
        if other.count < ENOUGH_FRAMES {
            return None;
        }
        let count = f64::from(other.count);
        self.distance(&FaceShape(other.sums.iter().map(|sum| [sum[0] / count, sum[1] / count]).collect()))
    }

    /// The distance where it is small enough for the same face.
    #[must_use]
    pub fn same_face(&self, shape: &FaceShape) -> Option<f64> {
        self.distance(shape).filter(|distance| *distance < SAME_SHAPE)
    }
}
