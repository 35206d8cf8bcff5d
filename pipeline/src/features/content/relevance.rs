//! Relevance of an answer to its question; answers that are about something else, and answers that are none.

use std::collections::BTreeSet;

use interview_models::minilm;
use interview_schemas::Language;
use interview_schemas::features::{Evidence, NotAssessed};

use super::terms::{Term, Terms};
use super::{Content, Measured, quote, topic};
use crate::perception::semantics::{Passage, Semantics, cosine};
use crate::text::{Unit, lexicon};

/// Closeness of unrelated texts, and from which on two texts are about the same matter. Cosines of embeddings;
/// measured on the tuning half of the labelled answers: off topic up to 0.21, on topic from 0.37.
const MEANING: (f64, f64) = (0.12, 0.55);

/// The same for closeness by words.
const WORDS: (f64, f64) = (0.30, 2.00);

/// Weight of related words and of pairs of characters against words of closeness by words. Fitted on the tuning half,
/// each answer also against the questions it does not answer.
const RELATED: f64 = 0.15;
const PAIRS: f64 = 12.5;

/// So much of an answer may be words of the question in its order: many begin by saying it again.
const MOST_ECHO: f64 = 0.5;

/// Words of the question in a row from which on it is said again: English words, Chinese characters.
const ECHO: (usize, usize) = (4, 6);

/// How many of the closest passages are quoted.
const CLOSEST: usize = 3;

/// How close an answer is to what was asked.
struct Closeness {
    value: f64,
    by_meaning: bool,
    evidence: Vec<Evidence>,
}

/// `content.relevance`.
pub(super) fn relevance(content: &Content<'_>) -> Measured {
    let closeness = closeness(content)?;
    let (unrelated, same) = if closeness.by_meaning { MEANING } else { WORDS };
    let value = ((closeness.value - unrelated) / (same - unrelated)).clamp(0.0, 1.0);
    // Whoever says the question again has said nothing about it yet.
    let value = value * ((1.0 - echo(content.semantics)) / (1.0 - MOST_ECHO)).clamp(0.0, 1.0);
    Ok((value, confidence(content, &closeness), closeness.evidence))
}

/// `content.off_topic`: likelihood that the answer is about something else.
pub(super) fn off_topic(content: &Content<'_>) -> Measured {
    let closeness = closeness(content)?;
    let topic::Clues { log_odds, mut evidence } =
        topic::clues(content, closeness.value, closeness.by_meaning);
    let value = 1.0 / (1.0 + (-log_odds).exp());
    if value >= 0.5 {
        evidence.truncate(CLOSEST);
        evidence.extend_from_slice(&closeness.evidence);
    } else {
        evidence.clear();
    }
    Ok((value, confidence(content, &closeness), evidence))
}

fn confidence(content: &Content<'_>, closeness: &Closeness) -> f64 {
    let method = match (closeness.by_meaning, content.semantics.language) {
        (true, _) => 0.85,
        (false, Language::Zh) => 0.5,
        (false, _) => 0.4,
    };
    // A handful of words can hardly be told to be about anything.
    let length = (content.word_count as f64 / 15.0).min(1.0);
    method * length * content.confidence
}

fn closeness(content: &Content<'_>) -> Result<Closeness, NotAssessed> {
    if content.semantics.question.is_none() {
        return Err(NotAssessed::NoReference);
    }
    let references = references(content.semantics);
    by_meaning(content, &references).map_or_else(|| by_words(content, &references), Ok)
}

/// What an answer may be about: the question, its rubric and the title of the position.
pub(super) fn references(semantics: &Semantics) -> Vec<&Passage> {
    semantics.question.iter().chain(semantics.rubric.iter().flatten()).chain(&semantics.title).collect()
}

/// The closest reference to the answer as a whole, by embeddings.
fn by_meaning(content: &Content<'_>, references: &[&Passage]) -> Option<Closeness> {
    let whole = content.semantics.whole()?;
    let closest = references.iter().filter_map(|reference| reference.embedding.as_ref());
    let value = closest.map(|reference| minilm::cosine(whole.view(), reference.view())).reduce(f64::max)?;
    let nearest = |passage: &Passage| {
        references.iter().filter_map(|reference| cosine(passage, reference)).fold(-1.0, f64::max)
    };
    let evidence = quote_closest(content, nearest);
    Some(Closeness { value, by_meaning: true, evidence })
}

/// The share of the answer's words that question, rubric and title share, and of its pairs of characters.
fn by_words(content: &Content<'_>, references: &[&Passage]) -> Result<Closeness, NotAssessed> {
    let semantics = content.semantics;
    let terms = Terms::new(semantics);
    let wanted: BTreeSet<Term> = references.iter().flat_map(|reference| terms.of(reference)).collect();
    if wanted.is_empty() {
        return Err(NotAssessed::NoReference);
    }
    let said = terms.of(&semantics.cleaned);
    let shared = said.intersection(&wanted).count() as f64;
    let ideas = |all: &BTreeSet<Term>| -> BTreeSet<usize> {
        all.iter().flat_map(|term| term.ideas().iter().copied()).collect()
    };
    let shared_ideas = ideas(&said).intersection(&ideas(&wanted)).count() as f64;
    let pairs: BTreeSet<_> =
        references.iter().flat_map(|reference| character_pairs(&reference.units)).collect();
    let own = character_pairs(&semantics.cleaned.units);
    let common = own.intersection(&pairs).count() as f64 / (own.len() as f64 + 1.0);
    let value = (shared + RELATED * shared_ideas) / (said.len() as f64 + 1.0).sqrt() + PAIRS * common;
    let takes_up = |passage: &Passage| terms.of(passage).intersection(&wanted).count() as f64;
    Ok(Closeness { value, by_meaning: false, evidence: quote_closest(content, takes_up) })
}

/// Neighbouring units in pairs.
fn character_pairs(units: &[Unit]) -> BTreeSet<(&str, &str)> {
    units.windows(2).map(|pair| (pair[0].stem.as_str(), pair[1].stem.as_str())).collect()
}

/// Quotes the sentences of the closest chunks, closest first, each once.
fn quote_closest(content: &Content<'_>, closeness: impl Fn(&Passage) -> f64) -> Vec<Evidence> {
    let chunks = &content.semantics.chunks;
    let mut order: Vec<(f64, usize)> =
        chunks.iter().enumerate().map(|(index, chunk)| (closeness(&chunk.passage), index)).collect();
    order.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    let mut quoted = Vec::new();
    for (_, index) in order {
        let evidence = content.semantics.sentence_at(&chunks[index].place).map(quote);
        if let Some(evidence) = evidence.filter(|evidence| !quoted.contains(evidence)) {
            quoted.push(evidence);
        }
        if quoted.len() == CLOSEST {
            break;
        }
    }
    quoted
}

/// The share of the words with content that say the question again, 0–1.
fn echo(semantics: &Semantics) -> f64 {
    let Some(question) = semantics.question.as_ref() else { return 0.0 };
    let length = if semantics.language == Language::Zh { ECHO.1 } else { ECHO.0 };
    let stems = |units: &[Unit]| -> Vec<String> { units.iter().map(|unit| unit.stem.clone()).collect() };
    let asked = stems(&question.units);
    let asked: BTreeSet<&[String]> = asked.windows(length.min(asked.len().max(1))).collect();
    let said = stems(&semantics.cleaned.units);
    let mut echoed = vec![false; said.len()];
    for (start, run) in said.windows(length.min(question.units.len().max(1))).enumerate() {
        if asked.contains(run) {
            echoed[start..start + run.len()].fill(true);
        }
    }
    let function = semantics.lexicons.list(semantics.language, "stopwords").phrases(&[lexicon::MAIN]);
    let mut content = vec![true; said.len()];
    function.find(&semantics.cleaned.units).into_iter().for_each(|found| content[found.units].fill(false));
    let count = content.iter().filter(|content| **content).count();
    let share = |echoed: &[bool]| {
        let again = content.iter().zip(echoed).filter(|(content, echoed)| **content && **echoed).count();
        again as f64 / count.max(1) as f64
    };
    if share(&echoed) < MOST_ECHO {
        return share(&echoed);
    }
    // "… how do I handle it?": single words of the question belong to it too.
    let words: BTreeSet<&str> = question.units.iter().map(|unit| unit.stem.as_str()).collect();
    let again: Vec<bool> = said.iter().map(|stem| words.contains(stem.as_str())).collect();
    share(&again)
}
