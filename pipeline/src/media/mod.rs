//! Media: one pass over a file gives 16 kHz mono sound and frames sampled by presentation time.
//!
//! [`decode`] reads a file that a stranger uploaded. FFmpeg gets an open descriptor and nothing else: no
//! path, no address, no further file; containers and codecs come from an allow-list; sizes are held
//! against [`MediaLimits`] before anything is allocated for them. Counted seconds, frames, samples and
//! bytes decide, never a header. Times count from the first decoded sample or frame.
//!
//! | module | what it does |
//! |---|---|
//! | `config` | options, limits, allow-lists, cancelling |
//! | `source` | the descriptor FFmpeg reads from; checksum |
//! | `log` | understands two of FFmpeg's messages, prints none |
//! | `open` | recognises and opens the container |
//! | `streams` | chooses the streams |
//! | `clock` | closes up jumps of the timestamps |
//! | `decoder` | one decoder: wants more, ended, damaged, failed |
//! | `audio`, `resample` | the unbroken line of samples |
//! | `video`, `nal`, `sampler`, `picture` | leaves out what nobody needs, samples, wraps frames |
//! | `decode` | the loop |
//! | `decoders` | decodes in a process of its own: what everything but tests uses |
//! | `child` | that process |
//! | `outcome` | what came of it: facts and warnings, or an error |

mod audio;
#[cfg(target_os = "linux")]
pub mod child;
mod clock;
mod config;
mod decode;
mod decoder;
mod decoders;
mod error;
pub mod frame;
mod log;
mod nal;
mod open;
mod outcome;
mod output;
mod picture;
mod resample;
mod sampler;
mod source;
mod streams;
mod video;
mod warnings;

pub use config::{CancelToken, DecodeOptions, MediaLimits};
pub use decode::{decode, decode_file};
pub use decoders::Decoders;
pub use error::MediaError;
pub use frame::VideoFrame;
pub use outcome::{DecodeSummary, StreamSummary};
pub use output::MediaSink;
pub use source::{FileDigest, digest};
pub use warnings::code as warning_code;

/// Samples per second of the sound that is handed on.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
