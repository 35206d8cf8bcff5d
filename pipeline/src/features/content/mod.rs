//! Features of the words: what was said, never how it sounded.

mod diversity;
mod relevance;
mod requirements;

use interview_schemas::Feature;
use interview_schemas::answer::Answer;
use interview_schemas::features::{Evidence, NotAssessed};

use super::AnswerContext;
use super::catalogue::FeatureDefinition;
use super::catalogue::content as catalogue;
use crate::perception::semantics::{Semantics, Sentence};

/// Longest quotation in evidence, in characters.
const LONGEST_QUOTE: usize = 240;

/// What one feature is measured from.
struct Content<'a> {
    context: &'a AnswerContext<'a>,
    semantics: &'a Semantics,
    /// Mean confidence of the transcript, 0–1.
    confidence: f64,
}

/// A value with its confidence and evidence, or why there is none.
type Measured = Result<(f64, f64, Vec<Evidence>), NotAssessed>;

type Measure = fn(&Content<'_>) -> Measured;

/// Every feature with its measure, ordered by name.
const MEASURES: &[(&FeatureDefinition, Measure)] = &[
    (&catalogue::LENGTH, diversity::length),
    (&catalogue::LEXICAL_DIVERSITY, diversity::lexical_diversity),
    (&catalogue::RELEVANCE, relevance::relevance),
    (&catalogue::REQUIREMENT_COVERAGE, requirements::coverage),
];

/// Measures the words of one answer. Always returns every feature of the group, ordered by name.
#[must_use]
pub fn measure(context: &AnswerContext<'_>) -> Vec<Feature> {
    let content = content(context);
    let feature = |(definition, measure): &(&FeatureDefinition, Measure)| match content
        .as_ref()
        .map_err(|reason| *reason)
        .and_then(|content| measure(content))
    {
        Ok((value, confidence, evidence)) => definition.measured(value, confidence, evidence),
        Err(reason) => definition.not_assessed(reason),
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
    let semantics = context.semantics.ok_or(NotAssessed::NoModel)?;
    if semantics.units.is_empty() {
        return Err(NotAssessed::NoSpeech);
    }
    Ok(Content { context, semantics, confidence: transcript.confidence.clamp(0.0, 1.0) })
}

/// Evidence that quotes a sentence.
fn quote(sentence: &Sentence) -> Evidence {
    Evidence::new(sentence.start_s, sentence.end_s, shorten(&sentence.text))
}

/// A text of at most [`LONGEST_QUOTE`] characters.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
