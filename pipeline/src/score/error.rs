//! What can be wrong with a profile, with file, line and the nearest valid name.

use std::fmt;

/// One thing that is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the name of a shipped profile.
    pub file: String,
    /// Line in the file, counted from 1, where it is known.
    pub line: Option<usize>,
    /// Path of the field, such as `competencies.communication.weight`; empty for the whole file.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Why a profile could not be loaded: every problem that was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ProfileError {
    /// At least one.
    pub problems: Vec<Problem>,
}

impl ProfileError {
    /// A single problem that concerns a file as a whole.
    #[must_use]
    pub fn whole(file: &str, message: impl Into<String>) -> Self {
        Self {
            problems: vec![Problem {
                file: file.to_owned(),
                line: None,
                path: String::new(),
                message: message.into(),
            }],
        }
    }
}

impl From<ProfileError> for crate::PipelineError {
    fn from(error: ProfileError) -> Self {
        Self::Profile(error.to_string())
    }
}

/// ` (did you mean "x"?)` for the known name nearest to a misspelt one, or nothing when none is near.
#[must_use]
pub fn suggestion<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // Names are short; a hostile file with a very long one shall not cost quadratic time.
    if wrong.len() > 200 {
        return String::new();
    }
    let best = known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    match best {
        Some((similarity, name)) if similarity > 0.75 => format!(" (did you mean {name:?}?)"),
        _ => String::new(),
    }
}
