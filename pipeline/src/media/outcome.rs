//! What came of a decode: facts and warnings, or the reason why the recording cannot be used.

use interview_schemas::features::round_decimals;
use interview_schemas::perception::MediaFacts;

use super::audio::AudioTrack;
use super::config::DecodeOptions;
use super::decode::Tracks;
use super::frame::Rotation;
use super::open::Demuxer;
use super::source::FileDigest;
use super::streams::{Choice, Chosen};
use super::video::VideoTrack;
use super::warnings::{Warnings, code};
use super::{MediaError, log};

/// Containers of still pictures, which have no length.
const STILL: [&str; 2] = ["jpeg_pipe", "png_pipe"];

/// What a decode counted.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodeSummary {
    /// Facts for `perception.json`.
    pub facts: MediaFacts,
    /// Bytes of the file.
    pub bytes: u64,
    /// FFmpeg's name of the container.
    pub container: String,
    /// The sound, where it was decoded.
    pub audio: Option<StreamSummary>,
    /// The picture, where it was decoded.
    pub video: Option<StreamSummary>,
}

/// What was decoded of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSummary {
    /// FFmpeg's name of the decoder.
    pub decoder: String,
    /// Samples at 16 kHz, or frames, that came from the decoder; filled silence and pictures left out
    /// because nobody needs them do not count.
    pub decoded: u64,
    /// Packets and frames the decoder found damaged.
    pub damaged: u64,
}

/// How reading ended.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) packets: u64,
    /// The last packets were shorter than their container says.
    pub(super) cut_packet: bool,
    /// Reading failed before the end, and why.
    pub(super) broken: Option<String>,
}

/// Everything that was counted.
pub(super) struct Counted<'a> {
    pub(super) digest: FileDigest,
    pub(super) anchor_s: Option<f64>,
    pub(super) ending: Ending,
    pub(super) tracks: Tracks,
    pub(super) demuxer: &'a Demuxer,
}

/// Decides whether the recording can be used, from what was counted.
pub(super) fn judge(
    counted: Counted<'_>,
    options: &DecodeOptions,
    mut warnings: Warnings,
) -> Result<DecodeSummary, MediaError> {
    let Counted { digest, anchor_s, ending, tracks, demuxer } = counted;
    let FileDigest { sha256, bytes } = digest;
    let (samples, frames) = (
        tracks.audio.as_ref().map_or(0, AudioTrack::decoded),
        tracks.video.as_ref().map_or(0, VideoTrack::decoded),
    );
    let duration_s = duration(&tracks, anchor_s);
    note_damage(&tracks, &mut warnings);
    let truncated = note_length(demuxer, &ending, &tracks, duration_s, &mut warnings);
    let left_out = unwanted(&tracks.audio_choice, options.want_audio)
        || unwanted(&tracks.video_choice, options.want_video);
    if samples == 0 && frames == 0 && !(left_out && nothing_wanted(&tracks)) {
        return Err(nothing_decoded(&tracks, &ending, truncated, options));
    }
    let still = STILL.contains(&demuxer.container.as_str());
    let decoded_any = samples > 0 || frames > 0;
    if decoded_any && !still && duration_s < options.limits.min_duration_s {
        let message = format!(
            "only {duration_s:.2} s could be decoded; at least {} s are needed (limits.min_duration_s)",
            options.limits.min_duration_s
        );
        return Err(if truncated { MediaError::Partial(message) } else { MediaError::Invalid(message) });
    }
    let has_audio = if options.want_audio { samples > 0 } else { tracks.audio_choice.chosen().is_some() };
    let has_video = if options.want_video { frames > 0 } else { tracks.video_choice.chosen().is_some() };
    if !has_audio {
        warnings.add(code::NO_AUDIO, || "the file has no sound that can be heard".into());
    }
    if !has_video {
        warnings.add(code::NO_VIDEO, || "the file has no picture that can be seen".into());
    }
    let size = size(&tracks).filter(|_| has_video);
    Ok(DecodeSummary {
        facts: MediaFacts {
            duration_s: round_decimals(duration_s, 3),
            has_audio,
            has_video,
            sampled_frames: tracks.video.as_ref().map_or(0, VideoTrack::delivered),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            sha256,
            warnings: warnings.into_wire(),
        },
        bytes,
        container: demuxer.container.clone(),
        audio: summary(
            &tracks.audio_choice,
            tracks.audio.as_ref().map(|one| (one.decoded(), one.failures())),
        ),
        video: summary(
            &tracks.video_choice,
            tracks.video.as_ref().map(|one| (one.decoded(), one.failures())),
        ),
    })
}

fn summary(choice: &Choice, counts: Option<(u64, u64)>) -> Option<StreamSummary> {
    let (decoded, damaged) = counts?;
    Some(StreamSummary { decoder: choice.chosen()?.decoder.clone(), decoded, damaged })
}

/// The end of the last decoded sample or frame, in seconds.
fn duration(tracks: &Tracks, anchor_s: Option<f64>) -> f64 {
    let audio_s = tracks.audio.as_ref().map_or(0.0, AudioTrack::end_s);
    let video_s = tracks
        .video
        .as_ref()
        .filter(|video| video.decoded() > 0)
        .and_then(VideoTrack::end_s)
        .map_or(0.0, |end_s| end_s - anchor_s.unwrap_or(0.0));
    audio_s.max(video_s).max(0.0)
}

fn note_damage(tracks: &Tracks, warnings: &mut Warnings) {
    let damaged = tracks.audio.as_ref().map_or(0, AudioTrack::failures)
        + tracks.video.as_ref().map_or(0, VideoTrack::failures);
    if damaged > 0 {
        warnings
            .add_many(code::CORRUPT_PACKETS, damaged, || "damaged parts of the file were left out".into());
    }
    if let Some(reason) = tracks.audio.as_ref().and_then(AudioTrack::refused) {
        warnings.add(code::AUDIO_UNSUPPORTED, || reason.to_owned());
    }
}

/// Compares the counted length with the stated one. Returns whether the file breaks off.
fn note_length(
    demuxer: &Demuxer,
    ending: &Ending,
    tracks: &Tracks,
    duration_s: f64,
    warnings: &mut Warnings,
) -> bool {
    let everything = unread_streams(tracks) == 0;
    let claimed_s = demuxer.claimed_duration_s().filter(|_| everything);
    let tolerance_s = claimed_s.map_or(0.0, |claimed_s| (0.05 * claimed_s).max(1.0));
    let missing = claimed_s.is_some_and(|claimed_s| claimed_s - duration_s > tolerance_s);
    if let Some(claimed_s) = claimed_s
        && (claimed_s - duration_s).abs() > tolerance_s
    {
        warnings.add(code::DURATION_MISMATCH, || {
            format!("the file states {claimed_s:.1} s, but {duration_s:.1} s were counted")
        });
    }
    let truncated = ending.broken.is_some() || ending.cut_packet || (missing && demuxer.past_end());
    if truncated {
        warnings.add(code::TRUNCATED, || match &ending.broken {
            Some(reason) => format!("the file breaks off after {duration_s:.1} s ({reason})"),
            None => format!("the file breaks off after {duration_s:.1} s"),
        });
    }
    truncated
}

/// Streams that exist and were left unread: the stated length may be theirs.
fn unread_streams(tracks: &Tracks) -> usize {
    let unread = |choice: &Choice, open: bool| usize::from(!matches!(choice, Choice::None) && !open);
    unread(&tracks.audio_choice, tracks.audio.is_some())
        + unread(&tracks.video_choice, tracks.video.is_some())
}

fn unwanted(choice: &Choice, wanted: bool) -> bool {
    !wanted && choice.chosen().is_some()
}

/// Whether no stream was opened because none that exists was wanted.
fn nothing_wanted(tracks: &Tracks) -> bool {
    let refused = |choice: &Choice| matches!(choice, Choice::Refused(_));
    tracks.audio.is_none()
        && tracks.video.is_none()
        && !refused(&tracks.audio_choice)
        && !refused(&tracks.video_choice)
}

/// The error for a file of which nothing was decoded.
fn nothing_decoded(tracks: &Tracks, ending: &Ending, truncated: bool, options: &DecodeOptions) -> MediaError {
    let reasons: Vec<&str> = [(&tracks.video_choice, "picture"), (&tracks.audio_choice, "sound")]
        .iter()
        .filter_map(|(choice, _)| match choice {
            Choice::Refused(reason) => Some(reason.as_str()),
            Choice::None | Choice::Chosen(_) => None,
        })
        .chain(tracks.audio.as_ref().and_then(AudioTrack::refused))
        .collect();
    if !reasons.is_empty() {
        return MediaError::Unsupported(reasons.join("; "));
    }
    if tracks.audio.is_none() && tracks.video.is_none() {
        return MediaError::Invalid(match (options.want_audio, options.want_video) {
            (true, true) => "the file has neither sound nor picture".into(),
            (true, false) => "the file has no sound".into(),
            _ => "the file has no picture".into(),
        });
    }
    if log::exceeded().pixels {
        return MediaError::Limit(format!(
            "its pictures have more than {} pixels (limits.max_pixels); record at 1080p",
            options.limits.max_pixels
        ));
    }
    if truncated {
        return MediaError::Partial(
            "the file breaks off before anything can be decoded; upload it again, completely".into(),
        );
    }
    if ending.packets == 0 {
        return MediaError::Invalid(
            "no media: the file has headers and nothing after them; export or upload it again".into(),
        );
    }
    MediaError::Invalid(format!(
        "none of its {} packets can be decoded; export or record it again",
        ending.packets
    ))
}

/// Width and height in display orientation: counted, or as stated for a picture that is not decoded.
fn size(tracks: &Tracks) -> Option<(u32, u32)> {
    if let Some(video) = &tracks.video {
        return video.size();
    }
    let Chosen { size: (width, height), rotation, .. } = tracks.video_choice.chosen()?;
    let (width, height) =
        if Rotation::swaps_sides(*rotation) { (*height, *width) } else { (*width, *height) };
    (width > 0 && height > 0).then_some((width, height))
}
