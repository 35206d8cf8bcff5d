//! Which version of a profile a candidate is scored with: effective dates, gray release and shadow scoring
//! (R8, R26).

use interview_schemas::CandidateRef;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Library, Profile};
use crate::PipelineError;

/// Whom a version is chosen for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The HR system's reference.
    pub candidate: &'a CandidateRef,
    /// The branch that hires.
    pub branch: Option<&'a str>,
    /// When the candidate submitted; without it effective dates are not looked at.
    pub at: Option<Timestamp>,
}

/// The chosen versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Decides the score.
    pub live: Profile,
    /// Scored beside it, without consequence.
    pub shadow: Vec<Profile>,
}

/// Chooses among the versions of a profile. A `name@version` or a path means exactly that version.
///
/// Of the versions in force at the time, the newest is taken whose rollout admits the candidate; one without a
/// rollout block admits everybody. Newer ones that do not admit the candidate, but ask for it, are scored in the
/// shadow.
///
/// # Errors
/// [`PipelineError::Profile`] when there is none, or none is in force for this candidate.
pub fn select(library: &Library, name: &str, subject: &Subject<'_>) -> Result<Selection, PipelineError> {
    if name.contains(['@', '/', '.', '\\']) {
        return Ok(Selection { live: library.named(name)?.profile, shadow: Vec::new() });
    }
    let mut shadow = Vec::new();
    for profile in library.versions(name)? {
        if !in_force(&profile, subject.at) {
            continue;
        }
        if admits(&profile, subject) {
            return Ok(Selection { live: profile, shadow });
        }
        if profile.file().rollout.as_ref().is_some_and(|rollout| rollout.shadow) {
            shadow.push(profile);
        }
    }
    let at = subject.at.map_or_else(String::new, |at| format!(" at {at}"));
    Err(PipelineError::Profile(format!(
        "no version of profile {name:?} is in force{at} for this candidate; let one version have no `rollout`"
    )))
}

fn in_force(profile: &Profile, at: Option<Timestamp>) -> bool {
    let (Some(effective), Some(at)) = (profile.file().effective, at) else { return true };
    effective.from.is_none_or(|from| at >= from) && effective.until.is_none_or(|until| at < until)
}

fn admits(profile: &Profile, subject: &Subject<'_>) -> bool {
    let Some(rollout) = &profile.file().rollout else { return true };
    let branch = subject.branch.is_some_and(|branch| rollout.branches.iter().any(|known| known == branch));
    branch || rollout.percent.is_some_and(|percent| draw(&profile.file().name, subject.candidate) < percent)
}

/// The place of a candidate in the gray release of a profile: 0 to just below 100 percent, by SHA-256 of the
/// profile's name and the candidate's reference. It does not depend on the version: who was in at 5 % is in at
/// 20 %, and in the next version again.
#[must_use]
pub fn draw(profile: &str, candidate: &CandidateRef) -> f64 {
    let mut hash = Sha256::new();
    hash.update(profile.as_bytes());
    hash.update([0]);
    hash.update(candidate.as_str().as_bytes());
    let digest = hash.finalize();
    // 32 bits are exact in f64 and finer than a millionth of a percent.
    let number = digest.iter().take(4).fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    f64::from(number) / 4_294_967_296.0 * 100.0
}
