//! Features: pure arithmetic over perception, with a catalogue of definitions. Same perception, same bytes.

pub mod catalogue;
pub mod content;
pub mod external;
pub mod visual;
pub mod voice;

use interview_schemas::Feature;
use interview_schemas::answer::Answer;
use interview_schemas::job::{Job, Question};
use interview_schemas::perception::AnswerPerception;
use interview_schemas::policy::ResolvedPolicy;
use interview_schemas::report::Flag;

use crate::perception::semantics::Semantics;

/// Everything the features of one answer are measured from.
#[derive(Clone, Copy)]
pub struct AnswerContext<'a> {
    /// The job.
    pub job: &'a Job,
    /// The answer.
    pub answer: &'a Answer,
    /// The question that was asked, where the answer names one.
    pub question: Option<&'a Question>,
    /// What may be measured.
    pub policy: &'a ResolvedPolicy,
    /// What was seen and heard.
    pub perception: &'a AnswerPerception,
    /// What the words mean; absent where nothing was said or nobody asked for content features.
    pub semantics: Option<&'a Semantics>,
}

/// Every feature of an answer, ordered by name; one that could not be measured says why.
#[must_use]
pub fn measure(context: &AnswerContext<'_>) -> Vec<Feature> {
    let mut features = match context.answer {
        Answer::External(_) => external::measure(context.answer),
        Answer::Video(_) | Answer::Audio(_) | Answer::Text(_) => {
            let mut features = voice::measure(context);
            features.extend(content::measure(context));
            features.extend(visual::measure(context));
            features
        }
    };
    features.sort_by(|a, b| a.name.cmp(&b.name));
    features
}

/// What a person should look at in an answer, seen while measuring `features`; never a score.
#[must_use]
pub fn flags(context: &AnswerContext<'_>, features: &[Feature]) -> Vec<Flag> {
    let mut flags = visual::flags(context);
    flags.extend(content::flags::flags(context, features));
    flags
}
