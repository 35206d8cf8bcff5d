//! Pitch tracking: how many seconds of sound one core follows in a second. Target: at most 2 % of real time.

use std::f32::consts::TAU;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use interview_pipeline::perception::voice::{SAMPLE_RATE_HZ, VoiceTracker};
use interview_schemas::perception::Span;

const SECONDS: usize = 10;

/// A voice of 20 harmonics that glides between 100 and 200 Hz, never silent: the dearest case.
fn voice() -> Vec<f32> {
    let rate = SAMPLE_RATE_HZ as f32;
    let mut phase = 0.0f32;
    (0..SECONDS * SAMPLE_RATE_HZ as usize)
        .map(|index| {
            let pitch_hz = 150.0 + 50.0 * (TAU * 0.5 * index as f32 / rate).sin();
            phase = (phase + pitch_hz / rate).fract();
            (1..=20).map(|number| (TAU * phase * number as f32).sin() * 0.1 / number as f32).sum()
        })
        .collect()
}

fn pitch(criterion: &mut Criterion) {
    let sound = voice();
    let speech = [Span { start_s: 0.0, end_s: SECONDS as f64 }];
    let mut group = criterion.benchmark_group("voice");
    group.throughput(Throughput::Elements(SECONDS as u64));
    group.bench_function("track_10_s", |bencher| {
        bencher.iter(|| {
            let mut tracker = VoiceTracker::new();
            for chunk in black_box(&sound).chunks(1600) {
                tracker.push(chunk);
            }
            tracker.finish(black_box(&speech))
        });
    });
    group.finish();
}

criterion_group!(benches, pitch);
criterion_main!(benches);
