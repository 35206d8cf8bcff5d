//! Profile and norm files as text: TOML or YAML in, wire types out, and the line of every field.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::suggestion;
use super::{Problem, ProfileError};
use crate::PipelineError;

/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML 1.1.
    Toml,
    /// YAML 1.2.
    Yaml,
}

impl Format {
    /// The format of a file by its ending: YAML for `.yaml` and `.yml`, TOML for everything else.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::Toml,
        }
    }
}

/// A text with the name it has in error messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path of the file, or the name of a shipped profile.
    pub file: String,
    /// What it holds.
    pub text: String,
    /// How it is written.
    pub format: Format,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// [`PipelineError::Profile`] when there is none, or it is too large or not UTF-8; [`PipelineError::Io`] when it
    /// cannot be read.
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let file = path.display().to_string();
        let io = |source: std::io::Error| match source.kind() {
            // A name that was mistyped is no fault of the machine.
            std::io::ErrorKind::NotFound => ProfileError::whole(&file, "there is no such file").into(),
            std::io::ErrorKind::IsADirectory => {
                ProfileError::whole(&file, "is a folder; name the files in it").into()
            }
            _ => PipelineError::Io { path: file.clone(), source },
        };
        // Not by the stated size: a pipe or a device states none, and gives as much as it likes.
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(path).map_err(io)?;
        opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            let message = format!("is too large; a profile has at most {MAX_FILE_BYTES} bytes");
            return Err(ProfileError::whole(&file, message).into());
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
            ProfileError::whole(&format!("{file}:{line}"), "is not UTF-8 from here on; save it as UTF-8")
        })?;
        Ok(Self::new(&file, &text, Format::of(path)))
    }

    /// A text that is already in memory.
    #[must_use]
    pub fn new(file: &str, text: &str, format: Format) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { file: file.to_owned(), text: text.to_owned(), format }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// [`ProfileError`] with line and, for a misspelt name, the nearest valid one.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ProfileError> {
        let (line, message) = match self.format {
            Format::Toml => match toml::from_str(&self.text) {
                Ok(value) => return Ok(value),
                Err(error) => {
                    let key = error.span().and_then(|span| self.text.get(span));
                    let message = match (error.message(), key) {
                        ("duplicate key", Some(key)) if key.len() <= 200 => {
                            format!("`{key}` stands here twice")
                        }
                        (message, _) => message.to_owned(),
                    };
                    (error.span().map(|span| line_at(&self.text, span.start)), message)
                }
            },
            Format::Yaml => match from_yaml(&self.text) {
                Ok(value) => return Ok(value),
                Err(problem) => problem,
            },
        };
        Err(ProfileError { problems: vec![self.problem(line, String::new(), with_suggestion(&message))] })
    }

    /// A problem at a field of this file.
    #[must_use]
    pub fn problem_at(&self, path: &[String], message: String) -> Problem {
        self.problem(self.locate(path).map(|(line, _)| line), path.join("."), message)
    }

    fn problem(&self, line: Option<usize>, path: String, message: String) -> Problem {
        Problem { file: self.file.clone(), line, path, message }
    }

    /// The line of a field, or of the nearest table above it that exists; and how many parts of the path exist.
    #[must_use]
    pub fn locate(&self, path: &[String]) -> Option<(usize, usize)> {
        let mut lines: &Lines = &match self.format {
            Format::Toml => toml_lines(&self.text)?,
            Format::Yaml => from_yaml::<Lines>(&self.text).ok()?,
        };
        let mut found = None;
        for (depth, key) in path.iter().enumerate() {
            let Some((line, inner)) = lines.0.get(key) else { break };
            found = Some((*line, depth + 1));
            lines = inner;
        }
        found
    }
}

/// The keys of a table with their lines, and the tables within.
#[derive(Debug, Default)]
struct Lines(BTreeMap<String, (usize, Lines)>);

fn toml_lines(text: &str) -> Option<Lines> {
    fn walk(text: &str, table: &toml::de::DeTable<'_>) -> Lines {
        let entry = |(key, value): (&toml::Spanned<toml::de::DeString<'_>>, _)| {
            let value: &toml::Spanned<toml::de::DeValue<'_>> = value;
            let inner = match value.get_ref() {
                toml::de::DeValue::Table(inner) => walk(text, inner),
                _ => Lines::default(),
            };
            (key.get_ref().to_string(), (line_at(text, key.span().start), inner))
        };
        Lines(table.iter().map(entry).collect())
    }
    let document = toml::de::DeTable::parse(text).ok()?;
    Some(walk(text, document.get_ref()))
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LinesVisitor)
    }
}

/// Keeps the keys of maps with their lines, and drops everything else.
struct LinesVisitor;

impl<'de> Visitor<'de> for LinesVisitor {
    type Value = Lines;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lines, A::Error> {
        let mut lines = BTreeMap::new();
        while let Some((key, inner)) = map.next_entry::<serde_saphyr::Spanned<String>, Lines>()? {
            let line = usize::try_from(key.referenced.line()).unwrap_or(0);
            lines.insert(key.value, (line, inner));
        }
        Ok(Lines(lines))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Lines, A::Error> {
        while items.next_element::<Lines>()?.is_some() {}
        Ok(Lines::default())
    }

    fn visit_unit<E>(self) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Lines, E> {
        Ok(Lines::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Lines, E> {
        Ok(Lines::default())
    }
}

/// Parses YAML; an error is its line and message.
fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, (Option<usize>, String)> {
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        let message = error.without_snippet().to_string();
        // What the library would have its caller do is of no use to an author.
        let message = message.split(", set DuplicateKeyPolicy").next().unwrap_or_default().to_owned();
        (line.filter(|line| *line > 0), message)
    })
}

/// The line, counted from 1, in which a byte of the text stands.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

/// Adds the nearest valid name to serde's message about an unknown field or variant:
/// ``unknown field `wieght`, expected one of `title`, `weight` ``, with or without the backticks.
fn with_suggestion(message: &str) -> String {
    let message = message.trim_end();
    let message = message.rfind(" at line ").and_then(|at| message.get(..at)).unwrap_or(message);
    let wrong = message.split('`').nth(1).filter(|_| message.starts_with("unknown "));
    let known = message.split_once("expected ").map(|(_, known)| known.trim_start_matches("one of "));
    match (wrong, known) {
        (Some(wrong), Some(known)) => {
            let known = known.split([',', ' ']).map(|name| name.trim_matches('`'));
            format!("{message}{}", suggestion(wrong, known.filter(|name| !name.is_empty() && *name != "or")))
        }
        _ => message.to_owned(),
    }
}
