//! The voice over time, in one streaming pass: sound level, fundamental frequency, clipping and noise.
//!
//! Fundamental frequency is found by the normalised autocorrelation of Boersma (1993), "Accurate short-term
//! analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", Proceedings of
//! the Institute of Phonetic Sciences 17, Amsterdam, with the costs Praat uses, and a Viterbi path whose
//! look-ahead is bounded. Own code, because the libraries there are need the whole recording at once, and
//! cost an order of magnitude more.

mod autocorrelation;
mod path;

use interview_schemas::features::round_decimals;
use interview_schemas::perception::{Span, VoiceTrack};

use autocorrelation::{Autocorrelation, WINDOW_SAMPLES};
use path::PitchPath;

/// Samples per second the tracker is fed with.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
/// Distance between frames in seconds. Frame `i` is centred at `(i + 0.5) * HOP_S`.
pub const HOP_S: f64 = 0.01;
/// Lowest fundamental frequency that is looked for: below it adult voices creak and have no stable pitch
/// (male speech seldom falls under 75 Hz, the default floor of Praat).
pub const PITCH_FLOOR_HZ: f32 = 65.0;
/// Highest fundamental frequency that is looked for: above the liveliest adult speech (default of Praat).
pub const PITCH_CEILING_HZ: f32 = 600.0;
/// The level of digital silence, so that no level is infinite.
pub const SILENCE_DB: f32 = -100.0;

/// Samples from one frame to the next.
const HOP_SAMPLES: usize = 160;
/// Samples over which the level is measured, weighted by a Hann window: 32 ms, several periods of any voice.
const LEVEL_SAMPLES: usize = 512;
/// Zeros before the first sample, so that the first window is centred on the first frame.
const LEAD_SAMPLES: usize = WINDOW_SAMPLES / 2 - HOP_SAMPLES / 2;
/// Most samples worked on at once; bounds the buffer whatever the size of the chunks.
const BLOCK_SAMPLES: usize = 16_384;
/// Below this level there is no pitch to be found; the search is skipped.
const PITCH_LEVEL_FLOOR_DB: f32 = -80.0;
/// Amplitude counted as full scale: a little under 1, because lossy codecs ripple the clipped tops.
const FULL_SCALE: f32 = 0.99;
/// Frames this far below the loud speech are silence within speech (the silence threshold 0.03 of Praat).
const SILENCE_BELOW_SPEECH_DB: f32 = 30.0;
/// Frames of speech and of pause that a signal-to-noise ratio needs at least.
const NOISE_MIN_FRAMES: usize = 10;
/// Time around speech that belongs neither to speech nor to the pause, in seconds.
const NOISE_GUARD_S: f64 = 0.05;

/// Follows the voice through a recording. Feed it with [`push`](Self::push), end with
/// [`finish`](Self::finish). Memory grows by 8 bytes per 10 ms; the size of the chunks does not change the
/// result.
pub struct VoiceTracker {
    autocorrelation: Autocorrelation,
    path: PitchPath,
    level_window: Vec<f32>,
    buffer: Vec<f32>,
    level_db: Vec<f32>,
    samples: usize,
    clipped: usize,
}

impl Default for VoiceTracker {
    fn default() -> Self {
        Self::new()
    }
}

impl VoiceTracker {
    /// A tracker at the start of a recording.
    #[must_use]
    pub fn new() -> Self {
        let window = hann(LEVEL_SAMPLES);
        let sum: f32 = window.iter().sum();
        let mut buffer = Vec::with_capacity(BLOCK_SAMPLES + 2 * WINDOW_SAMPLES);
        buffer.resize(LEAD_SAMPLES, 0.0);
        Self {
            autocorrelation: Autocorrelation::new(),
            path: PitchPath::new(),
            level_window: window.into_iter().map(|weight| weight / sum).collect(),
            buffer,
            level_db: Vec::new(),
            samples: 0,
            clipped: 0,
        }
    }

    /// Takes the next samples: 16 kHz, one channel, full scale 1. Samples that are no finite number count as
    /// silence.
    pub fn push(&mut self, samples: &[f32]) {
        self.samples += samples.len();
        for block in samples.chunks(BLOCK_SAMPLES) {
            for &sample in block {
                // Beyond ten times full scale is damage; bounding it keeps every sum finite.
                let sample = if sample.is_finite() { sample.clamp(-10.0, 10.0) } else { 0.0 };
                self.clipped += usize::from(sample.abs() >= FULL_SCALE);
                self.buffer.push(sample);
            }
            self.advance();
        }
    }

    /// Seconds of sound taken so far.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.samples as f64 / f64::from(SAMPLE_RATE_HZ)
    }

    /// Ends the recording. `speech` are the spans found by voice activity detection, in order of time:
    /// fundamental frequency is kept only inside them, and the signal-to-noise ratio compares them with the
    /// rest.
    #[must_use]
    pub fn finish(mut self, speech: &[Span]) -> VoiceTrack {
        // Every frame whose centre lies in the recording; zeros complete the windows of the last ones.
        let frames = (self.samples + HOP_SAMPLES / 2 - 1) / HOP_SAMPLES;
        if let Some(open) = frames.checked_sub(self.level_db.len() + 1) {
            self.buffer.resize(open * HOP_SAMPLES + WINDOW_SAMPLES, 0.0);
            self.advance();
        }
        let levels = Levels::new(&self.level_db, speech);
        let pitch = self.path.finish();
        let f0_hz = pitch
            .iter()
            .enumerate()
            .map(|(index, &hertz)| {
                let audible = self.level_db.get(index).is_some_and(|&level| level >= levels.audible_db);
                let voiced = hertz > 0.0 && audible && levels.is_speech(index);
                voiced.then(|| round_decimals(f64::from(hertz), 1) as f32)
            })
            .collect();
        VoiceTrack {
            speech: speech.to_vec(),
            hop_s: HOP_S,
            f0_hz,
            clipped_ratio: match self.samples {
                0 => 0.0,
                samples => round_decimals(self.clipped as f64 / samples as f64, 6),
            },
            signal_to_noise_db: levels.signal_to_noise_db.map(|decibels| round_decimals(decibels, 1)),
            level_db: self.level_db.iter().map(|&level| round_decimals(f64::from(level), 1) as f32).collect(),
        }
    }

    /// Measures every frame whose window is complete, then drops the samples no later frame needs.
    fn advance(&mut self) {
        let mut start = 0;
        while let Some(window) = self.buffer.get(start..start + WINDOW_SAMPLES) {
            let level = level_db(window, &self.level_window);
            if level < PITCH_LEVEL_FLOOR_DB {
                self.path.push(&[]);
            } else {
                self.path.push(self.autocorrelation.candidates(window));
            }
            self.level_db.push(level);
            start += HOP_SAMPLES;
        }
        self.buffer.drain(..start);
    }
}

/// Level of the middle of a window: weighted standard deviation, so that a constant offset counts as silence.
/// A sine of full scale has -3.0 dB.
fn level_db(window: &[f32], weights: &[f32]) -> f32 {
    let offset = (window.len() - weights.len()) / 2;
    let (mut mean, mut square) = (0.0f32, 0.0f32);
    for (&sample, &weight) in window[offset..].iter().zip(weights) {
        mean += weight * sample;
        square += weight * sample * sample;
    }
    let power = square - mean * mean;
    if power > 1e-10 { (10.0 * power.log10()).max(SILENCE_DB) } else { SILENCE_DB }
}

/// A Hann window that is zero just outside its ends.
fn hann(length: usize) -> Vec<f32> {
    (0..length)
        .map(|index| {
            let phase = std::f64::consts::TAU * (index as f64 + 0.5) / length as f64;
            (0.5 - 0.5 * phase.cos()) as f32
        })
        .collect()
}

/// What the levels inside and outside speech say about the recording.
struct Levels {
    speech: Vec<bool>,
    audible_db: f32,
    signal_to_noise_db: Option<f64>,
}

impl Levels {
    fn new(level_db: &[f32], spans: &[Span]) -> Self {
        let speech = mask(level_db.len(), spans, 0.0);
        let near_speech = mask(level_db.len(), spans, NOISE_GUARD_S);
        let mut loud: Vec<f32> = select(level_db, &speech, true);
        let speech_power: f64 = loud.iter().map(|&level| 10f64.powf(f64::from(level) / 10.0)).sum();
        let speech_db = 10.0 * (speech_power / loud.len().max(1) as f64).log10();
        // 95th percentile: the loud vowels, without a single click deciding.
        let audible_db = percentile_in_place(&mut loud, 0.95).unwrap_or(SILENCE_DB) - SILENCE_BELOW_SPEECH_DB;

        let pause = select(level_db, &near_speech, false);
        // Digital silence says nothing about the noise under the speech, unless there is nothing else.
        let mut noise: Vec<f32> = pause.iter().copied().filter(|&level| level > SILENCE_DB + 5.0).collect();
        if noise.len() < NOISE_MIN_FRAMES {
            noise = pause;
        }
        let enough = loud.len() >= NOISE_MIN_FRAMES && noise.len() >= NOISE_MIN_FRAMES;
        let signal_to_noise_db = percentile_in_place(&mut noise, 0.5)
            .filter(|_| enough)
            .map(|noise_db| speech_db - f64::from(noise_db));
        Self { speech, audible_db, signal_to_noise_db }
    }

    fn is_speech(&self, frame: usize) -> bool {
        self.speech.get(frame).copied().unwrap_or(false)
    }
}

/// Which frames have their centre inside one of the spans, each widened by `guard_s` at both ends.
fn mask(frames: usize, spans: &[Span], guard_s: f64) -> Vec<bool> {
    let mut mask = vec![false; frames];
    for span in spans {
        let first = ((span.start_s - guard_s) / HOP_S - 0.5).ceil().max(0.0);
        let end = ((span.end_s + guard_s) / HOP_S - 0.5).ceil().clamp(0.0, frames as f64);
        // Both lie in 0..=frames, or the range is empty (also for what is no number).
        if first < end {
            mask[first as usize..end as usize].fill(true);
        }
    }
    mask
}

fn select(level_db: &[f32], mask: &[bool], wanted: bool) -> Vec<f32> {
    level_db.iter().zip(mask).filter(|&(_, &inside)| inside == wanted).map(|(&level, _)| level).collect()
}

/// The value below which `share` of the values lie; reorders them.
fn percentile_in_place(values: &mut [f32], share: f64) -> Option<f32> {
    if values.is_empty() {
        return None;
    }
    let index = ((values.len() - 1) as f64 * share).round() as usize;
    Some(*values.select_nth_unstable_by(index, f32::total_cmp).1)
}

#[cfg(test)]
mod tests;
