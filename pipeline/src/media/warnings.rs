//! What was odd about a recording, counted by code.

use std::collections::BTreeMap;

use interview_schemas::perception::MediaWarning;

/// Codes of warnings; a contract with the features and the report.
pub mod code {
    /// Packets or parts of the container were damaged and left out.
    pub const CORRUPT_PACKETS: &str = "CORRUPT_PACKETS";
    /// Pictures were decoded with visible damage.
    pub const CORRUPT_FRAMES: &str = "CORRUPT_FRAMES";
    /// The file breaks off.
    pub const TRUNCATED: &str = "TRUNCATED";
    /// The container states another length than was counted.
    pub const DURATION_MISMATCH: &str = "DURATION_MISMATCH";
    /// There is no sound.
    pub const NO_AUDIO: &str = "NO_AUDIO";
    /// There is no picture.
    pub const NO_VIDEO: &str = "NO_VIDEO";
    /// There is sound, but it cannot be decoded.
    pub const AUDIO_UNSUPPORTED: &str = "AUDIO_UNSUPPORTED";
    /// There is a picture, but it cannot be decoded.
    pub const VIDEO_UNSUPPORTED: &str = "VIDEO_UNSUPPORTED";
    /// Gaps in the sound were filled with silence.
    pub const AUDIO_GAPS: &str = "AUDIO_GAPS";
    /// Sound that came twice for one time was dropped.
    pub const AUDIO_OVERLAPS: &str = "AUDIO_OVERLAPS";
    /// The clock of the file jumped and was closed up.
    pub const TIMESTAMP_JUMPS: &str = "TIMESTAMP_JUMPS";
    /// The picture changed its size.
    pub const RESOLUTION_CHANGED: &str = "RESOLUTION_CHANGED";
}

/// Warnings by code, in the order of their codes.
#[derive(Debug, Default)]
pub(super) struct Warnings(BTreeMap<&'static str, (String, u64)>);

impl Warnings {
    /// Counts one more; the message of the first stays.
    pub(super) fn add(&mut self, code: &'static str, message: impl FnOnce() -> String) {
        self.add_many(code, 1, message);
    }

    /// Counts `count` more; the message of the first stays.
    pub(super) fn add_many(&mut self, code: &'static str, count: u64, message: impl FnOnce() -> String) {
        let entry = self.0.entry(code).or_insert_with(|| (message(), 0));
        entry.1 = entry.1.saturating_add(count);
    }

    pub(super) fn into_wire(self) -> Vec<MediaWarning> {
        self.0
            .into_iter()
            .map(|(code, (message, count))| MediaWarning { code: code.to_owned(), message, count })
            .collect()
    }
}
