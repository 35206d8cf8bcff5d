//! What an analysis tells about its progress, and what its stages cost.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use interview_models::clock::thread_cpu_seconds;

/// A stage of the analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Demuxing and decoding.
    Decode,
    /// Voice activity, pitch and level.
    Listen,
    /// Speech to text.
    Transcribe,
    /// Faces, body and picture quality.
    See,
    /// Sentence embeddings.
    Understand,
    /// Features, score and report.
    Judge,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 6] =
        [Self::Decode, Self::Listen, Self::Transcribe, Self::See, Self::Understand, Self::Judge];

    /// Name for people and metrics.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Listen => "listen",
            Self::Transcribe => "transcribe",
            Self::See => "see",
            Self::Understand => "understand",
            Self::Judge => "judge",
        }
    }
}

/// Receives progress; called from several threads.
pub trait Progress: Sync {
    /// A stage has worked through `done_s` seconds of media, of `total_s` where the length is known.
    fn advance(&self, stage: Stage, done_s: f64, total_s: Option<f64>);
}

/// Ignores progress.
#[derive(Debug, Clone, Copy)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _: Stage, _: f64, _: Option<f64>) {}
}

/// Processor seconds per stage, summed over threads.
#[derive(Debug, Default)]
pub struct StageClock {
    seconds: Mutex<BTreeMap<Stage, f64>>,
}

impl StageClock {
    /// Runs a piece of work and books its processor time on the stage.
    pub fn time<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let started = thread_cpu_seconds();
        let result = work();
        let spent = thread_cpu_seconds() - started;
        *self.seconds.lock().unwrap_or_else(PoisonError::into_inner).entry(stage).or_default() += spent;
        result
    }

    /// The seconds booked so far.
    #[must_use]
    pub fn seconds(&self) -> BTreeMap<Stage, f64> {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
