//! Pitch candidates of one frame, from the normalised autocorrelation of its samples (Boersma 1993).

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::{PITCH_CEILING_HZ, PITCH_FLOOR_HZ, SAMPLE_RATE_HZ, hann};

/// Samples of the analysis window: three periods of the lowest pitch, as Boersma asks for.
pub(super) const WINDOW_SAMPLES: usize = 738;
/// Most voiced candidates of a frame.
pub(super) const MAX_CANDIDATES: usize = 5;
/// Strength a voiced candidate must beat (Praat: voicing threshold).
pub(super) const VOICING_THRESHOLD: f32 = 0.45;

/// Long enough that the window and the longest lag do not wrap around.
const TRANSFORM: usize = 1024;
/// The autocorrelation is interpolated to twice the sample rate by zeros in its spectrum, which is exact for
/// a sound of limited band; a parabola then finds the top between two lags.
const OVERSAMPLING: usize = 2;
/// Favours the higher of two candidates an octave apart that are equally periodic (Praat: octave cost).
const OCTAVE_COST: f32 = 0.03;
/// Above this the spectrum is faded out: harmonics of the voice are weak there and noise is not.
const PASS_HZ: f32 = 2500.0;
/// Above this nothing of the spectrum is used.
const STOP_HZ: f32 = 4000.0;

/// One possible pitch of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Candidate {
    /// Frequency in hertz.
    pub(super) hertz: f32,
    /// How periodic the sound is at this frequency, about 0–1.
    pub(super) strength: f32,
}

/// Finds pitch candidates; holds the transforms and their buffers.
pub(super) struct Autocorrelation {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    /// 1 / autocorrelation of the window, per lag.
    correction: Vec<f32>,
    band: Vec<f32>,
    samples: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    power: Vec<Complex<f32>>,
    lags: Vec<f32>,
    forward_scratch: Vec<Complex<f32>>,
    inverse_scratch: Vec<Complex<f32>>,
    candidates: Vec<Candidate>,
}

impl Autocorrelation {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(TRANSFORM);
        let inverse = planner.plan_fft_inverse(TRANSFORM * OVERSAMPLING);
        let mut this = Self {
            window: hann(WINDOW_SAMPLES),
            correction: Vec::new(),
            band: vec![1.0; TRANSFORM / 2 + 1],
            samples: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            power: inverse.make_input_vec(),
            lags: inverse.make_output_vec(),
            forward_scratch: forward.make_scratch_vec(),
            inverse_scratch: inverse.make_scratch_vec(),
            candidates: Vec::with_capacity(MAX_CANDIDATES + 1),
            forward,
            inverse,
        };
        this.samples[..WINDOW_SAMPLES].copy_from_slice(&hann(WINDOW_SAMPLES));
        this.transform();
        let energy = this.lags[0];
        this.correction = this.lags[..=longest_lag() + 1].iter().map(|&value| energy / value).collect();
        this.band = (0..=TRANSFORM / 2).map(band_weight).collect();
        this
    }

    /// The candidates of a window of [`WINDOW_SAMPLES`] finite samples, strongest first.
    pub(super) fn candidates(&mut self, window: &[f32]) -> &[Candidate] {
        self.candidates.clear();
        let mean = window.iter().sum::<f32>() / window.len().max(1) as f32;
        for ((slot, &sample), &weight) in self.samples.iter_mut().zip(window).zip(&self.window) {
            *slot = (sample - mean) * weight;
        }
        self.samples[WINDOW_SAMPLES..].fill(0.0);
        self.transform();
        let energy = self.lags[0];
        if energy <= f32::MIN_POSITIVE {
            return &[];
        }
        let scale = 1.0 / energy;
        let lag_rate = (SAMPLE_RATE_HZ as usize * OVERSAMPLING) as f32;
        let value = |lag: usize| self.lags[lag] * self.correction[lag] * scale;
        let first = (lag_rate / PITCH_CEILING_HZ) as usize;
        let (mut before, mut here) = (value(first - 1), value(first));
        for lag in first..=longest_lag() {
            let after = value(lag + 1);
            if here > 0.5 * VOICING_THRESHOLD && here > before && here >= after {
                // Top of the parabola through three points.
                let curvature = 2.0 * here - before - after;
                let shift = if curvature > 0.0 { 0.5 * (after - before) / curvature } else { 0.0 };
                let top = here + 0.25 * (after - before) * shift;
                let hertz = lag_rate / (lag as f32 + shift);
                if (PITCH_FLOOR_HZ..=PITCH_CEILING_HZ * 1.002).contains(&hertz) {
                    // A correlation above 1 is an artefact of short windows: reflect it, as Praat does.
                    let periodicity = if top > 1.0 { 1.0 / top } else { top };
                    let strength = periodicity + OCTAVE_COST * (hertz / PITCH_FLOOR_HZ).log2();
                    let hertz = hertz.min(PITCH_CEILING_HZ);
                    let place = self.candidates.partition_point(|other| other.strength >= strength);
                    self.candidates.insert(place, Candidate { hertz, strength });
                    self.candidates.truncate(MAX_CANDIDATES);
                }
            }
            (before, here) = (here, after);
        }
        &self.candidates
    }

    /// From `samples` to the autocorrelation in `lags`, which are `OVERSAMPLING` to a sample.
    fn transform(&mut self) {
        // Both fail only on buffers of another length than the plan's, and the plans made these buffers.
        let _ = self.forward.process_with_scratch(
            &mut self.samples,
            &mut self.spectrum,
            &mut self.forward_scratch,
        );
        self.power.fill(Complex::default());
        for ((power, bin), &weight) in self.power.iter_mut().zip(&self.spectrum).zip(&self.band) {
            power.re = bin.norm_sqr() * weight;
        }
        let _ = self.inverse.process_with_scratch(&mut self.power, &mut self.lags, &mut self.inverse_scratch);
    }
}

/// The longest lag of a candidate, in steps of the oversampled autocorrelation.
const fn longest_lag() -> usize {
    (SAMPLE_RATE_HZ as usize * OVERSAMPLING).div_ceil(PITCH_FLOOR_HZ as usize)
}

/// How much of a bin's power is used.
fn band_weight(bin: usize) -> f32 {
    let hertz = bin as f32 * SAMPLE_RATE_HZ as f32 / TRANSFORM as f32;
    let fade = ((hertz - PASS_HZ) / (STOP_HZ - PASS_HZ)).clamp(0.0, 1.0);
    0.5 + 0.5 * (std::f32::consts::PI * fade).cos()
}
