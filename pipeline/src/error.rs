//! What can go wrong in the pipeline, with its stable code.

use interview_models::ModelError;
use interview_schemas::ErrorCode;

use crate::media::MediaError;
use crate::perception::vision::overlay::OverlayError;

/// A failure of the pipeline.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The job contradicts itself.
    #[error("job: {path}: {message}")]
    Job {
        /// Path of the field in the job.
        path: String,
        /// What is wrong with it and what to do.
        message: String,
    },
    /// The interview code does not admit this submission (R3).
    #[error("submission refused: {0}")]
    Submission(String),
    /// A policy is unknown or forbids what was asked for.
    #[error("policy: {0}")]
    Policy(String),
    /// A profile is unknown or not valid.
    #[error("profile: {0}")]
    Profile(String),
    /// A recording could not be used.
    #[error("answer {answer}: {source}")]
    Media {
        /// The answer.
        answer: String,
        /// What was wrong with the recording.
        source: MediaError,
    },
    /// A model is missing or failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The overlay could not be made.
    #[error("overlay: {0}")]
    Overlay(OverlayError),
    /// A defect of this program.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

impl PipelineError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Job { .. } => ErrorCode::InvalidJob,
            Self::Submission(_) => ErrorCode::SubmissionRefused,
            Self::Policy(_) => ErrorCode::PolicyForbids,
            Self::Profile(_) => ErrorCode::InvalidProfile,
            Self::Media { source, .. } => source.code(),
            Self::Model(error) => error.code(),
            Self::Overlay(error) => error.code(),
            Self::Io { .. } => ErrorCode::Io,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
