//! Perception: what was seen and heard. It never judges.

pub mod segmenter;
pub mod semantics;
pub mod speech;
pub mod transcript;
pub mod vision;
pub mod voice;
