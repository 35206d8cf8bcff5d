//! Self-contained HTML pages with plots as inline SVG: no script, no font, no picture from elsewhere.

use std::fmt::Write;

use minijinja::{AutoEscape, Environment, Value};

use crate::TuningError;

/// The frame of every page: head, styles, title.
const FRAME: &str = include_str!("../templates/frame.html");

/// Renders a template inside the frame.
///
/// # Errors
/// [`TuningError::Internal`] when the template does not fit the values: a defect.
pub fn render(template: &str, values: Value) -> Result<String, TuningError> {
    let defect = |error: minijinja::Error| TuningError::Internal(format!("page: {error:#}"));
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_filter("percent", |value: f64| format!("{:.1} %", value * 100.0));
    environment.add_filter("fixed", |value: f64, places: usize| format!("{value:.places$}"));
    environment.add_filter("rate", |value: Option<f64>| {
        value.map_or("–".to_owned(), |value| format!("{:.1} %", value * 100.0))
    });
    environment.add_filter("signed2", |value: f64| format!("{value:+.2}"));
    environment.add_filter("signed", |value: f64| format!("{value:+.1}"));
    environment.add_template("frame.html", FRAME).map_err(defect)?;
    environment.add_template("page.html", template).map_err(defect)?;
    environment.get_template("page.html").and_then(|page| page.render(values)).map_err(defect)
}

/// A number in SVG: two places are finer than a screen.
fn place(value: f64) -> String {
    format!("{value:.2}")
}

/// A histogram of one or two series over 0–100, as SVG. Heights are shares of the own series.
#[must_use]
pub fn histogram(new: &[usize], old: Option<&[usize]>) -> String {
    const WIDTH: f64 = 640.0;
    const HEIGHT: f64 = 200.0;
    let share = |counts: &[usize]| -> Vec<f64> {
        let all = crate::statistics::count(counts.iter().sum::<usize>().max(1));
        counts.iter().map(|count| crate::statistics::count(*count) / all).collect()
    };
    let (new, old) = (share(new), old.map(share));
    let top = new.iter().chain(old.iter().flatten()).copied().fold(1e-9, f64::max);
    let step = WIDTH / crate::statistics::count(new.len().max(1));
    let mut svg = format!(
        "<svg viewBox=\"-36 -10 {} {}\" role=\"img\" aria-label=\"histogram\">",
        WIDTH + 50.0,
        HEIGHT + 40.0
    );
    let mut bars = |shares: &[f64], class: &str, inset: f64, width: f64| {
        for (index, share) in shares.iter().enumerate() {
            let height = share / top * HEIGHT;
            let x = step * crate::statistics::count(index) + inset;
            // Writing to a String cannot fail.
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{:.2} %</title></rect>",
                place(x),
                place(HEIGHT - height),
                place(width),
                place(height),
                share * 100.0
            );
        }
    };
    match &old {
        Some(old) => {
            bars(old, "old", 2.0, step / 2.0 - 2.0);
            bars(&new, "new", step / 2.0, step / 2.0 - 2.0);
        }
        None => bars(&new, "new", 2.0, step - 4.0),
    }
    for tick in [0.0, 20.0, 40.0, 60.0, 80.0, 100.0] {
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            place(tick / 100.0 * WIDTH),
            place(HEIGHT + 18.0)
        );
    }
    let _ = write!(svg, "<line class=\"axis\" x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>");
    let _ = write!(
        svg,
        "<text class=\"tick\" x=\"-4\" y=\"8\" text-anchor=\"end\">{:.1} %</text></svg>",
        top * 100.0
    );
    svg
}

/// A scatter plot of (old, new) over 0–100 with the diagonal and the thresholds of both, as SVG.
#[must_use]
pub fn scatter(pairs: &[(f64, f64)], old_thresholds: &[f64], new_thresholds: &[f64]) -> String {
    const SIZE: f64 = 320.0;
    let at = |value: f64| value / 100.0 * SIZE;
    let mut svg = format!(
        "<svg class=\"square\" viewBox=\"-34 -10 {} {}\" role=\"img\" aria-label=\"scatter\"><rect class=\"frame\" width=\"{SIZE}\" height=\"{SIZE}\"/>",
        SIZE + 50.0,
        SIZE + 44.0
    );
    let _ = write!(svg, "<line class=\"axis\" x1=\"0\" y1=\"{SIZE}\" x2=\"{SIZE}\" y2=\"0\"/>");
    for threshold in old_thresholds {
        let x = place(at(*threshold));
        let _ = write!(svg, "<line class=\"limit\" x1=\"{x}\" y1=\"0\" x2=\"{x}\" y2=\"{SIZE}\"/>");
    }
    for threshold in new_thresholds {
        let y = place(SIZE - at(*threshold));
        let _ = write!(svg, "<line class=\"limit\" x1=\"0\" y1=\"{y}\" x2=\"{SIZE}\" y2=\"{y}\"/>");
    }
    for (old, new) in pairs {
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{}\" cy=\"{}\" r=\"1.6\"/>",
            place(at(*old)),
            place(SIZE - at(*new))
        );
    }
    for tick in [0.0, 50.0, 100.0] {
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{x}\" y=\"{bottom}\" text-anchor=\"middle\">{tick}</text><text class=\"tick\" x=\"-6\" y=\"{y}\" text-anchor=\"end\">{tick}</text>",
            x = place(at(tick)),
            bottom = SIZE + 16.0,
            y = place(SIZE - at(tick) + 4.0)
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Horizontal intervals around zero, as SVG: (label, value, low, high). The axis is as wide as the intervals need.
#[must_use]
pub fn forest(rows: &[(String, f64, f64, f64)]) -> String {
    const WIDTH: f64 = 380.0;
    const LABEL: f64 = 300.0;
    const ROW: f64 = 20.0;
    let widest = rows.iter().flat_map(|row| [row.2.abs(), row.3.abs()]).fold(0.0, f64::max);
    // Halves; less than one would make much of little.
    let high = ((widest * 2.0).ceil() / 2.0).clamp(0.5, 100.0);
    let (reference, low) = (0.0, -high);
    let at = |value: f64| LABEL + (value.clamp(low, high) - low) / (high - low) * WIDTH;
    let height = ROW * crate::statistics::count(rows.len()) + 24.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} {height}\" role=\"img\" aria-label=\"intervals\"><line class=\"limit\" x1=\"{x}\" y1=\"0\" x2=\"{x}\" y2=\"{}\"/>",
        LABEL + WIDTH + 20.0,
        height - 20.0,
        x = place(at(reference)),
    );
    for (index, (label, value, from, to)) in rows.iter().enumerate() {
        let y = ROW * crate::statistics::count(index) + 12.0;
        let label: String = label.chars().take(48).collect();
        let _ = write!(
            svg,
            "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><line class=\"bar\" x1=\"{}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\"/><circle class=\"new\" cx=\"{}\" cy=\"{y}\" r=\"4\"><title>{value:.3} ({from:.3} to {to:.3})</title></circle>",
            LABEL - 10.0,
            y + 4.0,
            escape(&label),
            place(at(*from)),
            place(at(*to)),
            place(at(*value))
        );
    }
    for tick in [low, low / 2.0, reference, high / 2.0, high] {
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            place(at(tick)),
            height - 4.0
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Text that is safe inside SVG and HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
