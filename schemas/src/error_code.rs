//! Stable error codes: what went wrong, in a form that programs of other people may rely on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stable code for a failure; documented in `docs/errors.md`. Codes are added, never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The job is not valid JSON of the job schema, or contradicts itself.
    InvalidJob,
    /// The interview code has expired, is not yet valid, or its submissions are used up (R3).
    SubmissionRefused,
    /// The file is empty, damaged or no media at all.
    InvalidMedia,
    /// The file is media, but its container, codec or encryption is not accepted.
    Unsupported,
    /// The file is larger, longer or has more pixels or streams than the limits allow.
    Limit,
    /// Only a part of the file could be read, and too little to judge.
    Partial,
    /// Length or checksum differ from what the job states.
    Integrity,
    /// The decoder died.
    Crash,
    /// The work did not end in time.
    Timeout,
    /// Memory, disk or another resource ran out.
    Resource,
    /// The media could not be found where the job says it is.
    MediaNotFound,
    /// The storage refused access.
    MediaForbidden,
    /// The storage could not be reached or answered with a fault.
    Storage,
    /// The policy of the job forbids what was asked for, or consent is missing.
    PolicyForbids,
    /// The profile is unknown or not valid.
    InvalidProfile,
    /// A command line, environment variable or configuration file is wrong.
    Configuration,
    /// A model or the ONNX Runtime library is not installed.
    ModelMissing,
    /// A model file does not have the checksum of the manifest.
    ModelCorrupt,
    /// A model failed while running.
    Inference,
    /// The requested device (GPU) is not there or cannot be used.
    DeviceUnavailable,
    /// Input or output on this machine failed (disk full, no permission).
    Io,
    /// A defect of this program.
    Internal,
}

/// Who has to act on a failure; decides the exit code of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The input: exit code 1.
    Input,
    /// Usage or configuration: exit code 2.
    Usage,
    /// The machine or this program: exit code 3.
    Machine,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 22] = [
        Self::InvalidJob,
        Self::SubmissionRefused,
        Self::InvalidMedia,
        Self::Unsupported,
        Self::Limit,
        Self::Partial,
        Self::Integrity,
        Self::Crash,
        Self::Timeout,
        Self::Resource,
        Self::MediaNotFound,
        Self::MediaForbidden,
        Self::Storage,
        Self::PolicyForbids,
        Self::InvalidProfile,
        Self::Configuration,
        Self::ModelMissing,
        Self::ModelCorrupt,
        Self::Inference,
        Self::DeviceUnavailable,
        Self::Io,
        Self::Internal,
    ];

    /// The code as it stands on the wire, such as `INVALID_MEDIA`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJob => "INVALID_JOB",
            Self::SubmissionRefused => "SUBMISSION_REFUSED",
            Self::InvalidMedia => "INVALID_MEDIA",
            Self::Unsupported => "UNSUPPORTED",
            Self::Limit => "LIMIT",
            Self::Partial => "PARTIAL",
            Self::Integrity => "INTEGRITY",
            Self::Crash => "CRASH",
            Self::Timeout => "TIMEOUT",
            Self::Resource => "RESOURCE",
            Self::MediaNotFound => "MEDIA_NOT_FOUND",
            Self::MediaForbidden => "MEDIA_FORBIDDEN",
            Self::Storage => "STORAGE",
            Self::PolicyForbids => "POLICY_FORBIDS",
            Self::InvalidProfile => "INVALID_PROFILE",
            Self::Configuration => "CONFIGURATION",
            Self::ModelMissing => "MODEL_MISSING",
            Self::ModelCorrupt => "MODEL_CORRUPT",
            Self::Inference => "INFERENCE",
            Self::DeviceUnavailable => "DEVICE_UNAVAILABLE",
            Self::Io => "IO",
            Self::Internal => "INTERNAL",
        }
    }

    /// Who has to act.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Self::InvalidJob
            | Self::SubmissionRefused
            | Self::InvalidMedia
            | Self::Unsupported
            | Self::Limit
            | Self::Partial
            | Self::Integrity
            | Self::Crash
            | Self::MediaNotFound
            | Self::PolicyForbids => Fault::Input,
            Self::InvalidProfile | Self::Configuration => Fault::Usage,
            Self::Timeout
            | Self::Resource
            | Self::MediaForbidden
            | Self::Storage
            | Self::ModelMissing
            | Self::ModelCorrupt
            | Self::Inference
            | Self::DeviceUnavailable
            | Self::Io
            | Self::Internal => Fault::Machine,
        }
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_with_serde() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
