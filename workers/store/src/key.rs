//! Names of objects: checked, relative to one tenant, and the layout of what is kept about a candidate.
//!
//! Everything derived from an interview lies below `candidates/<reference>/jobs/<job>/`, so that erasing a
//! candidate is erasing one prefix (R41). The features carry their `features_id` in the name, a hash of media,
//! models, policy and pipeline version; the report carries its `report_id`, which adds the profile. Work done
//! twice therefore has the same keys, other work never has.

use interview_schemas::{CandidateRef, JobId, ReportId};

use crate::StoreError;

/// Longest key below a tenant in bytes: S3 allows 1024 for the whole name, the rest is for prefix and tenant.
pub const MAX_KEY_BYTES: usize = 700;

/// The tenant of a job that names none.
pub const DEFAULT_TENANT: &str = "default";

/// The name of an object below its tenant: segments divided by single slashes, no `.` or `..` among them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Checks a name.
    ///
    /// # Errors
    /// [`StoreError::BadKey`] with what is wrong with it.
    pub fn new(name: impl Into<String>) -> Result<Self, StoreError> {
        let name = name.into();
        if name.len() > MAX_KEY_BYTES {
            let reason = format!("has {} bytes, at most {MAX_KEY_BYTES} are allowed", name.len());
            return Err(StoreError::BadKey { key: name, reason });
        }
        match check_segments(&name) {
            Ok(()) => Ok(Self(name)),
            Err(reason) => Err(StoreError::BadKey { key: name, reason }),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses names that mean something else to a file system or an S3 server than they say.
pub(crate) fn check_segments(name: &str) -> Result<(), String> {
    if name.chars().any(|c| c.is_control() || c == '\\') {
        return Err("must not hold control characters or backslashes".to_owned());
    }
    for segment in name.split('/') {
        match segment {
            "" => return Err("must not be empty or hold an empty segment".to_owned()),
            "." | ".." => return Err("must not hold '.' or '..' as a segment".to_owned()),
            _ if segment.len() > 255 => return Err("has a segment of more than 255 bytes".to_owned()),
            _ => {}
        }
    }
    Ok(())
}

/// The segment of a tenant.
///
/// # Errors
/// [`StoreError::BadKey`] when the name could not stand in a key.
pub(crate) fn tenant_segment(tenant: Option<&str>) -> Result<String, StoreError> {
    let name = tenant.unwrap_or(DEFAULT_TENANT);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 200 || name.starts_with('.') || !name.chars().all(allowed) {
        return Err(StoreError::BadKey {
            key: name.chars().take(200).collect(),
            reason: "a tenant consists of letters, digits, '.', '_' and '-' and does not begin with '.'"
                .to_owned(),
        });
    }
    Ok(name.to_owned())
}

/// The keys of one interview. Identifiers are safe in keys by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobKeys {
    folder: String,
}

impl JobKeys {
    /// The keys of this job of this candidate.
    #[must_use]
    pub fn new(candidate: &CandidateRef, job: &JobId) -> Self {
        Self { folder: format!("{}jobs/{job}/", Self::candidate_prefix(candidate)) }
    }

    /// What every key of a candidate begins with, with a closing slash.
    #[must_use]
    pub fn candidate_prefix(candidate: &CandidateRef) -> String {
        format!("candidates/{candidate}/")
    }

    /// What every key of the job begins with, with a closing slash.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.folder
    }

    /// The record of what was received: which media belong to the job and how long it may all be kept. `digest`
    /// tells apart submissions of the same job with other media.
    #[must_use]
    pub fn intake(&self, digest: &str) -> Key {
        Key(format!("{}intake-{digest}.json", self.folder))
    }

    /// `features.json`.
    #[must_use]
    pub fn features(&self, features: &ReportId) -> Key {
        Key(format!("{}{features}/features.json", self.folder))
    }

    /// `perception.json`.
    #[must_use]
    pub fn perception(&self, features: &ReportId) -> Key {
        Key(format!("{}{features}/perception.json", self.folder))
    }

    /// `report.json`.
    #[must_use]
    pub fn report(&self, features: &ReportId, report: &ReportId) -> Key {
        Key(format!("{}{features}/{report}/report.json", self.folder))
    }

    /// `report.html`.
    #[must_use]
    pub fn html(&self, features: &ReportId, report: &ReportId) -> Key {
        Key(format!("{}{features}/{report}/report.html", self.folder))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_layout_of_an_interview() {
        let keys = JobKeys::new(&CandidateRef::new("c-1").unwrap(), &JobId::new("shop:7").unwrap());
        let (features, report) = (ReportId::new("f1").unwrap(), ReportId::new("r1").unwrap());
        assert_eq!(keys.features(&features).as_str(), "candidates/c-1/jobs/shop:7/f1/features.json");
        assert_eq!(keys.report(&features, &report).as_str(), "candidates/c-1/jobs/shop:7/f1/r1/report.json");
        let all = [
            keys.intake("d"),
            keys.features(&features),
            keys.perception(&features),
            keys.report(&features, &report),
            keys.html(&features, &report),
        ];
        for key in all {
            assert!(key.as_str().starts_with(keys.prefix()), "{key}");
            assert_eq!(Key::new(key.as_str()).unwrap(), key);
        }
    }

    #[test]
    fn tenants_are_checked() {
        assert_eq!(tenant_segment(None).unwrap(), "default");
        assert_eq!(tenant_segment(Some("branch-7")).unwrap(), "branch-7");
        for tenant in ["", "..", ".x", "a/b", "a\\b", "租户", "a b"] {
            assert!(tenant_segment(Some(tenant)).is_err(), "{tenant:?}");
        }
    }

    proptest! {
        #[test]
        fn a_key_never_leads_out_of_its_folder(name in "[a-z./\\\\]{0,20}|\\PC{0,20}") {
            if let Ok(key) = Key::new(name) {
                let path = std::path::Path::new(key.as_str());
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
                prop_assert!(!key.as_str().contains("//") && !key.as_str().ends_with('/'));
            }
        }
    }
}
