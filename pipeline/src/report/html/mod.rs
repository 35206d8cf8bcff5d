//! `report.html`: the report for people, one file that asks nothing of any network.
//!
//! Both languages stand in the page; a switch that needs no script shows one of them. Everything that comes
//! from a candidate, a recogniser or another system is escaped, its writing direction contained and its
//! invisible characters shown. The page has no script at all, and its policy forbids any.

mod answers;
mod chart;
mod format;
#[cfg(test)]
mod tests;
mod view;
mod words;

use interview_schemas::features::FeatureSet;
use interview_schemas::report::Report;
use minijinja::value::{Serde, Value};
use minijinja::{
    AutoEscape, Environment, Error, Output, State, UndefinedBehavior, context, escape_formatter,
};

use crate::PipelineError;

/// The language in which a report opens; the reader can switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportLanguage {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl ReportLanguage {
    fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

const CSS: &str = include_str!("../templates/report.css");

/// The templates by name; the ending `.html` switches escaping on.
const TEMPLATES: [(&str, &str); 7] = [
    ("macros.html", include_str!("../templates/macros.html")),
    ("report.html", include_str!("../templates/report.html")),
    ("summary.html", include_str!("../templates/summary.html")),
    ("competencies.html", include_str!("../templates/competencies.html")),
    ("answers.html", include_str!("../templates/answers.html")),
    ("timeline.html", include_str!("../templates/timeline.html")),
    ("provenance.html", include_str!("../templates/provenance.html")),
];

/// Renders the report as one self-contained HTML file. Same input, same bytes.
///
/// # Errors
/// [`PipelineError::Internal`] when a template fails; no content of a report makes it fail.
pub fn render_html(
    report: &Report,
    features: &FeatureSet,
    language: ReportLanguage,
) -> Result<String, PipelineError> {
    let page = view::page(report, features);
    render(&page, language)
        .map_err(|error| PipelineError::Internal(format!("report.html: {}", causes(&error))))
}

/// The error and what caused it. Never its debug form: that shows variables, and with them what was said.
fn causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

fn render(page: &view::Page<'_>, language: ReportLanguage) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(visible_formatter);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    environment
        .get_template("report.html")?
        .render(context! { page => Serde(page), css => CSS, language => language.code() })
}

/// Escapes for HTML, after characters that hide or reorder text were made visible.
fn visible_formatter(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => {
            escape_formatter(output, state, &Value::from(format::visible(text)))
        }
        _ => escape_formatter(output, state, value),
    }
}
