//! Tokens of recognisers become words: split at spaces, and for Chinese at tokens that are whole characters.

use std::ffi::c_int;

use interview_schemas::perception::Span;

use crate::transcriber::PieceWord;
use crate::word_times::{clip_to_speech, join_closures, overlap_s, put_in_order};

/// A text token with times in seconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) id: c_int,
    /// A part of the text; may end within a character.
    pub(crate) bytes: Vec<u8>,
    pub(crate) log_probability: f64,
    pub(crate) start_s: f64,
    pub(crate) end_s: f64,
}

impl Token {
    pub(crate) fn later(mut self, offset_s: f64) -> Self {
        self.start_s += offset_s;
        self.end_s += offset_s;
        self
    }
}

/// Tokens that are whole characters together.
struct Unit {
    text: String,
    start_s: f64,
    end_s: f64,
    log_probability: f64,
    tokens: f64,
}

/// Groups tokens into words with times inside the spans of speech.
pub(crate) fn words(tokens: &[Token], speech: &[Span]) -> Vec<PieceWord> {
    let mut groups: Vec<Unit> = Vec::new();
    for unit in units(tokens) {
        match groups.last_mut() {
            Some(word) if continues(&word.text, &unit.text) => {
                word.text.push_str(&unit.text);
                word.end_s = unit.end_s.max(word.end_s);
                word.log_probability += unit.log_probability;
                word.tokens += unit.tokens;
            }
            _ => groups.push(unit),
        }
    }
    let speech = join_closures(speech);
    let mut words: Vec<PieceWord> = groups
        .into_iter()
        .filter(|group| group.text.chars().any(char::is_alphanumeric))
        .map(|group| {
            let raw = Span { start_s: group.start_s, end_s: group.end_s.max(group.start_s + 0.01) };
            let times = clip_to_speech(raw, &speech, |span| overlap_s(&raw, span));
            PieceWord {
                text: group.text.trim().to_owned(),
                start_s: times.start_s,
                end_s: times.end_s,
                confidence: (group.log_probability / group.tokens).exp().clamp(0.0, 1.0),
            }
        })
        .collect();
    put_in_order(&mut words);
    words
}

/// Joins tokens until their bytes are whole characters; bytes that never become one turn into U+FFFD.
fn units(tokens: &[Token]) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut bytes: Vec<u8> = Vec::new();
    let mut open: Option<Unit> = None;
    for token in tokens {
        bytes.extend_from_slice(&token.bytes);
        let log_probability = token.log_probability.clamp(-100.0, 0.0);
        let unit = open.get_or_insert_with(|| Unit {
            text: String::new(),
            start_s: token.start_s.max(0.0),
            end_s: 0.0,
            log_probability: 0.0,
            tokens: 0.0,
        });
        unit.end_s = token.end_s.max(unit.start_s);
        unit.log_probability += log_probability;
        unit.tokens += 1.0;
        let incomplete = std::str::from_utf8(&bytes).err().is_some_and(|error| error.error_len().is_none());
        if !incomplete && let Some(mut unit) = open.take() {
            unit.text = String::from_utf8_lossy(&bytes).into_owned();
            bytes.clear();
            units.push(unit);
        }
    }
    if let Some(mut unit) = open {
        unit.text = String::from_utf8_lossy(&bytes).into_owned();
        units.push(unit);
    }
    units
}

/// Whether a unit goes on with the word before it.
fn continues(word: &str, unit: &str) -> bool {
    let (Some(last), Some(first)) = (word.chars().last(), unit.chars().next()) else { return true };
    if first.is_whitespace() || last.is_whitespace() {
        return false;
    }
    let punctuation = |letter: char| !letter.is_alphanumeric();
    if punctuation(first) {
        return true;
    }
    // "3.5", "e-mail" and "don't" are one word; after "，" a new one begins.
    if punctuation(last) {
        return last.is_ascii();
    }
    !is_han(first) && !is_han(last)
}

/// Whether a letter is a Chinese character.
fn is_han(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(parts: &[&[u8]]) -> Vec<Token> {
        let token = |(index, bytes): (usize, &&[u8])| Token {
            id: 0,
            bytes: bytes.to_vec(),
            log_probability: -0.1,
            start_s: index as f64 * 0.2,
            end_s: (index + 1) as f64 * 0.2,
        };
        parts.iter().enumerate().map(token).collect()
    }

    fn texts(parts: &[&[u8]]) -> Vec<String> {
        let speech = [Span { start_s: 0.0, end_s: 100.0 }];
        words(&tokens(parts), &speech).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn english_words_take_their_punctuation() {
        assert_eq!(
            texts(&[b" I", b" don", b"'t", b" like", b" 3", b".", b"5", b",", b" ok", b"?"]),
            ["I", "don't", "like", "3.5,", "ok?"]
        );
    }

    #[test]
    fn chinese_tokens_are_words_and_split_characters_are_joined() {
        let wang = "王".as_bytes();
        assert_eq!(
            texts(&[
                "我们".as_bytes(),
                "用".as_bytes(),
                b"Spring",
                b" Boot",
                "，".as_bytes(),
                &wang[..1],
                &wang[1..]
            ]),
            ["我们", "用", "Spring", "Boot，", "王"]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_words_in_order(
            parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..6), -3f64..40.0, -1f64..5.0, -200f64..1.0), 0..40)
        ) {
            let tokens: Vec<Token> = parts.into_iter().map(|(bytes, start_s, length, log_probability)| Token {
                id: 0, bytes, log_probability, start_s, end_s: start_s + length,
            }).collect();
            let speech = [Span { start_s: 1.0, end_s: 5.0 }, Span { start_s: 7.0, end_s: 20.0 }];
            let words = words(&tokens, &speech);
            for word in &words {
                prop_assert!(!word.text.is_empty() && word.start_s <= word.end_s);
                prop_assert!(word.start_s >= 1.0 && word.end_s <= 20.03);
                prop_assert!((0.0..=1.0).contains(&word.confidence));
            }
            prop_assert!(words.windows(2).all(|pair| pair[0].end_s <= pair[1].start_s));
        }
    }
}
