//! Loading profiles: from the files shipped with the program, or from a path.

use std::path::Path;

use interview_schemas::profile::ProfileFile;

use super::error::suggestion;
use super::validate::validate;
use super::{Problem, Profile, ProfileError};
use crate::PipelineError;

/// Largest profile file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

const SHIPPED: [(&str, &str); 1] = [("general", include_str!("../../profiles/general.toml"))];

/// Names of the shipped profiles.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The shipped profile of this name, `name` or `name@version`.
///
/// # Errors
/// [`PipelineError::Profile`] when there is none.
pub fn shipped(name: &str) -> Result<Profile, PipelineError> {
    let (wanted, version) = match name.split_once('@') {
        Some((wanted, version)) => (wanted, Some(version)),
        None => (name, None),
    };
    let Some((file, text)) = SHIPPED.iter().find(|(known, _)| *known == wanted) else {
        let known: Vec<_> = names().collect();
        return Err(PipelineError::Profile(format!(
            "no profile {wanted:?}{}; known are {}, and any file by its path",
            suggestion(wanted, known.iter().copied()),
            known.join(", ")
        )));
    };
    let profile = from_toml(file, text)?;
    let found = profile.file().version;
    match version {
        Some(version) if version != found.to_string() => Err(PipelineError::Profile(format!(
            "no version {version:?} of profile {wanted:?}; this program ships version {found}"
        ))),
        _ => Ok(profile),
    }
}

/// A profile by the name of a shipped one or by the path of a file. What ends in `.toml` or holds a path
/// separator is a path.
///
/// # Errors
/// [`PipelineError::Profile`] when there is none or it is not valid, [`PipelineError::Io`] when the file cannot
/// be read.
pub fn named(name: &str) -> Result<Profile, PipelineError> {
    let path = Path::new(name);
    if path.extension().is_some() || path.components().count() > 1 {
        return from_path(path);
    }
    shipped(name)
}

/// The profile in a TOML file.
///
/// # Errors
/// [`PipelineError::Profile`] when it is not valid, [`PipelineError::Io`] when the file cannot be read.
pub fn from_path(path: &Path) -> Result<Profile, PipelineError> {
    let shown = path.display().to_string();
    let io = |source| PipelineError::Io { path: shown.clone(), source };
    let bytes = std::fs::metadata(path).map_err(io)?.len();
    if bytes > MAX_FILE_BYTES {
        return Err(ProfileError::whole(
            &shown,
            format!("has {bytes} bytes; a profile has at most {MAX_FILE_BYTES}"),
        )
        .into());
    }
    let bytes = std::fs::read(path).map_err(io)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        ProfileError::whole(
            &shown,
            format!(
                "is not UTF-8 (first bad byte at {}); save it as UTF-8",
                error.utf8_error().valid_up_to()
            ),
        )
    })?;
    Ok(from_toml(&shown, &text)?)
}

/// The profile in a TOML text; `file` names it in error messages.
///
/// # Errors
/// [`ProfileError`] with every problem found.
pub fn from_toml(file: &str, text: &str) -> Result<Profile, ProfileError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed: ProfileFile = toml::from_str(text).map_err(|error| ProfileError {
        problems: vec![Problem {
            file: file.to_owned(),
            line: error.span().map(|span| line_at(text, span.start)),
            path: String::new(),
            message: with_suggestion(error.message()),
        }],
    })?;
    validate(parsed).map_err(|problems| ProfileError {
        problems: problems
            .into_iter()
            .map(|(path, message)| Problem {
                file: file.to_owned(),
                line: locate(text, &path),
                path: path.join("."),
                message,
            })
            .collect(),
    })
}

/// The line, counted from 1, in which a byte of the text stands.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

/// The line of a key, or of the nearest table above it that exists.
fn locate(text: &str, path: &[String]) -> Option<usize> {
    let document = toml::de::DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut offset = None;
    for key in path {
        let Some((found, value)) = table.iter().find(|(known, _)| known.get_ref() == key.as_str()) else {
            break;
        };
        offset = Some(found.span().start);
        match value.get_ref() {
            toml::de::DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    offset.map(|offset| line_at(text, offset))
}

/// Adds the nearest valid name to serde's message about an unknown field or variant.
fn with_suggestion(message: &str) -> String {
    let message = message.trim_end();
    let mut names = message.split('`').skip(1).step_by(2);
    match names.next() {
        Some(wrong) if message.starts_with("unknown ") => format!("{message}{}", suggestion(wrong, names)),
        _ => message.to_owned(),
    }
}
