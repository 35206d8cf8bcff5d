//! The page of a replay.

use minijinja::context;
use minijinja::value::Serde;

use super::{Distribution, GRADES, Replay};
use crate::statistics::count;
use crate::{TuningError, page};

/// Most dots of the scatter plot.
const MOST_DOTS: usize = 2000;

/// Evenly chosen pairs for the plot.
pub(super) fn sample(old: &[f64], new: &[f64]) -> Vec<(f64, f64)> {
    let step = old.len().div_ceil(MOST_DOTS).max(1);
    old.iter().copied().zip(new.iter().copied()).step_by(step).collect()
}

/// Renders a replay as one self-contained page. `old_thresholds` and `new_thresholds` are the scores from which
/// the grades of the baseline and of the new profile are given.
///
/// # Errors
/// [`TuningError::Internal`] for a defect of the template.
pub fn render(
    replay: &Replay,
    old_thresholds: &[f64],
    new_thresholds: &[f64],
) -> Result<String, TuningError> {
    let number = |value: Option<f64>, places: usize| {
        value.map_or("–".to_owned(), |value| format!("{value:.places$}"))
    };
    let side = |name: &str, side: &Distribution| {
        context! {
            name => name,
            scored => side.scored,
            to_look_at => format!("{} ({:.1} %)", side.to_look_at, 100.0 * count(side.to_look_at) / count(side.interviews.max(1))),
            applied => side.rules.iter().map(|rule| (format!("rule 规则 {}", rule.name), rule.interviews))
                .chain(side.triggers.iter().map(|trigger| (format!("trigger 触发 {}", trigger.name), trigger.interviews)))
                .collect::<Vec<_>>(),
            mean => number(side.mean, 1),
            sd => number(side.standard_deviation, 1),
            median => number(side.quantiles.get(2).copied(), 1),
            grades => side.grades.map(|grade| format!("{grade} ({:.1} %)", 100.0 * count(grade) / count(side.interviews.max(1)))),
        }
    };
    let mut sides = vec![side("new 新", &replay.new)];
    sides.extend(replay.old.as_ref().map(|old| side("baseline 基线", old)));
    let grades: Vec<_> = GRADES
        .iter()
        .map(|grade| {
            let title = grade.title();
            format!("{} {}", title.en, title.zh)
        })
        .collect();
    let values = context! {
        replay => Serde(replay),
        grades => grades,
        sides => sides,
        flipped => replay.flipped().unwrap_or(0),
        tau => number(replay.kendall_tau_b, 3),
        rho => number(replay.spearman, 3),
        sampled => MOST_DOTS,
        histogram => page::histogram(&replay.new.histogram, replay.old.as_ref().map(|old| old.histogram.as_slice())),
        scatter => page::scatter(&replay.pairs, old_thresholds, new_thresholds),
    };
    page::render(include_str!("../../templates/replay.html"), values)
}
