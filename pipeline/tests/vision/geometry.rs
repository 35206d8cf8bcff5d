//! Head pose: rotated, mirrored and scaled pictures, and projections of the canonical face.

use image::{Rgb, RgbImage, imageops};
use interview_models::face_mesh::POINTS;
use interview_pipeline::perception::vision::VisionModels;
use interview_pipeline::perception::vision::canonical_face::CANONICAL;
use interview_pipeline::perception::vision::head_pose::HeadPose;
use interview_pipeline::perception::vision::mesh::Mesh;
use interview_schemas::perception::Face;
use nalgebra::{Matrix3, Rotation3, Vector3};

use crate::portrait::portrait;
use crate::support::{look_at, media, models, picture};

/// Yaw to the right, pitch upwards and roll clockwise, in degrees, as a rotation (x right, y up, z towards the
/// camera).
fn rotation(yaw: f64, pitch: f64, roll: f64) -> Matrix3<f64> {
    let about = |axis: Vector3<f64>, degrees: f64| Rotation3::new(axis * degrees.to_radians());
    (about(Vector3::z(), -roll) * about(Vector3::y(), yaw) * about(Vector3::x(), -pitch)).into_inner()
}

/// The canonical face seen by a camera at `distance` times the distance of the eye corners; `None`: from far away.
fn projected(rotation: Matrix3<f64>, distance: Option<f64>) -> Mesh {
    let mut points = vec![[0.0; 3]; POINTS];
    for point in CANONICAL {
        let turned = rotation * Vector3::from(point.position);
        let shrink = distance.map_or(1.0, |distance| distance / (distance - turned.z));
        let seen = [320.0 + 90.0 * turned.x * shrink, 240.0 - 90.0 * turned.y * shrink, -90.0 * turned.z];
        points[point.index] = seen.map(|value| value as f32);
    }
    Mesh { presence: 1.0, points, quality: None }
}

#[test]
fn a_projected_canonical_face_gives_back_its_angles() {
    for yaw in [-40.0, -15.0, 0.0, 25.0, 40.0] {
        for pitch in [-25.0, 0.0, 10.0, 25.0] {
            for roll in [-30.0, 0.0, 20.0] {
                for (distance, tolerance) in [(None, 0.01), (Some(8.0), 3.0)] {
                    let pose = HeadPose::fit(&projected(rotation(yaw, pitch, roll), distance)).unwrap();
                    let found = [pose.yaw_deg(), pose.pitch_deg(), pose.roll_deg()];
                    let case = format!("{yaw} {pitch} {roll} at {distance:?}: {found:?}");
                    assert!((found[0] - yaw).abs() < tolerance, "{case}");
                    assert!((found[1] - pitch).abs() < tolerance, "{case}");
                    assert!((found[2] - roll).abs() < tolerance, "{case}");
                }
            }
        }
    }
}

#[test]
fn a_mesh_without_extent_has_no_pose() {
    assert!(HeadPose::fit(&Mesh { presence: 1.0, points: vec![[5.0; 3]; POINTS], quality: None }).is_none());
}

/// Rotates a picture about its centre, clockwise, on a grey canvas of twice its size.
fn tilted(source: &RgbImage, degrees: f64) -> RgbImage {
    let (width, height) = (source.width() * 2, source.height() * 2);
    let (sin, cos) = degrees.to_radians().sin_cos();
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) - f64::from(width) / 2.0, f64::from(y) - f64::from(height) / 2.0);
        let at = [
            dx * cos + dy * sin + f64::from(source.width()) / 2.0,
            -dx * sin + dy * cos + f64::from(source.height()) / 2.0,
        ];
        if at[0] < 0.0 || at[1] < 0.0 {
            return Rgb([100, 100, 100]);
        }
        imageops::interpolate_bilinear(source, at[0] as f32, at[1] as f32).unwrap_or(Rgb([100, 100, 100]))
    })
}

fn face(models: &mut VisionModels, picture: &RgbImage) -> Face {
    let seen = look_at(models, picture);
    seen.faces.frames[0].faces.first().expect("a face").clone()
}

/// Faces that fill a good part of their picture.
fn pictures() -> Vec<RgbImage> {
    let mut pictures = vec![imageops::crop_imm(&portrait(), 80, 0, 290, 260).to_image()];
    for name in ["face_happy_single.jpg", "face_happy_justin.jpg", "face_neutral.jpg"] {
        pictures.extend(media(name).map(|path| picture(&path)));
    }
    pictures
}

#[test]
fn roll_follows_the_tilt_of_the_picture() {
    let mut models = models();
    for picture in pictures() {
        let upright = face(&mut models, &tilted(&picture, 0.0));
        for degrees in [-30.0, -15.0, 15.0, 30.0] {
            let found = face(&mut models, &tilted(&picture, degrees));
            let turn = found.roll_deg - upright.roll_deg;
            assert!((turn - degrees).abs() < 2.0, "{turn} instead of {degrees}");
            assert!((found.yaw_deg - upright.yaw_deg).abs() < 4.0);
        }
    }
}

#[test]
fn mirroring_changes_the_sign_of_yaw_and_roll() {
    let mut models = models();
    for picture in pictures() {
        let (straight, mirrored) =
            (face(&mut models, &picture), face(&mut models, &imageops::flip_horizontal(&picture)));
        let case = format!("{} {}", straight.yaw_deg, mirrored.yaw_deg);
        assert!((straight.yaw_deg + mirrored.yaw_deg).abs() < 3.0, "{case}");
        assert!((straight.roll_deg + mirrored.roll_deg).abs() < 2.0, "{case}");
        assert!((straight.pitch_deg - mirrored.pitch_deg).abs() < 3.0, "{case}");
    }
}

#[test]
fn size_does_not_change_the_pose() {
    let mut models = models();
    for picture in pictures() {
        let before = face(&mut models, &picture);
        let (width, height) = (picture.width() * 2, picture.height() * 2);
        let after =
            face(&mut models, &imageops::resize(&picture, width, height, imageops::FilterType::Triangle));
        assert!((after.yaw_deg - before.yaw_deg).abs() < 3.0);
        assert!((after.pitch_deg - before.pitch_deg).abs() < 3.0);
        assert!((after.roll_deg - before.roll_deg).abs() < 2.0);
        assert!((after.bounds.width / before.bounds.width - 2.0).abs() < 0.1);
    }
}
