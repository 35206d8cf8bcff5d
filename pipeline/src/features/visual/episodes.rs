//! Episodes in a series: with hysteresis, so that a value near the threshold does not flicker.

use interview_schemas::features::Evidence;
use interview_schemas::perception::Span;

/// One value of a series; `None` where it could not be measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Time in seconds.
    pub(super) t_s: f64,
    /// The time it stands for, in seconds.
    pub(super) step_s: f64,
    /// The value.
    pub(super) value: Option<f64>,
}

/// How an episode begins and ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    /// It begins when the value reaches this.
    pub(super) enter: f64,
    /// It lasts while the value stays at or above this; at most `enter`.
    pub(super) stay: f64,
    /// Shorter episodes do not count, in seconds.
    pub(super) shortest_s: f64,
    /// Gaps up to this length do not end it, in seconds.
    pub(super) bridge_s: f64,
}

/// Whether each point belongs to a state that begins at `enter` and lasts while the value is at least `stay`; `None`
/// where the value is missing.
pub(super) fn states(points: &[Point], enter: f64, stay: f64) -> Vec<Option<bool>> {
    let mut within = false;
    points
        .iter()
        .map(|point| {
            let value = point.value?;
            within = if within { value >= stay } else { value >= enter };
            Some(within)
        })
        .collect()
}

/// The episodes of a series. Points without a value end an episode unless the gap is bridged.
pub(super) fn episodes(points: &[Point], rule: Rule) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (point, state) in points.iter().zip(states(points, rule.enter, rule.stay)) {
        if state != Some(true) {
            continue;
        }
        let end_s = point.t_s + point.step_s;
        match spans.last_mut() {
            Some(last) if point.t_s - last.end_s <= rule.bridge_s + 1.0e-6 => last.end_s = end_s,
            _ => spans.push(Span { start_s: point.t_s, end_s }),
        }
    }
    spans.retain(|span| span.end_s - span.start_s + 1.0e-6 >= rule.shortest_s);
    spans
}

/// Total length of spans in seconds.
pub(super) fn length_s(spans: &[Span]) -> f64 {
    spans.iter().map(|span| span.end_s - span.start_s).sum()
}

/// The longest spans, in order of time, as evidence.
pub(super) fn evidence(spans: &[Span], text: &str, most: usize) -> Vec<Evidence> {
    let mut longest: Vec<&Span> = spans.iter().collect();
    longest.sort_by(|a, b| {
        (b.end_s - b.start_s).total_cmp(&(a.end_s - a.start_s)).then(a.start_s.total_cmp(&b.start_s))
    });
    longest.truncate(most);
    longest.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    longest.into_iter().map(|span| Evidence::new(span.start_s, span.end_s, text)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(values: &[Option<f64>]) -> Vec<Point> {
        values
            .iter()
            .enumerate()
            .map(|(index, &value)| Point { t_s: index as f64 * 0.2, step_s: 0.2, value })
            .collect()
    }

    const RULE: Rule = Rule { enter: 1.0, stay: 0.5, shortest_s: 0.4, bridge_s: 0.2 };

    #[test]
    fn hysteresis_keeps_an_episode_together_and_short_ones_out() {
        let points = series(&[0.9, 1.0, 0.6, 0.5, 0.4, 0.4, 1.2, 0.0].map(Some));
        let spans = episodes(&points, RULE);
        assert_eq!(spans.len(), 1);
        assert!((spans[0].start_s - 0.2).abs() < 1e-9 && (spans[0].end_s - 0.8).abs() < 1e-9);
    }

    #[test]
    fn one_missing_value_is_bridged_and_two_are_not() {
        let mut values = vec![Some(1.0); 3];
        values.extend([None]);
        values.extend(vec![Some(1.0); 3]);
        assert_eq!(episodes(&series(&values), RULE).len(), 1);
        values.insert(3, None);
        assert_eq!(episodes(&series(&values), RULE).len(), 2);
    }

    proptest! {
        #[test]
        fn episodes_are_in_order_apart_and_long_enough(
            values in prop::collection::vec(prop::option::of(0.0f64..2.0), 0..80)
        ) {
            let spans = episodes(&series(&values), RULE);
            for span in &spans {
                prop_assert!(span.end_s - span.start_s >= RULE.shortest_s - 1e-5);
            }
            for pair in spans.windows(2) {
                prop_assert!(pair[1].start_s - pair[0].end_s > RULE.bridge_s);
            }
            prop_assert!(length_s(&spans) <= values.len() as f64 * 0.2 + 1e-9);
        }
    }
}
