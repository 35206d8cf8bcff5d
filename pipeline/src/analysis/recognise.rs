//! The recognisers of a job: threads that take pieces of speech from a bounded queue. Which thread takes which
//! piece changes nothing: every transcript goes back to the place of its piece.

use std::collections::BTreeMap;

use crossbeam_channel::Receiver;
use interview_models::ModelError;
use interview_models::transcriber::{PieceTranscript, TranscriptionHints};

use super::hub::Recognisers;
use super::progress::{Progress, Stage, StageClock};
use crate::perception::speech::{PlacedPiece, Placement};

/// A piece waiting for a recogniser.
pub(crate) struct Task {
    /// Number of the answer in the job.
    pub answer: usize,
    /// Seconds of media in the answers before; for progress.
    pub offset_s: f64,
    /// Name of the model that is to transcribe it.
    pub model: String,
    /// Language and vocabulary.
    pub hints: TranscriptionHints,
    /// The sound.
    pub piece: PlacedPiece,
}

/// A piece that was transcribed.
pub(crate) struct Recognised {
    /// Number of the answer in the job.
    pub answer: usize,
    /// Where the piece lies.
    pub placement: Placement,
    /// What was said.
    pub transcript: PieceTranscript,
}

/// Works until the queue is closed. After a failure the queue is still emptied, so that nobody waits for room.
pub(crate) fn work(
    recognisers: &mut Recognisers,
    tasks: &Receiver<Task>,
    progress: &dyn Progress,
    clock: &StageClock,
) -> Result<Vec<Recognised>, ModelError> {
    let mut results = Vec::new();
    let mut failure = None;
    for task in tasks {
        if failure.is_some() {
            continue;
        }
        let Some(recogniser) = recognisers.get_mut(&task.model) else {
            failure = Some(ModelError::Unknown(format!("recogniser {:?} in this thread", task.model)));
            continue;
        };
        let transcript =
            clock.time(Stage::Transcribe, || recogniser.transcribe(&task.piece.piece, &task.hints));
        match transcript {
            Ok(transcript) => {
                let end = task.piece.placement.speech.last().map_or(0.0, |span| span.end_s);
                results.push(Recognised { answer: task.answer, placement: task.piece.placement, transcript });
                progress.advance(Stage::Transcribe, task.offset_s + end, None);
            }
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(results), Err)
}

/// The transcripts of each answer in the order of their pieces.
pub(crate) fn by_answer(results: Vec<Recognised>) -> BTreeMap<usize, Vec<(Placement, PieceTranscript)>> {
    let mut answers: BTreeMap<usize, Vec<(Placement, PieceTranscript)>> = BTreeMap::new();
    for result in results {
        answers.entry(result.answer).or_default().push((result.placement, result.transcript));
    }
    for pieces in answers.values_mut() {
        pieces.sort_by_key(|(placement, _)| placement.index);
    }
    answers
}
