//! What may be decoded and how: rates, limits and allow-lists, all from configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::MediaError;

/// Containers that are read, by the names of FFmpeg's demuxers.
const FORMATS: [&str; 16] = [
    "mov",
    "matroska",
    "mpeg",
    "mpegts",
    "avi",
    "flv",
    "ogg",
    "wav",
    "flac",
    "mp3",
    "aac",
    "amr",
    "aiff",
    "gif",
    "jpeg_pipe",
    "png_pipe",
];

/// Video decoders that are used, by FFmpeg's names.
const VIDEO_CODECS: [&str; 14] = [
    "h264",
    "hevc",
    "vp8",
    "vp9",
    "libdav1d",
    "mpeg1video",
    "mpeg2video",
    "mpeg4",
    "h263",
    "flv",
    "theora",
    "mjpeg",
    "gif",
    "png",
];

/// Audio decoders that are used, by FFmpeg's names.
const AUDIO_CODECS: [&str; 33] = [
    "aac",
    "aac_latm",
    "mp3float",
    "mp3",
    "mp2float",
    "mp2",
    "mp1float",
    "mp1",
    "opus",
    "vorbis",
    "flac",
    "alac",
    "ac3",
    "eac3",
    "amrnb",
    "amrwb",
    "pcm_u8",
    "pcm_s8",
    "pcm_s16le",
    "pcm_s16be",
    "pcm_s24le",
    "pcm_s24be",
    "pcm_s32le",
    "pcm_s32be",
    "pcm_f32le",
    "pcm_f32be",
    "pcm_f64le",
    "pcm_f64be",
    "pcm_mulaw",
    "pcm_alaw",
    "adpcm_ms",
    "adpcm_ima_wav",
    "libopus",
];

/// How a recording is decoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecodeOptions {
    /// Pictures per second that are handed on; above 0, at most 120.
    pub sample_fps: f64,
    /// Whether sound is decoded.
    pub want_audio: bool,
    /// Whether the picture is decoded; without it no picture is ever decompressed.
    pub want_video: bool,
    /// Threads of the video decoder, 1–16. The result does not depend on it.
    pub video_threads: u32,
    /// Whether pictures that nobody refers to and nobody samples are left undecoded. The result does not
    /// depend on it; turning it off is for measurements.
    pub skip_unneeded: bool,
    /// What may come in.
    pub limits: MediaLimits,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            sample_fps: 5.0,
            want_audio: true,
            want_video: true,
            video_threads: 1,
            skip_unneeded: true,
            limits: MediaLimits::default(),
        }
    }
}

/// What a recording may be; everything beyond is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaLimits {
    /// Bytes of the file.
    pub max_bytes: u64,
    /// Seconds of media, counted while decoding.
    pub max_duration_s: f64,
    /// Pixels of one picture (width × height).
    pub max_pixels: u64,
    /// Streams in the file.
    pub max_streams: u32,
    /// Channels of the sound.
    pub max_channels: u32,
    /// Packets in the file; bounds the work on a file with a million tiny pictures per second.
    pub max_packets: u64,
    /// Seconds decoded below which a recording is too short to judge (a still picture has none and is fine).
    pub min_duration_s: f64,
    /// A jump of the timestamps beyond this many seconds is a fault of the clock and is closed up; up to it
    /// the gap is real and filled with silence.
    pub max_gap_s: f64,
    /// Bytes that may be read to recognise the container and its streams.
    pub probe_bytes: u32,
    /// Seconds of media that may be read to recognise the streams.
    pub analyze_duration_s: f64,
    /// Containers, by the names of FFmpeg's demuxers.
    pub formats: Vec<String>,
    /// Video decoders, by FFmpeg's names.
    pub video_codecs: Vec<String>,
    /// Audio decoders, by FFmpeg's names.
    pub audio_codecs: Vec<String>,
}

impl Default for MediaLimits {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            max_bytes: 4 << 30,
            max_duration_s: 4.0 * 3600.0,
            max_pixels: 4096 * 2304,
            max_streams: 32,
            max_channels: 8,
            max_packets: 5_000_000,
            min_duration_s: 0.2,
            max_gap_s: 120.0,
            probe_bytes: 5_000_000,
            analyze_duration_s: 5.0,
            formats: owned(&FORMATS),
            video_codecs: owned(&VIDEO_CODECS),
            audio_codecs: owned(&AUDIO_CODECS),
        }
    }
}

impl DecodeOptions {
    /// Checks every number and name.
    ///
    /// # Errors
    /// [`MediaError::Configuration`] with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<(), MediaError> {
        let limits = &self.limits;
        in_range("sample_fps", self.sample_fps, 0.001, 120.0)?;
        in_range("video_threads", f64::from(self.video_threads), 1.0, 16.0)?;
        in_range("limits.max_bytes", limits.max_bytes as f64, 1.0, (1_u64 << 42) as f64)?;
        in_range("limits.max_duration_s", limits.max_duration_s, 0.1, 7.0 * 86_400.0)?;
        in_range("limits.max_pixels", limits.max_pixels as f64, 1.0, 268_435_456.0)?;
        in_range("limits.max_streams", f64::from(limits.max_streams), 1.0, 1000.0)?;
        in_range("limits.max_channels", f64::from(limits.max_channels), 1.0, 64.0)?;
        in_range("limits.max_packets", limits.max_packets as f64, 1.0, 1e12)?;
        in_range("limits.min_duration_s", limits.min_duration_s, 0.0, 60.0)?;
        in_range("limits.max_gap_s", limits.max_gap_s, 1.0, 86_400.0)?;
        in_range("limits.probe_bytes", f64::from(limits.probe_bytes), 2048.0, 268_435_456.0)?;
        in_range("limits.analyze_duration_s", limits.analyze_duration_s, 0.0, 60.0)?;
        for (field, names) in [
            ("limits.formats", &limits.formats),
            ("limits.video_codecs", &limits.video_codecs),
            ("limits.audio_codecs", &limits.audio_codecs),
        ] {
            // The names go into FFmpeg's comma-separated options: nothing else may slip in with them.
            let plain = |name: &String| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            };
            if let Some(name) = names.iter().find(|name| !plain(name)) {
                return Err(MediaError::Configuration(format!(
                    "{field}: {name:?} is not a name of FFmpeg (letters, digits, _ and -)"
                )));
            }
        }
        Ok(())
    }
}

fn in_range(field: &str, value: f64, lowest: f64, highest: f64) -> Result<(), MediaError> {
    if (lowest..=highest).contains(&value) {
        Ok(())
    } else {
        Err(MediaError::Configuration(format!("{field} is {value}; it must be from {lowest} to {highest}")))
    }
}

/// Stops a decode from another thread; all clones are one token.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token nobody has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the decode to end; it does so within one packet.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the decode was asked to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
