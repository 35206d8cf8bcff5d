//! When each word was said: dynamic time warping of decoder steps over encoder frames along the
//! cross-attention weights.
//!
//! Per step and head the weights are standardised over time and smoothed by a median filter; their mean over
//! all heads says how well the step fits each frame. This is the method of OpenAI Whisper's word timestamps
//! (Radford et al. 2022), applied to every head.

/// Width of the median filter in frames.
const MEDIAN_WIDTH: usize = 7;
const HALF_WIDTH: usize = MEDIAN_WIDTH / 2;
/// A head whose weights vary less than this does not point anywhere.
const LEAST_DEVIATION: f32 = 1e-10;

/// How well each decoder step fits each encoder frame.
#[derive(Debug, Clone)]
pub struct Alignment {
    frames: usize,
    /// `steps x frames`, row after row; higher is better.
    fit: Vec<f32>,
    /// One standardised head with its reflected edges.
    padded: Vec<f32>,
}

/// The frames of one decoder step, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRange {
    /// First frame.
    pub first: usize,
    /// Last frame.
    pub last: usize,
}

impl Alignment {
    /// An alignment over so many encoder frames.
    #[must_use]
    pub fn new(frames: usize) -> Self {
        Self { frames, fit: Vec::new(), padded: vec![0.0; frames + 2 * HALF_WIDTH] }
    }

    /// Begins the next decoder step.
    pub fn begin_step(&mut self) {
        self.fit.resize(self.fit.len() + self.frames, 0.0);
    }

    /// Adds the weights of heads to the current step: `heads x frames`, row after row; an incomplete row at
    /// the end is left out. The sum over the heads of a step serves as well as their mean: only comparisons
    /// within the same number of heads are made.
    pub fn add_heads(&mut self, weights: &[f32]) {
        if self.frames == 0 || self.fit.len() < self.frames {
            return;
        }
        let begin = self.fit.len() - self.frames;
        for head in weights.chunks_exact(self.frames) {
            standardise(head, &mut self.padded);
            add_median(&self.padded, &mut self.fit[begin..]);
        }
    }

    /// Number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.fit.len().checked_div(self.frames).unwrap_or(0)
    }

    /// How well a step fits a frame; 0 outside.
    #[must_use]
    pub fn fit(&self, step: usize, frame: usize) -> f32 {
        if frame < self.frames {
            self.fit.get(step * self.frames + frame).copied().unwrap_or(0.0)
        } else {
            0.0
        }
    }

    /// The best monotonic assignment of frames to steps: every step has at least one frame, every frame at
    /// least one step. Among equal ways, both advancing together is preferred, then the step.
    #[must_use]
    pub fn path(&self) -> Vec<FrameRange> {
        const BOTH: u8 = 0;
        const STEP: u8 = 1;
        const FRAME: u8 = 2;
        let (steps, frames) = (self.steps(), self.frames);
        if steps == 0 || frames == 0 {
            return Vec::new();
        }
        let mut came_from = vec![BOTH; steps * frames];
        // Costs of the step before and of this one, each with an entry in front for "nothing yet".
        let mut before = vec![f64::INFINITY; frames + 1];
        let mut now = vec![f64::INFINITY; frames + 1];
        before[0] = 0.0;
        for (fit, moves) in self.fit.chunks_exact(frames).zip(came_from.chunks_exact_mut(frames)) {
            now[0] = f64::INFINITY;
            for frame in 0..frames {
                let (mut cost, mut from) = (before[frame], BOTH);
                if before[frame + 1] < cost {
                    (cost, from) = (before[frame + 1], STEP);
                }
                if now[frame] < cost {
                    (cost, from) = (now[frame], FRAME);
                }
                now[frame + 1] = cost - f64::from(fit[frame]);
                moves[frame] = from;
            }
            std::mem::swap(&mut before, &mut now);
        }
        let mut ranges = vec![FrameRange { first: 0, last: 0 }; steps];
        let (mut step, mut frame) = (steps - 1, frames - 1);
        ranges[step] = FrameRange { first: frame, last: frame };
        loop {
            ranges[step].first = frame;
            let from = came_from[step * frames + frame];
            if (step == 0 && from != FRAME) || (frame == 0 && from != STEP) {
                break;
            }
            if from != FRAME {
                step -= 1;
            }
            if from != STEP {
                frame -= 1;
            }
            if from != FRAME {
                ranges[step].last = frame;
            }
        }
        ranges
    }
}

/// Writes the standardised weights into `padded`, with `HALF_WIDTH` reflected values at both ends.
fn standardise(weights: &[f32], padded: &mut [f32]) {
    let count = weights.len() as f32;
    let mean = sum(weights, |weight| weight) / count;
    let variance = sum(weights, |weight| (weight - mean) * (weight - mean)) / count;
    let scale = 1.0 / variance.sqrt().max(LEAST_DEVIATION);
    for (target, weight) in padded[HALF_WIDTH..].iter_mut().zip(weights) {
        *target = (weight - mean) * scale;
    }
    let frames = weights.len();
    for distance in 1..=HALF_WIDTH {
        padded[HALF_WIDTH - distance] = padded[HALF_WIDTH + reflect(distance, frames)];
        padded[HALF_WIDTH + frames - 1 + distance] =
            padded[HALF_WIDTH + frames - 1 - reflect(distance, frames)];
    }
}

/// Sums in eight lanes side by side, which vector instructions can do; always in the same order.
fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 8];
    let chunks = values.chunks_exact(8);
    let rest: f32 = chunks.remainder().iter().map(|&value| term(value)).sum();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += term(value);
        }
    }
    lanes.iter().sum::<f32>() + rest
}

/// How far inside the value lies that stands for the one `distance` outside.
fn reflect(distance: usize, frames: usize) -> usize {
    if frames < 2 {
        return 0;
    }
    let period = 2 * (frames - 1);
    let within = distance % period;
    within.min(period - within)
}

/// Adds the median over 7 neighbours; `padded` is 6 longer than `sum`.
fn add_median(padded: &[f32], sum: &mut [f32]) {
    let frames = sum.len();
    // Seven views of equal length let the compiler drop the bounds checks and use vector instructions.
    let [a, b, c, d, e, f, g]: [&[f32]; MEDIAN_WIDTH] =
        std::array::from_fn(|shift| &padded[shift..shift + frames]);
    for i in 0..frames {
        sum[i] += median_of_7([a[i], b[i], c[i], d[i], e[i], f[i], g[i]]);
    }
}

/// The middle of seven values by a sorting network of 13 exchanges.
#[inline(always)]
fn median_of_7(mut v: [f32; MEDIAN_WIDTH]) -> f32 {
    #[inline(always)]
    fn order(v: &mut [f32; MEDIAN_WIDTH], low: usize, high: usize) {
        let (a, b) = (v[low], v[high]);
        v[low] = if a < b { a } else { b };
        v[high] = if a < b { b } else { a };
    }
    for (low, high) in [
        (0, 5),
        (0, 3),
        (1, 6),
        (2, 4),
        (0, 1),
        (3, 5),
        (2, 6),
        (2, 3),
        (3, 6),
        (4, 5),
        (1, 4),
        (1, 3),
        (3, 4),
    ] {
        order(&mut v, low, high);
    }
    v[3]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn aligned(rows: &[Vec<f32>]) -> Alignment {
        let mut alignment = Alignment::new(rows.first().map_or(0, Vec::len));
        for row in rows {
            alignment.begin_step();
            alignment.add_heads(row);
        }
        alignment
    }

    #[test]
    fn steps_follow_the_bumps_of_their_attention() {
        let bump = |centre: f32| -> Vec<f32> {
            (0..60).map(|frame| (-((frame as f32 - centre) / 4.0).powi(2)).exp()).collect()
        };
        let path = aligned(&[bump(10.0), bump(30.0), bump(50.0)]).path();
        assert_eq!(path.first().map(|range| range.first), Some(0));
        assert_eq!(path.last().map(|range| range.last), Some(59));
        assert!(path[0].last.abs_diff(20) <= 3 && path[1].last.abs_diff(40) <= 3, "{path:?}");
    }

    #[test]
    fn nothing_to_align_gives_nothing() {
        assert!(Alignment::new(0).path().is_empty());
        assert!(Alignment::new(5).path().is_empty());
        let mut none = Alignment::new(0);
        none.begin_step();
        none.add_heads(&[1.0]);
        assert!(none.path().is_empty());
    }

    /// Cost of the cheapest monotonic path, by plain recursion over all moves.
    fn cheapest(alignment: &Alignment, step: usize, frame: usize) -> f64 {
        let own = -f64::from(alignment.fit(step, frame));
        let mut best = f64::INFINITY;
        if step == 0 && frame == 0 {
            best = 0.0;
        }
        if step > 0 {
            best = best.min(cheapest(alignment, step - 1, frame));
        }
        if frame > 0 {
            best = best.min(cheapest(alignment, step, frame - 1));
        }
        if step > 0 && frame > 0 {
            best = best.min(cheapest(alignment, step - 1, frame - 1));
        }
        best + own
    }

    proptest! {
        #[test]
        fn the_network_finds_the_median(values in prop::array::uniform7(-1e6f32..1e6)) {
            let mut sorted = values;
            sorted.sort_by(f32::total_cmp);
            prop_assert_eq!(median_of_7(values), sorted[3]);
        }

        #[test]
        fn the_path_covers_everything_in_order_at_least_cost(
            rows in (1usize..6).prop_flat_map(|frames| prop::collection::vec(prop::collection::vec(0f32..1.0, frames), 1..5))
        ) {
            let alignment = aligned(&rows);
            let (steps, frames) = (alignment.steps(), rows[0].len());
            let path = alignment.path();
            prop_assert_eq!(path.len(), steps);
            prop_assert_eq!(path[0].first, 0);
            prop_assert_eq!(path[steps - 1].last, frames - 1);
            for pair in path.windows(2) {
                prop_assert!(pair[0].first <= pair[0].last);
                prop_assert!(pair[1].first == pair[0].last || pair[1].first == pair[0].last + 1);
            }
            let cost: f64 = path.iter().enumerate()
                .flat_map(|(step, range)| (range.first..=range.last).map(move |frame| (step, frame)))
                .map(|(step, frame)| -f64::from(alignment.fit(step, frame))).sum();
            let best = cheapest(&alignment, steps - 1, frames - 1);
            prop_assert!((cost - best).abs() < 1e-4, "{cost} instead of {best}");
        }

        #[test]
        fn constant_and_odd_weights_give_finite_fits(value in -10f32..10.0, frames in 1usize..12) {
            let alignment = aligned(&[vec![value; frames], vec![0.0; frames]]);
            for step in 0..2 {
                for frame in 0..frames {
                    prop_assert!(alignment.fit(step, frame).is_finite());
                }
            }
        }
    }
}
