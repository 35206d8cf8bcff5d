//! Finding phrases in a row of units: the longest at each place, from left to right.

use std::collections::HashMap;
use std::ops::Range;

use super::{Unit, units};

/// A phrase that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhraseMatch {
    /// Units it covers.
    pub units: Range<usize>,
    /// Number of the group the phrase was added with.
    pub group: usize,
}

#[derive(Debug, Clone)]
struct Phrase {
    /// Normal forms, one per unit.
    units: Vec<String>,
    /// The last unit is only the beginning of a word: "reconcil*".
    prefix: bool,
    /// A single Chinese character counts only as a whole word: "先" is not in "先生".
    whole_word: bool,
    group: usize,
}

/// A set of phrases, each in a numbered group.
#[derive(Debug, Clone, Default)]
pub struct Phrases {
    phrases: Vec<Phrase>,
    /// Phrases by their first unit; those whose first unit is a beginning stand under its first character.
    by_first: HashMap<String, Vec<usize>>,
    /// Words are compared by their stems: "clients" is found where "client" was added.
    by_stem: bool,
}

impl Phrases {
    /// An empty set that compares words by their stems.
    #[must_use]
    pub fn by_stem() -> Self {
        Self { by_stem: true, ..Self::default() }
    }

    /// Adds a phrase; `*` at its end lets its last word continue. A phrase without words is left out.
    pub fn add(&mut self, text: &str, group: usize) {
        let text = text.trim();
        let (text, prefix) = text.strip_suffix('*').map_or((text, false), |stem| (stem, true));
        self.add_units(units(text), prefix, group);
    }

    /// Adds a phrase that is divided already; with `prefix` its last word may continue.
    pub(crate) fn add_units(&mut self, units: Vec<Unit>, prefix: bool, group: usize) {
        let whole_word = !prefix && units.len() == 1 && units[0].han;
        // The beginning of a word has no stem of its own.
        let form = |unit: Unit| if self.by_stem && !prefix { unit.stem } else { unit.text };
        let units: Vec<String> = units.into_iter().map(form).collect();
        let Some(first) = units.first() else { return };
        let key = if prefix && units.len() == 1 { first_character(first) } else { first.clone() };
        self.by_first.entry(key).or_default().push(self.phrases.len());
        self.phrases.push(Phrase { units, prefix, whole_word, group });
    }

    /// Whether there is no phrase.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// Every phrase in the text that does not overlap an earlier one; at each place the longest, of equally long
    /// ones the one added first.
    #[must_use]
    pub fn find(&self, text: &[Unit]) -> Vec<PhraseMatch> {
        let mut found = Vec::new();
        let mut position = 0;
        while position < text.len() {
            match self.longest_at(text, position) {
                Some(matched) => {
                    position = matched.units.end;
                    found.push(matched);
                }
                None => position += 1,
            }
        }
        found
    }

    /// The groups of all phrases in the text, overlapping ones too, in order and each once.
    #[must_use]
    pub fn groups(&self, text: &[Unit]) -> Vec<usize> {
        let mut groups = Vec::new();
        for position in 0..text.len() {
            groups.extend(
                self.candidates(&text[position])
                    .filter(|it| self.matches(it, text, position))
                    .map(|it| it.group),
            );
        }
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The phrases that may begin with this unit.
    fn candidates(&self, unit: &Unit) -> impl Iterator<Item = &Phrase> {
        let first = self.form(unit);
        let beginning = first_character(first);
        let begins = if beginning == first { None } else { self.by_first.get(&beginning) };
        self.by_first.get(first).into_iter().chain(begins).flatten().map(|&index| &self.phrases[index])
    }

    fn longest_at(&self, text: &[Unit], position: usize) -> Option<PhraseMatch> {
        let mut best: Option<&Phrase> = None;
        for phrase in self.candidates(&text[position]) {
            if best.is_none_or(|best| phrase.units.len() > best.units.len())
                && self.matches(phrase, text, position)
            {
                best = Some(phrase);
            }
        }
        best.map(|phrase| PhraseMatch { units: position..position + phrase.units.len(), group: phrase.group })
    }

    fn form<'a>(&self, unit: &'a Unit) -> &'a str {
        if self.by_stem { &unit.stem } else { &unit.text }
    }

    fn matches(&self, phrase: &Phrase, text: &[Unit], position: usize) -> bool {
        let end = position + phrase.units.len();
        let Some(window) = text.get(position..end) else { return false };
        let last = phrase.units.len() - 1;
        let same = window.iter().zip(&phrase.units).enumerate().all(|(index, (unit, wanted))| {
            if phrase.prefix && index == last {
                unit.text.starts_with(wanted)
            } else {
                self.form(unit) == wanted
            }
        });
        let ends_word = text.get(end).is_none_or(|next| next.starts_word);
        same && (!phrase.whole_word || (window[0].starts_word && ends_word))
    }
}

fn first_character(text: &str) -> String {
    text.chars().take(1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(phrases: &[&str], text: &str) -> Vec<String> {
        let mut set = Phrases::default();
        for (group, phrase) in phrases.iter().enumerate() {
            set.add(phrase, group);
        }
        let text = units(text);
        let join = |found: PhraseMatch| {
            let words: Vec<_> = text[found.units].iter().map(|unit| unit.text.as_str()).collect();
            words.join(" ")
        };
        set.find(&text).into_iter().map(join).collect()
    }

    #[test]
    fn the_longest_phrase_wins_and_beginnings_continue() {
        assert_eq!(
            found(&["as", "as a result", "reconcil*"], "As a result I reconciled"),
            ["as a result", "reconciled"]
        );
        assert_eq!(found(&["spring boot"], "熟悉 SpringBoot 与 Spring Boot"), ["spring boot"]);
    }

    #[test]
    fn one_chinese_character_counts_only_as_a_word() {
        assert_eq!(found(&["先"], "王先生先看一下"), ["先"]);
        assert_eq!(found(&["退款"], "全额退款流程"), ["退 款"]);
    }

    #[test]
    fn a_phrase_without_words_is_never_found() {
        assert!(found(&["", "*", "，"], "a, b").is_empty());
    }
}
