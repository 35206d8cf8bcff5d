//! Which stream of a container is heard and which is looked at.

use ffmpeg_next::codec::{Id, packet::side_data};
use ffmpeg_next::format::context::Input;
use ffmpeg_next::format::stream::{Disposition, Stream};
use ffmpeg_next::{codec, media};

use super::frame::Rotation;

/// Rates of sound that are accepted, in hertz.
pub(super) const SAMPLE_RATES: std::ops::RangeInclusive<i32> = 4_000..=384_000;

/// A stream that was chosen.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub(super) index: usize,
    /// FFmpeg's name of the decoder; on the allow-list.
    pub(super) decoder: String,
    /// Seconds per tick.
    pub(super) tick_s: f64,
    /// Time base as numerator and denominator.
    pub(super) time_base: (i32, i32),
    /// Usual seconds between two pictures, as the container states them.
    pub(super) frame_s: f64,
    /// Width and height as the container states them.
    pub(super) size: (u32, u32),
    pub(super) rotation: Rotation,
    pub(super) extradata: Vec<u8>,
}

/// What there is of one kind.
#[derive(Debug)]
pub(super) enum Choice {
    /// No stream of the kind.
    None,
    /// Only streams that are not accepted, and why.
    Refused(String),
    /// A stream that can be decoded.
    Chosen(Chosen),
}

impl Choice {
    pub(super) fn chosen(&self) -> Option<&Chosen> {
        match self {
            Self::Chosen(chosen) => Some(chosen),
            Self::None | Self::Refused(_) => None,
        }
    }
}

/// Chooses the stream of a kind: the one marked as default, then the larger picture, then the first. A
/// cover picture is not video.
pub(super) fn choose(input: &Input, kind: media::Type, decoders: &[String], max_channels: u32) -> Choice {
    let mut best: Option<((bool, u64), Chosen)> = None;
    let mut refused: Option<String> = None;
    for stream in input.streams() {
        let cover = stream.disposition().intersects(Disposition::ATTACHED_PIC);
        if stream.parameters().medium() != kind || cover {
            continue;
        }
        match examine(&stream, kind, decoders, max_channels) {
            Ok(chosen) => {
                let pixels = u64::from(chosen.size.0) * u64::from(chosen.size.1);
                let rank = (stream.disposition().contains(Disposition::DEFAULT), pixels);
                if best.as_ref().is_none_or(|(least, _)| rank > *least) {
                    best = Some((rank, chosen));
                }
            }
            Err(reason) => refused = refused.or(Some(reason)),
        }
    }
    match (best, refused) {
        (Some((_, chosen)), _) => Choice::Chosen(chosen),
        (None, Some(reason)) => Choice::Refused(reason),
        (None, None) => Choice::None,
    }
}

fn examine(
    stream: &Stream<'_>,
    kind: media::Type,
    decoders: &[String],
    max_channels: u32,
) -> Result<Chosen, String> {
    let parameters = stream.parameters();
    let id = parameters.id();
    if encrypted(stream) {
        return Err("the stream is encrypted; upload it without protection".into());
    }
    if id == Id::None {
        return Err("the container does not say which codec it uses".into());
    }
    let Some(decoder) = decoders.iter().find(|name| {
        codec::decoder::find_by_name(name).is_some_and(|one| one.is_decoder() && one.id() == id)
    }) else {
        return Err(format!("the codec {} is not accepted; record as H.264/AAC or VP8/Opus", id.name()));
    };
    // SAFETY: the parameters belong to a stream of the open container; extradata has extradata_size bytes.
    let (width, height, rate, channels, extradata) = unsafe {
        let raw = &*parameters.as_ptr();
        let size = usize::try_from(raw.extradata_size).unwrap_or(0);
        let extradata = if raw.extradata.is_null() || size == 0 {
            Vec::new()
        } else {
            std::slice::from_raw_parts(raw.extradata, size).to_vec()
        };
        (raw.width, raw.height, raw.sample_rate, raw.ch_layout.nb_channels, extradata)
    };
    if kind == media::Type::Audio {
        // A rate of 0 or no channels only means that the header does not say: decoding tells.
        if rate != 0 && !SAMPLE_RATES.contains(&rate) {
            return Err(format!("the sound has {rate} samples per second; 4000 to 384000 are accepted"));
        }
        if i64::from(channels) > i64::from(max_channels) {
            return Err(format!("the sound has {channels} channels; at most {max_channels} are accepted"));
        }
    }
    let base = stream.time_base();
    let tick_s = f64::from(base.numerator()) / f64::from(base.denominator());
    if !tick_s.is_finite() || tick_s <= 0.0 {
        return Err("the stream has no time base".into());
    }
    Ok(Chosen {
        index: stream.index(),
        decoder: decoder.clone(),
        tick_s,
        time_base: (base.numerator(), base.denominator()),
        frame_s: frame_seconds(stream),
        size: (u32::try_from(width).unwrap_or(0), u32::try_from(height).unwrap_or(0)),
        rotation: stream_rotation(stream),
        extradata,
    })
}

fn frame_seconds(stream: &Stream<'_>) -> f64 {
    let seconds = |rate: ffmpeg_next::Rational| f64::from(rate.denominator()) / f64::from(rate.numerator());
    [seconds(stream.avg_frame_rate()), seconds(stream.rate())]
        .into_iter()
        .find(|value| value.is_finite() && (0.001..=10.0).contains(value))
        .unwrap_or(0.04)
}

fn encrypted(stream: &Stream<'_>) -> bool {
    stream.side_data().any(|data| data.kind() == side_data::Type::EncryptionInitInfo)
}

fn stream_rotation(stream: &Stream<'_>) -> Rotation {
    stream
        .side_data()
        .find(|data| data.kind() == side_data::Type::DisplayMatrix)
        .map_or(Rotation::None, |data| matrix_rotation(data.data()))
}

/// The rotation of a display matrix (nine 32-bit numbers in the order of the machine), to the nearest
/// quarter turn. Of a mirrored picture the turn is undone and the mirroring left: it changes no measure.
pub(super) fn matrix_rotation(bytes: &[u8]) -> Rotation {
    let value = |index: usize| {
        bytes
            .get(index * 4..index * 4 + 4)
            .and_then(|four| <[u8; 4]>::try_from(four).ok())
            .map_or(0.0, |four| f64::from(i32::from_ne_bytes(four)))
    };
    let (mut a, mut b) = (value(0), value(1));
    if bytes.len() < 36 || (a == 0.0 && b == 0.0) {
        return Rotation::None;
    }
    if a * value(4) - b * value(3) < 0.0 {
        (a, b) = (-a, -b);
    }
    // Rows of the matrix map the stored x axis to (a, b) on the display, y downwards: the angle of that
    // vector is the turn clockwise.
    match (b.atan2(a).to_degrees() / 90.0).round() as i32 {
        1 => Rotation::Clockwise90,
        2 | -2 => Rotation::Half,
        -1 => Rotation::Clockwise270,
        _ => Rotation::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(a: i32, b: i32, c: i32, d: i32) -> Vec<u8> {
        let one = 1 << 16;
        [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]
            .iter()
            .flat_map(|value: &i32| value.to_ne_bytes())
            .collect()
    }

    #[test]
    fn quarter_turns_of_display_matrices() {
        assert_eq!(matrix_rotation(&matrix(1, 0, 0, 1)), Rotation::None);
        assert_eq!(matrix_rotation(&matrix(0, 1, -1, 0)), Rotation::Clockwise90);
        assert_eq!(matrix_rotation(&matrix(-1, 0, 0, -1)), Rotation::Half);
        assert_eq!(matrix_rotation(&matrix(0, -1, 1, 0)), Rotation::Clockwise270);
        assert_eq!(matrix_rotation(&matrix(-1, 0, 0, 1)), Rotation::None, "mirrored only");
        assert_eq!(matrix_rotation(&[]), Rotation::None);
        assert_eq!(matrix_rotation(&matrix(0, 0, 0, 0)), Rotation::None);
    }
}
