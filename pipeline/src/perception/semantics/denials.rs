//! What is denied or was never done: "I never called him", "we should have called", "忘了通知客户".
//!
//! The rules are those of grammar, the words stand in the list `denials`. A denial is the speaker's own ("I didn't",
//! but not "he didn't"), no condition ("if I can't"), no emphasis ("not only") and no denied fault ("I never interrupt"
//! is something that is done). It reaches to the end of its clause, told by conjunctions and a new subject, because marks
//! must change nothing.

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::Language;

use crate::text::{Lexicon, Phrases, Unit, lexicon};

/// How far a language lets a word act, in units: English words, Chinese characters.
struct Reach {
    /// After a fixed beginning of a denial ("I do not …").
    fixed: usize,
    /// Before a phrase that denies what stands before it.
    backwards: usize,
    /// After a word of denial, if its clause does not end earlier.
    clause: usize,
    /// Before a word of denial: a condition, somebody else.
    before: usize,
    /// After a word of denial: a fault.
    after: usize,
}

const ENGLISH: Reach = Reach { fixed: 8, backwards: 6, clause: 6, before: 3, after: 2 };
const MANDARIN: Reach = Reach { fixed: 10, backwards: 8, clause: 8, before: 5, after: 3 };

/// Somebody is denied an action only next to it: "I told nobody", "他没查".
const NEXT_TO: usize = 2;

/// Finds what is denied in texts of one language.
pub(super) struct Denials {
    reach: &'static Reach,
    fixed: Phrases,
    backwards: Phrases,
    negators: Phrases,
    undone: Phrases,
    emphasis: Phrases,
    faults: Phrases,
    actions: Phrases,
    conditions: Phrases,
    others: Phrases,
    nobody: Phrases,
    boundaries: Phrases,
    speakers: BTreeSet<String>,
    subjects: BTreeSet<String>,
    clauses: BTreeSet<String>,
}

impl Denials {
    /// Reads the list `denials` of a language.
    pub(super) fn new(language: Language, list: &Lexicon) -> Self {
        let phrases = |section: &str| list.phrases(&[section]);
        let words = |section: &str| list.entries(section).iter().map(|entry| entry.term.clone()).collect();
        let mut faults = Phrases::by_stem();
        list.entries("faults").iter().for_each(|entry| faults.add(&entry.term, 0));
        Self {
            reach: if language == Language::Zh { &MANDARIN } else { &ENGLISH },
            fixed: phrases(lexicon::MAIN),
            backwards: phrases("backwards"),
            negators: phrases("negators"),
            undone: phrases("undone"),
            emphasis: phrases("emphasis"),
            faults,
            actions: phrases("actions"),
            conditions: phrases("conditions"),
            others: phrases("others"),
            nobody: phrases("nobody"),
            boundaries: phrases("boundaries"),
            speakers: words("speakers"),
            subjects: words("subjects"),
            clauses: words("clauses"),
        }
    }

    /// The ranges of units that are denied; they may overlap.
    pub(super) fn find(&self, units: &[Unit]) -> Vec<Range<usize>> {
        let reach = self.reach;
        let fixed = self.fixed.find(units).into_iter().filter(|found| !self.is_fault(units, found.units.end));
        let fixed =
            fixed.map(|found| found.units.start..self.clause_end(units, found.units.end, reach.fixed));
        let backwards = self.backwards.find(units).into_iter();
        let backwards =
            backwards.map(|found| found.units.start.saturating_sub(reach.backwards)..found.units.end);
        let undone =
            self.undone.find(units).into_iter().filter(|found| !self.is_of_others(units, found.units.start));
        let undone =
            undone.map(|found| found.units.start..self.clause_end(units, found.units.end, reach.clause));
        let negators = self.negators.find(units).into_iter().filter(|found| self.denies(units, &found.units));
        let negators =
            negators.map(|found| found.units.start..self.clause_end(units, found.units.end, reach.clause));
        let nobody = self.nobody.find(units).into_iter().filter_map(|found| {
            let verb = found.units.start.checked_sub(1)?;
            self.is_spoken_of(units, verb).then_some(verb..found.units.end)
        });
        fixed.chain(backwards).chain(undone).chain(negators).chain(nobody).collect()
    }

    /// Whether a text is worded as a denial itself.
    pub(super) fn begins_in(&self, units: &[Unit]) -> bool {
        !self.fixed.find(units).is_empty() || !self.undone.find(units).is_empty()
    }

    /// Whether a word of denial denies what the speaker does.
    fn denies(&self, units: &[Unit], negator: &Range<usize>) -> bool {
        let reach = self.reach;
        let before = &units[negator.start.saturating_sub(reach.before)..negator.start];
        let after = &units[negator.end..units.len().min(negator.end + reach.after)];
        let begins =
            |phrases: &Phrases| phrases.find(after).first().is_some_and(|found| found.units.start == 0);
        (self.speakers.is_empty() || self.is_spoken_of(units, negator.start))
            && !self.is_of_others(units, negator.start)
            && self.conditions.find(before).is_empty()
            && !begins(&self.emphasis)
            && !self.is_fault(units, negator.end)
            && (self.actions.is_empty() || begins(&self.actions))
    }

    /// Whether the speaker or everybody is the subject just before a unit ("i'd", "we").
    fn is_spoken_of(&self, units: &[Unit], unit: usize) -> bool {
        let near = &units[unit.saturating_sub(NEXT_TO)..unit];
        near.iter().any(|unit| self.speakers.contains(unit.text.split('\'').next().unwrap_or(&unit.text)))
    }

    /// Whether somebody else is the subject just before a unit.
    fn is_of_others(&self, units: &[Unit], unit: usize) -> bool {
        !self.others.find(&units[unit.saturating_sub(NEXT_TO)..unit]).is_empty()
    }

    /// Whether what is denied before a unit is a fault.
    fn is_fault(&self, units: &[Unit], from: usize) -> bool {
        !self.faults.find(&units[from..units.len().min(from + self.reach.after)]).is_empty()
    }

    /// Where the clause that goes on at a unit ends, at most so many units later.
    fn clause_end(&self, units: &[Unit], from: usize, reach: usize) -> usize {
        let most = units.len().min(from + reach);
        let ends = |&end: &usize| {
            let boundary =
                self.boundaries.find(&units[end..most]).first().is_some_and(|found| found.units.start == 0);
            let said_of = units.get(end - 1).is_some_and(|unit| self.clauses.contains(&unit.text));
            boundary || end > from + 1 && self.subjects.contains(&units[end].text) && !said_of
        };
        (from + 1..most).find(ends).unwrap_or(most)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{Lexicons, units};

    /// The words of a text that are denied, each once, in order.
    fn denied(language: Language, text: &str) -> String {
        let lexicons = Lexicons::shipped();
        let denials = Denials::new(language, lexicons.list(language, "denials"));
        let units = units(text);
        let found = denials.find(&units);
        let denied = |index: &usize| found.iter().any(|range| range.contains(index));
        let words: Vec<&str> =
            (0..units.len()).filter(denied).map(|index| units[index].text.as_str()).collect();
        words.join(if language == Language::Zh { "" } else { " " })
    }

    #[test]
    fn what_was_not_done_is_denied_to_the_end_of_its_clause() {
        let english = |text: &str| denied(Language::En, text);
        assert_eq!(english("We didn't inform the team but fixed it"), "didn't inform the team");
        assert_eq!(english("Maybe I should have asked first and then decided"), "should have asked first");
        assert_eq!(english("Honestly I told nobody about it"), "told nobody");
        assert_eq!(
            english("We shipped it without testing anything, then I wrote a test"),
            "without testing anything"
        );
        let mandarin = |text: &str| denied(Language::Zh, text);
        assert_eq!(mandarin("我忘了通知客户，后来才修好"), "忘了通知客户");
        assert_eq!(mandarin("我们也没告诉客服，但是修好了"), "也没告诉客服");
    }

    #[test]
    fn conditions_emphasis_faults_and_others_are_no_denials() {
        for text in [
            "If we can't reach him I ring the bell",
            "It was not only the price",
            "We never interrupt a customer",
            "He hadn't received the parcel",
            "We weren't just fast",
            "It took a while until I understood",
        ] {
            assert_eq!(denied(Language::En, text), "", "{text}");
        }
        for text in ["他没收到包裹", "如果没联系上就再打", "没打断他说话", "没问题，我马上去"]
        {
            assert_eq!(denied(Language::Zh, text), "", "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_action_is_denied_in_every_form_of_denial_and_in_no_other(
            subject in "we|you|one",
            action in "inform the owner|call the doctor|document the damage|ask for the reason|check the papers",
            denial in "didn't|never|wouldn't|don't|should have|forgot to|failed to",
        ) {
            let denies = denied(Language::En, &format!("yesterday {subject} {denial} {action}"));
            prop_assert!(denies.ends_with(&action), "{}", denies);
            let affirms = denied(Language::En, &format!("yesterday {subject} had to {action} at once"));
            prop_assert_eq!(affirms, "");
        }

        #[test]
        fn ranges_lie_in_the_text(text in "(i |we |didn't |never |nobody |told |but |should have |call |没|我|通知|忘了|客户){0,30}") {
            for language in [Language::En, Language::Zh] {
                let lexicons = Lexicons::shipped();
                let units = units(&text);
                let found = Denials::new(language, lexicons.list(language, "denials")).find(&units);
                prop_assert!(found.iter().all(|range| range.start < range.end && range.end <= units.len()));
            }
        }
    }
}
