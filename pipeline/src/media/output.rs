//! Where decoded media goes, and the limits and counts on the way there.

use std::ops::ControlFlow;

use super::warnings::Warnings;
use super::{MediaError, VideoFrame};

/// Takes decoded media as it comes: sound in pieces of at most 0.25 s, pictures one by one.
///
/// Sound and pictures each come in order of time, without gaps in the sound: sample number `n` belongs to
/// time `n / 16000` s. Between the two, the order is that of the file. A sink should pass things on, not
/// collect them: that is what keeps memory flat. Breaking ends the decode with
/// [`MediaError::Cancelled`].
pub trait MediaSink {
    /// The length in seconds the container claims, before anything is decoded; only good for progress bars.
    fn claimed_duration(&mut self, _seconds: f64) {}

    /// Sound: 16 kHz mono, every sample finite and from -1 to 1.
    fn audio(&mut self, samples: &[f32]) -> ControlFlow<()>;

    /// A picture.
    fn frame(&mut self, frame: VideoFrame) -> ControlFlow<()>;

    /// Work goes on, but there may be nothing to hand over for a while.
    fn alive(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// What the tracks write to.
pub(super) struct Output<'a> {
    pub(super) sink: &'a mut dyn MediaSink,
    pub(super) warnings: &'a mut Warnings,
    /// Raw time in seconds that counts as 0; unknown until every wanted stream has started.
    pub(super) anchor_s: Option<f64>,
    pub(super) max_duration_s: f64,
}

impl Output<'_> {
    /// Holds a time of the recording against the limit.
    pub(super) fn check_time(&self, t_s: f64) -> Result<(), MediaError> {
        if t_s > self.max_duration_s {
            return Err(MediaError::Limit(format!(
                "the recording is longer than {} s (limits.max_duration_s); record shorter answers",
                self.max_duration_s
            )));
        }
        Ok(())
    }

    pub(super) fn audio(&mut self, samples: &[f32]) -> Result<(), MediaError> {
        stopped(self.sink.audio(samples))
    }

    pub(super) fn alive(&mut self) -> Result<(), MediaError> {
        stopped(self.sink.alive())
    }

    pub(super) fn frame(&mut self, frame: VideoFrame) -> Result<(), MediaError> {
        stopped(self.sink.frame(frame))
    }
}

fn stopped(flow: ControlFlow<()>) -> Result<(), MediaError> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(MediaError::Cancelled("its consumer stopped".into())),
    }
}
