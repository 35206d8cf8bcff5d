//! Chunks: runs of words of one length, each overlapping the next by half.
//!
//! Meaning is compared chunk by chunk, not sentence by sentence: where a recogniser or a candidate sets full stops
//! must not change what was said.

use std::ops::Range;

use interview_schemas::Language;

use super::sentences::Sentence;
use super::words::Passage;

/// Lengths of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Half of the usual: a clause.
    Short,
    /// 12 English words, 20 Chinese characters.
    Usual,
    /// Twice the usual: what is told in more than one sentence.
    Long,
}

impl Scale {
    /// Units of a chunk; the next begins after half of them.
    fn units(self, language: Language) -> usize {
        let usual = if language == Language::Zh { 20 } else { 12 };
        match self {
            Self::Short => usual / 2,
            Self::Usual => usual,
            Self::Long => 2 * usual,
        }
    }
}

/// Units of a chunk of the usual length.
#[must_use]
pub fn usual_length(language: Language) -> usize {
    Scale::Usual.units(language)
}

/// A run of words of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Its words without fillers, synonyms united.
    pub passage: Passage,
    /// The same without what is denied ("I never …") or stands in a list of keywords, where something does and something
    /// else is left.
    pub affirmed: Option<Passage>,
    /// Its place among the units of the answer as said.
    pub place: Range<usize>,
    /// Share of its words that carry no content, 0–1. A list of keywords has next to none.
    pub function_share: f64,
    /// Words that stand in a denial ("I would not …") or a list of keywords as a share of its words, 0–1; of a long chunk as a share of one
    /// of the usual length, or a denial would drown in it.
    pub denied_share: f64,
}

/// A cleaned word with its place among the units of the answer and what is known of it.
pub(super) struct Cleaned {
    pub(super) unit: crate::text::Unit,
    pub(super) place: usize,
    pub(super) function: bool,
    /// Stands in a denial or a list of keywords.
    pub(super) denied: bool,
}

/// Divides cleaned words into chunks; every word is in at least one.
pub(super) fn divide(language: Language, cleaned: &[Cleaned], scale: Scale) -> Vec<Chunk> {
    let size = scale.units(language);
    let step = size / 2;
    let overlap = size - step;
    let usual = Scale::Usual.units(language);
    let starts =
        (0..cleaned.len()).step_by(step).filter(|start| *start == 0 || start + overlap < cleaned.len());
    starts.map(|start| chunk(&cleaned[start..cleaned.len().min(start + size)], usual)).collect()
}

/// One chunk per sentence that has words left: what a point is quoted with.
pub(super) fn by_sentence(language: Language, cleaned: &[Cleaned], sentences: &[Sentence]) -> Vec<Chunk> {
    let usual = Scale::Usual.units(language);
    let of = |sentence: &Sentence| {
        let first = cleaned.partition_point(|word| word.place < sentence.units.start);
        let last = cleaned.partition_point(|word| word.place < sentence.units.end);
        (first < last).then(|| chunk(&cleaned[first..last], usual))
    };
    sentences.iter().filter_map(of).collect()
}

impl Chunk {
    /// What is said in it without what is denied: what a point of a rubric can be proven by.
    #[must_use]
    pub fn affirmed(&self) -> &Passage {
        self.affirmed.as_ref().unwrap_or(&self.passage)
    }
}

fn chunk(words: &[Cleaned], usual: usize) -> Chunk {
    let share = |count: usize, of: usize| (count as f64 / of.max(1) as f64).min(1.0);
    let place = words.first().map_or(0, |word| word.place)..words.last().map_or(0, |word| word.place + 1);
    let affirmed: Vec<_> = words.iter().filter(|word| !word.denied).map(|word| word.unit.clone()).collect();
    let divided = !affirmed.is_empty() && affirmed.len() < words.len();
    Chunk {
        affirmed: divided.then(|| Passage::new(affirmed)),
        passage: Passage::new(words.iter().map(|word| word.unit.clone()).collect()),
        place,
        function_share: share(words.iter().filter(|word| word.function).count(), words.len()),
        denied_share: share(words.iter().filter(|word| word.denied).count(), words.len().min(usual)),
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
                for scale in [Scale::Short, Scale::Usual, Scale::Long] {
                    let chunks = divide(language, &cleaned(count), scale);
                    prop_assert_eq!(chunks[0].place.start, 0);
                    prop_assert_eq!(chunks[chunks.len() - 1].place.end, count);
                    prop_assert!(chunks.windows(2).all(|pair| pair[1].place.start < pair[0].place.end));
                }
            }
        }
    }
}
