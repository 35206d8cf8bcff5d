//! The folder of one worker for recordings under analysis. What a killed worker has left is removed by the next
//! one on the machine: recordings of people must not lie around.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Names of the folders of workers begin so.
const PREFIX: &str = "interview-worker-";
/// Held locked by the worker that lives.
const LOCK: &str = "lock";

/// A folder that is gone when the worker ends in peace, and swept away after it when it does not.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: tempfile::TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes the folder and removes what dead workers have left beside it.
    pub(crate) fn create(parent: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(parent)?;
        sweep(parent);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder for one job; gone when dropped.
    pub(crate) fn job(&self) -> std::io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix("job-").tempdir_in(self.folder.path())
    }
}

/// Removes the folders of workers that are dead. What cannot be removed is left to the next sweep.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && is_dead(&path) {
            match std::fs::remove_dir_all(&path) {
                Ok(()) => tracing::info!("removed what a dead worker had left"),
                Err(error) => tracing::warn!(%error, "what a dead worker has left cannot be removed"),
            }
        }
    }
}

/// Whether nobody holds the lock of this folder. A folder without a lock is being made, unless it is old.
fn is_dead(folder: &PathBuf) -> bool {
    match File::open(folder.join(LOCK)) {
        Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => std::fs::metadata(folder)
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() > 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_leave_is_removed_and_the_living_are_spared() {
        let parent = tempfile::tempdir().unwrap();
        let living = Scratch::create(parent.path()).unwrap();
        let job = living.job().unwrap();
        let dead = parent.path().join("interview-worker-dead");
        std::fs::create_dir_all(dead.join("job-1")).unwrap();
        std::fs::write(dead.join("job-1/recording"), b"x").unwrap();
        File::create(dead.join(LOCK)).unwrap();
        let other = parent.path().join("something-else");
        std::fs::create_dir(&other).unwrap();
        let _second = Scratch::create(parent.path()).unwrap();
        assert!(!dead.exists() && other.exists() && job.path().exists());
    }
}
