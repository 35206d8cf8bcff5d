//! Typed answers: their transcript, and why some must not be judged. Nobody mishears what is typed, but it can be in
//! another language than the question, one word again and again, or no words at all.

use std::collections::BTreeMap;

use interview_schemas::perception::{Transcript, TranscriptSegment};
use interview_schemas::{Bilingual, Language};

use crate::perception::transcript::Unreliable;
use crate::text::normalise::is_han;
use crate::text::{Lexicons, Unit, language_of, lexicon, units};

/// The name of the model of typed text, see [`Transcript::model`].
pub const TYPED: &str = "typed";

/// Languages and words are only judged over at least so many words.
const LEAST_WORDS: usize = 8;

/// Share of Chinese characters among the words: more in an English answer, or fewer in a Mandarin one, and it is in the
/// other language. Mandarin quotes many English terms.
const HAN: (f64, f64) = (0.3, 0.2);

/// Share of the letters that belong to a script of neither language, from which on the answer is in another one.
const MOST_OTHER_SCRIPT: f64 = 0.3;

/// Share of function words below which a text in Latin letters may be in another language than English: a list of
/// technical terms has none either.
const LEAST_FUNCTION_WORDS: f64 = 0.15;

/// Share of the words that one and the same word may have.
const MOST_ONE_WORD: f64 = 0.6;

/// Runs of words are compared over at least so many words; a text of fewer different ones than this share of all is a
/// passage pasted more than ten times.
const LEAST_REPEATED: usize = 60;
const RUN: usize = 5;
const FEWEST_RUNS: f64 = 0.1;

/// Share of the words that can be keys hit at random.
const MOST_MASHED: f64 = 0.5;

/// The rows of a keyboard.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The transcript of a typed answer: one segment from 0 to 0 s, and why it must not be judged, where it must not. A
/// language of [`Language::Auto`] is decided from the text.
#[must_use]
pub fn typed(text: &str, language: Language) -> Transcript {
    let text = text.trim();
    let language = if language == Language::Auto { language_of(text) } else { language };
    let segment = |text: &str| TranscriptSegment {
        start_s: 0.0,
        end_s: 0.0,
        text: text.to_owned(),
        confidence: 1.0,
        words: Vec::new(),
    };
    Transcript {
        language,
        text: text.to_owned(),
        segments: if text.is_empty() { Vec::new() } else { vec![segment(text)] },
        model: TYPED.to_owned(),
        confidence: 1.0,
        unreliable: unreliable(text, language).map(|reason| reason.code().to_owned()),
    }
}

/// The transcript of the typed answer to a question. Where nobody set a language the answer should be in that of the
/// question, unless the question itself names a language ("请用英语介绍一下自己").
#[must_use]
pub fn typed_answer(text: &str, language: Language, question: Option<&str>) -> Transcript {
    let mut transcript = typed(text, language);
    let lexicons = Lexicons::shipped();
    let other = |question: &str| {
        let asked = units(question);
        let names_language = [Language::En, Language::Zh]
            .iter()
            .any(|&it| !lexicons.list(it, "languages").phrases(&[lexicon::MAIN]).find(&asked).is_empty());
        asked.len() >= LEAST_WORDS / 2 && language_of(question) != transcript.language && !names_language
    };
    let words = units(text).len();
    if language == Language::Auto && words >= LEAST_WORDS && question.is_some_and(other) {
        transcript.unreliable.get_or_insert_with(|| Unreliable::LanguageMismatch.code().to_owned());
    }
    transcript
}

/// The reason for people why a typed answer must not be judged.
#[must_use]
pub fn typed_message(reason: Unreliable) -> Bilingual {
    match reason {
        Unreliable::LanguageMismatch => Bilingual::new(
            "It is in another language than the one of the question or the job.",
            "回答所用语言与问题或职位设定的语言不一致。",
        ),
        Unreliable::Repetition => {
            Bilingual::new("It repeats the same words over and over.", "回答只是反复输入相同的内容。")
        }
        Unreliable::LowConfidence | Unreliable::SpeakingRate => Bilingual::new(
            "It hardly has words of a language, such as keys hit at random.",
            "回答几乎不含有意义的词语，像是随意敲击键盘。",
        ),
    }
}

/// Why a typed text must not be judged as one in this language.
fn unreliable(text: &str, language: Language) -> Option<Unreliable> {
    let units = units(text);
    if is_mashed(text, &units) {
        Some(Unreliable::LowConfidence)
    } else if is_other_script(text) || is_other_language(text, &units, language) {
        Some(Unreliable::LanguageMismatch)
    } else if is_repeated(&units) {
        Some(Unreliable::Repetition)
    } else {
        None
    }
}

/// Whether most words are keys hit at random: runs along a row, hardly a vowel, one letter again and again.
fn is_mashed(text: &str, units: &[Unit]) -> bool {
    let words: Vec<&str> = units.iter().filter(|unit| !unit.han).map(|unit| unit.text.as_str()).collect();
    let mashed = words.iter().filter(|word| is_mash(word)).count();
    let many = mashed as f64 > MOST_MASHED * units.len() as f64;
    // A single short one may be a name or an abbreviation.
    many && (units.len() >= LEAST_WORDS / 2
        || text.chars().filter(|c| c.is_alphabetic()).count() >= LEAST_WORDS)
}

/// Whether a word in lower case is no word. Abbreviations have no vowels either, but are short.
fn is_mash(word: &str) -> bool {
    if word.len() < 3 || !word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return false;
    }
    let is_vowel = |letter: u8| matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let letters = word.as_bytes();
    let consonants = letters.split(|letter| is_vowel(*letter)).map(<[u8]>::len).max().unwrap_or(0);
    let same = letters.chunk_by(|left, right| left == right).map(<[u8]>::len).max().unwrap_or(0);
    // "erty" is a part of "property": a run counts where it is most of the word.
    let run = longest_run(word);
    consonants >= 6 || same >= 4 || run >= 3 && run * 5 >= word.len() * 3 && is_keys(word, run)
}

/// Three letters of a row are a run only where they are the word.
fn is_keys(word: &str, run: usize) -> bool {
    run >= 4 || run == word.len()
}

/// The longest run of neighbouring keys in a word, to the right or to the left.
fn longest_run(word: &str) -> usize {
    let place = |row: &str, key: u8| row.bytes().position(|it| it == key);
    let step = |row: &str, left: u8, right: u8| Some((place(row, left)?, place(row, right)?));
    let run = |row: &str, to_right: bool| {
        let goes_on = |left: &u8, right: &u8| {
            step(row, *left, *right)
                .is_some_and(|(left, right)| if to_right { left + 1 == right } else { right + 1 == left })
        };
        word.as_bytes().chunk_by(goes_on).map(<[u8]>::len).max().unwrap_or(0)
    };
    ROWS.iter().map(|row| run(row, true).max(run(row, false))).max().unwrap_or(0)
}

/// Whether a text is written in a script that neither English nor Mandarin has.
fn is_other_script(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let is_known = |c: char| is_han(c) || is_latin(c);
    let other = text.chars().filter(|c| c.is_alphabetic() && !is_known(*c)).count();
    other as f64 > MOST_OTHER_SCRIPT * letters as f64
}

/// Latin letters with their accents, also full-width ones.
fn is_latin(c: char) -> bool {
    matches!(c, '\u{41}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}')
}

/// Whether a text is in another language than this one, by its script and, in Latin letters, by its words.
fn is_other_language(text: &str, units: &[Unit], language: Language) -> bool {
    if units.len() < LEAST_WORDS {
        return false;
    }
    let share = |count: usize| count as f64 / units.len() as f64;
    let han = share(units.iter().filter(|unit| unit.han).count());
    if language == Language::En && han > HAN.0 {
        return true;
    }
    if han >= HAN.1 {
        return false;
    }
    let lexicons = Lexicons::shipped();
    let function = lexicons.list(Language::En, "stopwords").phrases(&[lexicon::MAIN]);
    let english =
        share(function.find(units).iter().map(|found| found.units.len()).sum()) >= LEAST_FUNCTION_WORDS;
    // A list of terms is in no language.
    let other = || {
        let found = whatlang::detect(text);
        found.is_some_and(|found| found.is_reliable() && found.lang() != whatlang::Lang::Eng)
    };
    if language == Language::Zh { english || other() } else { !english && other() }
}

/// Whether a text is one word or one passage again and again.
fn is_repeated(units: &[Unit]) -> bool {
    if units.len() < LEAST_WORDS {
        return false;
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    units.iter().for_each(|unit| *counts.entry(&unit.stem).or_default() += 1);
    let most = counts.values().copied().max().unwrap_or(0);
    if most as f64 >= MOST_ONE_WORD * units.len() as f64 {
        return true;
    }
    if units.len() < LEAST_REPEATED {
        return false;
    }
    let stems: Vec<&str> = units.iter().map(|unit| unit.stem.as_str()).collect();
    let runs: std::collections::BTreeSet<&[&str]> = stems.windows(RUN).collect();
    (runs.len() as f64) < FEWEST_RUNS * units.len() as f64
}
