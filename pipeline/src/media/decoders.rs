//! Decodes recordings in processes of their own, from which everything was taken that decoding does not need.
//!
//! This process opens the recording and takes its checksum; the child reads the open descriptor and sends sound
//! and pictures back. Every length and number that comes is checked by `interview-sandbox`.

use std::path::Path;
#[cfg(target_os = "linux")]
use std::thread;

use interview_sandbox::Settings;
#[cfg(target_os = "linux")]
use interview_sandbox::{
    Pool,
    child::Request,
    layers::Active,
    message::{Failure, Outcome, StreamCount, Summary},
    receiver::{Bounds, Event},
};

use super::{CancelToken, DecodeOptions, DecodeSummary, MediaError, MediaSink};
#[cfg(target_os = "linux")]
use super::{StreamSummary, VideoFrame, source, source::FileDigest};

/// Where recordings are decoded. Clones share their children.
///
/// The default is a child of this very program with the command `decode`: programs that do not have it must
/// say [`Decoders::in_process`].
#[derive(Debug, Clone, PartialEq)]
pub struct Decoders(Place);

#[derive(Debug, Clone, PartialEq)]
enum Place {
    #[cfg(target_os = "linux")]
    Sandboxed(Pool),
    /// This system has no sandbox.
    #[cfg(not(target_os = "linux"))]
    Nowhere,
    InProcess,
}

impl Default for Decoders {
    fn default() -> Self {
        Self::sandboxed(Settings::default())
    }
}

impl Decoders {
    /// Decodes in processes of their own. On systems other than Linux every decode is refused.
    #[must_use]
    #[cfg_attr(not(target_os = "linux"), allow(unused_variables))]
    pub fn sandboxed(settings: Settings) -> Self {
        #[cfg(target_os = "linux")]
        return Self(Place::Sandboxed(Pool::new(settings)));
        #[cfg(not(target_os = "linux"))]
        return Self(Place::Nowhere);
    }

    /// Decodes in this process: for trusted media, tests and `--insecure-decoder` only.
    #[must_use]
    pub fn in_process() -> Self {
        Self(Place::InProcess)
    }

    /// Has a child started for the next recording, without waiting for it.
    pub fn prepare(&self) {
        #[cfg(target_os = "linux")]
        if let Place::Sandboxed(pool) = &self.0 {
            pool.prepare();
        }
    }

    /// The layers that are up in a child; none at all where recordings are decoded in this process.
    ///
    /// # Errors
    /// [`MediaError::Sandbox`] when no child can be started or a required layer is missing.
    #[cfg(target_os = "linux")]
    pub fn probe(&self) -> Result<Active, MediaError> {
        match &self.0 {
            Place::Sandboxed(pool) => Ok(pool.probe()?),
            Place::InProcess => Ok(Active::default()),
        }
    }

    /// Decodes the file at `path` in one pass and hands everything to `sink`, exactly as
    /// [`decode`](super::decode) does.
    ///
    /// # Errors
    /// Those of [`decode`](super::decode), and [`MediaError::Sandbox`].
    pub fn decode(
        &self,
        path: &Path,
        options: &DecodeOptions,
        cancel: &CancelToken,
        sink: &mut dyn MediaSink,
    ) -> Result<DecodeSummary, MediaError> {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Place::Sandboxed(pool) => isolated(pool, path, options, cancel, sink),
            #[cfg(not(target_os = "linux"))]
            Place::Nowhere => Err(MediaError::Configuration(
                "this system has no sandbox for the decoder; --insecure-decoder decodes without one".into(),
            )),
            Place::InProcess => super::decode(path, options, cancel, sink),
        }
    }
}

#[cfg(target_os = "linux")]
fn isolated(
    pool: &Pool,
    path: &Path,
    options: &DecodeOptions,
    cancel: &CancelToken,
    sink: &mut dyn MediaSink,
) -> Result<DecodeSummary, MediaError> {
    options.validate()?;
    let recording = source::open_file(path)?;
    source::check_length(&recording, options.limits.max_bytes)?;
    let encoded = serde_json::to_vec(options)
        .map_err(|error| MediaError::Internal(format!("decode options: {error}")))?;
    let request = Request {
        options: &encoded,
        recording: &recording,
        bounds: Bounds {
            max_pixels: options.limits.max_pixels,
            max_duration_s: options.limits.max_duration_s,
            sample_fps: options.sample_fps,
            audio: options.want_audio,
            video: options.want_video,
        },
        buffers: pool.buffers(),
        cancelled: &|| cancel.is_cancelled(),
    };
    let mut outcome = None;
    let mut each = |event: Event<'_>| {
        let flow = match event {
            Event::Claimed(seconds) => {
                sink.claimed_duration(seconds);
                return true;
            }
            Event::Audio(samples) => sink.audio(samples),
            Event::Picture(header, planes, pixels) => {
                sink.frame(VideoFrame::received(&header, planes, pixels))
            }
            Event::Alive => sink.alive(),
            Event::Outcome(end) => {
                outcome = Some(end);
                return true;
            }
        };
        flow.is_continue()
    };
    // The checksum is taken beside the decoding, of the very descriptor that is decoded.
    let (digest, ended) = thread::scope(|scope| {
        let digest = scope.spawn(|| source::digest_file(&recording, options.limits.max_bytes, cancel));
        let ended = pool.run(request, &mut each);
        (digest.join(), ended)
    });
    let (sha256, bytes) =
        digest.map_err(|_| MediaError::Internal("the thread of the checksum panicked".into()))??;
    match (ended, outcome) {
        (Err(_), _) if cancel.is_cancelled() => Err(MediaError::Cancelled("by its caller".into())),
        (Err(error), _) => {
            tracing::warn!(code = error.code().as_str(), bytes, "the decoder's process gave no outcome");
            Err(error.into())
        }
        (Ok(()), Some(Outcome::Done(summary))) => Ok(summarise(summary, FileDigest { sha256, bytes })),
        (Ok(()), Some(Outcome::Failed(failure))) => Err(failed(failure)),
        (Ok(()), None) => Err(MediaError::Cancelled("its consumer stopped".into())),
    }
}

#[cfg(target_os = "linux")]
fn summarise(summary: Summary, digest: FileDigest) -> DecodeSummary {
    let Summary { mut facts, container, audio, video } = summary;
    facts.sha256 = digest.sha256;
    let stream = |StreamCount { decoder, decoded, damaged }| StreamSummary { decoder, decoded, damaged };
    DecodeSummary {
        facts,
        bytes: digest.bytes,
        container,
        audio: audio.map(stream),
        video: video.map(stream),
    }
}

/// The error that the child met, as if it had happened here.
#[cfg(target_os = "linux")]
fn failed(Failure { code, message }: Failure) -> MediaError {
    use interview_schemas::ErrorCode;
    match code {
        ErrorCode::InvalidMedia => MediaError::Invalid(message),
        ErrorCode::Unsupported => MediaError::Unsupported(message),
        ErrorCode::Limit => MediaError::Limit(message),
        ErrorCode::Partial => MediaError::Partial(message),
        ErrorCode::Configuration => MediaError::Configuration(message),
        ErrorCode::Timeout => MediaError::Cancelled(message),
        ErrorCode::Io => MediaError::Io(std::io::Error::other(message)),
        // The receiver lets no other code pass.
        _ => MediaError::Internal(message),
    }
}
