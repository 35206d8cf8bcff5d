//! The cache folder: `<folder>/<model>-<version>/<file>`, checked against the manifest.
//!
//! A file that is there has the length the manifest says, or it counts as missing; its checksum was
//! compared when it was put there and is compared again by [`ModelStore::verify`].

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use interview_schemas::features::ModelUse;
use sha2::{Digest, Sha256};

use crate::manifest::CURRENT_PLATFORM;
use crate::{Manifest, ModelError};

/// The manifest's name of ONNX Runtime, and the role of its library.
const RUNTIME_MODEL: &str = "onnxruntime";
const RUNTIME_ROLE: &str = "library";

/// The models on this machine.
#[derive(Debug, Clone)]
pub struct ModelStore {
    folder: PathBuf,
    manifest: Manifest,
}

impl ModelStore {
    /// Opens the cache folder; it need not exist yet. The manifest is read as this platform sees it.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, manifest: Manifest) -> Self {
        Self { folder: folder.into(), manifest: manifest.for_platform(CURRENT_PLATFORM) }
    }

    /// The usual cache folder of this user: `interview/models` in the platform's cache folder. `None` where
    /// the user has no home folder.
    #[must_use]
    pub fn default_folder() -> Option<PathBuf> {
        dirs::cache_dir().map(|cache| cache.join("interview").join("models"))
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
    /// [`ModelError::Unknown`], or [`ModelError::Missing`] with what to do; a file of another length than
    /// the manifest says counts as missing.
    pub fn file(&self, model: &str, role: &str) -> Result<PathBuf, ModelError> {
        let path = self.location(model, role)?;
        let bytes = self.manifest.entry(model)?.files.get(role).map(|file| file.bytes);
        match std::fs::metadata(&path) {
            Ok(found) if found.is_file() && Some(found.len()) == bytes => Ok(path),
            _ => Err(ModelError::Missing { model: model.to_owned(), path }),
        }
    }

    /// Whether every file of the model is there.
    #[must_use]
    pub fn has(&self, model: &str) -> bool {
        self.manifest
            .entry(model)
            .is_ok_and(|entry| entry.files.keys().all(|role| self.file(model, role).is_ok()))
    }

    /// Reads every byte of a model and compares the checksums.
    ///
    /// # Errors
    /// [`ModelError::Missing`], [`ModelError::Corrupt`] or [`ModelError::Io`] of the first bad file.
    pub fn verify(&self, model: &str) -> Result<(), ModelError> {
        for (role, file) in &self.manifest.entry(model)?.files {
            let path = self.file(model, role)?;
            let found = sha256_of_file(&path)?;
            if found != file.sha256 {
                let expected = file.sha256.clone();
                return Err(ModelError::Corrupt { model: model.to_owned(), path, expected, found });
            }
        }
        Ok(())
    }

    /// The ONNX Runtime library: `explicit` when given, else one beside the running program (how GPU builds
    /// are installed), else the one in the cache folder.
    ///
    /// # Errors
    /// [`ModelError::Runtime`] when `explicit` is not a file, or when no library is found, with the places
    /// that were searched.
    pub fn locate_runtime_library(&self, explicit: Option<&Path>) -> Result<PathBuf, ModelError> {
        if let Some(path) = explicit {
            return if path.is_file() {
                Ok(path.to_owned())
            } else {
                Err(ModelError::Runtime(format!("{} is not a file", path.display())))
            };
        }
        let cached = self.location(RUNTIME_MODEL, RUNTIME_ROLE);
        let mut names =
            vec![format!("{}onnxruntime{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)];
        names.extend(cached.as_ref().ok().and_then(|path| path.file_name()?.to_str().map(str::to_owned)));
        let program = std::env::current_exe().ok();
        let beside = program.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        let found = names.iter().map(|name| beside.join(name)).find(|path| path.is_file());
        match found {
            Some(path) => Ok(path),
            None => self.file(RUNTIME_MODEL, RUNTIME_ROLE).map_err(|_| {
                ModelError::Runtime(format!(
                    "no library {} in {} and none in {}",
                    names.join(" or "),
                    beside.display(),
                    cached.map_or_else(|error| error.to_string(), |path| path.display().to_string()),
                ))
            }),
        }
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

/// SHA-256 of a file in hexadecimal, read in pieces.
///
/// # Errors
/// [`ModelError::Io`].
pub fn sha256_of_file(path: &Path) -> Result<String, ModelError> {
    let fail = |source| ModelError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(fail)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex::encode(hasher.finalize())),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(fail(error)),
        }
    }
}
