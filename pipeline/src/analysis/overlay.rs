//! The recording of a job with everything that was seen drawn on it.

use std::path::Path;

use interview_schemas::ErrorCode;
use interview_schemas::answer::Answer;

use super::{AnalysisRequest, Analyzer};
use crate::perception::vision::overlay::{self, OverlayError};
use crate::{PipelineError, policy};

impl Analyzer {
    /// Draws faces, gaze, body and picture quality on the only video of a job and writes it to `out` (MP4). What the
    /// policy does not allow to be looked at is not drawn. Uses the models that are loaded already.
    ///
    /// # Errors
    /// [`PipelineError`]: the job has no video or several, the policy does not allow the picture, the recording
    /// cannot be used or the file cannot be written.
    pub fn overlay(&mut self, request: &AnalysisRequest, out: &Path) -> Result<(), PipelineError> {
        let job = &request.job;
        let mut videos = job.answers.iter().filter(|answer| matches!(answer, Answer::Video(_)));
        let (Some(video), None) = (videos.next(), videos.next()) else {
            return Err(PipelineError::Job {
                path: "answers".to_owned(),
                message: "an overlay is drawn on one video; this job has none or several".to_owned(),
            });
        };
        let policy = policy::resolve(
            &policy::shipped(job.policy.as_deref().unwrap_or(policy::DEFAULT))?,
            &job.consent,
        )?;
        if !policy.picture {
            return Err(PipelineError::Policy(format!(
                "{} does not allow the picture to be looked at, so there is nothing to draw; choose another policy \
                 or leave the overlay out",
                policy.name
            )));
        }
        let path = request.media.get(video.id()).ok_or_else(|| {
            PipelineError::Internal(format!("answer {}: no file was given for its recording", video.id()))
        })?;
        self.hub.forget_forbidden(&policy);
        self.hub.load_eyes(&policy)?;
        let eyes = self.hub.lend().eyes;
        let eyes = eyes.ok_or_else(|| PipelineError::Internal("vision models are not loaded".to_owned()))?;
        let drawn = overlay::draw(&self.options.decoders, path, out, eyes, &policy, &self.options.decode);
        drawn.map(drop).map_err(|error| match error {
            OverlayError::Media(source) => PipelineError::Media { answer: video.id().to_string(), source },
            OverlayError::Model(source) => source.into(),
            error @ (OverlayError::Write { .. } | OverlayError::NoPicture { .. }) => {
                PipelineError::Overlay(error)
            }
        })
    }
}

impl OverlayError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Media(error) => error.code(),
            Self::Model(error) => error.code(),
            Self::Write { .. } => ErrorCode::Io,
            Self::NoPicture { .. } => ErrorCode::InvalidMedia,
        }
    }
}
