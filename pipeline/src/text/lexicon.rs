//! Word lists: plain text files in `pipeline/lexicons/<language>/`, extendable by a tenant.
//!
//! One entry a line; `#` begins a comment; `[name]` begins a section; `head = other, another` gives other words
//! for the same thing; `*` at the end of a word lets it continue ("reconcil*").

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use interview_schemas::Language;
use sha2::{Digest, Sha256};

use super::{Phrases, normalise, units};
use crate::PipelineError;

/// Entries before the first `[section]` stand in this one.
pub const MAIN: &str = "main";

/// Most bytes of one word list of a tenant.
pub(super) const MAX_BYTES: usize = 1 << 20;

const SHIPPED: &[(Language, &str, &str)] = &[
    (Language::En, "filled_pauses", include_str!("../../lexicons/en/filled_pauses.txt")),
    (Language::Zh, "filled_pauses", include_str!("../../lexicons/zh/filled_pauses.txt")),
    (Language::En, "fillers", include_str!("../../lexicons/en/fillers.txt")),
    (Language::Zh, "fillers", include_str!("../../lexicons/zh/fillers.txt")),
    (Language::En, "stopwords", include_str!("../../lexicons/en/stopwords.txt")),
    (Language::Zh, "stopwords", include_str!("../../lexicons/zh/stopwords.txt")),
    (Language::En, "synonyms", include_str!("../../lexicons/en/synonyms.txt")),
    (Language::Zh, "synonyms", include_str!("../../lexicons/zh/synonyms.txt")),
    (Language::En, "order", include_str!("../../lexicons/en/order.txt")),
    (Language::Zh, "order", include_str!("../../lexicons/zh/order.txt")),
    (Language::En, "related", include_str!("../../lexicons/en/related.txt")),
    (Language::Zh, "related", include_str!("../../lexicons/zh/related.txt")),
    (Language::En, "concepts", include_str!("../../lexicons/en/concepts.txt")),
    (Language::Zh, "concepts", include_str!("../../lexicons/zh/concepts.txt")),
    (Language::Zh, "glossary", include_str!("../../lexicons/zh/glossary.txt")),
    (Language::En, "denials", include_str!("../../lexicons/en/denials.txt")),
    (Language::Zh, "denials", include_str!("../../lexicons/zh/denials.txt")),
    (Language::En, "abbreviations", include_str!("../../lexicons/en/abbreviations.txt")),
    (Language::En, "languages", include_str!("../../lexicons/en/languages.txt")),
    (Language::Zh, "languages", include_str!("../../lexicons/zh/languages.txt")),
    (Language::En, "orders", include_str!("../../lexicons/en/orders.txt")),
    (Language::Zh, "orders", include_str!("../../lexicons/zh/orders.txt")),
    (Language::En, "claims", include_str!("../../lexicons/en/claims.txt")),
    (Language::Zh, "claims", include_str!("../../lexicons/zh/claims.txt")),
    (Language::En, "unanswered", include_str!("../../lexicons/en/unanswered.txt")),
    (Language::Zh, "unanswered", include_str!("../../lexicons/zh/unanswered.txt")),
    (Language::En, "connectives", include_str!("../../lexicons/en/connectives.txt")),
    (Language::Zh, "connectives", include_str!("../../lexicons/zh/connectives.txt")),
    (Language::En, "structure", include_str!("../../lexicons/en/structure.txt")),
    (Language::Zh, "structure", include_str!("../../lexicons/zh/structure.txt")),
    (Language::En, "concreteness", include_str!("../../lexicons/en/concreteness.txt")),
    (Language::Zh, "concreteness", include_str!("../../lexicons/zh/concreteness.txt")),
    (Language::En, "corrections", include_str!("../../lexicons/en/corrections.txt")),
    (Language::Zh, "corrections", include_str!("../../lexicons/zh/corrections.txt")),
    (Language::En, "behaviour", include_str!("../../lexicons/en/behaviour.txt")),
    (Language::Zh, "behaviour", include_str!("../../lexicons/zh/behaviour.txt")),
    (Language::En, "sentiment", include_str!("../../lexicons/en/sentiment.txt")),
    (Language::Zh, "sentiment", include_str!("../../lexicons/zh/sentiment.txt")),
    (Language::En, "structure_examples", include_str!("../../lexicons/en/structure_examples.txt")),
    (Language::En, "topic", include_str!("../../lexicons/en/topic.txt")),
    (Language::Zh, "topic", include_str!("../../lexicons/zh/topic.txt")),
    (Language::En, "vague", include_str!("../../lexicons/en/vague.txt")),
    (Language::Zh, "vague", include_str!("../../lexicons/zh/vague.txt")),
];

/// One entry of a word list: a term and other words for it, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The term itself.
    pub term: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
}

/// One word list: its entries by section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicon {
    sections: BTreeMap<String, Vec<Entry>>,
}

impl Lexicon {
    /// Reads a word list; a line that says nothing is left out.
    pub(super) fn parse(text: &str) -> Self {
        let mut lexicon = Self::default();
        let mut section = MAIN;
        for (_, line) in lines(text) {
            match line {
                Line::Section(name) => section = name,
                Line::Entry { entry, .. } => {
                    lexicon.sections.entry(section.to_owned()).or_default().push(entry);
                }
                Line::Broken(_) => {}
            }
        }
        lexicon
    }

    fn extend(&mut self, other: Self) {
        for (section, entries) in other.sections {
            self.sections.entry(section).or_default().extend(entries);
        }
    }

    /// The names of the sections, in order.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// The entries of a section, in the order of the file.
    #[must_use]
    pub fn entries(&self, section: &str) -> &[Entry] {
        self.sections.get(section).map_or(&[], Vec::as_slice)
    }

    /// The terms and synonyms of some sections as phrases; the group of a phrase is the index of its section in
    /// `sections`.
    #[must_use]
    pub fn phrases(&self, sections: &[&str]) -> Phrases {
        let mut phrases = Phrases::default();
        for (group, section) in sections.iter().enumerate() {
            for entry in self.entries(section) {
                phrases.add(&entry.term, group);
                entry.synonyms.iter().for_each(|synonym| phrases.add(synonym, group));
            }
        }
        phrases
    }
}

/// What a line of a word list says.
pub(super) enum Line<'a> {
    /// The name of a section that begins.
    Section(&'a str),
    /// An entry; `table` where it has a sign that other words follow.
    Entry { entry: Entry, table: bool },
    /// It begins as a section and does not end as one.
    Broken(&'static str),
}

/// The lines of a word list that say something, with their numbers counted from 1. Signs of full width are read like
/// the others.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, Line<'_>)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = without_comment(line).trim();
        (!line.is_empty()).then(|| (index + 1, line_of(line)))
    })
}

fn line_of(line: &str) -> Line<'_> {
    if let Some(rest) = line.strip_prefix('[') {
        let name = rest.strip_suffix(']').map(str::trim);
        return name.map_or(Line::Broken("a section stands in [ ], alone in its line"), Line::Section);
    }
    if line.starts_with(['［', '【']) {
        return Line::Broken("a section stands in [ ], not in brackets of full width");
    }
    let (term, synonyms) = line.split_once(['=', '＝']).unwrap_or((line, ""));
    let words = synonyms.split([',', '，', '、']).map(str::trim).filter(|word| !word.is_empty());
    let entry = Entry { term: term.trim().to_owned(), synonyms: words.map(str::to_owned).collect() };
    Line::Entry { entry, table: line.contains(['=', '＝']) }
}

/// A line up to its comment. `#` within a word is no comment: "c#".
fn without_comment(line: &str) -> &str {
    let begins = |&(index, _): &(usize, &str)| line[..index].chars().last().is_none_or(char::is_whitespace);
    line.match_indices('#').find(begins).map_or(line, |(index, _)| &line[..index])
}

/// All word lists, shipped and of the tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lexicons {
    /// Shared: a tenant's lists copy only what they change.
    lists: BTreeMap<(Language, String), Arc<Lexicon>>,
}

impl Lexicons {
    /// The word lists that are built into the program.
    #[must_use]
    pub fn shipped() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Lexicons>> = OnceLock::new();
        let make = || {
            let lists = SHIPPED
                .iter()
                .map(|(language, name, text)| {
                    ((*language, (*name).to_owned()), Arc::new(Lexicon::parse(text)))
                })
                .collect();
            Arc::new(Self { lists })
        };
        Arc::clone(SHARED.get_or_init(make))
    }

    /// Adds a tenant's entries to a word list.
    ///
    /// # Errors
    /// [`PipelineError::Job`] when there is no such list or the text is longer than 1 MiB.
    pub fn extend(&mut self, language: Language, name: &str, text: &str) -> Result<(), PipelineError> {
        let path = format!("lexicons.{language}.{name}");
        if text.len() > MAX_BYTES {
            let message = format!("{} bytes; at most {MAX_BYTES} are allowed", text.len());
            return Err(PipelineError::Job { path, message });
        }
        if Self::names(language).all(|known| known != name) {
            let known: Vec<_> =
                SHIPPED.iter().map(|(language, name, _)| format!("{language}.{name}")).collect();
            let message = format!("no such word list; known are {}", known.join(", "));
            return Err(PipelineError::Job { path, message });
        }
        self.add(language, name, Lexicon::parse(text));
        Ok(())
    }

    /// Adds the entries of a list that was read.
    pub(super) fn add(&mut self, language: Language, name: &str, list: Lexicon) {
        Arc::make_mut(self.lists.entry((language, name.to_owned())).or_default()).extend(list);
    }

    /// The names of the word lists of a language.
    pub fn names(language: Language) -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().filter(move |(known, _, _)| *known == language).map(|(_, name, _)| *name)
    }

    /// SHA-256 of all lists in hexadecimal: the same words, the same digest.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut line = |text: &str| hash.update([text.as_bytes(), b"\n"].concat());
        for ((language, name), lexicon) in &self.lists {
            line(language.code());
            line(name);
            for (section, entries) in &lexicon.sections {
                line(section);
                for entry in entries {
                    line(&entry.term);
                    line(&entry.synonyms.join(","));
                }
            }
        }
        hex::encode(hash.finalize())
    }

    /// A word list; empty where the language has none of this name.
    #[must_use]
    pub fn list(&self, language: Language, name: &str) -> &Lexicon {
        static EMPTY: Lexicon = Lexicon { sections: BTreeMap::new() };
        self.lists.get(&(language, name.to_owned())).map_or(&EMPTY, Arc::as_ref)
    }

    /// Other words for a term in the synonym table: those of every entry that names it, itself left out, and in the
    /// section `kinds` what is one of its kind.
    #[must_use]
    pub fn synonyms(&self, language: Language, term: &str) -> Vec<String> {
        let key = |text: &str| units(text).into_iter().map(|unit| unit.text).collect::<Vec<_>>();
        let wanted = key(&normalise(term));
        let mut found: Vec<String> = Vec::new();
        let list = self.list(language, "synonyms");
        for entry in list.entries(MAIN).iter().chain(list.entries("requirements")) {
            let all = || std::iter::once(&entry.term).chain(&entry.synonyms);
            if all().any(|word| key(word) == wanted) {
                found.extend(all().filter(|word| key(word) != wanted).cloned());
            }
        }
        let kinds = list.entries("kinds").iter().filter(|entry| key(&entry.term) == wanted);
        found.extend(kinds.flat_map(|entry| entry.synonyms.iter().cloned()));
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_list_names_its_origin_and_licence() {
        for (language, name, text) in SHIPPED {
            let header: String = text.lines().take_while(|line| line.starts_with('#')).collect();
            assert!(header.contains("Origin:") && header.contains("Licence:"), "{language}/{name}");
            assert!(Lexicon::parse(text).sections().next().is_some(), "{language}/{name} is empty");
        }
    }

    #[test]
    fn a_tenant_extends_the_synonyms() {
        let mut lexicons = Lexicons::clone(&Lexicons::shipped());
        lexicons.extend(Language::Zh, "synonyms", "贷前调查 = 尽调, 尽职调查 # ours").unwrap();
        assert_eq!(lexicons.synonyms(Language::Zh, "尽调"), ["尽职调查", "贷前调查"]);
        assert_ne!(lexicons.digest(), Lexicons::shipped().digest());
        assert_eq!(lexicons.digest(), lexicons.clone().digest());
        assert!(lexicons.extend(Language::En, "nothing", "x").is_err());
        assert!(lexicons.extend(Language::En, "synonyms", &"x\n".repeat(MAX_BYTES)).is_err());
    }

    #[test]
    fn sections_and_comments_are_read() {
        let list = Lexicon::parse("# head\nc# # language\n[cause]\nbecause # why\nso ＝ thus， hence\n");
        assert_eq!(list.sections().collect::<Vec<_>>(), ["cause", MAIN]);
        assert_eq!(list.entries("cause")[1].synonyms, ["thus", "hence"]);
        assert_eq!(list.entries(MAIN)[0].term, "c#");
        assert!(list.entries("none").is_empty());
    }
}
