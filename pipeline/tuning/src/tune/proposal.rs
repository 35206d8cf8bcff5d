//! The proposed profile: the file of today with new weights, the next version, and the reasons on top.

use interview_pipeline::score::Resolved;
use interview_pipeline::score::source::Format;
use toml_edit::{DocumentMut, InlineTable, Item, Table, value};

use super::Tuning;
use crate::TuningError;

/// The text of the proposed profile. Comments and layout of a TOML file stay; a YAML file comes back as TOML. Its rollout
/// admits so many percent of the candidates and scores all others in the shadow: with 0 nothing changes for anybody.
///
/// # Errors
/// [`TuningError::Internal`] when the file cannot be edited: a defect, for it was parsed before.
pub fn propose(resolved: &Resolved, tuning: &Tuning, percent: f64) -> Result<String, TuningError> {
    let defect = |error: &dyn std::fmt::Display| TuningError::Internal(format!("proposal: {error}"));
    let layer = resolved.layers.last().ok_or_else(|| defect(&"a profile without a file"))?;
    let text = match layer.source.format {
        Format::Toml => layer.source.text.clone(),
        Format::Yaml => toml::to_string(layer.file()).map_err(|error| defect(&error))?,
    };
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| defect(&error))?;
    let next = i64::from(resolved.profile.file().version) + 1;
    set(&mut document["version"], value(next));
    let mut rollout = InlineTable::new();
    rollout.insert("percent", percent.into());
    rollout.insert("shadow", true.into());
    document.remove("rollout");
    document.remove("effective");
    document.insert("rollout", value(rollout));
    if !document.contains_key("competencies") {
        document["competencies"] = Item::Table(Table::new());
    }
    for weight in &tuning.weights {
        let competencies = document["competencies"]
            .as_table_like_mut()
            .ok_or_else(|| defect(&"`competencies` is no table"))?;
        if competencies.get(&weight.competency).is_none() {
            let mut table = Table::new();
            table.set_dotted(true);
            competencies.insert(&weight.competency, Item::Table(table));
        }
        let part = competencies
            .get_mut(&weight.competency)
            .and_then(Item::as_table_like_mut)
            .ok_or_else(|| defect(&"a competency is no table"))?;
        let number = if weight.tuned.fract() == 0.0 {
            #[allow(clippy::cast_possible_truncation)] // 0 to 100.
            value(weight.tuned as i64)
        } else {
            value(weight.tuned)
        };
        match part.get_mut("weight") {
            Some(item) => set(item, number),
            None => {
                part.insert("weight", number);
            }
        }
    }
    let mut comment = format!(
        "# Proposed from {}@{} by tuning on {} interviews with the outcome `{}`.\n",
        tuning.profile.name,
        tuning.profile.version,
        tuning.rows,
        tuning.outcome.replace(char::is_control, " ")
    );
    for reason in &tuning.reasons {
        comment.push_str(&format!("# {reason}\n"));
    }
    for weight in &tuning.weights {
        comment.push_str(&format!("# {}: {} -> {}\n", weight.competency, weight.today, weight.tuned));
    }
    if document.contains_key("description") {
        comment.push_str(
            "# The description is that of the version before: change what it says about weights.\n",
        );
    }
    comment.push_str("# Replay and audit it, then raise `percent` of the rollout step by step.\n\n");
    Ok(comment + &document.to_string())
}

/// Replaces a value and keeps the comment beside it.
fn set(slot: &mut Item, new: Item) {
    let decor = slot.as_value().map(|old| old.decor().clone());
    *slot = new;
    if let (Some(decor), Some(value)) = (decor, slot.as_value_mut()) {
        *value.decor_mut() = decor;
    }
}
