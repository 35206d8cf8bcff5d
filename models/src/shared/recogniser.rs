//! A recogniser of the shared process. Whole pieces of speech travel, not tensors: the caches of a decoder would be
//! larger than the sound at every word.

use interview_schemas::Language;

use crate::session::{Input, Numbers};
use crate::transcriber::{
    PieceLengths, PieceTranscript, PieceWord, SpeechPiece, Transcriber, TranscriptionHints,
};
use crate::{ModelError, ModelStore, recogniser};

use super::client::{Connection, unexpected};
use super::wire::{Owned, Reply, Request, Tensor, TranscriptHead, pair};

/// Numbers of a word on the wire: start, end, confidence.
const PER_WORD: usize = 3;
/// Numbers of a transcript on the wire beside those of its words: confidence, mean logarithm of probabilities.
const PER_TRANSCRIPT: usize = 2;

/// A recogniser that runs in the shared process.
pub struct SharedRecogniser {
    model: String,
    languages: Vec<Language>,
    connection: Connection,
}

impl SharedRecogniser {
    /// Has the recogniser loaded by the shared process.
    ///
    /// # Errors
    /// [`ModelError`] when the process cannot be reached or cannot load it.
    pub fn open(model: &str, store: &ModelStore, mut connection: Connection) -> Result<Self, ModelError> {
        let languages = store.manifest().entry(model)?.languages.clone();
        connection.open_recogniser(model)?;
        Ok(Self { model: model.to_owned(), languages, connection })
    }
}

impl Transcriber for SharedRecogniser {
    fn model(&self) -> &str {
        &self.model
    }

    fn languages(&self) -> &[Language] {
        &self.languages
    }

    fn piece_lengths(&self) -> PieceLengths {
        recogniser::piece_lengths(&self.model)
    }

    fn transcribe(
        &mut self,
        piece: &SpeechPiece,
        hints: &TranscriptionHints,
    ) -> Result<PieceTranscript, ModelError> {
        let request = Request::Transcribe {
            model: self.model.clone(),
            speech: piece.speech.iter().map(pair).collect(),
            language: hints.language,
            vocabulary: hints.vocabulary.clone(),
        };
        let shape = [piece.samples.len()];
        let samples = Input { name: "", shape: &shape, numbers: Numbers::F32(&piece.samples) };
        match self.connection.ask(&request, &[samples])? {
            (Reply::Transcript(head), tensors) => unpack(head, &tensors)
                .ok_or_else(|| ModelError::inference(&self.model, "a transcript without its numbers")),
            (other, _) => Err(unexpected(&other)),
        }
    }
}

/// A transcript as it travels. Its numbers go beside the text, as those of tensors do.
pub(super) fn pack(transcript: PieceTranscript) -> (Reply, Vec<Tensor>) {
    let mut numbers: Vec<f64> =
        transcript.words.iter().flat_map(|word| [word.start_s, word.end_s, word.confidence]).collect();
    numbers.extend([transcript.confidence, transcript.average_log_probability]);
    let head = TranscriptHead {
        language: transcript.language,
        detected_language: transcript.detected_language,
        words: transcript.words.into_iter().map(|word| word.text).collect(),
        text: transcript.text,
        tokens: transcript.tokens,
        guards: transcript.guards,
    };
    let tensor = Tensor { name: String::new(), shape: vec![numbers.len()], numbers: Owned::F64(numbers) };
    (Reply::Transcript(head), vec![tensor])
}

fn unpack(head: TranscriptHead, tensors: &[Tensor]) -> Option<PieceTranscript> {
    let [Tensor { numbers: Owned::F64(numbers), .. }] = tensors else { return None };
    let (of_words, of_transcript) = numbers.split_last_chunk::<PER_TRANSCRIPT>()?;
    let of_words = of_words.as_chunks::<PER_WORD>().0;
    if of_words.len() != head.words.len() {
        return None;
    }
    let words = head.words.into_iter().zip(of_words);
    Some(PieceTranscript {
        language: head.language,
        detected_language: head.detected_language,
        words: words
            .map(|(text, &[start_s, end_s, confidence])| PieceWord { text, start_s, end_s, confidence })
            .collect(),
        text: head.text,
        confidence: of_transcript[0],
        average_log_probability: of_transcript[1],
        tokens: head.tokens,
        guards: head.guards,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcriber::Guard;

    #[test]
    fn a_transcript_survives_the_journey_to_the_last_bit() {
        let word = |text: &str, start_s: f64| PieceWord {
            text: text.to_owned(),
            start_s,
            end_s: start_s + 0.1 + 0.2,
            confidence: 1.0 / 3.0,
        };
        let transcript = PieceTranscript {
            language: Language::Zh,
            detected_language: Some("zh".to_owned()),
            words: vec![word("你好", 0.1), word("，", std::f64::consts::PI)],
            text: "你好，".to_owned(),
            confidence: 0.1 + 0.7,
            average_log_probability: -1.0 / 7.0,
            tokens: 3,
            guards: vec![Guard::TokenCap],
        };
        let (Reply::Transcript(head), tensors) = pack(transcript.clone()) else { panic!("no transcript") };
        assert_eq!(unpack(head.clone(), &tensors), Some(transcript));
        assert_eq!(unpack(TranscriptHead { words: Vec::new(), ..head }, &tensors), None);
    }
}
