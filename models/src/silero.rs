//! Silero VAD: the probability of speech for every 32 ms of sound, streaming.
//!
//! Source: Silero VAD 6.2.3, the sequence form of its 16 kHz model
//! (`input` f32 [frames, 576], `h` and `c` f32 [1, 1, 128] -> `speech_probs` [frames], `hn`, `cn`).

use ort::session::Session;
use ort::value::TensorRef;

use crate::clock::model_run;
use crate::{ModelError, ModelStore, Runtime, SessionOptions};

/// Name in the manifest.
pub const MODEL: &str = "silero-vad";
/// Samples per second of the sound the model understands.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
/// Samples per frame: 32 ms.
pub const FRAME_SAMPLES: usize = 512;

/// Samples of the frame before that stand in front of every frame; without them the model finds no speech.
const CONTEXT_SAMPLES: usize = 64;
const INPUT_SAMPLES: usize = CONTEXT_SAMPLES + FRAME_SAMPLES;
const STATE_VALUES: usize = 128;
/// Frames per call. Always the same number, so that the probabilities do not depend on how the sound was cut
/// into chunks; the model takes at most 512.
const FRAMES_PER_CALL: usize = 64;

/// A voice activity detector for one recording at a time; state is carried from frame to frame.
pub struct SileroVad {
    session: Session,
    hidden: [f32; STATE_VALUES],
    cell: [f32; STATE_VALUES],
    /// The last samples of the frame before.
    context: [f32; CONTEXT_SAMPLES],
    /// Samples that do not fill a frame yet.
    partial: Vec<f32>,
    /// Complete frames, each with its context in front, that wait for the next call.
    waiting: Vec<f32>,
}

impl SileroVad {
    /// Loads the model on the device of the runtime.
    ///
    /// # Errors
    /// [`ModelError`] when the model is missing or cannot be loaded.
    pub fn load(runtime: &Runtime, store: &ModelStore) -> Result<Self, ModelError> {
        let session = runtime.session(MODEL, &store.file(MODEL, "model")?, SessionOptions::default())?;
        Ok(Self {
            session,
            hidden: [0.0; STATE_VALUES],
            cell: [0.0; STATE_VALUES],
            context: [0.0; CONTEXT_SAMPLES],
            partial: Vec::with_capacity(FRAME_SAMPLES),
            waiting: Vec::with_capacity(FRAMES_PER_CALL * INPUT_SAMPLES),
        })
    }

    /// Forgets the recording, for the next one.
    pub fn reset(&mut self) {
        self.hidden = [0.0; STATE_VALUES];
        self.cell = [0.0; STATE_VALUES];
        self.context = [0.0; CONTEXT_SAMPLES];
        self.partial.clear();
        self.waiting.clear();
    }

    /// Takes mono sound at 16 kHz in [-1, 1], any number of samples, and appends to `probabilities` (0-1, one
    /// per frame of 512 samples) those that are ready. Up to two seconds are held back for the next call.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when the model does not run.
    pub fn push(&mut self, mut samples: &[f32], probabilities: &mut Vec<f32>) -> Result<(), ModelError> {
        while !samples.is_empty() {
            let (head, rest) = samples.split_at(samples.len().min(FRAME_SAMPLES - self.partial.len()));
            self.partial.extend_from_slice(head);
            samples = rest;
            if self.partial.len() == FRAME_SAMPLES {
                self.enqueue();
                if self.waiting.len() == FRAMES_PER_CALL * INPUT_SAMPLES {
                    self.run(probabilities)?;
                }
            }
        }
        Ok(())
    }

    /// Ends the recording: the last frame is filled with zeros, what was held back comes out, and the state is
    /// that of a new recording.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when the model does not run.
    pub fn finish(&mut self, probabilities: &mut Vec<f32>) -> Result<(), ModelError> {
        if !self.partial.is_empty() {
            self.partial.resize(FRAME_SAMPLES, 0.0);
            self.enqueue();
        }
        let outcome = if self.waiting.is_empty() { Ok(()) } else { self.run(probabilities) };
        self.reset();
        outcome
    }

    /// Moves the complete frame with its context to the waiting ones.
    fn enqueue(&mut self) {
        self.waiting.extend_from_slice(&self.context);
        self.waiting.extend_from_slice(&self.partial);
        self.context.copy_from_slice(&self.partial[FRAME_SAMPLES - CONTEXT_SAMPLES..]);
        self.partial.clear();
    }

    fn run(&mut self, probabilities: &mut Vec<f32>) -> Result<(), ModelError> {
        let fail = |error: ort::Error| ModelError::inference(MODEL, error);
        let frames = self.waiting.len() / INPUT_SAMPLES;
        let state = [1, 1, STATE_VALUES];
        let inputs = ort::inputs![
                "input" => TensorRef::from_array_view(([frames, INPUT_SAMPLES], self.waiting.as_slice())).map_err(fail)?,
                "h" => TensorRef::from_array_view((state, self.hidden.as_slice())).map_err(fail)?,
                "c" => TensorRef::from_array_view((state, self.cell.as_slice())).map_err(fail)?,
        ];
        let outputs = model_run("silero-vad", frames, || self.session.run(inputs)).map_err(fail)?;
        let values = |name: &str, length: usize| -> Result<&[f32], ModelError> {
            let value = outputs
                .get(name)
                .ok_or_else(|| ModelError::inference(MODEL, format!("output {name} is missing")))?;
            let (_, values) = value.try_extract_tensor::<f32>().map_err(fail)?;
            if values.len() == length {
                Ok(values)
            } else {
                Err(ModelError::inference(
                    MODEL,
                    format!("output {name} has {} values instead of {length}", values.len()),
                ))
            }
        };
        self.hidden.copy_from_slice(values("hn", STATE_VALUES)?);
        self.cell.copy_from_slice(values("cn", STATE_VALUES)?);
        probabilities.extend_from_slice(values("speech_probs", frames)?);
        drop(outputs);
        self.waiting.clear();
        Ok(())
    }
}
