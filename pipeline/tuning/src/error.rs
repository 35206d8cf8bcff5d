//! What can go wrong in the tools, with its stable code.

use interview_pipeline::PipelineError;
use interview_schemas::ErrorCode;

/// A failure of one of the tools.
#[derive(Debug, thiserror::Error)]
pub enum TuningError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path}: {message}")]
    Input {
        /// The file, with a line where one is known.
        path: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// A store could not be read.
    #[error("{message}")]
    Remote {
        /// The stable code.
        code: ErrorCode,
        /// What happened, with the address.
        message: String,
    },
    /// The question cannot be answered with these data.
    #[error("not enough data: {0}")]
    NotEnough(String),
    /// The question makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A profile is not valid.
    #[error(transparent)]
    Profile(#[from] PipelineError),
    /// A defect of this program.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

impl TuningError {
    /// A file that could not be read or written; one that is not there is a mistyped name, no fault of the machine.
    pub fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::NotFound => Self::Usage(format!("{}: there is no such file", path.display())),
            _ => Self::Io { path: path.display().to_string(), source },
        }
    }

    /// A file with something wrong in it.
    pub fn input(path: impl std::fmt::Display, message: impl std::fmt::Display) -> Self {
        Self::Input { path: path.to_string(), message: message.to_string() }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Io { .. } => ErrorCode::Io,
            Self::Remote { code, .. } => *code,
            Self::Input { .. } | Self::Usage(_) => ErrorCode::Configuration,
            // The input cannot be judged: exit code 1.
            Self::NotEnough(_) => ErrorCode::Partial,
            Self::Profile(error) => error.code(),
            Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
