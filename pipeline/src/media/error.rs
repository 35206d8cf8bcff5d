//! Why a recording could not be used, each with its stable code.

use interview_sandbox::SandboxError;
use interview_schemas::ErrorCode;

/// A recording that could not be used.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Empty, damaged or no media at all.
    #[error("not a usable recording: {0}")]
    Invalid(String),
    /// A container, codec or encryption that is not accepted.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// Larger, longer, more pixels or more streams than allowed.
    #[error("over the limit: {0}")]
    Limit(String),
    /// Broke off with too little decoded to judge.
    #[error("only partly readable: {0}")]
    Partial(String),
    /// Not where the job says it is.
    #[error("not found: {0}")]
    NotFound(String),
    /// Length or checksum differ from what the job states.
    #[error("not the file the job describes: {0}")]
    Integrity(String),
    /// The options contradict themselves or lie outside of what is possible.
    #[error("decode options: {0}")]
    Configuration(String),
    /// The caller ended the work: its deadline passed, or its consumer stopped.
    #[error("decoding was stopped: {0}")]
    Cancelled(String),
    /// The decoder's process died on it, broke its protocol, took too long, or could not be started.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Reading failed.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A defect of this program or of FFmpeg.
    #[error("decoder: {0}")]
    Internal(String),
}

impl MediaError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::InvalidMedia,
            Self::Unsupported(_) => ErrorCode::Unsupported,
            Self::Limit(_) => ErrorCode::Limit,
            Self::Partial(_) => ErrorCode::Partial,
            Self::NotFound(_) => ErrorCode::MediaNotFound,
            Self::Integrity(_) => ErrorCode::Integrity,
            Self::Configuration(_) => ErrorCode::Configuration,
            Self::Cancelled(_) => ErrorCode::Timeout,
            Self::Sandbox(error) => error.code(),
            Self::Io(_) => ErrorCode::Io,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// What went wrong, without the general words that [`Display`](std::fmt::Display) puts before it.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Invalid(text)
            | Self::Unsupported(text)
            | Self::Limit(text)
            | Self::Partial(text)
            | Self::NotFound(text)
            | Self::Integrity(text)
            | Self::Configuration(text)
            | Self::Cancelled(text)
            | Self::Internal(text) => text.clone(),
            Self::Sandbox(error) => error.to_string(),
            Self::Io(error) => error.to_string(),
        }
    }
}
