//! The loop: packets in, sound and pictures out.

use std::fs::File;
use std::path::Path;

use ffmpeg_next::codec::packet::side_data;
use ffmpeg_next::{Packet, media};

use super::MediaError;
use super::audio::AudioTrack;
use super::clock::Clock;
use super::config::{CancelToken, DecodeOptions};
use super::decoder::Decoder;
use super::open::{self, Demuxer, Next};
use super::outcome::{self, DecodeSummary, Ending};
use super::output::{MediaSink, Output};
use super::source::{self, FileDigest};
use super::streams::{self, Choice, Chosen};
use super::video::VideoTrack;
use super::warnings::{Warnings, code};

/// Damaged places in a row after which the container counts as broken off.
const MOST_DAMAGED_IN_A_ROW: u32 = 1000;
/// Packets after which the sink hears that work goes on.
const PACKETS_PER_SIGN: u64 = 16;
/// Packets read at most while time 0 is not known.
const MOST_BEFORE_START: u64 = 4000;

/// Decodes the file at `path` in one pass and hands everything to `sink`.
///
/// # Errors
/// See [`decode_file`]; also [`MediaError::NotFound`] when there is no such file.
pub fn decode(
    path: &Path,
    options: &DecodeOptions,
    cancel: &CancelToken,
    sink: &mut dyn MediaSink,
) -> Result<DecodeSummary, MediaError> {
    options.validate()?;
    decode_file(source::open_file(path)?, options, cancel, sink)
}

/// Decodes an open file in one pass and hands everything to `sink`. The whole file is read, from its start.
///
/// A stream that is damaged or not accepted is left out with a warning when the other one can be judged. A
/// stream that is not wanted is never decoded.
///
/// # Errors
/// [`MediaError::Invalid`] for what is empty, damaged or no media, [`MediaError::Unsupported`] for
/// containers, codecs and encryption that are not accepted, [`MediaError::Limit`] for what exceeds
/// [`super::MediaLimits`], [`MediaError::Partial`] for a file that broke off with too little to judge,
/// [`MediaError::Configuration`] for options out of range, [`MediaError::Cancelled`] when `cancel` was set or
/// the sink broke, [`MediaError::Io`] when reading failed, [`MediaError::Internal`] for a defect. The sink may
/// have received sound and pictures before an error.
pub fn decode_file(
    file: File,
    options: &DecodeOptions,
    cancel: &CancelToken,
    sink: &mut dyn MediaSink,
) -> Result<DecodeSummary, MediaError> {
    options.validate()?;
    let (sha256, bytes) = source::digest_file(&file, options.limits.max_bytes, cancel)?;
    decode_digested(file, FileDigest { sha256, bytes }, options, cancel, sink)
}

/// Decodes an open file whose checksum is known; it stands at its start, the options are checked.
pub(super) fn decode_digested(
    file: File,
    digest: FileDigest,
    options: &DecodeOptions,
    cancel: &CancelToken,
    sink: &mut dyn MediaSink,
) -> Result<DecodeSummary, MediaError> {
    let mut demuxer = open::open(file, options, cancel)?;
    let mut warnings = Warnings::default();
    let mut session = Session::start(&mut demuxer, options, &mut warnings)?;
    if let Some(seconds) = demuxer.claimed_duration_s() {
        sink.claimed_duration(seconds);
    }
    let mut output = Output {
        sink,
        warnings: &mut warnings,
        anchor_s: None,
        max_duration_s: options.limits.max_duration_s,
    };
    let ending = session.run(&mut demuxer, options, &mut output)?;
    let anchor_s = output.anchor_s;
    let tracks = session.into_parts();
    outcome::judge(
        outcome::Counted { digest, anchor_s, ending, tracks, demuxer: &demuxer },
        options,
        warnings,
    )
}

/// What the streams are and the decoders of those that are wanted.
pub(super) struct Tracks {
    pub(super) audio_choice: Choice,
    pub(super) video_choice: Choice,
    pub(super) audio: Option<AudioTrack>,
    pub(super) video: Option<VideoTrack>,
}

struct Session {
    tracks: Tracks,
    clock: Clock,
}

/// Numbers of the two streams on the clock.
const AUDIO_SLOT: usize = 0;
const VIDEO_SLOT: usize = 1;

impl Session {
    /// Chooses streams, opens their decoders and leaves all other streams unread.
    fn start(
        demuxer: &mut Demuxer,
        options: &DecodeOptions,
        warnings: &mut Warnings,
    ) -> Result<Self, MediaError> {
        let limits = &options.limits;
        let choose = |kind, names| streams::choose(demuxer.input(), kind, names, limits.max_channels);
        let mut audio_choice = choose(media::Type::Audio, limits.audio_codecs.as_slice());
        let mut video_choice = choose(media::Type::Video, limits.video_codecs.as_slice());
        let audio = open_decoder(demuxer, &mut audio_choice, options.want_audio, options, 1)
            .map(|(decoder, chosen)| AudioTrack::new(decoder, &chosen, options));
        let video =
            open_decoder(demuxer, &mut video_choice, options.want_video, options, options.video_threads)
                .map(|(decoder, chosen)| VideoTrack::new(decoder, &chosen, options));
        if let Choice::Refused(reason) = &audio_choice {
            warnings.add(code::AUDIO_UNSUPPORTED, || reason.clone());
        }
        if let Choice::Refused(reason) = &video_choice {
            warnings.add(code::VIDEO_UNSUPPORTED, || reason.clone());
        }
        let used = |choice: &Choice, open: bool| choice.chosen().filter(|_| open).map(|one| one.index);
        let keep = [used(&audio_choice, audio.is_some()), used(&video_choice, video.is_some())];
        for index in 0..demuxer.input().nb_streams() as usize {
            if !keep.contains(&Some(index)) {
                demuxer.discard(index);
            }
        }
        let clock = Clock::new(limits.max_gap_s, 2);
        Ok(Self { tracks: Tracks { audio_choice, video_choice, audio, video }, clock })
    }

    fn into_parts(self) -> Tracks {
        self.tracks
    }

    /// Reads the container to its end and decodes.
    fn run(
        &mut self,
        demuxer: &mut Demuxer,
        options: &DecodeOptions,
        output: &mut Output<'_>,
    ) -> Result<Ending, MediaError> {
        let mut ending = Ending::default();
        if self.tracks.audio.is_none() && self.tracks.video.is_none() {
            return Ok(ending);
        }
        let mut damaged_in_a_row = 0;
        loop {
            match demuxer.next()? {
                Next::Packet(packet) => {
                    damaged_in_a_row = 0;
                    ending.packets = ending.packets.saturating_add(1);
                    if ending.packets > options.limits.max_packets {
                        return Err(MediaError::Limit(format!(
                            "the file has more than {} packets (limits.max_packets)",
                            options.limits.max_packets
                        )));
                    }
                    if ending.packets.is_multiple_of(PACKETS_PER_SIGN) {
                        output.alive()?;
                    }
                    self.take(packet, demuxer, &mut ending, output)?;
                    self.anchor(ending.packets > MOST_BEFORE_START, output)?;
                }
                Next::End => break,
                Next::Damaged => {
                    damaged_in_a_row += 1;
                    output
                        .warnings
                        .add(code::CORRUPT_PACKETS, || "damaged parts of the file were left out".into());
                    if damaged_in_a_row >= MOST_DAMAGED_IN_A_ROW {
                        ending.broken = Some("nothing readable follows".into());
                        break;
                    }
                }
                Next::Broken(reason) => {
                    ending.broken = Some(reason);
                    break;
                }
            }
        }
        self.finish(output)?;
        Ok(ending)
    }

    /// Hands one packet to the track it belongs to.
    fn take(
        &mut self,
        mut packet: Packet,
        demuxer: &Demuxer,
        ending: &mut Ending,
        output: &mut Output<'_>,
    ) -> Result<(), MediaError> {
        let index = packet.stream();
        let of = |choice: &Choice| choice.chosen().filter(|one| one.index == index).map(|one| one.tick_s);
        let (slot, tick_s) = match (of(&self.tracks.audio_choice), of(&self.tracks.video_choice)) {
            (Some(tick_s), _) if self.tracks.audio.is_some() => (AUDIO_SLOT, tick_s),
            (_, Some(tick_s)) if self.tracks.video.is_some() => (VIDEO_SLOT, tick_s),
            _ => return Ok(()),
        };
        if packet.side_data().any(|data| data.kind() == side_data::Type::EncryptionInfo) {
            return Err(MediaError::Unsupported(
                "the recording is encrypted; upload it without protection".into(),
            ));
        }
        if packet.is_corrupt() {
            ending.cut_packet |= demuxer.past_end();
            output.warnings.add(code::CORRUPT_PACKETS, || "damaged parts of the file were left out".into());
            return Ok(());
        }
        if self.clock.map(&mut packet, slot, tick_s) {
            output.warnings.add(code::TIMESTAMP_JUMPS, || "the clock of the file jumps; closed up".into());
        }
        match (slot, &mut self.tracks.audio, &mut self.tracks.video) {
            (AUDIO_SLOT, Some(audio), _) => audio.push(&packet, output),
            (_, _, Some(video)) => video.push(packet, output),
            _ => Ok(()),
        }
    }

    /// Fixes time 0 as soon as every wanted stream has started, or no more can be held back.
    fn anchor(&mut self, force: bool, output: &mut Output<'_>) -> Result<(), MediaError> {
        if output.anchor_s.is_some() {
            return Ok(());
        }
        let (audio, video) = (&mut self.tracks.audio, &mut self.tracks.video);
        let firsts = [audio.as_ref().map(AudioTrack::first_s), video.as_ref().map(VideoTrack::first_s)];
        let waiting = firsts.iter().any(|first| matches!(first, Some(None)));
        let full = audio.as_ref().is_some_and(AudioTrack::is_full)
            || video.as_ref().is_some_and(VideoTrack::is_full);
        if waiting && !full && !force {
            return Ok(());
        }
        // When nothing has started, the first to start will be time 0.
        let Some(anchor_s) = firsts.into_iter().flatten().flatten().reduce(f64::min) else { return Ok(()) };
        output.anchor_s = Some(anchor_s);
        if let Some(audio) = audio {
            audio.release_held(output)?;
        }
        if let Some(video) = video {
            video.release_held(output)?;
        }
        Ok(())
    }

    /// Decodes and hands on what is still held.
    fn finish(&mut self, output: &mut Output<'_>) -> Result<(), MediaError> {
        self.anchor(true, output)?;
        if let Some(audio) = &mut self.tracks.audio {
            audio.drain(output)?;
        }
        if let Some(video) = &mut self.tracks.video {
            video.drain(output)?;
        }
        self.anchor(true, output)?;
        if let Some(audio) = &mut self.tracks.audio {
            audio.finish(output)?;
        }
        if let Some(video) = &mut self.tracks.video {
            video.finish(output)?;
        }
        Ok(())
    }
}

/// Opens the decoder of a choice when it is wanted; a refusal turns the choice into a refused one.
fn open_decoder(
    demuxer: &Demuxer,
    choice: &mut Choice,
    wanted: bool,
    options: &DecodeOptions,
    threads: u32,
) -> Option<(Decoder, Chosen)> {
    let chosen = choice.chosen().filter(|_| wanted)?.clone();
    match Decoder::open(demuxer, &chosen, options, threads) {
        Ok(decoder) => Some((decoder, chosen)),
        Err(reason) => {
            *choice = Choice::Refused(reason);
            None
        }
    }
}
