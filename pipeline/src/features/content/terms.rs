//! Content words of a reference text and how well a run of words takes them up.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use interview_schemas::Language;

use crate::perception::semantics::{Cleaner, Passage, Semantics};
use crate::text::{Lexicons, Phrases, lexicon};

/// Word lists of ideas by which points are looked for: words of related meaning, concepts, words of the same gloss.
const WIDE: [&str; 3] = ["related", "concepts", "glossary"];

/// A word of related meaning counts so much of the word itself.
const RELATED: f64 = 0.8;

/// A Chinese word that shares at least half of its characters counts so much of that share.
const SHARED_CHARACTERS: f64 = 0.5;

/// A single Chinese character says less than a word of several.
const SINGLE_CHARACTER: f64 = 0.5;

/// A content word with the ideas it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Term {
    /// Stems, one per unit.
    pub(super) stems: Vec<String>,
    /// Groups of the list of related words.
    ideas: Vec<usize>,
    han: bool,
}

impl Term {
    /// The groups of related words it belongs to.
    pub(super) fn ideas(&self) -> &[usize] {
        &self.ideas
    }

    /// How much the word says.
    pub(super) fn weight(&self) -> f64 {
        let single = self.han && self.stems.len() == 1;
        if single { SINGLE_CHARACTER } else { 1.0 }
    }
}

/// Words of a chunk, ready to be compared.
pub(super) struct Said {
    stems: Vec<String>,
    set: BTreeSet<String>,
    ideas: Vec<usize>,
}

/// Finds content words with the word lists of one language.
pub(super) struct Terms {
    stopwords: Phrases,
    ideas: Arc<Phrases>,
}

impl Terms {
    pub(super) fn new(semantics: &Semantics) -> Self {
        let mut related = Phrases::by_stem();
        let entries = semantics.lexicons.list(semantics.language, "related").entries(lexicon::MAIN);
        for (group, entry) in entries.iter().enumerate() {
            related.add(&entry.term, group);
            entry.synonyms.iter().for_each(|word| related.add(word, group));
        }
        Self::with(semantics, Arc::new(related))
    }

    /// Content words with every idea the word lists know, not only closely related words.
    pub(super) fn wide(semantics: &Semantics) -> Self {
        static SHIPPED: [OnceLock<Arc<Phrases>>; 2] = [OnceLock::new(), OnceLock::new()];
        let (lexicons, language) = (&semantics.lexicons, semantics.language);
        let make = || Arc::new(wide_ideas(language, lexicons));
        let shipped = &SHIPPED[usize::from(language == Language::Zh)];
        let is_shipped = Arc::ptr_eq(lexicons, &Lexicons::shipped());
        let ideas = if is_shipped { Arc::clone(shipped.get_or_init(make)) } else { make() };
        Self::with(semantics, ideas)
    }

    fn with(semantics: &Semantics, ideas: Arc<Phrases>) -> Self {
        let stopwords = semantics.lexicons.list(semantics.language, "stopwords");
        Self { stopwords: stopwords.phrases(&[lexicon::MAIN]), ideas }
    }

    /// The content words of a text, each once.
    pub(super) fn of(&self, passage: &Passage) -> BTreeSet<Term> {
        let units = &passage.units;
        let mut content = vec![true; units.len()];
        for found in self.stopwords.find(units) {
            content[found.units].fill(false);
        }
        let mut terms = BTreeSet::new();
        let mut start = 0;
        while start < units.len() {
            let rest = &units[start + 1..];
            let end = start + 1 + rest.iter().take_while(|unit| unit.han && !unit.starts_word).count();
            // A Chinese word counts unless all of it is function words.
            if content[start..end].iter().any(|content| *content) {
                let word = &units[start..end];
                let stems = word.iter().map(|unit| unit.stem.clone()).collect();
                terms.insert(Term { stems, ideas: self.ideas.groups(word), han: word[0].han });
            }
            start = end;
        }
        terms
    }

    /// A text, ready to be compared.
    pub(super) fn said(&self, passage: &Passage) -> Said {
        let units = &passage.units;
        let stems: Vec<String> = units.iter().map(|unit| unit.stem.clone()).collect();
        Said { set: stems.iter().cloned().collect(), stems, ideas: self.ideas.groups(units) }
    }
}

/// The ideas of a language, each phrase as it is written and with synonyms united as in what is compared.
fn wide_ideas(language: Language, lexicons: &Arc<Lexicons>) -> Phrases {
    let cleaner = Cleaner::new(language, lexicons);
    let mut ideas = Phrases::by_stem();
    let entries = WIDE.iter().flat_map(|list| lexicons.list(language, list).entries(lexicon::MAIN));
    for (group, entry) in entries.enumerate() {
        for word in std::iter::once(&entry.term).chain(&entry.synonyms) {
            ideas.add(word, group);
            if !word.ends_with('*') {
                let united = cleaner.passage(word);
                if united.plain() != crate::text::normalise(word) {
                    ideas.add_units(united.units, false, group);
                }
            }
        }
    }
    ideas
}

impl Said {
    /// How far a content word was said, 0–1: itself 1, a word of related meaning less, a Chinese word that shares
    /// characters less again.
    pub(super) fn takes_up(&self, term: &Term) -> f64 {
        let whole = match term.stems.as_slice() {
            [single] => self.set.contains(single),
            several => self.stems.windows(several.len()).any(|window| window == several),
        };
        if whole {
            return 1.0;
        }
        if term.ideas.iter().any(|idea| self.ideas.binary_search(idea).is_ok()) {
            return RELATED;
        }
        if !term.han || term.stems.len() < 2 {
            return 0.0;
        }
        let shared = term.stems.iter().filter(|stem| self.set.contains(*stem)).count();
        let share = shared as f64 / term.stems.len() as f64;
        if share >= 0.5 { SHARED_CHARACTERS * share } else { 0.0 }
    }
}
