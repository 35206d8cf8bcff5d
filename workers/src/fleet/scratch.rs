//! The folder of one worker for recordings under analysis. What a killed worker has left is removed by the next
//! one on the machine: recordings of people must not lie around.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use interview_slot::RESULTS;

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

    /// The folder of a slot, for one job; emptied when dropped.
    pub(crate) fn job(&self, slot: usize) -> std::io::Result<JobFolder> {
        let folder = JobFolder(self.folder.path().join(format!("slot-{slot}")));
        std::fs::create_dir_all(&folder.0)?;
        Ok(folder)
    }

    /// Empties the folder of a slot whose process was killed after its job was given up.
    pub(crate) fn empty(&self, slot: usize) {
        if let Err(error) = self.job(slot) {
            tracing::warn!(%error, slot, "the folder of a slot cannot be emptied");
        }
    }
}

/// Where the recordings and results of one job lie. The folder stays, and so do its documents, emptied: making and
/// removing half a dozen files for each job costs file systems that put off reusing them (ext4) more than the whole
/// rest of a short job.
#[derive(Debug)]
pub(crate) struct JobFolder(PathBuf);

impl JobFolder {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn empty(&self) -> std::io::Result<()> {
        for entry in walkdir::WalkDir::new(&self.0).min_depth(1).contents_first(true) {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy();
            let document =
                entry.file_type().is_file() && (name.ends_with(".json") || name.ends_with(".html"));
            if document {
                File::options().write(true).truncate(true).open(entry.path())?;
            } else if !entry.file_type().is_dir() {
                std::fs::remove_file(entry.path())?;
            } else if entry.file_name() != RESULTS {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

impl Drop for JobFolder {
    fn drop(&mut self) {
        if let Err(error) = self.empty() {
            tracing::warn!(%error, "the folder of a job cannot be emptied");
        }
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
        let job = living.job(0).unwrap();
        let dead = parent.path().join("interview-worker-dead");
        std::fs::create_dir_all(dead.join("job-1")).unwrap();
        std::fs::write(dead.join("job-1/recording"), b"x").unwrap();
        File::create(dead.join(LOCK)).unwrap();
        let other = parent.path().join("something-else");
        std::fs::create_dir(&other).unwrap();
        let _second = Scratch::create(parent.path()).unwrap();
        assert!(!dead.exists() && other.exists() && job.path().exists());
    }

    #[test]
    fn nothing_of_a_job_is_left_for_the_next() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::create(parent.path()).unwrap();
        let fill = |folder: &Path| {
            std::fs::create_dir_all(folder.join(RESULTS).join("deeper")).unwrap();
            for name in
                ["job.json", "a1", "results/report.json", "results/report.html", "results/deeper/x.json"]
            {
                std::fs::write(folder.join(name), b"words of a candidate").unwrap();
            }
        };
        let job = scratch.job(3).unwrap();
        let path = job.path().to_owned();
        fill(&path);
        drop(job);
        let left = |path: &Path| -> Vec<(String, u64)> {
            let files = walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_map(Result::ok);
            let files = files.filter(|entry| entry.file_type().is_file());
            files
                .map(|f| (f.file_name().to_string_lossy().into_owned(), f.metadata().unwrap().len()))
                .collect()
        };
        let empty = |name: &str| (name.to_owned(), 0);
        let expected = [empty("job.json"), empty("report.html"), empty("report.json")];
        assert_eq!(left(&path), expected);
        // Whatever a killed process has written after that goes as well.
        fill(&path);
        scratch.empty(3);
        assert_eq!(left(&path), expected);
        assert!(scratch.job(3).unwrap().path() == path && scratch.job(4).unwrap().path() != path);
    }
}
