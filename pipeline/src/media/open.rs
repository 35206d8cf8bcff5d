//! Opens a container from a descriptor, with every door of FFmpeg shut that is not needed.

use std::ffi::CStr;
use std::fs::File;
use std::ptr;
use std::sync::{Arc, Once};

use ffmpeg_next::ffi;
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::util::interrupt;
use ffmpeg_next::{Dictionary, Error, Packet};

use super::source::{Source, SourceState};
use super::{CancelToken, DecodeOptions, MediaError, log};

/// Bytes FFmpeg reads at once.
const IO_BLOCK: usize = 64 * 1024;
/// Most bytes FFmpeg may allocate in one piece; a picture of the largest accepted size fits many times.
const LARGEST_ALLOCATION: usize = 512 << 20;
/// Lowest certainty with which a container counts as recognised. Below it FFmpeg guesses: noise would
/// become "MP3" and be heard as sound.
const LEAST_PROBE_SCORE: i32 = 25;

/// An open container.
pub(super) struct Demuxer {
    input: Input,
    state: Arc<SourceState>,
    cancel: CancelToken,
    /// FFmpeg's name of the container.
    pub(super) container: String,
}

/// What came of asking for the next packet.
pub(super) enum Next {
    /// A packet of some stream.
    Packet(Packet),
    /// The container ended.
    End,
    /// A part of the container is damaged; the next call may find more.
    Damaged,
    /// Reading failed for good.
    Broken(String),
}

/// Silences FFmpeg, whose messages may quote the file, and bounds what it may allocate at once.
pub(super) fn prepare() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::take_over();
        // SAFETY: sets one global of FFmpeg, from a constant, before its first use in this process.
        unsafe { ffi::av_max_alloc(LARGEST_ALLOCATION) };
        // Fills the table that `Display` of an FFmpeg error reads.
        ffmpeg_next::util::error::register_all();
    });
}

/// Refuses every further file or address a container asks for.
unsafe extern "C" fn refuse_open(
    _context: *mut ffi::AVFormatContext,
    io: *mut *mut ffi::AVIOContext,
    _url: *const libc::c_char,
    _flags: libc::c_int,
    _options: *mut *mut ffi::AVDictionary,
) -> libc::c_int {
    if !io.is_null() {
        // SAFETY: FFmpeg passes the address of its own pointer for the result.
        unsafe { *io = ptr::null_mut() };
    }
    ffi::AVERROR(libc::EACCES)
}

/// Opens `file` as a container of the allow-list and finds its streams.
///
/// # Errors
/// [`MediaError::Invalid`] when no container is recognised or its tables are damaged,
/// [`MediaError::Unsupported`] when the container is not on the list, [`MediaError::Limit`] for too many
/// streams or pixels, [`MediaError::Cancelled`], [`MediaError::Io`].
pub(super) fn open(file: File, options: &DecodeOptions, cancel: &CancelToken) -> Result<Demuxer, MediaError> {
    prepare();
    log::reset();
    let (source, state) = Source::new(file, cancel.clone());
    let mut io = StreamIo::from_read_seek_with_capacity(source, IO_BLOCK)
        .map_err(|error| MediaError::Internal(format!("I/O context: {error}")))?;
    let fail = |error: Error, what: &str| classify(error, what, &state, cancel, options);
    let (format, container) = recognise(&mut io, options)
        .map_err(|error| error.unwrap_or_else(|code| fail(code, "its container")))?;

    let watched = cancel.clone();
    let interrupt = interrupt::new(Box::new(move || watched.is_cancelled()));
    let mut dictionary = open_options(options).disown_guarded();
    // SAFETY: the context is fresh and is handed to FFmpeg or freed by it on failure; `io` and the guard
    // of the interrupt callback outlive it, because `Input` takes both and drops them after closing.
    let mut input = unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(MediaError::Internal("out of memory for a container context".into()));
        }
        (*context).pb = io.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        (*context).interrupt_callback = interrupt.interrupt;
        (*context).io_open = Some(refuse_open);
        match ffi::avformat_open_input(&raw mut context, ptr::null(), format, dictionary.as_mut_ptr()) {
            0 => Input::wrap_with_custom_io_and_interrupt(context, io, interrupt.guard),
            code => return Err(fail(Error::from(code), "its header")),
        }
    };
    check_streams(&input, options)?;
    find_stream_info(&mut input, options).map_err(|error| fail(error, "its streams"))?;
    check_streams(&input, options)?;
    Ok(Demuxer { input, state, cancel: cancel.clone(), container })
}

type Recognised = (*const ffi::AVInputFormat, String);

/// Finds the container by content and holds it against the allow-list, before its demuxer sees a byte.
fn recognise(io: &mut StreamIo, options: &DecodeOptions) -> Result<Recognised, Result<MediaError, Error>> {
    let mut format: *const ffi::AVInputFormat = ptr::null();
    // SAFETY: `io` is a valid reading context; the result is a pointer to a static table of FFmpeg.
    let (score, name) = unsafe {
        let score = ffi::av_probe_input_buffer2(
            io.as_mut_ptr(),
            &raw mut format,
            ptr::null(),
            ptr::null_mut(),
            0,
            options.limits.probe_bytes,
        );
        if score < 0 {
            return Err(Err(Error::from(score)));
        }
        if format.is_null() || (*format).name.is_null() {
            return Err(Err(Error::InvalidData));
        }
        (score, CStr::from_ptr((*format).name).to_string_lossy().into_owned())
    };
    if !name.split(',').any(|one| options.limits.formats.iter().any(|allowed| allowed == one)) {
        return Err(Ok(MediaError::Unsupported(format!(
            "the container \"{name}\" is not accepted; convert to MP4 or WebM (limits.formats lists what is)"
        ))));
    }
    if score < LEAST_PROBE_SCORE {
        return Err(Ok(MediaError::Invalid(
            "no media recognised: the content only vaguely resembles a known container; export it again"
                .into(),
        )));
    }
    Ok((format, name))
}

/// Options for the container: allow-lists once more as a second wall, limits, no other files.
fn open_options(options: &DecodeOptions) -> Dictionary<'static> {
    let limits = &options.limits;
    let mut dictionary = Dictionary::new();
    let analyze_us = (limits.analyze_duration_s * 1e6) as i64;
    dictionary.set("format_whitelist", &limits.formats.join(","));
    dictionary.set("codec_whitelist", &codec_whitelist(options));
    dictionary.set("protocol_whitelist", "none");
    dictionary.set("enable_drefs", "0");
    dictionary.set("max_streams", &limits.max_streams.to_string());
    dictionary.set("probesize", &limits.probe_bytes.to_string());
    dictionary.set("analyzeduration", &analyze_us.to_string());
    dictionary
}

/// The decoders that may run; no video decoder when the picture is not wanted, not even for probing.
pub(super) fn codec_whitelist(options: &DecodeOptions) -> String {
    let limits = &options.limits;
    let video = if options.want_video { limits.video_codecs.as_slice() } else { &[] };
    let names: Vec<&str> = limits.audio_codecs.iter().chain(video).map(String::as_str).collect();
    names.join(",")
}

/// Options for every decoder, while probing and while decoding.
pub(super) fn decoder_options(options: &DecodeOptions, threads: u32) -> Dictionary<'static> {
    let mut dictionary = Dictionary::new();
    dictionary.set("codec_whitelist", &codec_whitelist(options));
    dictionary.set("max_pixels", &options.limits.max_pixels.to_string());
    dictionary.set("max_samples", "1048576");
    dictionary.set("threads", &threads.to_string());
    dictionary
}

/// Runs FFmpeg's look at the first packets, with the limits also on the decoders it tries.
fn find_stream_info(input: &mut Input, options: &DecodeOptions) -> Result<(), Error> {
    let mut per_stream: Vec<OwnedOptions> =
        (0..input.nb_streams()).map(|_| decoder_options(options, 1).disown_guarded()).collect();
    let mut pointers: Vec<*mut ffi::AVDictionary> = per_stream.iter().map(|one| one.0).collect();
    // SAFETY: FFmpeg reads exactly as many options as there are streams when it is called, may replace
    // the pointers, and leaves them to us.
    let code = unsafe { ffi::avformat_find_stream_info(input.as_mut_ptr(), pointers.as_mut_ptr()) };
    for (owned, pointer) in per_stream.iter_mut().zip(pointers) {
        owned.0 = pointer;
    }
    if code < 0 { Err(Error::from(code)) } else { Ok(()) }
}

/// Holds the number of streams and the stated picture sizes against the limits, before any decoder is
/// opened.
fn check_streams(input: &Input, options: &DecodeOptions) -> Result<(), MediaError> {
    let limits = &options.limits;
    let count = input.nb_streams();
    if count > limits.max_streams {
        return Err(MediaError::Limit(format!(
            "the file has {count} streams; at most {} are accepted (limits.max_streams)",
            limits.max_streams
        )));
    }
    for stream in input.streams() {
        // SAFETY: the parameters belong to a stream of the open container.
        let (width, height) = unsafe {
            let parameters = stream.parameters();
            ((*parameters.as_ptr()).width, (*parameters.as_ptr()).height)
        };
        check_pixels(i64::from(width), i64::from(height), limits.max_pixels)?;
    }
    Ok(())
}

/// Holds one picture size against the limit.
pub(super) fn check_pixels(width: i64, height: i64, max_pixels: u64) -> Result<(), MediaError> {
    let pixels = width.max(0).unsigned_abs().saturating_mul(height.max(0).unsigned_abs());
    if pixels > max_pixels {
        return Err(MediaError::Limit(format!(
            "the picture is {width} x {height}; at most {max_pixels} pixels are accepted (limits.max_pixels); \
             record at 1080p"
        )));
    }
    Ok(())
}

/// Says what an error number of FFmpeg means for the one who uploaded the file.
fn classify(
    error: Error,
    what: &str,
    state: &SourceState,
    cancel: &CancelToken,
    options: &DecodeOptions,
) -> MediaError {
    if cancel.is_cancelled() {
        return MediaError::Cancelled(format!("while reading {what}"));
    }
    if let Some(error) = state.take_error() {
        return MediaError::Io(error);
    }
    if log::exceeded().streams {
        return MediaError::Limit(format!(
            "the file has more than {} streams (limits.max_streams)",
            options.limits.max_streams
        ));
    }
    match error {
        Error::Other { errno: libc::ENOMEM } => {
            MediaError::Limit(format!("{what}: a table asks for more memory than allowed"))
        }
        Error::PatchWelcome => MediaError::Unsupported(format!("{what} use a feature FFmpeg does not read")),
        Error::DecoderNotFound | Error::DemuxerNotFound => {
            MediaError::Unsupported(format!("{what}: {error}; convert to MP4 or WebM"))
        }
        Error::Eof if state.past_end() => {
            MediaError::Invalid(format!("the file ends before {what} is complete; upload it again"))
        }
        _ => MediaError::Invalid(format!("{what} cannot be read ({error}); export or upload it again")),
    }
}

impl Demuxer {
    /// The open container.
    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Leaves the packets of a stream unread where the container allows it.
    pub(super) fn discard(&mut self, index: usize) {
        if let Some(stream) = self.input.stream_mut(index) {
            // SAFETY: the stream belongs to the open container, of which we hold the only reference.
            unsafe { (*stream.as_ptr().cast_mut()).discard = ffi::AVDiscard::AVDISCARD_ALL };
        }
    }

    /// The length in seconds that the container states about itself; a claim, never a fact.
    pub(super) fn claimed_duration_s(&self) -> Option<f64> {
        // SAFETY: plain fields of the open container.
        let (duration, estimate) =
            unsafe { ((*self.input.as_ptr()).duration, (*self.input.as_ptr()).duration_estimation_method) };
        let guessed = estimate == ffi::AVDurationEstimationMethod::AVFMT_DURATION_FROM_BITRATE;
        (duration > 0 && !guessed).then(|| duration as f64 / f64::from(ffi::AV_TIME_BASE))
    }

    /// Whether something was asked for beyond the end of the file.
    pub(super) fn past_end(&self) -> bool {
        self.state.past_end()
    }

    /// The next packet.
    ///
    /// # Errors
    /// [`MediaError::Cancelled`], [`MediaError::Io`].
    pub(super) fn next(&mut self) -> Result<Next, MediaError> {
        if self.cancel.is_cancelled() {
            return Err(MediaError::Cancelled("by its caller".into()));
        }
        let mut packet = Packet::empty();
        let error = match packet.read(&mut self.input) {
            Ok(()) => return Ok(Next::Packet(packet)),
            Err(error) => error,
        };
        if self.cancel.is_cancelled() {
            return Err(MediaError::Cancelled("by its caller".into()));
        }
        if let Some(error) = self.state.take_error() {
            return Err(MediaError::Io(error));
        }
        Ok(match error {
            Error::Eof => Next::End,
            Error::InvalidData | Error::PatchWelcome | Error::Other { errno: libc::EAGAIN } => Next::Damaged,
            other => Next::Broken(other.to_string()),
        })
    }
}

/// FFmpeg's options, freed when dropped.
pub(super) struct OwnedOptions(*mut ffi::AVDictionary);

impl OwnedOptions {
    fn as_mut_ptr(&mut self) -> *mut *mut ffi::AVDictionary {
        &raw mut self.0
    }
}

impl Drop for OwnedOptions {
    fn drop(&mut self) {
        // SAFETY: the dictionary is ours or null; av_dict_free accepts both and clears the pointer.
        unsafe { ffi::av_dict_free(&raw mut self.0) };
    }
}

trait DisownGuarded {
    /// Takes the dictionary out of the wrapper, which would not notice that FFmpeg replaces it.
    fn disown_guarded(self) -> OwnedOptions;
}

impl DisownGuarded for Dictionary<'_> {
    fn disown_guarded(self) -> OwnedOptions {
        // SAFETY: the pointer is handed over; from here on only `OwnedOptions` frees it.
        OwnedOptions(unsafe { self.disown() })
    }
}
