//! Makes media with the ffmpeg command line and collects what a decode gives.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use interview_pipeline::media::frame::{ColourMatrix, PixelLayout, Rotation};
use interview_pipeline::media::{
    CancelToken, DecodeOptions, DecodeSummary, MediaError, MediaSink, VideoFrame, decode,
};
use tempfile::TempDir;

/// One frame as a test wants it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) t_s: f64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) layout: PixelLayout,
    pub(crate) rotation: Rotation,
    pub(crate) matrix: ColourMatrix,
    pub(crate) full_range: bool,
    /// Hash of all rows of all planes.
    pub(crate) hash: u64,
    /// Mean of the first plane.
    pub(crate) mean: f64,
}

/// A sink that keeps what it gets.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    pub(crate) samples: Vec<f32>,
    pub(crate) largest_piece: usize,
    pub(crate) frames: Vec<Seen>,
    pub(crate) claimed_s: Option<f64>,
    /// Stop after so many frames.
    pub(crate) stop_after: Option<usize>,
}

impl MediaSink for Collector {
    fn claimed_duration(&mut self, seconds: f64) {
        self.claimed_s = Some(seconds);
    }

    fn audio(&mut self, samples: &[f32]) -> ControlFlow<()> {
        assert!(samples.iter().all(|sample| (-1.0..=1.0).contains(sample)), "samples from -1 to 1");
        self.largest_piece = self.largest_piece.max(samples.len());
        self.samples.extend_from_slice(samples);
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: VideoFrame) -> ControlFlow<()> {
        self.frames.push(see(&frame));
        match self.stop_after {
            Some(count) if self.frames.len() >= count => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

fn see(frame: &VideoFrame) -> Seen {
    let mut hasher = DefaultHasher::new();
    let mut mean = 0.0;
    for index in 0..3 {
        let Some((row_bytes, rows)) = frame.plane_size(index) else { continue };
        let plane = frame.plane(index).expect("every plane of the layout is there");
        let mut sum = 0_u64;
        for row in 0..rows {
            let row = &plane.data[row * plane.stride..][..row_bytes];
            row.hash(&mut hasher);
            sum += row.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
        if index == 0 {
            mean = sum as f64 / (row_bytes * rows) as f64;
        }
    }
    Seen {
        t_s: frame.t_s,
        width: frame.width(),
        height: frame.height(),
        layout: frame.layout,
        rotation: frame.rotation,
        matrix: frame.matrix,
        full_range: frame.full_range,
        hash: hasher.finish(),
        mean,
    }
}

/// Decodes with the given options and collects everything.
pub(crate) fn collect_with(
    path: &Path,
    options: &DecodeOptions,
) -> (Result<DecodeSummary, MediaError>, Collector) {
    let mut sink = Collector::default();
    let result = decode(path, options, &CancelToken::new(), &mut sink);
    assert!(sink.largest_piece <= 4000, "sound comes in pieces of at most 0.25 s");
    if let Ok(summary) = &result {
        assert_eq!(summary.facts.sampled_frames, sink.frames.len() as u64);
        assert!(summary.facts.duration_s.is_finite());
    }
    assert!(sink.frames.windows(2).all(|pair| pair[0].t_s < pair[1].t_s), "frames in order of time");
    (result, sink)
}

/// Decodes with the default options and collects everything.
pub(crate) fn collect(path: &Path) -> (Result<DecodeSummary, MediaError>, Collector) {
    collect_with(path, &DecodeOptions::default())
}

/// Decodes what must be fine.
pub(crate) fn good(path: &Path) -> (DecodeSummary, Collector) {
    let (result, sink) = collect(path);
    (result.unwrap_or_else(|error| panic!("{}: {error}", path.display())), sink)
}

/// The code of the error a file must end with.
pub(crate) fn refused(path: &Path) -> (&'static str, String) {
    let (result, _) = collect(path);
    let error = result.expect_err("must be refused");
    (error.code().as_str(), error.to_string())
}

pub(crate) fn warning_codes(summary: &DecodeSummary) -> Vec<&str> {
    summary.facts.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

/// A folder for generated media.
pub(crate) struct Studio(TempDir);

impl Studio {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `ffmpeg ARGUMENTS NAME`; arguments are separated by spaces.
    pub(crate) fn ffmpeg(&self, arguments: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        let output = Command::new("ffmpeg")
            .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-bitexact"])
            .args(arguments.split_whitespace())
            .arg(&path)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .expect("ffmpeg is installed (make setup)");
        assert!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
        path
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("writing to the temporary folder");
        path
    }
}

/// 3 s of H.264 with B-frames and AAC in MP4, 320x240 at 30 frames/s.
pub(crate) const PLAIN: &str = "-f lavfi -i testsrc=size=320x240:rate=30 -f lavfi -i sine=frequency=440 -t 3 \
     -c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -g 60 -c:a aac";

/// Finds where a box of an MP4 begins: the position of its four-letter name.
pub(crate) fn find(bytes: &[u8], name: &[u8]) -> Vec<usize> {
    bytes.windows(name.len()).enumerate().filter(|(_, window)| *window == name).map(|(at, _)| at).collect()
}

/// Numbers that look random and are the same in every run (xorshift64*).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound as u64) as usize
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| (self.roll() >> 32) as u8).collect()
    }
}

/// The folder of real recordings, or `None` with a note.
pub(crate) fn recordings() -> Option<PathBuf> {
    let folder = std::env::var_os("INTERVIEW_TEST_MEDIA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media"), PathBuf::from);
    if folder.join("MANIFEST.csv").is_file() {
        return Some(folder);
    }
    println!("skipped: no recordings in {} (set INTERVIEW_TEST_MEDIA)", folder.display());
    None
}
