//! Relevance of an answer to its question.

use std::collections::BTreeSet;

use interview_schemas::Language;
use interview_schemas::features::NotAssessed;

use super::{Content, Measured, quote};
use crate::perception::semantics::{Passage, Semantics};
use crate::text::units::{Unit, words};
use crate::text::{Phrases, lexicon};

/// Cosine of unrelated texts, and from which on two texts are about the same matter.
const UNRELATED: f64 = 0.10;
const SAME_MATTER: f64 = 0.50;

/// How many of the closest sentences count.
const CLOSEST: usize = 3;

/// `content.relevance`.
pub(super) fn relevance(content: &Content<'_>) -> Measured {
    let semantics = content.semantics;
    let question = semantics.question.as_ref().ok_or(NotAssessed::NoReference)?;
    if semantics.embedded { Ok(by_meaning(content, question)) } else { by_words(content, question) }
}

fn by_meaning(
    content: &Content<'_>,
    question: &Passage,
) -> (f64, f64, Vec<interview_schemas::features::Evidence>) {
    let semantics = content.semantics;
    let references: Vec<&Passage> =
        std::iter::once(question).chain(semantics.rubric.iter().flatten()).collect();
    let mut closeness: Vec<(f64, usize)> = semantics
        .passages
        .iter()
        .enumerate()
        .filter(|(_, passage)| !passage.units.is_empty())
        .map(|(index, passage)| {
            let closest = references.iter().filter_map(|reference| Semantics::cosine(passage, reference));
            (closest.fold(-1.0, f64::max), index)
        })
        .collect();
    closeness.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    closeness.truncate(CLOSEST);
    let mean = closeness.iter().map(|(value, _)| value).sum::<f64>() / closeness.len().max(1) as f64;
    let value = (mean - UNRELATED) / (SAME_MATTER - UNRELATED);
    let evidence = closeness.iter().map(|(_, index)| quote(&semantics.sentences[*index])).collect();
    (value, 0.8 * content.confidence, evidence)
}

/// Without embeddings: the share of the question's content words that the answer takes up.
fn by_words(content: &Content<'_>, question: &Passage) -> Measured {
    let semantics = content.semantics;
    let stopwords = semantics.lexicons.list(semantics.language, "stopwords").phrases(&[lexicon::MAIN]);
    let asked = content_words(&question.units, &stopwords);
    if asked.is_empty() {
        return Err(NotAssessed::NoReference);
    }
    let answered: BTreeSet<String> =
        semantics.passages.iter().flat_map(|passage| content_words(&passage.units, &stopwords)).collect();
    let shared = asked.iter().filter(|word| answered.contains(*word)).count();
    let takes_up =
        |passage: &Passage| content_words(&passage.units, &stopwords).iter().any(|word| asked.contains(word));
    let evidence = semantics.passages.iter().zip(&semantics.sentences);
    let evidence =
        evidence.filter(|(passage, _)| takes_up(passage)).take(CLOSEST).map(|(_, sentence)| quote(sentence));
    let confidence = if semantics.language == Language::Zh { 0.4 } else { 0.3 };
    Ok((shared as f64 / asked.len() as f64, confidence * content.confidence, evidence.collect()))
}

/// The words of a text that carry content, English ones as stems.
fn content_words(units: &[Unit], stopwords: &Phrases) -> BTreeSet<String> {
    let mut content = vec![true; units.len()];
    for found in stopwords.find(units) {
        content[found.units].fill(false);
    }
    let kept: Vec<Unit> = units
        .iter()
        .zip(content)
        .filter(|(_, content)| *content)
        .map(|(unit, _)| Unit { text: unit.stem.clone(), ..unit.clone() })
        .collect();
    words(&kept).into_iter().collect()
}
