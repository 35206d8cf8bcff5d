//! Features of many interviews in one Parquet file: a row per answer, two columns per feature.
//!
//! | column | type | holds |
//! |---|---|---|
//! | `interview` | string | the job id; the rows of an interview follow each other, in the order of their answer ids |
//! | `branch` | string, optional | the branch that hires |
//! | `test` | boolean | a test candidate, never counted |
//! | `answer` | string | the answer |
//! | `kind` | string | kind of the answer |
//! | `question`, `scene` | string, optional | kind and scene of its question |
//! | `flags` | string, optional | in the first row of an interview: the codes of its flags, with blanks between |
//! | `<feature>` | double, optional | the value |
//! | `<feature>:quality` | double, optional | 0–1: the confidence; −1, −2 …: the reason why there is no value |
//!
//! An interview never spans two row groups, so that row groups can be read side by side. Any Parquet reader
//! opens the file; values are exactly those of `features.json`.

mod block;
mod read;
mod write;

use interview_schemas::features::NotAssessed;

pub use block::{Block, Column, Interview, Origin};
pub use read::Store;
pub use write::{StoreWriter, block_of};

/// Version of the layout, in the metadata of the file under [`VERSION_KEY`].
pub const VERSION: &str = "1";
/// Key of the version.
pub const VERSION_KEY: &str = "interview.features.version";
/// Rows after which a row group is closed at the end of an interview.
pub const ROW_GROUP_ROWS: usize = 32_768;
/// Ending of the name of a quality column.
pub const QUALITY: &str = ":quality";

/// The reasons in the order of their codes: the first is −1. Codes are added at the end, never changed.
const REASONS: [NotAssessed; 15] = [
    NotAssessed::Policy,
    NotAssessed::NoAudio,
    NotAssessed::NoVideo,
    NotAssessed::NoSpeech,
    NotAssessed::NoFace,
    NotAssessed::NoBody,
    NotAssessed::TooShort,
    NotAssessed::PoorQuality,
    NotAssessed::UnreliableTranscript,
    NotAssessed::Language,
    NotAssessed::NoReference,
    NotAssessed::NoModel,
    NotAssessed::NotApplicable,
    NotAssessed::NoBaseline,
    NotAssessed::NoAnswer,
];

/// The code of a reason: −1, −2 …
#[must_use]
pub fn reason_code(reason: NotAssessed) -> f64 {
    let index = REASONS.iter().position(|known| *known == reason).unwrap_or(REASONS.len() - 1);
    // At most 15.
    #[allow(clippy::cast_precision_loss)]
    let code = -(index as f64) - 1.0;
    code
}

/// The reason of a code; what is no known code does not apply.
#[must_use]
pub fn reason_of(code: f64) -> NotAssessed {
    REASONS
        .iter()
        .copied()
        .find(|reason| (reason_code(*reason) - code).abs() < 0.5)
        .unwrap_or(NotAssessed::NotApplicable)
}

#[cfg(test)]
mod tests;
