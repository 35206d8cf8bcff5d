//! Scoring: pure arithmetic over features and a profile.
//!
//! [`load`] turns a profile file into a [`Profile`] that is valid by construction, [`score`] applies it to the
//! features of an interview. No model, no clock, no randomness: the same input gives the same bytes.

pub mod aggregate;
mod curve;
mod error;
pub mod evaluate;
pub mod load;
mod profile;
pub mod reasons;
mod scorecard;
mod validate;

pub use curve::Curve;
pub use error::{Problem, ProfileError};
pub use profile::{Profile, ProfileCompetency, ProfileGroup, ProfileIndicator};
pub use scorecard::{Scorecard, score};

/// The profile of a job that names none.
pub const DEFAULT: &str = "general";

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
