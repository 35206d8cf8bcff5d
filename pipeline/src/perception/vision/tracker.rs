//! Faces from frame to frame: tracks with stable ids through cuts and short absences.
//!
//! Between two detections each face is followed by its own mesh: the mesh of one frame says where to look in the
//! next. The detectors run when a face was lost, after a cut, and every few seconds to find newcomers. A face
//! that comes back gets its old id when it stands where it was, or when its shape (distances of the rigid points
//! of the face, no biometric descriptor) is that of an earlier one.

use interview_models::ModelError;

use super::crop::Picture;
use super::head_pose::HeadPose;
use super::mesh::{Mesh, region_of};
use super::models::FaceModels;
use super::shape::{FaceShape, ShapeMean};
use crate::media::VideoFrame;

/// Two meshes that overlap more than this show the same face.
const SAME_FACE: f32 = 0.4;

/// The mesh must be so sure of a face before it is followed; real faces give more than 0.99, walls, drawings and
/// animals that a detector took for a face often less.
const NEW_FACE_FLOOR: f32 = 0.9;
/// So many lost faces are remembered.
const REMEMBERED: usize = 64;

/// When the detectors run and how long a face is waited for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackerConfig {
    /// Longest time between two runs of the detectors.
    pub detect_every_s: f64,
    /// A face that comes back at its old place within this time is the same one.
    pub absence_s: f64,
    /// Largest number of faces that are followed at once; the largest are kept.
    pub max_faces: usize,
}

impl Default for TrackerConfig {
    fn default() -> Self {
        Self { detect_every_s: 2.0, absence_s: 3.0, max_faces: 8 }
    }
}

/// A face in the frame that was pushed last.
#[derive(Debug, Clone)]
pub struct TrackedFace {
    /// Id of the track.
    pub track: u32,
    /// Its points.
    pub mesh: Mesh,
    /// How the head is turned; `None` for a mesh without extent.
    pub pose: Option<HeadPose>,
}

/// Everything known of one track.
#[derive(Debug, Clone)]
struct Track {
    id: u32,
    last: Mesh,
    last_seen_s: f64,
    shape: ShapeMean,
    active: bool,
}

/// Follows faces through a recording.
pub struct FaceTracker {
    config: TrackerConfig,
    tracks: Vec<Track>,
    next_id: u32,
    last_detection_s: Option<f64>,
    detections: u64,
}

impl FaceTracker {
    /// Starts with no faces.
    #[must_use]
    pub fn new(config: TrackerConfig) -> Self {
        Self { config, tracks: Vec::new(), next_id: 1, last_detection_s: None, detections: 0 }
    }

    /// How often the detectors ran.
    #[must_use]
    pub fn detections(&self) -> u64 {
        self.detections
    }

    /// How far the mean shapes of two tracks are apart; `None` when one was not seen well enough.
    #[must_use]
    pub fn shape_distance(&self, a: u32, b: u32) -> Option<f64> {
        let shape = |id: u32| self.tracks.iter().find(|track| track.id == id).map(|track| &track.shape);
        shape(a)?.apart(shape(b)?)
    }

    /// The faces of the next frame, largest first. `cut`: the picture changed altogether, nothing of the frame
    /// before can be relied on.
    ///
    /// # Errors
    /// [`ModelError::Inference`].
    pub fn push(
        &mut self,
        models: &mut FaceModels,
        frame: &VideoFrame,
        picture: &Picture<'_>,
        cut: bool,
    ) -> Result<Vec<TrackedFace>, ModelError> {
        let mut followed = self.follow(models, picture, cut)?;
        let active = self.tracks.iter().filter(|track| track.active).count();
        let lost = followed.len() < active;
        for track in &mut self.tracks {
            track.active = followed.iter().any(|(id, _)| *id == track.id);
        }
        let due = self
            .last_detection_s
            .is_none_or(|last| frame.t_s - last >= self.config.detect_every_s || frame.t_s < last);
        if due || lost || followed.is_empty() {
            self.last_detection_s = Some(frame.t_s);
            self.detections += 1;
            for mesh in self.find_new(models, frame, picture, &followed)? {
                let id = self.identify(&mesh, frame.t_s, cut);
                followed.push((id, mesh));
            }
        }
        Ok(self.remember(followed, frame.t_s))
    }

    /// Looks for every face where it was; of two that ran together the older track stays.
    fn follow(
        &self,
        models: &mut FaceModels,
        picture: &Picture<'_>,
        cut: bool,
    ) -> Result<Vec<(u32, Mesh)>, ModelError> {
        let mut followed: Vec<(u32, Mesh)> = Vec::new();
        if cut {
            return Ok(followed);
        }
        for track in self.tracks.iter().filter(|track| track.active) {
            if let Some(mesh) = models.mesh(picture, &track.last.next_region())?
                && !followed.iter().any(|(_, other)| other.overlap(&mesh) > SAME_FACE)
            {
                followed.push((track.id, mesh));
            }
        }
        Ok(followed)
    }

    /// Meshes of the faces that the detectors find beside the followed ones.
    fn find_new(
        &self,
        models: &mut FaceModels,
        frame: &VideoFrame,
        picture: &Picture<'_>,
        followed: &[(u32, Mesh)],
    ) -> Result<Vec<Mesh>, ModelError> {
        let mut found: Vec<Mesh> = Vec::new();
        for face in models.detect(frame, picture)? {
            if followed.len() + found.len() >= self.config.max_faces {
                break;
            }
            let region = region_of(&face.edges, face.keypoints[0], face.keypoints[1]);
            let known =
                |mesh: &Mesh| interview_models::anchors::overlap(&mesh.edges(), &face.edges) > SAME_FACE;
            if followed.iter().any(|(_, mesh)| known(mesh)) || found.iter().any(known) {
                continue;
            }
            if let Some(mesh) = models.mesh(picture, &region)?
                && mesh.presence >= NEW_FACE_FLOOR
                && !followed.iter().any(|(_, other)| other.overlap(&mesh) > SAME_FACE)
                && !found.iter().any(|other| other.overlap(&mesh) > SAME_FACE)
            {
                found.push(mesh);
            }
        }
        Ok(found)
    }

    /// The id of a face that was not followed: that of a lost track which it continues, or a new one.
    fn identify(&mut self, mesh: &Mesh, t_s: f64, cut: bool) -> u32 {
        let lost = |track: &&mut Track| !track.active;
        let at_place = |track: &Track| {
            !cut && t_s - track.last_seen_s <= self.config.absence_s && is_near(&track.last, mesh)
        };
        let shape = HeadPose::fit(mesh).and_then(|pose| FaceShape::measure(mesh, &pose));
        let mut best: Option<(f64, &mut Track)> = None;
        for track in self.tracks.iter_mut().filter(lost) {
            let distance = if at_place(track) {
                Some(0.0)
            } else {
                shape.as_ref().and_then(|shape| track.shape.same_face(shape))
            };
            if let Some(distance) = distance
                && best.as_ref().is_none_or(|(least, _)| distance < *least)
            {
                best = Some((distance, track));
            }
        }
        if let Some((_, track)) = best {
            track.active = true;
            return track.id;
        }
        let id = self.next_id;
        self.next_id = self.next_id.saturating_add(1);
        if self.tracks.len() >= REMEMBERED
            && let Some(oldest) = self.tracks.iter().position(|track| !track.active)
        {
            self.tracks.remove(oldest);
        }
        self.tracks.push(Track {
            id,
            last: mesh.clone(),
            last_seen_s: t_s,
            shape: ShapeMean::default(),
            active: true,
        });
        id
    }

    /// Takes over what was seen and orders it by size.
    fn remember(&mut self, seen: Vec<(u32, Mesh)>, t_s: f64) -> Vec<TrackedFace> {
        let mut faces = Vec::with_capacity(seen.len());
        for (id, mesh) in seen {
            let pose = HeadPose::fit(&mesh);
            if let Some(track) = self.tracks.iter_mut().find(|track| track.id == id) {
                track.last = mesh.clone();
                track.last_seen_s = t_s;
                track.active = true;
                if let Some(shape) = pose.as_ref().and_then(|pose| FaceShape::measure(&mesh, pose)) {
                    track.shape.add(&shape);
                }
            }
            faces.push(TrackedFace { track: id, mesh, pose });
        }
        let area = |face: &TrackedFace| {
            let [left, top, right, bottom] = face.mesh.edges();
            (right - left) * (bottom - top)
        };
        faces.sort_by(|a, b| area(b).total_cmp(&area(a)).then(a.track.cmp(&b.track)));
        faces
    }
}

/// Whether a face stands about where another one was: centres within one face width, sizes within factor 1.7.
fn is_near(before: &Mesh, now: &Mesh) -> bool {
    let (a, b) = (before.edges(), now.edges());
    let (width_a, width_b) = (a[2] - a[0], b[2] - b[0]);
    let apart = (a[0] + a[2] - b[0] - b[2]).hypot(a[1] + a[3] - b[1] - b[3]) / 2.0;
    apart < width_a.max(width_b) && width_a < 1.7 * width_b && width_b < 1.7 * width_a
}
