//! Accuracy on sounds whose pitch, level and noise are known, and behaviour on damaged input.

use std::f64::consts::TAU;

use interview_schemas::perception::{Span, VoiceTrack};
use proptest::prelude::*;

use super::*;

const RATE: f64 = SAMPLE_RATE_HZ as f64;
/// A frame more than this far from the truth is a gross error (the usual 20 %).
const GROSS: f64 = 0.2;

/// A sound of harmonics `amplitudes` over a pitch that changes with time.
fn harmonic(seconds: f64, pitch_hz: impl Fn(f64) -> f64, amplitudes: &[f64]) -> Vec<f32> {
    let mut phase = 0.0;
    (0..(seconds * RATE) as usize)
        .map(|index| {
            phase = (phase + pitch_hz(index as f64 / RATE) / RATE).fract();
            let sum: f64 = amplitudes
                .iter()
                .enumerate()
                .map(|(number, amplitude)| amplitude * (TAU * phase * (number + 1) as f64).sin())
                .sum();
            sum as f32
        })
        .collect()
}

/// Evenly distributed noise of this root mean square, the same in every run.
fn noise(samples: usize, rms: f64) -> Vec<f32> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..samples)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (((state >> 11) as f64 / (1u64 << 53) as f64 - 0.5) * 12f64.sqrt() * rms) as f32
        })
        .collect()
}

fn add(left: &[f32], right: &[f32]) -> Vec<f32> {
    left.iter().zip(right).map(|(a, b)| a + b).collect()
}

fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// Harmonics of a vowel: glottal slope of 12 dB per octave, shaped by the formants of /a/.
fn vowel(pitch_hz: f64) -> Vec<f64> {
    (1..=(4000.0 / pitch_hz) as usize)
        .map(|number| {
            let hertz = pitch_hz * number as f64;
            let formants: f64 = [(730.0, 90.0), (1090.0, 110.0), (2440.0, 170.0)]
                .iter()
                .map(|(centre, width)| 1.0 / (1.0 + ((hertz - centre) / width).powi(2)))
                .sum();
            0.3 * (formants + 0.02) / (number as f64).powf(1.0)
        })
        .collect()
}

fn whole(samples: &[f32]) -> Vec<Span> {
    vec![Span { start_s: 0.0, end_s: samples.len() as f64 / RATE }]
}

fn track(samples: &[f32]) -> VoiceTrack {
    let mut tracker = VoiceTracker::new();
    tracker.push(samples);
    tracker.finish(&whole(samples))
}

/// Compared with the truth, leaving out 50 ms at both ends: share voiced, share of gross errors among the
/// voiced, and the mean relative error of the rest.
fn compare(track: &VoiceTrack, pitch_hz: impl Fn(f64) -> f64) -> (f64, f64, f64) {
    let inner = 5..track.f0_hz.len() - 5;
    let errors: Vec<f64> = inner
        .clone()
        .filter_map(|index| {
            let truth = pitch_hz((index as f64 + 0.5) * HOP_S);
            track.f0_hz[index].map(|hertz| (f64::from(hertz) / truth - 1.0).abs())
        })
        .collect();
    let fine: Vec<f64> = errors.iter().copied().filter(|&error| error <= GROSS).collect();
    let gross = (errors.len() - fine.len()) as f64 / errors.len().max(1) as f64;
    (errors.len() as f64 / inner.len() as f64, gross, fine.iter().sum::<f64>() / fine.len().max(1) as f64)
}

fn assert_accurate(name: &str, samples: &[f32], pitch_hz: impl Fn(f64) -> f64, limits: (f64, f64, f64)) {
    let (voiced, gross, error) = compare(&track(samples), pitch_hz);
    assert!(
        voiced >= limits.0 && gross <= limits.1 && error <= limits.2,
        "{name}: voiced {voiced:.3}, gross {gross:.4}, mean error {error:.5}; limits {limits:?}"
    );
}

#[test]
fn finds_the_frequency_of_sines_over_the_whole_range() {
    for hertz in [66.0, 80.0, 100.0, 130.8, 200.0, 261.6, 333.3, 440.0, 523.3, 595.0] {
        let sound = harmonic(1.0, |_| hertz, &[0.5]);
        assert_accurate(&format!("{hertz} Hz"), &sound, |_| hertz, (1.0, 0.0, 0.002));
    }
}

#[test]
fn finds_the_pitch_of_harmonics_without_their_fundamental() {
    for hertz in [75.0, 110.0, 180.0, 250.0, 320.0] {
        let sound = harmonic(1.0, |_| hertz, &[0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.1]);
        assert_accurate(&format!("{hertz} Hz"), &sound, |_| hertz, (1.0, 0.0, 0.002));
    }
}

#[test]
fn follows_glides_and_vibrato() {
    let up = |t: f64| 100.0 * 2f64.powf(t * 0.8);
    assert_accurate("up", &harmonic(2.0, up, &vowel(150.0)), up, (0.99, 0.0, 0.005));
    let down = |t: f64| 320.0 * 2f64.powf(-t);
    assert_accurate("down", &harmonic(2.0, down, &vowel(200.0)), down, (0.99, 0.0, 0.005));
    let vibrato = |t: f64| 200.0 * (1.0 + 0.03 * (TAU * 5.5 * t).sin());
    assert_accurate("vibrato", &harmonic(2.0, vibrato, &vowel(200.0)), vibrato, (0.99, 0.0, 0.01));
}

#[test]
fn vowels_at_20_db_noise_have_at_most_one_percent_gross_errors() {
    for hertz in [70.0, 85.0, 110.0, 150.0, 210.0, 280.0, 390.0, 520.0] {
        let clean = harmonic(2.0, |_| hertz, &vowel(hertz));
        let noisy = add(&clean, &noise(clean.len(), rms(&clean) * 0.1));
        assert_accurate(&format!("{hertz} Hz"), &noisy, |_| hertz, (0.98, 0.01, 0.005));
    }
}

#[test]
fn vowels_at_5_db_noise_still_have_few_octave_errors() {
    for hertz in [85.0, 110.0, 210.0, 390.0] {
        let clean = harmonic(2.0, |_| hertz, &vowel(hertz));
        let noisy = add(&clean, &noise(clean.len(), rms(&clean) * 0.56));
        assert_accurate(&format!("{hertz} Hz"), &noisy, |_| hertz, (0.9, 0.02, 0.02));
    }
}

#[test]
fn noise_has_no_pitch() {
    let track = track(&noise(5 * 16_000, 0.1));
    let voiced = track.f0_hz.iter().flatten().count() as f64 / track.f0_hz.len() as f64;
    assert!(voiced <= 0.02, "{voiced} of white noise was called voiced");
}

#[test]
fn pitch_stands_only_where_there_is_speech() {
    let sound = harmonic(2.0, |_| 150.0, &vowel(150.0));
    let mut tracker = VoiceTracker::new();
    tracker.push(&sound);
    let track = tracker.finish(&[Span { start_s: 0.5, end_s: 1.0 }]);
    let voiced: Vec<usize> = (0..track.f0_hz.len()).filter(|&index| track.f0_hz[index].is_some()).collect();
    assert_eq!(voiced, (50..100).collect::<Vec<_>>());
}

#[test]
fn hum_in_the_gaps_of_speech_is_not_voice() {
    let mut sound = harmonic(2.0, |_| 100.0, &[0.001]);
    for (slot, sample) in sound[..16_000].iter_mut().zip(harmonic(1.0, |_| 180.0, &vowel(180.0))) {
        *slot += sample;
    }
    let track = track(&sound);
    assert!(track.f0_hz[10..90].iter().all(Option::is_some));
    assert!(track.f0_hz[110..190].iter().all(Option::is_none));
}

#[test]
fn levels_are_decibels_of_full_scale() {
    let track_sine = track(&harmonic(1.0, |_| 440.0, &[1.0]));
    assert!(track_sine.level_db[10..90].iter().all(|level| (level + 3.0).abs() <= 0.11));
    let offset = track(&vec![0.5; 16_000]);
    assert!(offset.level_db[10..90].iter().all(|&level| level == SILENCE_DB), "an offset is not sound");
    let silence = track(&vec![0.0; 16_000]);
    assert!(silence.level_db.iter().all(|&level| level == SILENCE_DB));
    assert_eq!(silence.level_db.len(), 100);
}

#[test]
fn signal_to_noise_is_the_level_of_speech_over_the_level_of_pauses() {
    for (decibels, factor) in [(10.0, 0.316_228), (20.0, 0.1), (40.0, 0.01)] {
        let speech = harmonic(1.0, |_| 150.0, &vowel(150.0));
        let level = rms(&speech);
        let mut sound = vec![0.0; 48_000];
        sound[16_000..32_000].copy_from_slice(&speech);
        let sound = add(&sound, &noise(48_000, level * factor));
        let mut tracker = VoiceTracker::new();
        tracker.push(&sound);
        let found = tracker.finish(&[Span { start_s: 1.0, end_s: 2.0 }]).signal_to_noise_db.unwrap();
        // Speech plus noise over noise.
        let truth = 10.0 * (1.0 + 10f64.powf(decibels / 10.0)).log10();
        assert!((found - truth).abs() < 0.6, "{found} dB instead of {truth} dB");
    }
}

#[test]
fn without_pause_or_speech_there_is_no_signal_to_noise() {
    let sound = harmonic(1.0, |_| 150.0, &vowel(150.0));
    assert_eq!(track(&sound).signal_to_noise_db, None);
    let mut tracker = VoiceTracker::new();
    tracker.push(&sound);
    assert_eq!(tracker.finish(&[]).signal_to_noise_db, None);
}

#[test]
fn clipped_samples_are_counted() {
    let sound: Vec<f32> = harmonic(1.0, |_| 100.0, &[2.0]).iter().map(|s| s.clamp(-1.0, 1.0)).collect();
    // |2 sin x| >= 0.99 for two thirds of the time.
    assert!((track(&sound).clipped_ratio - 0.67).abs() < 0.01);
    assert_eq!(track(&harmonic(1.0, |_| 100.0, &[0.9])).clipped_ratio, 0.0);
}

#[test]
fn a_recording_shorter_than_half_a_frame_has_no_frames() {
    assert_eq!(track(&[]).level_db.len(), 0);
    assert_eq!(track(&[0.5; 80]).level_db.len(), 0);
    assert_eq!(track(&[0.5; 81]).level_db.len(), 1);
    assert_eq!(track(&[0.5; 240]).level_db.len(), 1);
    assert_eq!(track(&[0.5; 241]).level_db.len(), 2);
}

#[test]
fn half_the_loudness_is_6_db_less_and_the_same_pitch() {
    let clean = harmonic(3.0, |t| 120.0 + 60.0 * (TAU * 0.7 * t).sin(), &vowel(150.0));
    let loud = add(&clean, &noise(clean.len(), rms(&clean) * 0.05));
    let quiet: Vec<f32> = loud.iter().map(|sample| sample * 0.5).collect();
    let (loud, quiet) = (track(&loud), track(&quiet));
    assert_eq!(loud.f0_hz, quiet.f0_hz);
    for (a, b) in loud.level_db.iter().zip(&quiet.level_db) {
        assert!((a - b - 6.02).abs() < 0.11);
    }
}

#[test]
fn damaged_samples_and_spans_do_no_harm() {
    let mut sound = harmonic(1.0, |_| 150.0, &vowel(150.0));
    sound[4000] = f32::NAN;
    sound[5000] = f32::INFINITY;
    sound[6000] = -1e30;
    let mut tracker = VoiceTracker::new();
    tracker.push(&sound);
    let spans = [
        Span { start_s: f64::NAN, end_s: 1.0 },
        Span { start_s: -1e300, end_s: 1e300 },
        Span { start_s: 2.0, end_s: 1.0 },
        Span { start_s: f64::NEG_INFINITY, end_s: f64::INFINITY },
    ];
    let track = tracker.finish(&spans);
    assert!(track.level_db.iter().all(|level| level.is_finite()));
    assert!(track.f0_hz.iter().flatten().all(|hertz| (PITCH_FLOOR_HZ..=PITCH_CEILING_HZ).contains(hertz)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_size_of_the_chunks_does_not_change_the_result(
        sizes in prop::collection::vec(1usize..20_000, 1..12),
        samples in 0usize..40_000,
    ) {
        let clean = harmonic(samples as f64 / RATE, |t| 110.0 + 40.0 * t, &vowel(140.0));
        let sound = add(&clean, &noise(clean.len(), 0.01));
        let whole_track = track(&sound);
        let mut tracker = VoiceTracker::new();
        let mut rest = &sound[..];
        for size in sizes.iter().cycle() {
            let (chunk, after) = rest.split_at((*size).min(rest.len()));
            tracker.push(chunk);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(tracker.finish(&whole(&sound)), whole_track);
    }
}
