//! Collecting what is wrong with a profile, and the checks that many fields share.

use interview_schemas::Bilingual;
use interview_schemas::profile::WeightLimits;

/// How far a sum of weights may be from 100: the rounding of six decimals.
const SUM_TOLERANCE: f64 = 1e-6;

/// Problems found so far, each with the path of its field.
#[derive(Default)]
pub(super) struct Check {
    /// Paths and messages.
    pub(super) problems: Vec<(Vec<String>, String)>,
    /// Weights may be left out, and need not add up.
    pub(super) base_only: bool,
}

impl Check {
    /// Adds a problem.
    pub(super) fn problem(&mut self, path: &[&str], message: impl Into<String>) {
        // A hostile file could make thousands of problems; nobody reads more than these.
        if self.problems.len() < 100 {
            self.problems.push((path.iter().map(|part| (*part).to_owned()).collect(), message.into()));
        }
    }

    /// A weight in percent, or 0 with a problem.
    pub(super) fn weight(&mut self, path: &[&str], weight: Option<f64>) -> f64 {
        match weight {
            Some(weight) if (0.0..=100.0).contains(&weight) => weight,
            Some(weight) => {
                self.problem(path, format!("a weight is a number from 0 to 100, not {}", brief(weight)));
                0.0
            }
            None if self.base_only => 0.0,
            None => {
                self.problem(path, "`weight` is missing (percent)");
                0.0
            }
        }
    }

    /// The sum of the weights of one level.
    pub(super) fn sum(&mut self, path: &[&str], what: &str, sum: f64) {
        if (sum - 100.0).abs() > SUM_TOLERANCE && !self.base_only {
            let off = if sum > 100.0 { "take away" } else { "add" };
            self.problem(
                path,
                format!(
                    "the weights of {what} add up to {sum}, not to 100; {off} {}",
                    shown((sum - 100.0).abs())
                ),
            );
        }
    }
}

/// A number in a message; one with hundreds of digits in short.
pub(super) fn brief(number: f64) -> String {
    if number.abs() < 1e9 || !number.is_finite() { number.to_string() } else { format!("{number:e}") }
}

impl Check {
    /// The limits of a weight, and the weight within them.
    pub(super) fn limits(&mut self, path: &[&str], weight: Option<f64>, limits: Option<WeightLimits>) {
        let Some(WeightLimits { min, max }) = limits else { return };
        if !(0.0 <= min && min <= max && max <= 100.0) {
            self.problem(path, format!("must be 0 <= min <= max <= 100, not {min} and {max}"));
        } else if let Some(weight) = weight
            && !(min..=max).contains(&weight)
        {
            self.problem(path, format!("the weight {weight} is outside of its own limits {min} to {max}"));
        }
    }
}

/// A difference of weights without the noise of binary fractions.
fn shown(value: f64) -> f64 {
    interview_schemas::features::round_decimals(value, 6)
}

/// Whether a text is a name: 1 to 64 lower-case letters, digits, `-` and `_`, a letter first.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        && name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Checks a name.
pub(super) fn check_name(check: &mut Check, path: &[&str], name: &str) {
    if !is_name(name) {
        check.problem(
            path,
            "a name has 1 to 64 lower-case letters, digits, `-` and `_`, and begins with a letter",
        );
    }
}

/// Checks a title that must be there.
pub(super) fn title(check: &mut Check, path: &[&str], title: Option<&Bilingual>) -> Bilingual {
    match title {
        Some(title) if title.en.trim().is_empty() || title.zh.trim().is_empty() => {
            check.problem(path, "both `en` and `zh` need a text");
            title.clone()
        }
        Some(title) => title.clone(),
        None => {
            check.problem(path, "`title` is missing: { en = \"...\", zh = \"...\" }");
            Bilingual::new("", "")
        }
    }
}
