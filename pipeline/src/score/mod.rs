//! Scoring: pure arithmetic over features and a profile.
//!
//! A [`Library`] turns profile files into a [`Profile`] that is valid by construction, [`score`] applies it to the
//! features of an interview. No model, no clock, no randomness: the same input gives the same bytes.
//!
//! | module | what it does |
//! |---|---|
//! | [`source`] | TOML or YAML text into wire types, with the line of every field |
//! | [`library`] | finds profiles by `name@version`, resolves `extends`, guards published versions |
//! | [`rollout`] | which version a candidate is scored with |
//! | [`aggregate`] | the answers of an interview into one reading per indicator |
//! | [`evaluate`] | readings into points, contributions, confidence and grade |
//! | [`rules`] | triggers and hard rules |

pub mod aggregate;
mod check;
mod curve;
mod error;
pub mod evaluate;
pub mod library;
pub mod norms;
mod notes;
mod overlay;
mod parts;
mod profile;
pub mod reasons;
pub mod rollout;
pub mod rules;
mod scorecard;
mod served;
pub mod source;
mod validate;

pub use check::is_name;
pub use curve::Curve;
pub use error::{Problem, ProfileError, suggestion};
pub use library::{Library, Resolved};
pub use notes::notes;
pub use profile::{Profile, ProfileCompetency, ProfileGroup, ProfileIndicator};
pub use scorecard::{Scorecard, score, score_selected, score_under};
pub(crate) use served::{DEFAULT_TENANT, is_tenant};

use crate::PipelineError;

/// The profile of a job that names none.
pub const DEFAULT_PROFILE: &str = "general";

/// Features of outside scores begin with this; their values are 0–100 (R27).
pub const EXTERNAL: &str = "external.";

/// A profile by the name of a shipped one, `name` or `name@version`, or by the path of a file (what has a file
/// ending or a path separator). Other folders: [`Library`].
///
/// # Errors
/// [`PipelineError::Profile`] when there is none or it is not valid, [`PipelineError::Io`] when a file cannot be
/// read.
pub fn named(name: &str) -> Result<Profile, PipelineError> {
    Ok(Library::shipped().named(name)?.profile)
}

#[cfg(test)]
mod overlay_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod shipped_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
