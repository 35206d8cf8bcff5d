//! The child's end of the pipe.

use std::io::{self, Write};

use crate::layers::Active;
use crate::message::{HEADER, Kind, MOST_SAMPLES, Outcome, PictureHeader, VERSION, header};

/// Writes messages.
#[derive(Debug)]
pub struct Sender<W> {
    pipe: W,
    scratch: Vec<u8>,
}

impl<W: Write> Sender<W> {
    /// Writes to `pipe`, unbuffered.
    pub fn new(pipe: W) -> Self {
        Self { pipe, scratch: Vec::with_capacity(HEADER + 4 * MOST_SAMPLES) }
    }

    /// Says which layers are up.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn ready(&mut self, active: Active) -> io::Result<()> {
        let mut payload = Vec::with_capacity(12);
        for number in [VERSION, active.layers.bits(), active.landlock_version] {
            payload.extend_from_slice(&number.to_le_bytes());
        }
        self.message(Kind::Ready, &payload)
    }

    /// Says what the container states about its length.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn claimed_duration(&mut self, seconds: f64) -> io::Result<()> {
        self.message(Kind::Claimed, &seconds.to_le_bytes())
    }

    /// Hands over samples, from -1 to 1; longer pieces go in several messages.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn audio(&mut self, samples: &[f32]) -> io::Result<()> {
        for piece in samples.chunks(MOST_SAMPLES) {
            let mut message = std::mem::take(&mut self.scratch);
            message.clear();
            message.extend_from_slice(&header(Kind::Audio, 4 * piece.len()));
            message.extend(piece.iter().flat_map(|sample| sample.to_le_bytes()));
            let written = self.pipe.write_all(&message);
            self.scratch = message;
            written?;
        }
        Ok(())
    }

    /// Hands over a picture: its planes as the header describes them.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn picture(&mut self, picture: &PictureHeader, planes: &[&[u8]]) -> io::Result<()> {
        let pipe = self.picture_header(picture)?;
        planes.iter().try_for_each(|plane| pipe.write_all(plane))
    }

    /// Begins a picture whose planes follow by other means.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn picture_header(&mut self, picture: &PictureHeader) -> io::Result<&mut W> {
        self.message(Kind::Picture, &picture.encode())?;
        Ok(&mut self.pipe)
    }

    /// Says that work goes on.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn alive(&mut self) -> io::Result<()> {
        self.message(Kind::Alive, &[])
    }

    /// Says how it ended; nothing may follow.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn outcome(&mut self, outcome: &Outcome) -> io::Result<()> {
        self.message(Kind::Outcome, &serde_json::to_vec(outcome)?)
    }

    fn message(&mut self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let mut message = std::mem::take(&mut self.scratch);
        message.clear();
        message.extend_from_slice(&header(kind, payload.len()));
        message.extend_from_slice(payload);
        let written = self.pipe.write_all(&message);
        self.scratch = message;
        written
    }
}
