//! Derives the canonical face of the head pose: the mean of the meshes of many faces after removing place,
//! size and rotation (generalised Procrustes analysis, Gower 1975), made symmetric and upright.
//!
//! `cargo run --release -p interview-pipeline --example canonical_face -- MODELS LIBRARY PICTURE… > \
//! pipeline/src/perception/vision/canonical_face.rs`

use std::error::Error;
use std::io::Write;
use std::path::Path;

use interview_models::{Device, Manifest, ModelStore, Runtime};
use interview_pipeline::media::VideoFrame;
use interview_pipeline::perception::vision::canonical_face::CanonicalPoint;
use interview_pipeline::perception::vision::crop::Picture;
use interview_pipeline::perception::vision::head_pose::{HeadPose, upright};
use interview_pipeline::perception::vision::mesh::region_of;
use interview_pipeline::perception::vision::models::VisionModels;
use nalgebra::{Matrix3, Vector3};

/// Points on the plane of symmetry that neither speech nor smiles move.
const MIDDLE: [usize; 11] = [10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1];
/// Pairs left and right of it.
#[rustfmt::skip]
const PAIRS: [(usize, usize); 30] = [
    (33, 263), (133, 362), (54, 284), (67, 297), (109, 338), (103, 332), (21, 251), (162, 389), (127, 356), (234, 454),
    (93, 323), (116, 345), (117, 346), (118, 347), (50, 280), (123, 352), (98, 327), (129, 358), (49, 279), (122, 351),
    (196, 419), (188, 412), (114, 343), (227, 447), (137, 366), (68, 298), (104, 333), (69, 299), (108, 337), (143, 372),
];
/// Top of the forehead and chin: the line between them is upright.
const UPRIGHT: (usize, usize) = (10, 152);

type Shape = Vec<Vector3<f64>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(models), Some(library)) = (arguments.next(), arguments.next()) else {
        return Err("usage: canonical_face MODELS LIBRARY PICTURE…".into());
    };
    let runtime = Runtime::load(Path::new(&library), Device::Cpu)?;
    let store = ModelStore::new(models, Manifest::built_in()?);
    let policy = interview_pipeline::policy::resolve(
        &interview_pipeline::policy::shipped("eu")?,
        &interview_schemas::policy::Consent::ALL.into_iter().collect(),
    )?;
    let mut vision = VisionModels::load(&runtime, &store, &policy)?;
    let mut shapes: Vec<Shape> = Vec::new();
    for path in arguments {
        let decoded = image::open(&path)?.to_rgb8();
        let frame = VideoFrame::from_rgb(0.0, decoded.width(), decoded.height(), decoded.into_raw());
        let picture = Picture::new(&frame).ok_or("empty picture")?;
        for found in vision.faces().detect(&frame, &picture)? {
            let region = region_of(&found.edges, found.keypoints[0], found.keypoints[1]);
            if let Some(mesh) = vision.faces().mesh(&picture, &region)?
                && mesh.distance(33, 263) > 30.0
            {
                shapes.push(mesh.points.iter().map(|&point| upright(point)).collect());
            }
        }
    }
    let count = shapes.len();
    let mut mean = shapes.first().ok_or("no face in any picture")?.clone();
    for _ in 0..12 {
        mean = normalised(&mean);
        mean = average(&shapes, &mean);
    }
    mean = normalised(&mean);
    print(&mean, count)
}

fn indices() -> impl Iterator<Item = usize> + Clone {
    MIDDLE.into_iter().chain(PAIRS.into_iter().flat_map(|(left, right)| [left, right]))
}

/// Mean of all shapes after each was laid onto the reference.
fn average(shapes: &[Shape], reference: &Shape) -> Shape {
    let known: Vec<CanonicalPoint> =
        indices().map(|index| CanonicalPoint { index, position: reference[index].into() }).collect();
    let mut sum = vec![Vector3::zeros(); reference.len()];
    let mut count = 0.0;
    for shape in shapes {
        if let Some(pose) = HeadPose::fit_points(known.iter().map(|point| (point, shape[point.index]))) {
            count += 1.0;
            for (total, &point) in sum.iter_mut().zip(shape) {
                *total += pose.rotation.transpose() * (point - pose.origin) / pose.scale;
            }
        }
    }
    sum.into_iter().map(|total| total / count).collect()
}

/// Symmetric, upright, the outer eye corners at a distance of 1 around the origin.
fn normalised(shape: &Shape) -> Shape {
    let right: Vector3<f64> =
        PAIRS.iter().map(|&(left, right)| shape[right] - shape[left]).sum::<Vector3<f64>>().normalize();
    let up = shape[UPRIGHT.0] - shape[UPRIGHT.1];
    let up = (up - right * up.dot(&right)).normalize();
    let axes = Matrix3::from_rows(&[right.transpose(), up.transpose(), right.cross(&up).transpose()]);
    let origin = (shape[33] + shape[263]) / 2.0;
    let width = (shape[33] - shape[263]).norm();
    let mut turned: Shape = shape.iter().map(|point| axes * (point - origin) / width).collect();
    let middle =
        PAIRS.iter().map(|&(l, r)| turned[l].x + turned[r].x).sum::<f64>() / (2.0 * PAIRS.len() as f64);
    turned.iter_mut().for_each(|point| point.x -= middle);
    for index in MIDDLE {
        turned[index].x = 0.0;
    }
    for (left, right) in PAIRS {
        let (a, b) = (turned[left], turned[right]);
        let mean = Vector3::new((b.x - a.x) / 2.0, (a.y + b.y) / 2.0, (a.z + b.z) / 2.0);
        turned[right] = mean;
        turned[left] = Vector3::new(-mean.x, mean.y, mean.z);
    }
    turned
}

fn print(shape: &Shape, count: usize) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "//! The canonical face: mean of the meshes of {count} faces without place, size and rotation, symmetric and\n\
         //! upright. Made by `pipeline/examples/canonical_face.rs`; not to be edited.\n\n\
         /// One point of the canonical face.\n\
         #[derive(Debug, Clone, Copy, PartialEq)]\n\
         pub struct CanonicalPoint {{\n\
         \x20   /// Index in the mesh.\n\
         \x20   pub index: usize,\n\
         \x20   /// Right (in the picture), up, towards the camera; the outer eye corners are 1 apart around the origin.\n\
         \x20   pub position: [f64; 3],\n\
         }}\n\n\
         /// Points that neither speech nor smiles move.\n\
         #[rustfmt::skip]\n\
         pub const CANONICAL: &[CanonicalPoint] = &["
    )?;
    let mut sorted: Vec<_> = indices().collect();
    sorted.sort_unstable();
    for index in sorted {
        let [x, y, z] = [shape[index].x, shape[index].y, shape[index].z].map(|value| value + 0.0);
        writeln!(out, "    CanonicalPoint {{ index: {index}, position: [{x:.5}, {y:.5}, {z:.5}] }},")?;
    }
    writeln!(out, "];")?;
    Ok(())
}
