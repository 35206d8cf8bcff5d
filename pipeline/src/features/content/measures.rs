//! What speaks for a rubric point, and how it is weighed: a logistic blend of a few measures.
//!
//! The weights with meaning were fitted by logistic regression with L2 (standardised measures, C = 1) on all labelled answers
//! for tuning. Three or five vague answers to other questions in a row stood beside them with a weight of 0.2 each, so that
//! mere length does not become evidence. The weights of words alone are older and do not know the fifth set. The biases
//! include the threshold with the best F1 on the answers themselves (`docs/models/words.md`).

use interview_schemas::Language;

use crate::perception::semantics::Semantics;

/// What speaks for a point, each from about 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Measures {
    pub(super) meaning: f64,
    pub(super) words: f64,
    pub(super) margin: f64,
    pub(super) words_margin: f64,
    pub(super) room: f64,
    pub(super) told: f64,
    pub(super) length: f64,
    pub(super) opinion: f64,
    pub(super) denied: f64,
}

impl Measures {
    /// The measures in the order of the weights.
    fn values(&self) -> [f64; 9] {
        [
            self.meaning,
            self.words,
            self.margin,
            self.words_margin,
            self.room,
            self.told,
            self.length,
            self.opinion,
            self.denied,
        ]
    }

    /// Probability that the point is covered, 0–1.
    pub(super) fn probability(&self, semantics: &Semantics) -> f64 {
        let blend = match (semantics.embedded, semantics.glossed, semantics.language) {
            (true, _, _) => &WITH_MEANING,
            (_, true, _) => &WITH_GLOSS,
            (_, _, Language::Zh) => &MANDARIN_WORDS,
            _ => &ENGLISH_WORDS,
        };
        let weighed: f64 =
            self.values().iter().zip(&blend.weights).map(|(value, weight)| value * weight).sum();
        let sum = blend.bias + weighed;
        1.0 / (1.0 + (-sum).exp())
    }
}

/// Weights in the order of [`Measures::values`]: meaning, words, margin, margin of the words, room, told,
/// length, opinion, denied.
struct Blend {
    bias: f64,
    weights: [f64; 9],
}

/// From embeddings. Room and what is told were left out of the fit: they speak for every point of a long answer at once,
/// and answers of other people were judged as well without them.
const WITH_MEANING: Blend =
    Blend { bias: -2.70, weights: [8.30, 2.03, 2.82, 3.18, 0.00, 0.00, 0.93, -9.42, -1.49] };

/// From the embeddings of glosses.
const WITH_GLOSS: Blend =
    Blend { bias: -3.54, weights: [3.45, 5.11, 1.37, 3.48, 1.94, 0.81, -1.56, -5.78, -0.94] };

/// From words alone.
const ENGLISH_WORDS: Blend =
    Blend { bias: -4.38, weights: [0.00, 6.61, 0.00, 4.13, 4.89, 0.00, -2.28, 0.00, -2.89] };
const MANDARIN_WORDS: Blend =
    Blend { bias: -4.20, weights: [0.00, 9.66, 0.00, 3.92, 3.36, 0.00, -1.54, 0.00, 0.00] };
