//! Perception of a job: its recordings one after the other on their own threads, its recognisers beside them.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use interview_models::silero::SileroVad;
use interview_models::transcriber::{PieceLengths, TranscriptionHints};
use interview_models::{ModelError, ModelStore, recogniser};
use interview_schemas::answer::{Answer, RecordedAnswer};
use interview_schemas::job::Job;
use interview_schemas::perception::{MediaFacts, VoiceTrack};
use interview_schemas::policy::ResolvedPolicy;
use interview_schemas::{AnswerId, Language};

use super::AnalysisOptions;
use super::hub::{Hub, Lent};
use super::outcome::{AnswerOutcome, recorded, unrecorded};
use super::progress::{Progress, Stage, StageClock};
use super::recognise::{self, Queue, Recognised, Task};
use crate::PipelineError;
use crate::intake::CheckedMedia;
use crate::media::{self, CancelToken, MediaError, MediaSink, VideoFrame};
use crate::perception::speech::{PlacedPiece, SpeechSegmenter};
use crate::perception::vision::{Followed, VisionAnalyzer, VisionConfig, VisionModels, VisionPerception};
use crate::perception::voice::VoiceTracker;
use crate::text::Lexicons;

/// Chunks of sound that may wait to be listened to (each at most about a second).
const WAITING_CHUNKS: usize = 8;
/// Frames that may wait to be looked at; a frame of 1080p holds 3 MB.
const WAITING_FRAMES: usize = 4;

/// What holds for every answer of a job.
pub(crate) struct Setting<'a> {
    pub job: &'a Job,
    pub media: &'a [CheckedMedia<'a>],
    pub files: &'a BTreeMap<AnswerId, PathBuf>,
    pub policy: &'a ResolvedPolicy,
    pub options: &'a AnalysisOptions,
    /// The word lists for the tenant of the job.
    pub lexicons: &'a Arc<Lexicons>,
    pub progress: &'a dyn Progress,
    pub cancel: &'a CancelToken,
    pub clock: &'a StageClock,
}

impl Setting<'_> {
    pub(crate) fn language(&self, answer: &RecordedAnswer) -> Language {
        answer.language.unwrap_or(self.job.language)
    }

    fn hints(&self, answer: &RecordedAnswer) -> TranscriptionHints {
        let position = &self.job.position;
        let requirements = position.requirements.iter().map(|requirement| requirement.text.clone());
        TranscriptionHints {
            language: self.language(answer),
            vocabulary: position.vocabulary.iter().cloned().chain(requirements).collect(),
        }
    }
}

/// One recording that is to be perceived.
pub(crate) struct Recording<'a> {
    /// Number of the answer in the job.
    pub number: usize,
    /// The answer.
    pub answer: &'a RecordedAnswer,
    /// Its file.
    path: &'a Path,
    /// Name of the model that transcribes it.
    pub model: String,
    /// How long the pieces should be that it gets.
    lengths: PieceLengths,
    /// Whether the job calls it a video: the picture of a sound recording is not looked at.
    is_video: bool,
}

/// What was seen and heard of a recording, the words not yet among it.
pub(crate) struct Perceived {
    /// Counted facts about the file.
    pub facts: MediaFacts,
    /// The voice, where there is sound.
    pub voice: Option<VoiceTrack>,
    /// Faces, body and picture quality, where there is a picture that may be looked at.
    pub vision: Option<VisionPerception>,
}

/// Perceives every answer of the job, in its order. Failures of recordings stand in the outcomes; failures of
/// models end the job.
pub(crate) fn perceive(hub: &mut Hub, setting: &Setting<'_>) -> Result<Vec<AnswerOutcome>, PipelineError> {
    let recordings = recordings(hub.store(), setting)?;
    if !recordings.is_empty() {
        // Starts beside the loading of the models.
        setting.options.decoders.prepare();
        let models = recordings.iter().map(|recording| recording.model.clone()).collect();
        hub.load_ears(&models, setting.options.threads)?;
        // Before the recognisers have grown to their working size: loading takes more memory than running.
        hub.load_embedder(setting.options.threads)?;
    }
    if setting.policy.picture && recordings.iter().any(|recording| recording.is_video) {
        hub.load_eyes(setting.policy)?;
    }
    let (perceived, recognised) = run_threads(hub, setting, &recordings);
    let mut pieces = recognise::by_answer(recognised?);
    let mut outcomes = Vec::with_capacity(setting.job.answers.len());
    let mut perceived = recordings.iter().zip(perceived).peekable();
    for (number, answer) in setting.job.answers.iter().enumerate() {
        outcomes.push(match perceived.next_if(|(recording, _)| recording.number == number) {
            Some((recording, result)) => {
                recorded(setting, recording, result?, pieces.remove(&number).unwrap_or_default())
            }
            None => unrecorded(answer, setting.job),
        });
    }
    Ok(outcomes)
}

/// Runs the recognisers beside the recordings. The inner results are failures of recordings, the outer ones
/// failures of models.
#[allow(clippy::type_complexity)] // two lists of results, named by their use
fn run_threads(
    hub: &mut Hub,
    setting: &Setting<'_>,
    recordings: &[Recording<'_>],
) -> (Vec<Result<Result<Perceived, MediaError>, PipelineError>>, Result<Vec<Recognised>, PipelineError>) {
    let Lent { vad, recognisers, eyes } = hub.lend();
    let (tasks, waiting) = bounded::<Task>(recognisers.len().max(1));
    // Owned by the recognisers alone: when all of them are gone, nobody waits for room any more.
    let waiting = Arc::new(Queue::new(waiting, recognisers.len()));
    thread::scope(|scope| {
        let workers: Vec<_> = recognisers
            .iter_mut()
            .map(|set| {
                let waiting = Arc::clone(&waiting);
                scope.spawn(move || recognise::work(set, &waiting, setting.progress, setting.clock))
            })
            .collect();
        drop(waiting);
        let mut front = Front { vad, eyes, offset_s: 0.0, tasks };
        let perceived = recordings
            .iter()
            .enumerate()
            .map(|(index, recording)| front.recording(setting, recording, index + 1 < recordings.len()))
            .collect();
        drop(front);
        let mut recognised = Vec::new();
        let mut failure = None;
        for worker in workers {
            match join(worker) {
                Ok(Ok(results)) => recognised.extend(results),
                Ok(Err(error)) => failure = failure.or(Some(error.into())),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        (perceived, failure.map_or(Ok(recognised), Err))
    })
}

/// The recordings of the job with their files and the models that will transcribe them.
fn recordings<'a>(store: &ModelStore, setting: &Setting<'a>) -> Result<Vec<Recording<'a>>, PipelineError> {
    let mut recordings = Vec::new();
    for (number, answer) in setting.job.answers.iter().enumerate() {
        let (Answer::Video(recorded) | Answer::Audio(recorded)) = answer else { continue };
        let path = setting.files.get(&recorded.id).ok_or_else(|| {
            PipelineError::Internal(format!("answer {}: no file was given for its recording", recorded.id))
        })?;
        let model = recogniser::choose(setting.language(recorded), store)?;
        let lengths = recogniser::piece_lengths(&model);
        let is_video = matches!(answer, Answer::Video(_));
        recordings.push(Recording { number, answer: recorded, path, model, lengths, is_video });
    }
    Ok(recordings)
}

/// Decodes and listens, one recording after the other.
struct Front<'a> {
    vad: &'a mut Option<SileroVad>,
    eyes: Option<&'a mut VisionModels>,
    /// Seconds of media in the recordings before.
    offset_s: f64,
    tasks: Sender<Task>,
}

impl Front<'_> {
    fn recording(
        &mut self,
        setting: &Setting<'_>,
        recording: &Recording<'_>,
        more: bool,
    ) -> Result<Result<Perceived, MediaError>, PipelineError> {
        if let Err(error) = Self::check_file(setting, recording) {
            return Ok(Err(error));
        }
        let vad = self
            .vad
            .take()
            .ok_or_else(|| PipelineError::Internal("voice activity detection is lent twice".to_owned()))?;
        let (offset_s, tasks) = (self.offset_s, &self.tasks);
        let eyes = self.eyes.as_deref_mut().filter(|_| recording.is_video && setting.policy.picture);
        let mut options = setting.options.decode.clone();
        options.want_video = eyes.is_some();
        let (chunks, heard) = bounded::<Vec<f32>>(WAITING_CHUNKS);
        let (frames, seen) = bounded::<VideoFrame>(WAITING_FRAMES);
        let (summary, listened, looked) = thread::scope(|scope| {
            let listener = scope.spawn(move || {
                let emit = |piece| tasks.send(setting.task(recording, offset_s, piece)).is_ok();
                setting.clock.time(Stage::Listen, || listen(vad, recording.lengths, &heard, emit))
            });
            let watcher = eyes.map(|eyes| scope.spawn(move || look(eyes, setting, offset_s, &seen)));
            let mut sink =
                Sink { chunks, frames, samples: 0, offset_s, claimed_s: None, progress: setting.progress };
            let decode =
                || setting.options.decoders.decode(recording.path, &options, setting.cancel, &mut sink);
            let summary = setting.clock.time(Stage::Decode, decode);
            if more {
                // Starts while this recording is still being listened to and looked at.
                setting.options.decoders.prepare();
            }
            drop(sink);
            (summary, join(listener), watcher.map(join))
        });
        let (vad, voice) = listened??;
        *self.vad = Some(vad);
        let vision = looked.transpose()?.transpose()?;
        Ok(summary.map(|summary| {
            self.offset_s += summary.facts.duration_s;
            let facts = summary.facts;
            let voice = facts.has_audio.then_some(voice);
            let vision = vision.filter(|_| facts.sampled_frames > 0);
            Perceived { facts, voice, vision }
        }))
    }

    /// Holds the file against what the job says of it, before anything is decoded.
    fn check_file(setting: &Setting<'_>, recording: &Recording<'_>) -> Result<(), MediaError> {
        let Some(expected) = setting.media.iter().find(|media| *media.answer == recording.answer.id) else {
            return Ok(());
        };
        if expected.sha256.is_none() && expected.bytes.is_none() {
            return Ok(());
        }
        let found = media::digest(recording.path, &setting.options.decode.limits, setting.cancel)?;
        if let Some(bytes) = expected.bytes.filter(|&bytes| bytes != found.bytes) {
            return Err(MediaError::Integrity(format!(
                "the job states {bytes} bytes, the file has {}",
                found.bytes
            )));
        }
        match &expected.sha256 {
            Some(sha256) if *sha256 != found.sha256 => Err(MediaError::Integrity(format!(
                "the job states SHA-256 {sha256}, the file has {}; upload it again",
                found.sha256
            ))),
            _ => Ok(()),
        }
    }
}

impl Setting<'_> {
    fn task(&self, recording: &Recording<'_>, offset_s: f64, piece: PlacedPiece) -> Task {
        Task {
            answer: recording.number,
            offset_s,
            model: recording.model.clone(),
            hints: self.hints(recording.answer),
            piece,
        }
    }
}

/// Passes decoded media on to the threads that listen and look.
struct Sink<'a> {
    chunks: Sender<Vec<f32>>,
    frames: Sender<VideoFrame>,
    samples: u64,
    offset_s: f64,
    claimed_s: Option<f64>,
    progress: &'a dyn Progress,
}

impl MediaSink for Sink<'_> {
    fn claimed_duration(&mut self, seconds: f64) {
        self.claimed_s = Some(seconds);
    }

    fn audio(&mut self, samples: &[f32]) -> ControlFlow<()> {
        self.samples += samples.len() as u64;
        let done_s = self.offset_s + self.samples as f64 / f64::from(media::SAMPLE_RATE_HZ);
        self.progress.advance(Stage::Decode, done_s, self.claimed_s.map(|claimed| self.offset_s + claimed));
        // A listener that is gone has failed; its own error is the one that counts.
        if self.chunks.send(samples.to_vec()).is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn frame(&mut self, frame: VideoFrame) -> ControlFlow<()> {
        if self.frames.send(frame).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Finds speech, cuts it into pieces for the recognisers and follows the voice.
fn listen(
    vad: SileroVad,
    lengths: PieceLengths,
    chunks: &Receiver<Vec<f32>>,
    emit: impl Fn(PlacedPiece) -> bool,
) -> Result<(SileroVad, VoiceTrack), ModelError> {
    let mut segmenter = SpeechSegmenter::new(vad, lengths);
    let mut voice = VoiceTracker::new();
    for chunk in chunks {
        voice.push(&chunk);
        // Recognisers that are gone have failed; their own error is the one that counts.
        if !segmenter.push(&chunk)?.into_iter().all(&emit) {
            break;
        }
    }
    segmenter.finish()?.into_iter().all(&emit);
    let speech = segmenter.take_speech_spans();
    Ok((segmenter.into_vad(), voice.finish(&speech)))
}

/// Looks at every sampled frame: one thread follows the faces, another reads what they show.
fn look(
    models: &mut VisionModels,
    setting: &Setting<'_>,
    offset_s: f64,
    frames: &Receiver<VideoFrame>,
) -> Result<VisionPerception, PipelineError> {
    let (mut follower, mut reader) =
        VisionAnalyzer::new(models, setting.policy, VisionConfig::default()).into_halves();
    let (followed, waiting) = bounded::<(VideoFrame, Followed)>(WAITING_FRAMES);
    let (follower, reader) = thread::scope(|scope| {
        let read = scope.spawn(move || {
            setting.clock.time(Stage::See, || {
                for (frame, followed) in waiting {
                    reader.push(&frame, followed)?;
                    setting.progress.advance(Stage::See, offset_s + frame.t_s, None);
                }
                Ok::<_, ModelError>(reader)
            })
        });
        let follow = setting.clock.time(Stage::See, || {
            for frame in frames {
                let found = follower.push(&frame)?;
                // A reader that is gone has failed; its own error is the one that counts.
                if followed.send((frame, found)).is_err() {
                    break;
                }
            }
            drop(followed);
            Ok::<_, ModelError>(follower)
        });
        (follow, join(read))
    });
    Ok(VisionAnalyzer::from_halves(follower?, reader??).finish())
}

/// Waits for a thread; a panic in it is a defect of this program, not the end of the process.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> Result<T, PipelineError> {
    thread.join().map_err(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        PipelineError::Internal(format!(
            "a thread of the analysis panicked: {}",
            said.unwrap_or("no message")
        ))
    })
}
