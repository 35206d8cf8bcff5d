//! The sound of a recording as one unbroken line of samples: sample `n` is heard at `n / 16000` s.

use std::collections::VecDeque;

use ffmpeg_next::Packet;
use ffmpeg_next::frame::Audio;

use super::decoder::{Decoder, Received};
use super::output::Output;
use super::resample::{Resampler, SoundShape};
use super::streams::{Chosen, SAMPLE_RATES};
use super::warnings::code;
use super::{DecodeOptions, MediaError, SAMPLE_RATE_HZ};

/// Samples handed to the sink at once: 0.25 s.
const PIECE: usize = SAMPLE_RATE_HZ as usize / 4;
/// Distance between stated and counted time up to which the sound simply goes on: 50 ms. Containers round
/// their times, and sound cards drift; below it nothing is cut or filled.
const TOLERANCE: i64 = SAMPLE_RATE_HZ as i64 / 20;
/// Seconds of later frames that must agree before sound is cut or filled. Browsers state times that jitter
/// by 100 ms while the sound itself is unbroken; a real gap shows in every frame after it.
const WINDOW_S: f64 = 1.0;
/// Seconds of sound held back while the picture has not started.
const MOST_HELD_S: f64 = 10.0;

/// The sound of a recording.
pub(super) struct AudioTrack {
    decoder: Decoder,
    tick_s: f64,
    max_channels: i32,
    resampler: Option<Resampler>,
    /// Decoded frames with their raw times, until time 0 is known and the window behind them is full.
    held: VecDeque<(f64, Audio)>,
    /// Seconds of sound in `held`.
    held_s: f64,
    /// Raw time at which the next frame is expected, for frames that state none.
    next_s: Option<f64>,
    started: bool,
    /// Samples placed on the line, silence included.
    produced: i64,
    /// Samples still to be dropped because their time was already filled.
    drop: i64,
    /// Samples that came from the decoder.
    decoded: u64,
    piece: Vec<f32>,
    scratch: Vec<f32>,
    /// Why frames could not be used, if any could not.
    refused: Option<String>,
}

impl AudioTrack {
    pub(super) fn new(decoder: Decoder, chosen: &Chosen, options: &DecodeOptions) -> Self {
        Self {
            decoder,
            tick_s: chosen.tick_s,
            max_channels: i32::try_from(options.limits.max_channels).unwrap_or(i32::MAX),
            resampler: None,
            held: VecDeque::new(),
            held_s: 0.0,
            next_s: None,
            started: false,
            produced: 0,
            drop: 0,
            decoded: 0,
            piece: Vec::with_capacity(PIECE),
            scratch: Vec::new(),
            refused: None,
        }
    }

    /// Raw time of the first decoded frame.
    pub(super) fn first_s(&self) -> Option<f64> {
        self.held.front().map(|(t_s, _)| *t_s)
    }

    /// Whether no more can be held back.
    pub(super) fn is_full(&self) -> bool {
        self.held_s > MOST_HELD_S
    }

    /// Samples at 16 kHz that came from the decoder; silence that was filled in does not count.
    pub(super) fn decoded(&self) -> u64 {
        self.decoded
    }

    /// Where the line ends, in seconds.
    pub(super) fn end_s(&self) -> f64 {
        self.produced as f64 / f64::from(SAMPLE_RATE_HZ)
    }

    /// Packets and frames that were damaged.
    pub(super) fn failures(&self) -> u64 {
        self.decoder.failures()
    }

    /// Why frames could not be used, if any could not.
    pub(super) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    pub(super) fn push(&mut self, packet: &Packet, output: &mut Output<'_>) -> Result<(), MediaError> {
        self.decoder.send(packet)?;
        self.receive_all(output)
    }

    /// Places what was held back, now that time 0 is known, but for the newest second.
    pub(super) fn release_held(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        self.place_held(WINDOW_S, output)
    }

    fn place_held(&mut self, keep_s: f64, output: &mut Output<'_>) -> Result<(), MediaError> {
        while self.held_s > keep_s
            && let Some((raw_s, frame)) = self.held.pop_front()
        {
            self.held_s -= length_s(&frame);
            self.place(raw_s, &frame, output)?;
        }
        Ok(())
    }

    /// Decodes what the decoder still holds; no packet follows.
    pub(super) fn drain(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        self.decoder.send_end();
        self.receive_all(output)
    }

    /// Hands on the last samples.
    pub(super) fn finish(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        self.place_held(f64::NEG_INFINITY, output)?;
        self.flush_resampler(output)?;
        if !self.piece.is_empty() {
            output.audio(&self.piece)?;
            self.piece.clear();
        }
        Ok(())
    }

    fn receive_all(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        loop {
            let mut frame = Audio::empty();
            if self.decoder.receive(&mut frame)? == Received::NeedsInput {
                return Ok(());
            }
            let shape = SoundShape::of(&frame);
            if frame.samples() == 0 || !SAMPLE_RATES.contains(&shape.rate_hz) || shape.channels < 1 {
                continue;
            }
            if shape.channels > self.max_channels {
                self.refused = Some(format!(
                    "the sound has {} channels; at most {} are accepted",
                    shape.channels, self.max_channels
                ));
                continue;
            }
            let stated = frame.timestamp().map(|ticks| ticks as f64 * self.tick_s);
            let raw_s = stated.or(self.next_s).unwrap_or(0.0);
            let length_s = length_s(&frame);
            self.next_s = Some(raw_s + length_s);
            self.held_s += length_s;
            self.held.push_back((raw_s, frame));
            if output.anchor_s.is_some() {
                self.place_held(WINDOW_S, output)?;
            }
        }
    }

    /// Puts a frame where its time says, filling gaps and dropping what is already filled.
    fn place(&mut self, raw_s: f64, frame: &Audio, output: &mut Output<'_>) -> Result<(), MediaError> {
        let t_s = raw_s - output.anchor_s.unwrap_or(raw_s);
        output.check_time(t_s)?;
        let shape = SoundShape::of(frame);
        if self.resampler.as_ref().is_some_and(|resampler| !resampler.fits(shape)) {
            self.flush_resampler(output)?;
        }
        let delay = self.resampler.as_mut().map_or(0, Resampler::delay);
        let expected = self.produced + delay - self.drop;
        // Within the limit on time, so within i64 (`as` saturates anyway).
        let stated = (t_s * f64::from(SAMPLE_RATE_HZ)).round() as i64;
        let (least, most) = self.deviation(raw_s, frame, stated.saturating_sub(expected));
        if !self.started {
            self.fill_gap(stated, output)?;
        } else if least > TOLERANCE {
            self.fill_gap(expected.saturating_add(least), output)?;
        } else if most < -TOLERANCE {
            let ahead = most;
            output.warnings.add(code::AUDIO_OVERLAPS, || {
                format!("sound for the same time came twice at {t_s:.1} s; the second was dropped")
            });
            self.drop = self.drop.saturating_sub(ahead);
        }
        self.started = true;
        if self.resampler.is_none() {
            self.resampler = Resampler::for_frame(frame);
        }
        let mut samples = std::mem::take(&mut self.scratch);
        samples.clear();
        let converted =
            self.resampler.as_mut().is_some_and(|resampler| resampler.convert(frame, &mut samples));
        if !converted {
            self.refused = Some(format!(
                "sound of {} Hz with {} channels cannot be mixed down",
                shape.rate_hz, shape.channels
            ));
        }
        let result = self.emit(&samples, true, output);
        self.scratch = samples;
        result
    }

    /// How far the stated times lie ahead of the counted ones, in samples, for this frame and those of the
    /// window after it: the least and the most.
    fn deviation(&self, raw_s: f64, frame: &Audio, own: i64) -> (i64, i64) {
        let mut counted_s = raw_s + length_s(frame);
        let (mut least, mut most) = (own, own);
        for (stated_s, later) in &self.held {
            let drift = ((stated_s - counted_s) * f64::from(SAMPLE_RATE_HZ)).round() as i64;
            let ahead = own.saturating_add(drift);
            (least, most) = (least.min(ahead), most.max(ahead));
            counted_s += length_s(later);
        }
        (least, most)
    }

    /// Ends the sound before a gap and fills it with silence up to sample number `target`.
    fn fill_gap(&mut self, target: i64, output: &mut Output<'_>) -> Result<(), MediaError> {
        self.flush_resampler(output)?;
        let missing = target.saturating_sub(self.produced);
        if missing < 0 {
            self.drop = missing.saturating_neg();
            return Ok(());
        }
        self.drop = 0;
        if self.started {
            let gap_s = missing as f64 / f64::from(SAMPLE_RATE_HZ);
            let at_s = self.end_s();
            output.warnings.add(code::AUDIO_GAPS, || {
                format!("no sound for {gap_s:.2} s from {at_s:.1} s on; filled with silence")
            });
        }
        let silence = [0.0; PIECE];
        let mut left = missing;
        while left > 0 {
            let count = left.min(PIECE as i64);
            self.emit(&silence[..count as usize], false, output)?;
            left -= count;
        }
        Ok(())
    }

    fn flush_resampler(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        let Some(mut resampler) = self.resampler.take() else { return Ok(()) };
        let mut rest = Vec::new();
        resampler.flush(&mut rest);
        self.emit(&rest, true, output)
    }

    fn emit(&mut self, samples: &[f32], decoded: bool, output: &mut Output<'_>) -> Result<(), MediaError> {
        let mut samples = samples;
        if decoded {
            self.decoded = self.decoded.saturating_add(samples.len() as u64);
            let dropped = usize::try_from(self.drop).unwrap_or(usize::MAX).min(samples.len());
            self.drop -= dropped as i64;
            samples = &samples[dropped..];
        }
        self.produced = self.produced.saturating_add(samples.len() as i64);
        output.check_time(self.end_s())?;
        for &sample in samples {
            // Float files may hold anything; NaN counts as silence.
            self.piece.push(if sample.is_nan() { 0.0 } else { sample.clamp(-1.0, 1.0) });
            if self.piece.len() == PIECE {
                output.audio(&self.piece)?;
                self.piece.clear();
            }
        }
        Ok(())
    }
}

fn length_s(frame: &Audio) -> f64 {
    // The rate was checked when the frame was received.
    frame.samples() as f64 / f64::from(frame.rate().max(1))
}
