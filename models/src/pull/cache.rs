//! Writing into the cache folder: one writer at a time, whole files with the right checksum or none.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{PullEvent, PullProgress};
use crate::ModelError;
use crate::manifest::FileEntry;
use crate::store::sha256_of_file;

/// Wraps an error of the file system.
pub(super) fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> ModelError {
    let path = path.to_owned();
    move |source| ModelError::Io { path, source }
}

/// The cache folder, held by this process alone until the value is dropped.
pub(super) struct LockedCache {
    folder: PathBuf,
    // Closing the file frees the lock; the system does the same when the process dies.
    _lock: File,
}

impl LockedCache {
    /// Waits for the cache folder and clears away what an interrupted pull left in its work folder.
    ///
    /// # Errors
    /// [`ModelError::Io`] when the folder cannot be made, written or locked.
    pub(super) fn acquire(folder: &Path, progress: &mut dyn PullProgress) -> Result<Self, ModelError> {
        std::fs::create_dir_all(folder).map_err(io_error(folder))?;
        // Programs are started with paths in here as arguments and with another working folder.
        let folder = std::path::absolute(folder).map_err(io_error(folder))?;
        let path = folder.join(".lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io_error(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress.event(PullEvent::Waiting);
                lock.lock().map_err(io_error(&path))?;
            }
            Err(TryLockError::Error(error)) => return Err(io_error(&path)(error)),
        }
        let cache = Self { folder, _lock: lock };
        let downloads = cache.downloads();
        std::fs::create_dir_all(&downloads).map_err(io_error(&downloads))?;
        cache.fresh_work_folder()?;
        Ok(cache)
    }

    /// The cache folder itself, absolute.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where downloads lie until every file in them is in place; they outlive an interrupted pull.
    pub(super) fn downloads(&self) -> PathBuf {
        self.folder.join(".downloads")
    }

    /// Where intermediate files lie.
    pub(super) fn work_folder(&self) -> PathBuf {
        self.folder.join(".work")
    }

    /// Empties the work folder.
    pub(super) fn fresh_work_folder(&self) -> Result<PathBuf, ModelError> {
        let work = self.work_folder();
        remove_folder(&work)?;
        std::fs::create_dir_all(&work).map_err(io_error(&work))?;
        Ok(work)
    }
}

/// Removes a folder that may not be there.
pub(super) fn remove_folder(folder: &Path) -> Result<(), ModelError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(folder)(error)),
        _ => Ok(()),
    }
}

/// Writes the bytes of `reader` to `target` if they are what the manifest says. They go to a partial file
/// beside it first, so that `target` is never half there; a partial file with other bytes is removed.
///
/// # Errors
/// [`ModelError::Corrupt`] for other bytes, [`ModelError::Io`].
pub(super) fn place(
    model: &str,
    target: &Path,
    expected: &FileEntry,
    reader: &mut dyn Read,
) -> Result<(), ModelError> {
    let folder = target.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(io_error(folder))?;
    let partial = folder.join(format!(".{}.partial", expected.name));
    let written = write_checked(model, &partial, expected, reader);
    if written.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    written?;
    rename_durably(&partial, target)
}

fn write_checked(
    model: &str,
    partial: &Path,
    expected: &FileEntry,
    reader: &mut dyn Read,
) -> Result<(), ModelError> {
    let fail = |source| ModelError::Io { path: partial.to_owned(), source };
    let corrupt = |found: String| ModelError::Corrupt {
        model: model.to_owned(),
        path: partial.to_owned(),
        expected: expected.sha256.clone(),
        found,
    };
    let mut file = File::create(partial).map_err(fail)?;
    let mut hasher = Sha256::new();
    let mut written = 0u64;
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(corrupt(format!("none, since it cannot be read: {error}"))),
        };
        written = written.saturating_add(count as u64);
        // The declared length is the bound: an archive that unpacks to more is cut off here.
        if written > expected.bytes {
            return Err(corrupt(format!("none, since it is longer than {} bytes", expected.bytes)));
        }
        hasher.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(fail)?;
    }
    let found = hex::encode(hasher.finalize());
    if found != expected.sha256 {
        return Err(corrupt(found));
    }
    file.sync_all().map_err(fail)
}

/// Moves a finished file of ours to its place, so that after a power cut it is there whole or not at all.
pub(super) fn rename_durably(from: &Path, to: &Path) -> Result<(), ModelError> {
    File::open(from).and_then(|file| file.sync_all()).map_err(io_error(from))?;
    std::fs::rename(from, to).map_err(io_error(to))?;
    if let Some(folder) = to.parent() {
        // Not every file system can sync a folder; the rename itself has happened.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(())
}

/// Compares the checksum of a downloaded file; one with another checksum is removed.
///
/// # Errors
/// [`ModelError::Corrupt`], [`ModelError::Io`].
pub(super) fn check_or_remove(model: &str, path: &Path, expected: &str) -> Result<(), ModelError> {
    let found = sha256_of_file(path)?;
    if found == expected {
        return Ok(());
    }
    std::fs::remove_file(path).map_err(io_error(path))?;
    Err(ModelError::Corrupt {
        model: model.to_owned(),
        path: path.to_owned(),
        expected: expected.to_owned(),
        found,
    })
}
