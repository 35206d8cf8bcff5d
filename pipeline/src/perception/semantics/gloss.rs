//! English glosses, word by word, of a language that the embedding model does not know.
//!
//! A gloss is no translation: "我 打 电话 给 他" becomes "I call by phone he". The embedding of such a row of words still
//! lies close to that of another row that means the like, which is all that is asked of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use interview_schemas::Language;

use crate::text::{Lexicons, Phrases, Unit, lexicon, units};

/// A glossary of one language.
pub(super) struct Glossary {
    /// From the characters of a word to its gloss.
    words: HashMap<String, String>,
    /// Characters of the longest word.
    longest: usize,
    stopwords: Phrases,
    /// Single characters that are glossed although they are function words: who does it, and whether it is denied.
    glossed: BTreeSet<String>,
}

impl Glossary {
    /// The glossary of a language; `None` where it has none. That of the shipped word lists is made once.
    pub(super) fn new(lexicons: &Arc<Lexicons>, language: Language) -> Option<Arc<Self>> {
        static SHIPPED: OnceLock<Option<Arc<Glossary>>> = OnceLock::new();
        if language != Language::Zh {
            return None;
        }
        if Arc::ptr_eq(lexicons, &Lexicons::shipped()) {
            return SHIPPED.get_or_init(|| Self::build(lexicons, language)).clone();
        }
        Self::build(lexicons, language)
    }

    fn build(lexicons: &Lexicons, language: Language) -> Option<Arc<Self>> {
        let mut words = HashMap::new();
        let mut longest = 0;
        for entry in lexicons.list(language, "glossary").entries(lexicon::MAIN) {
            for word in &entry.synonyms {
                let word = joined(&units(word));
                longest = longest.max(word.chars().count());
                // Of several meanings the first is the usual one.
                words.entry(word).or_insert_with(|| entry.term.clone());
            }
        }
        let function = lexicons.list(language, "stopwords");
        let stopwords = function.phrases(&[lexicon::MAIN]);
        let glossed = function.entries("glossed").iter().map(|entry| entry.term.clone()).collect();
        (longest > 0).then(|| Arc::new(Self { words, longest, stopwords, glossed }))
    }

    /// The gloss of some units: the longest known word at each place; what is not known is left out, words that are
    /// not Chinese stay.
    pub(super) fn gloss(&self, units: &[Unit]) -> String {
        let mut function = vec![false; units.len()];
        for found in self.stopwords.find(units) {
            if let [single] = &units[found.units.clone()] {
                function[found.units.start] = !self.glossed.contains(&single.text);
            }
        }
        let mut gloss: Vec<&str> = Vec::new();
        let mut place = 0;
        while place < units.len() {
            let (word, length) = self.longest_at(units, place, function[place]);
            if let Some(word) = word.filter(|word| gloss.last() != Some(word)) {
                gloss.push(word);
            }
            place += length;
        }
        gloss.join(" ")
    }

    /// The gloss of the longest word that begins at a place, if any, and how many units it covers.
    fn longest_at<'a>(&'a self, units: &'a [Unit], place: usize, function: bool) -> (Option<&'a str>, usize) {
        let unit = &units[place];
        if !unit.han {
            return (Some(&unit.text), 1);
        }
        let most = units[place..].iter().take(self.longest).take_while(|unit| unit.han).count();
        let shortest = if function { 2 } else { 1 };
        for length in (shortest..=most).rev() {
            if let Some(word) = self.words.get(&joined(&units[place..place + length])) {
                return (Some(word), length);
            }
        }
        (None, 1)
    }
}

fn joined(units: &[Unit]) -> String {
    units.iter().map(|unit| unit.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gloss(text: &str) -> String {
        Glossary::new(&Lexicons::shipped(), Language::Zh).unwrap().gloss(&units(text))
    }

    #[test]
    fn words_are_glossed_and_unknown_ones_left_out() {
        assert_eq!(gloss("我给客户打电话"), "I customer call by phone");
        assert_eq!(gloss("我給客戶打電話"), "I customer call by phone");
        assert_eq!(gloss("用Excel登记"), "use excel write down");
        assert_eq!(gloss("，。"), "");
    }

    #[test]
    fn only_languages_with_a_glossary_have_one_and_tenants_extend_it() {
        assert!(Glossary::new(&Lexicons::shipped(), Language::En).is_none());
        let mut lexicons = Lexicons::clone(&Lexicons::shipped());
        lexicons.extend(Language::Zh, "glossary", "due diligence = 尽调").unwrap();
        let glossary = Glossary::new(&Arc::new(lexicons), Language::Zh).unwrap();
        assert_eq!(glossary.gloss(&units("尽调")), "due diligence");
    }
}
