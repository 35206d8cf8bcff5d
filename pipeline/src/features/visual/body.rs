//! Posture and gestures from the points of the body, looked at about once a second.

use interview_schemas::features::NotAssessed;
use interview_schemas::perception::{BodyFrame, BodyPoint, Span};

use super::episodes::{Point, Rule, episodes};
use super::face::quantile;
use super::view::{View, usual_step};

/// Least share of the looks in which both shoulders are in view.
const LEAST_SHARE: f64 = 0.3;
/// Least number of looks with both shoulders.
const LEAST_LOOKS: usize = 2;
/// Upright: shoulders tilted less and head leaning less than this, in degrees.
const UPRIGHT_DEG: (f64, f64) = (8.0, 12.0);
/// A hand moves when its wrist travels this many shoulder widths a second; it fidgets from the lesser value on.
const MOVING: f64 = 0.3;
const FIDGETING: f64 = 0.06;
/// Two looks further apart than this many seconds say nothing about movement.
const LONGEST_STEP_S: f64 = 2.5;
/// The face box is grown by this share for hands that touch it.
const FACE_GROWN: f64 = 0.1;

/// A look at the body with both shoulders in view.
struct Look<'a> {
    frame: &'a BodyFrame,
    shoulders: [&'a BodyPoint; 2],
    /// Distance of the shoulders in pixels.
    width: f64,
}

/// The body over an answer.
pub(super) struct Body<'a> {
    looks: Vec<Look<'a>>,
    /// Share of the looks with both shoulders in view.
    pub(super) share: f64,
    /// Usual time between two looks, in seconds.
    step_s: f64,
    /// End of the time looked at, in seconds.
    end_s: f64,
}

/// Largest distance in time between a look at the body and a frame with the candidate's face, in seconds.
const FACE_NEAR_S: f64 = 1.0;

/// Whether the candidate's face was seen about that time: a body alone may be a drawing or somebody else.
fn face_near(view: &View<'_>, t_s: f64) -> bool {
    let from = view.samples.partition_point(|sample| sample.t_s < t_s - FACE_NEAR_S);
    let about = view.samples[from..].iter().take_while(|sample| sample.t_s <= t_s + FACE_NEAR_S);
    about.into_iter().any(|sample| sample.face.is_some())
}

impl<'a> Body<'a> {
    /// The looks with both shoulders of the candidate, or why there are too few.
    pub(super) fn new(frames: &'a [BodyFrame], view: &View<'_>) -> Result<Self, NotAssessed> {
        let (first, last) = (view.samples.first().map(|s| s.t_s), view.samples.last().map(|s| s.t_s));
        let within = |frame: &&BodyFrame| {
            first.is_some_and(|t| frame.t_s >= t) && last.is_some_and(|t| frame.t_s <= t)
        };
        let total = frames.iter().filter(within).count();
        let looks: Vec<Look<'a>> = frames
            .iter()
            .filter(within)
            .filter(|frame| face_near(view, frame.t_s))
            .filter_map(|frame| {
                let (left, right) = (frame.points.get("left_shoulder")?, frame.points.get("right_shoulder")?);
                let width = (left.x - right.x).hypot(left.y - right.y);
                (width > 8.0).then_some(Look { frame, shoulders: [left, right], width })
            })
            .collect();
        let share = looks.len() as f64 / total.max(1) as f64;
        if looks.len() < LEAST_LOOKS || share < LEAST_SHARE {
            return Err(if total < LEAST_LOOKS && !looks.is_empty() {
                NotAssessed::TooShort
            } else {
                NotAssessed::NoBody
            });
        }
        let times: Vec<f64> = frames.iter().map(|frame| frame.t_s).collect();
        let end_s = view.samples.last().map_or(0.0, super::view::Sample::end_s);
        Ok(Self { looks, share, step_s: usual_step(&times), end_s })
    }

    /// The time a look stands for, in seconds.
    fn step_after(&self, look: &Look<'_>) -> f64 {
        self.step_s.min(self.end_s - look.frame.t_s).max(0.0)
    }

    /// Number of looks with both shoulders.
    pub(super) fn count(&self) -> usize {
        self.looks.len()
    }

    /// Median tilt of the shoulders in degrees, without sign.
    pub(super) fn shoulder_tilt_deg(&self) -> Option<f64> {
        quantile(self.looks.iter().map(Look::tilt_deg).collect(), 0.5)
    }

    /// Share of the looks in which the body is upright.
    pub(super) fn upright_ratio(&self) -> Option<f64> {
        let known: Vec<bool> = self.looks.iter().filter_map(Look::is_upright).collect();
        (!known.is_empty())
            .then(|| known.iter().filter(|upright| **upright).count() as f64 / known.len() as f64)
    }

    /// Looks in which the body is not upright.
    pub(super) fn leaning(&self) -> Vec<Span> {
        let points: Vec<Point> = self
            .looks
            .iter()
            .map(|look| Point {
                t_s: look.frame.t_s,
                step_s: self.step_after(look),
                value: look.is_upright().map(|upright| f64::from(u8::from(!upright))),
            })
            .collect();
        episodes(&points, Rule { enter: 1.0, stay: 1.0, shortest_s: 2.0, bridge_s: 0.1 })
    }

    /// How far the head sank towards the shoulders from the first to the last third, in shoulder widths; `None` with
    /// too few looks.
    pub(super) fn slump(&self) -> Option<f64> {
        let heights: Vec<f64> = self.looks.iter().filter_map(Look::head_height).collect();
        let third = heights.len() / 3;
        if third < 3 {
            return None;
        }
        let median = |part: &[f64]| quantile(part.to_vec(), 0.5);
        Some(median(&heights[..third])? - median(&heights[heights.len() - third..])?)
    }

    /// How the hands move; `None` when no hand was ever in view twice in a row.
    pub(super) fn hands(&self) -> Option<Hands> {
        let mut speeds: Vec<(f64, f64, f64)> = Vec::new();
        for pair in self.looks.windows(2) {
            let step = pair[1].frame.t_s - pair[0].frame.t_s;
            if !(step > 0.0 && step <= LONGEST_STEP_S) {
                continue;
            }
            let travelled =
                ["left_wrist", "right_wrist"].iter().filter_map(|name| pair[0].travel(&pair[1], name));
            if let Some(fastest) = travelled.reduce(f64::max) {
                speeds.push((pair[0].frame.t_s, step, fastest / step));
            }
        }
        let time: f64 = speeds.iter().map(|(_, step, _)| step).sum();
        if time <= 0.0 || time.is_nan() {
            return None;
        }
        let points: Vec<Point> =
            speeds.iter().map(|&(t_s, step_s, speed)| Point { t_s, step_s, value: Some(speed) }).collect();
        let gestures =
            episodes(&points, Rule { enter: MOVING, stay: MOVING / 2.0, shortest_s: 0.0, bridge_s: 0.1 });
        let moving: Vec<f64> = speeds
            .iter()
            .filter(|(_, _, speed)| *speed >= MOVING)
            .map(|(_, step, speed)| speed * step)
            .collect();
        let fidgeting: f64 = speeds
            .iter()
            .filter(|(_, _, speed)| (FIDGETING..MOVING).contains(speed))
            .map(|(_, step, _)| step)
            .sum();
        let extent = quantile(moving, 0.5).unwrap_or(0.0);
        Some(Hands { gestures, extent, fidget_ratio: fidgeting / time, time_s: time })
    }

    /// Looks with a hand on the face, as spans; `None` when no hand was in view at all.
    pub(super) fn hands_on_face(&self, view: &View<'_>) -> Vec<Span> {
        let points: Vec<Point> = self
            .looks
            .iter()
            .map(|look| {
                let t_s = look.frame.t_s;
                let nearest =
                    view.samples.iter().min_by(|a, b| (a.t_s - t_s).abs().total_cmp(&(b.t_s - t_s).abs()));
                let on_face = nearest.and_then(|sample| sample.face).map(|face| {
                    let grow = (face.bounds.width * FACE_GROWN, face.bounds.height * FACE_GROWN);
                    ["left_index", "right_index", "left_thumb", "right_thumb", "left_wrist", "right_wrist"]
                        .iter()
                        .filter_map(|name| look.frame.points.get(*name))
                        .any(|point| {
                            (face.bounds.x - grow.0..face.bounds.x + face.bounds.width + grow.0)
                                .contains(&point.x)
                                && (face.bounds.y - grow.1..face.bounds.y + face.bounds.height + grow.1)
                                    .contains(&point.y)
                        })
                });
                Point {
                    t_s,
                    step_s: self.step_after(look),
                    value: on_face.map(|on_face| f64::from(u8::from(on_face))),
                }
            })
            .collect();
        episodes(&points, Rule { enter: 1.0, stay: 1.0, shortest_s: 0.0, bridge_s: 0.1 })
    }
}

/// How the hands move.
pub(super) struct Hands {
    /// Gestures.
    pub(super) gestures: Vec<Span>,
    /// Median way of a wrist in a gesture between two looks, in shoulder widths.
    pub(super) extent: f64,
    /// Share of the time with small movements only.
    pub(super) fidget_ratio: f64,
    /// Time in which a wrist was followed, in seconds.
    pub(super) time_s: f64,
}

impl Look<'_> {
    fn tilt_deg(&self) -> f64 {
        let [left, right] = self.shoulders;
        (left.y - right.y).atan2((left.x - right.x).abs()).to_degrees().abs()
    }

    fn middle(&self) -> [f64; 2] {
        let [left, right] = self.shoulders;
        [(left.x + right.x) / 2.0, (left.y + right.y) / 2.0]
    }

    /// Middle of the ears, else the nose.
    fn head(&self) -> Option<[f64; 2]> {
        let points = &self.frame.points;
        match (points.get("left_ear"), points.get("right_ear")) {
            (Some(left), Some(right)) => Some([(left.x + right.x) / 2.0, (left.y + right.y) / 2.0]),
            _ => points.get("nose").map(|nose| [nose.x, nose.y]),
        }
    }

    fn head_height(&self) -> Option<f64> {
        Some((self.middle()[1] - self.head()?[1]) / self.width)
    }

    fn is_upright(&self) -> Option<bool> {
        let ([x, y], head) = (self.middle(), self.head()?);
        let lean = (head[0] - x).atan2(y - head[1]).to_degrees().abs();
        Some(self.tilt_deg() <= UPRIGHT_DEG.0 && lean <= UPRIGHT_DEG.1)
    }

    /// Way of a point to the next look in shoulder widths, relative to the shoulders.
    fn travel(&self, next: &Self, name: &str) -> Option<f64> {
        let (from, to) = (self.frame.points.get(name)?, next.frame.points.get(name)?);
        let (a, b) = (self.middle(), next.middle());
        let way = ((to.x - b[0]) - (from.x - a[0])).hypot((to.y - b[1]) - (from.y - a[1]));
        Some(way / ((self.width + next.width) / 2.0))
    }
}
