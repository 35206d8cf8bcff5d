//! How a command ends: exit codes and the message on the terminal.

use std::process::ExitCode;

use interview_models::ModelError;
use interview_pipeline::PipelineError;
use interview_schemas::{ErrorCode, error_code::Fault};
use interview_store::StoreError;
use interview_tuning::TuningError;

/// What the exit codes mean; part of `--help`.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 done; 1 the input is bad or cannot be judged; 2 usage or \
                                     configuration; 3 a fault of the machine.";

/// A failed command.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CommandError {
    /// The stable code.
    pub(crate) code: ErrorCode,
    /// What happened and what to do.
    pub(crate) message: String,
}

impl CommandError {
    /// A failure with its code.
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        exit_code(self.code)
    }

    /// Prints the failure to stderr and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        crate::output::complain(&format!("error: {} [{}]", self.message, self.code));
        self.exit_code()
    }
}

/// The exit code that belongs to an error code.
pub(crate) fn exit_code(code: ErrorCode) -> ExitCode {
    ExitCode::from(match code.fault() {
        Fault::Input => 1,
        Fault::Usage => 2,
        Fault::Machine => 3,
    })
}

impl From<ModelError> for CommandError {
    fn from(error: ModelError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<PipelineError> for CommandError {
    fn from(error: PipelineError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<TuningError> for CommandError {
    fn from(error: TuningError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::new(ErrorCode::Io, format!("cannot write the result: {error}"))
    }
}
