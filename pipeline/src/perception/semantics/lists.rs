//! Lists of keywords inside an answer: they name things and tell nothing, so they prove no point.
//!
//! A list beside honest sentences must not borrow their function words, so it is looked for word by word: long runs without
//! any function word, runs tied together by nothing but "of", "and", "的", "和", and several short items between marks.
//! Numbered steps ("1. Switch off the machine") are no such list: a number that opens a step counts as a function word.

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::Language;

use super::chunks::Cleaned;
use crate::text::{Lexicon, Unit};

/// What makes a list in one language, in units: English words, Chinese characters.
struct Limits {
    /// A run of content words of this length is a list. Measured on the labelled answers: lists from 10 and 12 on, one
    /// honest answer in fifty has such a run.
    run: usize,
    /// A run of content words and connectors of this length …
    chain: usize,
    /// … is a list when so large a share of it connects.
    connecting: f64,
    /// Longest item of a list between marks.
    item: usize,
    /// Shortest step behind a number.
    step: usize,
}

const ENGLISH: Limits = Limits { run: 6, chain: 10, connecting: 0.2, item: 2, step: 2 };
const MANDARIN: Limits = Limits { run: 20, chain: 12, connecting: 0.2, item: 2, step: 3 };

/// So many short items between marks, one after another, are a list.
const ITEMS: usize = 4;

/// Fewer connectors make no chain: honest answers have up to four in a row ("the paper invoices for the whole of May and …").
const CONNECTORS: usize = 5;

/// Larger numbers open no step.
const STEPS: u32 = 50;

/// Marks between the items of a list.
fn divides(c: char) -> bool {
    matches!(c, ',' | '，' | '、' | ';' | '；' | '/' | '|' | '.' | '。' | '·' | '•' | '\n' | '-' | '–' | '*')
}

/// Marks the words of lists as saying nothing, and the numbers of steps as function words. `units` are the words of
/// `text` as said, in which every cleaned word has its place. Which words connect stands in the list `stopwords`.
pub(super) fn mark(language: Language, list: &Lexicon, text: &str, units: &[Unit], words: &mut [Cleaned]) {
    let limits = if language == Language::Zh { &MANDARIN } else { &ENGLISH };
    let gap = |before: &Cleaned, after: &Cleaned| -> &str {
        let (from, to) = (units[before.place].span.end, units[after.place].span.start);
        text.get(from..to).unwrap_or_default()
    };
    let steps = steps(limits, text, units, words);
    for &step in &steps {
        words[step].function = true;
    }
    let terms = |section: &str| -> BTreeSet<&str> {
        list.entries(section).iter().map(|entry| entry.term.as_str()).collect()
    };
    let (connectors, articles) = (terms("connectors"), terms("articles"));
    let connects = |word: &Cleaned| connectors.contains(word.unit.text.as_str());
    let nominal =
        |word: &Cleaned| !word.function || connects(word) || articles.contains(word.unit.text.as_str());
    let mut listed = runs(words, |word| !word.function);
    listed.retain(|run| run.len() >= limits.run);
    listed.extend(runs(words, nominal).into_iter().filter(|run| {
        let connecting = words[run.clone()].iter().filter(|word| connects(word)).count();
        run.len() >= limits.chain
            && connecting >= CONNECTORS
            && connecting as f64 >= limits.connecting * run.len() as f64
    }));
    for run in runs(words, |word| !word.function) {
        let items = items(limits, &words[run.clone()], gap);
        listed.extend(items.iter().map(|item| run.start + item.start..run.start + item.end));
    }
    for range in listed {
        words[range].iter_mut().for_each(|word| word.denied = true);
    }
}

/// The longest runs of words of one sort.
fn runs(words: &[Cleaned], wanted: impl Fn(&Cleaned) -> bool) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for (index, word) in words.iter().enumerate() {
        if !wanted(word) {
            runs.push(start..index);
            start = index + 1;
        }
    }
    runs.push(start..words.len());
    runs.retain(|run| !run.is_empty());
    runs
}

/// At least [`ITEMS`] short items in a row between marks, in words without function words.
fn items<'a>(
    limits: &Limits,
    words: &'a [Cleaned],
    gap: impl Fn(&Cleaned, &Cleaned) -> &'a str + Copy,
) -> Vec<Range<usize>> {
    let mut cuts = vec![0];
    cuts.extend((1..words.len()).filter(|&index| gap(&words[index - 1], &words[index]).contains(divides)));
    cuts.push(words.len());
    let mut lists = Vec::new();
    let mut list = 0..0;
    let mut count = 0;
    for pair in cuts.windows(2) {
        if pair[1] - pair[0] <= limits.item {
            list = if count == 0 { pair[0]..pair[1] } else { list.start..pair[1] };
            count += 1;
            continue;
        }
        if count >= ITEMS {
            lists.push(list.clone());
        }
        count = 0;
    }
    if count >= ITEMS {
        lists.push(list);
    }
    lists
}

/// Numbers that open a step of some words: "1. Switch off the machine", "2、清点现金". One number alone opens nothing.
fn steps(limits: &Limits, text: &str, units: &[Unit], words: &[Cleaned]) -> Vec<usize> {
    let opens = |index: &usize| {
        let unit = &units[words[*index].place];
        let number = unit.text.parse().is_ok_and(|number: u32| (1..=STEPS).contains(&number));
        let before = text[..unit.span.start].trim_end_matches([' ', '\t', '(', '（']).chars().next_back();
        let after = text[unit.span.end..].trim_start_matches(' ').chars().next();
        number
            && before.is_none_or(|c| matches!(c, '\n' | '.' | '。' | ';' | '；' | ',' | '，'))
            && after.is_some_and(|c| matches!(c, '.' | '、' | ')' | '）' | ':' | '：' | '．'))
    };
    let numbers: Vec<usize> = (0..words.len()).filter(opens).collect();
    let ends = numbers.iter().skip(1).copied().chain([words.len()]);
    let long =
        numbers.iter().zip(ends).filter(|(start, end)| end - *start > limits.step).map(|(start, _)| *start);
    let long: Vec<usize> = long.collect();
    if long.len() >= 2 && long.len() == numbers.len() { long } else { Vec::new() }
}
