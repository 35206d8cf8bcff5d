//! Features: pure arithmetic over perception, with a catalogue of definitions. Same perception, same bytes.

pub mod catalogue;
pub mod content;
pub mod voice;

use interview_schemas::answer::Answer;
use interview_schemas::job::{Job, Question};
use interview_schemas::perception::AnswerPerception;
use interview_schemas::policy::ResolvedPolicy;

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
