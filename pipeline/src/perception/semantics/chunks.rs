//! Chunks: runs of words of one length, each overlapping the next by half.
//!
//! Meaning is compared chunk by chunk, not sentence by sentence: where a recogniser or a candidate sets full stops
//! must not change what was said.

use std::ops::Range;

use interview_schemas::Language;

use super::words::Passage;

/// Units of a chunk and distance to the next: 12 English words, 20 Chinese characters.
const ENGLISH: (usize, usize) = (12, 6);
const MANDARIN: (usize, usize) = (20, 10);

/// A run of words of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Its words without fillers, synonyms united.
    pub passage: Passage,
    /// Its place among the units of the answer as said.
    pub place: Range<usize>,
    /// Share of its words that carry no content, 0–1. A list of keywords has next to none.
    pub function_share: f64,
    /// Share of its words that stand in a denial ("I would not …"), 0–1.
    pub denied_share: f64,
}

/// A cleaned word with its place among the units of the answer and what is known of it.
pub(super) struct Cleaned {
    pub(super) unit: crate::text::Unit,
    pub(super) place: usize,
    pub(super) function: bool,
    pub(super) denied: bool,
}

/// Divides cleaned words into chunks; every word is in at least one.
pub(super) fn divide(language: Language, cleaned: &[Cleaned]) -> Vec<Chunk> {
    let (size, step) = if language == Language::Zh { MANDARIN } else { ENGLISH };
    let overlap = size - step;
    let starts =
        (0..cleaned.len()).step_by(step).filter(|start| *start == 0 || start + overlap < cleaned.len());
    starts.map(|start| chunk(&cleaned[start..cleaned.len().min(start + size)])).collect()
}

fn chunk(words: &[Cleaned]) -> Chunk {
    let share = |count: usize| count as f64 / words.len().max(1) as f64;
    let place = words.first().map_or(0, |word| word.place)..words.last().map_or(0, |word| word.place + 1);
    Chunk {
        passage: Passage { units: words.iter().map(|word| word.unit.clone()).collect(), embedding: None },
        place,
        function_share: share(words.iter().filter(|word| word.function).count()),
        denied_share: share(words.iter().filter(|word| word.denied).count()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::units;

    fn cleaned(count: usize) -> Vec<Cleaned> {
        let unit = units("word").remove(0);
        (0..count)
            .map(|place| Cleaned { unit: unit.clone(), place, function: false, denied: false })
            .collect()
    }

    proptest! {
        #[test]
        fn every_word_is_in_a_chunk_and_neighbours_overlap(count in 1usize..200) {
            for language in [Language::En, Language::Zh] {
                let chunks = divide(language, &cleaned(count));
                prop_assert_eq!(chunks[0].place.start, 0);
                prop_assert_eq!(chunks[chunks.len() - 1].place.end, count);
                prop_assert!(chunks.windows(2).all(|pair| pair[1].place.start < pair[0].place.end));
            }
        }
    }
}
