//! What became of each answer: what was perceived of it, or why it could not be used.

use interview_models::transcriber::PieceTranscript;
use interview_schemas::AnswerId;
use interview_schemas::answer::Answer;
use interview_schemas::job::Job;
use interview_schemas::perception::AnswerPerception;
use interview_schemas::report::AnswerFailure;

use super::recording::{Perceived, Recording, Setting};
use crate::PipelineError;
use crate::media::MediaError;
use crate::perception::semantics;
use crate::perception::speech::Placement;
use crate::perception::transcript;

/// What became of one answer.
pub(crate) struct AnswerOutcome {
    /// What was perceived; empty where the answer failed or has nothing to perceive.
    pub perception: AnswerPerception,
    /// Why its recording could not be used.
    pub error: Option<PipelineError>,
}

impl AnswerOutcome {
    /// The failure as it stands in the report.
    pub(crate) fn failure(&self) -> Option<AnswerFailure> {
        self.error.as_ref().map(|error| AnswerFailure { code: error.code(), message: error.to_string() })
    }
}

/// An answer of which nothing was perceived.
fn blank(id: &AnswerId) -> AnswerPerception {
    AnswerPerception {
        id: id.clone(),
        media: None,
        transcript: None,
        voice: None,
        faces: None,
        body: None,
        picture: None,
    }
}

/// The outcome of a recorded answer.
pub(crate) fn recorded(
    setting: &Setting<'_>,
    recording: &Recording<'_>,
    result: Result<Perceived, MediaError>,
    pieces: Vec<(Placement, PieceTranscript)>,
) -> AnswerOutcome {
    let id = &recording.answer.id;
    match result {
        Ok(perceived) => {
            let language = setting.language(recording.answer);
            let transcript =
                perceived.voice.is_some().then(|| transcript::assemble(&recording.model, language, &pieces));
            let (faces, body, picture) = match perceived.vision {
                Some(vision) => (Some(vision.faces), vision.body, Some(vision.picture)),
                None => (None, None, None),
            };
            let (media, voice) = (Some(perceived.facts), perceived.voice);
            let perception =
                AnswerPerception { id: id.clone(), media, transcript, voice, faces, body, picture };
            AnswerOutcome { perception, error: None }
        }
        Err(source) => AnswerOutcome {
            perception: blank(id),
            error: Some(PipelineError::Media { answer: id.to_string(), source }),
        },
    }
}

/// The outcome of an answer without a recording: typed text takes the road of spoken words.
pub(crate) fn unrecorded(answer: &Answer, job: &Job) -> AnswerOutcome {
    let question = answer.question().and_then(|id| job.question(id));
    let transcript = match answer {
        Answer::Text(text) => {
            let language = text.language.unwrap_or(job.language);
            Some(semantics::typed_answer(
                &text.text,
                language,
                question.map(|question| question.text.as_str()),
            ))
        }
        Answer::Video(_) | Answer::Audio(_) | Answer::External(_) => None,
    };
    AnswerOutcome { perception: AnswerPerception { transcript, ..blank(answer.id()) }, error: None }
}
