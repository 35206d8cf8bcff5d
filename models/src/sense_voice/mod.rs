//! SenseVoice small: Mandarin and English speech to text in one pass, on ONNX Runtime.
//!
//! Source: FunAudioLLM (2024), the ONNX export of sherpa-onnx. Inputs: `x` f32 [1, T, 560] (filter bank, stacked and
//! normalised by the numbers in the model's metadata), `x_length` i32 [1], `language` i32 [1], `text_norm` i32 [1];
//! output `logits` f32 [1, T + 4, vocabulary]. The first four frames say the language, the emotion, the kind of sound
//! and the style of the text. The frame of the emotion is never read: no feature uses the emotion of a voice, so no
//! policy has to forbid it.

pub mod decoding;
pub mod fbank;
pub mod vocabulary;

use std::path::Path;
use std::sync::Arc;

use interview_schemas::Language;
use ndarray::{Array1, Array2};
use ort::session::{ModelMetadata, Session};
use ort::value::TensorRef;

use self::fbank::{FEATURES, Fbank, STACK_SHIFT, STACKED};
use self::vocabulary::{Piece, Vocabulary};
use crate::clock::model_run;
use crate::logits::most_probable;
use crate::runtime::output;
use crate::token_words::{Token, words};
use crate::transcriber::{
    Guard, PieceLengths, PieceTranscript, SAMPLE_RATE_HZ, SpeechPiece, Transcriber, TranscriptionHints,
};
use crate::{ModelError, ModelStore, Runtime, SessionOptions};

/// Name in the manifest.
pub const MODEL: &str = "sense-voice-small";

/// The model was trained on utterances of up to 30 s; attention makes longer pieces dearer per second.
pub const PIECE_LENGTHS: PieceLengths = PieceLengths { enough_s: 12.0, limit_s: 20.0 };
const MOST_SAMPLES: usize = 30 * SAMPLE_RATE_HZ as usize;
/// Shorter sound has no word in it (0.1 s).
const LEAST_SAMPLES: usize = 1_600;
/// Frames that the model puts before those of the sound, and what the frames 0 and 2 of them say.
const TAG_FRAMES: usize = 4;
const LANGUAGE_FRAME: usize = 0;
const SOUND_FRAME: usize = 2;
/// The token that stands for nothing.
const BLANK: usize = 0;
/// Below this mean log-probability the words cannot be trusted.
const LEAST_LOG_PROBABILITY: f64 = -1.0;
/// The same where music, laughter or another sound that is no speech was heard.
const LEAST_LOG_PROBABILITY_NO_SPEECH: f64 = -0.4;
/// What the tag of the sound says of speech.
const SPEECH: &str = "Speech";
/// What the tags say when nobody speaks, or when the model cannot tell.
const NO_SPEECH: &str = "nospeech";
const UNKNOWN_SOUND: &str = "Event_UNK";

/// Numbers that the model carries in its metadata.
struct Parameters {
    negative_mean: Array1<f32>,
    inverse_deviation: Array1<f32>,
    vocabulary: usize,
    auto: i32,
    mandarin: i32,
    english: i32,
    /// Text with punctuation and figures.
    written: i32,
}

/// A SenseVoice recogniser.
pub struct SenseVoice {
    session: Session,
    fbank: Arc<Fbank>,
    vocabulary: Arc<Vocabulary>,
    parameters: Arc<Parameters>,
}

impl SenseVoice {
    /// Loads so many instances, one per thread.
    ///
    /// # Errors
    /// [`ModelError`] when files are missing or are not SenseVoice.
    pub fn load(runtime: &Runtime, store: &ModelStore, instances: usize) -> Result<Vec<Self>, ModelError> {
        Self::load_files(runtime, &store.file(MODEL, "model")?, &store.file(MODEL, "tokens")?, instances)
    }

    /// Loads so many instances of a model file with its vocabulary.
    ///
    /// # Errors
    /// [`ModelError`] when a file cannot be read or is not SenseVoice.
    pub fn load_files(
        runtime: &Runtime,
        model: &Path,
        tokens: &Path,
        instances: usize,
    ) -> Result<Vec<Self>, ModelError> {
        let text = std::fs::read_to_string(tokens)
            .map_err(|source| ModelError::Io { path: tokens.to_owned(), source })?;
        let vocabulary =
            Vocabulary::parse(&text).map_err(|reason| fail(format!("{}: {reason}", tokens.display())))?;
        let (vocabulary, fbank) = (Arc::new(vocabulary), Arc::new(Fbank::default()));
        let mut parameters: Option<Arc<Parameters>> = None;
        (0..instances)
            .map(|_| {
                let session = runtime.session(MODEL, model, SessionOptions::default())?;
                let read = || -> Result<_, ModelError> {
                    let metadata = session.metadata().map_err(fail)?;
                    Parameters::read(&metadata, vocabulary.len())
                        .map_err(|reason| fail(format!("{}: {reason}", model.display())))
                };
                let parameters = match &parameters {
                    Some(known) => Arc::clone(known),
                    None => Arc::clone(parameters.insert(Arc::new(read()?))),
                };
                Ok(Self {
                    session,
                    fbank: Arc::clone(&fbank),
                    vocabulary: Arc::clone(&vocabulary),
                    parameters,
                })
            })
            .collect()
    }

    /// Logits of the frames of a piece, the four tags first.
    fn run(&mut self, features: &Array2<f32>, language: Language) -> Result<Vec<f32>, ModelError> {
        let parameters = Arc::clone(&self.parameters);
        let frames = features.nrows();
        let code = match language {
            Language::Auto => parameters.auto,
            Language::Zh => parameters.mandarin,
            Language::En => parameters.english,
        };
        let values = features.as_slice().ok_or_else(|| fail("features are not in one piece"))?;
        let length = [i32::try_from(frames).map_err(fail)?];
        let (language, style) = ([code], [parameters.written]);
        let inputs = ort::inputs![
            "x" => TensorRef::from_array_view(([1, frames, FEATURES], values)).map_err(fail)?,
            "x_length" => TensorRef::from_array_view(([1], length.as_slice())).map_err(fail)?,
            "language" => TensorRef::from_array_view(([1], language.as_slice())).map_err(fail)?,
            "text_norm" => TensorRef::from_array_view(([1], style.as_slice())).map_err(fail)?,
        ];
        let outputs = model_run("sense-voice", 1, || self.session.run(inputs)).map_err(fail)?;
        let (shape, logits) = output(&outputs, MODEL, "logits")?;
        let wanted = [1, frames + TAG_FRAMES, parameters.vocabulary];
        if shape.iter().map(|&size| usize::try_from(size).unwrap_or(0)).eq(wanted) {
            Ok(logits.to_vec())
        } else {
            Err(fail(format!("logits have shape {shape:?} instead of {wanted:?}")))
        }
    }

    /// The tag of one of the first frames.
    fn tag(&self, logits: &[f32], frame: usize) -> Option<&str> {
        let size = self.parameters.vocabulary;
        let row = logits.get(frame * size..(frame + 1) * size)?;
        most_probable(row).and_then(|(token, _)| self.vocabulary.tag(token))
    }

    /// The text tokens with their times.
    fn tokens(&self, logits: &[f32], duration_s: f64) -> Result<Vec<Token>, ModelError> {
        let size = self.parameters.vocabulary;
        let sound = logits.get(TAG_FRAMES * size..).unwrap_or_default();
        let peaks =
            decoding::greedy(sound, size, BLANK).ok_or_else(|| fail("the model gave no finite number"))?;
        let times = decoding::times(&peaks, duration_s);
        let token =
            |(peak, (start_s, end_s)): (&decoding::Peak, (f64, f64))| match self.vocabulary.piece(peak.token)
            {
                Piece::Text(bytes) => Some(Token {
                    id: i32::try_from(peak.token).unwrap_or(i32::MAX),
                    bytes: bytes.clone(),
                    log_probability: peak.log_probability,
                    start_s,
                    end_s,
                }),
                Piece::Tag(_) | Piece::Silent => None,
            };
        Ok(peaks.iter().zip(times).filter_map(token).collect())
    }
}

impl Transcriber for SenseVoice {
    fn model(&self) -> &str {
        MODEL
    }

    fn languages(&self) -> &[Language] {
        &[Language::En, Language::Zh]
    }

    fn piece_lengths(&self) -> PieceLengths {
        PIECE_LENGTHS
    }

    fn transcribe(
        &mut self,
        piece: &SpeechPiece,
        hints: &TranscriptionHints,
    ) -> Result<PieceTranscript, ModelError> {
        if piece.samples.len() > MOST_SAMPLES {
            return Err(fail(format!("a piece of {:.0} s is too long", piece.duration_s())));
        }
        let unspoken = if hints.language == Language::Zh { Language::Zh } else { Language::En };
        if piece.samples.len() < LEAST_SAMPLES || piece.speech.is_empty() {
            return Ok(PieceTranscript::empty(unspoken, Vec::new()));
        }
        let mut features = fbank::low_frame_rate(&self.fbank.compute(&piece.samples));
        fbank::normalise(&mut features, &self.parameters.negative_mean, &self.parameters.inverse_deviation);
        let logits = self.run(&features, hints.language)?;
        let heard = self.tag(&logits, LANGUAGE_FRAME).map(str::to_owned);
        let sound = self.tag(&logits, SOUND_FRAME).map(str::to_owned);
        let language = match (hints.language, heard.as_deref()) {
            (Language::Auto, Some("zh" | "yue")) => Language::Zh,
            (Language::Auto, _) => Language::En,
            (known, _) => known,
        };
        let tokens = self.tokens(&logits, piece.duration_s())?;
        let mean = mean_log_probability(&tokens);
        if let Some(guard) = doubt(heard.as_deref(), sound.as_deref(), mean).filter(|_| !tokens.is_empty()) {
            let empty = PieceTranscript::empty(language, vec![guard]);
            return Ok(PieceTranscript { detected_language: spoken(heard), ..empty });
        }
        let words = words(&tokens, &piece.speech);
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.bytes.iter().copied()).collect();
        Ok(PieceTranscript {
            language,
            detected_language: spoken(heard),
            confidence: if words.is_empty() { 0.0 } else { mean.exp().clamp(0.0, 1.0) },
            words,
            text: String::from_utf8_lossy(&bytes).trim().to_owned(),
            average_log_probability: mean,
            tokens: tokens.len(),
            guards: Vec::new(),
        })
    }
}

/// Why the words of a piece are dropped, if they are.
fn doubt(heard: Option<&str>, sound: Option<&str>, mean: f64) -> Option<Guard> {
    let speaks = sound.is_none_or(|sound| sound == SPEECH || sound == UNKNOWN_SOUND);
    if heard == Some(NO_SPEECH) || (!speaks && mean < LEAST_LOG_PROBABILITY_NO_SPEECH) {
        Some(Guard::NoSpeech)
    } else if mean < LEAST_LOG_PROBABILITY {
        Some(Guard::LowProbability)
    } else {
        None
    }
}

/// The code of the language that was heard, where one was.
fn spoken(heard: Option<String>) -> Option<String> {
    heard.filter(|code| code != NO_SPEECH)
}

fn mean_log_probability(tokens: &[Token]) -> f64 {
    let sum: f64 = tokens.iter().map(|token| token.log_probability.clamp(-100.0, 0.0)).sum();
    if tokens.is_empty() { 0.0 } else { sum / tokens.len() as f64 }
}

impl Parameters {
    /// Reads the metadata and holds it against what the front end makes.
    fn read(metadata: &ModelMetadata<'_>, vocabulary: usize) -> Result<Self, String> {
        let text =
            |key: &str| metadata.custom(key).ok_or_else(|| format!("no {key:?} in the model's metadata"));
        let number = |key: &str| -> Result<i32, String> {
            let text = text(key)?;
            text.trim().parse().map_err(|_| format!("{key} is {text:?}, not a number"))
        };
        let expect = |key: &str, wanted: usize| -> Result<(), String> {
            let found = number(key)?;
            let same = usize::try_from(found) == Ok(wanted);
            if same { Ok(()) } else { Err(format!("{key} is {found} instead of {wanted}")) }
        };
        expect("lfr_window_size", STACKED)?;
        expect("lfr_window_shift", STACK_SHIFT)?;
        expect("normalize_samples", 0)?;
        expect("vocab_size", vocabulary)?;
        let numbers = |key: &str| -> Result<Array1<f32>, String> {
            let numbers: Result<Vec<f32>, _> = text(key)?.split(',').map(|one| one.trim().parse()).collect();
            let numbers = numbers.map_err(|_| format!("{key} holds something else than numbers"))?;
            if numbers.len() == FEATURES && numbers.iter().all(|number| number.is_finite()) {
                Ok(Array1::from_vec(numbers))
            } else {
                Err(format!("{key} does not hold {FEATURES} finite numbers"))
            }
        };
        Ok(Self {
            negative_mean: numbers("neg_mean")?,
            inverse_deviation: numbers("inv_stddev")?,
            vocabulary,
            auto: number("lang_auto")?,
            mandarin: number("lang_zh")?,
            english: number("lang_en")?,
            written: number("with_itn")?,
        })
    }
}

fn fail(reason: impl std::fmt::Display) -> ModelError {
    ModelError::inference(MODEL, reason)
}
