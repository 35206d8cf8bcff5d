//! The body at a low rate: shoulders, arms and hands of the person whose face is largest.

use std::collections::BTreeMap;

use interview_models::ModelError;
use interview_models::pose::{self, CENTRE, CropPose, EXTENT, POINTS};
use interview_schemas::features::round_decimals;
use interview_schemas::perception::{BodyFrame, BodyPoint};

use super::crop::{Border, Picture, Region, Scale};
use super::models::ReaderModels;
use crate::media::VideoFrame;

/// The region is so much larger than twice the distance of the two points that give it.
const MARGIN: f32 = 1.25;
/// Presence below which there is no body.
const PRESENCE_FLOOR: f32 = 0.5;
/// Visibility below which a point is not in view.
const VISIBLE: f32 = 0.5;

/// Names of the 33 points; left and right are the person's own.
pub const NAMES: [&str; POINTS] = [
    "nose",
    "left_eye_inner",
    "left_eye",
    "left_eye_outer",
    "right_eye_inner",
    "right_eye",
    "right_eye_outer",
    "left_ear",
    "right_ear",
    "mouth_left",
    "mouth_right",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_pinky",
    "right_pinky",
    "left_index",
    "right_index",
    "left_thumb",
    "right_thumb",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
    "left_heel",
    "right_heel",
    "left_foot_index",
    "right_foot_index",
];
/// Points that are written down: head, shoulders, arms, hands and hips.
const KEPT: usize = 25;

/// Follows one body.
#[derive(Debug, Default)]
pub struct BodyTracker {
    region: Option<Region>,
}

impl BodyTracker {
    /// Forgets where the body was.
    pub fn lose(&mut self) {
        self.region = None;
    }

    /// Looks for the body. `face`: left, top, right and bottom of the largest face, where there is one.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn look(
        &mut self,
        models: &mut ReaderModels,
        frame: &VideoFrame,
        picture: &Picture<'_>,
        face: Option<[f32; 4]>,
    ) -> Result<BodyFrame, ModelError> {
        if let Some(region) = self.region.take()
            && let Some(found) = self.landmarks(models, frame, picture, &region, face)?
        {
            return Ok(found);
        }
        if let Some(region) = detect(models, frame, picture, face)?
            && let Some(found) = self.landmarks(models, frame, picture, &region, face)?
        {
            return Ok(found);
        }
        Ok(BodyFrame { t_s: round_decimals(frame.t_s, 3), presence: 0.0, points: BTreeMap::new() })
    }

    /// The points in a region; `None` when there is no body or it belongs to another face.
    fn landmarks(
        &mut self,
        models: &mut ReaderModels,
        frame: &VideoFrame,
        picture: &Picture<'_>,
        region: &Region,
        face: Option<[f32; 4]>,
    ) -> Result<Option<BodyFrame>, ModelError> {
        if !region.is_usable() {
            return Ok(None);
        }
        picture.crop(region, pose::INPUT_SIZE, Border::Edge, Scale::UNIT, &mut models.input);
        let crop = models.pose_landmarks.run(&models.input)?;
        let nose = region.to_picture(crop.points[0].position);
        if crop.presence < PRESENCE_FLOOR || face.is_some_and(|face| !is_within(nose, face)) {
            return Ok(None);
        }
        let place = |index: usize| region.to_picture(crop.points[index].position);
        self.region = Some(region_of(place(CENTRE), place(EXTENT)));
        Ok(Some(BodyFrame {
            t_s: round_decimals(frame.t_s, 3),
            presence: round_decimals(f64::from(crop.presence), 4),
            points: points_in_view(&crop, region, frame),
        }))
    }
}

fn points_in_view(crop: &CropPose, region: &Region, frame: &VideoFrame) -> BTreeMap<String, BodyPoint> {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    NAMES[..KEPT]
        .iter()
        .zip(&crop.points)
        .filter_map(|(name, point)| {
            let [x, y] = region.to_picture(point.position);
            let visibility = point.visibility.min(point.presence);
            let inside = (0.0..width).contains(&x) && (0.0..height).contains(&y);
            (inside && visibility >= VISIBLE).then(|| {
                let point = BodyPoint {
                    x: round_decimals(f64::from(x), 1),
                    y: round_decimals(f64::from(y), 1),
                    visibility: round_decimals(f64::from(visibility), 3),
                };
                ((*name).to_owned(), point)
            })
        })
        .collect()
}

/// Where the detector sees the body of the face, or the best body when there is no face.
fn detect(
    models: &mut ReaderModels,
    frame: &VideoFrame,
    picture: &Picture<'_>,
    face: Option<[f32; 4]>,
) -> Result<Option<Region>, ModelError> {
    let square = Region::whole(frame);
    picture.crop(&square, pose::DETECTOR_INPUT_SIZE, Border::Black, Scale::SIGNED, &mut models.input);
    let bodies = models.pose_detector.detect(&models.input)?;
    let best = bodies.iter().find(|body| {
        let [left, top, right, bottom] = body.edges;
        let middle = square.to_picture([(left + right) / 2.0, (top + bottom) / 2.0]);
        face.is_none_or(|face| is_within(middle, face))
    });
    Ok(best.map(|body| region_of(square.to_picture(body.keypoints[0]), square.to_picture(body.keypoints[1]))))
}

/// Whether a point lies within a face box grown by half its size.
fn is_within([x, y]: [f32; 2], [left, top, right, bottom]: [f32; 4]) -> bool {
    let (grow_x, grow_y) = ((right - left) / 2.0, (bottom - top) / 2.0);
    (left - grow_x..=right + grow_x).contains(&x) && (top - grow_y..=bottom + grow_y).contains(&y)
}

fn region_of(centre: [f32; 2], extent: [f32; 2]) -> Region {
    let (dx, dy) = (extent[0] - centre[0], extent[1] - centre[1]);
    let rotation = std::f32::consts::FRAC_PI_2 - (-dy).atan2(dx);
    let turn = std::f32::consts::TAU;
    Region {
        centre_x: centre[0],
        centre_y: centre[1],
        side: 2.0 * dx.hypot(dy) * MARGIN,
        rotation: rotation - turn * ((rotation + std::f32::consts::PI) / turn).floor(),
    }
}
