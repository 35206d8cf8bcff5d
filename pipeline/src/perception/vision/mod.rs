//! The picture: faces, gaze, expression, body and picture quality, frame by frame. Observed, never judged.
//!
//! | module | what it does |
//! |---|---|
//! | [`crop`] | crops straight from the decoder's planes |
//! | [`models`] | the networks, loaded once |
//! | [`tracker`] | faces from frame to frame, stable ids |
//! | [`mesh`], [`shape`] | 478 points of a face; its shape without place, size and rotation |
//! | [`head_pose`] | rotation of the head against the canonical face |
//! | [`face_geometry`] | gaze, eye opening, mouth, brows |
//! | [`expression`] | seven classes, only where allowed |
//! | [`body`] | shoulders, arms, hands at a low rate |
//! | [`quality`] | light, sharpness, change, cuts |
//! | [`reader`] | what the faces and the body of a frame show, summed up over the recording |
//! | [`analyzer`] | all of it for one recording, in two halves for two threads |
//! | [`overlay`] | everything drawn on the recording |

pub mod analyzer;
pub mod body;
pub mod canonical_face;
pub mod crop;
pub mod expression;
pub mod face_geometry;
pub mod head_pose;
pub mod mesh;
pub mod models;
pub mod overlay;
pub mod quality;
pub mod reader;
pub mod shape;
pub mod tracker;

pub use analyzer::{Followed, VisionAnalyzer, VisionConfig, VisionPerception};
pub use models::VisionModels;
