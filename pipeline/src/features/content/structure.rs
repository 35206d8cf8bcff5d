//! Language logic (R16): connectives by kind, the parts of a report, length of sentences.

use std::collections::BTreeSet;

use interview_schemas::features::{Evidence, NotAssessed};

use super::{Content, Measured};
use crate::text::units::words;

/// Kinds of connectives, as sections of the word list.
const KINDS: [&str; 4] = ["cause", "contrast", "sequence", "summary"];

/// Parts of a report, as sections of the word list.
const PARTS: [&str; 4] = ["situation", "task", "action", "result"];

/// Fewest words for the parts of a report to be looked for.
const FEWEST_WORDS: usize = 20;

/// `content.connectives`.
pub(super) fn connectives(content: &Content<'_>) -> Measured {
    let found = content.phrases("connectives", &KINDS);
    let value = content.per_hundred_words(found.len())?;
    let evidence =
        found.iter().filter_map(|found| content.evidence(&mark(KINDS[found.group]), &found.units)).collect();
    Ok((value, 0.8 * content.confidence, evidence))
}

/// `content.connective_variety`: the share of the four kinds that occur.
pub(super) fn connective_variety(content: &Content<'_>) -> Measured {
    kinds(content, "connectives", &KINDS)
}

/// `content.structure`: the share of situation, task, action and result that are there.
pub(super) fn structure(content: &Content<'_>) -> Measured {
    kinds(content, "structure", &PARTS)
}

/// The share of some kinds of phrases that occur, with the first of each as evidence.
fn kinds(content: &Content<'_>, list: &str, sections: &[&str]) -> Measured {
    if content.word_count < FEWEST_WORDS {
        return Err(NotAssessed::TooShort);
    }
    let mut seen = BTreeSet::new();
    let mut evidence: Vec<Evidence> = Vec::new();
    for found in content.phrases(list, sections) {
        if seen.insert(found.group) {
            evidence.extend(content.evidence(&mark(sections[found.group]), &found.units));
        }
    }
    Ok((seen.len() as f64 / sections.len() as f64, 0.6 * content.confidence, evidence))
}

fn mark(kind: &str) -> String {
    format!("[{kind}] ")
}

/// `content.sentence_length`: mean number of words of the sentences that were closed by a mark.
pub(super) fn sentence_length(content: &Content<'_>) -> Measured {
    let semantics = content.semantics;
    let closed: Vec<_> = semantics.sentences.iter().filter(|sentence| sentence.closed).collect();
    if closed.len() < 2 {
        return Err(NotAssessed::TooShort);
    }
    let length = |range: &std::ops::Range<usize>| words(&semantics.units[range.clone()]).len();
    let sum: usize = closed.iter().map(|sentence| length(&sentence.units)).sum();
    let longest =
        closed.iter().max_by_key(|sentence| length(&sentence.units)).map(|sentence| super::quote(sentence));
    // The recogniser sets the marks, so they are less sure than the words.
    Ok((sum as f64 / closed.len() as f64, 0.6 * content.confidence, longest.into_iter().collect()))
}
