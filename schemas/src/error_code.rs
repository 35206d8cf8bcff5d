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
    /// The queue could not be reached or did not take a message.
    Queue,
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

/// Who has to act on a failure; decides the exit code of the command line. The graver comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    pub const ALL: [Self; 23] = [
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
        Self::Queue,
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
            Self::Queue => "QUEUE",
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

    /// What it means, in a sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::InvalidJob => "The job is not valid JSON of the job schema, or contradicts itself.",
            Self::SubmissionRefused => {
                "The interview code has expired, is not yet valid, or its submissions are used up."
            }
            Self::InvalidMedia => "The file is empty, damaged or no media at all.",
            Self::Unsupported => "The file is media, but its container, codec or encryption is not accepted.",
            Self::Limit => "The file is larger, longer or has more pixels or streams than the limits allow.",
            Self::Partial => "Only a part of the file could be read, and too little to judge.",
            Self::Integrity => "Length or checksum differ from what the job states.",
            Self::Crash => "The decoder died on this file.",
            Self::Timeout => "The work did not end in time.",
            Self::Resource => "Memory, disk or another resource ran out.",
            Self::MediaNotFound => "The media is not where the job says it is.",
            Self::MediaForbidden => "The storage refused access to the media.",
            Self::Storage => "The storage could not be reached or answered with a fault.",
            Self::Queue => "The queue could not be reached or did not take a message.",
            Self::PolicyForbids => "The policy of the job forbids what was asked for, or consent is missing.",
            Self::InvalidProfile => "The profile is unknown or not valid.",
            Self::Configuration => "A command line, environment variable or configuration file is wrong.",
            Self::ModelMissing => "A model or the ONNX Runtime library is not installed.",
            Self::ModelCorrupt => "A model file does not have the checksum of the manifest.",
            Self::Inference => "A model failed while running.",
            Self::DeviceUnavailable => "The requested device is not there or cannot be used.",
            Self::Io => "Input or output on this machine failed: disk full, no permission.",
            Self::Internal => "A defect of this program.",
        }
    }

    /// What to do about it, in a sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::InvalidJob => "Correct the field that the message names and send the job again.",
            Self::SubmissionRefused => "Issue a new interview code, or raise its limit.",
            Self::InvalidMedia => "Ask the candidate to record or upload again.",
            Self::Unsupported => "Convert to MP4, WebM, WAV, MP3 or M4A without encryption.",
            Self::Limit => "Shorten or scale down the recording, or raise the limit in the configuration.",
            Self::Partial => "Ask the candidate to upload again; the upload probably broke off.",
            Self::Integrity => "Upload the file again, or correct `bytes` and `sha256` in the job.",
            Self::Crash => "Keep the file for examination and ask for another recording.",
            Self::Timeout => "Send the job again; raise the deadline if it happens on long recordings.",
            Self::Resource => "Free disk or memory, or run fewer jobs at once; then send the job again.",
            Self::MediaNotFound => "Correct `uri`, or send the job after the upload has ended.",
            Self::MediaForbidden => "Grant the worker's credentials read access to the object.",
            Self::Storage => "Send the job again once the storage is back.",
            Self::Queue => "Look at the broker: `interview queue status`; then send the job again.",
            Self::PolicyForbids => "Ask the candidate for consent, or choose the policy that applies.",
            Self::InvalidProfile => "Correct the profile, or name one that is installed.",
            Self::Configuration => "Correct what the message names; `interview --help` lists the options.",
            Self::ModelMissing => "Run `interview models pull`; `interview doctor` shows what is missing.",
            Self::ModelCorrupt => "Run `interview models pull` again, then `interview models verify`.",
            Self::Inference => "Run `interview doctor`; report the message if it comes again.",
            Self::DeviceUnavailable => "Use `--device cpu`, or install the GPU build of ONNX Runtime.",
            Self::Io => "Look at the path that the message names: space, permission, mount.",
            Self::Internal => "Report the message with the version; the input may be the cause.",
        }
    }

    /// `docs/errors.md`.
    #[must_use]
    pub fn documentation() -> String {
        let mut text = String::from(
            "<!-- Generated from schemas/src/error_code.rs; UPDATE_SCHEMAS=1 rewrites it. -->\n\
             # Error codes\n\n\
             Codes are stable: new ones are added, none changes its meaning. A failure carries its code and a\n\
             message that names the file or field; rely on the code, show the message.\n\n\
             | code | exit code | meaning | what to do |\n|---|---|---|---|\n",
        );
        for code in Self::ALL {
            let exit = match code.fault() {
                Fault::Input => 1,
                Fault::Usage => 2,
                Fault::Machine => 3,
            };
            text += &format!("| `{code}` | {exit} | {} | {} |\n", code.meaning(), code.advice());
        }
        text += "\nExit codes of `interview`: 0 done, 1 the input cannot be judged or is bad, 2 usage or configuration,\n\
                 3 a fault of the machine.\n";
        text
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
            | Self::Queue
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
