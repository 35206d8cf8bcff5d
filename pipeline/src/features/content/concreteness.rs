//! Concrete cases (R16): numbers, times, names of places and organisations, the speaker's own past.
//!
//! Letter case plays no part: recognisers and typists set capitals as they like.

use std::collections::BTreeSet;

use interview_schemas::features::NotAssessed;

use super::{Content, Measured, quote};
use crate::perception::semantics::Sentence;

/// Kinds of details, as sections of the word list.
const DETAILS: [&str; 5] = ["time", "unit", "number", "place", "organisation"];

/// Details per hundred words, and share of narrating sentences, that make an answer fully concrete.
const FULL_DETAILS: f64 = 6.0;
const FULL_NARRATIVE: f64 = 0.4;

/// Places of details among the cleaned words: figures and words of the list; neighbours make one detail
/// ("three weeks ago").
fn details(content: &Content<'_>) -> Vec<std::ops::Range<usize>> {
    let units = &content.semantics.phrased.units;
    let mut detail = vec![false; units.len()];
    for (index, unit) in units.iter().enumerate() {
        detail[index] = unit.text.chars().any(char::is_numeric) && !unit.han;
    }
    for found in content.phrases("concreteness", &DETAILS) {
        detail[found.units].fill(true);
    }
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for index in (0..detail.len()).filter(|index| detail[*index]) {
        match ranges.last_mut() {
            Some(last) if last.end == index => last.end += 1,
            _ => ranges.push(index..index + 1),
        }
    }
    ranges
}

/// Sentences in which the speaker reports what happened.
fn narrating<'a>(content: &'a Content<'_>) -> Vec<&'a Sentence> {
    let found = content.phrases("concreteness", &["narrative"]);
    let sentences = found.iter().filter_map(|found| content.sentence(&found.units));
    let mut seen = BTreeSet::new();
    sentences.filter(|sentence| seen.insert(sentence.units.start)).collect()
}

/// Narrating phrases per twenty words, at most 1: independent of where sentences end.
fn narrative_density(content: &Content<'_>) -> Result<f64, NotAssessed> {
    let found = content.phrases("concreteness", &["narrative"]).len();
    Ok((content.per_hundred_words(found)? / 5.0).min(1.0))
}

/// `content.concrete_details`.
pub(super) fn concrete_details(content: &Content<'_>) -> Measured {
    let details = details(content);
    let value = content.per_hundred_words(details.len())?;
    let evidence = details.iter().filter_map(|place| content.evidence("", place)).collect();
    Ok((value, 0.7 * content.confidence, evidence))
}

/// `content.narrative`.
pub(super) fn narrative(content: &Content<'_>) -> Measured {
    let value = narrative_density(content)?;
    Ok((value, 0.6 * content.confidence, narrating(content).into_iter().map(quote).collect()))
}

/// `content.concreteness`: details and narration in one number.
pub(super) fn concreteness(content: &Content<'_>) -> Measured {
    let details = details(content);
    let density = (content.per_hundred_words(details.len())? / FULL_DETAILS).min(1.0);
    let narrative = (narrative_density(content)? / FULL_NARRATIVE).min(1.0);
    let evidence = details.iter().filter_map(|place| content.evidence("", place)).collect();
    Ok((0.5 * density + 0.5 * narrative, 0.6 * content.confidence, evidence))
}
