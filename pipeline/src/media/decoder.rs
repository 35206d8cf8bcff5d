//! One decoder of FFmpeg, with "wants more", "ended", "damaged" and "failed" told apart.

use ffmpeg_next::codec::{self, context::Context, decoder::Opened};
use ffmpeg_next::{Discard, Error, Frame, Packet, Rational};

use super::open::{Demuxer, decoder_options};
use super::streams::Chosen;
use super::{DecodeOptions, MediaError};

/// Damaged results in a row after which the decoder is asked for the next packet instead.
const MOST_FAILURES: u32 = 16;

/// What came of asking for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Received {
    /// The frame was filled.
    Frame,
    /// Another packet is needed (or, after the end, nothing more comes).
    NeedsInput,
}

/// An open decoder.
pub(super) struct Decoder {
    opened: Opened,
    failures: u64,
}

impl Decoder {
    /// Opens the decoder of a chosen stream.
    ///
    /// # Errors
    /// The reason in words, when FFmpeg refuses the parameters of the stream.
    pub(super) fn open(
        demuxer: &Demuxer,
        chosen: &Chosen,
        options: &DecodeOptions,
        threads: u32,
    ) -> Result<Self, String> {
        let stream = demuxer.input().stream(chosen.index).ok_or("the stream is gone")?;
        let codec = codec::decoder::find_by_name(&chosen.decoder).ok_or("the decoder is gone")?;
        let mut decoder = Context::from_parameters(stream.parameters())
            .map_err(|error| format!("its parameters are refused ({error})"))?
            .decoder();
        decoder.set_packet_time_base(Rational::new(chosen.time_base.0, chosen.time_base.1));
        let opened = decoder
            .open_as_with(codec, decoder_options(options, threads))
            .map_err(|error| format!("the decoder {} refuses the stream ({error})", chosen.decoder))?;
        Ok(Self { opened, failures: 0 })
    }

    /// Damaged packets and frames so far.
    pub(super) fn failures(&self) -> u64 {
        self.failures
    }

    /// Whether pictures that no other refers to are left out from here on.
    pub(super) fn skip_unreferenced(&mut self, skip: bool) {
        self.opened.skip_frame(if skip { Discard::NonReference } else { Discard::Default });
    }

    /// Hands in a packet; a damaged one is counted and left out. All frames must have been received.
    ///
    /// # Errors
    /// [`MediaError::Limit`] when the decoder asks for more memory than allowed.
    pub(super) fn send(&mut self, packet: &Packet) -> Result<(), MediaError> {
        match self.opened.send_packet(packet) {
            Ok(()) => Ok(()),
            Err(error) => self.note(error),
        }
    }

    /// Says that no packet follows.
    pub(super) fn send_end(&mut self) {
        // Refused only when it was already said.
        let _ = self.opened.send_eof();
    }

    /// Receives the next frame; damaged ones are counted and left out.
    ///
    /// # Errors
    /// [`MediaError::Limit`] when the decoder asks for more memory than allowed.
    pub(super) fn receive(&mut self, frame: &mut Frame) -> Result<Received, MediaError> {
        for _ in 0..MOST_FAILURES {
            match self.opened.receive_frame(frame) {
                Ok(()) => return Ok(Received::Frame),
                Err(Error::Eof | Error::Other { errno: libc::EAGAIN }) => return Ok(Received::NeedsInput),
                Err(error) => self.note(error)?,
            }
        }
        Ok(Received::NeedsInput)
    }

    fn note(&mut self, error: Error) -> Result<(), MediaError> {
        if error == (Error::Other { errno: libc::ENOMEM }) {
            return Err(MediaError::Limit(
                "a picture or sound frame asks for more memory than allowed".into(),
            ));
        }
        self.failures = self.failures.saturating_add(1);
        Ok(())
    }
}
