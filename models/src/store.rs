//! The cache folder: `<folder>/<model>-<version>/<file>`, checked against the manifest.

use std::path::{Path, PathBuf};

use interview_schemas::features::ModelUse;
use sha2::{Digest, Sha256};

use crate::{Manifest, ModelError};

/// The models on this machine.
#[derive(Debug, Clone)]
pub struct ModelStore {
    folder: PathBuf,
    manifest: Manifest,
}

impl ModelStore {
    /// Opens the cache folder; it need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, manifest: Manifest) -> Self {
        Self { folder: folder.into(), manifest }
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The cache folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a file of a model lies, whether or not it is there.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] when the manifest names no such model or role.
    pub fn location(&self, model: &str, role: &str) -> Result<PathBuf, ModelError> {
        let entry = self.manifest.entry(model)?;
        let file = entry
            .files
            .get(role)
            .ok_or_else(|| ModelError::Unknown(format!("file {role:?} of model {model:?}")))?;
        Ok(self.folder.join(format!("{model}-{}", entry.version)).join(&file.name))
    }

    /// The path of a file that is there.
    ///
    /// # Errors
    /// [`ModelError::Unknown`], or [`ModelError::Missing`] with what to do.
    pub fn file(&self, model: &str, role: &str) -> Result<PathBuf, ModelError> {
        let path = self.location(model, role)?;
        if path.is_file() { Ok(path) } else { Err(ModelError::Missing { model: model.to_owned(), path }) }
    }

    /// Whether every file of the model is there.
    #[must_use]
    pub fn has(&self, model: &str) -> bool {
        self.manifest
            .entry(model)
            .is_ok_and(|entry| entry.files.keys().all(|role| self.file(model, role).is_ok()))
    }

    /// Name, version and checksum of a model as they go into features and reports.
    ///
    /// # Errors
    /// [`ModelError::Unknown`].
    pub fn model_use(&self, model: &str) -> Result<ModelUse, ModelError> {
        let entry = self.manifest.entry(model)?;
        let mut hashes: Vec<&str> = entry.files.values().map(|file| file.sha256.as_str()).collect();
        hashes.sort_unstable();
        let sha256 = match hashes.as_slice() {
            [single] => (*single).to_owned(),
            many => hex::encode(Sha256::digest(many.join("\n"))),
        };
        Ok(ModelUse { name: model.to_owned(), version: entry.version.clone(), sha256 })
    }
}
