//! The text of a transcript with the time of every place in it.

use interview_schemas::Language;
use interview_schemas::perception::Transcript;

use crate::text::normalise::is_han;

/// A silence from which on two words belong to different sentences, where the recogniser gives no punctuation.
pub(super) const SENTENCE_PAUSE_S: f64 = 0.6;

/// A silence from which on two words belong to different clauses, where the recogniser gives no punctuation.
const CLAUSE_PAUSE_S: f64 = 0.25;

/// A piece of the text with its time: a word, or a whole segment where there are no words.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    start: usize,
    end: usize,
    start_s: f64,
    end_s: f64,
    confidence: f64,
}

/// The text of a transcript with times.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Source {
    pub(super) text: String,
    pieces: Vec<Piece>,
}

impl Source {
    /// Joins the words of a transcript; where it has no words, its segments. A Mandarin transcript without
    /// punctuation gets commas and full stops at its pauses.
    pub(super) fn new(transcript: &Transcript) -> Self {
        let mut source = Self::default();
        let restore = transcript.language == Language::Zh && !is_punctuated(&transcript.text);
        for segment in &transcript.segments {
            if segment.words.is_empty() {
                source.push(&segment.text, segment.start_s, segment.end_s, segment.confidence, restore);
            }
            for word in &segment.words {
                source.push(&word.text, word.start_s, word.end_s, word.confidence, restore);
            }
        }
        source
    }

    fn push(&mut self, text: &str, start_s: f64, end_s: f64, confidence: f64, restore: bool) {
        let text = text.trim();
        let Some(first) = text.chars().next() else { return };
        if let (Some(last), Some(piece)) = (self.text.chars().last(), self.pieces.last()) {
            let pause_s = start_s - piece.end_s;
            if restore && pause_s >= SENTENCE_PAUSE_S {
                self.text.push('。');
            } else if restore && pause_s >= CLAUSE_PAUSE_S {
                self.text.push('，');
            } else if !(is_wide(last) && is_wide(first)) {
                self.text.push(' ');
            }
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { start, end: self.text.len(), start_s, end_s, confidence });
    }

    /// Start and end in seconds of a range of bytes, and the mean confidence of its pieces. Within a piece time
    /// runs evenly.
    pub(super) fn times(&self, start: usize, end: usize) -> (f64, f64, f64) {
        let first = self.pieces.partition_point(|piece| piece.end <= start);
        let last = self.pieces.partition_point(|piece| piece.start < end);
        let Some(pieces) = self.pieces.get(first..last).filter(|pieces| !pieces.is_empty()) else {
            let near = self.pieces.get(first).or(self.pieces.last());
            return near.map_or((0.0, 0.0, 0.0), |piece| (piece.start_s, piece.start_s, piece.confidence));
        };
        let at = |piece: &Piece, place: usize| {
            let done = place.clamp(piece.start, piece.end) - piece.start;
            let share = done as f64 / (piece.end - piece.start).max(1) as f64;
            piece.start_s + share * (piece.end_s - piece.start_s)
        };
        let confidence = pieces.iter().map(|piece| piece.confidence).sum::<f64>() / pieces.len() as f64;
        (at(&pieces[0], start), at(&pieces[pieces.len() - 1], end), confidence)
    }
}

fn is_wide(c: char) -> bool {
    is_han(c) || matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff65}')
}

/// Whether a text has punctuation worth the name: at least one mark in 80 characters.
pub(super) fn is_punctuated(text: &str) -> bool {
    let marks = text.chars().filter(|c| is_clause_end(*c) || is_sentence_end(*c)).count();
    marks * 80 >= text.chars().count()
}

/// Marks that end a sentence.
pub(crate) fn is_sentence_end(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '…' | '．' | '｡')
}

/// Marks that end a clause.
pub(crate) fn is_clause_end(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '，' | '；' | '：' | '、' | '—' | '､')
}

#[cfg(test)]
mod tests {
    use interview_schemas::perception::{TranscriptSegment, Word};

    use super::*;

    fn spoken(language: Language, words: &[(&str, f64, f64)]) -> Transcript {
        let words: Vec<Word> = words
            .iter()
            .map(|&(text, start_s, end_s)| Word { text: text.to_owned(), start_s, end_s, confidence: 0.9 })
            .collect();
        let text: String = words.iter().map(|word| word.text.as_str()).collect();
        let segment =
            TranscriptSegment { start_s: 0.0, end_s: 9.0, text: text.clone(), confidence: 0.9, words };
        Transcript {
            language,
            text,
            segments: vec![segment],
            model: "test".to_owned(),
            confidence: 0.9,
            unreliable: None,
        }
    }

    #[test]
    fn mandarin_without_punctuation_gets_it_from_pauses() {
        let words = [
            ("我做过", 0.0, 0.5),
            ("三年", 0.5, 1.0),
            ("销售", 1.3, 1.7),
            ("后来", 2.6, 3.0),
            ("转岗", 3.0, 3.4),
        ];
        let source = Source::new(&spoken(Language::Zh, &words));
        assert_eq!(source.text, "我做过三年，销售。后来转岗");
        let start = source.text.find("后来").unwrap();
        assert_eq!(source.times(start, source.text.len()), (2.6, 3.4, 0.9));
    }

    #[test]
    fn english_words_are_joined_with_spaces_and_keep_their_times() {
        let source =
            Source::new(&spoken(Language::En, &[("I", 0.0, 0.1), ("sold", 0.2, 0.6), ("cars.", 0.7, 1.2)]));
        assert_eq!(source.text, "I sold cars.");
        assert_eq!(source.times(2, 6), (0.2, 0.6, 0.9));
        assert_eq!(source.times(500, 600).0, 0.7);
        assert_eq!(Source::default().times(0, 5), (0.0, 0.0, 0.0));
    }
}
