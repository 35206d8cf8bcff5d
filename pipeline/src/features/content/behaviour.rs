//! Behaviour in scenes (R17): initiative, patience, answering a refusal. Counts of phrases; profiles make
//! indicators of them.

use std::collections::BTreeSet;

use interview_schemas::features::{Evidence, NotAssessed};

use super::{Content, Measured, quote};

/// Name of the scene in which somebody refuses.
const REFUSAL: &str = "refusal";

/// `content.initiative`: sentences in which the candidate asks something.
pub(super) fn initiative(content: &Content<'_>) -> Measured {
    let mut asking: BTreeSet<usize> = BTreeSet::new();
    let sentences = &content.semantics.sentences;
    asking.extend(sentences.iter().filter(|sentence| sentence.question).map(|sentence| sentence.units.start));
    for found in content.phrases("behaviour", &["initiative"]) {
        asking.extend(content.sentence(&found.units).map(|sentence| sentence.units.start));
    }
    let evidence: Vec<Evidence> =
        sentences.iter().filter(|sentence| asking.contains(&sentence.units.start)).map(quote).collect();
    Ok((asking.len() as f64, 0.6 * content.confidence, evidence))
}

/// `content.patience`: different phrases that acknowledge, apologise or calm.
pub(super) fn patience(content: &Content<'_>) -> Measured {
    let found = content.phrases("behaviour", &["acknowledge", "apology", "calm"]);
    let mut seen = BTreeSet::new();
    let first: Vec<_> = found.iter().filter(|found| seen.insert(content.plain(&found.units))).collect();
    let evidence = first.iter().filter_map(|found| content.evidence("", &found.units)).collect();
    Ok((first.len() as f64, 0.6 * content.confidence, evidence))
}

/// `content.refusal_handling`: of four moves (acknowledge, ask, offer something else, leave the door open) the share
/// that is there. Only in a scene of refusal.
pub(super) fn refusal_handling(content: &Content<'_>) -> Measured {
    let scene = content.context.question.and_then(|question| question.scene.as_deref());
    if scene != Some(REFUSAL) {
        return Err(NotAssessed::NotApplicable);
    }
    // An apology acknowledges too.
    let moves = ["acknowledge", "apology", "initiative", "alternative", "door"];
    let place = |group: usize| group.max(1);
    let mut seen = BTreeSet::new();
    let mut evidence = Vec::new();
    for found in content.phrases("behaviour", &moves) {
        if seen.insert(place(found.group)) {
            evidence.extend(content.evidence(&format!("[{}] ", moves[found.group]), &found.units));
        }
    }
    Ok((seen.len() as f64 / 4.0, 0.6 * content.confidence, evidence))
}
