//! Observable actions of a face: eye opening, gaze, mouth and brows, with place, size and turn of the head removed.

use interview_schemas::features::round_decimals;
use interview_schemas::perception::{FaceGeometry, Gaze};
use nalgebra::Vector3;

use super::head_pose::HeadPose;
use super::mesh::{EYE_RIMS, LEFT_EYE_OUTER, Mesh, RIGHT_EYE_OUTER};

/// Distance of the iris from the centre about which the eye turns, in units of the distance of the outer eye
/// corners: about 11 mm of 88 mm (Bekerman et al. 2014; NASA-STD-3000 biocular breadth).
const EYE_RADIUS: f64 = 0.125;
/// Below this eye aspect ratio an eye is shut and its gaze unknown, whoever it belongs to.
const SHUT: f64 = 0.10;
/// Eyes closer together than this many pixels are too small for a gaze.
const SMALLEST_EYE_DISTANCE: f64 = 20.0;
/// Brow above and eye rim below it, left and right of the picture: inner, middle and outer third.
const BROWS: [[(usize, usize); 3]; 2] =
    [[(107, 157), (105, 159), (63, 160)], [(336, 384), (334, 386), (293, 387)]];
/// Corners of the mouth.
const MOUTH_CORNERS: (usize, usize) = (61, 291);
/// Middle of the inner lips: upper and lower.
const INNER_LIPS: (usize, usize) = (13, 14);

/// What can be seen of a face.
pub struct FaceActions {
    /// Direction of the eyes; `None` when they are shut or too small.
    pub gaze: Option<Gaze>,
    /// Openings and distances.
    pub geometry: FaceGeometry,
}

/// Measures a face. All distances are taken after the head was turned back to the front.
#[must_use]
pub fn measure(mesh: &Mesh, pose: &HeadPose) -> Option<FaceActions> {
    let front = |index: usize| pose.to_canonical(mesh.points[index]);
    let unit = flat_distance(front(LEFT_EYE_OUTER), front(RIGHT_EYE_OUTER));
    if unit <= 1.0e-3 || unit.is_nan() {
        return None;
    }
    let apart = |a: usize, b: usize| flat_distance(front(a), front(b));
    let openings = EYE_RIMS
        .map(|[p0, p1, p2, p3, p4, p5]| (apart(p1, p5) + apart(p2, p4)) / (2.0 * apart(p0, p3)).max(1.0e-6));
    let (left, right) = (front(MOUTH_CORNERS.0), front(MOUTH_CORNERS.1));
    let (upper, lower) = (front(INNER_LIPS.0), front(INNER_LIPS.1));
    let brow = BROWS.iter().flatten().map(|&(brow, eye)| front(brow).y - front(eye).y).sum::<f64>() / 6.0;
    let geometry = FaceGeometry {
        eye_aspect_ratio: (openings[0] + openings[1]) / 2.0,
        mouth_width: flat_distance(left, right) / unit,
        mouth_opening: flat_distance(upper, lower) / unit,
        mouth_corner_lift: ((left.y + right.y) / 2.0 - (upper.y + lower.y) / 2.0) / unit,
        brow_raise: brow / unit,
    };
    let gaze = (openings.iter().all(|&opening| opening > SHUT) && pose.scale >= SMALLEST_EYE_DISTANCE)
        .then(|| gaze(mesh, pose, unit));
    let numbers = [
        geometry.eye_aspect_ratio,
        geometry.mouth_width,
        geometry.mouth_opening,
        geometry.mouth_corner_lift,
        geometry.brow_raise,
    ];
    if !numbers.iter().all(|value| value.is_finite()) {
        return None;
    }
    Some(FaceActions {
        gaze,
        geometry: FaceGeometry {
            eye_aspect_ratio: round_decimals(geometry.eye_aspect_ratio, 4),
            mouth_width: round_decimals(geometry.mouth_width, 4),
            mouth_opening: round_decimals(geometry.mouth_opening, 4),
            mouth_corner_lift: round_decimals(geometry.mouth_corner_lift, 4),
            brow_raise: round_decimals(geometry.brow_raise, 4),
        },
    })
}

/// Mean direction of both eyes: how far each iris stands from the middle of its eye, as a turn of the eyeball,
/// then turned with the head.
fn gaze(mesh: &Mesh, pose: &HeadPose, unit: f64) -> Gaze {
    let front = |index: usize| pose.to_canonical(mesh.points[index]);
    let irises = mesh.irises().map(|point| pose.to_canonical(point));
    let mut direction = Vector3::zeros();
    for (rim, iris) in EYE_RIMS.iter().zip(irises) {
        let middle = (front(rim[0]) + front(rim[3])) / 2.0;
        let turn = |offset: f64| (offset / unit / EYE_RADIUS).clamp(-0.9, 0.9);
        let (x, y) = (turn(iris.x - middle.x), turn(iris.y - middle.y));
        direction += Vector3::new(x, y, (1.0 - x * x - y * y).max(0.04).sqrt()).normalize();
    }
    let seen = (pose.rotation * direction).normalize();
    Gaze {
        yaw_deg: round_decimals(seen.x.atan2(seen.z).to_degrees(), 2),
        pitch_deg: round_decimals(seen.y.clamp(-1.0, 1.0).asin().to_degrees(), 2),
    }
}

/// Distance without depth: the depth of lips and eyelids is only guessed by the network.
fn flat_distance(a: Vector3<f64>, b: Vector3<f64>) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}
