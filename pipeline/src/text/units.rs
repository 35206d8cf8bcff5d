//! Units: one per English word or number, one per Chinese character, with its place in the text.

use std::ops::Range;
use std::sync::OnceLock;

use jieba_rs::Jieba;
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use super::normalise::{is_format, is_han, normalise};

/// One word, number or Chinese character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its normal form.
    pub text: String,
    /// The stem of an English word (Porter 2, so "reconciled" meets "reconciling"); else the normal form.
    pub stem: String,
    /// Bytes in the text it was found in.
    pub span: Range<usize>,
    /// A Chinese character.
    pub han: bool,
    /// First unit of a word; always true but inside Chinese words of several characters.
    pub starts_word: bool,
}

/// The units of a text, with Chinese words marked by jieba and English words stemmed.
#[must_use]
pub fn units(text: &str) -> Vec<Unit> {
    let mut units = split(text);
    mark_words(&mut units);
    let stemmer = Stemmer::create(Algorithm::English);
    for unit in units.iter_mut().filter(|unit| !unit.han) {
        let base = unit.text.strip_suffix("'s").unwrap_or(&unit.text);
        unit.stem = stemmer.stem(base).into_owned();
    }
    units
}

/// The units of a text without word boundaries and stems.
pub(crate) fn split(text: &str) -> Vec<Unit> {
    let characters: Vec<(usize, char)> =
        text.char_indices().map(|(index, c)| (index, c.nfkc().next().unwrap_or(c))).collect();
    let end_of = |position: usize| characters.get(position + 1).map_or(text.len(), |(index, _)| *index);
    let mut units = Vec::new();
    let mut position = 0;
    while let Some(&(start, c)) = characters.get(position) {
        let mut last = position;
        if is_han(c) {
            // One unit of its own.
        } else if c.is_alphanumeric() {
            while continues_word(&characters, last) {
                last += 1;
            }
        } else {
            position += 1;
            continue;
        }
        let span = start..end_of(last);
        push_unit(&mut units, &text[span.clone()], span);
        position = last + 1;
    }
    units
}

/// Adds the unit of a word. Separators of thousands are dropped, so "10,000" is the number 10000.
fn push_unit(units: &mut Vec<Unit>, raw: &str, span: Range<usize>) {
    let mut text = normalise(raw);
    if text.contains(',') {
        text.retain(|c| c != ',');
    }
    if !text.is_empty() {
        let han = text.chars().all(is_han);
        units.push(Unit { stem: text.clone(), text, span, han, starts_word: true });
    }
}

/// Whether the character after `position` belongs to the same word: letters and digits, marks on them,
/// apostrophes inside, dots and commas between digits ("don't", "3.5", "10,000"), `+`, `#` and `%` at the end.
fn continues_word(characters: &[(usize, char)], position: usize) -> bool {
    let at = |offset: usize| characters.get(position + offset).map(|(_, c)| *c);
    let (Some(here), Some(next)) = (at(0), at(1)) else { return false };
    let is_word = |c: char| c.is_alphanumeric() && !is_han(c);
    if is_word(next) {
        return true;
    }
    if unicode_normalization::char::is_combining_mark(next) || is_format(next) {
        return true;
    }
    let after = at(2);
    match next {
        '\'' | '\u{2019}' | '\u{2018}' => is_word(here) && after.is_some_and(is_word),
        '.' => here.is_numeric() && after.is_some_and(char::is_numeric),
        ',' => here.is_ascii_digit() && after.is_some_and(|c| c.is_ascii_digit()),
        '+' | '#' => is_word(here) && here.is_alphabetic() || here == '+',
        '%' => here.is_numeric(),
        _ => false,
    }
}

/// Marks which Chinese characters begin a word. Marks between them play no part: what is typed without punctuation
/// has the same words.
fn mark_words(units: &mut [Unit]) {
    let mut start = 0;
    while start < units.len() {
        if !units[start].han {
            start += 1;
            continue;
        }
        let mut end = start + 1;
        while end < units.len() && units[end].han {
            end += 1;
        }
        let run: String = units[start..end].iter().map(|unit| unit.text.as_str()).collect();
        for unit in &mut units[start..end] {
            unit.starts_word = false;
        }
        for token in jieba().cut(&run, false) {
            if let Some(unit) = units.get_mut(start + token.start) {
                unit.starts_word = true;
            }
        }
        start = end;
    }
}

/// The dictionary, loaded once; only where Chinese characters are met.
pub(crate) fn jieba() -> &'static Jieba {
    static JIEBA: OnceLock<Jieba> = OnceLock::new();
    JIEBA.get_or_init(Jieba::new)
}

/// The words of units: Chinese characters joined, everything else as it is.
#[must_use]
pub fn words(units: &[Unit]) -> Vec<String> {
    let mut words: Vec<String> = Vec::with_capacity(units.len());
    for unit in units {
        match words.last_mut() {
            Some(last) if unit.han && !unit.starts_word => last.push_str(&unit.text),
            _ => words.push(unit.text.clone()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        units(text).into_iter().map(|unit| unit.text).collect()
    }

    #[test]
    fn english_words_numbers_and_terms_are_units() {
        assert_eq!(
            texts("I don’t know C++, C# or Node.js."),
            ["i", "don't", "know", "c++", "c#", "or", "node", "js"]
        );
        assert_eq!(
            texts("Sales grew 3.5% to 10,000 units.Then"),
            ["sales", "grew", "3.5%", "to", "10000", "units", "then"]
        );
        assert_eq!(texts("１２ ＡＢ"), ["12", "ab"]);
    }

    #[test]
    fn chinese_characters_are_units_and_know_their_words() {
        let units = units("我熟悉Spring Boot，处理客戶投诉。");
        let starts: Vec<_> =
            units.iter().filter(|unit| unit.starts_word).map(|unit| unit.text.as_str()).collect();
        assert_eq!(starts, ["我", "熟", "spring", "boot", "处", "客", "投"]);
        assert_eq!(words(&units), ["我", "熟悉", "spring", "boot", "处理", "客户", "投诉"]);
    }

    #[test]
    fn words_do_not_depend_on_punctuation() {
        let bare = "我先跟客户道歉然后联系仓库重新发货";
        let marked = "我先跟客户道歉，然后联系仓库。重新发货！";
        assert_eq!(words(&units(bare)), words(&units(marked)));
    }

    #[test]
    fn stems_meet() {
        let stem = |word: &str| units(word)[0].stem.clone();
        assert_eq!(stem("reconciled"), stem("reconciling"));
        assert_eq!(stem("customer's"), stem("customers"));
    }

    proptest! {
        #[test]
        fn spans_lie_in_the_text_and_in_order(text in "[\\PC]{0,60}") {
            let units = units(&text);
            for unit in &units {
                prop_assert!(text.get(unit.span.clone()).is_some());
            }
            prop_assert!(units.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
        }
    }
}
