//! Words in English and Mandarin: normalisation, units, and word lists.
//!
//! A text becomes a row of [`Unit`]s: one per English word, one per Chinese character. Phrases of both languages
//! are then found in the same way, also where they are mixed ("熟悉 Spring Boot").

pub mod lexicon;
pub mod lexicon_folder;
pub(crate) mod markup;
pub mod normalise;
pub mod phrases;
pub mod units;

pub use lexicon::{Lexicon, Lexicons};
pub use lexicon_folder::{LexiconError, LexiconLibrary};
pub use normalise::normalise;
pub use phrases::{PhraseMatch, Phrases};
pub use units::{Unit, units};

use interview_schemas::Language;

/// The language of a text by the share of Chinese characters among its words: Mandarin from one character in
/// five on, because Mandarin answers quote English names and terms.
#[must_use]
pub fn language_of(text: &str) -> Language {
    let units = units::split(text);
    let han = units.iter().filter(|unit| unit.han).count();
    if han * 5 >= units.len().max(1) { Language::Zh } else { Language::En }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_is_told_by_the_script() {
        assert_eq!(language_of("I have worked in sales for three years."), Language::En);
        assert_eq!(language_of("我熟悉 Spring Boot 和 MySQL"), Language::Zh);
        assert_eq!(language_of(""), Language::En);
    }
}
