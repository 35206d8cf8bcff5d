//! The difference between two profiles in terms that people use: `communication: weight 40 -> 45`.

use std::collections::{BTreeMap, BTreeSet};

use interview_pipeline::score::Profile;
use interview_schemas::job::QuestionKind;
use interview_schemas::profile::{CurveSpec, IndicatorSpec, ProfileFile};
use serde::Serialize;
use serde_json::Value;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What changed, such as `communication` or `communication / pauses`.
    pub subject: String,
    /// How, such as `weight 40 -> 45`.
    pub change: String,
}

/// Every difference between two profiles that can change a score, a word or an action; in the order of the file.
#[must_use]
pub fn diff(old: &Profile, new: &Profile) -> Vec<Change> {
    let mut changes = Changes::default();
    let (a, b) = (old.file(), new.file());
    changes.compare("profile", "title", &text(&a.title), &text(&b.title));
    head(&mut changes, a, b);
    for name in keys(a.competencies.keys(), b.competencies.keys()) {
        match (a.competencies.get(name), b.competencies.get(name)) {
            (Some(spec), None) => changes.add(name, format!("removed (weight {})", number(spec.weight))),
            (None, Some(spec)) => changes.add(name, format!("added with weight {}", number(spec.weight))),
            (Some(x), Some(y)) => {
                changes.compare(name, "weight", &number(x.weight), &number(y.weight));
                changes.compare(name, "title", &text(&x.title), &text(&y.title));
                changes.compare(name, "group", &plain(&x.group), &plain(&y.group));
                changes.compare(name, "limits", &limits(x.limits), &limits(y.limits));
                changes.compare(name, "locked", &yes(x.locked), &yes(y.locked));
                for indicator in keys(x.indicators.keys(), y.indicators.keys()) {
                    let subject = format!("{name} / {indicator}");
                    indicators(
                        &mut changes,
                        &subject,
                        x.indicators.get(indicator),
                        y.indicators.get(indicator),
                    );
                }
            }
            (None, None) => {}
        }
    }
    for (section, old, new) in
        [("trigger", values(&a.triggers), values(&b.triggers)), ("rule", values(&a.rules), values(&b.rules))]
    {
        for name in keys(old.keys(), new.keys()) {
            let subject = format!("{section} {name}");
            match (old.get(name), new.get(name)) {
                (Some(_), None) => changes.add(&subject, "removed".to_owned()),
                (None, Some(_)) => changes.add(&subject, "added".to_owned()),
                (Some(x), Some(y)) => changes.fields(&subject, x, y),
                (None, None) => {}
            }
        }
    }
    changes.found
}

#[derive(Default)]
struct Changes {
    found: Vec<Change>,
}

impl Changes {
    fn add(&mut self, subject: &str, change: String) {
        self.found.push(Change { subject: subject.to_owned(), change });
    }

    /// Every field that differs.
    fn fields(&mut self, subject: &str, old: &Value, new: &Value) {
        let (mut a, mut b) = (BTreeMap::new(), BTreeMap::new());
        leaves(old, "", &mut a);
        leaves(new, "", &mut b);
        let none = "none".to_owned();
        for field in keys(a.keys(), b.keys()) {
            self.compare(subject, field, a.get(field).unwrap_or(&none), b.get(field).unwrap_or(&none));
        }
    }

    fn compare(&mut self, subject: &str, what: &str, old: &str, new: &str) {
        if old != new {
            self.add(subject, format!("{what} {old} -> {new}"));
        }
    }
}

/// Thresholds, evidence, rollout, dates.
fn head(changes: &mut Changes, a: &ProfileFile, b: &ProfileFile) {
    let grade = |file: &ProfileFile, pick: fn(&interview_schemas::profile::GradeThresholds) -> f64| {
        number(file.grades.as_ref().map(pick))
    };
    changes.compare("grades", "recommended from", &grade(a, |g| g.recommended), &grade(b, |g| g.recommended));
    changes.compare("grades", "consider from", &grade(a, |g| g.consider), &grade(b, |g| g.consider));
    let evidence = |file: &ProfileFile, pick: fn(&interview_schemas::profile::EvidenceRule) -> f64| {
        number(file.evidence.as_ref().map(pick))
    };
    changes.compare("evidence", "floor", &evidence(a, |e| e.floor), &evidence(b, |e| e.floor));
    let floor = |file| evidence(file, |e| e.indicator_floor);
    changes.compare("evidence", "indicator floor", &floor(a), &floor(b));
    changes.fields("rollout", &value(&a.rollout), &value(&b.rollout));
    changes.fields("effective", &value(&a.effective), &value(&b.effective));
    for name in keys(a.groups.keys(), b.groups.keys()) {
        let title =
            |file: &ProfileFile| file.groups.get(name).map_or("none".to_owned(), |group| text(&group.title));
        changes.compare(&format!("group {name}"), "title", &title(a), &title(b));
    }
}

fn indicators(
    changes: &mut Changes,
    subject: &str,
    old: Option<&IndicatorSpec>,
    new: Option<&IndicatorSpec>,
) {
    match (old, new) {
        (Some(spec), None) => changes.add(subject, format!("removed (weight {})", number(spec.weight))),
        (None, Some(spec)) => changes.add(
            subject,
            format!(
                "added with weight {}, {} by {}",
                number(spec.weight),
                plain(&spec.feature),
                curve(&spec.curve)
            ),
        ),
        (Some(x), Some(y)) => {
            changes.compare(subject, "weight", &number(x.weight), &number(y.weight));
            changes.compare(subject, "feature", &plain(&x.feature), &plain(&y.feature));
            changes.compare(subject, "curve", &curve(&x.curve), &curve(&y.curve));
            changes.compare(subject, "title", &text(&x.title), &text(&y.title));
            changes.compare(subject, "scenes", &list(&x.scenes), &list(&y.scenes));
            changes.compare(subject, "questions", &kinds(&x.questions), &kinds(&y.questions));
            changes.compare(subject, "kinds", &list(&x.kinds), &list(&y.kinds));
            changes.compare(subject, "aggregate", &json_text(&x.aggregate), &json_text(&y.aggregate));
            changes.compare(subject, "limits", &limits(x.limits), &limits(y.limits));
            changes.compare(subject, "locked", &yes(x.locked), &yes(y.locked));
        }
        (None, None) => {}
    }
}

fn keys<'a>(a: impl Iterator<Item = &'a String>, b: impl Iterator<Item = &'a String>) -> BTreeSet<&'a str> {
    a.chain(b).map(String::as_str).collect()
}

fn values<T: Serialize>(map: &BTreeMap<String, T>) -> BTreeMap<String, Value> {
    map.iter().map(|(name, spec)| (name.clone(), value(spec))).collect()
}

/// Wire types always serialise.
fn value<T: Serialize>(spec: &T) -> Value {
    serde_json::to_value(spec).unwrap_or_default()
}

/// Every value within that is no table, by its path: `when.score.below`.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                leaves(value, &path, found);
            }
        }
        Value::String(text) => drop(found.insert(path.to_owned(), text.clone())),
        Value::Array(list) => {
            let list: Vec<_> =
                list.iter().map(|one| one.as_str().map_or(one.to_string(), str::to_owned)).collect();
            found.insert(path.to_owned(), list.join(", "));
        }
        Value::Number(number) => {
            // 10, not 10.0.
            let shown = number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string());
            found.insert(path.to_owned(), shown);
        }
        other => drop(found.insert(path.to_owned(), other.to_string())),
    }
}

fn json_text<T: Serialize>(value: &T) -> String {
    // Wire types always serialise.
    let text = serde_json::to_string(value).unwrap_or_default();
    if text == "null" { "none".to_owned() } else { text.trim_matches('"').to_owned() }
}

fn number(value: Option<f64>) -> String {
    value.map_or("none".to_owned(), |value| value.to_string())
}

fn plain(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(|| "none".to_owned())
}

fn list(value: &Option<Vec<String>>) -> String {
    value.as_ref().map_or("every".to_owned(), |list| list.join(", "))
}

fn kinds(value: &Option<Vec<QuestionKind>>) -> String {
    let names = value.as_ref().map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
    list(&names)
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn text(value: &Option<interview_schemas::Bilingual>) -> String {
    value.as_ref().map_or("none".to_owned(), |text| format!("{:?} / {:?}", text.en, text.zh))
}

fn limits(value: Option<interview_schemas::profile::WeightLimits>) -> String {
    value.map_or("none".to_owned(), |limits| format!("{} to {}", limits.min, limits.max))
}

/// A curve in words.
#[must_use]
pub fn curve(curve: &Option<CurveSpec>) -> String {
    match curve {
        None => "none".to_owned(),
        Some(CurveSpec::Linear { from, to }) => format!("linear from {from} to {to}"),
        Some(CurveSpec::Trapezoid { low_zero, low_full, high_full, high_zero }) => {
            format!("best from {low_full} to {high_full}, nothing below {low_zero} and above {high_zero}")
        }
        Some(CurveSpec::Logistic { midpoint, width }) => format!("logistic about {midpoint}, width {width}"),
        Some(CurveSpec::Percentile { norm, falling }) => {
            format!("percentile of {norm}{}", if *falling { ", falling" } else { "" })
        }
    }
}
