//! Cleaning: from words as said to words that are compared. Fillers go, synonyms become one.

use std::ops::Range;
use std::sync::Arc;

use interview_schemas::Language;
use ndarray::Array1;

use super::chunks::Cleaned;
use super::denials::Denials;
use super::source::{is_clause_end, is_sentence_end};
use crate::text::{Lexicons, Phrases, Unit, lexicon, units};

/// A text in the form in which it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Its words without fillers, synonyms united.
    pub units: Vec<Unit>,
    /// Its meaning as a vector of length 1, where the embedding model knows the language.
    pub embedding: Option<Array1<f32>>,
    /// The meaning of its English gloss, where the model only knows English and the language has a glossary.
    pub gloss: Option<Array1<f32>>,
}

impl Passage {
    /// Words without a meaning yet.
    #[must_use]
    pub fn new(units: Vec<Unit>) -> Self {
        Self { units, embedding: None, gloss: None }
    }

    /// Its own meaning or else that of its gloss.
    #[must_use]
    pub fn meaning(&self) -> Option<&Array1<f32>> {
        self.embedding.as_ref().or(self.gloss.as_ref())
    }

    /// The words in one line, spaces between English words only.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut plain = String::new();
        let mut after_han = true;
        for unit in &self.units {
            if !(plain.is_empty() || unit.han && after_han) {
                plain.push(' ');
            }
            plain.push_str(&unit.text);
            after_han = unit.han;
        }
        plain
    }
}

/// Cleans texts of one language.
pub struct Cleaner {
    /// Fillers (0), words that can be some (1), and longer words that are none (2).
    fillers: Phrases,
    /// Words that say nothing just after one of `persons`.
    empty: Phrases,
    persons: Phrases,
    filler_units: Phrases,
    synonyms: Phrases,
    /// The words that stand for the phrases of a group.
    heads: Vec<Vec<Unit>>,
    stopwords: Phrases,
    denials: Denials,
}

impl Cleaner {
    /// Prepares the word lists of a language.
    #[must_use]
    pub fn new(language: Language, lexicons: &Arc<Lexicons>) -> Self {
        let phrases = |list: &str| lexicons.list(language, list).phrases(&[lexicon::MAIN]);
        let mut synonyms = Phrases::by_stem();
        let mut heads = Vec::new();
        for entry in lexicons.list(language, "synonyms").entries(lexicon::MAIN) {
            // The head too, so that its plural becomes the same word as the plural of a synonym.
            for synonym in std::iter::once(&entry.term).chain(&entry.synonyms) {
                synonyms.add(synonym, heads.len());
            }
            heads.push(units(&entry.term));
        }
        Self {
            fillers: lexicons.list(language, "fillers").phrases(&["always", "between", "meant"]),
            empty: lexicons.list(language, "fillers").phrases(&["after persons"]),
            persons: lexicons.list(language, "fillers").phrases(&["persons"]),
            filler_units: lexicons.list(language, "fillers").phrases(&["units"]),
            synonyms,
            heads,
            stopwords: phrases("stopwords"),
            denials: Denials::new(language, lexicons.list(language, "denials")),
        }
    }

    /// Whether a text is worded as a denial: "does not interrupt".
    pub(super) fn denies(&self, passage: &Passage) -> bool {
        self.denials.begins_in(&passage.units)
    }

    /// A text that an answer is compared with. Its fillers stay: nobody writes them there.
    #[must_use]
    pub fn passage(&self, text: &str) -> Passage {
        let units = self.unite(&units(text)).into_iter().map(|(unit, _)| unit).collect();
        Passage::new(units)
    }

    /// The words of an answer without some of them, synonyms united, with the place of each among the words as said.
    pub(super) fn clean(&self, units: &[Unit], without: &[bool]) -> Vec<Cleaned> {
        let places: Vec<usize> = (0..units.len()).filter(|&index| !without[index]).collect();
        let kept: Vec<Unit> = places.iter().map(|&index| units[index].clone()).collect();
        let united = self.unite(&kept);
        let words: Vec<Unit> = united.iter().map(|(unit, _)| unit.clone()).collect();
        let function = marked(words.len(), self.stopwords.find(&words).into_iter().map(|found| found.units));
        let denied = marked(words.len(), self.denials.find(&words).into_iter());
        let word = |(index, (unit, place)): (usize, (Unit, usize))| Cleaned {
            unit,
            place: places[place],
            function: function[index],
            denied: denied[index],
        };
        united.into_iter().enumerate().map(word).collect()
    }

    /// Which units are filled pauses ("um", "嗯"), and which can be fillers at all. What an answer is compared by must
    /// not depend on where somebody set commas, so there every word that can be a filler is left out: none of them
    /// says much.
    pub(super) fn filler_words(&self, text: &str, units: &[Unit]) -> (Vec<bool>, Vec<bool>) {
        let mut found = self.fillers.find(units);
        found.retain(|found| !self.is_meant(text, units, &found.units));
        let of = |most: usize| {
            found.iter().filter(move |found| found.group <= most).map(|found| found.units.clone())
        };
        (marked(units.len(), of(0)), marked(units.len(), of(1)))
    }

    /// Which units say nothing because they stand just after a person: "我那个跟他说", but not "那个客户". In "我那个客户" they
    /// mean something, but no phrase is lost without them.
    pub(super) fn empty_words(&self, units: &[Unit]) -> Vec<bool> {
        let persons = marked(units.len(), self.persons.find(units).into_iter().map(|found| found.units));
        let found = self.empty.find(units).into_iter().map(|found| found.units);
        let after = found.filter(|found| found.start.checked_sub(1).is_some_and(|before| persons[before]));
        marked(units.len(), after)
    }

    /// Which units are fillers. Words that can also mean something count only between marks, pauses or other
    /// fillers: "it was, like, late" but not "I like it"; "那个，" but not "那个客户".
    #[must_use]
    pub fn fillers(&self, text: &str, units: &[Unit]) -> Vec<bool> {
        let mut filler = vec![false; units.len()];
        let mut doubtful: Vec<Range<usize>> = Vec::new();
        for found in self.fillers.find(units) {
            match found.group {
                0 if !self.is_meant(text, units, &found.units) => filler[found.units].fill(true),
                1 => doubtful.push(found.units),
                _ => {}
            }
        }
        // Said twice in a row, the first is one: "那个那个客户".
        let same = |left: &Range<usize>, right: &Range<usize>| {
            units[left.clone()].iter().map(|it| &it.text).eq(units[right.clone()].iter().map(|it| &it.text))
        };
        for pair in doubtful.windows(2) {
            if pair[0].end == pair[1].start && same(&pair[0], &pair[1]) {
                filler[pair[0].clone()].fill(true);
            }
        }
        for range in doubtful {
            let gap = |from: usize, to: usize| {
                text[from..to].chars().any(|c| is_clause_end(c) || is_sentence_end(c))
            };
            let before = range.start.checked_sub(1).map(|index| (filler[index], units[index].span.end));
            let opens = before.is_none_or(|(filler, end)| filler || gap(end, units[range.start].span.start));
            let closes = units
                .get(range.end)
                .is_none_or(|next| filler[range.end] || gap(units[range.end - 1].span.end, next.span.start));
            if opens && closes && units.len() > range.len() {
                filler[range].fill(true);
            }
        }
        filler
    }

    /// Whether what looks like a filled pause is a unit after a figure ("2 mm") or written in capitals among small
    /// letters ("the ER").
    fn is_meant(&self, text: &str, units: &[Unit], found: &Range<usize>) -> bool {
        let figure = found.start.checked_sub(1).is_some_and(|before| {
            units[before].text.ends_with(char::is_numeric)
                && !self.filler_units.find(&units[found.clone()]).is_empty()
        });
        let written = text.get(units[found.start].span.clone()).unwrap_or_default();
        let capitals = written.chars().count() > 1 && written.chars().all(char::is_uppercase);
        let small = |text: &str| text.chars().filter(|c| c.is_lowercase()).count();
        let large = |text: &str| text.chars().filter(|c| c.is_uppercase()).count();
        figure || capitals && small(text) > large(text)
    }

    /// Replaces every synonym by the head of its entry; each word with the index it comes from.
    fn unite(&self, units: &[Unit]) -> Vec<(Unit, usize)> {
        let own = |range: Range<usize>| range.map(|index| (units[index].clone(), index));
        let mut united = Vec::with_capacity(units.len());
        let mut position = 0;
        for found in self.synonyms.find(units) {
            united.extend(own(position..found.units.start));
            let span = units[found.units.start].span.start..units[found.units.end - 1].span.end;
            let head = |unit: &Unit| (Unit { span: span.clone(), ..unit.clone() }, found.units.start);
            united.extend(self.heads[found.group].iter().map(head));
            position = found.units.end;
        }
        united.extend(own(position..units.len()));
        united
    }
}

/// Marks the places that any of the ranges covers.
fn marked(length: usize, ranges: impl Iterator<Item = Range<usize>>) -> Vec<bool> {
    let mut marks = vec![false; length];
    for range in ranges {
        marks[range].fill(true);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fillers(language: Language, text: &str) -> Vec<String> {
        let units = units(text);
        let filler = Cleaner::new(language, &Lexicons::shipped()).fillers(text, &units);
        units.into_iter().zip(filler).filter(|(_, filler)| *filler).map(|(unit, _)| unit.text).collect()
    }

    #[test]
    fn fillers_are_told_from_the_same_words_with_a_meaning() {
        let found = fillers(Language::En, "Um, I like it, you know, it was, like, late. I mean what I say.");
        assert_eq!(found, ["um", "you", "know", "like"]);
        assert_eq!(fillers(Language::Zh, "嗯，那个，我觉得那个客户就是需要说明").join(""), "嗯那个");
        assert!(fillers(Language::En, "Well").is_empty(), "a whole answer is no filler");
    }

    #[test]
    fn synonyms_become_one_in_every_form() {
        let cleaner = Cleaner::new(Language::En, &Lexicons::shipped());
        let plain = |text: &str| cleaner.passage(text).plain();
        assert_eq!(plain("Our clients reimbursed"), plain("our CUSTOMER reimbursed"));
        assert_eq!(plain("I know spring-boot"), "i know spring boot");
        let cleaner = Cleaner::new(Language::Zh, &Lexicons::shipped());
        assert_eq!(cleaner.passage("顧客要求").plain(), cleaner.passage("客户要求").plain());
    }
}
