//! Concrete cases (R16): amounts, times, names, the speaker's own past.
//!
//! Letter case counts only where capitals are the exception and no sentence begins; everything else is told by words.
//! What is only imagined ("if I was …") or denied is no case.

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::Language;
use interview_schemas::features::{Evidence, NotAssessed};

use super::claims::{Claimed, Claims, Text};
use super::{Content, Measured, quote, sentence_evidence};
use crate::perception::semantics::Passage;
use crate::text::units::{jieba, words};
use crate::text::{Phrases, Unit, lexicon};

/// Kinds of details that stand for themselves, as sections of the word list.
const DETAILS: [&str; 3] = ["time", "place", "organisation"];

/// Details per hundred words, and share of narrating sentences, that make an answer fully concrete.
const FULL_DETAILS: f64 = 6.0;
const FULL_NARRATIVE: f64 = 0.4;

/// Units from who tells to the verb: "I then quickly called", 我马上又给他打了.
const TOLD: (usize, usize) = (3, 8);

/// Units before something told in which it can be told as imagined: "if I had", 如果我先查了.
const IMAGINED: (usize, usize) = (2, 8);

/// Places of details among the cleaned words: figures, amounts, names and words of the list; neighbours make one detail
/// ("three weeks ago").
fn details(content: &Content<'_>, text: &Text<'_>) -> Vec<Range<usize>> {
    let mut detail = vec![false; text.units.len()];
    for (index, unit) in text.units.iter().enumerate() {
        detail[index] = !unit.han && unit.text.chars().any(char::is_numeric);
    }
    for found in content.phrases("concreteness", &DETAILS) {
        detail[found.units].fill(true);
    }
    for place in amounts(content, &text.units).into_iter().chain(names(content, text)) {
        detail[place].fill(true);
    }
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for index in (0..detail.len()).filter(|index| detail[*index]) {
        match ranges.last_mut() {
            Some(last) if last.end == index => last.end += 1,
            _ => ranges.push(index..index + 1),
        }
    }
    ranges
}

/// Numbers in words with what they count: "two hours", "five hundred questions", 三台, but not "two or three things".
fn amounts(content: &Content<'_>, units: &[Unit]) -> Vec<Range<usize>> {
    let list = content.list("concreteness");
    let (numbers, counted) = (list.phrases(&["number"]), list.phrases(&["unit"]));
    let uncounted = [list.phrases(&["uncounted"]), content.list("stopwords").phrases(&[lexicon::MAIN])];
    let begins = |phrases: &Phrases, at: usize| {
        let window = units.get(at..units.len().min(at + 4)).unwrap_or_default();
        phrases.find(window).first().filter(|it| it.units.start == 0).map(|it| at + it.units.end)
    };
    let mandarin = content.semantics.language == Language::Zh;
    let mut found = Vec::new();
    let mut at = 0;
    while at < units.len() {
        let start = at;
        while let Some(end) = begins(&numbers, at) {
            at = end;
        }
        if at == start {
            at += 1;
            continue;
        }
        let figure =
            start.checked_sub(1).is_some_and(|before| units[before].text.ends_with(char::is_numeric));
        if figure || begins(&counted, at).is_some() || !mandarin && counts(units, start, at, &uncounted) {
            found.push(start..begins(&counted, at).unwrap_or(at));
        }
    }
    found
}

/// Whether an English number counts something: a word follows that is none of the list `uncounted`.
fn counts(units: &[Unit], start: usize, end: usize, uncounted: &[Phrases]) -> bool {
    let or = start.checked_sub(1).is_some_and(|before| units[before].text == "or");
    let next = units.get(end..units.len().min(end + 2)).unwrap_or_default();
    let begins = |phrases: &Phrases| phrases.find(next).first().is_some_and(|it| it.units.start == 0);
    !or && !next.is_empty() && !uncounted.iter().any(begins)
}

/// Names: in English words with a capital where none is needed; in Mandarin what the dictionary knows as an organisation,
/// or as a place after a word of direction, persons by surname and title, and Latin words with a capital.
fn names(content: &Content<'_>, text: &Text<'_>) -> Vec<Range<usize>> {
    if content.semantics.language == Language::Zh {
        mandarin_names(content, text)
    } else {
        english_names(content, text)
    }
}

fn english_names(content: &Content<'_>, text: &Text<'_>) -> Vec<Range<usize>> {
    if !text.is_cased() {
        return Vec::new();
    }
    let known: BTreeSet<&str> =
        content.list("stopwords").entries(lexicon::MAIN).iter().map(|entry| entry.term.as_str()).collect();
    let name = |&unit: &usize| {
        let written = text.written(unit);
        let before = text.gap(unit);
        let quoted = before.contains(['"', '“', '”', ':', '\'', '‘', '(', '-', '•']);
        written.starts_with(char::is_uppercase)
            && written.chars().count() > 1
            && text.clause(unit).start != unit
            && !quoted
            && !written.starts_with("I'")
            && !written.starts_with("I’")
            && !known.contains(text.units[unit].text.as_str())
    };
    (0..text.units.len()).filter(name).map(|unit| unit..unit + 1).collect()
}

fn mandarin_names(content: &Content<'_>, text: &Text<'_>) -> Vec<Range<usize>> {
    let list = content.list("concreteness");
    let titles = list.phrases(&["title"]);
    let words = |section: &str| -> BTreeSet<&str> {
        list.entries(section).iter().map(|entry| entry.term.as_str()).collect()
    };
    let (surnames, toward, no_names) = (words("surname"), words("toward"), words("no_names"));
    let mut before: Option<String> = None;
    let mut found = Vec::new();
    for range in han_words(&text.units) {
        let word = Passage::new(text.units[range.clone()].to_vec()).plain();
        let written = text.written(range.start);
        let latin = !text.units[range.start].han && written.chars().any(char::is_uppercase);
        let kind =
            if range.len() > 1 && !no_names.contains(word.as_str()) { tag(&word) } else { String::new() };
        // The dictionary calls many common words places, so one has to be gone to or come from.
        let tagged = kind == "nt" || kind == "ns" && before.is_some_and(|it| toward.contains(it.as_str()));
        if latin && written.chars().count() > 1 || tagged {
            found.push(range);
        }
        before = Some(word);
    }
    for title in titles.find(&text.units) {
        let surname =
            title.units.start.checked_sub(1).filter(|it| surnames.contains(text.units[*it].text.as_str()));
        found.extend(surname.map(|surname| surname..title.units.end));
    }
    found
}

/// The words of a text as ranges of units.
fn han_words(units: &[Unit]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (index, unit) in units.iter().enumerate() {
        match ranges.last_mut() {
            Some(last) if unit.han && !unit.starts_word => last.end = index + 1,
            _ => ranges.push(index..index + 1),
        }
    }
    ranges
}

/// The kind of a Chinese word in jieba's dictionary.
fn tag(word: &str) -> String {
    jieba().tag(word, false).first().map(|tag| tag.tag.to_owned()).unwrap_or_default()
}

/// What the speaker reports of his own past: phrases of the list and verbs in a form of the past.
fn told(content: &Content<'_>, text: &Text<'_>) -> Vec<Claimed> {
    let imagined = content.list("concreteness").phrases(&["imagined"]);
    let nothing = content.list("concreteness").phrases(&["nothing"]);
    let mandarin = content.semantics.language == Language::Zh;
    let reach = if mandarin { IMAGINED.1 } else { IMAGINED.0 };
    let claims = Claims::new(content.semantics.language, &content.semantics.lexicons);
    let place = |found: &Claimed| {
        let start = text.units.partition_point(|unit| unit.span.end <= found.span.start);
        start..text.units.partition_point(|unit| unit.span.start < found.span.end).max(start)
    };
    let real = |found: &Claimed| {
        let place = place(found);
        let from = text.clause(place.start).start.max(place.start.saturating_sub(reach));
        imagined.find(text.units.get(from..place.end).unwrap_or_default()).is_empty()
            && nothing.find(text.units.get(place.end..place.end + 1).unwrap_or_default()).is_empty()
            && !claims.denies_before(text, &place)
    };
    let phrases = content.claimed("concreteness", &["narrative"]);
    let mut told: Vec<Claimed> = phrases.into_iter().filter(|found| real(found)).collect();
    let verbs = if mandarin { mandarin_past(content, text) } else { english_past(content, text) };
    for range in verbs {
        let span = text.units[range.start].span.start..text.units[range.end - 1].span.end;
        let found = Claimed { span, group: 0, plain: Passage::new(text.units[range].to_vec()).plain() };
        let known = told.iter().any(|it| it.span.start < found.span.end && found.span.start < it.span.end);
        if !known && real(&found) {
            told.push(found);
        }
    }
    told.sort_by_key(|found| found.span.start);
    told
}

/// "I then replaced", "we've rebuilt": the first person, adverbs, a verb in the past.
fn english_past(content: &Content<'_>, text: &Text<'_>) -> Vec<Range<usize>> {
    let list = content.list("concreteness");
    let words = |section: &str| -> BTreeSet<&str> {
        list.entries(section).iter().map(|entry| entry.term.as_str()).collect()
    };
    let (first, between, past, other) =
        (words("first_person"), words("between"), words("past"), words("no_past"));
    let units = &text.units;
    let is_past = |word: &str| {
        past.contains(word)
            || word.len() > 4 && word.ends_with("ed") && !word.ends_with("eed") && !other.contains(word)
    };
    let verb = |start: usize| {
        let near = (start + 1..units.len().min(start + 1 + TOLD.0)).map(|at| (at, units[at].text.as_str()));
        for (at, word) in near {
            if is_past(word) {
                return Some(start..at + 1);
            }
            if !(between.contains(word) || word.ends_with("ly")) {
                return None;
            }
        }
        None
    };
    (0..units.len()).filter(|at| first.contains(units[*at].text.as_str())).filter_map(verb).collect()
}

/// 我查了, 我们去过: the first person, then a verb with 了 or 过; also further verbs that follow without somebody else.
fn mandarin_past(content: &Content<'_>, text: &Text<'_>) -> Vec<Range<usize>> {
    let list = content.list("concreteness");
    let others: BTreeSet<&str> = list.entries("others").iter().map(|entry| entry.term.as_str()).collect();
    let ranges = han_words(&text.units);
    let names = words(&text.units);
    let not_past: BTreeSet<&str> = list.entries("no_past").iter().map(|entry| entry.term.as_str()).collect();
    let mut speaker: Option<usize> = None;
    let mut found = Vec::new();
    for (index, (range, word)) in ranges.iter().zip(&names).enumerate() {
        if matches!(word.as_str(), "我" | "我们" | "咱们" | "咱" | "俺") {
            speaker = Some(range.start);
            continue;
        }
        let verb = match word.as_str() {
            "了" | "过" => index.checked_sub(1).map(|before| names[before].clone()),
            other if !not_past.contains(other) => other.strip_suffix(['了', '过']).map(str::to_owned),
            _ => None,
        };
        let Some(verb) = verb.filter(|verb| is_verb(verb) && !not_past.contains(verb.as_str())) else {
            continue;
        };
        let near = speaker.is_some_and(|start| range.start - start <= TOLD.1);
        let own = matches!(word.as_str(), "了" | "过");
        let before = index.checked_sub(if own { 2 } else { 1 }).map(|before| names[before].as_str());
        let other = before.is_some_and(|before| others.contains(before));
        if near && !other {
            let length = verb.chars().count();
            found.push(range.end.saturating_sub(1 + length)..range.end);
            speaker = Some(range.end);
        }
    }
    found
}

/// Whether a Chinese word is a verb, alone or with what follows from it ("修好").
fn is_verb(word: &str) -> bool {
    word.chars().all(crate::text::normalise::is_han) && tag(word).starts_with('v')
}

/// Reports per twenty words, at most 1: independent of where sentences end.
fn narrative_density(content: &Content<'_>, told: &[Claimed]) -> Result<f64, NotAssessed> {
    Ok((content.per_hundred_words(told.len())? / 5.0).min(1.0))
}

/// The words in which phrases are looked for.
fn text<'a>(content: &'a Content<'_>) -> Text<'a> {
    let semantics = content.semantics;
    Text::new(semantics.language, &semantics.text, semantics.phrased.units.clone())
}

/// `content.concrete_details`.
pub(super) fn concrete_details(content: &Content<'_>) -> Measured {
    let details = details(content, &text(content));
    let value = content.per_hundred_words(details.len())?;
    let evidence = details.iter().filter_map(|place| content.evidence("", place)).collect();
    Ok((value, 0.7 * content.confidence, evidence))
}

/// `content.narrative`.
pub(super) fn narrative(content: &Content<'_>) -> Measured {
    let told = told(content, &text(content));
    let value = narrative_density(content, &told)?;
    let mut seen = BTreeSet::new();
    let sentences = told.iter().filter_map(|found| content.sentence_of(found));
    let sentences = sentences.filter(|sentence| seen.insert(sentence.units.start));
    Ok((value, 0.6 * content.confidence, sentences.map(quote).collect()))
}

/// `content.concreteness`: details and narration in one number.
pub(super) fn concreteness(content: &Content<'_>) -> Measured {
    let text = text(content);
    let details = details(content, &text);
    let told = told(content, &text);
    let density = (content.per_hundred_words(details.len())? / FULL_DETAILS).min(1.0);
    let narrative = (narrative_density(content, &told)? / FULL_NARRATIVE).min(1.0);
    let mut evidence: Vec<Evidence> =
        details.iter().filter_map(|place| content.evidence("", place)).collect();
    let reports = told.iter().filter_map(|found| {
        Some(sentence_evidence(&format!("{}: ", found.plain), content.sentence_of(found)?))
    });
    evidence.extend(reports);
    Ok((0.5 * density + 0.5 * narrative, 0.6 * content.confidence, evidence))
}
