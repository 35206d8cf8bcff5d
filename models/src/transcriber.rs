//! Speech to text: what every recogniser takes and gives.

use interview_schemas::Language;
use interview_schemas::perception::Span;
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// Samples per second of the sound that recognisers take.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// One piece of a recording that holds speech, at most as long as the recogniser likes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpeechPiece {
    /// Mono sound at 16 kHz in [-1, 1].
    pub samples: Vec<f32>,
    /// Where in the piece somebody speaks, in seconds from its beginning, in order and apart from each other.
    pub speech: Vec<Span>,
}

impl SpeechPiece {
    /// Length in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ)
    }

    /// Seconds of it in which somebody speaks.
    #[must_use]
    pub fn speech_s(&self) -> f64 {
        self.speech.iter().map(|span| (span.end_s - span.start_s).max(0.0)).sum()
    }
}

/// What is known of a recording before it is transcribed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TranscriptionHints {
    /// The language spoken, or [`Language::Auto`].
    pub language: Language,
    /// Words that are likely to occur, such as product names and skills of the position. Recognisers that
    /// cannot use them ignore them.
    pub vocabulary: Vec<String>,
}

/// A reason to doubt a piece of transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// The recogniser repeated itself without end; the repetition was cut off.
    RepetitionLoop,
    /// The text reached the greatest length that speech of this duration can have.
    TokenCap,
    /// The recogniser itself holds that nobody speaks; its text was dropped.
    NoSpeech,
    /// The tokens were improbable even after falling back to higher temperatures; the text was dropped.
    LowProbability,
}

/// One word with times in seconds from the beginning of its piece.
#[derive(Debug, Clone, PartialEq)]
pub struct PieceWord {
    /// The word as written, with its punctuation.
    pub text: String,
    /// Start in seconds from the beginning of the piece.
    pub start_s: f64,
    /// End in seconds from the beginning of the piece.
    pub end_s: f64,
    /// Geometric mean of the probabilities of its tokens, 0-1.
    pub confidence: f64,
}

/// What was said in one piece.
#[derive(Debug, Clone, PartialEq)]
pub struct PieceTranscript {
    /// The language it was transcribed in; never [`Language::Auto`].
    pub language: Language,
    /// Code of the language the recogniser detected by itself (`en`, `zh`, `de`, …), where it can.
    pub detected_language: Option<String>,
    /// The words in order of time.
    pub words: Vec<PieceWord>,
    /// The text as the recogniser wrote it.
    pub text: String,
    /// Geometric mean of the probabilities of all tokens, 0-1; 0 without words.
    pub confidence: f64,
    /// Mean of the natural logarithms of the token probabilities; 0 without tokens.
    pub average_log_probability: f64,
    /// Number of tokens the means are taken over.
    pub tokens: usize,
    /// Reasons to doubt it, in order, each once.
    pub guards: Vec<Guard>,
}

impl PieceTranscript {
    /// A piece in which no words were found.
    #[must_use]
    pub fn empty(language: Language, guards: Vec<Guard>) -> Self {
        Self {
            language,
            detected_language: None,
            words: Vec::new(),
            text: String::new(),
            confidence: 0.0,
            average_log_probability: 0.0,
            tokens: 0,
            guards,
        }
    }
}

/// How long pieces should be for a recogniser to transcribe them well and fast, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PieceLengths {
    /// From this length on a piece ends at the next pause between sentences.
    pub enough_s: f64,
    /// No piece is longer.
    pub limit_s: f64,
}

/// A recogniser. One thread owns one instance.
pub trait Transcriber: Send {
    /// Name of its model in the manifest.
    fn model(&self) -> &str;

    /// The languages it understands.
    fn languages(&self) -> &[Language];

    /// How long the pieces should be that it gets.
    fn piece_lengths(&self) -> PieceLengths;

    /// Writes down what is said in a piece. The same piece gives the same transcript, whatever came before.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when the model does not run.
    fn transcribe(
        &mut self,
        piece: &SpeechPiece,
        hints: &TranscriptionHints,
    ) -> Result<PieceTranscript, ModelError>;
}
