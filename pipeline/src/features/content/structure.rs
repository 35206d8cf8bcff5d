//! Language logic (R16): connectives by kind, the parts of a report, length of sentences.

use std::collections::BTreeSet;

use interview_schemas::features::{Evidence, NotAssessed};

use super::{Content, Measured, quote, sentence_evidence};
use crate::perception::semantics::REPORT_PARTS;
use crate::text::units::words;

/// Kinds of connectives, as sections of the word list.
const KINDS: [&str; 4] = ["cause", "contrast", "sequence", "summary"];

/// How far a chunk must point towards the examples of a part to count as that part. Chosen on the sentences for tuning of
/// `tests/data/answers/structure-en.toml`: of reports without cue phrases 0.71 of the parts are found, 0.21 of those left
/// out are claimed, and sentences that report nothing never reach it.
const TELLS: f64 = 0.1;

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

/// `content.structure`: the share of situation, task, action and result that are there, each by a cue phrase or, where
/// there are embeddings, by a run of words that means the like of its examples.
pub(super) fn structure(content: &Content<'_>) -> Measured {
    // The last section are sentences that report nothing.
    let (parts, _) = REPORT_PARTS.split_at(REPORT_PARTS.len() - 1);
    let (mut seen, mut evidence) = first_of_kinds(content, "structure", parts)?;
    let semantics = content.semantics;
    let Some(examples) = &semantics.report_parts else {
        return Ok((seen.len() as f64 / parts.len() as f64, 0.6 * content.confidence, evidence));
    };
    let mut strongest: Vec<Option<(f64, usize)>> = vec![None; parts.len()];
    for (index, chunk) in semantics.chunks.iter().enumerate() {
        let kind = chunk.passage.embedding.as_ref().and_then(|embedding| examples.kind(embedding.view()));
        let Some((part, strength)) = kind.filter(|(_, strength)| *strength >= TELLS) else { continue };
        if let Some(best) = strongest.get_mut(part)
            && best.is_none_or(|(known, _)| strength > known)
        {
            *best = Some((strength, index));
        }
    }
    for (part, found) in strongest.into_iter().enumerate() {
        let Some((_, chunk)) = found.filter(|_| !seen.contains(&part)) else { continue };
        seen.insert(part);
        let sentence = semantics.sentence_at(&semantics.chunks[chunk].place);
        evidence.extend(sentence.map(|sentence| sentence_evidence(&mark(parts[part]), sentence)));
    }
    Ok((seen.len() as f64 / parts.len() as f64, 0.7 * content.confidence, evidence))
}

/// The share of some kinds of phrases that occur, with the first of each as evidence.
fn kinds(content: &Content<'_>, list: &str, sections: &[&str]) -> Measured {
    let (seen, evidence) = first_of_kinds(content, list, sections)?;
    Ok((seen.len() as f64 / sections.len() as f64, 0.6 * content.confidence, evidence))
}

/// Which kinds of phrases occur, by index, and the first of each as evidence.
fn first_of_kinds(
    content: &Content<'_>,
    list: &str,
    sections: &[&str],
) -> Result<(BTreeSet<usize>, Vec<Evidence>), NotAssessed> {
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
    Ok((seen, evidence))
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
        closed.iter().max_by_key(|sentence| length(&sentence.units)).map(|sentence| quote(sentence));
    // The recogniser sets the marks, so they are less sure than the words.
    Ok((sum as f64 / closed.len() as f64, 0.6 * content.confidence, longest.into_iter().collect()))
}
