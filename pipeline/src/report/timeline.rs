//! The timeline of an answer: curves thinned to what a picture can show, whatever the length of the recording.

use interview_schemas::features::round_decimals;
use interview_schemas::perception::{AnswerPerception, FaceTracks, VoiceTrack};
use interview_schemas::report::Timeline;

/// Most points of a curve.
pub(super) const MAX_POINTS: usize = 400;
/// Shortest distance between points in seconds: finer than this no eye can follow.
const MIN_STEP_S: f64 = 0.05;
/// Level of digital silence in dB relative to full scale, where the track holds no number.
const SILENCE_DB: f64 = -100.0;

/// The curves of an answer; `None` when there is nothing over time (typed text, no sound and no faces).
#[must_use]
pub(super) fn timeline(perception: &AnswerPerception) -> Option<Timeline> {
    let duration_s = perception.media.as_ref()?.duration_s;
    if !(duration_s.is_finite() && duration_s > 0.0) {
        return None;
    }
    if perception.voice.is_none() && perception.faces.is_none() {
        return None;
    }
    let step_s = step_s(duration_s);
    let voice = perception.voice.as_ref();
    Some(Timeline {
        speech: voice.map(|voice| voice.speech.clone()).unwrap_or_default(),
        step_s,
        level_db: voice.map(|voice| level_db(voice, step_s)).unwrap_or_default(),
        f0_hz: voice.map(|voice| f0_hz(voice, step_s)).unwrap_or_default(),
        faces: perception
            .faces
            .as_ref()
            .map(|faces| face_count(faces, step_s, duration_s))
            .unwrap_or_default(),
        eye_contact: Vec::new(),
        smile: Vec::new(),
    })
}

/// The distance between points: a multiple of 50 ms, as short as [`MAX_POINTS`] allow.
fn step_s(duration_s: f64) -> f64 {
    let steps = (duration_s / (MAX_POINTS as f64 * MIN_STEP_S)).ceil().max(1.0);
    round_decimals(steps * MIN_STEP_S, 3)
}

/// Frames of the voice track per point; at least one, so that the loop ends whatever the track says.
fn frames_per_point(voice: &VoiceTrack, step_s: f64) -> usize {
    let frames = (step_s / voice.hop_s).round();
    if frames.is_finite() && frames >= 1.0 { frames as usize } else { 1 }
}

/// Mean power of the frames of each point, in decibels.
fn level_db(voice: &VoiceTrack, step_s: f64) -> Vec<f64> {
    voice
        .level_db
        .chunks(frames_per_point(voice, step_s))
        .take(MAX_POINTS)
        .map(|frames| {
            let power = frames.iter().filter(|level| level.is_finite()).map(|&level| from_db(level.into()));
            let mean = power.sum::<f64>() / frames.len() as f64;
            let level = if mean > 0.0 { 10.0 * mean.log10() } else { SILENCE_DB };
            round_decimals(level.clamp(SILENCE_DB, 10.0), 1)
        })
        .collect()
}

fn from_db(level: f64) -> f64 {
    10f64.powf(level.clamp(SILENCE_DB, 10.0) / 10.0)
}

/// Median pitch of the voiced frames of each point; none where less than a quarter of them is voiced.
fn f0_hz(voice: &VoiceTrack, step_s: f64) -> Vec<Option<f64>> {
    voice
        .f0_hz
        .chunks(frames_per_point(voice, step_s))
        .take(MAX_POINTS)
        .map(|frames| {
            let mut voiced: Vec<f32> = frames.iter().flatten().copied().filter(|hz| hz.is_finite()).collect();
            if voiced.is_empty() || voiced.len() * 4 < frames.len() {
                return None;
            }
            voiced.sort_by(f32::total_cmp);
            Some(round_decimals(voiced[voiced.len() / 2].into(), 1))
        })
        .collect()
}

/// The largest number of faces seen within each point; none where no frame was sampled.
fn face_count(faces: &FaceTracks, step_s: f64, duration_s: f64) -> Vec<Option<f64>> {
    let points = ((duration_s / step_s).ceil() as usize).clamp(1, MAX_POINTS);
    let mut counts: Vec<Option<f64>> = vec![None; points];
    for frame in &faces.frames {
        let index = frame.t_s / step_s;
        if !(index.is_finite() && index >= 0.0) {
            continue;
        }
        let slot = &mut counts[(index as usize).min(points - 1)];
        let count = frame.faces.len() as f64;
        *slot = Some(slot.map_or(count, |before| before.max(count)));
    }
    counts
}

#[cfg(test)]
mod tests {
    use interview_schemas::AnswerId;
    use interview_schemas::perception::{MediaFacts, Span};
    use proptest::prelude::*;

    use super::*;

    fn perception(
        duration_s: f64,
        hop_s: f64,
        level_db: Vec<f32>,
        f0_hz: Vec<Option<f32>>,
    ) -> AnswerPerception {
        AnswerPerception {
            id: AnswerId::new("a1").unwrap(),
            media: Some(MediaFacts {
                duration_s,
                has_audio: true,
                has_video: false,
                sampled_frames: 0,
                width: None,
                height: None,
                sha256: "0".repeat(64),
                warnings: Vec::new(),
            }),
            transcript: None,
            voice: Some(VoiceTrack {
                speech: vec![Span { start_s: 0.0, end_s: 1.0 }],
                hop_s,
                f0_hz,
                level_db,
                clipped_ratio: 0.0,
                signal_to_noise_db: None,
            }),
            faces: None,
            body: None,
            picture: None,
        }
    }

    #[test]
    fn a_minute_is_thinned_to_its_levels_and_pitches() {
        let level: Vec<f32> = (0..6000).map(|i| if i < 3000 { -20.0 } else { -60.0 }).collect();
        let f0: Vec<_> = (0..6000).map(|i| (i < 3000).then_some(200.0)).collect();
        let line = timeline(&perception(60.0, 0.01, level, f0)).unwrap();
        assert_eq!((line.step_s, line.level_db.len()), (0.15, 400));
        assert_eq!((line.level_db[10], line.level_db[390]), (-20.0, -60.0));
        assert_eq!((line.f0_hz[10], line.f0_hz[390]), (Some(200.0), None));
    }

    #[test]
    fn power_is_averaged_not_decibels() {
        // Half of the frames at -20 dB, half silent: the mean power is 3 dB lower, not 40 dB.
        let level: Vec<f32> = (0..12).map(|i| if i % 2 == 0 { -20.0 } else { -100.0 }).collect();
        let line = timeline(&perception(0.12, 0.02, level, vec![None; 12])).unwrap();
        assert!(line.level_db.iter().all(|level| (-25.0..=-21.0).contains(level)), "{:?}", line.level_db);
    }

    proptest! {
        #[test]
        fn any_track_gives_few_finite_points(
            duration_s in prop_oneof![0.001..36_000.0f64, Just(f64::NAN), Just(f64::INFINITY), Just(0.0)],
            hop_s in prop_oneof![0.001..1.0f64, Just(0.0), Just(-1.0), Just(f64::NAN)],
            level in prop::collection::vec(prop::num::f32::ANY, 0..900),
            f0 in prop::collection::vec(prop::option::of(prop::num::f32::ANY), 0..900),
        ) {
            if let Some(line) = timeline(&perception(duration_s, hop_s, level, f0)) {
                prop_assert!(line.step_s.is_finite() && line.step_s >= MIN_STEP_S);
                prop_assert!(line.level_db.len() <= MAX_POINTS && line.f0_hz.len() <= MAX_POINTS);
                prop_assert!(line.level_db.iter().all(|level| (SILENCE_DB..=10.0).contains(level)));
                prop_assert!(line.f0_hz.iter().flatten().all(|hz| hz.is_finite()));
            }
        }
    }
}
