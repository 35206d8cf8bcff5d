//! Movements of the head: nods, shakes, and how still it is held.

use interview_schemas::perception::Span;

use super::view::View;

/// Smallest swing of a nod and of a shake, in degrees.
const SMALLEST_SWING_DEG: (f64, f64) = (4.0, 6.0);
/// Longest time from one turning point to the one after the next, in seconds.
const LONGEST_SWING_S: f64 = 1.5;
/// The head must turn so much more about the one axis than about the other.
const CLEARLY: f64 = 1.5;
/// Movements with no more than this between them are one, in seconds.
const TOGETHER_S: f64 = 0.8;
/// Speed under which the head is held still, in degrees per second.
const STILL_DEG_PER_S: f64 = 15.0;
/// Longest distance between two samples over which a speed is taken, in seconds.
const LONGEST_STEP_S: f64 = 0.6;

/// Nods: down and up again.
pub(super) fn nods(view: &View<'_>) -> Vec<Span> {
    swings(view, |sample| (sample.0, sample.1), SMALLEST_SWING_DEG.0, true)
}

/// Shakes: to one side and back and on.
pub(super) fn shakes(view: &View<'_>) -> Vec<Span> {
    swings(view, |sample| (sample.1, sample.0), SMALLEST_SWING_DEG.1, false)
}

/// Time and angles (pitch, yaw) of stretches without a gap.
fn stretches(view: &View<'_>) -> Vec<Vec<(f64, f64, f64)>> {
    let mut stretches: Vec<Vec<(f64, f64, f64)>> = vec![Vec::new()];
    let mut last_s = f64::NEG_INFINITY;
    for sample in &view.samples {
        let Some(face) = sample.usable else { continue };
        if sample.t_s - last_s > LONGEST_STEP_S.max(1.5 * view.step_s) {
            stretches.push(Vec::new());
        }
        last_s = sample.t_s;
        if let Some(stretch) = stretches.last_mut() {
            stretch.push((sample.t_s, face.pitch_deg, face.yaw_deg));
        }
    }
    stretches
}

/// Swings about one axis: turning points with at least `least` degrees on both sides, close together in time, while
/// the other axis moves clearly less. `valleys`: only those that go down and come up again (a nod); else two turning
/// points in a row are needed (a shake).
fn swings(view: &View<'_>, axes: impl Fn((f64, f64)) -> (f64, f64), least: f64, valleys: bool) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for stretch in stretches(view) {
        let series: Vec<(f64, f64, f64)> = stretch
            .iter()
            .map(|&(t_s, pitch, yaw)| {
                let (main, other) = axes((pitch, yaw));
                (t_s, main, other)
            })
            .collect();
        let turns = turning_points(&series, least);
        let needed = if valleys { 3 } else { 4 };
        for window in turns.windows(needed) {
            let (first, last) = (window[0], window[needed - 1]);
            let is_valley = series[window[1]].1 < series[first].1;
            let brief =
                window.windows(3).all(|three| series[three[2]].0 - series[three[0]].0 <= LONGEST_SWING_S);
            let range = |axis: fn(&(f64, f64, f64)) -> f64| {
                let values = series[first..=last].iter().map(axis);
                values.clone().fold(f64::MIN, f64::max) - values.fold(f64::MAX, f64::min)
            };
            if brief && (!valleys || is_valley) && range(|point| point.1) > CLEARLY * range(|point| point.2) {
                let span = Span { start_s: series[first].0, end_s: series[last].0 };
                match spans.last_mut() {
                    Some(before) if span.start_s - before.end_s <= TOGETHER_S => {
                        before.end_s = before.end_s.max(span.end_s);
                    }
                    _ => spans.push(span),
                }
            }
        }
    }
    spans
}

/// Indices at which a series turns by at least `least`, its first and last extreme included.
fn turning_points(series: &[(f64, f64, f64)], least: f64) -> Vec<usize> {
    let mut turns: Vec<usize> = Vec::new();
    let (mut low, mut high) = (0, 0);
    let mut rising: Option<bool> = None;
    for index in 1..series.len() {
        let value = series[index].1;
        if value > series[high].1 {
            high = index;
        }
        if value < series[low].1 {
            low = index;
        }
        let rose = value - series[low].1 >= least;
        let fell = series[high].1 - value >= least;
        if rising != Some(true) && rose {
            turns.push(low);
            rising = Some(true);
            high = index;
        } else if rising != Some(false) && fell {
            turns.push(high);
            rising = Some(false);
            low = index;
        }
    }
    match rising {
        Some(true) => turns.push(high),
        Some(false) => turns.push(low),
        None => {}
    }
    turns.dedup();
    turns
}

/// Share of the time in which the head turns slower than 15 degrees per second; `None` without two samples in a row.
pub(super) fn stability(view: &View<'_>) -> Option<f64> {
    let (mut still, mut time) = (0.0, 0.0);
    for stretch in stretches(view) {
        for pair in stretch.windows(2) {
            let step = pair[1].0 - pair[0].0;
            if step > 0.0 {
                let speed = (pair[1].1 - pair[0].1).hypot(pair[1].2 - pair[0].2) / step;
                time += step;
                still += if speed < STILL_DEG_PER_S { step } else { 0.0 };
            }
        }
    }
    (time > 0.0).then(|| still / time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(angles: &[f64]) -> Vec<(f64, f64, f64)> {
        angles.iter().enumerate().map(|(index, &angle)| (index as f64 * 0.2, angle, 0.0)).collect()
    }

    #[test]
    fn turning_points_are_the_extremes_of_large_swings_only() {
        assert_eq!(turning_points(&series(&[0.0, 1.0, 0.0, -8.0, -3.0, 0.5, 0.0]), 4.0), [1, 3, 5]);
        assert!(turning_points(&series(&[0.0, 1.0, 2.0, 1.0, 0.0]), 4.0).is_empty());
        assert_eq!(turning_points(&series(&[0.0, 10.0, 0.0, 10.0]), 6.0), [0, 1, 2, 3]);
        assert!(turning_points(&[], 4.0).is_empty());
    }
}
