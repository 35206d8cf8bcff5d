//! The timeline as SVG geometry: every curve in a box of 1000 × 100, time from left to right.

use interview_schemas::Bilingual;
use interview_schemas::perception::Span;
use interview_schemas::report::Timeline;
use serde::Serialize;

use super::format;

/// Width of every row in SVG units.
const WIDTH: f64 = 1000.0;
/// Height of every row in SVG units.
const HEIGHT: f64 = 100.0;
/// Range of the level row in dB relative to full scale.
const LEVEL_DB: (f64, f64) = (-70.0, 0.0);
/// Most marks on the time axis.
const MAX_TICKS: f64 = 6.0;
/// Distances between marks that read well, in seconds.
const TICK_STEPS_S: [f64; 14] =
    [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0];

/// A timeline ready to be drawn.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    /// The rows, from top to bottom.
    rows: Vec<Row>,
    /// Marks of the time axis.
    ticks: Vec<Tick>,
    /// The curves in a sentence, for who cannot see them.
    summary: Bilingual,
}

#[derive(Debug, Serialize)]
struct Row {
    /// Name of its style.
    key: &'static str,
    title: Bilingual,
    /// What bottom and top of the box stand for; empty for spans.
    range: String,
    bars: Vec<Bar>,
    /// Path data of filled shapes.
    areas: Vec<String>,
    /// Path data of lines.
    lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: String,
    width: String,
}

#[derive(Debug, Serialize)]
struct Tick {
    x: String,
    percent: String,
    text: String,
}

/// Draws a timeline; `flagged` are the spans a person should look at.
pub(super) fn chart(timeline: &Timeline, duration_s: f64, flagged: &[Span]) -> Option<Chart> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    if !positive(duration_s) || !positive(timeline.step_s) {
        return None;
    }
    let plot = Plot { duration_s, step_s: timeline.step_s };
    let mut rows = Vec::new();
    if !flagged.is_empty() {
        rows.push(plot.spans("flagged", Bilingual::new("Please look", "请查看"), flagged));
    }
    if !timeline.level_db.is_empty() {
        rows.push(plot.spans("speech", Bilingual::new("Speech", "语音"), &timeline.speech));
        let level: Vec<_> = timeline.level_db.iter().copied().map(Some).collect();
        rows.push(plot.curve("level", Bilingual::new("Loudness", "响度"), &level, LEVEL_DB, "dB", true));
    }
    if let Some(range) = pitch_range(&timeline.f0_hz) {
        rows.push(plot.curve("pitch", Bilingual::new("Pitch", "音高"), &timeline.f0_hz, range, "Hz", false));
    }
    if !timeline.faces.is_empty() {
        let most = timeline.faces.iter().flatten().fold(1.0, |most: f64, &count| most.max(count));
        let title = Bilingual::new("Faces in view", "画面中的人脸");
        rows.push(plot.curve("faces", title, &timeline.faces, (0.0, most), "", true));
    }
    if !timeline.eye_contact.is_empty() {
        let title = Bilingual::new("Eye contact", "目光交流");
        rows.push(plot.curve("eyes", title, &timeline.eye_contact, (0.0, 1.0), "", true));
    }
    if !timeline.smile.is_empty() {
        let title = Bilingual::new("Smile", "微笑");
        rows.push(plot.curve("smile", title, &timeline.smile, (0.0, 1.0), "", true));
    }
    (!rows.is_empty()).then(|| Chart { rows, ticks: plot.ticks(), summary: summary(timeline, duration_s) })
}

struct Plot {
    duration_s: f64,
    step_s: f64,
}

impl Plot {
    fn x(&self, t_s: f64) -> f64 {
        (t_s / self.duration_s * WIDTH).clamp(0.0, WIDTH)
    }

    fn spans(&self, key: &'static str, title: Bilingual, spans: &[Span]) -> Row {
        let bars = spans
            .iter()
            .map(|span| {
                let (start, end) = (self.x(span.start_s), self.x(span.end_s));
                // Even the shortest span must be seen.
                Bar { x: coordinate(start), width: coordinate((end - start).max(2.0)) }
            })
            .collect();
        Row { key, title, range: String::new(), bars, areas: vec![], lines: vec![] }
    }

    fn curve(
        &self,
        key: &'static str,
        title: Bilingual,
        values: &[Option<f64>],
        (low, high): (f64, f64),
        unit: &str,
        filled: bool,
    ) -> Row {
        let range = format!("{}\u{2009}\u{2026}\u{2009}{} {unit}", format::number(low), format::number(high));
        let point = |index: usize, value: f64| {
            let x = self.x((index as f64 + 0.5) * self.step_s);
            let share = (value - low) / (high - low);
            (x, HEIGHT * (1.0 - if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }))
        };
        let (mut areas, mut lines) = (Vec::new(), Vec::new());
        for run in runs(values) {
            let points: Vec<_> = run.iter().map(|&(index, value)| point(index, value)).collect();
            let mut line = String::new();
            for (x, y) in &points {
                line += if line.is_empty() { "M" } else { "L" };
                line += &format!("{} {}", coordinate(*x), coordinate(*y));
            }
            let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
            if points.len() == 1 {
                // A line of one point has no length: give it the width of its step.
                line += &format!("h{}", coordinate(self.x(self.step_s).max(1.0)));
            }
            if filled {
                areas.push(format!("{line}V{HEIGHT}H{}Z", coordinate(first.0.min(last.0))));
            }
            lines.push(line);
        }
        Row { key, title, range: range.trim_end().to_owned(), bars: vec![], areas, lines }
    }

    fn ticks(&self) -> Vec<Tick> {
        let step_s = TICK_STEPS_S
            .into_iter()
            .find(|step| self.duration_s / step <= MAX_TICKS)
            .unwrap_or_else(|| (self.duration_s / MAX_TICKS).ceil());
        (0..=MAX_TICKS as u32)
            .map(|index| f64::from(index) * step_s)
            .take_while(|&t_s| t_s <= self.duration_s)
            .map(|t_s| Tick {
                x: coordinate(self.x(t_s)),
                percent: coordinate(self.x(t_s) / WIDTH * 100.0),
                text: format::time(t_s),
            })
            .collect()
    }
}

/// The runs of values between gaps, with their indices.
fn runs(values: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let mut runs: Vec<Vec<(usize, f64)>> = Vec::new();
    let mut open = false;
    for (index, value) in values.iter().enumerate() {
        match value.filter(|value| value.is_finite()) {
            Some(value) if open => runs.last_mut().into_iter().for_each(|run| run.push((index, value))),
            Some(value) => {
                runs.push(vec![(index, value)]);
                open = true;
            }
            None => open = false,
        }
    }
    runs
}

/// The pitches from lowest to highest, widened to full 25 Hz; `None` where nothing is voiced.
fn pitch_range(f0_hz: &[Option<f64>]) -> Option<(f64, f64)> {
    let (low, high) = extent(f0_hz.iter().flatten().copied())?;
    let (low, high) = ((low / 25.0).floor() * 25.0, (high / 25.0).ceil() * 25.0);
    Some((low, if high > low { high } else { low + 25.0 }))
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

fn summary(timeline: &Timeline, duration_s: f64) -> Bilingual {
    let speech_s: f64 = timeline.speech.iter().map(|span| (span.end_s - span.start_s).max(0.0)).sum();
    let (speech, whole) = (format::duration(speech_s), format::duration(duration_s));
    let share = format::percent((speech_s / duration_s).clamp(0.0, 1.0));
    let mut en = format!("Speech {} of {} ({share})", speech.en, whole.en);
    let mut zh = format!("语音 {}，全长 {}（{share}）", speech.zh, whole.zh);
    if let Some((low, high)) = extent(timeline.f0_hz.iter().flatten().copied()) {
        let (low, high) = (format::number(low), format::number(high));
        en += &format!("; pitch {low} to {high} Hz");
        zh += &format!("；音高 {low} 至 {high} 赫兹");
    }
    Bilingual::new(en + ".", zh + "。")
}

/// A coordinate with at most one decimal.
fn coordinate(value: f64) -> String {
    let text = format!("{:.1}", value + 0.0);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn timeline(level_db: Vec<f64>, f0_hz: Vec<Option<f64>>, step_s: f64) -> Timeline {
        let speech = vec![Span { start_s: 1.0, end_s: 3.0 }];
        Timeline { speech, step_s, level_db, f0_hz, faces: vec![], eye_contact: vec![], smile: vec![] }
    }

    #[test]
    fn a_curve_is_broken_where_nothing_was_measured() {
        let line = timeline(vec![-35.0; 4], vec![Some(100.0), Some(200.0), None, Some(150.0)], 1.0);
        let chart = chart(&line, 4.0, &[]).unwrap();
        let keys: Vec<_> = chart.rows.iter().map(|row| row.key).collect();
        assert_eq!(keys, ["speech", "level", "pitch"]);
        assert_eq!(chart.rows[0].bars[0].x, "250");
        assert_eq!(chart.rows[0].bars[0].width, "500");
        assert_eq!(chart.rows[1].lines, ["M125 50L375 50L625 50L875 50"]);
        assert_eq!(chart.rows[2].lines, ["M125 100L375 0", "M875 50h250"]);
        assert_eq!(chart.rows[2].range, "100\u{2009}…\u{2009}200 Hz");
        assert!(chart.summary.en.starts_with("Speech 2 s of 4 s (50 %)"));
    }

    proptest! {
        #[test]
        fn every_coordinate_lies_in_the_box(
            level in prop::collection::vec(prop::num::f64::ANY, 0..50),
            f0 in prop::collection::vec(prop::option::of(prop::num::f64::ANY), 0..50),
            duration_s in 0.001..100_000.0f64,
            step_s in prop_oneof![0.05..60.0f64, Just(f64::NAN), Just(-1.0)],
        ) {
            if let Some(chart) = chart(&timeline(level, f0, step_s), duration_s, &[]) {
                prop_assert!(!chart.ticks.is_empty() && chart.ticks.len() <= 7);
                for row in &chart.rows {
                    for number in row.lines.iter().flat_map(|line| line.split(['M', 'L', ' ', 'h'])) {
                        prop_assert!(number.is_empty() || number.parse::<f64>().is_ok_and(|n| (0.0..=WIDTH).contains(&n)), "{}", number);
                    }
                }
            }
        }
    }
}
