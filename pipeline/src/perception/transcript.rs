//! From the pieces a recogniser wrote down to the transcript of a recording, and whether it can be relied on.

use interview_models::transcriber::{Guard, PieceTranscript};
use interview_schemas::Language;
use interview_schemas::features::round_decimals;
use interview_schemas::perception::{Transcript, TranscriptSegment, Word};

use super::speech::Placement;

/// Mean word confidence below which a transcript must not be judged. Recordings in the recogniser's own language
/// stay well above; speech in another language, which comes out as made-up words, stays below.
const LEAST_CONFIDENCE: f64 = 0.55;
/// Words per second of speech beyond which nobody speaks: the recogniser made them up.
const MOST_WORDS_PER_S: f64 = 7.0;
/// Words from which on the two limits above mean anything.
const LEAST_WORDS: usize = 4;

/// Joins the pieces of a recording, in their order, into its transcript. Without pieces there was no speech and
/// the transcript is empty.
#[must_use]
pub fn assemble(model: &str, language: Language, pieces: &[(Placement, PieceTranscript)]) -> Transcript {
    let segments: Vec<TranscriptSegment> =
        pieces.iter().filter_map(|(placement, piece)| segment(placement, piece)).collect();
    let words = || segments.iter().flat_map(|segment| &segment.words);
    let count = words().count();
    let confidence =
        if count == 0 { 0.0 } else { words().map(|word| word.confidence).sum::<f64>() / count as f64 };
    let joined: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
    Transcript {
        language: pieces.iter().map(|(_, piece)| piece.language).next().unwrap_or(language),
        text: joined.join(" "),
        model: model.to_owned(),
        confidence: round_decimals(confidence, 4),
        unreliable: unreliable(pieces, count, confidence),
        segments,
    }
}

fn segment(placement: &Placement, piece: &PieceTranscript) -> Option<TranscriptSegment> {
    let (first, last) = (piece.words.first()?, piece.words.last()?);
    let time = |piece_time_s: f64| round_decimals(placement.media_time_s(piece_time_s), 3);
    Some(TranscriptSegment {
        start_s: time(first.start_s),
        end_s: time(last.end_s),
        text: piece.text.clone(),
        confidence: round_decimals(piece.confidence, 4),
        words: piece
            .words
            .iter()
            .map(|word| Word {
                text: word.text.clone(),
                start_s: time(word.start_s),
                end_s: time(word.end_s),
                confidence: round_decimals(word.confidence, 4),
            })
            .collect(),
    })
}

/// Why the transcript must not be judged, where it must not.
fn unreliable(pieces: &[(Placement, PieceTranscript)], words: usize, confidence: f64) -> Option<String> {
    let speech_s: f64 = pieces.iter().map(|(placement, _)| placement.speech_s()).sum();
    let looped = pieces.iter().filter(|(_, piece)| piece.guards.contains(&Guard::RepetitionLoop)).count();
    if words < LEAST_WORDS {
        return None;
    }
    if confidence < LEAST_CONFIDENCE {
        return Some(format!(
            "the recogniser was unsure of its words (mean confidence {confidence:.2}): another language, or poor sound"
        ));
    }
    if speech_s > 0.0 && words as f64 / speech_s > MOST_WORDS_PER_S {
        return Some("more words than anybody can say in this time".to_owned());
    }
    if looped * 2 > pieces.len() {
        return Some("the recogniser repeated itself in most of the recording".to_owned());
    }
    None
}
