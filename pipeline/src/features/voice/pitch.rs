//! Fundamental frequency and level of an answer: middle, spread, course and steadiness.

use interview_schemas::features::Evidence;
use interview_schemas::perception::{Span, VoiceTrack};

use super::timing::{Timing, frames, length_s};

/// Frames a frame's pitch is averaged with: itself and one neighbour at both sides, as in the relative average
/// perturbation. More neighbours would also see slow tremor, but count lively intonation and Mandarin tones as
/// unsteady (on read speech the share then falls with the pitch range, correlation -0.5 instead of -0.1).
const STEADY_FRAMES: usize = 3;
/// Deviation from that mean up to which the voice counts as steady, in semitones: 0.68 %, the limit of the
/// relative average perturbation of a healthy voice in the Multi-Dimensional Voice Program.
const STEADY_SEMITONES: f64 = 0.1173;
/// Shortest run whose slope is measured, in seconds.
const SLOPE_MIN_RUN_S: f64 = 0.5;
/// Fewest voiced frames of a run whose slope is measured.
const SLOPE_MIN_FRAMES: usize = 20;

/// A point of the pitch.
#[derive(Debug, Clone, Copy)]
struct Point {
    frame: usize,
    hertz: f64,
}

impl Point {
    /// Semitones above 1 Hz.
    fn semitones(self) -> f64 {
        12.0 * self.hertz.log2()
    }
}

/// Pitch and level of one answer, and the runs of speech they belong to.
pub(super) struct Pitch<'a> {
    track: &'a VoiceTrack,
    runs: Vec<Run>,
}

/// The voiced frames of one run of speech.
struct Run {
    span: Span,
    points: Vec<Point>,
}

impl<'a> Pitch<'a> {
    pub(super) fn new(track: &'a VoiceTrack, timing: &Timing) -> Self {
        let runs = timing
            .runs
            .iter()
            .map(|span| Run {
                span: *span,
                points: frames(track, span)
                    .filter_map(|frame| {
                        let hertz = f64::from(track.f0_hz[frame]?);
                        (hertz.is_finite() && hertz > 0.0).then_some(Point { frame, hertz })
                    })
                    .collect(),
            })
            .collect();
        Self { track, runs }
    }

    /// Seconds of voiced speech.
    pub(super) fn voiced_s(&self) -> f64 {
        let count: usize = self.runs.iter().map(|run| run.points.len()).sum();
        count as f64 * self.track.hop_s
    }

    /// Median in hertz, and the runs with the lowest and highest median.
    pub(super) fn median_hz(&self) -> Option<(f64, Vec<Evidence>)> {
        let value = percentile(self.points().map(|point| point.hertz), 0.5)?;
        Some((value, self.extremes("Hz", |run| percentile(run.points.iter().map(|p| p.hertz), 0.5))))
    }

    /// Distance of the 95th from the 5th percentile in semitones, and the runs with the smallest and largest.
    pub(super) fn range_semitones(&self) -> Option<(f64, Vec<Evidence>)> {
        let range = |points: &mut dyn Iterator<Item = Point>| {
            let semitones: Vec<f64> = points.map(Point::semitones).collect();
            let high = percentile(semitones.iter().copied(), 0.95)?;
            Some(high - percentile(semitones.into_iter(), 0.05)?)
        };
        let value = range(&mut self.points())?;
        Some((value, self.extremes("semitones", |run| range(&mut run.points.iter().copied()))))
    }

    /// Mean slope of the runs in semitones per second, each with the weight of its voiced frames, and the
    /// runs that fall and rise most.
    pub(super) fn slope(&self) -> Option<(f64, Vec<Evidence>)> {
        let slopes =
            self.runs.iter().filter_map(|run| Some((run.slope(self.track.hop_s)?, run.points.len())));
        let (sum, weight) = slopes.fold((0.0, 0.0), |(sum, weight), (slope, count)| {
            (sum + slope * count as f64, weight + count as f64)
        });
        let evidence = self.extremes("semitones/s", |run| run.slope(self.track.hop_s));
        (weight > 0.0).then(|| (sum / weight, evidence))
    }

    /// Share of steady frames among those with voiced neighbours, the seconds of the latter, and the
    /// runs with the least and the most.
    pub(super) fn steadiness(&self) -> Option<(f64, f64, Vec<Evidence>)> {
        let (steady, all) = self
            .runs
            .iter()
            .map(Run::steady)
            .fold((0, 0), |(steady, all), (more, of)| (steady + more, all + of));
        let evidence = self.extremes("ratio", |run| match run.steady() {
            (_, 0..20) => None,
            (steady, of) => Some(steady as f64 / of as f64),
        });
        (all > 0).then(|| (steady as f64 / all as f64, all as f64 * self.track.hop_s, evidence))
    }

    /// Level of the voiced frames: distance of the 90th from the 10th percentile in decibels, and the
    /// quietest and loudest run.
    pub(super) fn level_range_db(&self) -> Option<(f64, Vec<Evidence>)> {
        let levels: Vec<f64> = self.runs.iter().flat_map(|run| self.levels(run)).collect();
        let high = percentile(levels.iter().copied(), 0.9)?;
        let low = percentile(levels.into_iter(), 0.1)?;
        Some((high - low, self.extremes("dBFS", |run| percentile(self.levels(run), 0.5))))
    }

    /// Level of the mean power of all speech in dBFS.
    pub(super) fn level_mean_db(&self, speech: &[Span]) -> Option<f64> {
        let (mut power, mut count) = (0.0, 0usize);
        for frame in speech.iter().flat_map(|span| frames(self.track, span)) {
            let level = f64::from(self.track.level_db[frame]);
            if level.is_finite() {
                power += 10f64.powf(level / 10.0);
                count += 1;
            }
        }
        (count > 0).then(|| 10.0 * (power / count as f64).log10())
    }

    fn levels(&self, run: &Run) -> impl Iterator<Item = f64> {
        run.points.iter().map(|p| f64::from(self.track.level_db[p.frame])).filter(|level| level.is_finite())
    }

    fn points(&self) -> impl Iterator<Item = Point> + '_ {
        self.runs.iter().flat_map(|run| run.points.iter().copied())
    }

    /// The runs with the smallest and the largest value, in order of time; one run alone is both.
    fn extremes(&self, unit: &str, value: impl Fn(&Run) -> Option<f64>) -> Vec<Evidence> {
        let valued: Vec<(&Run, f64)> = self
            .runs
            .iter()
            .filter_map(|run| Some((run, value(run)?)))
            .filter(|(_, v)| v.is_finite())
            .collect();
        let by_value = |a: &&(&Run, f64), b: &&(&Run, f64)| a.1.total_cmp(&b.1);
        let smallest = valued.iter().min_by(by_value);
        let largest = valued.iter().rev().max_by(by_value);
        let mut chosen: Vec<&(&Run, f64)> = smallest.into_iter().chain(largest).collect();
        chosen.sort_by(|a, b| a.0.span.start_s.total_cmp(&b.0.span.start_s));
        chosen.dedup_by(|a, b| a.0.span == b.0.span);
        chosen
            .into_iter()
            .map(|(run, value)| Evidence::new(run.span.start_s, run.span.end_s, format!("{value:.1} {unit}")))
            .collect()
    }
}

impl Run {
    /// Slope of the line of least squares through the pitch, in semitones per second.
    fn slope(&self, hop_s: f64) -> Option<f64> {
        if length_s(&self.span) < SLOPE_MIN_RUN_S || self.points.len() < SLOPE_MIN_FRAMES {
            return None;
        }
        let count = self.points.len() as f64;
        // Counted from the first frame, so that the same run gives the same slope wherever it lies.
        let first = self.points[0].frame;
        let time_s = |point: &Point| (point.frame - first) as f64 * hop_s;
        let mean_s = self.points.iter().map(time_s).sum::<f64>() / count;
        let mean = self.points.iter().map(|point| point.semitones()).sum::<f64>() / count;
        let (mut product, mut square) = (0.0, 0.0);
        for point in &self.points {
            let offset_s = time_s(point) - mean_s;
            product += offset_s * (point.semitones() - mean);
            square += offset_s * offset_s;
        }
        (square > 0.0).then(|| product / square)
    }

    /// Steady frames, of frames with a voiced neighbour at both sides.
    fn steady(&self) -> (usize, usize) {
        let (mut steady, mut all) = (0, 0);
        for window in self.points.windows(STEADY_FRAMES) {
            if window[STEADY_FRAMES - 1].frame - window[0].frame != STEADY_FRAMES - 1 {
                continue;
            }
            let mean = window.iter().map(|point| point.semitones()).sum::<f64>() / STEADY_FRAMES as f64;
            all += 1;
            steady += usize::from((window[STEADY_FRAMES / 2].semitones() - mean).abs() <= STEADY_SEMITONES);
        }
        (steady, all)
    }
}

/// The value below which `share` of the values lie (nearest rank).
fn percentile(values: impl Iterator<Item = f64>, share: f64) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    if values.is_empty() {
        return None;
    }
    let index = ((values.len() - 1) as f64 * share).round() as usize;
    Some(*values.select_nth_unstable_by(index, f64::total_cmp).1)
}
