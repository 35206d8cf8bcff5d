//! The manifest `models/models.toml`: every model with task, licence, source, checksums and tensors.

use std::collections::BTreeMap;

use interview_schemas::Language;
use serde::{Deserialize, Serialize};

use crate::ModelError;
use crate::pull::convert::Conversion;
use crate::pull::source::Source;

/// The manifest that is built into the program.
pub const BUILT_IN: &str = include_str!("../models.toml");

/// All models the program knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The models, by name.
    pub model: BTreeMap<String, ModelEntry>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Version, part of every report.
    pub version: String,
    /// What it is for, such as `speech-to-text`.
    pub task: String,
    /// Named sets it belongs to, such as `starter`.
    #[serde(default)]
    pub sets: Vec<String>,
    /// Licence of weights and code as stated by its makers.
    pub licence: String,
    /// Languages it understands; empty where language plays no part.
    #[serde(default)]
    pub languages: Vec<Language>,
    /// What it is good at.
    pub good_at: String,
    /// What it is bad at.
    pub bad_at: String,
    /// Input and output tensors in words.
    #[serde(default)]
    pub tensors: String,
    /// Where the archive or file comes from: `pip:NAME==VERSION`, `npm:NAME@VERSION`, `https://…`, `file:…`.
    /// An `https:` or `file:` source that ends with `/` is a folder: each file's name is appended.
    pub source: String,
    /// SHA-256 of what the source delivers; absent for files taken as they are, whose own checksum counts.
    #[serde(default)]
    pub archive_sha256: Option<String>,
    /// Arguments for the package client, such as the platform of a wheel.
    #[serde(default)]
    pub source_args: Vec<String>,
    /// Only for this platform, such as `linux-x86_64`; absent: for all.
    #[serde(default)]
    pub platform: Option<String>,
    /// The files it consists of, by role.
    pub files: BTreeMap<String, FileEntry>,
    /// The same model for other platforms, by platform; see [`Manifest::for_platform`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variants: BTreeMap<String, ModelVariant>,
}

/// What differs for one platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelVariant {
    /// SHA-256 of what the source delivers for this platform.
    #[serde(default)]
    pub archive_sha256: Option<String>,
    /// Arguments for the package client, such as the platform of a wheel.
    #[serde(default)]
    pub source_args: Vec<String>,
    /// The files for this platform, by role.
    pub files: BTreeMap<String, FileEntry>,
}

/// One file of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// File name in the cache folder.
    pub name: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Path of the file, or of the input of the conversion, in the archive; absent: the download itself.
    #[serde(default)]
    pub member: Option<String>,
    /// Further paths in the archive that the conversion reads beside `member`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<String>,
    /// The conversion that makes this file, such as `tflite` or `ort --cross-attention`; absent: file as is.
    #[serde(default)]
    pub convert: Option<String>,
}

/// The platform of this program as the manifest writes it, such as `linux-x86_64` or `macos-aarch64`.
pub const CURRENT_PLATFORM: &str = current_platform();

const fn current_platform() -> &'static str {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        "linux-x86_64"
    } else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
        "linux-aarch64"
    } else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
        "macos-aarch64"
    } else {
        "other"
    }
}

impl Manifest {
    /// Parses a manifest and checks every value in it: file names cannot leave the cache folder, checksums
    /// are SHA-256, sources and conversions are known.
    ///
    /// # Errors
    /// [`ModelError::Manifest`] with line and field.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let manifest: Self = toml::from_str(text).map_err(|error| ModelError::Manifest(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The manifest that is built into the program.
    ///
    /// # Errors
    /// Never with the shipped file (a test reads it).
    pub fn built_in() -> Result<Self, ModelError> {
        Self::parse(BUILT_IN)
    }

    /// The entry of a model.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] with the name.
    pub fn entry(&self, model: &str) -> Result<&ModelEntry, ModelError> {
        self.model.get(model).ok_or_else(|| ModelError::Unknown(format!("model {model:?}")))
    }

    /// The manifest as one platform sees it: where an entry has a variant for `platform`, the variant's
    /// source and files take the place of the entry's own. Entries for other platforms stay, marked by
    /// [`ModelEntry::is_for`].
    #[must_use]
    pub fn for_platform(mut self, platform: &str) -> Self {
        for entry in self.model.values_mut() {
            if let Some(variant) = entry.variants.remove(platform) {
                entry.archive_sha256 = variant.archive_sha256;
                entry.source_args = variant.source_args;
                entry.files = variant.files;
                entry.platform = Some(platform.to_owned());
            }
        }
        self
    }

    fn check(&self) -> Result<(), ModelError> {
        for (name, entry) in &self.model {
            let field = format!("model.{name}");
            check_plain_name(&format!("{field} (the name)"), name)?;
            check_plain_name(&format!("{field}.version"), &entry.version)?;
            Source::parse(&entry.source).map_err(|reason| invalid(&format!("{field}.source"), &reason))?;
            check_files(&field, entry.archive_sha256.as_deref(), &entry.files)?;
            for (platform, variant) in &entry.variants {
                let field = format!("{field}.variants.{platform}");
                check_files(&field, variant.archive_sha256.as_deref(), &variant.files)?;
            }
        }
        Ok(())
    }
}

impl ModelEntry {
    /// Whether the entry can be used on a platform.
    #[must_use]
    pub fn is_for(&self, platform: &str) -> bool {
        self.platform.as_deref().is_none_or(|only| only == platform)
    }
}

fn invalid(field: &str, reason: &str) -> ModelError {
    ModelError::Manifest(format!("{field}: {reason}"))
}

/// A name that becomes a folder or file of the cache must not lead out of it.
fn check_plain_name(field: &str, name: &str) -> Result<(), ModelError> {
    let plain = !name.is_empty()
        && name.len() <= 128
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'));
    if plain {
        Ok(())
    } else {
        Err(invalid(
            field,
            &format!(
                "{name:?} is not a plain file name (letters, digits, '.', '-', '_', '+'; no leading '.')"
            ),
        ))
    }
}

fn check_sha256(field: &str, value: &str) -> Result<(), ModelError> {
    if value.len() == 64 && value.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        Ok(())
    } else {
        Err(invalid(field, &format!("{value:?} is not a SHA-256 (64 lower-case hexadecimal digits)")))
    }
}

fn check_files(
    field: &str,
    archive_sha256: Option<&str>,
    files: &BTreeMap<String, FileEntry>,
) -> Result<(), ModelError> {
    if let Some(sha256) = archive_sha256 {
        check_sha256(&format!("{field}.archive_sha256"), sha256)?;
    }
    if files.is_empty() {
        return Err(invalid(&format!("{field}.files"), "a model needs at least one file"));
    }
    for (role, file) in files {
        let field = format!("{field}.files.{role}");
        check_plain_name(&format!("{field}.name"), &file.name)?;
        check_sha256(&format!("{field}.sha256"), &file.sha256)?;
        if file.bytes == 0 {
            return Err(invalid(&format!("{field}.bytes"), "a model file cannot be empty"));
        }
        for member in file.member.iter().chain(&file.companions) {
            let last = member.rsplit('/').next().unwrap_or_default();
            check_plain_name(&format!("{field}.member or companions"), last)?;
        }
        let needs_archive = file.member.is_some() || file.convert.is_some();
        if needs_archive && archive_sha256.is_none() {
            return Err(invalid(
                &field,
                "member and convert need archive_sha256, the checksum of the download",
            ));
        }
        if let Some(convert) = &file.convert {
            Conversion::parse(convert).map_err(|reason| invalid(&format!("{field}.convert"), &reason))?;
        }
    }
    Ok(())
}
