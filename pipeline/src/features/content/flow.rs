//! The flow of words: coherence, repetition, self-corrections, fillers, vague phrases.

use std::collections::BTreeMap;

use interview_schemas::Language;
use interview_schemas::features::{Evidence, NotAssessed};

use super::claims::Text;
use super::terms::Terms;
use super::{Content, Measured, quote};
use crate::perception::semantics::{Passage, cosine, ends_clause, ends_sentence};
use crate::text::lexicon;

/// Fewest pairs of neighbouring chunks.
const FEWEST_PAIRS: usize = 2;

/// Units that count as a repetition when they come again: English words, Chinese characters.
const REPEATED: (usize, usize) = (4, 6);

/// `content.coherence`: how much neighbouring chunks that do not overlap have to do with each other.
pub(super) fn coherence(content: &Content<'_>) -> Measured {
    let chunks = &content.semantics.chunks;
    let pairs: Vec<_> = chunks.iter().zip(chunks.iter().skip(2)).collect();
    if pairs.len() < FEWEST_PAIRS {
        return Err(NotAssessed::TooShort);
    }
    let by_meaning: Option<Vec<f64>> =
        pairs.iter().map(|(left, right)| cosine(&left.passage, &right.passage)).collect();
    let (values, confidence) = match by_meaning {
        Some(values) => (values, 0.7),
        None => {
            let terms = Terms::new(content.semantics);
            let shared = |left: &Passage, right: &Passage| {
                let said = terms.said(right);
                terms.of(left).iter().any(|term| said.takes_up(term) >= 0.5)
            };
            (
                pairs
                    .iter()
                    .map(|(left, right)| f64::from(u8::from(shared(&left.passage, &right.passage))))
                    .collect(),
                0.4,
            )
        }
    };
    let break_at =
        values.iter().enumerate().min_by(|left, right| left.1.total_cmp(right.1)).map(|(index, _)| index);
    let evidence = break_at.and_then(|index| content.semantics.sentence_at(&pairs[index].1.place)).map(quote);
    let mean = values.iter().map(|value| value.max(0.0)).sum::<f64>() / values.len() as f64;
    Ok((mean, confidence * content.confidence, evidence.into_iter().collect()))
}

/// `content.repetition`: the share of runs of words that came before.
pub(super) fn repetition(content: &Content<'_>) -> Measured {
    let units = &content.semantics.phrased.units;
    let length = if content.semantics.language == Language::Zh { REPEATED.1 } else { REPEATED.0 };
    if units.len() < 5 * length {
        return Err(NotAssessed::TooShort);
    }
    let mut seen: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    let mut again: Vec<usize> = Vec::new();
    for (place, window) in units.windows(length).enumerate() {
        let count = seen.entry(window.iter().map(|unit| unit.stem.as_str()).collect()).or_default();
        if *count > 0 {
            again.push(place);
        }
        *count += 1;
    }
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut covered = 0;
    for place in again.iter().copied() {
        if place >= covered {
            evidence.extend(content.evidence("", &(place..place + length)));
            covered = place + length;
        }
    }
    let runs = units.len() - length + 1;
    Ok((again.len() as f64 / runs as f64, 0.8 * content.confidence, evidence))
}

/// `content.self_corrections`.
pub(super) fn self_corrections(content: &Content<'_>) -> Measured {
    // Looked for in the words as said: cleaning takes "I mean" for a filler.
    let semantics = content.semantics;
    let phrases = content.list("corrections").phrases(&[lexicon::MAIN, "between"]);
    let text = Text::new(semantics.language, &semantics.text, semantics.units.clone());
    let marked = |unit: usize| {
        let gap = text.gap(unit);
        unit == 0 || unit == text.units.len() || gap.chars().any(|c| ends_clause(c) || ends_sentence(c))
    };
    let filler =
        |unit: Option<usize>| unit.and_then(|unit| semantics.fillers.get(unit)).is_some_and(|it| *it);
    let alone = |place: &std::ops::Range<usize>| {
        (marked(place.start) || filler(place.start.checked_sub(1)))
            && (marked(place.end) || filler(Some(place.end)))
    };
    // Mandarin goes on after the words: "不对，是四个", "我是说四个".
    let opens = |place: &std::ops::Range<usize>| {
        semantics.language == Language::Zh && place.len() > 2 && marked(place.start)
    };
    let mut found = phrases.find(&semantics.units);
    found.retain(|found| found.group == 0 || alone(&found.units) || opens(&found.units));
    let value = content.per_hundred_words(found.len())?;
    let evidence = found.iter().filter_map(|found| semantics.sentence_at(&found.units)).map(quote).collect();
    Ok((value, 0.6 * content.confidence, evidence))
}

/// `content.fillers`.
pub(super) fn fillers(content: &Content<'_>) -> Measured {
    let fillers = &content.semantics.fillers;
    // Units of one filler phrase stand side by side and count once.
    let begins = |index: &usize| fillers[*index] && (*index == 0 || !fillers[index - 1]);
    let places: Vec<usize> = (0..fillers.len()).filter(begins).collect();
    let value = content.per_hundred_words(places.len())?;
    let quotes = places.iter().filter_map(|&place| content.semantics.sentence_at(&(place..place + 1)));
    let mut evidence: Vec<Evidence> = quotes.map(quote).collect();
    evidence.dedup();
    // Recognisers leave some of them out.
    Ok((value, 0.6 * content.confidence, evidence))
}

/// `content.vagueness`.
pub(super) fn vagueness(content: &Content<'_>) -> Measured {
    let found = content.phrases("vague", &[lexicon::MAIN]);
    let value = content.per_hundred_words(found.len())?;
    let evidence = found.iter().filter_map(|found| content.evidence("", &found.units)).collect();
    Ok((value, 0.5 * content.confidence, evidence))
}
