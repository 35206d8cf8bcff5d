//! Pictures: layouts, colours, rotation, changing sizes, still pictures and covers.

use super::making::{PLAIN, Studio, find, good, warning_codes};
use interview_pipeline::media::frame::{ColourMatrix, PixelLayout, Rotation};
use interview_pipeline::media::warning_code as code;

/// One second of one colour: red 192, green 64, blue 32.
const COLOUR: &str = "-f lavfi -i color=c=0xC04020:size=64x48:rate=10:d=1";

#[test]
fn layouts_are_handed_on_or_converted() {
    use PixelLayout::{Gray, Rgb24, Yuv420, Yuv422, Yuv444};
    let studio = Studio::new();
    // Brightness by BT.601 from 16 to 235, from 0 to 255, and the mean of R, G and B.
    let (limited, full, rgb) = (100.7, 98.7, 96.0);
    for (name, arguments, layout, mean, full_range) in [
        ("420.mp4", "-pix_fmt yuv420p -c:v libx264", Yuv420, limited, false),
        ("422.mp4", "-pix_fmt yuv422p -c:v libx264", Yuv422, limited, false),
        ("444.mp4", "-pix_fmt yuv444p -c:v libx264", Yuv444, limited, false),
        ("deep.mp4", "-pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=none", Yuv420, limited, false),
        ("deep422.mkv", "-pix_fmt yuv422p10le -c:v libx264", Yuv420, limited, false),
        ("gray.png", "-frames:v 1 -pix_fmt gray", Gray, full, true),
        ("full.avi", "-pix_fmt yuvj420p -c:v mjpeg -q:v 2", Yuv420, full, true),
        ("rgb.mkv", "-c:v libx264rgb -qp 0 -pix_fmt rgb24", Rgb24, rgb, false),
        ("alpha.png", "-frames:v 1 -pix_fmt rgba", Rgb24, rgb, true),
        ("rgb.png", "-frames:v 1 -pix_fmt rgb24", Rgb24, rgb, true),
        ("palette.png", "-frames:v 1 -pix_fmt pal8", Rgb24, rgb, true),
        ("still.jpg", "-frames:v 1 -q:v 2", Yuv420, full, true),
        ("moving.gif", "", Rgb24, rgb, true),
        (
            "vp9.webm",
            "-pix_fmt yuv420p -c:v libvpx-vp9 -cpu-used 8 -deadline realtime",
            Yuv420,
            limited,
            false,
        ),
        ("av1.webm", "-pix_fmt yuv420p -c:v libaom-av1 -cpu-used 8", Yuv420, limited, false),
    ] {
        let path = studio.ffmpeg(&format!("{COLOUR} {arguments}"), name);
        let (summary, sink) = good(&path);
        assert!(summary.facts.has_video && !summary.facts.has_audio, "{name}");
        let first = &sink.frames[0];
        assert_eq!((first.layout, first.width, first.height), (layout, 64, 48), "{name}");
        let tolerance = if name == "palette.png" || name == "moving.gif" { 6.0 } else { 2.5 };
        assert!((first.mean - mean).abs() < tolerance, "{name}: {} instead of {mean}", first.mean);
        if layout != Rgb24 {
            assert_eq!((first.full_range, first.matrix), (full_range, ColourMatrix::Bt601), "{name}");
        }
    }
}

#[test]
fn the_matrix_follows_the_file_and_else_the_size() {
    let studio = Studio::new();
    let source =
        |size: &str| format!("-f lavfi -i color=c=red:size={size}:rate=5:d=1 -pix_fmt yuv420p -c:v libx264");
    for (name, size, tags, matrix) in [
        ("small.mp4", "320x240", "", ColourMatrix::Bt601),
        ("large.mp4", "1280x720", "", ColourMatrix::Bt709),
        ("upright.mp4", "720x1280", "", ColourMatrix::Bt709),
        ("tagged.mp4", "320x240", "-colorspace bt709", ColourMatrix::Bt709),
        ("old.mp4", "1280x720", "-colorspace smpte170m", ColourMatrix::Bt601),
        ("wide.mp4", "320x240", "-colorspace bt2020nc", ColourMatrix::Bt2020),
    ] {
        let (_, sink) = good(&studio.ffmpeg(&format!("{} {tags}", source(size)), name));
        assert_eq!(sink.frames[0].matrix, matrix, "{name}");
    }
}

#[test]
fn display_matrices_turn_the_picture() {
    let studio = Studio::new();
    let plain = std::fs::read(studio.ffmpeg(PLAIN, "plain.mp4")).expect("just made");
    for (a, b, rotation, size) in [
        (1, 0, Rotation::None, (320, 240)),
        (0, 1, Rotation::Clockwise90, (240, 320)),
        (-1, 0, Rotation::Half, (320, 240)),
        (0, -1, Rotation::Clockwise270, (240, 320)),
    ] {
        let mut bytes = plain.clone();
        for at in find(&plain, b"tkhd") {
            let one = 1_i32 << 16;
            let matrix = [a * one, b * one, 0, -b * one, a * one, 0, 0, 0, 1 << 30];
            for (index, value) in matrix.iter().enumerate() {
                let field = at + 44 + index * 4;
                bytes[field..field + 4].copy_from_slice(&i32::to_be_bytes(*value));
            }
        }
        let (summary, sink) = good(&studio.write("turned.mp4", &bytes));
        assert_eq!(summary.facts.width.zip(summary.facts.height), Some(size), "{rotation:?}");
        assert!(sink.frames.iter().all(|frame| frame.rotation == rotation), "{rotation:?}");
        assert!(sink.frames.iter().all(|frame| (frame.width, frame.height) == size), "{rotation:?}");
    }
}

#[test]
fn the_orientation_of_a_photograph_turns_it() {
    let studio = Studio::new();
    let plain =
        std::fs::read(studio.ffmpeg(&format!("{COLOUR} -frames:v 1"), "plain.jpg")).expect("just made");
    for (orientation, rotation, size) in [
        (1, Rotation::None, (64, 48)),
        (3, Rotation::Half, (64, 48)),
        (6, Rotation::Clockwise90, (48, 64)),
        (8, Rotation::Clockwise270, (48, 64)),
    ] {
        // One EXIF entry: tag 0x0112 (orientation), a 16-bit number.
        let mut exif = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let bytes = [&plain[..2], &exif, &plain[2..]].concat();
        let (summary, sink) = good(&studio.write("photo.jpg", &bytes));
        assert_eq!(sink.frames.len(), 1);
        assert_eq!(sink.frames[0].rotation, rotation, "orientation {orientation}");
        assert_eq!(summary.facts.width.zip(summary.facts.height), Some(size));
    }
}

#[test]
fn a_change_of_size_is_followed_and_told() {
    let studio = Studio::new();
    let part = |size: &str, offset: u32, name: &str| {
        let path = studio.ffmpeg(
            &format!(
                "-f lavfi -i testsrc=size={size}:rate=10:d=2 -pix_fmt yuv420p -c:v libx264 -bf 2 \
                 -output_ts_offset {offset}"
            ),
            name,
        );
        std::fs::read(path).expect("just made")
    };
    let bytes = [part("320x240", 0, "a.ts"), part("640x360", 2, "b.ts")].concat();
    let (summary, sink) = good(&studio.write("growing.ts", &bytes));
    assert_eq!((sink.frames[0].width, sink.frames[0].height), (320, 240));
    let last = sink.frames.last().expect("frames");
    assert_eq!((last.width, last.height), (640, 360));
    assert!(warning_codes(&summary).contains(&code::RESOLUTION_CHANGED));
    assert_eq!(summary.facts.width.zip(summary.facts.height), Some((320, 240)), "the first size counts");
}

#[test]
fn a_cover_is_not_a_video() {
    let studio = Studio::new();
    let arguments = format!(
        "-f lavfi -i sine=d=2 {COLOUR} -map 0 -map 1 -frames:v 1 -c:v mjpeg -disposition:v attached_pic"
    );
    for (name, codec) in [("cover.m4a", "-c:a aac"), ("cover.mp3", "-c:a libmp3lame -id3v2_version 3")] {
        let (summary, sink) = good(&studio.ffmpeg(&format!("{arguments} {codec}"), name));
        assert!(!summary.facts.has_video && summary.facts.has_audio && sink.frames.is_empty(), "{name}");
        assert_eq!(summary.facts.width, None, "{name}");
    }
}

#[test]
fn odd_sizes_keep_their_last_row_and_column() {
    let studio = Studio::new();
    for size in ["63x47", "65x33", "17x90"] {
        let path = studio.ffmpeg(
            &format!("-f lavfi -i testsrc=size={size}:rate=5:d=1 -c:v libx264 -pix_fmt yuv444p -qp 0"),
            "odd.mkv",
        );
        let (_, sink) = good(&path);
        assert_eq!(format!("{}x{}", sink.frames[0].width, sink.frames[0].height), size);
        let path = studio.ffmpeg(
            &format!("-f lavfi -i testsrc=size={size}:rate=5:d=1 -c:v libvpx -pix_fmt yuv420p"),
            "odd.webm",
        );
        let (_, sink) = good(&path);
        assert_eq!(format!("{}x{}", sink.frames[0].width, sink.frames[0].height), size);
    }
}
