//! How well the picture can be judged, 0–1: the worst of size, light, exposure, evenness, backlight and sharpness.

use interview_schemas::perception::{Face, PictureFrame, Span};

use super::episodes::{Point, Rule, episodes};
use super::view::View;

/// Time-weighted mean over the time with the candidate's face, and the spans in which it is poor.
pub(super) fn quality(view: &View<'_>) -> Option<(f64, Vec<Span>)> {
    let points: Vec<Point> = view
        .samples
        .iter()
        .map(|sample| Point {
            t_s: sample.t_s,
            step_s: sample.step_s,
            value: sample.face.map(|face| of_face(face, sample.picture)),
        })
        .collect();
    let (mut sum, mut time) = (0.0, 0.0);
    for point in &points {
        if let Some(value) = point.value {
            sum += value * point.step_s;
            time += point.step_s;
        }
    }
    let poor: Vec<Point> =
        points.iter().map(|point| Point { value: point.value.map(|value| 1.0 - value), ..*point }).collect();
    let spans = episodes(&poor, Rule { enter: 0.7, stay: 0.6, shortest_s: 1.0, bridge_s: 0.45 });
    (time > 0.0).then(|| (sum / time, spans))
}

/// Quality of one face in one picture.
fn of_face(face: &Face, picture: Option<&PictureFrame>) -> f64 {
    let rising = |value: f64, zero: f64, full: f64| ((value - zero) / (full - zero)).clamp(0.0, 1.0);
    let size = rising(face.bounds.width, 30.0, 100.0);
    let Some(seen) = &face.quality else { return size };
    let light = rising(seen.brightness, 0.05, 0.22).min(rising(-seen.brightness, -0.97, -0.85));
    let exposure = rising(-(seen.dark_ratio + seen.bright_ratio), -0.6, -0.15);
    let evenness = rising(-seen.side_light, -0.5, -0.2);
    let backlight = picture.map_or(1.0, |picture| rising(seen.brightness - picture.brightness, -0.5, -0.25));
    let sharpness = rising(seen.sharpness.max(1.0).ln(), 5.0f64.ln(), 60.0f64.ln());
    let inside = rising(-seen.outside_ratio, -0.4, -0.05);
    [light, exposure, evenness, backlight, sharpness, inside].into_iter().fold(size, f64::min)
}
