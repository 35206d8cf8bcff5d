//! Sentences of a transcript by Unicode's rules (UAX #29), with times; where there is no punctuation, by pauses.

use std::collections::BTreeSet;
use std::ops::Range;

use icu_segmenter::SentenceSegmenter;
use interview_schemas::Language;

use super::source::{SENTENCE_PAUSE_S, Source, is_clause_end, is_punctuated, is_sentence_end};
use crate::text::{Lexicons, Unit, markup, units};

/// Sentences with more units are divided at a pause or clause mark: 40 English words, 60 Chinese characters.
const LONGEST: (usize, usize) = (40, 60);

/// Longest abbreviation, in bytes.
const LONGEST_ABBREVIATION: usize = 8;

/// One sentence of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// The sentence as said or typed.
    pub text: String,
    /// Start in seconds; 0 for typed text.
    pub start_s: f64,
    /// End in seconds; 0 for typed text.
    pub end_s: f64,
    /// Mean confidence of its words, 0–1.
    pub confidence: f64,
    /// It ends with a mark that ends a sentence.
    pub closed: bool,
    /// It ends with a question mark.
    pub question: bool,
    /// Its place among the units of the answer.
    pub units: Range<usize>,
}

/// The sentences of a text and all its units, those of markup and formulas left out. Every unit belongs to exactly one sentence, and no sentence is
/// without units.
pub(super) fn split(source: &Source, lexicons: &Lexicons) -> (Vec<Sentence>, Vec<Unit>) {
    let text = source.text.as_str();
    let mut units = units(text);
    let markup = markup::spans(text);
    units.retain(|unit| {
        let next = markup.partition_point(|span| span.end <= unit.span.start);
        markup.get(next).is_none_or(|span| span.start >= unit.span.end)
    });
    let mut cuts: Vec<usize> = SentenceSegmenter::new(Default::default()).segment_str(text).collect();
    let abbreviations = lexicons.list(Language::En, "abbreviations");
    let words =
        |section: &str| abbreviations.entries(section).iter().map(|entry| entry.term.as_str()).collect();
    let (titles, numbers): (BTreeSet<&str>, BTreeSet<&str>) = (words("titles"), words("numbers"));
    cuts.retain(|&cut| !continues(text, cut, &titles, &numbers));
    if !is_punctuated(text) {
        cuts.extend(long_pauses(source, &units));
        cuts.sort_unstable();
        cuts.dedup();
    }
    let mut sentences = Vec::new();
    for pair in cuts.windows(2) {
        let first = units.partition_point(|unit| unit.span.start < pair[0]);
        let last = units.partition_point(|unit| unit.span.start < pair[1]);
        for range in divide(source, &units, first..last) {
            let start = with_stop(text, units[range.start].span.start);
            // Up to the next unit, so that the closing marks belong to the sentence.
            let limit = units.get(range.end).map_or(text.len(), |next| next.span.start).min(pair[1]);
            sentences.push(sentence(source, start..limit.max(units[range.end - 1].span.end), range));
        }
    }
    (sentences, units)
}

/// Whether the full stop before a cut ends no sentence: that of "Dr. Smith", "No. 5" and ".NET".
fn continues(text: &str, cut: usize, titles: &BTreeSet<&str>, numbers: &BTreeSet<&str>) -> bool {
    let (before, after) = text.split_at(cut);
    let Some(before_stop) = before.trim_end_matches(char::is_whitespace).strip_suffix('.') else {
        return false;
    };
    let next = after.chars().next();
    // A word that begins with a full stop.
    if !before.ends_with(char::is_whitespace)
        && before_stop.chars().next_back().is_none_or(char::is_whitespace)
    {
        return next.is_some_and(char::is_alphanumeric);
    }
    let start = before_stop
        .rfind(|c: char| !c.is_alphanumeric())
        .map_or(0, |at| at + before_stop[at..].chars().next().map_or(0, char::len_utf8));
    let word = &before_stop[start..];
    if word.len() > LONGEST_ABBREVIATION {
        return false;
    }
    let lower = word.to_lowercase();
    titles.contains(lower.as_str()) && next.is_some()
        || numbers.contains(lower.as_str()) && next.is_some_and(char::is_numeric)
}

/// Where a word begins with its full stop, as ".NET" does.
fn with_stop(text: &str, start: usize) -> usize {
    let stop = text[..start].strip_suffix('.');
    let begins = stop.is_some_and(|before| before.chars().next_back().is_none_or(char::is_whitespace));
    if begins { start - 1 } else { start }
}

fn sentence(source: &Source, span: Range<usize>, units: Range<usize>) -> Sentence {
    let text = source.text[span.clone()].trim_end();
    let (start_s, end_s, confidence) = source.times(span.start, span.start + text.len());
    let last = text.trim_end_matches(['"', '\'', ')', '”', '’', '）', '」']).chars().last();
    Sentence {
        text: text.to_owned(),
        start_s,
        end_s,
        confidence,
        closed: last.is_some_and(is_sentence_end),
        question: matches!(last, Some('?' | '？')),
        units,
    }
}

/// Beginnings of the units that follow a long pause.
fn long_pauses(source: &Source, units: &[Unit]) -> Vec<usize> {
    let pause = |pair: &[Unit]| pause_s(source, &pair[0], &pair[1]);
    units.windows(2).filter(|pair| pause(pair) >= SENTENCE_PAUSE_S).map(|pair| pair[1].span.start).collect()
}

/// The silence between two units in seconds.
fn pause_s(source: &Source, before: &Unit, after: &Unit) -> f64 {
    let (_, end_s, _) = source.times(before.span.start, before.span.end);
    let (start_s, _, _) = source.times(after.span.start, after.span.end);
    (start_s - end_s).max(0.0)
}

/// Divides a sentence that is too long, at its clause marks and pauses, nearest to the middle first.
fn divide(source: &Source, units: &[Unit], range: Range<usize>) -> Vec<Range<usize>> {
    if range.is_empty() {
        return Vec::new();
    }
    let han = units[range.clone()].iter().filter(|unit| unit.han).count();
    let longest = if han * 2 > range.len() { LONGEST.1 } else { LONGEST.0 };
    let mut done = Vec::new();
    let mut open = vec![range];
    while let Some(range) = open.pop() {
        let cut = if range.len() > longest { best_cut(source, units, &range) } else { None };
        match cut {
            Some(cut) => {
                open.push(cut..range.end);
                open.push(range.start..cut);
            }
            None => done.push(range),
        }
    }
    done
}

/// The unit before which a long sentence is best divided: in its middle half at a clause mark or a pause, near the
/// middle; without those in the middle itself, at a word.
fn best_cut(source: &Source, units: &[Unit], range: &Range<usize>) -> Option<usize> {
    let middle = range.start + range.len() / 2;
    let quarter = range.len() / 4;
    let value = |cut: usize| {
        let (before, after) = (&units[cut - 1], &units[cut]);
        let mark = source.text[before.span.end..after.span.start].chars().any(is_clause_end);
        let pause = pause_s(source, before, after);
        let gain = if mark { 1.0 } else { 0.0 } + pause.min(2.0);
        let distance = cut.abs_diff(middle) as f64 / range.len() as f64;
        if after.starts_word { gain - distance } else { f64::MIN }
    };
    (range.start + quarter.max(1)..range.end - quarter)
        .map(|cut| (value(cut), cut))
        .filter(|(value, _)| *value > f64::MIN)
        .max_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(&left.1)))
        .map(|(_, cut)| cut)
}
