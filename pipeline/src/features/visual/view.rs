//! What was seen of the candidate as a series over time: one sample per looked-at frame, with the time it stands for.

use interview_schemas::answer::Answer;
use interview_schemas::features::NotAssessed;
use interview_schemas::perception::{Face, FaceTracks, PictureFrame};

use super::super::AnswerContext;

/// A face narrower than this many pixels is too small to measure.
const SMALLEST_FACE: f64 = 40.0;
/// Brightness of a face (0–1) between which it can be measured.
const USABLE_LIGHT: (f64, f64) = (0.06, 0.96);
/// Sharpness of a face under which it cannot be measured.
const LEAST_SHARPNESS: f64 = 6.0;
/// Share of a face that may lie outside the picture.
const MOST_OUTSIDE: f64 = 0.35;
/// Turns of the head (degrees) beyond which eyes and mouth cannot be measured.
const MOST_TURN_DEG: f64 = 45.0;
/// Least time with a usable face, in seconds.
const LEAST_USABLE_S: f64 = 2.0;
/// Least share of the time with a usable face among the time with a face.
const LEAST_USABLE_SHARE: f64 = 0.25;
/// A sample stands for at most so many times the usual distance between samples.
const LONGEST_STEP: f64 = 3.0;

/// One looked-at frame.
#[derive(Clone, Copy)]
pub(super) struct Sample<'a> {
    /// Time in seconds.
    pub(super) t_s: f64,
    /// The time it stands for, in seconds.
    pub(super) step_s: f64,
    /// Number of faces.
    pub(super) faces: usize,
    /// The candidate's face.
    pub(super) face: Option<&'a Face>,
    /// The largest face, whoever it belongs to.
    pub(super) largest: Option<&'a Face>,
    /// The candidate's face where it can be measured.
    pub(super) usable: Option<&'a Face>,
    /// The picture as a whole.
    pub(super) picture: Option<&'a PictureFrame>,
}

impl Sample<'_> {
    /// End of the time it stands for.
    pub(super) fn end_s(&self) -> f64 {
        self.t_s + self.step_s
    }
}

/// The series of one answer.
pub(super) struct View<'a> {
    /// In order of time; never empty.
    pub(super) samples: Vec<Sample<'a>>,
    /// Time looked at, in seconds.
    pub(super) total_s: f64,
    /// Time with the candidate's face.
    pub(super) seen_s: f64,
    /// Time with a usable face of the candidate.
    pub(super) usable_s: f64,
    /// Usual distance between samples.
    pub(super) step_s: f64,
    /// The tracks.
    pub(super) faces: &'a FaceTracks,
}

impl<'a> View<'a> {
    /// The whole answer, or why there is none.
    pub(super) fn new(context: &AnswerContext<'a>) -> Result<Self, NotAssessed> {
        // A written answer has no picture that could be missing or forbidden.
        if matches!(context.answer, Answer::Text(_)) {
            return Err(NotAssessed::NotApplicable);
        }
        if !context.policy.picture {
            return Err(NotAssessed::Policy);
        }
        let perception = context.perception;
        let has_video = perception.media.as_ref().is_some_and(|media| media.has_video);
        let faces = perception.faces.as_ref().filter(|_| has_video).ok_or(NotAssessed::NoVideo)?;
        let times: Vec<f64> = faces.frames.iter().map(|frame| frame.t_s).collect();
        if times.is_empty() {
            return Err(NotAssessed::NoVideo);
        }
        let usual = usual_step(&times);
        let end_s = perception.media.as_ref().map_or(f64::INFINITY, |media| media.duration_s);
        let pictures = perception.picture.as_ref().map_or(&[][..], |picture| &picture.frames);
        let samples: Vec<Sample<'a>> = faces
            .frames
            .iter()
            .enumerate()
            .map(|(index, frame)| {
                let next =
                    times.get(index + 1).copied().unwrap_or(frame.t_s + usual).min(end_s.max(frame.t_s));
                let of_candidate = |face: &&Face| Some(face.track) == faces.candidate_track;
                let face = frame.faces.iter().find(of_candidate);
                Sample {
                    t_s: frame.t_s,
                    step_s: (next - frame.t_s).clamp(0.0, usual * LONGEST_STEP),
                    faces: frame.faces.len(),
                    face,
                    largest: frame.faces.first(),
                    usable: face.filter(|face| is_usable(face)),
                    picture: pictures.get(index),
                }
            })
            .collect();
        let time = |test: fn(&Sample<'_>) -> bool| -> f64 {
            samples.iter().filter(|sample| test(sample)).map(|sample| sample.step_s).sum()
        };
        let (total_s, seen_s, usable_s) =
            (time(|_| true), time(|sample| sample.face.is_some()), time(|sample| sample.usable.is_some()));
        Ok(Self { total_s, seen_s, usable_s, step_s: usual, faces, samples })
    }

    /// Leaves out the time in which the question is still asked.
    pub(super) fn after_question(mut self, answer: &Answer) -> Self {
        let Answer::Video(recording) = answer else { return self };
        let Some(question_end_s) = recording.question_end_s.filter(|end| end.is_finite()) else {
            return self;
        };
        if self.samples.iter().any(|sample| sample.t_s >= question_end_s) {
            self.samples.retain(|sample| sample.t_s >= question_end_s);
            let time = |test: fn(&Sample<'_>) -> bool| -> f64 {
                self.samples.iter().filter(|sample| test(sample)).map(|sample| sample.step_s).sum()
            };
            let sums = (
                time(|_| true),
                time(|sample| sample.face.is_some()),
                time(|sample| sample.usable.is_some()),
            );
            (self.total_s, self.seen_s, self.usable_s) = sums;
        }
        self
    }

    /// Why nothing can be measured on the candidate's face, where it cannot.
    pub(super) fn face_floor(&self) -> Result<(), NotAssessed> {
        if self.seen_s <= 0.0 {
            let dark = self.samples.iter().filter(|sample| {
                sample.picture.is_some_and(|picture| picture.dark_ratio > 0.95 || picture.bright_ratio > 0.95)
            });
            let blind = dark.count() * 2 > self.samples.len();
            return Err(if blind { NotAssessed::PoorQuality } else { NotAssessed::NoFace });
        }
        if self.usable_s < LEAST_USABLE_SHARE * self.seen_s {
            return Err(NotAssessed::PoorQuality);
        }
        if self.usable_s < LEAST_USABLE_S {
            return Err(if self.total_s < LEAST_USABLE_S {
                NotAssessed::TooShort
            } else {
                NotAssessed::NoFace
            });
        }
        Ok(())
    }

    /// How far measures of the face can be relied on: grows with the usable time up to 15 s, falls with the share
    /// of the time in which the face cannot be used.
    pub(super) fn confidence(&self) -> f64 {
        let length = (self.usable_s / 15.0).clamp(0.0, 1.0).sqrt();
        let share = if self.total_s > 0.0 { self.usable_s / self.total_s } else { 0.0 };
        length * (0.5 + 0.5 * share.clamp(0.0, 1.0))
    }
}

/// Whether the face is large, lit, sharp and frontal enough to be measured.
fn is_usable(face: &Face) -> bool {
    let turned = face.yaw_deg.abs() > MOST_TURN_DEG || face.pitch_deg.abs() > MOST_TURN_DEG;
    face.bounds.width >= SMALLEST_FACE
        && !turned
        && face.geometry.is_some()
        && face.quality.as_ref().is_none_or(|quality| {
            (USABLE_LIGHT.0..=USABLE_LIGHT.1).contains(&quality.brightness)
                && quality.sharpness >= LEAST_SHARPNESS
                && quality.outside_ratio <= MOST_OUTSIDE
        })
}

/// The median distance between times; 0.2 s for a single one.
pub(super) fn usual_step(times: &[f64]) -> f64 {
    let mut steps: Vec<f64> = times
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|step| step.is_finite() && *step > 0.0)
        .collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(0.2)
}
