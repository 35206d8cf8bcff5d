//! The decoder's process: `interview decode`.
//!
//! Standard input is the control socket, standard output the pipe to the parent. The layers of the sandbox are
//! up before the first byte of a recording is seen.

use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use interview_sandbox::layers::{self, Allowance, Layers};
use interview_sandbox::loan::Loans;
use interview_sandbox::message::{Failure, Outcome, PictureHeader, StreamCount, Summary};
use interview_sandbox::sender::Sender;
use interview_sandbox::{message, receive_request};

use super::source::FileDigest;
use super::{
    CancelToken, DecodeOptions, DecodeSummary, MediaError, MediaSink, StreamSummary, VideoFrame, decode, open,
};

/// How often a sign of life is given while there is nothing to hand over.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Waits for one recording, decodes it, and says how it went. For a process that was started for this.
///
/// # Errors
/// When the parent is gone or asks for something that is no request.
pub fn serve(allowance: Allowance) -> io::Result<()> {
    serve_with(allowance, |_| {})
}

/// The same with something that happens between the receipt of the recording and its decoding, behind every
/// layer: tests use it for what a recording might do that has taken the decoder over.
///
/// # Errors
/// Those of [`serve`].
pub fn serve_with(allowance: Allowance, take_over: impl FnOnce(&File)) -> io::Result<()> {
    layers::close_other_descriptors();
    let pipe = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let loans = Loans::new(&pipe);
    let mut sender = Sender::new(pipe);
    // Before the layers: tables and locks that FFmpeg sets up once.
    open::prepare();
    let active = layers::enter(Layers::ALL, allowance);
    sender.ready(active)?;
    let Some((options, recording)) = receive_request(io::stdin())? else { return Ok(()) };
    let options: DecodeOptions = serde_json::from_slice(&options)?;
    let threads = options.want_video && options.video_threads > 1;
    layers::seal(active, threads).map_err(io::Error::other)?;
    take_over(&recording);
    // The checksum is the parent's business.
    let digest = FileDigest { sha256: String::new(), bytes: 0 };
    let mut sink = Forward { sender, loans, newest: Instant::now(), failure: None };
    let decoded = options
        .validate()
        .and_then(|()| decode::decode_digested(recording, digest, &options, &CancelToken::new(), &mut sink));
    let Forward { mut sender, failure, .. } = sink;
    match failure {
        Some(gone) => Err(gone),
        None => sender.outcome(&outcome(decoded)),
    }
}

/// Passes on to the parent what the decoder gives.
struct Forward {
    sender: Sender<File>,
    /// Pictures that the parent may not have read yet.
    loans: Loans<VideoFrame>,
    /// When something was last sent.
    newest: Instant,
    failure: Option<io::Error>,
}

impl Forward {
    fn sent(&mut self, result: io::Result<()>) -> ControlFlow<()> {
        self.newest = Instant::now();
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl MediaSink for Forward {
    fn claimed_duration(&mut self, seconds: f64) {
        let result = self.sender.claimed_duration(seconds);
        // A parent that is gone is noticed with the next piece.
        let _ = self.sent(result);
    }

    fn audio(&mut self, samples: &[f32]) -> ControlFlow<()> {
        let result = self.sender.audio(samples);
        self.sent(result)
    }

    fn frame(&mut self, frame: VideoFrame) -> ControlFlow<()> {
        let result = send_picture(&mut self.sender, &mut self.loans, frame);
        self.sent(result)
    }

    fn alive(&mut self) -> ControlFlow<()> {
        if self.newest.elapsed() < SIGN_OF_LIFE {
            return ControlFlow::Continue(());
        }
        let result = self.sender.alive();
        self.sent(result)
    }
}

/// Lends the planes as they lie, or sends a copy without what lies between the rows where that is much.
fn send_picture(
    sender: &mut Sender<File>,
    loans: &mut Loans<VideoFrame>,
    frame: VideoFrame,
) -> io::Result<()> {
    let mut strides = [0; 3];
    let mut tight = true;
    for (index, stride) in strides.iter_mut().enumerate().take(frame.layout.planes()) {
        let (row_bytes, _) = frame.plane_size(index).ok_or_else(missing)?;
        let plane = frame.plane(index).ok_or_else(missing)?;
        tight &= plane.stride <= row_bytes + message::MOST_PADDING;
        *stride = plane.stride;
    }
    let mut packed = Vec::new();
    if !tight {
        for (index, stride) in strides.iter_mut().enumerate().take(frame.layout.planes()) {
            let (row_bytes, rows) = frame.plane_size(index).ok_or_else(missing)?;
            let plane = frame.plane(index).ok_or_else(missing)?;
            packed.extend((0..rows).flat_map(|row| &plane.data[row * plane.stride..][..row_bytes]));
            *stride = row_bytes;
        }
    }
    let mut header = PictureHeader {
        t_s: frame.t_s,
        width: frame.coded_width,
        height: frame.coded_height,
        rotation: frame.rotation,
        layout: frame.layout,
        matrix: frame.matrix,
        full_range: frame.full_range,
        strides: [0; 3],
    };
    for (stated, stride) in header.strides.iter_mut().zip(strides) {
        *stated = u32::try_from(stride).map_err(io::Error::other)?;
    }
    let pipe = sender.picture_header(&header)?;
    if tight {
        loans.hand_over(pipe, frame, |frame| {
            (0..frame.layout.planes()).map(|index| Ok(frame.plane(index).ok_or_else(missing)?.data)).collect()
        })
    } else {
        pipe.write_all(&packed)
    }
}

fn missing() -> io::Error {
    io::Error::other("a picture without its planes")
}

fn outcome(decoded: Result<DecodeSummary, MediaError>) -> Outcome {
    match decoded {
        Ok(DecodeSummary { facts, container, audio, video, .. }) => {
            let stream =
                |StreamSummary { decoder, decoded, damaged }| StreamCount { decoder, decoded, damaged };
            let summary = Summary { facts, container, audio: audio.map(stream), video: video.map(stream) };
            Outcome::Done(summary).plain()
        }
        Err(error) => Outcome::Failed(Failure { code: error.code(), message: error.detail() }).plain(),
    }
}
