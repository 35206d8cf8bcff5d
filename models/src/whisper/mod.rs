//! Whisper through whisper.cpp: any GGML model the manifest names, for Mandarin and English.
//!
//! Source: Whisper (Radford et al. 2022), whisper.cpp by whisper-rs 0.16. Temperature fallback and its limits
//! are those of the paper. Every attempt is one bounded pass: at most so many tokens, one segment, no text
//! carried over from earlier pieces; the abort callback is never used.

pub mod ggml_file;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use std::ffi::c_int;
use std::path::Path;
use std::sync::Arc;

use interview_schemas::Language;
use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState, get_lang_id,
    get_lang_str, install_logging_hooks,
};

use crate::clock::model_run;
use crate::repetition::without_trailing_loop;
use crate::token_words::{Token, words};
use crate::transcriber::{
    Guard, PieceLengths, PieceTranscript, SAMPLE_RATE_HZ, SpeechPiece, Transcriber, TranscriptionHints,
};
use crate::{Device, ModelError, ModelStore, Runtime};

/// Role of the GGML file in the manifest; every model with such a file is run by this adapter.
pub const ROLE: &str = "ggml";

/// Threads within one instance: instances side by side are faster than threads that wait for each other.
const THREADS: usize = 1;
/// The encoder always looks at 30 s; a piece must lie within one look.
const PIECE_LIMIT_S: f64 = 28.0;
const MOST_SAMPLES: usize = 30 * SAMPLE_RATE_HZ as usize;
/// whisper.cpp does not look at less than 0.1 s.
const LEAST_SAMPLES: usize = 2_400;
/// Fast Mandarin has 8 characters per second at 1.3 tokens each; more are invented.
const MOST_TOKENS_PER_S: f64 = 12.0;
/// Room for the time tokens at the beginning and end.
const TIME_TOKENS: f64 = 8.0;
const TEMPERATURES: [f32; 5] = [0.0, 0.2, 0.4, 0.6, 0.8];
/// Below this mean log-probability an attempt has failed.
const LEAST_LOG_PROBABILITY: f64 = -1.0;
/// Above this probability, together with improbable tokens, nobody speaks.
const NO_SPEECH_PROBABILITY: f32 = 0.6;
/// Text that compresses better than this repeats itself.
const MOST_COMPRESSION: f64 = 2.4;
/// Attempts at a temperature above zero choose the best of so many.
const BEST_OF: c_int = 3;
/// Longest initial prompt in bytes; the decoder has room for 224 tokens.
const LONGEST_PROMPT: usize = 400;
/// Speech of this length after the last word of a pass is looked at again.
const LEAST_REMAINDER_S: f64 = 2.0;
const MOST_PASSES: usize = 3;

/// A Whisper recogniser.
pub struct Whisper {
    model: String,
    context: Arc<WhisperContext>,
    state: WhisperState,
    languages: Vec<Language>,
    multilingual: bool,
}

/// One attempt to write down a part of a piece.
struct Attempt {
    tokens: Vec<Token>,
    no_speech_probability: f32,
}

impl Whisper {
    /// Loads so many instances of a model of the manifest, one per thread; they share the weights.
    ///
    /// # Errors
    /// [`ModelError`] when the file is missing, is no whole GGML model, or a graphics card was asked for.
    pub fn load(
        runtime: &Runtime,
        store: &ModelStore,
        model: &str,
        instances: usize,
    ) -> Result<Vec<Self>, ModelError> {
        if let device @ Device::Cuda(_) = runtime.device() {
            let reason = "whisper.cpp is built for the processor only; run with --device cpu".to_owned();
            return Err(ModelError::Device { device: device.to_string(), reason });
        }
        let languages = store.manifest().entry(model)?.languages.clone();
        let loaded = Self::load_file(&store.file(model, ROLE)?, model, &languages, instances)?;
        for _ in &loaded {
            runtime.record(model);
        }
        Ok(loaded)
    }

    /// Loads so many instances of a GGML file under the name of a model.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when it is no whole GGML model.
    pub fn load_file(
        path: &Path,
        model: &str,
        languages: &[Language],
        instances: usize,
    ) -> Result<Vec<Self>, ModelError> {
        // whisper.cpp would write to the standard error output, words included.
        install_logging_hooks();
        let fail = |reason: String| ModelError::inference(model, format!("{}: {reason}", path.display()));
        let parameters = ggml_file::check(path).map_err(|reason| {
            fail(format!("{reason}; run `interview models verify` and pull the model again"))
        })?;
        let multilingual = parameters.is_multilingual();
        let context = WhisperContext::new_with_params(path, WhisperContextParameters::default())
            .map_err(|error| fail(error.to_string()))?;
        let context = Arc::new(context);
        (0..instances)
            .map(|_| {
                Ok(Self {
                    model: model.to_owned(),
                    state: context.create_state().map_err(|error| fail(error.to_string()))?,
                    context: Arc::clone(&context),
                    languages: if multilingual { languages.to_vec() } else { vec![Language::En] },
                    multilingual,
                })
            })
            .collect()
    }

    fn fail(&self, reason: impl std::fmt::Display) -> ModelError {
        ModelError::inference(&self.model, reason)
    }

    /// The more probable of English and Mandarin, and the code of the most probable of all languages.
    fn detect(&mut self, samples: &[f32]) -> Result<(Language, Option<String>), ModelError> {
        if !self.multilingual {
            return Ok((Language::En, None));
        }
        self.state.pcm_to_mel(samples, THREADS).map_err(|error| self.fail(error))?;
        let (best, probabilities) = model_run("whisper-language", 1, || self.state.lang_detect(0, THREADS))
            .map_err(|error| self.fail(error))?;
        let probability = |code: &str| {
            let id = get_lang_id(code).and_then(|id| usize::try_from(id).ok());
            id.and_then(|id| probabilities.get(id)).copied().unwrap_or(0.0)
        };
        let mandarin = probability("zh").max(probability("yue"));
        let language = if mandarin > probability("en") { Language::Zh } else { Language::En };
        Ok((language, get_lang_str(best).map(str::to_owned)))
    }

    /// One pass over a part of a piece at one temperature.
    fn attempt(
        &mut self,
        samples: &[f32],
        language: Language,
        prompt: &[c_int],
        temperature: f32,
    ) -> Result<Attempt, ModelError> {
        let seconds = samples.len() as f64 / f64::from(SAMPLE_RATE_HZ);
        let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: BEST_OF });
        parameters.set_n_threads(THREADS as c_int);
        parameters.set_language(Some(if language == Language::Zh { "zh" } else { "en" }));
        parameters.set_translate(false);
        parameters.set_no_context(true);
        parameters.set_single_segment(true);
        parameters.set_token_timestamps(true);
        parameters.set_max_tokens(token_cap(seconds));
        parameters.set_temperature(temperature);
        // Falling back, and judging whether anybody speaks, is done here, where the reasons can be told.
        parameters.set_temperature_inc(0.0);
        parameters.set_no_speech_thold(1.1);
        parameters.set_suppress_blank(true);
        parameters.set_suppress_nst(true);
        parameters.set_print_special(false);
        parameters.set_print_progress(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        if !prompt.is_empty() {
            parameters.set_tokens(prompt);
        }
        // Sampling draws on random numbers of the state: a new state makes every piece give the same text
        // whatever came before.
        let mut fresh = None;
        if temperature > 0.0 {
            fresh = Some(self.context.create_state().map_err(|error| self.fail(error))?);
        }
        let state = fresh.as_mut().unwrap_or(&mut self.state);
        let outcome = model_run("whisper", 1, || state.full(parameters, samples));
        let mut attempt = read_attempt(state, self.context.token_eot());
        // Only asked where the words are in doubt: it costs one more step of the decoder.
        let doubtful = outcome.is_ok() && mean_log_probability(&attempt.tokens) < LEAST_LOG_PROBABILITY;
        let no_speech = doubtful.then(|| no_speech_probability(state, &self.context));
        outcome.map_err(|error| self.fail(error))?;
        if let Some(probability) = no_speech {
            attempt.no_speech_probability = probability.map_err(|error| self.fail(error))?;
        }
        Ok(attempt)
    }

    /// Tries one part of a piece at rising temperatures until the text is acceptable.
    fn transcribe_part(
        &mut self,
        samples: &[f32],
        language: Language,
        prompt: &[c_int],
        guards: &mut Vec<Guard>,
    ) -> Result<Vec<Token>, ModelError> {
        let cap = token_cap(samples.len() as f64 / f64::from(SAMPLE_RATE_HZ));
        let mut failure = Guard::LowProbability;
        for temperature in TEMPERATURES {
            let mut attempt = self.attempt(samples, language, prompt, temperature)?;
            if attempt.tokens.is_empty() {
                return Ok(Vec::new());
            }
            let mean = mean_log_probability(&attempt.tokens);
            if mean < LEAST_LOG_PROBABILITY && attempt.no_speech_probability > NO_SPEECH_PROBABILITY {
                guards.push(Guard::NoSpeech);
                return Ok(Vec::new());
            }
            if repeats_itself(&attempt.tokens) {
                failure = Guard::RepetitionLoop;
            } else if mean < LEAST_LOG_PROBABILITY {
                failure = Guard::LowProbability;
            } else {
                if attempt.tokens.len() >= usize::try_from(cap).unwrap_or(usize::MAX) {
                    guards.push(Guard::TokenCap);
                }
                return Ok(std::mem::take(&mut attempt.tokens));
            }
        }
        // Nothing acceptable at any temperature: words that cannot be trusted are not passed on.
        guards.push(failure);
        Ok(Vec::new())
    }
}

impl Transcriber for Whisper {
    fn model(&self) -> &str {
        &self.model
    }

    fn languages(&self) -> &[Language] {
        &self.languages
    }

    fn piece_lengths(&self) -> PieceLengths {
        PieceLengths { enough_s: PIECE_LIMIT_S, limit_s: PIECE_LIMIT_S }
    }

    fn transcribe(
        &mut self,
        piece: &SpeechPiece,
        hints: &TranscriptionHints,
    ) -> Result<PieceTranscript, ModelError> {
        if piece.samples.len() > MOST_SAMPLES {
            return Err(self.fail(format!("a piece of {:.0} s is too long", piece.duration_s())));
        }
        let unspoken = if hints.language == Language::Zh { Language::Zh } else { Language::En };
        if piece.samples.len() < LEAST_SAMPLES || piece.speech.is_empty() {
            return Ok(PieceTranscript::empty(unspoken, Vec::new()));
        }
        let (language, detected_language) = match hints.language {
            Language::Auto => self.detect(&piece.samples)?,
            known => (known, None),
        };
        let prompt = self.prompt(language, &hints.vocabulary);
        let (mut tokens, mut guards, mut from) = (Vec::new(), Vec::new(), 0);
        for _ in 0..MOST_PASSES {
            let part = self.transcribe_part(&piece.samples[from..], language, &prompt, &mut guards)?;
            let offset_s = from as f64 / f64::from(SAMPLE_RATE_HZ);
            let Some(last_s) = part.last().map(|token| token.end_s + offset_s) else { break };
            tokens.extend(part.into_iter().map(|token| token.later(offset_s)));
            // Whisper sometimes ends its text at a pause; what is said afterwards is looked at by itself.
            let Some(next_s) = remainder(piece, last_s) else { break };
            from = ((next_s * f64::from(SAMPLE_RATE_HZ)) as usize).min(piece.samples.len());
            if piece.samples.len() - from < LEAST_SAMPLES {
                break;
            }
        }
        guards.sort_unstable();
        guards.dedup();
        let mean = mean_log_probability(&tokens);
        let words = words(&tokens, &piece.speech);
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.bytes.iter().copied()).collect();
        Ok(PieceTranscript {
            language,
            detected_language,
            confidence: if words.is_empty() { 0.0 } else { mean.exp().clamp(0.0, 1.0) },
            words,
            text: String::from_utf8_lossy(&bytes).trim().to_owned(),
            average_log_probability: mean,
            tokens: tokens.len(),
            guards,
        })
    }
}

impl Whisper {
    /// The vocabulary of the position as the text that went before. For Mandarin a sentence in simplified
    /// characters leads, so that the transcript is written in them too.
    fn prompt(&self, language: Language, vocabulary: &[String]) -> Vec<c_int> {
        let (lead, separator, end) = if language == Language::Zh {
            ("以下是普通话的句子。", "、", "。")
        } else {
            ("", ", ", ".")
        };
        let mut text = lead.to_owned();
        let mut first = true;
        for word in vocabulary {
            let word: String = word.chars().filter(|letter| !letter.is_control()).collect();
            let word = word.trim();
            if word.is_empty() || text.len() + word.len() + 8 > LONGEST_PROMPT {
                continue;
            }
            if !first {
                text.push_str(separator);
            }
            text.push_str(word);
            first = false;
        }
        if !first {
            text.push_str(end);
        }
        if text.is_empty() {
            return Vec::new();
        }
        // A token has at least one byte, so the room always suffices. A prompt only helps: without one the
        // piece is transcribed all the same.
        self.context.tokenize(&text, text.len() + 8).unwrap_or_default()
    }
}

/// Probability that nobody speaks in what the encoder has just looked at: that of the token for it after the start token
/// (Radford et al. 2022). The number whisper.cpp gives with its segments is not this one: after a prompt of several tokens
/// it reads the logits of the first, which are only computed for the last.
fn no_speech_probability(
    state: &mut WhisperState,
    context: &WhisperContext,
) -> Result<f32, whisper_rs::WhisperError> {
    model_run("whisper", 1, || state.decode(&[context.token_sot()], 0, THREADS))?;
    let logits = state.get_logits()?;
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
    let token = usize::try_from(context.token_nosp()).ok().and_then(|token| logits.get(token));
    let probability = token.map_or(0.0, |logit| (logit - most).exp() / sum);
    Ok(if probability.is_finite() { probability } else { 0.0 })
}

/// The text tokens of the last pass; `end` is the first token that is no text.
fn read_attempt(state: &WhisperState, end: c_int) -> Attempt {
    let mut attempt = Attempt { tokens: Vec::new(), no_speech_probability: 0.0 };
    for segment in state.as_iter() {
        for token in (0..segment.n_tokens()).filter_map(|index| segment.get_token(index)) {
            let data = token.token_data();
            if data.id < end {
                attempt.tokens.push(Token {
                    id: data.id,
                    bytes: token.to_bytes().unwrap_or_default().to_vec(),
                    log_probability: f64::from(data.plog),
                    start_s: data.t0 as f64 / 100.0,
                    end_s: data.t1 as f64 / 100.0,
                });
            }
        }
    }
    attempt
}

fn token_cap(seconds: f64) -> c_int {
    (seconds * MOST_TOKENS_PER_S + TIME_TOKENS).ceil().clamp(1.0, 220.0) as c_int
}

fn mean_log_probability(tokens: &[Token]) -> f64 {
    let finite = tokens.iter().map(|token| token.log_probability.clamp(-100.0, 0.0));
    if tokens.is_empty() { 0.0 } else { finite.sum::<f64>() / tokens.len() as f64 }
}

fn repeats_itself(tokens: &[Token]) -> bool {
    let ids: Vec<c_int> = tokens.iter().map(|token| token.id).collect();
    let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.bytes.iter().copied()).collect();
    without_trailing_loop(&ids).is_some() || compression(&bytes) > MOST_COMPRESSION
}

/// How many times shorter zlib makes a text.
fn compression(text: &[u8]) -> f64 {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    let written = encoder.write_all(text).and_then(|()| encoder.finish());
    written.map_or(1.0, |compressed| text.len() as f64 / compressed.len().max(1) as f64)
}

/// Where speech goes on after the last word, when there is enough of it.
fn remainder(piece: &SpeechPiece, last_s: f64) -> Option<f64> {
    let rest: f64 = piece.speech.iter().map(|span| (span.end_s - span.start_s.max(last_s)).max(0.0)).sum();
    let next = piece.speech.iter().find(|span| span.end_s > last_s)?;
    (rest >= LEAST_REMAINDER_S).then(|| (next.start_s - 0.1).max(last_s))
}

#[cfg(test)]
mod tests;
