//! From media to report: media -> perception -> features -> score -> report. Synchronous, without
//! network and without environment; `workers` is the only crate that knows those.
//!
//! | module | what it does | pure |
//! |---|---|---|
//! | [`analysis`] | one interview from job to report: models, threads, failures | |
//! | [`intake`] | does the job make sense, did its interview code admit it | yes |
//! | [`policy`] | what law and consent allow, resolved before anything is loaded | yes |
//! | [`media`] | one decode pass: 16 kHz mono sound and frames sampled by time | |
//! | [`perception`] | what was seen and heard: words, voice, faces | |
//! | [`text`] | words of English and Mandarin: normal forms, word lists | yes |
//! | [`features`] | measured numbers with confidence and evidence, and their catalogue | yes |
//! | [`score`] | profile × features: contributions that add up to the score | yes |
//! | [`report`] | `report.json` and `report.html` | yes |

pub mod analysis;
pub mod error;
pub mod features;
pub mod intake;
pub mod media;
pub mod perception;
pub mod policy;
pub mod report;
pub mod score;
pub mod text;

pub use error::PipelineError;

/// Version of the pipeline: part of every report id. Changed whenever the same input would give other
/// features.
pub const PIPELINE_VERSION: &str = env!("CARGO_PKG_VERSION");
