//! Addresses of stores: `s3://bucket/prefix` and `dir:PATH`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::StoreError;
use crate::key::check_segments;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A bucket, or a part of one.
    S3 {
        /// Name of the bucket.
        bucket: String,
        /// What every key begins with: empty, or without leading and with a closing slash.
        prefix: String,
    },
    /// A folder of this machine or of a shared file system.
    Dir(PathBuf),
}

impl FromStr for StoreLocation {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let refuse = |reason: String| StoreError::Configuration(format!("store {text:?}: {reason}"));
        if let Some(path) = text.strip_prefix("dir:") {
            return if path.is_empty() {
                Err(refuse("names no folder; use dir:PATH".to_owned()))
            } else {
                Ok(Self::Dir(PathBuf::from(path)))
            };
        }
        let Some(rest) = text.strip_prefix("s3://") else {
            return Err(refuse("a store is s3://bucket/prefix or dir:PATH".to_owned()));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return Err(refuse(format!("{bucket:?} is no name of a bucket (3 to 63 of a-z, 0-9, '.', '-')")));
        }
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return Ok(Self::S3 { bucket: bucket.to_owned(), prefix: String::new() });
        }
        check_segments(prefix).map_err(refuse)?;
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix: format!("{prefix}/") })
    }
}

impl std::fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Dir(path) => write!(f, "dir:{}", path.display()),
        }
    }
}

/// Whether a bucket may have this name (Amazon S3 user guide, "General purpose bucket naming rules").
fn is_bucket(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=63).contains(&name.len())
        && name.chars().all(inner)
        && edge(name.chars().next())
        && edge(name.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_and_refused() {
        let s3 =
            |bucket: &str, prefix: &str| StoreLocation::S3 { bucket: bucket.into(), prefix: prefix.into() };
        for (text, location) in [
            ("s3://interviews", s3("interviews", "")),
            ("s3://interviews/", s3("interviews", "")),
            ("s3://interviews/fleet/a", s3("interviews", "fleet/a/")),
            ("s3://interviews/fleet/", s3("interviews", "fleet/")),
            ("dir:/var/lib/interview", StoreLocation::Dir("/var/lib/interview".into())),
            ("dir:out/store", StoreLocation::Dir("out/store".into())),
        ] {
            assert_eq!(text.parse::<StoreLocation>().unwrap(), location, "{text}");
        }
        for text in
            ["", "dir:", "/tmp", "s3:/x", "s3://", "s3://A/b", "s3://ab", "s3://abc/../x", "s3://abc//x"]
        {
            let error = text.parse::<StoreLocation>().expect_err(text);
            assert!(matches!(error, StoreError::Configuration(_)), "{text}: {error}");
        }
    }
}
