//! What the child says: messages of a kind, a length and a payload, each with its own bound.
//!
//! | kind | payload |
//! |---|---|
//! | 1 ready | version (u32), active layers (u32), version of Landlock (u32) |
//! | 2 claimed duration | seconds (f64) |
//! | 3 sound | 1–4000 samples (f32) |
//! | 4 picture | [`PictureHeader`], 32 bytes; the planes follow and are not counted in the length |
//! | 5 alive | nothing |
//! | 6 outcome | [`Outcome`] as JSON, at most 64 KiB; the last message |
//!
//! Numbers are little-endian. A header is the kind (u8), three zero bytes and the length (u32).

use interview_schemas::ErrorCode;
use interview_schemas::perception::MediaFacts;
use serde::{Deserialize, Serialize};

use crate::picture::{ColourMatrix, PixelLayout, Rotation, plane_length};

/// Version of the protocol; parent and child are one program, so a difference is a broken installation.
pub const VERSION: u32 = 1;
/// Bytes of a message header.
pub const HEADER: usize = 8;
/// Most samples in one message: 0.25 s at 16 kHz.
pub const MOST_SAMPLES: usize = 4000;
/// Most bytes of an outcome.
pub const MOST_OUTCOME: usize = 64 * 1024;
/// Most bytes between the end of a row and the beginning of the next.
pub const MOST_PADDING: usize = 1024;
/// Most characters of a text for people.
pub(crate) const LONGEST_TEXT: usize = 500;
/// Bytes of a ready message.
pub(crate) const READY: usize = 12;
/// Bytes of a picture header.
pub const PICTURE_HEADER: usize = 32;

/// Kinds of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The layers are up; a request may come.
    Ready = 1,
    /// What the container says about its length.
    Claimed = 2,
    /// Sound.
    Audio = 3,
    /// A picture.
    Picture = 4,
    /// Still at work, with nothing to show yet.
    Alive = 5,
    /// The end.
    Outcome = 6,
}

impl Kind {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Ready,
            2 => Self::Claimed,
            3 => Self::Audio,
            4 => Self::Picture,
            5 => Self::Alive,
            6 => Self::Outcome,
            _ => return None,
        })
    }

    /// Whether a payload may have so many bytes.
    pub(crate) fn admits(self, length: usize) -> bool {
        match self {
            Self::Ready => length == READY,
            Self::Claimed => length == 8,
            Self::Audio => (4..=4 * MOST_SAMPLES).contains(&length) && length.is_multiple_of(4),
            Self::Picture => length == PICTURE_HEADER,
            Self::Alive => length == 0,
            Self::Outcome => (2..=MOST_OUTCOME).contains(&length),
        }
    }
}

/// The header of a message.
#[must_use]
pub fn header(kind: Kind, length: usize) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[0] = kind as u8;
    // Every payload is shorter than 64 KiB; a longer one would be refused by the reader.
    bytes[4..].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    bytes
}

/// What precedes the planes of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureHeader {
    /// Presentation time in seconds.
    pub t_s: f64,
    /// Width in pixels as stored, before rotation.
    pub width: u32,
    /// Height in pixels as stored, before rotation.
    pub height: u32,
    /// How to turn it upright.
    pub rotation: Rotation,
    /// How the planes hold it.
    pub layout: PixelLayout,
    /// The matrix to RGB.
    pub matrix: ColourMatrix,
    /// Whether brightness runs over 0–255.
    pub full_range: bool,
    /// Bytes from one row to the next, per plane; 0 for planes the layout lacks.
    pub strides: [u32; 3],
}

impl PictureHeader {
    /// The bytes of the header.
    #[must_use]
    pub fn encode(&self) -> [u8; PICTURE_HEADER] {
        let mut bytes = [0; PICTURE_HEADER];
        bytes[..8].copy_from_slice(&self.t_s.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.width.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.height.to_le_bytes());
        bytes[16] = self.rotation as u8;
        bytes[17] = self.layout as u8;
        bytes[18] = self.matrix as u8;
        bytes[19] = u8::from(self.full_range);
        for (index, stride) in self.strides.iter().enumerate() {
            bytes[20 + 4 * index..24 + 4 * index].copy_from_slice(&stride.to_le_bytes());
        }
        bytes
    }

    /// Reads a header. Numbers without meaning give `None`; whether sizes are acceptable is decided elsewhere.
    #[must_use]
    pub fn decode(bytes: &[u8; PICTURE_HEADER]) -> Option<Self> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (low, high) = (u64::from(word(0)), u64::from(word(4)));
        Some(Self {
            t_s: f64::from_bits(high << 32 | low),
            width: word(8),
            height: word(12),
            rotation: *Rotation::ALL.get(usize::from(bytes[16]))?,
            layout: *PixelLayout::ALL.get(usize::from(bytes[17]))?,
            matrix: *ColourMatrix::ALL.get(usize::from(bytes[18]))?,
            full_range: match bytes[19] {
                0 => false,
                1 => true,
                _ => return None,
            },
            strides: [word(20), word(24), word(28)],
        })
    }

    /// Offset and stride of each plane in the bytes that follow, and their sum; `None` when a stride does not
    /// fit its plane.
    #[must_use]
    pub fn planes(&self) -> Option<(Vec<(usize, usize)>, usize)> {
        let mut planes = Vec::with_capacity(3);
        let mut total = 0_usize;
        for index in 0..self.layout.planes() {
            let (row_bytes, rows) = self.layout.plane_size(self.width, self.height, index)?;
            let stride = usize::try_from(self.strides[index]).ok()?;
            if stride > row_bytes.checked_add(MOST_PADDING)? {
                return None;
            }
            planes.push((total, stride));
            total = total.checked_add(plane_length(stride, row_bytes, rows)?)?;
        }
        let unused = &self.strides[self.layout.planes()..];
        unused.iter().all(|&stride| stride == 0).then_some((planes, total))
    }
}

/// How a decode ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The recording can be used.
    Done(Summary),
    /// It cannot, and why.
    Failed(Failure),
}

impl Outcome {
    /// The outcome with texts as the other side accepts them: without control characters, of sensible length.
    #[must_use]
    pub fn plain(mut self) -> Self {
        match &mut self {
            Self::Failed(failure) => failure.message = plain_text(&failure.message),
            Self::Done(summary) => {
                for warning in &mut summary.facts.warnings {
                    warning.message = plain_text(&warning.message);
                }
            }
        }
        self
    }
}

fn plain_text(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What was counted. The checksum is the parent's business: the child leaves it empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// Facts about the recording.
    pub facts: MediaFacts,
    /// Name of the container.
    pub container: String,
    /// The sound, where it was decoded.
    pub audio: Option<StreamCount>,
    /// The picture, where it was decoded.
    pub video: Option<StreamCount>,
}

/// What was decoded of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamCount {
    /// FFmpeg's name of the decoder.
    pub decoder: String,
    /// Samples or frames that came from the decoder.
    pub decoded: u64,
    /// Packets and frames the decoder found damaged.
    pub damaged: u64,
}

/// Why a recording cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The stable code.
    pub code: ErrorCode,
    /// What was wrong, for a person.
    pub message: String,
}
