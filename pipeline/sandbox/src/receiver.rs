//! The parent's end of the pipe: reads what the child says and believes none of it.
//!
//! Every length is bounded before memory is taken for it, every number is held against what was asked for, and
//! what the parent can count itself it counts itself.

use std::io::{self, Read};

use crate::buffers::{Buffers, Pixels};
use crate::layers::{Active, Layers};
use crate::message::{HEADER, Kind, Outcome, PICTURE_HEADER, PictureHeader, READY, VERSION};
use crate::outcome;

/// Samples per second of the sound.
pub(crate) const SAMPLE_RATE_HZ: f64 = 16_000.0;
/// "Alive" messages that may come in a row. The child sends one per second; more is a flood.
const MOST_ALIVE: u32 = 100_000;

/// What was asked for; nothing beyond it is accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// Pixels of one picture.
    pub max_pixels: u64,
    /// Seconds of media.
    pub max_duration_s: f64,
    /// Pictures per second.
    pub sample_fps: f64,
    /// Whether sound was asked for.
    pub audio: bool,
    /// Whether pictures were asked for.
    pub video: bool,
}

/// One thing the child said.
#[derive(Debug)]
pub enum Event<'a> {
    /// The container states so many seconds.
    Claimed(f64),
    /// Sound: every sample finite and from -1 to 1.
    Audio(&'a [f32]),
    /// A picture, offset and stride of its planes, and their bytes.
    Picture(PictureHeader, Vec<(usize, usize)>, Pixels),
    /// Work goes on.
    Alive,
    /// The end.
    Outcome(Outcome),
}

/// Why no event came.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The pipe was closed.
    #[error("the pipe was closed")]
    Closed,
    /// The child said something it may not say.
    #[error("{0}")]
    Violation(String),
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn violation<T>(what: impl Into<String>) -> Result<T, ReceiveError> {
    Err(ReceiveError::Violation(what.into()))
}

/// Counts and checks one decode.
#[derive(Debug)]
pub struct Receiver<R> {
    pipe: R,
    bounds: Bounds,
    buffers: Buffers,
    payload: Vec<u8>,
    samples: Vec<f32>,
    sample_count: u64,
    picture_count: u64,
    newest_s: Option<f64>,
    claimed: bool,
    alive_in_a_row: u32,
    ended: bool,
}

/// Reads the first message of a child.
///
/// # Errors
/// [`ReceiveError`], also when the child is of another version of this program.
pub fn ready(pipe: &mut impl Read) -> Result<Active, ReceiveError> {
    let (kind, length) = read_header(pipe)?;
    if kind != Kind::Ready {
        return violation(format!("{kind:?} before it was ready"));
    }
    let mut payload = [0; READY];
    debug_assert_eq!(length, READY, "the only length the kind admits");
    fill(pipe, &mut payload)?;
    let word =
        |at: usize| u32::from_le_bytes([payload[at], payload[at + 1], payload[at + 2], payload[at + 3]]);
    if word(0) != VERSION {
        return violation(format!("it speaks version {} of the protocol, not {VERSION}", word(0)));
    }
    Ok(Active { layers: Layers::from_bits(word(4)), landlock_version: word(8) })
}

fn read_header(pipe: &mut impl Read) -> Result<(Kind, usize), ReceiveError> {
    let mut bytes = [0; HEADER];
    fill(pipe, &mut bytes)?;
    let [number, a, b, c, ref length @ ..] = bytes;
    let length = u32::from_le_bytes(*length);
    let Some(kind) = Kind::from_number(number).filter(|_| [a, b, c] == [0; 3]) else {
        return violation(format!("a message of kind {number}, which does not exist"));
    };
    match usize::try_from(length) {
        Ok(length) if kind.admits(length) => Ok((kind, length)),
        _ => violation(format!("{kind:?} of {length} bytes")),
    }
}

fn fill(pipe: &mut impl Read, buffer: &mut [u8]) -> Result<(), ReceiveError> {
    pipe.read_exact(buffer).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ReceiveError::Closed,
        _ => ReceiveError::Io(error),
    })
}

impl<R: Read> Receiver<R> {
    /// Reads from `pipe` what a child says after it was ready.
    pub fn new(pipe: R, bounds: Bounds, buffers: Buffers) -> Self {
        Self {
            pipe,
            bounds,
            buffers,
            payload: Vec::new(),
            samples: Vec::new(),
            sample_count: 0,
            picture_count: 0,
            newest_s: None,
            claimed: false,
            alive_in_a_row: 0,
            ended: false,
        }
    }

    /// Samples and pictures received so far.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.sample_count, self.picture_count)
    }

    /// The next event.
    ///
    /// # Errors
    /// [`ReceiveError`]; nothing can be read after one.
    pub fn event(&mut self) -> Result<Event<'_>, ReceiveError> {
        if self.ended {
            return violation("something after the end");
        }
        let (kind, length) = read_header(&mut self.pipe)?;
        self.payload.resize(length, 0);
        fill(&mut self.pipe, &mut self.payload)?;
        self.alive_in_a_row = if kind == Kind::Alive { self.alive_in_a_row + 1 } else { 0 };
        match kind {
            Kind::Ready => violation("it was ready twice"),
            Kind::Claimed => self.claimed(),
            Kind::Audio => self.audio(),
            Kind::Picture => self.picture(),
            Kind::Alive if self.alive_in_a_row > MOST_ALIVE => violation("nothing but signs of life"),
            Kind::Alive => Ok(Event::Alive),
            Kind::Outcome => self.outcome(),
        }
    }

    fn claimed(&mut self) -> Result<Event<'_>, ReceiveError> {
        let seconds = <[u8; 8]>::try_from(self.payload.as_slice()).map_or(f64::NAN, f64::from_le_bytes);
        if self.claimed || !seconds.is_finite() || seconds < 0.0 {
            return violation("a stated length that is no length, or a second one");
        }
        self.claimed = true;
        Ok(Event::Claimed(seconds))
    }

    fn audio(&mut self) -> Result<Event<'_>, ReceiveError> {
        if !self.bounds.audio {
            return violation("sound that nobody asked for");
        }
        self.samples.clear();
        let quadruples = self.payload.as_chunks::<4>().0;
        self.samples.extend(quadruples.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        if !self.samples.iter().all(|sample| (-1.0..=1.0).contains(sample)) {
            return violation("samples beyond -1 to 1");
        }
        self.sample_count = self.sample_count.saturating_add(self.samples.len() as u64);
        if self.sample_count as f64 > (self.bounds.max_duration_s + 1.0) * SAMPLE_RATE_HZ {
            return violation("more sound than the limit on time allows");
        }
        Ok(Event::Audio(&self.samples))
    }

    fn picture(&mut self) -> Result<Event<'_>, ReceiveError> {
        if !self.bounds.video {
            return violation("a picture that nobody asked for");
        }
        let Some(header) =
            <&[u8; PICTURE_HEADER]>::try_from(self.payload.as_slice()).ok().and_then(PictureHeader::decode)
        else {
            return violation("a picture with numbers that mean nothing");
        };
        self.picture_count = self.picture_count.saturating_add(1);
        if self.picture_count as f64 > (self.bounds.max_duration_s + 1.0) * self.bounds.sample_fps + 8.0 {
            return violation("more pictures than the limit on time allows");
        }
        let in_time = (0.0..=self.bounds.max_duration_s + 1.0).contains(&header.t_s);
        if !in_time || self.newest_s.is_some_and(|newest_s| header.t_s <= newest_s) {
            return violation(format!("a picture out of time, at {} s", header.t_s));
        }
        self.newest_s = Some(header.t_s);
        let pixels = u64::from(header.width) * u64::from(header.height);
        if pixels == 0 || pixels > self.bounds.max_pixels {
            return violation(format!("a picture of {} x {}", header.width, header.height));
        }
        let Some((planes, length)) = header.planes() else {
            return violation("a picture whose rows do not fit its size");
        };
        let mut bytes = self.buffers.take(length);
        fill(&mut self.pipe, bytes.as_mut_slice())?;
        Ok(Event::Picture(header, planes, bytes))
    }

    fn outcome(&mut self) -> Result<Event<'_>, ReceiveError> {
        self.ended = true;
        let parsed: Outcome = match serde_json::from_slice(&self.payload) {
            Ok(parsed) => parsed,
            Err(error) => return violation(format!("an outcome that cannot be read: {error}")),
        };
        match outcome::check(&parsed, &self.bounds, self.sample_count, self.picture_count) {
            Ok(()) => Ok(Event::Outcome(parsed)),
            Err(what) => violation(format!("an outcome that cannot be: {what}")),
        }
    }
}
