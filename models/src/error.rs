//! What can go wrong with models, each with its stable code.

use std::path::PathBuf;

use interview_schemas::ErrorCode;

/// A failure around a model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The manifest is not valid.
    #[error("model manifest: {0}")]
    Manifest(String),
    /// The manifest does not name such a model or file.
    #[error("the model manifest names no {0}")]
    Unknown(String),
    /// A model file is not in the cache folder.
    #[error("model {model}: {} is missing; run `interview models pull`", path.display())]
    Missing {
        /// Name in the manifest.
        model: String,
        /// Where the file should be.
        path: PathBuf,
    },
    /// A model file does not have its checksum.
    #[error("model {model}: {} has SHA-256 {found}, the manifest says {expected}; run `interview models pull` again", path.display())]
    Corrupt {
        /// Name in the manifest.
        model: String,
        /// The file.
        path: PathBuf,
        /// SHA-256 in the manifest.
        expected: String,
        /// SHA-256 found.
        found: String,
    },
    /// A download failed.
    #[error("model {model}: download from {from} failed: {reason}")]
    Download {
        /// Name in the manifest.
        model: String,
        /// Where it was to come from.
        from: String,
        /// What happened and what to do.
        reason: String,
    },
    /// A downloaded package could not be turned into the model file.
    #[error("model {model}: conversion failed: {reason}")]
    Conversion {
        /// Name in the manifest.
        model: String,
        /// What happened and what to do.
        reason: String,
    },
    /// The ONNX Runtime library cannot be loaded.
    #[error("ONNX Runtime: {0}; run `interview models pull` or set ORT_DYLIB_PATH")]
    Runtime(String),
    /// The device asked for cannot be used.
    #[error("device {device}: {reason}")]
    Device {
        /// The device.
        device: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A model could not be loaded or did not run.
    #[error("model {model}: {reason}")]
    Inference {
        /// Name in the manifest.
        model: String,
        /// What ONNX Runtime or whisper.cpp said.
        reason: String,
    },
    /// The process that holds the models for all slots did not do what it was asked for.
    #[error("shared models: {message}")]
    Shared {
        /// The stable code, as that process gave it.
        code: ErrorCode,
        /// What happened.
        message: String,
    },
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ModelError {
    /// Wraps whatever an adapter's library said.
    pub fn inference(model: &str, reason: impl std::fmt::Display) -> Self {
        Self::Inference { model: model.to_owned(), reason: reason.to_string() }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Manifest(_) | Self::Unknown(_) => ErrorCode::Configuration,
            Self::Missing { .. } | Self::Download { .. } | Self::Conversion { .. } | Self::Runtime(_) => {
                ErrorCode::ModelMissing
            }
            Self::Corrupt { .. } => ErrorCode::ModelCorrupt,
            Self::Device { .. } => ErrorCode::DeviceUnavailable,
            Self::Inference { .. } => ErrorCode::Inference,
            Self::Shared { code, .. } => *code,
            Self::Io { .. } => ErrorCode::Io,
        }
    }
}
