//! Which pictures are handed on: the one on display at each instant of an even grid.

/// Distance in seconds within which a time counts as on the grid; containers round to 1 ms or finer.
const NEAR_S: f64 = 1e-6;

/// Whether an instant of the grid `k / fps` lies in `[start_s, end_s)`.
pub(super) fn holds_instant(start_s: f64, end_s: f64, fps: f64) -> bool {
    first_instant(start_s, fps) / fps < end_s - NEAR_S
}

/// Number of the first instant of the grid at or after `start_s`.
fn first_instant(start_s: f64, fps: f64) -> f64 {
    ((start_s - NEAR_S) * fps).ceil().max(0.0)
}

/// Picks pictures by presentation time.
///
/// A picture is on display from its time until the time of the next. It is handed on when an instant of
/// the grid falls into that span, and once only: a picture that stands for 3 s is one picture, whose
/// successor comes 3 s later. The first picture is always handed on. `F` is what a picture is kept as; one
/// is held back until its successor is known.
#[derive(Debug)]
pub(super) struct Sampler<F> {
    fps: f64,
    held: Option<(f64, F)>,
    started: bool,
}

impl<F> Sampler<F> {
    pub(super) fn new(fps: f64) -> Self {
        Self { fps, held: None, started: false }
    }

    /// Takes the next picture in order of time and returns the one before if it is due. A picture that
    /// does not come after the one before is dropped.
    pub(super) fn push(&mut self, t_s: f64, frame: F) -> Option<(f64, F)> {
        if self.held.as_ref().is_some_and(|(before, _)| t_s <= *before) {
            return None;
        }
        let before = self.held.replace((t_s, frame))?;
        self.release(before, t_s)
    }

    /// The last picture, if it is due; it is on display until `end_s`.
    pub(super) fn finish(&mut self, end_s: f64) -> Option<(f64, F)> {
        let last = self.held.take()?;
        self.release(last, end_s)
    }

    fn release(&mut self, frame: (f64, F), until_s: f64) -> Option<(f64, F)> {
        if self.started && !holds_instant(frame.0, until_s, self.fps) {
            return None;
        }
        self.started = true;
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(times: &[f64], end_s: f64, fps: f64) -> Vec<f64> {
        let mut sampler = Sampler::new(fps);
        let mut taken: Vec<f64> =
            times.iter().filter_map(|&t| sampler.push(t, ())).map(|(t, ())| t).collect();
        taken.extend(sampler.finish(end_s).map(|(t, ())| t));
        taken
    }

    #[test]
    fn even_frames_are_taken_at_the_grid() {
        let times: Vec<f64> = (0..30).map(|index| f64::from(index) / 30.0).collect();
        let taken = sample(&times, 1.0, 5.0);
        assert_eq!(taken.len(), 5);
        for (k, t) in taken.iter().enumerate() {
            assert!((t - k as f64 * 0.2).abs() < 1e-9);
        }
    }

    #[test]
    fn the_frame_on_display_is_taken_not_the_nearest() {
        assert_eq!(sample(&[0.0, 0.15, 0.21, 0.39, 0.41], 0.5, 5.0), [0.0, 0.15, 0.39]);
    }

    #[test]
    fn a_standing_picture_is_taken_once() {
        assert_eq!(sample(&[0.0, 0.1, 3.1, 3.3], 3.5, 5.0), [0.0, 0.1, 3.1, 3.3]);
        assert_eq!(sample(&[0.07], 0.11, 5.0), [0.07]);
    }

    #[test]
    fn repeated_and_backward_times_are_dropped() {
        assert_eq!(sample(&[0.0, 0.0, 0.3, 0.1, 0.4], 0.5, 10.0), [0.0, 0.3, 0.4]);
    }

    proptest::proptest! {
        #[test]
        fn never_more_than_the_grid_and_always_in_order(
            gaps in proptest::collection::vec(0.0_f64..2.0, 1..200),
            fps in 0.5_f64..60.0,
        ) {
            let mut now = 0.0;
            let times: Vec<f64> = gaps.iter().map(|gap| { now += gap; now }).collect();
            let taken = sample(&times, now + 0.04, fps);
            proptest::prop_assert!(!taken.is_empty());
            proptest::prop_assert!(taken.windows(2).all(|pair| pair[0] < pair[1]));
            proptest::prop_assert!(taken.len() as f64 <= (now + 0.04) * fps + 2.0);
        }
    }
}
