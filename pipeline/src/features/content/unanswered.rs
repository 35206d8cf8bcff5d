//! Answers that are none: the candidate says so, or says nothing at all.

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::Language;

use super::{Content, Measured};
use crate::text::{PhraseMatch, lexicon};

/// The list of phrases.
const LIST: &str = "unanswered";

/// An answer of more words with a phrase like "I don't know" in it may still be an answer.
const LONGEST_NON_ANSWER: usize = 50;

/// A sentence of so many words or fewer tells nothing.
const INTERJECTION: usize = 3;

/// Words like "sorry" say that there is no answer only in an answer of at most so many words.
const LONGEST_EXCUSE: usize = 8;

/// What must follow after "so I" at least, in units, to tell what was done about it.
const LEAST_DEED: usize = 2;

/// How near a condition stands before what it is a condition of: words between, English and Chinese.
const NEAR: (usize, usize) = (1, 6);

/// `content.unanswered`: 1 where the candidate says that there is no answer and says little else.
pub(super) fn unanswered(content: &Content<'_>) -> Measured {
    let semantics = content.semantics;
    let confidence = 0.8 * content.confidence;
    if says_nothing(content) {
        let evidence = semantics.sentences.iter().take(1).map(super::quote).collect();
        return Ok((1.0, confidence, evidence));
    }
    let found = admissions(content);
    let short = content.word_count <= LONGEST_NON_ANSWER;
    // Of a very short text one phrase is enough, of a longer one every other sentence or the last one must say so.
    let sentences: BTreeSet<usize> = found
        .iter()
        .filter_map(|found| content.sentence(&found.units).map(|sentence| sentence.units.start))
        .collect();
    // What stands in the same sentence as "I don't know how to ask that" covers nothing.
    let elsewhere = |finding: &super::points::Finding| {
        let sentence = finding.proof().and_then(|place| semantics.sentence_at(place));
        sentence.is_some_and(|sentence| !sentences.contains(&sentence.units.start))
    };
    let covered = content.findings.iter().any(elsewhere);
    // "Good question." and "Next one, maybe?" say nothing either way.
    let telling = || semantics.sentences.iter().filter(|sentence| sentence.units.len() > INTERJECTION);
    let ends = telling().next_back().is_some_and(|last| sentences.contains(&last.units.start));
    let refuses = !found.is_empty() && (ends || sentences.len() * 2 >= telling().count());
    let unanswered = short && !covered && refuses;
    let evidence = if unanswered {
        found.iter().filter_map(|found| content.evidence("", &found.units)).collect()
    } else {
        Vec::new()
    };
    Ok((f64::from(u8::from(unanswered)), confidence, evidence))
}

/// Whether the whole answer is a word like "idk", "n/a" or "无". "No" answers a question that asks for yes or no.
fn says_nothing(content: &Content<'_>) -> bool {
    let semantics = content.semantics;
    let list = semantics.lexicons.list(semantics.language, LIST);
    let units = &semantics.units;
    let whole = list.phrases(&["whole", "no"]).find(units);
    let [whole] = whole.as_slice() else { return false };
    let closed = || {
        let question = semantics.question.as_ref().map_or(&[][..], |question| &question.units);
        let asks = list.phrases(&["closed"]).find(question);
        asks.iter().any(|found| found.units.start == 0)
            || !list.phrases(&["closed anywhere"]).find(question).is_empty()
    };
    whole.units == (0..units.len()) && (whole.group == 0 || !closed())
}

/// Phrases that say that there is no answer, but for those that tell when and what is done about it: "when I don't
/// know something I ask", "不清楚的先问组长".
fn admissions(content: &Content<'_>) -> Vec<PhraseMatch> {
    let found = content.phrases(LIST, &[lexicon::MAIN, "short"]);
    let conditions = content.phrases(LIST, &["conditions", "times"]);
    let relative = content.phrases(LIST, &["relative"]);
    let deeds = content.phrases(LIST, &["deeds"]);
    let near = if content.semantics.language == Language::Zh { NEAR.1 } else { NEAR.0 };
    let is_admission = |admission: &PhraseMatch| {
        if admission.group == 1 && content.word_count > LONGEST_EXCUSE {
            return false;
        }
        let sentence = within(content, &admission.units);
        let before = |condition: &&PhraseMatch| {
            condition.units.end <= admission.units.start && sentence.start <= condition.units.start
        };
        let condition = conditions.iter().rev().find(before);
        let is_near = |condition: &PhraseMatch| admission.units.start - condition.units.end <= near;
        let relative = relative.iter().any(|relative| relative.units.start == admission.units.end);
        // "so I asked", unless what is done is to give no answer.
        let deed = deeds.iter().find(|deed| {
            deed.units.start >= admission.units.end && deed.units.end + LEAST_DEED <= sentence.end
        });
        let done = deed.is_some_and(|deed| {
            !found
                .iter()
                .any(|other| sentence.contains(&other.units.start) && other.units.end > deed.units.end)
        });
        let conditional = condition.is_some_and(|condition| condition.group == 0 && is_near(condition));
        let long_ago = condition.is_some_and(|condition| condition.group == 1) && done;
        let follows = deed.is_some_and(|deed| deed.units.start <= admission.units.end + INTERJECTION) && done;
        !(relative || conditional || long_ago || follows)
    };
    found.iter().filter(|found| is_admission(found)).cloned().collect()
}

/// The words of [`crate::perception::semantics::Semantics::phrased`] that stand in the same sentence as some of them.
fn within(content: &Content<'_>, units: &Range<usize>) -> Range<usize> {
    let places = &content.semantics.places;
    let Some(sentence) = content.sentence(units) else { return units.clone() };
    let place = |limit: usize| places.partition_point(|&place| place < limit);
    place(sentence.units.start)..place(sentence.units.end)
}
