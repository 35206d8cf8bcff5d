//! Observable actions of the face: smiles, blinks, brows, and how much the face moves.

use interview_schemas::perception::{FaceGeometry, Span};

use super::episodes::{Point, Rule, episodes, length_s};
use super::view::View;

/// Rise of the mouth corners and width of the mouth of a full smile above a resting mouth, in shares of the distance
/// of the outer eye corners.
const FULL_SMILE: (f64, f64) = (0.08, 0.20);
/// Width of a resting mouth.
const RESTING_WIDTH: f64 = 0.50;
/// Smiles: from this intensity on, down to that.
const SMILE: Rule = Rule { enter: 0.6, stay: 0.42, shortest_s: 0.4, bridge_s: 0.25 };
/// An eye is shut below this share of its own usual opening.
const SHUT_SHARE: f64 = 0.55;
/// Longest blink in seconds; longer is closing the eyes.
const LONGEST_BLINK_S: f64 = 0.65;
/// Time for which the lid covers the eye in a blink, in seconds (VanderWerf et al. 2003: 0.1–0.2 s).
const BLINK_S: f64 = 0.15;
/// Raised brows: this much above the person's own usual height, in shares of the distance of the outer eye corners.
const BROW: Rule = Rule { enter: 0.035, stay: 0.02, shortest_s: 0.2, bridge_s: 0.25 };
/// Movement of mouth width, corner lift, opening and brows that counts as 1.
const USUAL_MOVEMENT: [f64; 4] = [0.05, 0.025, 0.06, 0.02];

/// One measure of the usable face over time.
pub(super) fn series(view: &View<'_>, measure: impl Fn(&FaceGeometry) -> f64) -> Vec<Point> {
    view.samples
        .iter()
        .map(|sample| Point {
            t_s: sample.t_s,
            step_s: sample.step_s,
            value: sample.usable.and_then(|face| face.geometry.as_ref()).map(&measure),
        })
        .collect()
}

/// How much of a smile the mouth shows, 0–1: corners up and mouth wide, the lesser of the two.
pub(super) fn smile_intensity(geometry: &FaceGeometry) -> f64 {
    let lift = geometry.mouth_corner_lift / FULL_SMILE.0;
    let width = (geometry.mouth_width - RESTING_WIDTH) / FULL_SMILE.1;
    lift.min(width).clamp(0.0, 1.0)
}

/// Smiles.
pub(super) fn smiles(view: &View<'_>) -> Vec<Span> {
    episodes(&series(view, smile_intensity), SMILE)
}

/// Time in smiles as a share of the usable time: every sample above the threshold counts, however short.
pub(super) fn smile_ratio(view: &View<'_>) -> f64 {
    let points = series(view, smile_intensity);
    let time: f64 = super::episodes::states(&points, SMILE.enter, SMILE.stay)
        .iter()
        .zip(&points)
        .filter(|(state, _)| **state == Some(true))
        .map(|(_, point)| point.step_s)
        .sum();
    time / view.usable_s.max(1.0e-9)
}

/// Closed eyes and blinks.
pub(super) struct Eyes {
    /// Every closure.
    pub(super) closures: Vec<Span>,
    /// Blinks that were seen: closures no longer than a blink.
    pub(super) blinks: Vec<Span>,
    /// Blinks per minute, those that fall between samples estimated.
    pub(super) blinks_per_min: f64,
    /// Share of the time with shut eyes.
    pub(super) shut_ratio: f64,
}

/// Finds closures against the person's own usual opening (upper quartile, floored).
pub(super) fn eyes(view: &View<'_>) -> Option<Eyes> {
    let points = series(view, |geometry| geometry.eye_aspect_ratio);
    let usual = quantile(points.iter().filter_map(|point| point.value).collect(), 0.75)?.max(0.12);
    let shut: Vec<Point> = points
        .iter()
        .map(|point| Point {
            value: point.value.map(|value| f64::from(u8::from(value < SHUT_SHARE * usual))),
            ..*point
        })
        .collect();
    let rule = Rule { enter: 1.0, stay: 1.0, shortest_s: 0.0, bridge_s: 0.0 };
    let closures = episodes(&shut, rule);
    let blinks: Vec<Span> =
        closures.iter().copied().filter(|span| span.end_s - span.start_s <= LONGEST_BLINK_S).collect();
    // A closure shorter than the distance of the samples is seen with probability (closure / distance).
    let missed = (view.step_s / BLINK_S).max(1.0);
    Some(Eyes {
        blinks_per_min: blinks.len() as f64 * missed / view.usable_s * 60.0,
        shut_ratio: length_s(&closures) / view.usable_s,
        closures,
        blinks,
    })
}

/// Raised brows, against the person's own median.
pub(super) fn brow_raises(view: &View<'_>) -> Vec<Span> {
    let points = series(view, |geometry| geometry.brow_raise);
    let Some(usual) = quantile(points.iter().filter_map(|point| point.value).collect(), 0.5) else {
        return Vec::new();
    };
    let above: Vec<Point> = points
        .iter()
        .map(|point| Point { value: point.value.map(|value| value - usual), ..*point })
        .collect();
    episodes(&above, BROW)
}

/// How much mouth and brows move: mean of their spreads (interquartile range / 1.349) over usual spreads.
pub(super) fn expressiveness(view: &View<'_>) -> Option<f64> {
    let measures: [fn(&FaceGeometry) -> f64; 4] = [
        |geometry| geometry.mouth_width,
        |geometry| geometry.mouth_corner_lift,
        |geometry| geometry.mouth_opening,
        |geometry| geometry.brow_raise,
    ];
    let mut sum = 0.0;
    for (measure, usual) in measures.into_iter().zip(USUAL_MOVEMENT) {
        let values: Vec<f64> = series(view, measure).iter().filter_map(|point| point.value).collect();
        let spread = quantile(values.clone(), 0.75)? - quantile(values, 0.25)?;
        sum += spread / 1.349 / usual;
    }
    Some(sum / USUAL_MOVEMENT.len() as f64)
}

/// A quantile by linear interpolation; `None` without values.
pub(super) fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.retain(|value| value.is_finite());
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let position = share.clamp(0.0, 1.0) * (values.len() - 1) as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    Some(values[below] + (values[above] - values[below]) * position.fract())
}
