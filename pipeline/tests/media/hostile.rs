//! Files made to do harm: playlists, lies about sizes, forbidden codecs, encryption.

use std::io::ErrorKind;
use std::net::TcpListener;

use super::making::{Dice, PLAIN, Studio, collect_with, find, good, refused, warning_codes};
use interview_pipeline::media::{DecodeOptions, warning_code as code};

#[test]
fn playlists_are_refused_and_reach_nobody() {
    let studio = Studio::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a local port");
    listener.set_nonblocking(true).expect("a socket that does not block");
    let port = listener.local_addr().expect("bound").port();
    let target = studio.ffmpeg(PLAIN, "secret.mp4");
    let target = target.to_str().expect("a plain path");
    let url = format!("http://127.0.0.1:{port}/segment.ts");
    let hls =
        format!("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:9.0,\n{url}\n#EXT-X-ENDLIST\n");
    let sdp = format!(
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n"
    );
    let dash = format!(
        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" profiles=\"urn:mpeg:dash:profile:isoff-main:2011\"><Period><BaseURL>{url}</BaseURL></Period></MPD>"
    );
    for (name, content) in [
        ("hls.mp4", hls.as_str()),
        ("local-hls.mp4", &hls.replace(&url, target)),
        (
            "key.mp4",
            &format!(
                "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=AES-128,URI=\"{url}\"\n#EXTINF:1,\nx.ts\n"
            ),
        ),
        ("concat.mp4", &format!("ffconcat version 1.0\nfile '{target}'\n")),
        ("concat-http.mp4", &format!("ffconcat version 1.0\nfile '{url}'\n")),
        ("stream.mp4", &sdp),
        ("dash.mp4", &dash),
        ("redirect.mp4", &format!("RTSPtext\nrtsp://127.0.0.1:{port}/\n")),
        (
            "subtitles.mp4",
            "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n2\n00:00:03,000 --> 00:00:04,000\nWorld\n",
        ),
        ("page.mp4", "<html><body>404 not found</body></html>"),
        ("text.mp4", "just some words\n"),
        ("one.mp4", "x"),
    ] {
        let (code, message) = refused(&studio.write(name, content.as_bytes()));
        assert!(["UNSUPPORTED", "INVALID_MEDIA"].contains(&code), "{name}: {code} {message}");
        if name.contains("hls") || name.contains("concat") || name == "stream.mp4" {
            assert_eq!(code, "UNSUPPORTED", "{name}: {message}");
        }
    }
    let contact = listener.accept();
    assert!(matches!(&contact, Err(error) if error.kind() == ErrorKind::WouldBlock), "{contact:?}");
}

#[test]
fn an_mp4_that_points_to_another_file_does_not_open_it() {
    let studio = Studio::new();
    let plain = std::fs::read(studio.ffmpeg(PLAIN, "plain.mp4")).expect("just made");
    let mut bytes = plain.clone();
    // The data reference says "in this file" by flag 1; without it the data is elsewhere.
    let references = find(&plain, b"url \0\0\0\x01");
    assert!(!references.is_empty());
    for at in references {
        bytes[at + 7] = 0;
    }
    let (result, _) = collect_with(&studio.write("elsewhere.mp4", &bytes), &DecodeOptions::default());
    // FFmpeg ignores the reference and reads this file, or refuses: both are fine, opening is not possible.
    if let Ok(summary) = result {
        assert!((summary.facts.duration_s - 3.0).abs() < 0.1);
    }
}

#[test]
fn codecs_and_containers_off_the_list_are_refused() {
    let studio = Studio::new();
    let video = "-f lavfi -i testsrc=size=64x48:rate=10:d=1";
    for (name, arguments) in [
        ("magic.avi", "-c:v magicyuv -pix_fmt yuv420p"),
        ("prores.mov", "-c:v prores"),
        ("huffyuv.avi", "-c:v huffyuv"),
        ("container.nut", "-c:v mpeg4"),
        ("bitmap.bmp", "-frames:v 1"),
    ] {
        let (code, message) = refused(&studio.ffmpeg(&format!("{video} {arguments}"), name));
        assert_eq!(code, "UNSUPPORTED", "{name}: {message}");
        assert!(message.contains("is not accepted"), "{name}: {message}");
    }
    let path = studio.ffmpeg(&format!("{video} -f lavfi -i sine=d=1 -c:v prores -c:a aac"), "mixed.mov");
    let (summary, sink) = good(&path);
    assert!(!summary.facts.has_video && sink.frames.is_empty() && summary.facts.has_audio);
    assert!(warning_codes(&summary).contains(&code::VIDEO_UNSUPPORTED));
}

#[test]
fn encrypted_recordings_are_refused() {
    let studio = Studio::new();
    let key = "76a6c65c5ea762046bd749a2e632ccbb";
    let path = studio.ffmpeg(
        &format!("{PLAIN} -encryption_scheme cenc-aes-ctr -encryption_key {key} -encryption_kid {key}"),
        "locked.mp4",
    );
    let (code, message) = refused(&path);
    assert_eq!(code, "UNSUPPORTED");
    assert!(message.contains("encrypted"), "{message}");
}

#[test]
fn huge_pictures_are_refused() {
    let studio = Studio::new();
    let source = "-f lavfi -i color=red:size=64x48:rate=10:d=1";
    let big = u16::to_be_bytes(32_700);
    // JPEG: height and width in the start-of-frame segment.
    let mut jpeg = std::fs::read(studio.ffmpeg(&format!("{source} -frames:v 1"), "small.jpg")).expect("made");
    let frame = find(&jpeg, b"\xff\xc0")[0];
    jpeg[frame + 5..frame + 7].copy_from_slice(&big);
    jpeg[frame + 7..frame + 9].copy_from_slice(&big);
    // PNG: width and height in IHDR, and its checksum, which FFmpeg does not verify.
    let mut png = std::fs::read(studio.ffmpeg(&format!("{source} -frames:v 1"), "small.png")).expect("made");
    let header = find(&png, b"IHDR")[0];
    png[header + 4..header + 8].copy_from_slice(&32_700_u32.to_be_bytes());
    png[header + 8..header + 12].copy_from_slice(&32_700_u32.to_be_bytes());
    // VP8: width and height in the key frame header after its start code.
    let mut webm =
        std::fs::read(studio.ffmpeg(&format!("{source} -c:v libvpx"), "small.webm")).expect("made");
    for at in find(&webm, b"\x9d\x01\x2a") {
        webm[at + 3..at + 7].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    }
    // MP4: the size in the sample description.
    let mut mp4 = std::fs::read(studio.ffmpeg(&format!("{source} -c:v libx264"), "small.mp4")).expect("made");
    let entry =
        find(&mp4, b"avc1").into_iter().find(|at| mp4[at + 28..at + 32] == [0, 64, 0, 48]).expect("avc1");
    mp4[entry + 28..entry + 30].copy_from_slice(&big);
    mp4[entry + 30..entry + 32].copy_from_slice(&big);
    for (name, bytes) in [("big.jpg", jpeg), ("big.png", png), ("big.webm", webm), ("big.mp4", mp4)] {
        let (code, message) = refused(&studio.write(name, &bytes));
        assert_eq!(code, "LIMIT", "{name}: {message}");
        assert!(message.contains("max_pixels"), "{name}: {message}");
    }
    let path = studio.ffmpeg("-f lavfi -i color=red:size=7680x4320:rate=1:d=1 -frames:v 1", "real-8k.jpg");
    assert_eq!(refused(&path).0, "LIMIT");
}

#[test]
fn pictures_of_no_size_are_refused_or_what_is_decoded_decides() {
    let studio = Studio::new();
    let source = "-f lavfi -i color=red:size=64x48:rate=10:d=1";
    let mut jpeg = std::fs::read(studio.ffmpeg(&format!("{source} -frames:v 1"), "small.jpg")).expect("made");
    let frame = find(&jpeg, b"\xff\xc0")[0];
    jpeg[frame + 5..frame + 9].fill(0);
    let mut png = std::fs::read(studio.ffmpeg(&format!("{source} -frames:v 1"), "small.png")).expect("made");
    let header = find(&png, b"IHDR")[0];
    png[header + 4..header + 12].fill(0);
    let mut webm =
        std::fs::read(studio.ffmpeg(&format!("{source} -c:v libvpx"), "small.webm")).expect("made");
    for at in find(&webm, b"\x9d\x01\x2a") {
        webm[at + 3..at + 7].fill(0);
    }
    for (name, bytes) in [("none.jpg", jpeg), ("none.png", png), ("none.webm", webm)] {
        let (code, message) = refused(&studio.write(name, &bytes));
        assert!(["INVALID_MEDIA", "PARTIAL"].contains(&code), "{name}: {code} {message}");
    }
    // The sample description of an MP4 is a header as well; the stream itself knows better.
    let mut mp4 = std::fs::read(studio.ffmpeg(&format!("{source} -c:v libx264"), "small.mp4")).expect("made");
    let entry =
        find(&mp4, b"avc1").into_iter().find(|at| mp4[at + 28..at + 32] == [0, 64, 0, 48]).expect("avc1");
    mp4[entry + 28..entry + 32].fill(0);
    let (summary, _) = good(&studio.write("none.mp4", &mp4));
    assert_eq!((summary.facts.width, summary.facts.height), (Some(64), Some(48)));
}

#[test]
fn two_thousand_streams_are_refused() {
    let studio = Studio::new();
    let path = studio.ffmpeg("-f lavfi -i sine=d=1:r=8000 -c:a aac", "one.mp4");
    let bytes = std::fs::read(path).expect("just made");
    let size = |at: usize| u32::from_be_bytes(bytes[at - 4..at].try_into().expect("four bytes")) as usize;
    let (moov, trak) = (find(&bytes, b"moov")[0], find(&bytes, b"trak")[0]);
    let track = &bytes[trak - 4..trak - 4 + size(trak)];
    for (count, name) in [(40, "forty.mp4"), (2000, "thousands.mp4")] {
        // The index stands at the end of the file, so the data before it does not move.
        let mut many = bytes[..trak - 4 + track.len()].to_vec();
        for _ in 1..count {
            many.extend_from_slice(track);
        }
        many.extend_from_slice(&bytes[trak - 4 + track.len()..]);
        let grown = (size(moov) + (count - 1) * track.len()) as u32;
        many[moov - 4..moov].copy_from_slice(&grown.to_be_bytes());
        let (code, message) = refused(&studio.write(name, &many));
        assert_eq!(code, "LIMIT", "{name}: {message}");
        assert!(message.contains("max_streams"), "{name}: {message}");
    }
}

#[test]
fn noise_is_never_a_recording() {
    let studio = Studio::new();
    let mut dice = Dice(42);
    for round in 0..40 {
        let size = [1, 16, 1000, 5000, 70_000][round % 5];
        let (code, message) = refused(&studio.write("noise.mp4", &dice.bytes(size)));
        assert!(["INVALID_MEDIA", "UNSUPPORTED"].contains(&code), "{code}: {message}");
    }
    for byte in [0x00, 0xff, 0x47, 0x20] {
        refused(&studio.write("same.mp4", &vec![byte; 50_000]));
    }
}

#[test]
fn folders_pipes_and_missing_files_are_told_apart() {
    let studio = Studio::new();
    assert_eq!(refused(&studio.path("nothing.mp4")).0, "MEDIA_NOT_FOUND");
    assert_eq!(refused(studio.path("x").parent().expect("the folder")).0, "INVALID_MEDIA");
    assert_eq!(refused(std::path::Path::new("/dev/zero")).0, "INVALID_MEDIA");
    assert_eq!(refused(&studio.write("empty.mp4", b"")).0, "INVALID_MEDIA");
}

#[test]
fn subtitles_alone_are_no_recording() {
    let studio = Studio::new();
    studio.write("words.srt", b"1\n00:00:00,000 --> 00:00:02,000\nHello\n");
    let path = studio.ffmpeg("-i words.srt -c:s srt", "words.mkv");
    let (code, message) = refused(&path);
    assert_eq!(code, "INVALID_MEDIA");
    assert!(message.contains("neither sound nor picture"), "{message}");
}
