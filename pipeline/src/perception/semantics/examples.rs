//! Kinds of sentences told by examples: each kind is the direction in which its examples differ from all the others.
//!
//! A sentence embedding says above all what a sentence is about. The examples of every kind speak of the same matters,
//! so the mean of all examples carries the matter, and what is left of a kind after taking it away is the kind itself
//! (nearest centroid after centring).

use std::sync::Arc;

use interview_models::{Embedder, ModelError};
use interview_schemas::Language;
use ndarray::{Array1, Array2, ArrayView1, Axis};

use super::words::Cleaner;
use crate::text::Lexicons;

/// Lengths below which a direction is none.
const SHORTEST: f32 = 1e-6;

/// The kinds of a list of examples.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    /// Mean of all examples, `[384]`.
    mean: Array1<f32>,
    /// Per kind, in the order of [`Examples::kind`], its direction of length 1.
    directions: Vec<Array1<f32>>,
}

impl Examples {
    /// Embeds the sections of a word list of examples; `None` where the language has no such list or a section of it is
    /// missing. The embeddings are made once for the life of the embedder.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when the embedding model fails.
    pub(super) fn embed(
        embedder: &mut Embedder,
        cleaner: &Cleaner,
        (lexicons, language): (&Lexicons, Language),
        list: &str,
        kinds: &[&str],
    ) -> Result<Option<Self>, ModelError> {
        let list = lexicons.list(language, list);
        let mut texts = Vec::new();
        let mut counts = Vec::new();
        for kind in kinds {
            let examples: Vec<String> = list
                .entries(kind)
                .iter()
                .map(|entry| cleaner.passage(&entry.term).plain())
                .filter(|text| !text.is_empty())
                .collect();
            if examples.is_empty() {
                return Ok(None);
            }
            counts.push(examples.len());
            texts.extend(examples);
        }
        let embeddings: Arc<Array2<f32>> = embedder.embed_once(&texts)?;
        Ok(Self::from_embeddings(&embeddings, &counts))
    }

    /// Directions from the embeddings of all examples, those of one kind after another.
    fn from_embeddings(embeddings: &Array2<f32>, counts: &[usize]) -> Option<Self> {
        let mut centres = Vec::with_capacity(counts.len());
        let mut first = 0;
        for count in counts {
            let rows = embeddings.slice(ndarray::s![first..first + count, ..]);
            centres.push(rows.mean_axis(Axis(0))?);
            first += count;
        }
        let sum =
            centres.iter().fold(Array1::zeros(embeddings.ncols()), |sum: Array1<f32>, centre| sum + centre);
        let mean = sum / centres.len() as f32;
        let direction = |centre: &Array1<f32>| {
            let difference = centre - &mean;
            let length = difference.dot(&difference).sqrt();
            (length > SHORTEST).then(|| difference / length)
        };
        let directions = centres.iter().map(direction).collect::<Option<Vec<_>>>()?;
        Some(Self { mean, directions })
    }

    /// What all examples have in common taken out of an embedding, at length 1: embeddings of short texts of the same
    /// sort all lie in one corner, and only what is left tells them apart.
    #[must_use]
    pub fn centred(&self, embedding: ArrayView1<'_, f32>) -> Array1<f32> {
        let centred = &embedding - &self.mean;
        let length = centred.dot(&centred).sqrt();
        if length > SHORTEST { centred / length } else { centred }
    }

    /// How far an embedding points towards each kind, in the order they were given, -1–1.
    #[must_use]
    pub fn strengths(&self, embedding: ArrayView1<'_, f32>) -> Vec<f64> {
        let centred = &embedding - &self.mean;
        self.directions.iter().map(|direction| f64::from(direction.dot(&centred))).collect()
    }

    /// The kind an embedding is closest to, by its index, and how far it points that way, -1–1.
    #[must_use]
    pub fn kind(&self, embedding: ArrayView1<'_, f32>) -> Option<(usize, f64)> {
        self.strengths(embedding)
            .into_iter()
            .enumerate()
            .max_by(|left, right| left.1.total_cmp(&right.1).then(right.0.cmp(&left.0)))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_matter_cancels_out_and_the_kind_remains() {
        // First column: the matter, common to all. Second and third: two kinds.
        let embeddings = array![[0.9, 0.3, 0.0], [0.8, 0.4, 0.0], [0.9, 0.0, 0.3], [0.8, 0.0, 0.4]];
        let examples = Examples::from_embeddings(&embeddings, &[2, 2]).unwrap();
        let kind = |embedding: [f32; 3]| examples.kind(ArrayView1::from(&embedding)).unwrap();
        assert_eq!(kind([0.2, 0.5, 0.1]).0, 0);
        assert_eq!(kind([0.9, 0.1, 0.2]).0, 1);
        assert!(kind([0.0, 0.9, 0.0]).1 > kind([0.9, 0.3, 0.0]).1);
    }

    #[test]
    fn examples_that_are_all_the_same_tell_nothing() {
        assert_eq!(Examples::from_embeddings(&array![[1.0, 0.0], [1.0, 0.0]], &[1, 1]), None);
    }
}
