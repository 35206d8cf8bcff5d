//! A block: the rows of some interviews in memory, a column per feature.

use std::ops::Range;

use interview_schemas::job::QuestionKind;

/// A part of a population.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    /// The interviews, each with its rows.
    pub interviews: Vec<Interview>,
    /// Per row: index into [`Block::origins`].
    pub origin: Vec<u32>,
    /// The different origins of answers.
    pub origins: Vec<Origin>,
    /// The columns, in the order in which the features were asked for.
    pub columns: Vec<Column>,
}

/// What decides whether an indicator admits an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Kind of the answer.
    pub kind: String,
    /// Kind of its question.
    pub question: Option<QuestionKind>,
    /// Scene of its question.
    pub scene: Option<String>,
}

/// An interview and its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interview {
    /// The job id.
    pub id: String,
    /// The branch that hires.
    pub branch: Option<String>,
    /// A test candidate.
    pub test: bool,
    /// Codes of its flags, sorted, each once.
    pub flags: Vec<String>,
    /// The rows of its answers.
    pub rows: Range<usize>,
}

/// One feature over the rows of a block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    /// The value; NaN where there is none.
    pub values: Vec<f64>,
    /// Confidence above 0, the code of a reason below, NaN where the answer has no such feature.
    pub quality: Vec<f64>,
}

impl Block {
    /// The index of an origin, added when it is new.
    pub(super) fn origin_of(
        &mut self,
        kind: &str,
        question: Option<QuestionKind>,
        scene: Option<&str>,
    ) -> u32 {
        let known = self.origins.iter().position(|origin| {
            origin.kind == kind && origin.question == question && origin.scene.as_deref() == scene
        });
        let index = known.unwrap_or_else(|| {
            self.origins.push(Origin { kind: kind.to_owned(), question, scene: scene.map(str::to_owned) });
            self.origins.len() - 1
        });
        // A row each at most.
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}
