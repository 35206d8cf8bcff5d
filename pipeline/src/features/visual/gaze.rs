//! Eye contact: gaze within a cone around the direction in which this person looks most.
//!
//! Where the camera stands relative to the picture the person watches is unknown, and the zero of the eyes differs
//! from person to person. So the centre of the cone is the densest direction of the person's own gaze. A cone of
//! direct gaze is about 9 degrees wide to each side (Gamer and Hecht 2007).

use interview_schemas::perception::{Gaze, Span};

use super::episodes::{Point, Rule, episodes};
use super::view::View;

/// Half the opening of the cone, in degrees.
pub(super) const CONE_DEG: f64 = 10.0;
/// Eye contact is lost only beyond this angle, in degrees.
const LOST_DEG: f64 = 12.5;
/// Shortest look away that counts, in seconds.
const SHORTEST_AVERSION_S: f64 = 0.4;
/// With less of the time this near the centre, the person looks all around: there is no direction to calibrate to, and
/// the centre would jump with every change of light. People who talk to a camera have 0.75 and more.
const STEADY: (f64, f64) = (6.0, 0.45);
/// Looks to the same spot lie within this angle, in degrees.
const SPOT_DEG: f64 = 6.0;
/// Shortest look to the same off-screen spot that is pointed out, in seconds.
const SHORTEST_READING_S: f64 = 2.0;
/// Such looks are pointed out when they take so much time together, in seconds and as a share.
const READING_FLOOR: (f64, f64) = (5.0, 0.1);
/// Cells of the map of directions: one per degree, this many to each side of the middle.
const REACH: i32 = 60;
const SIDE: usize = 2 * REACH as usize + 1;
/// Width of the smoothing of the map, in degrees.
const SMOOTHING_DEG: f64 = 3.0;

/// The gaze over an answer, relative to the person's own centre.
pub(super) struct GazeSeries {
    /// The direction that is taken for the camera, in degrees.
    pub(super) centre: Gaze,
    /// How far gaze within the cone spreads around the centre (root mean square), in degrees.
    pub(super) spread_deg: f64,
    /// Angle to the centre; `None` while the eyes are shut or not seen.
    pub(super) away: Vec<Point>,
    /// Directions, for spots.
    directions: Vec<Option<Gaze>>,
    /// Time with a known gaze, in seconds.
    pub(super) known_s: f64,
}

impl GazeSeries {
    /// Calibrates to the person; `None` without any gaze.
    pub(super) fn new(view: &View<'_>) -> Option<Self> {
        let directions: Vec<Option<Gaze>> =
            view.samples.iter().map(|sample| sample.usable.and_then(|face| face.gaze)).collect();
        let weighted = || {
            view.samples
                .iter()
                .zip(&directions)
                .filter_map(|(sample, gaze)| gaze.map(|gaze| (gaze, sample.step_s)))
        };
        let known_s: f64 = weighted().map(|(_, time)| time).sum();
        let centre = densest(weighted())?;
        let away: Vec<Point> = view
            .samples
            .iter()
            .zip(&directions)
            .map(|(sample, gaze)| Point {
                t_s: sample.t_s,
                step_s: sample.step_s,
                value: gaze.map(|gaze| angle(gaze, centre)),
            })
            .collect();
        let (mut squares, mut time) = (0.0, 0.0);
        for point in &away {
            if let Some(value) = point.value.filter(|value| *value <= CONE_DEG) {
                squares += value * value * point.step_s;
                time += point.step_s;
            }
        }
        let spread_deg = if time > 0.0 { (squares / time).sqrt() } else { CONE_DEG };
        Some(Self { centre, spread_deg, away, directions, known_s })
    }

    /// Looks away: gaze outside the cone for at least 0.4 s.
    pub(super) fn aversions(&self) -> Vec<Span> {
        let rule = Rule { enter: LOST_DEG, stay: CONE_DEG, shortest_s: SHORTEST_AVERSION_S, bridge_s: 0.25 };
        episodes(&self.away, rule)
    }

    /// Time with eye contact, in seconds.
    pub(super) fn contact_s(&self) -> f64 {
        super::episodes::states(&self.away, LOST_DEG, CONE_DEG)
            .iter()
            .zip(&self.away)
            .filter(|(state, _)| **state == Some(false))
            .map(|(_, point)| point.step_s)
            .sum()
    }

    /// Whether the person looks in one direction often enough for it to be taken for that of the camera.
    pub(super) fn has_centre(&self) -> bool {
        let near = self.away.iter().filter(|point| point.value.is_some_and(|angle| angle <= STEADY.0));
        near.map(|point| point.step_s).sum::<f64>() >= STEADY.1 * self.known_s
    }

    /// How far the centre can be taken for the camera: it should lie near the axis and hold much of the time.
    pub(super) fn trust(&self) -> f64 {
        let off_axis = self.centre.yaw_deg.hypot(self.centre.pitch_deg);
        let near = 1.0 - ((off_axis - 15.0) / 20.0).clamp(0.0, 0.7);
        let held = self.contact_s() / self.known_s.max(1.0e-9);
        near * (0.5 + held.clamp(0.0, 0.5))
    }

    /// Long looks to one and the same spot away from the camera, as when reading from something.
    pub(super) fn readings(&self) -> Vec<Span> {
        let off = || {
            self.away.iter().zip(&self.directions).filter_map(|(point, gaze)| {
                gaze.filter(|_| point.value.is_some_and(|angle| angle >= LOST_DEG))
                    .map(|gaze| (gaze, point.step_s))
            })
        };
        let Some(spot) = densest(off()) else { return Vec::new() };
        let on_spot: Vec<Point> = self
            .away
            .iter()
            .zip(&self.directions)
            .map(|(point, gaze)| Point {
                value: gaze.map(|gaze| {
                    let near = angle(gaze, spot) <= SPOT_DEG;
                    f64::from(u8::from(near && point.value.is_some_and(|angle| angle >= CONE_DEG)))
                }),
                ..*point
            })
            .collect();
        let rule = Rule { enter: 1.0, stay: 1.0, shortest_s: SHORTEST_READING_S, bridge_s: 0.45 };
        let spans = episodes(&on_spot, rule);
        let time = super::episodes::length_s(&spans);
        if time >= READING_FLOOR.0 && time >= READING_FLOOR.1 * self.known_s { spans } else { Vec::new() }
    }
}

/// Angle between two directions in degrees.
fn angle(a: Gaze, b: Gaze) -> f64 {
    let mean_pitch = ((a.pitch_deg + b.pitch_deg) / 2.0).to_radians();
    ((a.yaw_deg - b.yaw_deg) * mean_pitch.cos()).hypot(a.pitch_deg - b.pitch_deg)
}

/// The direction around which most time is spent: the highest cell of a smoothed map, then the mean of what lies
/// within the smoothing width of it. `None` when there is no time at all.
fn densest(directions: impl Iterator<Item = (Gaze, f64)> + Clone) -> Option<Gaze> {
    let cell =
        |degrees: f64| (degrees.round().clamp(-f64::from(REACH), f64::from(REACH)) as i32 + REACH) as usize;
    let mut map = vec![0.0f64; SIDE * SIDE];
    let mut total = 0.0;
    for (gaze, time) in directions.clone() {
        map[cell(gaze.pitch_deg) * SIDE + cell(gaze.yaw_deg)] += time;
        total += time;
    }
    if total <= 0.0 || total.is_nan() {
        return None;
    }
    let smooth = smoothed(&smoothed(&map, 1), SIDE);
    let best = (0..smooth.len()).max_by(|&a, &b| smooth[a].total_cmp(&smooth[b]).then(b.cmp(&a)))?;
    let peak = Gaze {
        yaw_deg: (best % SIDE) as f64 - f64::from(REACH),
        pitch_deg: (best / SIDE) as f64 - f64::from(REACH),
    };
    let (mut yaw, mut pitch, mut weight) = (0.0, 0.0, 0.0);
    for (gaze, time) in directions.filter(|(gaze, _)| angle(*gaze, peak) <= 1.5 * SMOOTHING_DEG) {
        yaw += gaze.yaw_deg * time;
        pitch += gaze.pitch_deg * time;
        weight += time;
    }
    Some(if weight > 0.0 { Gaze { yaw_deg: yaw / weight, pitch_deg: pitch / weight } } else { peak })
}

/// Gaussian smoothing of the map along one axis: `stride` 1 along rows, [`SIDE`] along columns.
fn smoothed(map: &[f64], stride: usize) -> Vec<f64> {
    let reach = (3.0 * SMOOTHING_DEG) as i32;
    let kernel: Vec<f64> =
        (-reach..=reach).map(|offset| (-0.5 * (f64::from(offset) / SMOOTHING_DEG).powi(2)).exp()).collect();
    (0..map.len())
        .map(|index| {
            let position = (index / stride % SIDE) as i32;
            let mut sum = 0.0;
            for (weight, offset) in kernel.iter().zip(-reach..=reach) {
                if (0..SIDE as i32).contains(&(position + offset)) {
                    let at = index as i64 + i64::from(offset) * stride as i64;
                    sum += weight * map[at as usize];
                }
            }
            sum
        })
        .collect()
}
