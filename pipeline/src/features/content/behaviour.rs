//! Behaviour in scenes (R17): initiative, patience, answering a refusal. Counts of phrases; profiles make
//! indicators of them.
//!
//! What is denied counts as nothing ("I don't offer a discount"), and marks play no part: a question is told by its words.

use std::collections::BTreeSet;

use interview_schemas::features::{Evidence, NotAssessed};

use super::claims::{Claimed, Text};
use super::{Content, Measured, sentence_evidence};
use crate::perception::semantics::Sentence;

/// Name of the scene in which somebody refuses.
const REFUSAL: &str = "refusal";

/// Units within which phrases of asking belong to one question: "may I ask what you …".
const ONE_QUESTION: usize = 2;

/// Units between whom is asked and the word of the question: "您一个月收入多少".
const QUESTION: usize = 10;

/// Words between who asks and asking: "the customer then asked".
const WHO: usize = 2;

/// `content.initiative`: how often the candidate asks something.
pub(super) fn initiative(content: &Content<'_>) -> Measured {
    let text = Text::new(
        content.semantics.language,
        &content.semantics.text,
        content.semantics.phrased.units.clone(),
    );
    let list = content.list("claims");
    let (nothing, others) = (list.phrases(&["asking_nothing"]), list.phrases(&["askers"]));
    let own = |found: &Claimed| {
        let at = text.units.partition_point(|unit| unit.span.end <= found.span.start);
        let end = text.units.partition_point(|unit| unit.span.start < found.span.end);
        let clause = text.clause(at);
        let before = &text.units[at.saturating_sub(WHO).max(clause.start)..at];
        let after = &text.units[end.min(clause.end)..clause.end.min(end + WHO)];
        others.find(before).is_empty() && nothing.find(after).first().is_none_or(|it| it.units.start > 0)
    };
    let mut asking: Vec<Claimed> =
        content.claimed("behaviour", &["initiative"]).into_iter().filter(own).collect();
    asking.extend(questions(content, &text));
    asking.sort_by_key(|found| found.span.start);
    let unit = |byte: usize| text.units.partition_point(|unit| unit.span.end <= byte);
    let mut last = None;
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut count = 0_u32;
    for found in &asking {
        let (start, end) = (unit(found.span.start), unit(found.span.end));
        if last.is_none_or(|last| start > last + ONE_QUESTION) {
            count += 1;
            evidence.extend(content.sentence_of(found).map(super::quote));
        }
        last = Some(end);
    }
    evidence.dedup();
    Ok((f64::from(count), 0.6 * content.confidence, evidence))
}

/// Questions to somebody by their words: "您一个月收入多少".
fn questions(content: &Content<'_>, text: &Text<'_>) -> Vec<Claimed> {
    let list = content.list("claims");
    let interrogative = list.phrases(&["interrogative"]);
    let mut found: Vec<Claimed> = Vec::new();
    for to in list.phrases(&["addressed"]).find(&text.units) {
        let end = text.clause(to.units.start).end.min(to.units.end + QUESTION);
        let asked = interrogative.find(&text.units[to.units.end.min(end)..end]);
        if let Some(asked) = asked.first() {
            let last = to.units.end + asked.units.end - 1;
            let span = text.units[to.units.start].span.start..text.units[last].span.end;
            found.push(Claimed { span, group: 0, plain: String::new() });
        }
    }
    found
}

/// `content.patience`: different phrases that acknowledge, apologise or calm.
pub(super) fn patience(content: &Content<'_>) -> Measured {
    let found = content.claimed("behaviour", &["acknowledge", "apology", "calm"]);
    let mut seen = BTreeSet::new();
    let first: Vec<_> = found.iter().filter(|found| seen.insert(found.plain.as_str())).collect();
    let evidence = first.iter().filter_map(|found| evidence(content, "", found)).collect();
    Ok((first.len() as f64, 0.6 * content.confidence, evidence))
}

/// `content.refusal_handling`: of four moves (acknowledge, ask, offer something else, leave the door open) the share
/// that is there. Only in a scene of refusal.
pub(super) fn refusal_handling(content: &Content<'_>) -> Measured {
    let scene = content.context.question.and_then(|question| question.scene.as_deref());
    if !scene.is_some_and(|scene| scene.eq_ignore_ascii_case(REFUSAL)) {
        return Err(NotAssessed::NotApplicable);
    }
    // An apology acknowledges too.
    let moves = ["acknowledge", "apology", "initiative", "alternative", "door"];
    let place = |group: usize| group.max(1);
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for found in content.claimed("behaviour", &moves) {
        if seen.insert(place(found.group)) {
            lines.extend(evidence(content, &format!("[{}] ", moves[found.group]), &found));
        }
    }
    Ok((seen.len() as f64 / 4.0, 0.6 * content.confidence, lines))
}

/// Evidence for a phrase: its words and the sentence around it.
fn evidence(content: &Content<'_>, mark: &str, found: &Claimed) -> Option<Evidence> {
    let sentence: &Sentence = content.sentence_of(found)?;
    Some(sentence_evidence(&format!("{mark}{}: ", found.plain), sentence))
}
