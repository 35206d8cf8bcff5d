//! Cleaning: from words as said to words that are compared. Fillers go, synonyms become one.

use std::sync::Arc;

use interview_schemas::Language;
use ndarray::Array1;

use super::sentences::Sentence;
use super::source::{is_clause_end, is_sentence_end};
use crate::text::{Lexicons, Phrases, Unit, lexicon, units};

/// A text in the form in which it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// Its words without fillers, synonyms united.
    pub units: Vec<Unit>,
    /// Its meaning as a vector of length 1, where the embedding model knows the language.
    pub embedding: Option<Array1<f32>>,
}

impl Passage {
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
    fillers: Phrases,
    synonyms: Phrases,
    /// The words that stand for the phrases of a group.
    heads: Vec<Vec<Unit>>,
}

impl Cleaner {
    /// Prepares the word lists of a language.
    #[must_use]
    pub fn new(language: Language, lexicons: &Arc<Lexicons>) -> Self {
        let fillers = lexicons.list(language, "fillers").phrases(&["always", "between"]);
        let mut synonyms = Phrases::by_stem();
        let mut heads = Vec::new();
        for entry in lexicons.list(language, "synonyms").entries(lexicon::MAIN) {
            for synonym in &entry.synonyms {
                synonyms.add(synonym, heads.len());
            }
            heads.push(units(&entry.term));
        }
        Self { fillers, synonyms, heads }
    }

    /// A text that an answer is compared with. Its fillers stay: nobody writes them there.
    #[must_use]
    pub fn passage(&self, text: &str) -> Passage {
        Passage { units: self.unite(units(text)), embedding: None }
    }

    /// One passage per sentence of an answer.
    #[must_use]
    pub fn sentences(&self, text: &str, sentences: &[Sentence], units: &[Unit]) -> Vec<Passage> {
        let filler = self.fillers(text, units);
        let clean = |sentence: &Sentence| {
            let kept = sentence.units.clone().filter(|&index| !filler[index]);
            Passage { units: self.unite(kept.map(|index| units[index].clone()).collect()), embedding: None }
        };
        sentences.iter().map(clean).collect()
    }

    /// Which units are fillers. Words that can also mean something count only between marks, pauses or other
    /// fillers: "it was, like, late" but not "I like it"; "那个，" but not "那个客户".
    #[must_use]
    pub fn fillers(&self, text: &str, units: &[Unit]) -> Vec<bool> {
        let mut filler = vec![false; units.len()];
        let mut doubtful = Vec::new();
        for found in self.fillers.find(units) {
            match found.group {
                0 => filler[found.units].fill(true),
                _ => doubtful.push(found.units),
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

    /// Replaces every synonym by the head of its entry.
    fn unite(&self, units: Vec<Unit>) -> Vec<Unit> {
        let mut united = Vec::with_capacity(units.len());
        let mut position = 0;
        for found in self.synonyms.find(&units) {
            united.extend_from_slice(&units[position..found.units.start]);
            let span = units[found.units.start].span.start..units[found.units.end - 1].span.end;
            united.extend(
                self.heads[found.group].iter().map(|head| Unit { span: span.clone(), ..head.clone() }),
            );
            position = found.units.end;
        }
        united.extend_from_slice(&units[position..]);
        united
    }
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
