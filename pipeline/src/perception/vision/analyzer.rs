//! One recording through all networks of the picture, frame by frame, in two halves that can run on two threads:
//! the first follows the faces, for which it needs the frame before; the second reads what it is handed.

use interview_models::ModelError;
use interview_schemas::perception::{BodyTrack, FaceTracks, PictureFrame, PictureTrack};
use interview_schemas::policy::ResolvedPolicy;

use super::crop::Picture;
use super::models::{FaceModels, VisionModels};
use super::quality::Reduced;
use super::reader::Reader;
use super::tracker::{FaceTracker, TrackedFace, TrackerConfig};
use crate::media::VideoFrame;

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

/// Looks at one recording. The same frames give the same result, on one thread or on two.
pub struct VisionAnalyzer<'models> {
    follower: Follower<'models>,
    reader: Reader<'models>,
}

impl<'models> VisionAnalyzer<'models> {
    /// Starts a recording. Expressions are read only when the policy allows it and the network is loaded.
    #[must_use]
    pub fn new(models: &'models mut VisionModels, policy: &ResolvedPolicy, config: VisionConfig) -> Self {
        let VisionModels { faces, readers, .. } = models;
        let read_expressions = policy.picture && policy.expression;
        Self {
            follower: Follower { models: faces, tracker: FaceTracker::new(config.tracker), before: None },
            reader: Reader::new(readers, read_expressions, config),
        }
    }

    /// Looks at the next frame; frames come in order of time.
    ///
    /// # Errors
    /// [`ModelError::Inference`]; also for a frame whose planes are smaller than its size.
    pub fn push(&mut self, frame: &VideoFrame) -> Result<(), ModelError> {
        let followed = self.follower.push(frame)?;
        self.reader.push(frame, followed)
    }

    /// The faces of the frame that was pushed last, with their meshes, largest first.
    #[must_use]
    pub fn tracked(&self) -> &[TrackedFace] {
        self.reader.tracked()
    }

    /// What was seen so far; the candidate is chosen at the end only.
    #[must_use]
    pub fn seen(&self) -> &VisionPerception {
        self.reader.seen()
    }

    /// Ends the recording: chooses the candidate and hands over what was seen.
    #[must_use]
    pub fn finish(self) -> VisionPerception {
        self.reader.finish(&self.follower.tracker)
    }

    /// The halves, for a thread each: every frame goes through the first, then with its result through the second.
    #[must_use]
    pub fn into_halves(self) -> (Follower<'models>, Reader<'models>) {
        (self.follower, self.reader)
    }

    /// Puts the halves together again.
    #[must_use]
    pub fn from_halves(follower: Follower<'models>, reader: Reader<'models>) -> Self {
        Self { follower, reader }
    }
}

/// What the first half found in a frame.
#[derive(Debug, Clone)]
pub struct Followed {
    /// Faces, largest first.
    pub(super) tracked: Vec<TrackedFace>,
    /// Quality of the whole picture.
    pub(super) picture: PictureFrame,
    /// The picture changed altogether since the frame before.
    pub(super) cut: bool,
}

/// The first half: light, sharpness and change of the picture, and the faces in it.
pub struct Follower<'models> {
    models: &'models mut FaceModels,
    tracker: FaceTracker,
    before: Option<Reduced>,
}

impl Follower<'_> {
    /// Finds the faces of the next frame.
    ///
    /// # Errors
    /// As [`VisionAnalyzer::push`].
    pub fn push(&mut self, frame: &VideoFrame) -> Result<Followed, ModelError> {
        let picture = picture_of(frame)?;
        let reduced = Reduced::new(&picture);
        let cut = self.before.as_ref().is_some_and(|before| reduced.is_cut(before));
        let quality = reduced.measure(frame.t_s, self.before.as_ref());
        self.before = Some(reduced);
        let tracked = self.tracker.push(self.models, frame, &picture, cut)?;
        Ok(Followed { tracked, picture: quality, cut })
    }
}

/// The planes of a frame, checked.
pub(super) fn picture_of(frame: &VideoFrame) -> Result<Picture<'_>, ModelError> {
    Picture::new(frame)
        .ok_or_else(|| ModelError::inference("vision", "the planes of a frame are smaller than its size"))
}
