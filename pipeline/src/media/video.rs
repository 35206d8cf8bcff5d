//! The picture of a recording: decoded as far as needed, sampled by presentation time.

use std::collections::VecDeque;

use ffmpeg_next::Packet;
use ffmpeg_next::frame::Video;

use super::decoder::{Decoder, Received};
use super::nal::HevcFraming;
use super::open::check_pixels;
use super::output::Output;
use super::picture::PictureMaker;
use super::sampler::{Sampler, holds_instant};
use super::streams::Chosen;
use super::warnings::code;
use super::{DecodeOptions, MediaError};

/// Packets read ahead of the decoder to know when the next picture replaces one: as many as H.264 and HEVC
/// may reorder (16), and one.
const LOOK_AHEAD: usize = 17;
/// Bytes of packets held at most; beyond it pictures are decoded without looking ahead.
const MOST_HELD_BYTES: usize = 16 << 20;
/// Packets held at most while time 0 is not known.
const MOST_HELD: usize = 512;
/// Times of packets already decoded that are remembered.
const REMEMBERED: usize = 32;

/// The picture of a recording.
pub(super) struct VideoTrack {
    decoder: Decoder,
    maker: PictureMaker,
    sampler: Sampler<Video>,
    hevc: Option<HevcFraming>,
    fps: f64,
    tick_s: f64,
    frame_s: f64,
    max_pixels: u64,
    skip_unneeded: bool,
    queue: VecDeque<Packet>,
    queue_bytes: usize,
    recent: VecDeque<i64>,
    /// Frames with raw times that were decoded before time 0 was known; the decoder's delay bounds them.
    early: VecDeque<(f64, Video)>,
    /// Raw time of the newest frame, for frames that state none.
    last_s: Option<f64>,
    /// Raw time at which the last picture ends.
    end_s: Option<f64>,
    decoded: u64,
    delivered: u64,
    size: Option<(u32, u32)>,
}

impl VideoTrack {
    pub(super) fn new(decoder: Decoder, chosen: &Chosen, options: &DecodeOptions) -> Self {
        let hevc =
            (chosen.decoder == "hevc").then(|| HevcFraming::from_extradata(&chosen.extradata)).flatten();
        Self {
            decoder,
            maker: PictureMaker::new(chosen.rotation, &chosen.decoder),
            sampler: Sampler::new(options.sample_fps),
            hevc,
            fps: options.sample_fps,
            tick_s: chosen.tick_s,
            frame_s: chosen.frame_s,
            max_pixels: options.limits.max_pixels,
            skip_unneeded: options.skip_unneeded,
            queue: VecDeque::new(),
            queue_bytes: 0,
            recent: VecDeque::new(),
            early: VecDeque::new(),
            last_s: None,
            end_s: None,
            decoded: 0,
            delivered: 0,
            size: None,
        }
    }

    /// Raw time of the first decoded frame.
    pub(super) fn first_s(&self) -> Option<f64> {
        self.early.front().map(|(t_s, _)| *t_s)
    }

    /// Whether no more can be held back.
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= MOST_HELD || self.queue_bytes > MOST_HELD_BYTES
    }

    /// Frames decoded.
    pub(super) fn decoded(&self) -> u64 {
        self.decoded
    }

    /// Frames handed on.
    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Raw time at which the last picture ends.
    pub(super) fn end_s(&self) -> Option<f64> {
        self.end_s
    }

    /// Width and height of the first frame in display orientation.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.size
    }

    /// Packets and frames that were damaged.
    pub(super) fn failures(&self) -> u64 {
        self.decoder.failures()
    }

    pub(super) fn push(&mut self, packet: Packet, output: &mut Output<'_>) -> Result<(), MediaError> {
        self.queue_bytes = self.queue_bytes.saturating_add(packet.size());
        self.queue.push_back(packet);
        if output.anchor_s.is_none() {
            // Only the first frame is needed to know where time begins; the rest waits compressed.
            while self.early.is_empty() && !self.queue.is_empty() {
                self.step(output)?;
            }
            return Ok(());
        }
        while self.queue.len() > LOOK_AHEAD || self.queue_bytes > MOST_HELD_BYTES {
            self.step(output)?;
        }
        Ok(())
    }

    /// Samples the frames that were decoded before time 0 was known.
    pub(super) fn release_held(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        while let Some((raw_s, frame)) = self.early.pop_front() {
            self.sample(raw_s, frame, output)?;
        }
        while self.queue.len() > LOOK_AHEAD {
            self.step(output)?;
        }
        Ok(())
    }

    /// Decodes everything that is held; no packet follows.
    pub(super) fn drain(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        while !self.queue.is_empty() {
            self.step(output)?;
        }
        self.decoder.send_end();
        self.receive_all(output)
    }

    /// Hands on the last frame.
    pub(super) fn finish(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        let end_s = self.end_s.unwrap_or(0.0) - output.anchor_s.unwrap_or(0.0);
        match self.sampler.finish(end_s) {
            Some((t_s, frame)) => self.deliver(t_s, frame, output),
            None => Ok(()),
        }
    }

    /// Decodes the oldest packet, or leaves it out when nobody needs its picture.
    fn step(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        let Some(packet) = self.queue.pop_front() else { return Ok(()) };
        self.queue_bytes = self.queue_bytes.saturating_sub(packet.size());
        let unneeded = self.skip_unneeded && self.is_unneeded(&packet, output);
        if let Some(pts) = packet.pts() {
            if self.recent.len() == REMEMBERED {
                self.recent.pop_front();
            }
            self.recent.push_back(pts);
        }
        let disposable = unneeded
            && self.hevc.is_some_and(|framing| packet.data().is_some_and(|data| framing.is_disposable(data)));
        let failures = self.decoder.failures();
        if !disposable {
            self.decoder.skip_unreferenced(unneeded);
            self.decoder.send(&packet)?;
            self.receive_all(output)?;
        }
        if self.decoder.failures() == failures
            && let Some(pts) = packet.pts()
        {
            let stated_s = packet.duration() as f64 * self.tick_s;
            let length_s = if (0.001..=10.0).contains(&stated_s) { stated_s } else { self.frame_s };
            self.extend_end(pts as f64 * self.tick_s + length_s);
        }
        Ok(())
    }

    fn extend_end(&mut self, end_s: f64) {
        self.end_s = Some(self.end_s.map_or(end_s, |known| known.max(end_s)));
    }

    /// Whether no instant of the sampling grid falls between this picture and the one shown after it. In
    /// doubt a picture is needed.
    fn is_unneeded(&self, packet: &Packet, output: &Output<'_>) -> bool {
        let (Some(pts), Some(anchor_s)) = (packet.pts(), output.anchor_s) else { return false };
        if self.queue.len() < LOOK_AHEAD || self.queue.iter().any(|one| one.pts().is_none()) {
            return false;
        }
        let ahead = self.queue.iter().filter_map(Packet::pts);
        let Some(next) = ahead.chain(self.recent.iter().copied()).filter(|&one| one > pts).min() else {
            return false;
        };
        let time_s = |ticks: i64| ticks as f64 * self.tick_s - anchor_s;
        !holds_instant(time_s(pts), time_s(next), self.fps)
    }

    fn receive_all(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        loop {
            let mut frame = Video::empty();
            if self.decoder.receive(&mut frame)? == Received::NeedsInput {
                return Ok(());
            }
            if frame.width() == 0 || frame.height() == 0 {
                continue;
            }
            check_pixels(i64::from(frame.width()), i64::from(frame.height()), self.max_pixels)?;
            self.decoded = self.decoded.saturating_add(1);
            if frame.is_corrupt() || frame.has_decode_errors() {
                output.warnings.add(code::CORRUPT_FRAMES, || "pictures with damage were decoded".into());
            }
            let stated = frame.timestamp().map(|ticks| ticks as f64 * self.tick_s);
            let raw_s = stated.or(self.last_s.map(|last| last + self.frame_s)).unwrap_or(0.0);
            self.last_s = Some(raw_s);
            self.extend_end(raw_s);
            if output.anchor_s.is_none() {
                self.early.push_back((raw_s, frame));
            } else {
                self.sample(raw_s, frame, output)?;
            }
        }
    }

    fn sample(&mut self, raw_s: f64, frame: Video, output: &mut Output<'_>) -> Result<(), MediaError> {
        let t_s = raw_s - output.anchor_s.unwrap_or(raw_s);
        output.check_time(t_s)?;
        self.note_size(&frame, t_s, output);
        match self.sampler.push(t_s, frame) {
            Some((due_s, due)) => self.deliver(due_s, due, output),
            None => Ok(()),
        }
    }

    fn note_size(&mut self, frame: &Video, t_s: f64, output: &mut Output<'_>) {
        let (width, height) = (frame.width(), frame.height());
        let upright =
            if self.maker.rotation(frame).swaps_sides() { (height, width) } else { (width, height) };
        match self.size {
            None => self.size = Some(upright),
            Some(first) if first != upright => output.warnings.add(code::RESOLUTION_CHANGED, || {
                format!(
                    "the picture changes from {}x{} to {}x{} at {t_s:.1} s",
                    first.0, first.1, upright.0, upright.1
                )
            }),
            Some(_) => {}
        }
    }

    fn deliver(&mut self, t_s: f64, frame: Video, output: &mut Output<'_>) -> Result<(), MediaError> {
        // Times before 0 exist only when a stream that came late turns out to begin earlier.
        let t_s = interview_schemas::features::round_decimals(t_s.max(0.0), 6);
        match self.maker.make(frame, t_s) {
            Some(picture) => {
                self.delivered = self.delivered.saturating_add(1);
                output.frame(picture)
            }
            None => {
                output.warnings.add(code::CORRUPT_FRAMES, || "pictures could not be converted".into());
                Ok(())
            }
        }
    }
}
