//! The sandbox of the decoder: how its process is started, what is taken away from it, and how the parent talks
//! to it without trusting a byte of the answer. Nothing here knows FFmpeg.
//!
//! | module | what it does |
//! |---|---|
//! | [`layers`] | what is taken away from the child |
//! | [`message`], [`picture`] | what the child may say |
//! | [`sender`], `loan` | the child's end of the pipe |
//! | [`receiver`], [`buffers`] | the parent's end: every length and number is checked |
//! | `request` | options and recording on their way to the child |
//! | `watch` | waiting for the child, with a patience |
//! | [`child`] | one child from start to end |
//! | [`pool`] | a child that is ready before it is needed |
//!
//! One child decodes one recording. Whatever a recording does to it, no other recording meets it.

pub mod buffers;
pub mod layers;
pub mod message;
mod outcome;
pub mod picture;
pub mod receiver;
pub mod sender;

#[cfg(target_os = "linux")]
pub mod child;
#[cfg(target_os = "linux")]
pub mod loan;
#[cfg(target_os = "linux")]
pub mod pool;
#[cfg(target_os = "linux")]
mod request;
#[cfg(target_os = "linux")]
mod watch;

mod error;

pub use error::SandboxError;

#[cfg(target_os = "linux")]
pub use pool::Pool;
#[cfg(target_os = "linux")]
pub use request::receive as receive_request;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use layers::{Allowance, Layers};

/// How children are started and what they may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The program.
    pub program: PathBuf,
    /// Its arguments; the allowance follows them.
    pub arguments: Vec<OsString>,
    /// Layers without which nothing is decoded.
    pub required: Layers,
    /// What a child may use at most.
    pub allowance: Allowance,
    /// How long a child may be silent while the parent listens.
    pub silence: Duration,
    /// How long the parent listens to one child altogether; time it spends on what it heard does not count.
    pub deadline: Duration,
    /// How long a child may take to start.
    pub start: Duration,
}

impl Default for Settings {
    /// This very program with its hidden command `decode`.
    fn default() -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            arguments: vec!["decode".into()],
            required: Layers::REQUIRED,
            allowance: Allowance { memory_bytes: 1536 << 20, cpu_s: 3600 },
            silence: Duration::from_secs(30),
            deadline: Duration::from_secs(2 * 3600),
            start: Duration::from_secs(20),
        }
    }
}

/// Name of the argument with the bytes of memory a child may take.
pub const MEMORY_ARGUMENT: &str = "--memory-bytes";
/// Name of the argument with the seconds of processor time a child may take.
pub const CPU_ARGUMENT: &str = "--cpu-s";
