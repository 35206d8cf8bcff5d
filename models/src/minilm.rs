//! Sentence embeddings: all-MiniLM-L6-v2 and models of the same tensors through ONNX Runtime.
//!
//! Reimers & Gurevych, "Sentence-BERT", EMNLP 2019; model card of `all-MiniLM-L6-v2`. WordPiece tokens, at most
//! 256 a text; `input_ids` and `attention_mask` i64 `[batch, tokens]` -> `sentence_embedding` f32 `[batch, 384]`,
//! mean over the tokens, L2-normalised.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use interview_schemas::Language;
use ndarray::{Array2, ArrayView1, ArrayView2};
use tokenizers::{Tokenizer, TruncationParams};

use crate::session::{Input, ModelSession, Numbers};
use crate::{ModelError, ModelStore, Runtime, SessionOptions};

/// Name of the English model of the starter set in the manifest.
pub const MODEL: &str = "all-minilm-l6-v2";

/// Texts longer than this are cut: the limit the model was trained with.
pub const MAX_TOKENS: usize = 256;

/// Length of an embedding.
pub const DIMENSIONS: usize = 384;

/// Tokens in one run, padding included. Measured: small batches keep the activations in the cache, so larger
/// ones are no faster, and memory stays bounded whatever the number of texts.
const BATCH_TOKENS: usize = 384;

/// Most lists of texts whose embeddings are kept by [`Embedder::embed_once`].
const MOST_KEPT: usize = 16;

/// A loaded sentence embedding model.
pub struct Embedder {
    model: String,
    languages: Vec<Language>,
    tokenizer: Tokenizer,
    session: ModelSession,
    /// Embeddings of lists of texts that come again and again.
    kept: BTreeMap<Vec<String>, Arc<Array2<f32>>>,
}

impl Embedder {
    /// Loads the English model of the starter set, [`MODEL`].
    ///
    /// # Errors
    /// As [`Embedder::load_model`].
    pub fn load(runtime: &Runtime, store: &ModelStore, options: SessionOptions) -> Result<Self, ModelError> {
        Self::load_model(runtime, store, MODEL, options)
    }

    /// Loads a model of the manifest that has the tensors of this adapter, such as a multilingual one.
    ///
    /// # Errors
    /// [`ModelError::Missing`] when a file is not in the cache folder, [`ModelError::Inference`] when tokenizer or
    /// network cannot be loaded.
    pub fn load_model(
        runtime: &Runtime,
        store: &ModelStore,
        model: &str,
        options: SessionOptions,
    ) -> Result<Self, ModelError> {
        let languages = store.manifest().entry(model)?.languages.clone();
        let tokenizer = load_tokenizer(model, &store.file(model, "tokenizer")?)?;
        let session = runtime.network(model, store, options)?;
        Ok(Self { model: model.to_owned(), languages, tokenizer, session, kept: BTreeMap::new() })
    }

    /// Name of the model in the manifest.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Whether the model was made for this language; in others its similarities mean nothing.
    #[must_use]
    pub fn understands(&self, language: Language) -> bool {
        self.languages.contains(&language)
    }

    /// The token ids of a text with the markers at its ends, at most [`MAX_TOKENS`].
    ///
    /// # Errors
    /// [`ModelError::Inference`] with what the tokenizer said.
    pub fn token_ids(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let encoding = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|error| ModelError::inference(&self.model, format!("tokenizer: {error}")))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// Embeds texts: `[texts, 384]`, each row of length 1, in the order of the texts. They run in batches of
    /// similar length, so a long text among short ones costs no padding.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when the network fails or returns another shape.
    pub fn embed<T: AsRef<str>>(&mut self, texts: &[T]) -> Result<Array2<f32>, ModelError> {
        let ids = texts.iter().map(|text| self.token_ids(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        let mut order: Vec<usize> = (0..ids.len()).collect();
        // Stable, so equal lengths keep their order and the same texts always share a batch.
        order.sort_by_key(|&index| ids[index].len());
        let mut embeddings = Array2::zeros((texts.len(), DIMENSIONS));
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(batch_size(rest, &ids));
            rest = later;
            for (row, &index) in self.run(batch, &ids)?.rows().into_iter().zip(batch) {
                embeddings.row_mut(index).assign(&row);
            }
        }
        Ok(embeddings)
    }

    /// As [`Embedder::embed`] for texts that come again with every answer, such as examples of a word list: they are
    /// embedded when they come for the first time, always in the same batches, and kept from then on.
    ///
    /// # Errors
    /// As [`Embedder::embed`].
    pub fn embed_once(&mut self, texts: &[String]) -> Result<Arc<Array2<f32>>, ModelError> {
        if let Some(kept) = self.kept.get(texts) {
            return Ok(Arc::clone(kept));
        }
        let embeddings = Arc::new(self.embed(texts)?);
        // Lists differ only between tenants with word lists of their own; more than a few are not worth the memory.
        if self.kept.len() >= MOST_KEPT {
            self.kept.clear();
        }
        self.kept.insert(texts.to_vec(), Arc::clone(&embeddings));
        Ok(embeddings)
    }

    /// Runs one batch; rows in the order of `batch`.
    fn run(&mut self, batch: &[usize], ids: &[Vec<u32>]) -> Result<Array2<f32>, ModelError> {
        let longest = batch.iter().map(|&index| ids[index].len()).max().unwrap_or(0).max(1);
        let mut input_ids = vec![0i64; batch.len() * longest];
        let mut attention_mask = input_ids.clone();
        let rows = input_ids.chunks_exact_mut(longest).zip(attention_mask.chunks_exact_mut(longest));
        for ((row, mask), &index) in rows.zip(batch) {
            for ((slot, seen), &id) in row.iter_mut().zip(mask).zip(&ids[index]) {
                *slot = i64::from(id);
                *seen = 1;
            }
        }
        let shape = [batch.len(), longest];
        let inputs = [
            Input { name: "input_ids", shape: &shape, numbers: Numbers::I64(&input_ids) },
            Input { name: "attention_mask", shape: &shape, numbers: Numbers::I64(&attention_mask) },
        ];
        let outputs = self.session.run("sentence-embedding", batch.len(), &inputs)?;
        let (shape, values) = outputs.get("sentence_embedding")?;
        let wanted = [batch.len(), DIMENSIONS];
        let rows =
            ArrayView2::from_shape(wanted, values).ok().filter(|_| shape == wanted).ok_or_else(|| {
                ModelError::inference(
                    &self.model,
                    format!("output has shape {shape:?} instead of {wanted:?}"),
                )
            })?;
        if rows.iter().any(|value| !value.is_finite()) {
            return Err(ModelError::inference(&self.model, "an embedding is not finite"));
        }
        Ok(rows.to_owned())
    }
}

/// How many of the texts, which are sorted by length, fit into one batch; at least one.
fn batch_size(order: &[usize], ids: &[Vec<u32>]) -> usize {
    let fitting = order
        .iter()
        .enumerate()
        .take_while(|(position, index)| (position + 1) * ids[**index].len() <= BATCH_TOKENS)
        .count();
    fitting.max(1)
}

/// Loads a tokenizer file and replaces its own padding and truncation: the file of MiniLM pads every text to 128
/// tokens and cuts it there.
fn load_tokenizer(model: &str, path: &Path) -> Result<Tokenizer, ModelError> {
    let fail = |error: tokenizers::Error| {
        ModelError::inference(model, format!("tokenizer {}: {error}", path.display()))
    };
    let mut tokenizer = Tokenizer::from_file(path).map_err(fail)?;
    tokenizer.with_padding(None);
    let truncation = TruncationParams { max_length: MAX_TOKENS, ..TruncationParams::default() };
    tokenizer.with_truncation(Some(truncation)).map_err(fail)?;
    Ok(tokenizer)
}

/// Cosine similarity of two embeddings of length 1: their dot product, limited to -1..1.
#[must_use]
pub fn cosine(left: ArrayView1<'_, f32>, right: ArrayView1<'_, f32>) -> f64 {
    let dot: f64 = left.iter().zip(right.iter()).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    dot.clamp(-1.0, 1.0)
}
