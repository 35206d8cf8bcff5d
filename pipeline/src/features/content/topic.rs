//! What an answer is about: closeness to the question and several weak clues, blended.
//!
//! An answer that has little in common with its question is not yet about something else: vague answers have little, and
//! so have good ones in words of their own. So there must be positive evidence as well: words of private life, of pay and
//! plans, of the candidate himself. What speaks against it are words of dealing with somebody and of work in general, and, with
//! embeddings, thinking about a matter instead of telling something: vague answers do, talk of something else hardly.
//!
//! The clues are blended by a logistic function, fitted on the answers for tuning (`docs/models/words.md`), never on
//! answers of the tests; the biases lie where at most one in fifty of those answers would be a false alarm.

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::features::Evidence;

use super::{Content, points, relevance};
use crate::perception::semantics::Passage;
use crate::text::{Lexicon, PhraseMatch, Phrases, Unit, lexicon};

/// Words that an answer must have at least for counts to be taken as they are; of shorter ones they count as of this
/// many.
const REFERENCE_WORDS: f64 = 20.0;

/// Sections of the word list with sides that are something else unless the question asks for them.
const ELSEWHERE: [&str; 2] = ["private", "elsewhere"];

/// How far a word of somebody reaches, in units: "her cat or her son", "ask the cook".
const REACH: usize = 8;

/// Logarithm of odds a little below even, and up to which they become that without a word of something else: of any
/// answer, and of one that tells of dealing with somebody.
const IN_DOUBT: f64 = -0.2;
const DOUBT: (f64, f64) = (0.3, 0.7);

/// Weights of the clues; all but `closeness` of the logarithm of one more than the number of different words in twenty.
struct Weights {
    bias: f64,
    closeness: f64,
    elsewhere: f64,
    oneself: f64,
    work: f64,
    /// How far the answer thinks about the matter instead of telling something.
    opinion: f64,
    /// A covered point of the rubric: who tells what was asked for has understood the question, but points are found
    /// with errors.
    covered: f64,
    /// How close the answer comes to the points of the rubric on average, by the meaning of glosses.
    points: f64,
}

/// With closeness as the cosine of embeddings.
const WITH_MEANING: Weights = Weights {
    bias: 4.5,
    closeness: -14.25,
    elsewhere: 3.37,
    oneself: 1.32,
    work: -1.25,
    opinion: -4.91,
    covered: -2.55,
    points: 0.0,
};

/// With closeness by words, and by meaning to the points of the rubric.
const WITH_GLOSS: Weights = Weights {
    bias: 1.81,
    closeness: -1.68,
    elsewhere: 2.07,
    oneself: 0.52,
    work: -0.27,
    opinion: -4.13,
    covered: 0.0,
    points: -11.73,
};

/// With closeness by words.
const BY_WORDS: Weights = Weights {
    bias: 0.2,
    closeness: -2.5,
    elsewhere: 3.1,
    oneself: 1.7,
    work: -2.0,
    opinion: 0.0,
    covered: -2.0,
    points: 0.0,
};

/// What speaks for another topic.
pub(super) struct Clues {
    /// The logarithm of the odds that the answer is about something else.
    pub(super) log_odds: f64,
    /// The words that say so, with the sentences around them.
    pub(super) evidence: Vec<Evidence>,
}

/// Weighs the clues of an answer that is so close to what was asked, by the meaning of embeddings or by words.
pub(super) fn clues(content: &Content<'_>, closeness: f64, by_meaning: bool) -> Clues {
    let semantics = content.semantics;
    let weights = match (by_meaning, semantics.glossed) {
        (true, _) => &WITH_MEANING,
        (false, true) => &WITH_GLOSS,
        (false, false) => &BY_WORDS,
    };
    let covered = content.findings.iter().any(points::Finding::covered);
    let meaning: f64 = content.findings.iter().map(|finding| finding.measures.meaning).sum();
    let list = semantics.lexicons.list(semantics.language, "topic");
    let units = &semantics.phrased.units;
    let elsewhere = not_asked(content, list);
    let evidence = elsewhere.iter().filter_map(|found| content.evidence("", &found.units)).collect();
    let often = |phrases: &Phrases| different(&phrases.find(units), units);
    let per_twenty = |count: usize| {
        (count as f64 * REFERENCE_WORDS / (content.word_count as f64).max(REFERENCE_WORDS)).ln_1p()
    };
    let oneself = often(&phrases_of(&[(list, &["self"])]));
    let log_odds = weights.bias
        + if covered { weights.covered } else { 0.0 }
        + weights.points * meaning / content.findings.len().max(1) as f64
        + weights.closeness * closeness
        + weights.opinion * points::opinion(semantics)
        + weights.elsewhere * per_twenty(different(&elsewhere, units))
        + weights.oneself * per_twenty(oneself)
        + weights.work * per_twenty(often(&work(content, list)));
    // Without a word of something else a distant meaning alone must be clearer, more so where the answer tells of
    // dealing with somebody.
    let worded = !elsewhere.is_empty() || oneself > 0;
    let doubt = if often(&phrases_of(&[(list, &["dealing", "others"])])) > 0 { DOUBT.1 } else { DOUBT.0 };
    let log_odds = if by_meaning && !worded && log_odds <= doubt { log_odds.min(IN_DOUBT) } else { log_odds };
    Clues { log_odds, evidence }
}

/// Words of another topic whose side the question, its rubric and the title of the position do not touch, and that the
/// answer does not say of somebody it deals with.
fn not_asked(content: &Content<'_>, list: &Lexicon) -> Vec<PhraseMatch> {
    let mut sides = Phrases::by_stem();
    let mut names = Vec::new();
    for (side, entry) in ELSEWHERE.iter().flat_map(|section| list.entries(section)).enumerate() {
        names.push(entry.term.as_str());
        sides.add(&entry.term, side);
        entry.synonyms.iter().for_each(|word| sides.add(word, side));
    }
    // Words of a question that make a side its matter: a loan is about money.
    let mut matters = Phrases::by_stem();
    for entry in list.entries("matters") {
        let Some(side) = names.iter().position(|name| *name == entry.term) else { continue };
        entry.synonyms.iter().for_each(|word| matters.add(word, side));
    }
    let references = relevance::references(content.semantics);
    let touched =
        |passage: &&Passage| [sides.groups(&passage.units), matters.groups(&passage.units)].concat();
    let asked: BTreeSet<usize> = references.iter().flat_map(touched).collect();
    let units = &content.semantics.phrased.units;
    let of_others = of_others(units, list);
    let mut found = sides.find(units);
    // "save" is not "savings", and a date is not dating, though their stems are the same.
    let alike: Vec<Range<usize>> =
        list.phrases(&["false friends"]).find(units).into_iter().map(|found| found.units).collect();
    found.retain(|found| {
        !asked.contains(&found.group) && !of_others[found.units.start] && !alike.contains(&found.units)
    });
    found
}

/// For every word whether it is said of somebody the speaker deals with ("her cat"): the nearest word before it that
/// tells of somebody tells of another, not of the speaker.
fn of_others(units: &[Unit], list: &Lexicon) -> Vec<bool> {
    let mut people: Vec<Option<bool>> = vec![None; units.len()];
    for found in list.phrases(&["own", "others"]).find(units) {
        people[found.units.end - 1] = Some(found.group == 1);
    }
    let mut nearest: Option<(usize, bool)> = None;
    let mut of_others = Vec::with_capacity(units.len());
    for (place, person) in people.into_iter().enumerate() {
        nearest = person.map_or(nearest, |other| Some((place, other)));
        of_others.push(nearest.is_some_and(|(person, other)| other && place - person <= REACH));
    }
    of_others
}

/// Words of work in general, of doing something and of dealing with somebody.
fn work(content: &Content<'_>, topic: &Lexicon) -> Phrases {
    let list = |name: &str| content.semantics.lexicons.list(content.semantics.language, name);
    let (behaviour, structure, connectives) = (list("behaviour"), list("structure"), list("connectives"));
    let scenes: Vec<&str> = behaviour.sections().filter(|section| *section != lexicon::MAIN).collect();
    phrases_of(&[
        (topic, &["dealing", "attitude"]),
        (structure, &["action"]),
        (connectives, &["sequence"]),
        (behaviour, &scenes),
    ])
}

fn phrases_of(lists: &[(&Lexicon, &[&str])]) -> Phrases {
    let mut phrases = Phrases::by_stem();
    for (list, sections) in lists {
        for entry in sections.iter().flat_map(|section| list.entries(section)) {
            phrases.add(&entry.term, 0);
            entry.synonyms.iter().for_each(|word| phrases.add(word, 0));
        }
    }
    phrases
}

/// How many different words or phrases were found.
fn different(found: &[PhraseMatch], units: &[Unit]) -> usize {
    let words: BTreeSet<Vec<&str>> = found
        .iter()
        .map(|found| units[found.units.clone()].iter().map(|unit| unit.stem.as_str()).collect())
        .collect();
    words.len()
}
