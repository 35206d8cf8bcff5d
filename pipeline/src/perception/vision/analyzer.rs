//! One recording through all networks of the picture, frame by frame.

use std::collections::BTreeMap;

use interview_models::ModelError;
use interview_schemas::features::round_decimals;
use interview_schemas::perception::{
    BodyTrack, Face, FaceFrame, FaceTrack, FaceTracks, PictureTrack, PixelBox,
};
use interview_schemas::policy::ResolvedPolicy;

use super::body::BodyTracker;
use super::crop::Picture;
use super::expression::{self, ExpressionSmoother};
use super::face_geometry;
use super::models::VisionModels;
use super::quality::Reduced;
use super::tracker::{FaceTracker, TrackedFace, TrackerConfig};
use crate::media::VideoFrame;

/// From so many frames on, a face must be seen in more than one of them.
const ENOUGH_FRAMES: usize = 4;

/// How the picture is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VisionConfig {
    /// How faces are followed.
    pub tracker: TrackerConfig,
    /// Time between two looks at the body in seconds; `None`: the body is not looked at.
    pub body_every_s: Option<f64>,
    /// Expressions are read of so many faces at most, the largest first.
    pub expression_faces: usize,
}

impl Default for VisionConfig {
    fn default() -> Self {
        Self { tracker: TrackerConfig::default(), body_every_s: Some(1.0), expression_faces: 2 }
    }
}

/// What was seen in one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct VisionPerception {
    /// Faces over time.
    pub faces: FaceTracks,
    /// Body over time; `None` when it was not looked at.
    pub body: Option<BodyTrack>,
    /// Picture quality over time.
    pub picture: PictureTrack,
}

/// Looks at one recording. The same frames give the same result.
pub struct VisionAnalyzer<'models> {
    models: &'models mut VisionModels,
    read_expressions: bool,
    config: VisionConfig,
    tracker: FaceTracker,
    body: BodyTracker,
    smoother: ExpressionSmoother,
    before: Option<Reduced>,
    next_body_s: f64,
    summaries: BTreeMap<u32, Summary>,
    perception: VisionPerception,
    tracked: Vec<TrackedFace>,
}

/// Sums over one track.
#[derive(Debug, Default, Clone)]
struct Summary {
    first_s: f64,
    last_s: f64,
    frames: u64,
    widths: f64,
    /// Share of the picture that the face covers, summed over the frames.
    area: f64,
}

impl<'models> VisionAnalyzer<'models> {
    /// Starts a recording. Expressions are read only when the policy allows it and the network is loaded.
    #[must_use]
    pub fn new(models: &'models mut VisionModels, policy: &ResolvedPolicy, config: VisionConfig) -> Self {
        let read_expressions = policy.picture && policy.expression && models.has_expression();
        Self {
            models,
            read_expressions,
            config,
            tracker: FaceTracker::new(config.tracker),
            body: BodyTracker::default(),
            smoother: ExpressionSmoother::default(),
            before: None,
            next_body_s: f64::NEG_INFINITY,
            summaries: BTreeMap::new(),
            perception: VisionPerception {
                faces: FaceTracks {
                    candidate_track: None,
                    candidate_reason: None,
                    tracks: Vec::new(),
                    frames: Vec::new(),
                },
                body: config.body_every_s.map(|_| BodyTrack { frames: Vec::new() }),
                picture: PictureTrack { frames: Vec::new() },
            },
            tracked: Vec::new(),
        }
    }

    /// Looks at the next frame; frames come in order of time.
    ///
    /// # Errors
    /// [`ModelError::Inference`]; also for a frame whose planes are smaller than its size.
    pub fn push(&mut self, frame: &VideoFrame) -> Result<(), ModelError> {
        let picture = Picture::new(frame).ok_or_else(|| {
            ModelError::inference("vision", "the planes of a frame are smaller than its size")
        })?;
        let reduced = Reduced::new(&picture);
        let cut = self.before.as_ref().is_some_and(|before| reduced.is_cut(before));
        self.perception.picture.frames.push(reduced.measure(frame.t_s, self.before.as_ref()));
        self.before = Some(reduced);
        let tracked = self.tracker.push(self.models, frame, &picture, cut)?;
        let mut faces = Vec::with_capacity(tracked.len());
        for (index, face) in tracked.iter().enumerate() {
            self.sum_up(face, frame);
            let probabilities = if self.read_expressions && index < self.config.expression_faces {
                self.expression(face, frame, &picture)?
            } else {
                None
            };
            faces.push(describe(face, probabilities));
        }
        self.perception.faces.frames.push(FaceFrame { t_s: round_decimals(frame.t_s, 3), faces });
        self.look_at_body(frame, &picture, tracked.first(), cut)?;
        self.tracked = tracked;
        Ok(())
    }

    /// The faces of the frame that was pushed last, with their meshes, largest first.
    #[must_use]
    pub fn tracked(&self) -> &[TrackedFace] {
        &self.tracked
    }

    /// What was seen so far; the candidate is chosen at the end only.
    #[must_use]
    pub fn seen(&self) -> &VisionPerception {
        &self.perception
    }

    fn expression(
        &mut self,
        face: &TrackedFace,
        frame: &VideoFrame,
        picture: &Picture<'_>,
    ) -> Result<Option<BTreeMap<String, f64>>, ModelError> {
        let VisionModels { expression: Some(net), input, .. } = &mut *self.models else { return Ok(None) };
        let shown = (frame.width(), frame.height());
        let raw = expression::read(net, input, picture, shown, &face.mesh)?;
        Ok(raw.map(|raw| expression::named(self.smoother.push(face.track, frame.t_s, raw))))
    }

    fn look_at_body(
        &mut self,
        frame: &VideoFrame,
        picture: &Picture<'_>,
        largest: Option<&TrackedFace>,
        cut: bool,
    ) -> Result<(), ModelError> {
        let (Some(every), Some(track)) = (self.config.body_every_s, self.perception.body.as_mut()) else {
            return Ok(());
        };
        if cut {
            self.body.lose();
        }
        // Half a millisecond of tolerance: times are rounded by the container.
        if frame.t_s + 0.0005 >= self.next_body_s {
            self.next_body_s = frame.t_s + every;
            let face = largest.map(|face| face.mesh.edges());
            track.frames.push(self.body.look(self.models, frame, picture, face)?);
        }
        Ok(())
    }

    fn sum_up(&mut self, face: &TrackedFace, frame: &VideoFrame) {
        let [left, top, right, bottom] = face.mesh.edges().map(f64::from);
        let pixels = (f64::from(frame.width()) * f64::from(frame.height())).max(1.0);
        let summary = self
            .summaries
            .entry(face.track)
            .or_insert_with(|| Summary { first_s: frame.t_s, ..Summary::default() });
        summary.last_s = frame.t_s;
        summary.frames += 1;
        summary.widths += right - left;
        summary.area += (right - left) * (bottom - top) / pixels;
    }

    /// Takes back what was seen in a single frame of many: a picture or an animal that passed for a face once.
    fn drop_glimpses(&mut self) {
        if self.perception.faces.frames.len() < ENOUGH_FRAMES {
            return;
        }
        self.summaries.retain(|_, summary| summary.frames > 1);
        for frame in &mut self.perception.faces.frames {
            frame.faces.retain(|face| self.summaries.contains_key(&face.track));
        }
    }

    /// Ends the recording: chooses the candidate and hands over what was seen.
    #[must_use]
    pub fn finish(mut self) -> VisionPerception {
        self.drop_glimpses();
        let frames = self.perception.faces.frames.len();
        let candidate = self
            .summaries
            .iter()
            .max_by(|a, b| a.1.area.total_cmp(&b.1.area).then(b.0.cmp(a.0)))
            .map(|(track, _)| *track);
        self.perception.faces.candidate_track = candidate;
        self.perception.faces.candidate_reason = candidate.map(|track| self.reason(track, frames));
        self.perception.faces.tracks = self
            .summaries
            .iter()
            .map(|(&track, summary)| FaceTrack {
                track,
                first_s: round_decimals(summary.first_s, 3),
                last_s: round_decimals(summary.last_s, 3),
                frames: summary.frames,
                mean_width: round_decimals(summary.widths / summary.frames.max(1) as f64, 1),
                shape_distance: candidate
                    .filter(|candidate| *candidate != track)
                    .and_then(|candidate| self.tracker.shape_distance(candidate, track))
                    .map(|distance| round_decimals(distance, 4)),
            })
            .collect();
        self.perception
    }

    fn reason(&self, track: u32, frames: usize) -> String {
        let Some(summary) = self.summaries.get(&track) else { return String::new() };
        let width = summary.widths / summary.frames.max(1) as f64;
        let others = self.summaries.len() - 1;
        let own = format!(
            "face {track} is seen in {} of {frames} frames, {width:.0} px wide on average",
            summary.frames
        );
        match self
            .summaries
            .iter()
            .filter(|(id, _)| **id != track)
            .max_by(|a, b| a.1.area.total_cmp(&b.1.area))
        {
            None => format!("{own}; no other face was seen"),
            Some((id, second)) => format!(
                "{own}; of {others} other face(s) the next, {id}, is seen in {} frames and covers {:.0} % of the area over time",
                second.frames,
                100.0 * second.area / summary.area.max(f64::MIN_POSITIVE)
            ),
        }
    }
}

fn describe(face: &TrackedFace, expression: Option<BTreeMap<String, f64>>) -> Face {
    let [left, top, right, bottom] = face.mesh.edges().map(f64::from);
    let angle = |value: Option<f64>| round_decimals(value.unwrap_or(0.0), 2);
    let actions = face.pose.as_ref().and_then(|pose| face_geometry::measure(&face.mesh, pose));
    Face {
        track: face.track,
        bounds: PixelBox {
            x: round_decimals(left, 1),
            y: round_decimals(top, 1),
            width: round_decimals(right - left, 1),
            height: round_decimals(bottom - top, 1),
        },
        score: round_decimals(f64::from(face.mesh.presence), 4),
        yaw_deg: angle(face.pose.map(|pose| pose.yaw_deg())),
        pitch_deg: angle(face.pose.map(|pose| pose.pitch_deg())),
        roll_deg: angle(face.pose.map(|pose| pose.roll_deg())),
        gaze: actions.as_ref().and_then(|actions| actions.gaze),
        geometry: actions.map(|actions| actions.geometry),
        quality: face.mesh.quality,
        expression,
    }
}
