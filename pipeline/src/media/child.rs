//! The decoder's process: `interview decode`.
//!
//! Standard input is the control socket, standard output the pipe to the parent. The layers of the sandbox are
//! up before the first byte of a recording is seen.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use interview_sandbox::layers::{self, Allowance, Layers};
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
    layers::close_other_descriptors();
    let mut sender = Sender::new(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    // Before the layers: tables and locks that FFmpeg sets up once.
    open::prepare();
    let active = layers::enter(Layers::ALL, allowance);
    sender.ready(active)?;
    let Some((options, recording)) = receive_request(io::stdin())? else { return Ok(()) };
    let options: DecodeOptions = serde_json::from_slice(&options)?;
    let threads = options.want_video && options.video_threads > 1;
    layers::seal(active, threads).map_err(io::Error::other)?;
    // The checksum is the parent's business.
    let digest = FileDigest { sha256: String::new(), bytes: 0 };
    let mut sink = Forward { sender, newest: Instant::now(), failure: None };
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
        let result = send_picture(&mut self.sender, &frame);
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

/// Sends the planes as they lie, or row by row where much lies between the rows.
fn send_picture(sender: &mut Sender<File>, frame: &VideoFrame) -> io::Result<()> {
    let missing = || io::Error::other("a picture without its planes");
    let mut strides = [0; 3];
    let mut planes: Vec<&[u8]> = Vec::with_capacity(3);
    let mut packed = [Vec::new(), Vec::new(), Vec::new()];
    for (index, store) in packed.iter_mut().enumerate().take(frame.layout.planes()) {
        let (row_bytes, rows) = frame.plane_size(index).ok_or_else(missing)?;
        let plane = frame.plane(index).ok_or_else(missing)?;
        let (data, stride) = if plane.stride <= row_bytes + message::MOST_PADDING {
            (plane.data, plane.stride)
        } else {
            let of_row = |row: usize| &plane.data[row * plane.stride..][..row_bytes];
            *store = (0..rows).flat_map(of_row).copied().collect();
            (store.as_slice(), row_bytes)
        };
        strides[index] = u32::try_from(stride).map_err(io::Error::other)?;
        planes.push(data);
    }
    let header = PictureHeader {
        t_s: frame.t_s,
        width: frame.coded_width,
        height: frame.coded_height,
        rotation: frame.rotation,
        layout: frame.layout,
        matrix: frame.matrix,
        full_range: frame.full_range,
        strides,
    };
    sender.picture(&header, &planes)
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
