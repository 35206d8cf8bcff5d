//! Features of the words: what was said, never how it sounded.
//!
//! One file per family of features; every measure returns its value with confidence and evidence, or the reason
//! why there is none.

mod behaviour;
mod claims;
mod concreteness;
mod diversity;
pub(crate) mod flags;
mod flow;
mod measures;
mod order;
mod points;
mod relevance;
mod requirements;
mod rubric;
mod sentiment;
mod structure;
mod terms;
mod topic;
mod unanswered;

use std::ops::Range;

use interview_schemas::Feature;
use interview_schemas::answer::Answer;
use interview_schemas::features::{Evidence, NotAssessed};
use interview_schemas::job::RubricPoint;

use super::AnswerContext;
use super::catalogue::FeatureDefinition;
use super::catalogue::content as catalogue;
use crate::perception::semantics::{Semantics, Sentence};
use crate::text::PhraseMatch;
use crate::text::units::words;

/// Longest quotation in evidence, in characters.
const LONGEST_QUOTE: usize = 240;

/// Most lines of evidence of any other feature.
const MOST_EVIDENCE: usize = 12;

/// Features with a line of evidence for every point or requirement, however many there are.
const LISTED: [&str; 4] = [
    catalogue::REQUIREMENT_COVERAGE.name,
    catalogue::RESUME_COVERAGE.name,
    catalogue::RUBRIC_COVERAGE.name,
    catalogue::RUBRIC_MUST_COVERAGE.name,
];

/// Words below which counts per hundred words say nothing.
const FEWEST_WORDS: usize = 20;

/// What the features of one answer are measured from.
struct Content<'a> {
    context: &'a AnswerContext<'a>,
    semantics: &'a Semantics,
    /// Mean confidence of the transcript, 0–1.
    confidence: f64,
    /// Number of words without fillers.
    word_count: usize,
    /// What was found of the rubric, one per point.
    findings: Vec<points::Finding>,
}

/// A value with its confidence and evidence, or why there is none.
type Measured = Result<(f64, f64, Vec<Evidence>), NotAssessed>;

type Measure = fn(&Content<'_>) -> Measured;

/// Every feature with its measure, ordered by name.
const MEASURES: &[(&FeatureDefinition, Measure)] = &[
    (&catalogue::COHERENCE, flow::coherence),
    (&catalogue::CONCRETE_DETAILS, concreteness::concrete_details),
    (&catalogue::CONCRETENESS, concreteness::concreteness),
    (&catalogue::CONNECTIVE_VARIETY, structure::connective_variety),
    (&catalogue::CONNECTIVES, structure::connectives),
    (&catalogue::FILLERS, flow::fillers),
    (&catalogue::INITIATIVE, behaviour::initiative),
    (&catalogue::LENGTH, diversity::length),
    (&catalogue::LEXICAL_DIVERSITY, diversity::lexical_diversity),
    (&catalogue::NARRATIVE, concreteness::narrative),
    (&catalogue::OFF_TOPIC, relevance::off_topic),
    (&catalogue::PATIENCE, behaviour::patience),
    (&catalogue::PROCEDURE_ORDER, rubric::procedure_order),
    (&catalogue::REFUSAL_HANDLING, behaviour::refusal_handling),
    (&catalogue::RELEVANCE, relevance::relevance),
    (&catalogue::REPETITION, flow::repetition),
    (&catalogue::REQUIREMENT_COVERAGE, requirements::coverage),
    (&catalogue::RESUME_COVERAGE, requirements::resume_coverage),
    (&catalogue::RUBRIC_COVERAGE, rubric::coverage),
    (&catalogue::RUBRIC_MUST_COVERAGE, rubric::must_coverage),
    (&catalogue::SELF_CORRECTIONS, flow::self_corrections),
    (&catalogue::SENTENCE_LENGTH, structure::sentence_length),
    (&catalogue::SENTIMENT, sentiment::sentiment),
    (&catalogue::STRUCTURE, structure::structure),
    (&catalogue::UNANSWERED, unanswered::unanswered),
    (&catalogue::VAGUENESS, flow::vagueness),
];

/// Measures the words of one answer. Always returns every feature of the group, ordered by name.
#[must_use]
pub fn measure(context: &AnswerContext<'_>) -> Vec<Feature> {
    let content = content(context);
    let is_typed = matches!(context.answer, Answer::Text(_));
    let feature = |(definition, measure): &(&FeatureDefinition, Measure)| {
        // Reading a tone into words needs a permission of its own, whatever else is missing.
        if definition.name == catalogue::SENTIMENT.name && !context.policy.sentiment {
            return definition.not_assessed(NotAssessed::Policy);
        }
        match content.as_ref().map_err(|reason| *reason).and_then(measure) {
            Ok((value, confidence, mut evidence)) => {
                if !LISTED.contains(&definition.name) {
                    evidence.truncate(MOST_EVIDENCE);
                }
                definition.measured(value, confidence, evidence)
            }
            // Nothing was typed: that is no answer, for certain.
            Err(NotAssessed::NoSpeech) if definition.name == catalogue::UNANSWERED.name && is_typed => {
                definition.measured(1.0, 1.0, Vec::new())
            }
            Err(reason) => definition.not_assessed(reason),
        }
    };
    MEASURES.iter().map(feature).collect()
}

/// Whether the words can be judged at all.
fn content<'a>(context: &'a AnswerContext<'a>) -> Result<Content<'a>, NotAssessed> {
    if matches!(context.answer, Answer::External(_)) {
        return Err(NotAssessed::NotApplicable);
    }
    let Some(transcript) = context.perception.transcript.as_ref() else {
        let silent = context.perception.media.as_ref().is_some_and(|media| !media.has_audio);
        return Err(if silent { NotAssessed::NoAudio } else { NotAssessed::NoSpeech });
    };
    if transcript.unreliable.is_some() {
        return Err(NotAssessed::UnreliableTranscript);
    }
    // Sound without words, such as noise, is not understood any further.
    if transcript.text.trim().is_empty() {
        return Err(NotAssessed::NoSpeech);
    }
    let semantics = context.semantics.ok_or(NotAssessed::NoModel)?;
    if semantics.units.is_empty() {
        return Err(NotAssessed::NoSpeech);
    }
    Ok(Content {
        context,
        semantics,
        confidence: transcript.confidence.clamp(0.0, 1.0),
        word_count: words(&semantics.cleaned.units).len(),
        findings: points::find(semantics),
    })
}

impl Content<'_> {
    /// The points of the question's rubric.
    fn rubric(&self) -> Result<&[RubricPoint], NotAssessed> {
        let question = self.context.question.ok_or(NotAssessed::NoReference)?;
        let complete = !question.rubric.is_empty() && question.rubric.len() == self.findings.len();
        if complete { Ok(&question.rubric) } else { Err(NotAssessed::NoReference) }
    }

    /// Phrases of a word list in the words without filled pauses; the group of a match is the index of its section. Those
    /// of its section `ignored`, in which others mean something else, are left out.
    fn phrases(&self, list: &str, sections: &[&str]) -> Vec<PhraseMatch> {
        let all: Vec<&str> = sections.iter().copied().chain(["ignored"]).collect();
        let mut found = self.list(list).phrases(&all).find(&self.semantics.phrased.units);
        found.retain(|found| found.group < sections.len());
        found
    }

    /// A count per hundred words.
    fn per_hundred_words(&self, count: usize) -> Result<f64, NotAssessed> {
        if self.word_count < FEWEST_WORDS {
            return Err(NotAssessed::TooShort);
        }
        Ok(100.0 * count as f64 / self.word_count as f64)
    }

    /// The sentence around some words of [`Semantics::phrased`].
    fn sentence(&self, units: &Range<usize>) -> Option<&Sentence> {
        let place = *self.semantics.places.get(units.start)?;
        let last = *self.semantics.places.get(units.end.saturating_sub(1))?;
        self.semantics.sentence_at(&(place..last + 1))
    }

    /// Words in one line, as they are compared.
    fn plain(&self, units: &Range<usize>) -> String {
        let units = self.semantics.phrased.units[units.clone()].to_vec();
        crate::perception::semantics::Passage::new(units).plain()
    }

    /// Evidence for some words: the words themselves and the sentence around them.
    fn evidence(&self, mark: &str, units: &Range<usize>) -> Option<Evidence> {
        let sentence = self.sentence(units)?;
        Some(sentence_evidence(&format!("{mark}{}: ", self.plain(units)), sentence))
    }
}

/// Evidence that quotes a sentence.
fn quote(sentence: &Sentence) -> Evidence {
    sentence_evidence("", sentence)
}

/// Evidence that quotes a sentence after a remark.
fn sentence_evidence(remark: &str, sentence: &Sentence) -> Evidence {
    Evidence::new(sentence.start_s, sentence.end_s, format!("{remark}{}", shorten(&sentence.text)))
}

/// A text of at most [`LONGEST_QUOTE`] characters.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
