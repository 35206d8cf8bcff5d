//! Why a sandboxed decode gave no outcome.

use std::io;

use interview_schemas::ErrorCode;

/// A child that could not be started, or that came to a bad end.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The child could not be started.
    #[error("the decoder's process cannot be started: {0}")]
    Start(String),
    /// A required layer is not there.
    #[error(
        "this machine lacks layers of the decoder's sandbox ({missing}); `interview doctor` shows them; \
         --insecure-decoder decodes without them"
    )]
    Layers {
        /// The missing layers.
        missing: crate::layers::Layers,
    },
    /// The child died or broke the protocol: what an attack looks like.
    #[error("the decoder died on this recording: {0}")]
    Crash(String),
    /// The child took too long.
    #[error("decoding did not end in time: {0}")]
    Timeout(String),
    /// The system killed the child.
    #[error("decoding ran out of a resource: {0}")]
    Resource(String),
    /// The caller cancelled.
    #[error("cancelled by the caller")]
    Cancelled,
    /// Talking to the child failed.
    #[error("talking to the decoder's process: {0}")]
    Io(#[from] io::Error),
}

impl SandboxError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Start(_) | Self::Layers { .. } => ErrorCode::Configuration,
            Self::Crash(_) => ErrorCode::Crash,
            Self::Timeout(_) | Self::Cancelled => ErrorCode::Timeout,
            Self::Resource(_) => ErrorCode::Resource,
            Self::Io(_) => ErrorCode::Io,
        }
    }
}
