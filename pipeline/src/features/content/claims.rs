//! What somebody claims and what he denies: "I have no experience with Docker", 我对Docker不熟悉.
//!
//! The rules are those of grammar, the words stand in the list `claims`. Unlike the denials of a rubric, which ask for
//! deeds of the speaker, every word of denial in the clause counts here.

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::Language;

use super::Content;
use crate::perception::semantics::{Passage, Sentence, ends_clause, ends_sentence};
use crate::text::{Lexicon, Lexicons, Phrases, Unit};

/// How far words act, in units: English words, Chinese characters.
struct Reach {
    /// From a word of denial to what it denies.
    forward: usize,
    /// From what is denied to the phrase after it.
    backward: usize,
    /// From a denial to where it is taken back ("… but I learned it").
    learned: usize,
    /// Between two denials that make none ("can't imagine working without").
    double: usize,
}

const ENGLISH: Reach = Reach { forward: 8, backward: 3, learned: 10, double: 5 };
const MANDARIN: Reach = Reach { forward: 6, backward: 8, learned: 14, double: 3 };

/// Units with the text they stand in.
pub(super) struct Text<'a> {
    source: &'a str,
    pub(super) units: Vec<Unit>,
    /// Number of the clause (Mandarin) or sentence (English) of every unit.
    clauses: Vec<usize>,
    /// Most words begin with a small letter.
    cased: bool,
}

impl<'a> Text<'a> {
    /// Units of a source, in order. An English comma ends nothing: "no Docker, Java or Go".
    pub(super) fn new(language: Language, source: &'a str, units: Vec<Unit>) -> Self {
        let mut clauses = Vec::with_capacity(units.len());
        let mut clause = 0;
        for (index, unit) in units.iter().enumerate() {
            let before = index.checked_sub(1).map_or(unit.span.start, |before| units[before].span.end);
            let gap = source.get(before..unit.span.start).unwrap_or_default();
            // A comma beside a filler that was left out says nothing.
            let plain = !gap.chars().any(char::is_alphanumeric);
            let comma = language == Language::Zh && plain && gap.chars().any(|c| ends_clause(c) && c != '、');
            if index > 0 && (comma || is_sentence_gap(gap)) {
                clause += 1;
            }
            clauses.push(clause);
        }
        let mut text = Self { source, units, clauses, cased: false };
        let starts = |case: fn(char) -> bool| {
            (0..text.units.len()).filter(|unit| text.written(*unit).starts_with(case)).count()
        };
        text.cased = starts(char::is_lowercase) >= starts(char::is_uppercase).max(1);
        text
    }

    /// Whether capitals mean something: most words are written without.
    pub(super) fn is_cased(&self) -> bool {
        self.cased
    }

    /// The clause or sentence around a unit.
    pub(super) fn clause(&self, unit: usize) -> Range<usize> {
        let Some(clause) = self.clauses.get(unit) else { return unit..unit };
        let start = self.clauses.partition_point(|it| it < clause);
        start..self.clauses.partition_point(|it| it <= clause)
    }

    /// A unit as it was written.
    pub(super) fn written(&self, unit: usize) -> &str {
        self.units.get(unit).and_then(|unit| self.source.get(unit.span.clone())).unwrap_or_default()
    }

    /// What stands between a unit and the one before.
    pub(super) fn gap(&self, unit: usize) -> &str {
        let end = unit.checked_sub(1).and_then(|before| self.units.get(before)).map_or(0, |it| it.span.end);
        self.units.get(unit).and_then(|unit| self.source.get(end..unit.span.start)).unwrap_or_default()
    }

    /// The character before a unit.
    pub(super) fn before(&self, unit: usize) -> Option<char> {
        self.source.get(..self.units.get(unit)?.span.start)?.chars().last()
    }

    /// The words around some units as they were written, white space in one.
    pub(super) fn quote(&self, around: &Range<usize>, units: usize) -> String {
        let from = around.start.saturating_sub(units);
        let to = (around.end + units).min(self.units.len());
        let (Some(first), Some(last)) = (self.units.get(from), self.units.get(to.saturating_sub(1))) else {
            return String::new();
        };
        let text = self.source.get(first.span.start..last.span.end).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Whether the marks between two words end a sentence: a full stop within a word does not ("Node.js").
fn is_sentence_gap(gap: &str) -> bool {
    let mut characters = gap.chars().peekable();
    while let Some(c) = characters.next() {
        let stands = characters.peek().is_none_or(|next| !next.is_alphanumeric());
        if c == '\n' || ends_sentence(c) && (c != '.' || gap.chars().count() > 1 && stands) {
            return true;
        }
    }
    false
}

/// Finds what is denied in texts of one language.
pub(super) struct Claims {
    language: Language,
    reach: &'static Reach,
    negators: Phrases,
    harmless: Phrases,
    troubles: Phrases,
    faults: Phrases,
    undone: Phrases,
    after: Phrases,
    affirmed: Phrases,
    learned: Phrases,
    boundaries: Phrases,
    between: BTreeSet<String>,
    speakers: BTreeSet<String>,
    subjects: BTreeSet<String>,
    continued: BTreeSet<String>,
}

impl Claims {
    /// Reads the lists `claims` and `denials` of a language.
    pub(super) fn new(language: Language, lexicons: &Lexicons) -> Self {
        let claims = lexicons.list(language, "claims");
        let denials = lexicons.list(language, "denials");
        let words = |list: &Lexicon, section: &str| {
            list.entries(section).iter().map(|entry| entry.term.clone()).collect()
        };
        let mut faults = Phrases::by_stem();
        denials.entries("faults").iter().for_each(|entry| faults.add(&entry.term, 0));
        Self {
            language,
            reach: if language == Language::Zh { &MANDARIN } else { &ENGLISH },
            negators: claims.phrases(&["negators"]),
            harmless: claims.phrases(&["harmless"]),
            troubles: claims.phrases(&["troubles"]),
            faults,
            undone: claims.phrases(&["undone"]),
            after: claims.phrases(&["after"]),
            affirmed: claims.phrases(&["affirmed"]),
            learned: claims.phrases(&["learned"]),
            boundaries: denials.phrases(&["boundaries"]),
            between: words(claims, "between"),
            speakers: words(claims, "speakers"),
            subjects: words(denials, "subjects"),
            continued: words(denials, "clauses"),
        }
    }

    /// Whether words are denied by what stands before them in their clause.
    pub(super) fn denies_before(&self, text: &Text<'_>, place: &Range<usize>) -> bool {
        let clause = text.clause(place.start);
        let from = clause.start.max(place.start.saturating_sub(self.reach.forward + self.reach.double + 4));
        let units = &text.units;
        let found = self.negators.find(&units[from..place.start]);
        let all: Vec<Range<usize>> =
            found.into_iter().map(|it| it.units.start + from..it.units.end + from).collect();
        let active = |negator: &Range<usize>| !self.is_harmless(&units[negator.end..clause.end]);
        let Some(last) = all.iter().rfind(|negator| active(negator)) else { return false };
        if place.start - last.end > self.reach.forward || self.is_parted(units, last.end, place.start) {
            return false;
        }
        let doubled = |negator: &Range<usize>| {
            negator.end <= last.start && last.start - negator.end <= self.reach.double && active(negator)
        };
        let undone = !self.undone.find(&units[last.clone()]).is_empty();
        !(undone && all.iter().any(doubled) || self.is_taken_back(units, place.end))
    }

    /// Whether words are denied before or after them: "Docker I have never used", Docker我没有用过.
    pub(super) fn denies(&self, text: &Text<'_>, place: &Range<usize>) -> bool {
        self.denies_before(text, place) || self.denies_after(text, place)
    }

    fn denies_after(&self, text: &Text<'_>, place: &Range<usize>) -> bool {
        let units = &text.units;
        let clause = text.clause(place.start);
        let near = &units[clause.start.max(place.start.saturating_sub(self.reach.backward))..place.start];
        if !self.affirmed.find(near).is_empty() {
            return false;
        }
        let spoken = |unit: &Unit| self.speakers.contains(&unit.text);
        // Words with a subject of their own before them are no topic that the sentence begins with.
        let object = units[clause.start..place.start].iter().any(spoken);
        // A topic may stand before a comma: "Docker，我没用过".
        let topic = place.end == clause.end && !object && !is_sentence_gap(text.gap(place.end));
        let end = if topic { units.len().min(place.end + self.reach.backward + 6) } else { clause.end };
        for start in place.end..end.min(place.end + self.reach.backward + 1) {
            let found = self.after.find(&units[start..end]).first().filter(|it| it.units.start == 0).cloned();
            if let Some(found) = found {
                let found = start..start + found.units.end;
                let begins = units[place.end..found.end].iter().any(spoken);
                let parted = if topic { !begins } else { object && begins };
                let after = &units[found.end..units.len().min(found.end + 4)];
                return !(parted || self.is_harmless(after) || self.is_taken_back(units, found.end));
            }
            if !self.between.contains(&units[start].text) {
                return false;
            }
        }
        false
    }

    /// Whether a denial denies nothing, told by what follows it: "not only", "never had a problem", 没问题.
    fn is_harmless(&self, after: &[Unit]) -> bool {
        // Other words between: "never had a problem".
        let gap = if self.language == Language::Zh { 0 } else { 2 };
        let begins = |phrases: &Phrases, units: usize, gap: usize| {
            phrases.find(&after[..after.len().min(units)]).first().is_some_and(|it| it.units.start <= gap)
        };
        begins(&self.harmless, 4, 0) || begins(&self.troubles, 4, gap) || begins(&self.faults, 2, 0)
    }

    /// Whether a new clause begins between a denial and what it would deny.
    fn is_parted(&self, units: &[Unit], from: usize, to: usize) -> bool {
        let ends = |end: usize| {
            let begins = self.boundaries.find(&units[end..to]).first().is_some_and(|it| it.units.start == 0);
            let said_of = units.get(end - 1).is_some_and(|unit| self.continued.contains(&unit.text));
            begins || end > from + 1 && self.subjects.contains(&units[end].text) && !said_of
        };
        (from + 1..to).any(ends)
    }

    fn is_taken_back(&self, units: &[Unit], from: usize) -> bool {
        !self.learned.find(&units[from..units.len().min(from + self.reach.learned)]).is_empty()
    }
}

/// A phrase that somebody claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claimed {
    /// Its bytes in the text of the answer.
    pub(super) span: Range<usize>,
    /// Index of its section.
    pub(super) group: usize,
    /// Its words in one line.
    pub(super) plain: String,
}

impl Content<'_> {
    /// A word list in the language of the answer.
    pub(super) fn list(&self, name: &str) -> &Lexicon {
        self.semantics.lexicons.list(self.semantics.language, name)
    }

    /// Phrases of a word list that are not denied, in order; those of its section `ignored` are left out. They are looked
    /// for with and without words that can be fillers, so that no filler hides one ("我那个理解").
    pub(super) fn claimed(&self, list: &str, sections: &[&str]) -> Vec<Claimed> {
        let semantics = self.semantics;
        let claims = Claims::new(semantics.language, &semantics.lexicons);
        let mut all = sections.to_vec();
        all.push("ignored");
        let phrases = self.list(list).phrases(&all);
        let mut taken: Vec<Range<usize>> = Vec::new();
        let mut claimed: Vec<Claimed> = Vec::new();
        for passage in [&semantics.phrased, &semantics.cleaned] {
            let text = Text::new(semantics.language, &semantics.text, passage.units.clone());
            for found in phrases.find(&text.units) {
                let span = text.units[found.units.start].span.start..text.units[found.units.end - 1].span.end;
                if taken.iter().any(|taken| taken.start < span.end && span.start < taken.end) {
                    continue;
                }
                taken.push(span.clone());
                if found.group < sections.len() && !claims.denies_before(&text, &found.units) {
                    let plain = Passage::new(text.units[found.units].to_vec()).plain();
                    claimed.push(Claimed { span, group: found.group, plain });
                }
            }
        }
        claimed.sort_by_key(|found| found.span.start);
        claimed
    }

    /// The sentence around a phrase.
    pub(super) fn sentence_of(&self, found: &Claimed) -> Option<&Sentence> {
        let units = &self.semantics.units;
        let first = units.partition_point(|unit| unit.span.end <= found.span.start);
        let last = units.partition_point(|unit| unit.span.start < found.span.end);
        self.semantics.sentence_at(&(first..last))
    }
}
