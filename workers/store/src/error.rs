//! What can go wrong with a store, with its stable code.

use interview_schemas::ErrorCode;

/// A failure of the store. Messages name keys and counts, never content.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of a store or an option for it is wrong.
    #[error("{0}")]
    Configuration(String),
    /// A name that cannot be a key.
    #[error("key {key:?}: {reason}")]
    BadKey {
        /// The name as it was given.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A job refers to something outside the prefix of its tenant.
    #[error("{uri}: lies outside {allowed}, where the media of this tenant must be")]
    OutsideTenant {
        /// What the job refers to.
        uri: String,
        /// The prefix of the tenant.
        allowed: String,
    },
    /// There is no such object.
    #[error("{key}: there is no such object")]
    NotFound {
        /// The object.
        key: String,
    },
    /// The store refused access.
    #[error("{key}: access refused ({detail}); check the credentials and permissions of the worker")]
    Forbidden {
        /// The object.
        key: String,
        /// What the store said.
        detail: String,
    },
    /// The store could not be reached or answered with a fault.
    #[error("{key}: the store failed: {detail}")]
    Unavailable {
        /// The object.
        key: String,
        /// What went wrong.
        detail: String,
    },
    /// The transfer fell below the floor on speed again and again.
    #[error(
        "{key}: transfer too slow: {bytes} bytes in the last {window_s} s, at least {floor} bytes/s are needed"
    )]
    TooSlow {
        /// The object.
        key: String,
        /// Bytes of the last window.
        bytes: u64,
        /// Length of the window in seconds.
        window_s: u64,
        /// The floor in bytes per second.
        floor: u64,
    },
    /// The transfer did not end in time.
    #[error("{key}: not transferred within {deadline_s} s")]
    Deadline {
        /// The object.
        key: String,
        /// The deadline in seconds.
        deadline_s: u64,
    },
    /// The object is larger than allowed.
    #[error("{key}: {bytes} bytes, at most {limit} are allowed")]
    TooLarge {
        /// The object.
        key: String,
        /// Its length, or what had come of it.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Length or checksum are not what they should be, or the object was replaced during the download.
    #[error("{key}: {detail}")]
    Integrity {
        /// The object.
        key: String,
        /// What differs.
        detail: String,
    },
    /// Other bytes already stand under this key.
    #[error("{key}: other bytes already stand under this key; nothing was written")]
    Conflict {
        /// The object.
        key: String,
    },
    /// A file of this machine could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl StoreError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Configuration(_) => ErrorCode::Configuration,
            Self::BadKey { .. } | Self::OutsideTenant { .. } => ErrorCode::InvalidJob,
            Self::NotFound { .. } => ErrorCode::MediaNotFound,
            Self::Forbidden { .. } => ErrorCode::MediaForbidden,
            Self::Unavailable { .. } | Self::TooSlow { .. } => ErrorCode::Storage,
            Self::Deadline { .. } => ErrorCode::Timeout,
            Self::TooLarge { .. } => ErrorCode::Limit,
            Self::Integrity { .. } => ErrorCode::Integrity,
            Self::Conflict { .. } => ErrorCode::Internal,
            Self::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::StorageFull
                | std::io::ErrorKind::QuotaExceeded
                | std::io::ErrorKind::OutOfMemory => ErrorCode::Resource,
                _ => ErrorCode::Io,
            },
        }
    }

    /// A failure of this machine's file system.
    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }
}
