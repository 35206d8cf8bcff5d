//! The page and the table of an audit.

use minijinja::context;
use minijinja::value::Serde;

use super::{Audit, FOUR_FIFTHS, Rate, SMALL_GROUP};
use crate::tables::inert;
use crate::{TuningError, page};

/// Renders an audit as one self-contained page.
///
/// # Errors
/// [`TuningError::Internal`] for a defect of the template.
pub fn render(audit: &Audit) -> Result<String, TuningError> {
    let ratio = |rate: &Rate| match (rate.impact_ratio, rate.interval) {
        (Some(ratio), Some((low, high))) => format!("{ratio:.3} ({low:.2}–{high:.2})"),
        (Some(ratio), None) => format!("{ratio:.3}"),
        (None, _) => "–".to_owned(),
    };
    let categories: Vec<_> = audit
        .categories
        .iter()
        .map(|category| {
            let groups: Vec<_> = category
                .groups
                .iter()
                .map(|group| {
                    context! {
                        group => Serde(group),
                        selection => ratio(&group.selection),
                        scoring => ratio(&group.scoring),
                    }
                })
                .collect();
            let rows: Vec<_> = category
                .culprits
                .iter()
                .map(|culprit| {
                    let label = format!("{} · {}", culprit.indicator, culprit.group);
                    (label, culprit.difference.value, culprit.difference.low, culprit.difference.high)
                })
                .collect();
            context! {
                name => category.category.as_str(),
                unknown => category.unknown,
                groups => groups,
                culprits => (!rows.is_empty()).then(|| page::forest(&rows)),
                differences => Serde(&category.culprits),
            }
        })
        .collect();
    page::render(
        include_str!("../../templates/audit.html"),
        context! {
            audit => Serde(audit),
            flagged => audit.flagged(),
            selected => Serde(audit.selected.title()),
            categories => categories,
            four_fifths => FOUR_FIFTHS,
            small => SMALL_GROUP,
        },
    )
}

/// The groups as CSV.
///
/// # Errors
/// [`TuningError::Internal`] when it cannot be written to memory: a defect.
pub fn csv(audit: &Audit) -> Result<String, TuningError> {
    let defect = |error: &dyn std::fmt::Display| TuningError::Internal(format!("csv: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "category",
        "group",
        "people",
        "scored",
        "small",
        "selection_rate",
        "selection_impact_ratio",
        "selection_low",
        "selection_high",
        "selection_below_four_fifths",
        "scoring_rate",
        "scoring_impact_ratio",
        "scoring_low",
        "scoring_high",
        "scoring_below_four_fifths",
    ];
    writer.write_record(header).map_err(|error| defect(&error))?;
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for category in &audit.categories {
        for group in &category.groups {
            let mut record = vec![
                inert(&category.category),
                inert(&group.group),
                group.people.to_string(),
                group.scored.to_string(),
                group.small.to_string(),
            ];
            for rate in [&group.selection, &group.scoring] {
                record.push(number(rate.rate));
                record.push(number(rate.impact_ratio));
                record.push(number(rate.interval.map(|interval| interval.0)));
                record.push(number(rate.interval.map(|interval| interval.1)));
                record.push(rate.below_four_fifths.to_string());
            }
            writer.write_record(&record).map_err(|error| defect(&error))?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| defect(&error))?;
    String::from_utf8(bytes).map_err(|error| defect(&error))
}
