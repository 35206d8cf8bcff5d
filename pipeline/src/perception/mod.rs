//! Perception: what was seen and heard. It never judges.

pub mod semantics;
pub mod voice;
pub mod segmenter;
pub mod speech;
pub mod vision;
pub mod voice;
