//! Log energies of a mel filter bank, computed as Kaldi does: the front end of SenseVoice.
//!
//! Source: Kaldi's `compute-fbank-feats` (Povey et al. 2011) by way of `kaldi-native-fbank`, against whose numbers
//! it is tested. Frames of 25 ms every 10 ms, only whole ones; mean removed; pre-emphasis 0.97; Hamming window;
//! power spectrum of 512 points; 80 triangles on the mel scale from 20 Hz to 8 kHz; natural logarithm. No dither.

use std::sync::Arc;

use ndarray::{Array1, Array2};
use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use crate::transcriber::SAMPLE_RATE_HZ;

/// Triangles of the filter bank.
pub const MEL_BINS: usize = 80;
/// Samples of a frame (25 ms).
const FRAME_SAMPLES: usize = 400;
/// Samples from one frame to the next (10 ms).
const SHIFT_SAMPLES: usize = 160;
const FFT_POINTS: usize = 512;
const PRE_EMPHASIS: f32 = 0.97;
const LOWEST_HZ: f64 = 20.0;
/// Recognisers of this family were trained on samples as whole numbers.
const SAMPLE_SCALE: f32 = 32_768.0;

/// One triangle: its weights from the first point of the spectrum on that it covers.
struct Triangle {
    first: usize,
    weights: Vec<f32>,
}

/// The filter bank with its tables.
pub struct Fbank {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    triangles: Vec<Triangle>,
}

impl Default for Fbank {
    fn default() -> Self {
        let cosine =
            |index: usize| (2.0 * std::f64::consts::PI * index as f64 / (FRAME_SAMPLES - 1) as f64).cos();
        Self {
            fft: RealFftPlanner::<f32>::new().plan_fft_forward(FFT_POINTS),
            window: (0..FRAME_SAMPLES).map(|index| (0.54 - 0.46 * cosine(index)) as f32).collect(),
            triangles: triangles(),
        }
    }
}

impl Fbank {
    /// Whole frames in so many samples.
    #[must_use]
    pub fn frames(samples: usize) -> usize {
        samples.checked_sub(FRAME_SAMPLES).map_or(0, |rest| rest / SHIFT_SAMPLES + 1)
    }

    /// Log energies, frames x 80, of mono sound at 16 kHz in [-1, 1].
    #[must_use]
    pub fn compute(&self, samples: &[f32]) -> Array2<f32> {
        let mut energies = Array2::zeros((Self::frames(samples.len()), MEL_BINS));
        let mut input = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        for (frame, mut row) in energies.rows_mut().into_iter().enumerate() {
            let start = frame * SHIFT_SAMPLES;
            self.window_frame(&samples[start..start + FRAME_SAMPLES], &mut input);
            // The buffers were made by the plan, so their lengths are right and it cannot fail.
            if self.fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch).is_err() {
                spectrum.fill(Complex32::default());
            }
            for (value, triangle) in row.iter_mut().zip(&self.triangles) {
                let covered = &spectrum[triangle.first..triangle.first + triangle.weights.len()];
                let energy: f32 = covered
                    .iter()
                    .zip(&triangle.weights)
                    .map(|(point, weight)| point.norm_sqr() * weight)
                    .sum();
                *value = energy.max(f32::EPSILON).ln();
            }
        }
        energies
    }

    /// Scales, centres, emphasises and windows one frame; the rest of the input is zero.
    fn window_frame(&self, samples: &[f32], input: &mut [f32]) {
        let mean = samples.iter().sum::<f32>() * SAMPLE_SCALE / FRAME_SAMPLES as f32;
        let centred = |sample: f32| sample * SAMPLE_SCALE - mean;
        let mut before = samples.first().copied().map_or(0.0, centred);
        input.fill(0.0);
        for ((value, sample), weight) in input.iter_mut().zip(samples).zip(&self.window) {
            let here = centred(*sample);
            *value = (here - PRE_EMPHASIS * before) * weight;
            before = here;
        }
    }
}

fn mel(hz: f64) -> f64 {
    1127.0 * (hz / 700.0).ln_1p()
}

fn triangles() -> Vec<Triangle> {
    let rate_hz = f64::from(SAMPLE_RATE_HZ);
    let (low, high) = (mel(LOWEST_HZ), mel(rate_hz / 2.0));
    let step = (high - low) / (MEL_BINS + 1) as f64;
    let point = |index: usize| mel(rate_hz * index as f64 / FFT_POINTS as f64);
    (0..MEL_BINS)
        .map(|bin| {
            let left = low + bin as f64 * step;
            let (centre, right) = (left + step, left + 2.0 * step);
            let inside: Vec<usize> =
                (0..FFT_POINTS / 2).filter(|&index| point(index) > left && point(index) < right).collect();
            let weight = |&index: &usize| {
                let at = point(index);
                let slope = if at <= centre { at - left } else { right - at };
                (slope / step) as f32
            };
            Triangle {
                first: inside.first().copied().unwrap_or(0),
                weights: inside.iter().map(weight).collect(),
            }
        })
        .collect()
}

/// Frames stacked into one of the lower rate.
pub const STACKED: usize = 7;
/// Frames from one of the lower rate to the next: 60 ms.
pub const STACK_SHIFT: usize = 6;
/// Numbers of one frame of the lower rate.
pub const FEATURES: usize = STACKED * MEL_BINS;

/// Stacks seven neighbouring frames, every sixth in the middle; beyond the ends the first and the last frame are
/// repeated, as in FunASR, with which the model was trained. Frames x 80 become ⌈frames / 6⌉ x 560.
#[must_use]
pub fn low_frame_rate(energies: &Array2<f32>) -> Array2<f32> {
    let frames = energies.nrows();
    let mut stacked = Array2::zeros((frames.div_ceil(STACK_SHIFT), FEATURES));
    for (index, mut row) in stacked.rows_mut().into_iter().enumerate() {
        for (slot, mut part) in row.exact_chunks_mut(MEL_BINS).into_iter().enumerate() {
            let from = (index * STACK_SHIFT + slot).saturating_sub(STACKED / 2).min(frames - 1);
            part.assign(&energies.row(from));
        }
    }
    stacked
}

/// Mean and variance normalisation: adds the negative means and multiplies with the inverse deviations, one of each
/// per feature.
pub fn normalise(features: &mut Array2<f32>, negative_mean: &Array1<f32>, inverse_deviation: &Array1<f32>) {
    *features += negative_mean;
    *features *= inverse_deviation;
}
