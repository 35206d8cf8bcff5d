//! The recognisers of a job: threads that take pieces of speech from a bounded queue. Which thread takes which
//! piece changes nothing: every transcript goes back to the place of its piece.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

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

/// Pieces that one recogniser can choose from: enough to end together, little enough to cost no memory.
const CHOICE_PER_RECOGNISER: usize = 4;

/// The pieces that wait, handed out longest first: what is left at the end is short, so that no recogniser works
/// long while the others have nothing to do any more.
pub(crate) struct Queue {
    tasks: Receiver<Task>,
    waiting: Mutex<Vec<Task>>,
    most: usize,
}

impl Queue {
    pub(crate) fn new(tasks: Receiver<Task>, recognisers: usize) -> Self {
        let most = recognisers.max(1) * CHOICE_PER_RECOGNISER;
        Self { tasks, waiting: Mutex::new(Vec::new()), most }
    }

    /// Waits for a piece; none when all have been handed out and no more can come.
    fn next(&self) -> Option<Task> {
        // Held while waiting for the channel: the others could do nothing but wait there, too.
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() {
            waiting.push(self.tasks.recv().ok()?);
        }
        let room = self.most.saturating_sub(waiting.len());
        waiting.extend(self.tasks.try_iter().take(room));
        let (longest, _) = waiting
            .iter()
            .enumerate()
            .max_by_key(|(number, task)| (task.piece.piece.samples.len(), std::cmp::Reverse(*number)))?;
        Some(waiting.remove(longest))
    }
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
    tasks: &Queue,
    progress: &dyn Progress,
    clock: &StageClock,
) -> Result<Vec<Recognised>, ModelError> {
    let mut results = Vec::new();
    let mut failure = None;
    while let Some(task) = tasks.next() {
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
