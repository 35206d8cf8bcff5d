//! The second half of looking at a recording: expressions, body, and what was seen of every face over time.

use std::collections::BTreeMap;

use interview_models::ModelError;
use interview_schemas::features::round_decimals;
use interview_schemas::perception::{
    BodyTrack, Face, FaceFrame, FaceTrack, FaceTracks, PictureTrack, PixelBox,
};

use super::analyzer::{Followed, VisionConfig, VisionPerception, picture_of};
use super::body::BodyTracker;
use super::crop::Picture;
use super::expression::{self, ExpressionSmoother};
use super::face_geometry;
use super::models::ReaderModels;
use super::tracker::{FaceTracker, TrackedFace};
use crate::media::VideoFrame;

/// From so many frames on, a face must be seen in more than one of them.
const ENOUGH_FRAMES: usize = 4;

/// Reads faces and body in frames whose faces were found, and sums up what was seen.
pub struct Reader<'models> {
    models: &'models mut ReaderModels,
    read_expressions: bool,
    config: VisionConfig,
    body: BodyTracker,
    smoother: ExpressionSmoother,
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

impl<'models> Reader<'models> {
    pub(super) fn new(
        models: &'models mut ReaderModels,
        read_expressions: bool,
        config: VisionConfig,
    ) -> Self {
        Self {
            read_expressions: read_expressions && models.expression.is_some(),
            models,
            config,
            body: BodyTracker::default(),
            smoother: ExpressionSmoother::default(),
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

    /// Reads a frame in which the first half found the faces.
    ///
    /// # Errors
    /// As [`super::VisionAnalyzer::push`].
    pub fn push(&mut self, frame: &VideoFrame, followed: Followed) -> Result<(), ModelError> {
        let picture = picture_of(frame)?;
        let Followed { tracked, picture: quality, cut } = followed;
        self.perception.picture.frames.push(quality);
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

    pub(super) fn tracked(&self) -> &[TrackedFace] {
        &self.tracked
    }

    pub(super) fn seen(&self) -> &VisionPerception {
        &self.perception
    }

    fn expression(
        &mut self,
        face: &TrackedFace,
        frame: &VideoFrame,
        picture: &Picture<'_>,
    ) -> Result<Option<BTreeMap<String, f64>>, ModelError> {
        let ReaderModels { expression: Some(net), input, .. } = &mut *self.models else { return Ok(None) };
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

    /// Chooses the candidate and hands over what was seen.
    pub(super) fn finish(mut self, tracker: &FaceTracker) -> VisionPerception {
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
                    .and_then(|candidate| tracker.shape_distance(candidate, track))
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
