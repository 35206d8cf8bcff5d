//! Holds an outcome against what was asked for and what the parent counted.

use interview_schemas::ErrorCode;
use interview_schemas::perception::{MediaFacts, MediaWarning};

use crate::message::{Failure, LONGEST_TEXT, Outcome, StreamCount, Summary};
use crate::receiver::{Bounds, SAMPLE_RATE_HZ};

/// Longest name, in bytes.
const MOST_NAME: usize = 80;
/// Most warnings; there are a dozen codes.
const MOST_WARNINGS: usize = 32;
/// Longest side of a picture.
const LONGEST_SIDE: u32 = 1 << 20;

/// Codes a decoder may end with; the others are about things it never sees.
const CODES: [ErrorCode; 8] = [
    ErrorCode::InvalidMedia,
    ErrorCode::Unsupported,
    ErrorCode::Limit,
    ErrorCode::Partial,
    ErrorCode::Configuration,
    ErrorCode::Timeout,
    ErrorCode::Io,
    ErrorCode::Internal,
];

pub(crate) fn check(
    outcome: &Outcome,
    bounds: &Bounds,
    samples: u64,
    pictures: u64,
) -> Result<(), &'static str> {
    match outcome {
        Outcome::Failed(Failure { code, message }) => {
            require(CODES.contains(code), "its code")?;
            require(is_text(message), "its message")
        }
        Outcome::Done(Summary { facts, container, audio, video }) => {
            check_facts(facts, bounds, samples, pictures)?;
            require(is_name(container), "the container's name")?;
            [audio, video].into_iter().flatten().try_for_each(check_stream)
        }
    }
}

fn check_facts(facts: &MediaFacts, bounds: &Bounds, samples: u64, pictures: u64) -> Result<(), &'static str> {
    let heard_s = samples as f64 / SAMPLE_RATE_HZ;
    let longest_s = bounds.max_duration_s + 60.0;
    require((0.0..=longest_s).contains(&facts.duration_s), "its length")?;
    require(facts.duration_s + 0.5 >= heard_s, "a length below that of its own sound")?;
    require(facts.sampled_frames == pictures, "the number of its pictures")?;
    require(!(facts.has_audio && bounds.audio) || samples > 0, "sound that did not come")?;
    require(facts.sha256.is_empty(), "a checksum, which is not its business")?;
    for side in [facts.width, facts.height].into_iter().flatten() {
        require((1..=LONGEST_SIDE).contains(&side), "the size of its pictures")?;
    }
    require(facts.warnings.len() <= MOST_WARNINGS, "the number of its warnings")?;
    facts.warnings.iter().try_for_each(|MediaWarning { code, message, .. }| {
        let is_code = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        require(!code.is_empty() && code.len() <= MOST_NAME && is_code, "the code of a warning")?;
        require(is_text(message), "the message of a warning")
    })
}

fn check_stream(stream: &StreamCount) -> Result<(), &'static str> {
    require(is_name(&stream.decoder), "a decoder's name")
}

fn require(holds: bool, what: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(what) }
}

/// A name of FFmpeg, or several separated by commas.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b',');
    !text.is_empty() && text.len() <= MOST_NAME && text.bytes().all(plain)
}

/// Text that cannot do anything to a terminal or a log.
fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4 * LONGEST_TEXT && !text.chars().any(char::is_control)
}
