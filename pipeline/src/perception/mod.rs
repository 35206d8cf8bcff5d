//! Perception: what was seen and heard. It never judges.

pub mod voice;
