//! The mesh of one face in the picture: regions for the networks, boxes and distances.

use interview_models::anchors::overlap;
use interview_models::face_detector::FaceDetection;
use interview_models::face_mesh::{CropMesh, INPUT_SIZE, LEFT_IRIS, RIGHT_IRIS, SKIN_POINTS};
use interview_schemas::perception::FaceQuality;

use super::crop::Region;

/// The crop is so much larger than the face.
const MARGIN: f32 = 1.5;
/// Outer corner of the eye on the left of the picture (the person's right eye).
pub const LEFT_EYE_OUTER: usize = 33;
/// Outer corner of the eye on the right of the picture.
pub const RIGHT_EYE_OUTER: usize = 263;

/// Rim of the eyes in the order of Soukupová and Čech: outer corner, two above, inner corner, two below (left of
/// the picture); inner corner, two above, outer corner, two below (right).
pub const EYE_RIMS: [[usize; 6]; 2] = [[33, 160, 158, 133, 153, 144], [362, 385, 387, 263, 373, 380]];

/// Points of the mesh that stand for the usual 68: jaw, brows, nose, eyes, mouth.
#[rustfmt::skip]
pub const SIXTY_EIGHT: [usize; 68] = [
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389, 71, 63, 105, 66, 107, 336, 296,
    334, 293, 301, 168, 197, 5, 4, 75, 97, 2, 326, 305, 33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380, 61,
    39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
];

/// A mesh in pixels of the display orientation.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// Probability that it is a face, 0–1.
    pub presence: f32,
    /// x, y and depth of the 478 points; depth grows away from the camera, in the same unit.
    pub points: Vec<[f32; 3]>,
    /// How well the face can be seen, where its pixels were looked at.
    pub quality: Option<FaceQuality>,
}

impl Mesh {
    /// Brings the mesh of a crop into the picture.
    #[must_use]
    pub fn from_crop(crop: &CropMesh, region: &Region) -> Self {
        let size = INPUT_SIZE as f32;
        let points = crop
            .points
            .iter()
            .map(|point| {
                let [x, y] = region.to_picture([point[0] / size, point[1] / size]);
                [x, y, point[2] / size * region.side]
            })
            .collect();
        Self { presence: crop.presence, points, quality: None }
    }

    /// A point in the picture.
    #[must_use]
    pub fn at(&self, index: usize) -> [f32; 2] {
        [self.points[index][0], self.points[index][1]]
    }

    /// Distance of two points in the picture.
    #[must_use]
    pub fn distance(&self, a: usize, b: usize) -> f32 {
        let (a, b) = (self.at(a), self.at(b));
        (a[0] - b[0]).hypot(a[1] - b[1])
    }

    /// Left, top, right and bottom of the skin.
    #[must_use]
    pub fn edges(&self) -> [f32; 4] {
        bounds(self.points[..SKIN_POINTS].iter())
    }

    /// Left, top, right and bottom of the 68 usual points: the box that the expression network was trained on.
    #[must_use]
    pub fn edges_of_68(&self) -> [f32; 4] {
        bounds(SIXTY_EIGHT.iter().map(|&index| &self.points[index]))
    }

    /// Where to look for this face in the next frame.
    #[must_use]
    pub fn next_region(&self) -> Region {
        let (left, right) = (self.at(LEFT_EYE_OUTER), self.at(RIGHT_EYE_OUTER));
        region_of(&self.edges(), left, right)
    }

    /// Centres of the irises, left and right of the picture.
    #[must_use]
    pub fn irises(&self) -> [[f32; 3]; 2] {
        [self.points[LEFT_IRIS], self.points[RIGHT_IRIS]]
    }

    /// Intersection over union with another mesh.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f32 {
        overlap(&self.edges(), &other.edges())
    }
}

/// Where to look for the mesh of a face that a detector found; `edges` and `eyes` in pixels.
#[must_use]
pub fn region_of(edges: &[f32; 4], left_eye: [f32; 2], right_eye: [f32; 2]) -> Region {
    Region {
        centre_x: (edges[0] + edges[2]) / 2.0,
        centre_y: (edges[1] + edges[3]) / 2.0,
        side: MARGIN * (edges[2] - edges[0]).max(edges[3] - edges[1]),
        rotation: (right_eye[1] - left_eye[1]).atan2(right_eye[0] - left_eye[0]),
    }
}

/// A detection in pixels: box as left, top, right, bottom and keypoints.
#[must_use]
pub fn in_picture(found: &FaceDetection, square: &Region) -> FaceDetection {
    let place = |x: f32, y: f32| square.to_picture([x, y]);
    let [left, top] = place(found.edges[0], found.edges[1]);
    let [right, bottom] = place(found.edges[2], found.edges[3]);
    FaceDetection {
        score: found.score,
        edges: [left, top, right, bottom],
        keypoints: found.keypoints.map(|[x, y]| place(x, y)),
    }
}

fn bounds<'a>(points: impl Iterator<Item = &'a [f32; 3]>) -> [f32; 4] {
    points.fold([f32::INFINITY, f32::INFINITY, f32::NEG_INFINITY, f32::NEG_INFINITY], |edges, point| {
        [edges[0].min(point[0]), edges[1].min(point[1]), edges[2].max(point[0]), edges[3].max(point[1])]
    })
}
