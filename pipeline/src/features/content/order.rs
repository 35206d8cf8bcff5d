//! What is told in another order than it was done: "Before I open the machine I switch it off" (R18).
//!
//! In English the word opens a clause ("before X, Y": Y came first) or ties one on ("Y, but only after X": X came first).
//! In Mandarin it closes one (X之前，Y: Y came first). Clauses end at marks or, where a recogniser gives none, at the next
//! subject.

use std::ops::Range;

use interview_schemas::Language;

use crate::perception::semantics::{Semantics, Sentence};
use crate::text::Unit;

/// Most units of a clause in Mandarin that gives no marks.
const CLAUSE: usize = 16;

/// Two clauses told one after another, the first of which was done after the second.
struct Turned {
    later: Range<usize>,
    earlier: Range<usize>,
}

/// The order in which things were done, where it can be told.
pub(super) struct Order {
    turned: Vec<Turned>,
}

impl Order {
    pub(super) fn of(semantics: &Semantics) -> Self {
        let turned = |sentence: &Sentence| match semantics.language {
            Language::Zh => mandarin(semantics, sentence),
            _ => english(semantics, sentence),
        };
        Self { turned: semantics.sentences.iter().flat_map(turned).collect() }
    }

    /// Whether what is told at one place was done before what is told at another; `None` where both are one place.
    pub(super) fn is_before(&self, left: &Range<usize>, right: &Range<usize>) -> Option<bool> {
        let middle = |place: &Range<usize>| place.start + place.len() / 2;
        let (left_at, right_at) = (middle(left), middle(right));
        if left_at == right_at {
            return None;
        }
        let turned = self.turned.iter().any(|turned| {
            let (later, earlier) = (&turned.later, &turned.earlier);
            later.contains(&left_at) && earlier.contains(&right_at)
                || later.contains(&right_at) && earlier.contains(&left_at)
        });
        Some((left_at < right_at) != turned)
    }
}

/// Whether a mark stands before a unit of a sentence.
fn marked(semantics: &Semantics, sentence: &Sentence, unit: usize) -> bool {
    let Some(base) = semantics.units.get(sentence.units.start).map(|unit| unit.span.start) else {
        return false;
    };
    let (from, to) = (semantics.units[unit - 1].span.end, semantics.units[unit].span.start);
    let gap = sentence.text.get(from.saturating_sub(base)..to.saturating_sub(base)).unwrap_or_default();
    gap.contains([',', '，', ';', '；', '、', ':', '：', '–', '—'])
}

fn english(semantics: &Semantics, sentence: &Sentence) -> Vec<Turned> {
    let list = semantics.lexicons.list(semantics.language, "order");
    let is = |section: &str, unit: &Unit| list.entries(section).iter().any(|entry| entry.term == unit.text);
    let Range { start, end } = sentence.units;
    let units = &semantics.units[start..end];
    let opens = |at: usize| at == 0 || marked(semantics, sentence, start + at) || is("joins", &units[at - 1]);
    let clause = |from: usize| {
        // The subject of the clause itself does not end it.
        (from + 2..units.len())
            .find(|&at| marked(semantics, sentence, start + at) || is("subjects", &units[at]))
            .unwrap_or(units.len())
    };
    let mut turned = Vec::new();
    for found in list.phrases(&["later", "earlier"]).find(units) {
        let Range { start: word, end: after } = found.units;
        if after >= units.len() || is("time", &units[after]) {
            continue;
        }
        let only = units[word..after].len() > 1;
        let ranges = match found.group {
            0 if opens(word) => {
                let ends = clause(after);
                (ends < units.len()).then_some((word..ends, ends..units.len()))
            }
            1 if word > 0 && (only || !opens(word)) => Some((0..word, after..units.len())),
            _ => None,
        };
        turned.extend(ranges.map(|(later, earlier)| Turned {
            later: start + later.start..start + later.end,
            earlier: start + earlier.start..start + earlier.end,
        }));
    }
    turned
}

fn mandarin(semantics: &Semantics, sentence: &Sentence) -> Vec<Turned> {
    let list = semantics.lexicons.list(semantics.language, "order");
    let Range { start, end } = sentence.units;
    let units = &semantics.units[start..end];
    let mut turned = Vec::new();
    for found in list.phrases(&["later"]).find(units) {
        let Range { start: word, end: after } = found.units;
        let first = (word.saturating_sub(CLAUSE)..word)
            .rev()
            .find(|&at| at == 0 || marked(semantics, sentence, start + at))
            .unwrap_or(word.saturating_sub(CLAUSE));
        // "之前我在…": the time before, no clause.
        if first + 1 >= word || after >= units.len() {
            continue;
        }
        turned.push(Turned { later: start + first..start + word, earlier: start + after..end });
    }
    turned
}
