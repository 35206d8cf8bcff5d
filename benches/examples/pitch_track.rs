//! Prints the voice track of raw sound as JSON: 16 kHz mono `f32` on standard input, all of it taken as
//! speech. Used by `benches/peers/pitch.py` to compare the pitch with other programs.

use std::io::{Read, Write};
use std::time::Instant;

use interview_pipeline::perception::voice::VoiceTracker;
use interview_schemas::perception::Span;

fn main() -> std::io::Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let samples: Vec<f32> =
        bytes.as_chunks::<4>().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect();
    let start = Instant::now();
    let mut tracker = VoiceTracker::new();
    for chunk in samples.chunks(1600) {
        tracker.push(chunk);
    }
    let duration_s = tracker.duration_s();
    let track = tracker.finish(&[Span { start_s: 0.0, end_s: duration_s }]);
    let elapsed_s = start.elapsed().as_secs_f64();
    let result = serde_json::json!({
        "f0_hz": track.f0_hz,
        "level_db": track.level_db,
        "real_time_factor": elapsed_s / duration_s.max(f64::MIN_POSITIVE),
    });
    serde_json::to_writer(std::io::stdout().lock(), &result)?;
    std::io::stdout().lock().write_all(b"\n")
}
