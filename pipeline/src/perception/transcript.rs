//! The transcript of a recording out of its pieces, and whether it may be judged at all.

use interview_models::transcriber::{Guard, PieceTranscript, PieceWord};
use interview_schemas::features::round_decimals;
use interview_schemas::perception::{Transcript, TranscriptSegment, Word};
use interview_schemas::{Bilingual, Language};

use super::speech::Placement;

/// A pause within a piece after which a new segment begins.
const SEGMENT_PAUSE_S: f64 = 1.0;
/// Below these limits a recogniser does not understand the language or the sound. Clear English has a mean
/// log-probability above -0.25 and less than a tenth of its words in doubt; other languages given to an English
/// recogniser have below -0.6 and more than 0.4. The limits lie between.
const LIMITS: ConfidenceLimits = ConfidenceLimits { least_log_probability: -0.45, most_doubtful: 0.35 };
/// Where the language is not known and the recogniser cannot tell it.
const LIMITS_ASSUMED: ConfidenceLimits =
    ConfidenceLimits { least_log_probability: -0.35, most_doubtful: 0.25 };
/// A transcript of fewer tokens says too little about itself.
const LIMITS_FEW: ConfidenceLimits = ConfidenceLimits { least_log_probability: -1.0, most_doubtful: 0.6 };
const FEW_TOKENS: usize = 12;
/// Words below this confidence are in doubt.
const DOUBTFUL: f64 = 0.5;
/// Share of the speech in pieces that were cut off as repetition or for their length.
const MOST_RUNAWAY: f64 = 0.2;
/// Share of the speech in pieces whose text was dropped as improbable.
const MOST_DROPPED: f64 = 0.5;
/// English words, or Mandarin characters, per second of speech: nobody speaks faster, and slower means that
/// much was not understood. Fast readers reach 4.5 words and 7 characters.
const WORDS_PER_S: (f64, f64) = (0.6, 6.0);
const CHARACTERS_PER_S: (f64, f64) = (0.8, 10.0);
/// Share of the words that may be written in another script than the language is: Mandarin quotes many English terms.
const MOST_OTHER_SCRIPT: (f64, f64) = (0.3, 0.8);
/// Scripts are only judged over at least so many words.
const LEAST_WORDS: usize = 8;
/// Share of the speech in pieces that say all the same, and from how many such pieces on: what recognisers invent for
/// noise is the same every time.
const MOST_ECHOED: f64 = 0.5;
const LEAST_ECHOES: usize = 3;
/// The rate is only judged over at least so much speech.
const LEAST_SPEECH_S: f64 = 5.0;

/// How unsure a recogniser may be.
struct ConfidenceLimits {
    /// Mean of the natural logarithms of the token probabilities.
    least_log_probability: f64,
    /// Share of words in doubt.
    most_doubtful: f64,
}

/// Why a transcript must not be judged. The code stands in [`Transcript::unreliable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unreliable {
    /// The recogniser was not sure of its words: another language, noise or a poor line.
    LowConfidence,
    /// The recogniser repeated itself or wrote more than anybody can say.
    Repetition,
    /// Too many or too few words for the time of speech.
    SpeakingRate,
    /// Another language was heard than the one to transcribe.
    LanguageMismatch,
}

impl Unreliable {
    /// Every reason.
    pub const ALL: [Self; 4] =
        [Self::LowConfidence, Self::Repetition, Self::SpeakingRate, Self::LanguageMismatch];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::LowConfidence => "low_confidence",
            Self::Repetition => "repetition",
            Self::SpeakingRate => "speaking_rate",
            Self::LanguageMismatch => "language_mismatch",
        }
    }

    /// The reason of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The reason for people.
    #[must_use]
    pub fn message(self) -> Bilingual {
        match self {
            Self::LowConfidence => Bilingual::new(
                "The speech was not understood well enough: another language, noise or a poor recording.",
                "语音识别的把握不足：可能是其他语言、噪声或录音质量差。",
            ),
            Self::Repetition => Bilingual::new(
                "The speech recogniser repeated itself; the transcript is not what was said.",
                "语音识别出现重复，文字稿并非实际所说内容。",
            ),
            Self::SpeakingRate => Bilingual::new(
                "The transcript has too many or too few words for the time of speech.",
                "文字稿的字数与说话时长不符。",
            ),
            Self::LanguageMismatch => Bilingual::new(
                "Another language was spoken than the one that was to be transcribed.",
                "实际所说的语言与设定的语言不一致。",
            ),
        }
    }
}

/// What speaks for and against a transcript, over all its pieces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reliability {
    /// Number of tokens.
    pub tokens: usize,
    /// Mean of the natural logarithms of the token probabilities.
    pub average_log_probability: f64,
    /// Share of words with a confidence below 0.5.
    pub doubtful: f64,
    /// Seconds of speech.
    pub speech_s: f64,
    /// English words, or Mandarin characters, per second of speech.
    pub rate_per_s: f64,
    /// Share of the speech in pieces that ran away (repetition, too long).
    pub runaway: f64,
    /// Share of the speech in pieces whose text was dropped.
    pub dropped: f64,
    /// Share of the speech in pieces whose words are those of two others.
    pub echoed: f64,
    /// Number of words.
    pub words: usize,
    /// Share of the words in the script of another language.
    pub other_script: f64,
    /// Share of the speech in pieces in which another language was heard than the one of the transcript.
    pub foreign: f64,
}

impl Reliability {
    /// Measures pieces, in the order of the recording, that were transcribed in a language.
    #[must_use]
    pub fn measure(pieces: &[(Placement, PieceTranscript)], language: Language) -> Self {
        let speech_of = |affected: &dyn Fn(&PieceTranscript) -> bool| -> f64 {
            let affected = pieces.iter().filter(|(_, piece)| affected(piece));
            affected.fold(0.0, |sum, (placement, _)| sum + placement.speech_s())
        };
        let speech_s = speech_of(&|_| true);
        let per_second = |value: f64| if speech_s > 0.0 { value / speech_s } else { 0.0 };
        let guarded = |guards: &[Guard]| {
            per_second(speech_of(&|piece| piece.guards.iter().any(|guard| guards.contains(guard))))
        };
        // Cantonese is written with the same characters; recognisers take it for Mandarin with an accent.
        let expected = |code: &String| match language {
            Language::En => code == "en",
            Language::Zh => code == "zh" || code == "yue",
            Language::Auto => true,
        };
        let tokens: usize = pieces.iter().map(|(_, piece)| piece.tokens).sum();
        let log_probabilities = pieces
            .iter()
            .fold(0.0, |sum, (_, piece)| sum + piece.average_log_probability * piece.tokens as f64);
        let words: Vec<&PieceWord> = pieces.iter().flat_map(|(_, piece)| &piece.words).collect();
        let doubtful = words.iter().filter(|word| word.confidence < DOUBTFUL).count();
        let said: usize = match language {
            Language::Zh => words.iter().map(|word| characters(&word.text)).sum(),
            Language::En | Language::Auto => words.len(),
        };
        let echoes =
            |text: &str| pieces.iter().filter(|(_, piece)| piece.text == text).count() >= LEAST_ECHOES;
        let strange = words.iter().filter(|word| is_other_script(&word.text, language)).count();
        Self {
            words: words.len(),
            other_script: if words.is_empty() { 0.0 } else { strange as f64 / words.len() as f64 },
            echoed: per_second(speech_of(&|piece| !piece.text.is_empty() && echoes(&piece.text))),
            tokens,
            average_log_probability: if tokens > 0 { log_probabilities / tokens as f64 } else { 0.0 },
            doubtful: if words.is_empty() { 0.0 } else { doubtful as f64 / words.len() as f64 },
            speech_s,
            rate_per_s: per_second(said as f64),
            runaway: guarded(&[Guard::RepetitionLoop, Guard::TokenCap]),
            dropped: guarded(&[Guard::LowProbability]),
            foreign: per_second(speech_of(&|piece| {
                piece.detected_language.as_ref().is_some_and(|code| !expected(code))
            })),
        }
    }

    /// Why the transcript must not be judged, if it must not. `assumes_language`: nobody said and the
    /// recogniser could not tell which language is spoken.
    #[must_use]
    pub fn verdict(&self, language: Language, assumes_language: bool) -> Option<Unreliable> {
        let limits = match (assumes_language, self.tokens < FEW_TOKENS) {
            (true, _) => LIMITS_ASSUMED,
            (false, true) => LIMITS_FEW,
            (false, false) => LIMITS,
        };
        let unsure = self.average_log_probability < limits.least_log_probability
            || self.doubtful > limits.most_doubtful;
        let (slowest, fastest) = if language == Language::Zh { CHARACTERS_PER_S } else { WORDS_PER_S };
        let (english, mandarin) = MOST_OTHER_SCRIPT;
        let most_other = if language == Language::Zh { mandarin } else { english };
        let strange = self.words >= LEAST_WORDS && self.other_script > most_other;
        if self.foreign > 0.5 || strange {
            Some(Unreliable::LanguageMismatch)
        } else if self.runaway > MOST_RUNAWAY || self.echoed > MOST_ECHOED {
            Some(Unreliable::Repetition)
        } else if self.dropped > MOST_DROPPED || (self.tokens > 0 && unsure) {
            Some(Unreliable::LowConfidence)
        } else if self.speech_s >= LEAST_SPEECH_S && !(slowest..=fastest).contains(&self.rate_per_s) {
            Some(Unreliable::SpeakingRate)
        } else {
            None
        }
    }
}

/// Puts the pieces of a recording together, in whatever order they come. `hint` is the language of the job.
/// Without pieces there was no speech and the transcript is empty.
#[must_use]
pub fn assemble(model: &str, hint: Language, pieces: &[(Placement, PieceTranscript)]) -> Transcript {
    let mut pieces = pieces.to_vec();
    pieces.sort_by_key(|(placement, _)| placement.index);
    let language = spoken_language(hint, &pieces);
    let segments: Vec<TranscriptSegment> =
        pieces.iter().flat_map(|(placement, piece)| segments(placement, piece)).collect();
    let text = segments.iter().fold(String::new(), |text, segment| joined(text, &segment.text));
    let reliability = Reliability::measure(&pieces, language);
    let assumes_language =
        hint == Language::Auto && pieces.iter().all(|(_, piece)| piece.detected_language.is_none());
    let unreliable = reliability.verdict(language, assumes_language);
    tracing::debug!(
        model,
        %language,
        pieces = pieces.len(),
        tokens = reliability.tokens,
        average_log_probability = reliability.average_log_probability,
        doubtful = reliability.doubtful,
        rate_per_s = reliability.rate_per_s,
        unreliable = unreliable.map(Unreliable::code),
        "transcript assembled"
    );
    Transcript {
        language,
        text,
        confidence: mean(segments.iter().flat_map(|segment| &segment.words).map(|word| word.confidence)),
        segments,
        model: model.to_owned(),
        unreliable: unreliable.map(|reason| reason.code().to_owned()),
    }
}

/// The language of the job, else the one in which most of the speech was transcribed.
fn spoken_language(hint: Language, pieces: &[(Placement, PieceTranscript)]) -> Language {
    if hint != Language::Auto {
        return hint;
    }
    let spoken = |language: Language| {
        let pieces = pieces.iter().filter(|(_, piece)| piece.language == language && !piece.words.is_empty());
        pieces.fold(0.0, |sum, (placement, _)| sum + placement.speech_s())
    };
    if spoken(Language::Zh) > spoken(Language::En) { Language::Zh } else { Language::En }
}

/// The words of a piece in segments: a new one begins after a sentence and after a pause.
fn segments(placement: &Placement, piece: &PieceTranscript) -> Vec<TranscriptSegment> {
    let mut groups: Vec<Vec<Word>> = Vec::new();
    for word in &piece.words {
        let word = Word {
            text: word.text.clone(),
            start_s: round_decimals(placement.media_time_s(word.start_s), 3),
            end_s: round_decimals(placement.media_time_s(word.end_s), 3),
            confidence: round_decimals(word.confidence, 4),
        };
        let goes_on = |last: &Word| !ends_sentence(&last.text) && word.start_s - last.end_s < SEGMENT_PAUSE_S;
        match groups.last_mut() {
            Some(group) if group.last().is_some_and(goes_on) => group.push(word),
            _ => groups.push(vec![word]),
        }
    }
    groups
        .into_iter()
        .map(|words| TranscriptSegment {
            start_s: words.first().map_or(0.0, |word| word.start_s),
            end_s: words.last().map_or(0.0, |word| word.end_s),
            text: words.iter().fold(String::new(), |text, word| joined(text, &word.text)),
            confidence: mean(words.iter().map(|word| word.confidence)),
            words,
        })
        .collect()
}

fn ends_sentence(word: &str) -> bool {
    let bare = word.trim_end_matches(['"', '\'', '”', '’', '」', '』', ')', '）']);
    bare.ends_with(['.', '?', '!', '。', '？', '！', '…'])
}

/// Appends a word: with a space, except between Chinese characters and their punctuation.
fn joined(mut text: String, next: &str) -> String {
    let space = match (text.chars().last(), next.chars().next()) {
        (Some(last), Some(first)) => !is_chinese(last) && !is_chinese(first),
        _ => false,
    };
    if space {
        text.push(' ');
    }
    text.push_str(next);
    text
}

/// Whether a letter belongs to Chinese writing: characters, their punctuation, full-width forms.
fn is_chinese(letter: char) -> bool {
    matches!(letter,
        '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{323af}')
}

/// Whether a word is written as the language is not. Figures belong to every language.
fn is_other_script(word: &str, language: Language) -> bool {
    let mut letters = word.chars().filter(|letter| letter.is_alphabetic()).peekable();
    let chinese = |letter: char| is_chinese(letter);
    match language {
        Language::Zh => letters.peek().is_some() && !letters.any(chinese),
        Language::En => letters.any(chinese),
        Language::Auto => false,
    }
}

/// Characters as Mandarin speech counts them: a Chinese character is one, a word in letters or digits one too.
fn characters(word: &str) -> usize {
    let chinese = word.chars().filter(|&letter| is_chinese(letter) && letter.is_alphanumeric()).count();
    let other = word.chars().any(|letter| letter.is_alphanumeric() && !is_chinese(letter));
    chinese + usize::from(other)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { 0.0 } else { round_decimals(sum / count as f64, 4) }
}

#[cfg(test)]
#[path = "transcript_tests.rs"]
mod tests;
