//! Where a recording lies: an object of the storage, or a file below the folder of the job.

use std::path::PathBuf;

/// Longest key of an S3 object in bytes (Amazon S3 user guide, "Naming Amazon S3 objects").
const MAX_KEY_BYTES: usize = 1024;

/// Where a recording lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaLocation {
    /// An object of the storage.
    S3 {
        /// The bucket.
        bucket: String,
        /// The key, without a leading slash.
        key: String,
    },
    /// A path relative to the folder of the job file, without `..`. A symbolic link may still lead outside:
    /// whoever opens the file has to look.
    Relative(PathBuf),
}

impl MediaLocation {
    /// Reads the `uri` of a job.
    ///
    /// # Errors
    /// What is wrong with it and what is accepted, for the sender of the job.
    pub fn parse(uri: &str) -> Result<Self, String> {
        if uri.chars().any(char::is_control) {
            return Err("holds a control character".to_owned());
        }
        if let Some(rest) = uri.strip_prefix("s3://") {
            return parse_s3(rest);
        }
        let (path, explicit) = match uri.strip_prefix("file:") {
            Some(path) => (path, true),
            None => (uri, false),
        };
        if !explicit && let Some(scheme) = scheme(path) {
            return Err(format!(
                "{scheme}: is not accepted; use s3://bucket/key or a path relative to the job file (file:path)"
            ));
        }
        parse_relative(path)
    }
}

fn parse_s3(rest: &str) -> Result<MediaLocation, String> {
    let (bucket, key) = rest.split_once('/').ok_or("an object is named s3://bucket/key")?;
    let bucket_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(3..=63).contains(&bucket.len())
        || !bucket.chars().all(bucket_char)
        || !edge(bucket.chars().next())
        || !edge(bucket.chars().next_back())
    {
        return Err(format!("{bucket:?} is no name of a bucket (3 to 63 of a-z, 0-9, '.', '-')"));
    }
    if key.is_empty() || key.ends_with('/') {
        return Err("names no object after the bucket".to_owned());
    }
    if key.len() > MAX_KEY_BYTES {
        return Err(format!("a key has at most {MAX_KEY_BYTES} bytes, this one has {}", key.len()));
    }
    check_segments(key)?;
    Ok(MediaLocation::S3 { bucket: bucket.to_owned(), key: key.to_owned() })
}

fn parse_relative(path: &str) -> Result<MediaLocation, String> {
    if path.is_empty() || path.ends_with('/') {
        return Err("names no file".to_owned());
    }
    if path.len() > MAX_KEY_BYTES {
        return Err(format!("a path has at most {MAX_KEY_BYTES} bytes, this one has {}", path.len()));
    }
    if path.starts_with('/') {
        return Err("must be relative to the job file, not absolute".to_owned());
    }
    if path.contains('\\') {
        return Err("use '/' between folders".to_owned());
    }
    // Doubled slashes and "." name the same file: they are dropped.
    let segments = path.split('/').filter(|segment| !segment.is_empty() && *segment != ".");
    check_segments(path)?;
    let path: PathBuf = segments.collect();
    if path.as_os_str().is_empty() {
        return Err("names no file".to_owned());
    }
    Ok(MediaLocation::Relative(path))
}

fn check_segments(path: &str) -> Result<(), String> {
    if path.split('/').any(|segment| segment == "..") {
        return Err("must not contain '..'".to_owned());
    }
    Ok(())
}

/// The scheme of a URI (RFC 3986, section 3.1), where it has one.
fn scheme(uri: &str) -> Option<&str> {
    let (scheme, _) = uri.split_once(':')?;
    let scheme_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(scheme_char))
        .then_some(scheme)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepted_forms() {
        let s3 = MediaLocation::S3 { bucket: "my-bucket".into(), key: "a/b c/答.mp4".into() };
        assert_eq!(MediaLocation::parse("s3://my-bucket/a/b c/答.mp4"), Ok(s3));
        for uri in ["media/a.mp4", "file:media/a.mp4", "./media//a.mp4"] {
            assert_eq!(MediaLocation::parse(uri), Ok(MediaLocation::Relative("media/a.mp4".into())), "{uri}");
        }
        assert_eq!(MediaLocation::parse("file:a:b.mp4"), Ok(MediaLocation::Relative("a:b.mp4".into())));
    }

    #[test]
    fn refused_forms() {
        for (uri, reason) in [
            ("", "names no file"),
            ("folder/", "names no file"),
            ("/etc/passwd", "relative"),
            ("file:///etc/passwd", "relative"),
            ("../secret.mp4", ".."),
            ("a/../../b.mp4", ".."),
            ("file:..", ".."),
            ("a\\b.mp4", "use '/'"),
            ("https://example.com/a.mp4", "https: is not accepted"),
            ("data:video/mp4;base64,AAAA", "data: is not accepted"),
            ("concat:a|b", "concat: is not accepted"),
            ("S3://bucket/a", "S3: is not accepted"),
            ("s3://bucket", "s3://bucket/key"),
            ("s3://bucket/", "names no object"),
            ("s3:///key", "no name of a bucket"),
            ("s3://Bucket/key", "no name of a bucket"),
            ("s3://bucket-/key", "no name of a bucket"),
            ("s3://bucket/a/../b", ".."),
            ("a\0.mp4", "control character"),
            ("a\n.mp4", "control character"),
        ] {
            let error = MediaLocation::parse(uri).expect_err(uri);
            assert!(error.contains(reason), "{uri:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_below_the_folder(uri in "[a-z./:\\\\]{0,24}|\\PC{0,24}") {
            if let Ok(MediaLocation::Relative(path)) = MediaLocation::parse(&uri) {
                prop_assert!(path.components().count() > 0);
                prop_assert!(
                    path.components().all(|part| matches!(part, std::path::Component::Normal(_))),
                    "{:?}", path
                );
            }
        }
    }
}
