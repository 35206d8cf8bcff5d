//! The position's requirements against what was said and against the résumé (R15).

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::Language;
use interview_schemas::features::{Evidence, NotAssessed};
use interview_schemas::job::Requirement;

use super::claims::{Claims, Text};
use super::{Content, MOST_EVIDENCE, Measured, sentence_evidence, shorten};
use crate::perception::semantics::{Cleaner, TYPED, Wanted};
use crate::text::{Lexicons, Phrases, Unit, language_of, units};

/// Words around a hit that are quoted from the résumé.
const QUOTED_AROUND: usize = 6;

/// Units by which the words of a requirement may be spread ("managed two big projects" for "project management").
const SPREAD: usize = 2;

/// Fewest bytes of a name that may be written joined or apart.
const SHORTEST_JOINED: usize = 5;

/// Letters up to which a name for something else is an acronym and written in capitals: "AI".
const LONGEST_ACRONYM: usize = 3;

/// `content.requirement_coverage`. A skill that is denied ("I have never used Docker") is no hit.
pub(super) fn coverage(content: &Content<'_>) -> Measured {
    let semantics = content.semantics;
    let typed = content.context.perception.transcript.as_ref().is_some_and(|it| it.model == TYPED);
    let finder = Finder::new(semantics.language, &semantics.lexicons, typed);
    let said = Text::new(semantics.language, &semantics.text, semantics.said.clone());
    let united = Text::new(semantics.language, &semantics.text, semantics.phrased.units.clone());
    let find = |wanted: &Wanted| {
        let (mark, place) = finder.find(wanted, &said, &united)?;
        let first = semantics.units.partition_point(|unit| unit.span.end <= place.start);
        let last = semantics.units.partition_point(|unit| unit.span.start < place.end);
        Some((mark, sentence_evidence("", semantics.sentence_at(&(first..last))?)))
    };
    compare(content, find)
}

/// `content.resume_coverage`.
pub(super) fn resume_coverage(content: &Content<'_>) -> Measured {
    let resume = content.context.job.candidate.resume.as_deref().ok_or(NotAssessed::NoReference)?;
    let all = units(resume);
    if all.is_empty() {
        return Err(NotAssessed::NoReference);
    }
    let (language, lexicons) = (language_of(resume), &content.semantics.lexicons);
    let finder = Finder::new(language, lexicons, true);
    let united = Text::new(language, resume, Cleaner::new(language, lexicons).passage(resume).units);
    let written = Text::new(language, resume, all);
    compare(content, |wanted| {
        let (mark, place) = finder.find(wanted, &written, &united)?;
        let quote = written.quote(&place, QUOTED_AROUND);
        Some((mark, Evidence::new(0.0, 0.0, format!("…{}…", shorten(&quote)))))
    })
}

/// The share of the requirements that are found, with one line of evidence each: missing ones of the musts first.
fn compare(content: &Content<'_>, find: impl Fn(&Wanted) -> Option<(char, Evidence)>) -> Measured {
    let requirements = &content.context.job.position.requirements;
    if requirements.is_empty() {
        return Err(NotAssessed::NoReference);
    }
    let mut hits = 0;
    let mut lines: Vec<(bool, Evidence)> = Vec::new();
    for (requirement, wanted) in requirements.iter().zip(&content.semantics.requirements) {
        let found = find(wanted);
        hits += u32::from(found.is_some());
        lines.push((found.is_none() && requirement.must, line(requirement, found)));
    }
    if lines.len() > MOST_EVIDENCE {
        lines.sort_by_key(|(missing_must, _)| !missing_must);
    }
    let evidence = lines.into_iter().map(|(_, line)| line).collect();
    Ok((f64::from(hits) / requirements.len() as f64, 0.9 * content.confidence, evidence))
}

/// ✓ in its own words, ≈ through another word, ✗ not mentioned.
fn line(requirement: &Requirement, found: Option<(char, Evidence)>) -> Evidence {
    let name = shorten(&requirement.text);
    match found {
        Some((mark, Evidence { start_s, end_s, text })) => {
            Evidence { start_s, end_s, text: format!("{mark} {name}: {text}") }
        }
        None => Evidence::new(0.0, 0.0, format!("✗ {name}")),
    }
}

/// Finds requirements in texts of one language.
struct Finder {
    /// Whether capitals were set by whoever wrote the text.
    typed: bool,
    claims: Claims,
    names: BTreeSet<String>,
    strict_names: BTreeSet<String>,
    /// Names that are so common as words that only what follows tells them.
    pronouns: BTreeSet<String>,
    other_names: BTreeSet<String>,
    after_strict_names: BTreeSet<String>,
    after_names: BTreeSet<String>,
    before_names: Phrases,
    before_strict_names: Phrases,
}

impl Finder {
    fn new(language: Language, lexicons: &Lexicons, typed: bool) -> Self {
        let list = lexicons.list(language, "claims");
        let words = |section: &str| list.entries(section).iter().map(|entry| entry.term.clone()).collect();
        Self {
            typed,
            claims: Claims::new(language, lexicons),
            names: words("names"),
            strict_names: words("strict_names"),
            pronouns: words("pronoun_names"),
            other_names: words("other_names"),
            after_strict_names: words("after_strict_names"),
            after_names: words("after_names"),
            before_names: list.phrases(&["before_names"]),
            before_strict_names: list.phrases(&["before_strict_names"]),
        }
    }

    /// How a requirement is claimed first, ✓ or ≈, and the bytes of the text that claim it.
    fn find(&self, wanted: &Wanted, text: &Text<'_>, united: &Text<'_>) -> Option<(char, Range<usize>)> {
        let bytes = |text: &Text<'_>, place: Range<usize>| {
            text.units[place.start].span.start..text.units[place.end - 1].span.end
        };
        if let Some(place) = self.first(wanted, &wanted.own, text) {
            return Some(('✓', bytes(text, place)));
        }
        let other = wanted.others.iter().find_map(|other| self.first(wanted, other, text));
        if let Some(place) = other {
            return Some(('≈', bytes(text, place)));
        }
        if wanted.own.len() < 2 {
            // Single words have their synonyms among the others.
            return None;
        }
        let place = self.first(wanted, &wanted.united, united).or_else(|| self.spread(&wanted.own, text));
        let place = place.map(|place| bytes(text, place));
        place.map(|place| ('≈', place))
    }

    /// The first place where a wording is claimed.
    fn first(&self, wanted: &Wanted, wording: &[Unit], text: &Text<'_>) -> Option<Range<usize>> {
        (0..text.units.len()).find_map(|start| {
            let place = start..start + self.length(wording, &text.units[start..])?;
            (self.is_meant(wanted, wording, text, &place) && !self.claims.denies(text, &place))
                .then_some(place)
        })
    }

    /// How many units a wording takes at the beginning of a text: its words one after another, English words by their
    /// stems, amounts as figures, names joined or apart ("SpringBoot").
    fn length(&self, wording: &[Unit], text: &[Unit]) -> Option<usize> {
        let name = matches!(wording, [one] if self.is_name(one));
        let same = |(said, asked): (&Unit, &Unit)| {
            if name {
                said.text == asked.text
            } else {
                said.stem == asked.stem || amount(said).is_some_and(|said| Some(said) == amount(asked))
            }
        };
        if wording.is_empty() {
            return None;
        }
        if text.get(..wording.len()).is_some_and(|window| window.iter().zip(wording).all(same)) {
            return Some(wording.len());
        }
        let joined = |units: &[Unit]| units.iter().map(|unit| unit.text.as_str()).collect::<String>();
        let asked = joined(wording);
        let latin = asked.len() >= SHORTEST_JOINED && wording.iter().all(|unit| !unit.han);
        let mut lengths = (1..=wording.len() + 1).filter(|length| *length != wording.len());
        lengths.find(|&length| latin && text.get(..length).is_some_and(|window| joined(window) == asked))
    }

    /// The words of an English requirement in any order and slightly apart: "managed two projects" for "project
    /// management".
    fn spread(&self, wording: &[Unit], text: &Text<'_>) -> Option<Range<usize>> {
        if wording.len() < 2 || wording.iter().any(|unit| unit.han) {
            return None;
        }
        let asks = |unit: &Unit| wording.iter().any(|asked| asked.stem == unit.stem);
        (0..text.units.len()).filter(|&start| asks(&text.units[start])).find_map(|start| {
            let end = text.clause(start).end.min(start + wording.len() + SPREAD);
            let window = &text.units[start..end];
            let all = wording.iter().all(|asked| window.iter().any(|unit| unit.stem == asked.stem));
            let last = window.iter().rposition(asks)?;
            let place = start..start + last + 1;
            (all && !self.claims.denies(text, &place)).then_some(place)
        })
    }

    /// Whether a word is a name that is a common word as well.
    fn is_name(&self, word: &Unit) -> bool {
        [&self.names, &self.strict_names, &self.pronouns].iter().any(|names| names.contains(&word.text))
    }

    /// Whether a word that is also a common one is meant as a name: "in Excel", but not "I excel".
    fn is_meant(&self, wanted: &Wanted, wording: &[Unit], text: &Text<'_>, place: &Range<usize>) -> bool {
        let own = *wording == *wanted.own;
        if own && wanted.dotted {
            return text.before(place.start) == Some('.');
        }
        match wording {
            [word] if self.is_name(word) => {
                let capitals = if own { wanted.capitals } else { word.text.len() <= LONGEST_ACRONYM };
                self.has_capital(capitals, text, place.start) || self.has_context(word, text, place.start)
            }
            _ => true,
        }
    }

    /// Whether capitals tell a name: where most words have none and no sentence begins.
    fn has_capital(&self, capitals: bool, text: &Text<'_>, place: usize) -> bool {
        let written = text.written(place);
        let letters = written.chars().filter(|c| c.is_alphabetic()).count();
        let upper = written.chars().next().is_some_and(char::is_uppercase);
        let all = !written.chars().any(char::is_lowercase);
        let begins = text.clause(place).start == place;
        self.typed && letters > 1 && upper && text.is_cased() && if capitals { all } else { !begins }
    }

    /// Whether the words around tell a name; of several names in a row those around all of them.
    fn has_context(&self, word: &Unit, text: &Text<'_>, place: usize) -> bool {
        let units = &text.units;
        let skips = |unit: &Unit| matches!(unit.text.as_str(), "and" | "or") || self.is_name(unit);
        let clause = text.clause(place);
        let first = units[clause.start..place].iter().rev().take_while(|unit| skips(unit)).count();
        let first = place - first;
        let last = place + 1 + units[place + 1..clause.end].iter().take_while(|unit| skips(unit)).count();
        let other = |unit: Option<&Unit>| unit.is_some_and(|unit| self.other_names.contains(&unit.text));
        if other(first.checked_sub(1).and_then(|before| units.get(before))) || other(units.get(last)) {
            return true;
        }
        let pronoun = self.pronouns.contains(&word.text);
        let strict = pronoun || self.strict_names.contains(&word.text);
        let after = if strict { &self.after_strict_names } else { &self.after_names };
        if units
            .get(place + 1..clause.end)
            .and_then(<[Unit]>::first)
            .is_some_and(|it| after.contains(&it.text))
        {
            return true;
        }
        let before = if strict { &self.before_strict_names } else { &self.before_names };
        let ends = |length: usize| {
            let window = first.checked_sub(length).map(|from| &units[from..first]);
            window.is_some_and(|it| before.find(it).first().is_some_and(|found| found.units == (0..length)))
        };
        !pronoun && (1..=3).any(ends)
    }
}

/// The value of an amount in figures or in a word.
fn amount(unit: &Unit) -> Option<u32> {
    const WORDS: [(&str, u32); 23] = [
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("twelve", 12),
        ("fifteen", 15),
        ("twenty", 20),
        ("一", 1),
        ("二", 2),
        ("两", 2),
        ("三", 3),
        ("四", 4),
        ("五", 5),
        ("六", 6),
        ("七", 7),
        ("八", 8),
        ("九", 9),
    ];
    let word = WORDS.iter().find(|(word, _)| *word == unit.text).map(|(_, value)| *value);
    word.or_else(|| unit.text.parse().ok())
}
