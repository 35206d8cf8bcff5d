//! Valid recordings of every family with a few bytes changed, decoded in the sandbox: each ends in a code or a
//! result, and this process neither crashes nor hangs nor grows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use interview_pipeline::media::{DecodeOptions, Decoders};

use crate::{decoding, made};

/// Codes that a damaged recording may end with.
const CODES: [&str; 7] = ["INVALID_MEDIA", "PARTIAL", "UNSUPPORTED", "LIMIT", "CRASH", "TIMEOUT", "RESOURCE"];
/// Numbers that break arithmetic.
const EXTREMES: [u32; 8] = [0, 1, 0x7f, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
/// Bytes at the beginning that count as header where a family does not say otherwise.
const HEADER: usize = 512;

/// What became of the mutants.
#[derive(Debug, Default)]
pub struct Tally {
    /// Mutants by code; "OK" for those that could still be judged, "OK with warnings" for flagged ones.
    pub ends: BTreeMap<&'static str, u64>,
    /// The same for each of the recordings that were changed.
    pub by_seed: BTreeMap<String, BTreeMap<&'static str, u64>>,
    /// The longest decode.
    pub longest: Duration,
    /// Messages of crashes, timeouts and lacking resources, with seed and number of the mutant.
    pub deaths: Vec<String>,
}

/// Small recordings of every family, 1 s each, and what they are called.
///
/// # Panics
/// When ffmpeg is missing.
#[must_use]
pub fn seeds(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let picture = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=15", "-f", "lavfi", "-i", "sine=r=16000"];
    let common = ["-t", "1", "-pix_fmt", "yuv420p", "-g", "8"];
    let families: [(&str, &[&str]); 9] = [
        ("h264.mp4", &["-c:v", "libx264", "-c:a", "aac"]),
        ("fragments.mp4", &["-c:v", "libx264", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"]),
        ("hevc.mp4", &["-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "aac"]),
        ("vp8.webm", &["-c:v", "libvpx", "-c:a", "libopus"]),
        ("dvd.mpg", &["-c:v", "mpeg2video", "-c:a", "mp2"]),
        ("h264.ts", &["-c:v", "libx264", "-c:a", "aac"]),
        ("sound.wav", &["-vn"]),
        ("sound.flac", &["-vn"]),
        ("sound.mp3", &["-vn", "-c:a", "libmp3lame"]),
    ];
    families
        .into_iter()
        .map(|(name, codec)| {
            let path = folder.join(name);
            made::ffmpeg(&[&picture[..], &common[..], codec, &[made::text(&path)]].concat());
            (name.to_owned(), std::fs::read(&path).expect("just made"))
        })
        .collect()
}

/// Real recordings whose name begins with `edge_`, but for the long ones.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn edge_seeds(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of recordings")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("edge_")))
        .collect();
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a recording"))
        })
        .filter(|(_, bytes)| (1..600_000).contains(&bytes.len()))
        .collect()
}

/// Numbers that look random and are the same in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.roll() >> 16) as usize % bound.max(1)
    }
}

/// Mutant number `number` of a seed; the same number gives the same bytes.
#[must_use]
pub fn mutate(seed: &[u8], number: u64) -> Vec<u8> {
    let mut dice = Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut bytes = seed.to_vec();
    // Names of boxes and elements: the structure of a container lies around them.
    let names: Vec<usize> = (4..bytes.len().saturating_sub(8))
        .filter(|&at| bytes[at..at + 4].iter().all(u8::is_ascii_lowercase))
        .collect();
    for _ in 0..1 + dice.below(6) {
        let at = match dice.below(4) {
            0 => dice.below(bytes.len()),
            1 | 2 if !names.is_empty() => {
                (names[dice.below(names.len())] + dice.below(24)).saturating_sub(4).min(bytes.len() - 1)
            }
            _ => dice.below(bytes.len().min(HEADER)),
        };
        match dice.below(8) {
            0..=2 => bytes[at] ^= 1 << dice.below(8),
            3 => bytes[at] = (dice.roll() >> 24) as u8,
            4 | 5 => {
                let extreme = EXTREMES[dice.below(EXTREMES.len())].to_be_bytes();
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&extreme[..end - at]);
            }
            6 => {
                let end = (at + 1 + dice.below(64)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let target = dice.below(bytes.len());
                bytes.splice(target..target, piece);
            }
            _ => {
                let end = (at + 1 + dice.below(64)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
        if bytes.is_empty() {
            return vec![0];
        }
    }
    if dice.below(12) == 0 {
        bytes.truncate(1 + dice.below(bytes.len()));
    }
    bytes
}

impl Tally {
    /// Makes mutant `number` of a recording in `folder`, decodes it and notes how it ended.
    ///
    /// # Panics
    /// When it ends with a code that damage must not have, or is judged without anything to judge.
    pub fn run(&mut self, decoders: &Decoders, folder: &Path, seed: &(String, Vec<u8>), number: u64) {
        let name = format!("{}, mutant {number}", seed.0);
        let path = folder.join("mutant");
        std::fs::write(&path, mutate(&seed.1, number)).expect("room for a mutant");
        let started = Instant::now();
        let (result, heard) = decoding::decode(decoders, &path, &DecodeOptions::default());
        self.longest = self.longest.max(started.elapsed());
        let end = match result {
            Ok(summary) => {
                let facts = &summary.facts;
                assert!(facts.has_audio || facts.has_video, "{name}: {facts:?}");
                assert_eq!(facts.sampled_frames, heard.pictures.len() as u64, "{name}");
                assert_eq!(facts.sha256.len(), 64, "{name}");
                if facts.warnings.is_empty() { "OK" } else { "OK with warnings" }
            }
            Err(error) => {
                let code = error.code().as_str();
                assert!(CODES.contains(&code), "{name}: {code}: {error}");
                if ["CRASH", "TIMEOUT", "RESOURCE"].contains(&code) {
                    self.deaths.push(format!("{name}: {code}: {error}"));
                }
                code
            }
        };
        *self.ends.entry(end).or_default() += 1;
        *self.by_seed.entry(seed.0.clone()).or_default().entry(end).or_default() += 1;
    }
}

/// Largest resident memory of this process so far, in MiB; 0 where the system does not tell.
#[must_use]
pub fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Largest resident memory of any child that has ended, in MiB. A child counts from before it became another
/// program, so this is never less than the memory of this process at its start.
#[must_use]
pub fn children_peak_mib() -> u64 {
    // SAFETY: rusage is plain numbers, all zero is a valid value, and the pointer is valid for writes.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    u64::try_from(usage.ru_maxrss).unwrap_or(0) / 1024
}
