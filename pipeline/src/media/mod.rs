//! Media: one pass over a file gives 16 kHz mono sound and frames sampled by presentation time.

mod error;
pub mod frame;

pub use error::MediaError;
pub use frame::VideoFrame;
