//! Moonshine tiny: English speech to text with word times, on ONNX Runtime.
//!
//! Source: Moonshine (Jeffries et al. 2024), `moonshine_voice` 0.0.44; the decoder with its cross-attention
//! weights as outputs. Encoder: `input_values` f32 [1, n], `attention_mask` i64 [1, n] ->
//! `last_hidden_state` f32 [1, T, 288]. Decoder: `input_ids` i64 [1, 1], `encoder_hidden_states`,
//! `encoder_attention_mask` i64, `use_cache_branch` bool [1], `past_key_values.*` f32 [1, 8, L, 36] ->
//! `logits` f32 [1, 1, 32768], `present.*`, `cross_attentions.*` f32 [1, 8, 1, T].

pub mod alignment;
pub mod tokenizer;
mod words;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use interview_schemas::Language;
use ort::ep::CPU;
use ort::memory::Allocator;
use ort::session::builder::PrepackedWeights;
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::{DynValue, Tensor, TensorRef};

use self::alignment::Alignment;
use self::tokenizer::Tokenizer;
use crate::clock::model_run;
use crate::logits::most_probable;
use crate::repetition::without_trailing_loop;
use crate::transcriber::{
    Guard, PieceLengths, PieceTranscript, SAMPLE_RATE_HZ, SpeechPiece, Transcriber, TranscriptionHints,
};
use crate::{ModelError, ModelStore, Runtime, SessionOptions};

/// Name in the manifest.
pub const MODEL: &str = "moonshine-tiny-en";

const LAYERS: usize = 6;
const HEADS: usize = 8;
const HEAD_SIZE: usize = 36;
const BEGIN_TOKEN: usize = 1;
const END_TOKEN: usize = 2;
/// Speech holds fewer tokens per second; more are invented.
const MOST_TOKENS_PER_S: f64 = 6.5;
/// The encoder fails below this length (0.1 s).
const LEAST_SAMPLES: usize = 1_600;
/// Longer pieces are refused: the memory of the encoder grows with the square of the length.
const MOST_SAMPLES: usize = 60 * SAMPLE_RATE_HZ as usize;
/// Longer pieces cost more per second, as attention grows with the square of the length; shorter ones, cut within
/// sentences, give more errors.
pub const PIECE_LENGTHS: PieceLengths = PieceLengths { enough_s: 12.0, limit_s: 15.0 };
/// Silence around a piece that comes on top of its length.
const MARGIN_S: f64 = 0.5;

/// A Moonshine recogniser.
pub struct Moonshine {
    encoder: Session,
    decoder: Session,
    tokenizer: Arc<Tokenizer>,
    cache: Vec<CacheSlot>,
}

/// Names of one cached tensor.
struct CacheSlot {
    past: String,
    present: String,
    /// Made from the recording, once per piece; the others grow with every token.
    of_encoder: bool,
}

/// What the decoder wrote for one piece.
struct Decoded {
    /// Chosen tokens without begin and end.
    ids: Vec<usize>,
    /// Natural logarithms of their probabilities; one more when the text was ended by the model.
    log_probabilities: Vec<f64>,
    alignment: Alignment,
    guards: Vec<Guard>,
}

impl Moonshine {
    /// Loads so many instances, one per thread; they share what can be shared.
    ///
    /// # Errors
    /// [`ModelError`] when files are missing or cannot be loaded.
    pub fn load(runtime: &Runtime, store: &ModelStore, instances: usize) -> Result<Vec<Self>, ModelError> {
        let encoder = store.file(MODEL, "encoder")?;
        let decoder = store.file(MODEL, "decoder")?;
        let path = store.file(MODEL, "tokenizer")?;
        let bytes = std::fs::read(&path).map_err(|source| ModelError::Io { path: path.clone(), source })?;
        let tokenizer = Arc::new(
            Tokenizer::parse(bytes)
                .map_err(|reason| ModelError::inference(MODEL, format!("{}: {reason}", path.display())))?,
        );
        let shared = [PrepackedWeights::new(), PrepackedWeights::new()];
        (0..instances)
            .map(|_| {
                let mut loaded = Self {
                    encoder: session(runtime, &encoder, &shared[0], true)?,
                    decoder: session(runtime, &decoder, &shared[1], false)?,
                    tokenizer: Arc::clone(&tokenizer),
                    cache: cache_slots(),
                };
                // The longest piece first: the memory arena takes its working size now, and does not creep up to it
                // with the length of the recording.
                loaded.encode(&vec![
                    0.0;
                    ((PIECE_LENGTHS.limit_s + MARGIN_S) * f64::from(SAMPLE_RATE_HZ))
                        as usize
                ])?;
                runtime.record(MODEL);
                Ok(loaded)
            })
            .collect()
    }

    /// The representation of a piece: f32 [1, T, 288], and T.
    fn encode(&mut self, samples: &[f32]) -> Result<(DynValue, usize), ModelError> {
        let shape = [1, samples.len()];
        let mask = vec![1i64; samples.len()];
        let inputs = ort::inputs![
                "input_values" => TensorRef::from_array_view((shape, samples)).map_err(fail)?,
                "attention_mask" => TensorRef::from_array_view((shape, mask.as_slice())).map_err(fail)?,
        ];
        let mut outputs = model_run("moonshine-encoder", 1, || self.encoder.run(inputs)).map_err(fail)?;
        let hidden = take(&mut outputs, "last_hidden_state")?;
        let frames = match hidden.shape().as_ref() {
            [1, frames, _] => usize::try_from(*frames).unwrap_or(0),
            other => return Err(fail(format!("hidden states have shape {other:?}"))),
        };
        if frames == 0 { Err(fail("no hidden states")) } else { Ok((hidden, frames)) }
    }

    /// Chooses the most probable token step by step.
    fn decode(&mut self, hidden: &DynValue, frames: usize, most_steps: usize) -> Result<Decoded, ModelError> {
        let allocator = Allocator::default();
        let empty = [1, HEADS, 0, HEAD_SIZE];
        let mut past: Vec<DynValue> = self
            .cache
            .iter()
            .map(|_| Tensor::<f32>::new(&allocator, empty).map(Tensor::into_dyn).map_err(fail))
            .collect::<Result<_, _>>()?;
        // The mask is only looked at for its presence: every frame of a piece counts.
        let mask = Tensor::from_array(([1, 1], vec![1i64])).map_err(fail)?;
        let mut decoded = Decoded {
            ids: Vec::new(),
            log_probabilities: Vec::new(),
            alignment: Alignment::new(frames),
            guards: Vec::new(),
        };
        let mut token = BEGIN_TOKEN;
        for step in 0..most_steps {
            let token_id =
                Tensor::from_array(([1, 1], vec![i64::try_from(token).unwrap_or(0)])).map_err(fail)?;
            let use_cache = Tensor::from_array(([1], vec![step > 0])).map_err(fail)?;
            let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = ort::inputs![
                "input_ids" => &token_id,
                "encoder_hidden_states" => hidden,
                "encoder_attention_mask" => &mask,
                "use_cache_branch" => &use_cache,
            ];
            for (slot, value) in self.cache.iter().zip(&past) {
                inputs.push((Cow::Borrowed(slot.past.as_str()), value.into()));
            }
            let mut outputs = model_run("moonshine-decoder", 1, || self.decoder.run(inputs)).map_err(fail)?;
            for (slot, value) in self.cache.iter().zip(&mut past) {
                // With the cache in use the encoder's part comes back empty: only the first one is kept.
                if step == 0 || !slot.of_encoder {
                    *value = take(&mut outputs, &slot.present)?;
                }
            }
            decoded.alignment.begin_step();
            for name in CROSS_ATTENTIONS {
                decoded.alignment.add_heads(floats(&outputs, name)?);
            }
            let (next, log_probability) = most_probable(floats(&outputs, "logits")?)
                .ok_or_else(|| fail("the decoder gave no finite number"))?;
            decoded.log_probabilities.push(log_probability);
            if next == END_TOKEN {
                return Ok(decoded);
            }
            decoded.ids.push(next);
            if let Some(kept) = without_trailing_loop(&decoded.ids) {
                decoded.cut(kept);
                decoded.guards.push(Guard::RepetitionLoop);
                return Ok(decoded);
            }
            token = next;
        }
        decoded.guards.push(Guard::TokenCap);
        Ok(decoded)
    }
}

impl Decoded {
    fn cut(&mut self, kept: usize) {
        self.ids.truncate(kept);
        self.log_probabilities.truncate(kept);
    }
}

impl Transcriber for Moonshine {
    fn model(&self) -> &str {
        MODEL
    }

    fn languages(&self) -> &[Language] {
        &[Language::En]
    }

    fn piece_lengths(&self) -> PieceLengths {
        PIECE_LENGTHS
    }

    fn transcribe(
        &mut self,
        piece: &SpeechPiece,
        _hints: &TranscriptionHints,
    ) -> Result<PieceTranscript, ModelError> {
        let samples = piece.samples.as_slice();
        if samples.len() < LEAST_SAMPLES || piece.speech.is_empty() {
            return Ok(PieceTranscript::empty(Language::En, Vec::new()));
        }
        if samples.len() > MOST_SAMPLES {
            return Err(fail(format!("a piece of {:.0} s is too long", piece.duration_s())));
        }
        let (hidden, frames) = self.encode(samples)?;
        let most_steps = (piece.duration_s() * MOST_TOKENS_PER_S).ceil() as usize;
        let decoded = self.decode(&hidden, frames, most_steps)?;
        let words = words::words(
            &self.tokenizer,
            &decoded.ids,
            &decoded.log_probabilities,
            &decoded.alignment,
            piece.duration_s() / frames as f64,
            &piece.speech,
        );
        let tokens = decoded.log_probabilities.len();
        let mean =
            if tokens == 0 { 0.0 } else { decoded.log_probabilities.iter().sum::<f64>() / tokens as f64 };
        Ok(PieceTranscript {
            language: Language::En,
            detected_language: None,
            confidence: if words.is_empty() { 0.0 } else { mean.exp().clamp(0.0, 1.0) },
            text: self.tokenizer.text(&decoded.ids),
            words,
            average_log_probability: mean,
            tokens,
            guards: decoded.guards,
        })
    }
}

const CROSS_ATTENTIONS: [&str; LAYERS] = [
    "cross_attentions.0",
    "cross_attentions.1",
    "cross_attentions.2",
    "cross_attentions.3",
    "cross_attentions.4",
    "cross_attentions.5",
];

fn cache_slots() -> Vec<CacheSlot> {
    let mut slots = Vec::with_capacity(LAYERS * 4);
    for layer in 0..LAYERS {
        for (part, of_encoder) in [("decoder", false), ("encoder", true)] {
            for kind in ["key", "value"] {
                slots.push(CacheSlot {
                    past: format!("past_key_values.{layer}.{part}.{kind}"),
                    present: format!("present.{layer}.{part}.{kind}"),
                    of_encoder,
                });
            }
        }
    }
    slots
}

/// The decoder works without a memory arena: its cache has another size at every step, and an arena would be
/// fragmented by it and grow with the length of the recording.
fn session(
    runtime: &Runtime,
    path: &Path,
    shared: &PrepackedWeights,
    arena: bool,
) -> Result<Session, ModelError> {
    // Pieces differ in length and every step of the decoder has a new shape: a remembered memory pattern per
    // shape would only grow.
    runtime
        .builder(MODEL, SessionOptions::default())?
        .with_execution_providers([CPU::default().with_arena_allocator(arena).build()])
        .map_err(fail)?
        .with_memory_pattern(false)
        .map_err(fail)?
        .with_prepacked_weights(shared)
        .map_err(fail)?
        .commit_from_file(path)
        .map_err(fail)
}

fn fail(reason: impl std::fmt::Display) -> ModelError {
    ModelError::inference(MODEL, reason)
}

fn take(outputs: &mut SessionOutputs<'_>, name: &str) -> Result<DynValue, ModelError> {
    outputs.remove(name).ok_or_else(|| fail(format!("output {name} is missing")))
}

fn floats<'o>(outputs: &'o SessionOutputs<'_>, name: &str) -> Result<&'o [f32], ModelError> {
    let value = outputs.get(name).ok_or_else(|| fail(format!("output {name} is missing")))?;
    value.try_extract_tensor::<f32>().map(|(_, values)| values).map_err(fail)
}
