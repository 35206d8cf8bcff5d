//! What the benchmarks share: whole processes measured by the operating system, and the media they work on.

pub mod media;
pub mod process;
