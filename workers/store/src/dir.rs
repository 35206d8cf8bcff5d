//! A folder as a store: the same promises as a bucket, by temporary files, `fsync` and links.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use crate::receiver::Receiver;
use crate::transfer::SpeedMeter;
use crate::{Downloaded, Expected, Key, ObjectInfo, StoreError, TransferLimits, Written};

/// Bytes read at a time.
const BLOCK_BYTES: usize = 1 << 18;
/// Names of files that are being written begin so; listings leave them out.
const TEMPORARY: &str = ".writing-";

/// A store in a folder.
#[derive(Debug, Clone)]
pub(crate) struct DirStore {
    root: PathBuf,
}

/// What tells one version of a file from another.
fn version(metadata: &std::fs::Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

fn failed(name: &str, path: &Path, error: std::io::Error) -> StoreError {
    match error.kind() {
        // A folder where a file is asked for, or a file where a folder should be, is no object either.
        std::io::ErrorKind::NotFound
        | std::io::ErrorKind::NotADirectory
        | std::io::ErrorKind::IsADirectory => StoreError::NotFound { key: name.to_owned() },
        std::io::ErrorKind::PermissionDenied => {
            StoreError::Forbidden { key: name.to_owned(), detail: error.to_string() }
        }
        _ => StoreError::io(path, error),
    }
}

/// Runs work that blocks where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(StoreError::Unavailable { key: "(folder)".to_owned(), detail: error.to_string() })
    })
}

impl DirStore {
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        blocking(move || {
            std::fs::create_dir_all(&path).map_err(|error| StoreError::io(&path, error))?;
            let root = path.canonicalize().map_err(|error| StoreError::io(&path, error))?;
            Ok(Self { root })
        })
        .await
    }

    /// The folder, absolute.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        let root = self.root.clone();
        blocking(move || {
            let file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(&root);
            file.and_then(|file| file.close()).map_err(|error| StoreError::io(&root, error))
        })
        .await
    }

    /// The file of an object. A symbolic link that leads out of the store is no object of it.
    fn resolve(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.root.join(name);
        let real = path.canonicalize().map_err(|error| failed(name, &path, error))?;
        let tenant = name.split('/').next().unwrap_or(name);
        if !real.starts_with(self.root.join(tenant)) {
            return Err(StoreError::Forbidden {
                key: name.to_owned(),
                detail: "a symbolic link leads out of the tenant's folder".to_owned(),
            });
        }
        if !real.is_file() {
            return Err(StoreError::NotFound { key: name.to_owned() });
        }
        Ok(real)
    }

    pub(crate) async fn download(
        &self,
        name: &str,
        target: &Path,
        expected: &Expected,
        limits: &TransferLimits,
    ) -> Result<Downloaded, StoreError> {
        let (store, owned) = (self.clone(), name.to_owned());
        let path = blocking(move || store.resolve(&owned)).await?;
        let copy = self.copy(name, &path, target, expected, limits);
        tokio::time::timeout(limits.deadline, copy).await.unwrap_or_else(|_| {
            Err(StoreError::Deadline { key: name.to_owned(), deadline_s: limits.deadline.as_secs() })
        })
    }

    async fn copy(
        &self,
        name: &str,
        path: &Path,
        target: &Path,
        expected: &Expected,
        limits: &TransferLimits,
    ) -> Result<Downloaded, StoreError> {
        let mut file = tokio::fs::File::open(path).await.map_err(|error| failed(name, path, error))?;
        let read = |error| StoreError::io(path, error);
        let before = file.metadata().await.map_err(read)?;
        let mut receiver = Receiver::create(name, target, expected, limits.max_bytes).await?;
        receiver.announced(before.len(), expected, limits.max_bytes)?;
        let mut meter = SpeedMeter::new(limits, Instant::now());
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let count = file.read(&mut block).await.map_err(read)?;
            let Some(chunk) = block.get(..count).filter(|chunk| !chunk.is_empty()) else { break };
            receiver.push(chunk).await?;
            meter.arrived(Instant::now(), count as u64);
            if let Some(bytes) = meter.too_slow(Instant::now()) {
                return Err(StoreError::TooSlow {
                    key: name.to_owned(),
                    bytes,
                    window_s: limits.window.as_secs(),
                    floor: limits.floor_bytes_per_s,
                });
            }
        }
        // The open file would not show that another one has taken its name.
        let after = tokio::fs::metadata(path).await.map_err(|error| failed(name, path, error))?;
        if version(&after) != version(&before) {
            let detail = "the object was replaced during the download".to_owned();
            return Err(StoreError::Integrity { key: name.to_owned(), detail });
        }
        receiver.finish(before.len(), expected, 0).await
    }

    pub(crate) async fn read(&self, name: &str, max_bytes: u64) -> Result<Vec<u8>, StoreError> {
        let (store, name) = (self.clone(), name.to_owned());
        blocking(move || read_small(&name, &store.resolve(&name)?, max_bytes)).await
    }

    pub(crate) async fn write(&self, name: &str, bytes: Vec<u8>) -> Result<Written, StoreError> {
        let (store, name) = (self.clone(), name.to_owned());
        blocking(move || {
            let mut unsynced = BTreeSet::new();
            store.prepare(&name, &bytes, &mut unsynced)?.publish(&store, unsynced)
        })
        .await
    }

    /// Writes several objects, the last when the others are on disk.
    pub(crate) async fn write_in_order(
        &self,
        before: Vec<(String, Vec<u8>)>,
        last: (String, Vec<u8>),
    ) -> Result<(), StoreError> {
        let store = self.clone();
        blocking(move || {
            let mut unsynced = BTreeSet::new();
            let prepared: Vec<Prepared<'_>> = before
                .iter()
                .chain([&last])
                .map(|(name, bytes)| store.prepare(name, bytes, &mut unsynced))
                .collect::<Result<_, _>>()?;
            let mut prepared = prepared.into_iter();
            for object in prepared.by_ref().take(before.len()) {
                unsynced.insert(object.folder.clone());
                object.rename(&store)?;
            }
            unsynced.iter().try_for_each(|folder| sync_folder(folder))?;
            prepared.try_for_each(|object| object.publish(&store, BTreeSet::new()).map(drop))
        })
        .await
    }

    /// Puts the bytes of an object on disk under a temporary name. Folders that got a new name in them and are not on
    /// disk yet are added to `unsynced`.
    fn prepare<'a>(
        &self,
        name: &'a str,
        bytes: &'a [u8],
        unsynced: &mut BTreeSet<PathBuf>,
    ) -> Result<Prepared<'a>, StoreError> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(&self.root).to_owned();
        self.make_folders(&folder, unsynced)?;
        // Who erases at this moment may remove the empty folder again: then it is made once more.
        let mut file = match temporary(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.make_folders(&folder, unsynced)?;
                temporary(&folder)
            }
            other => other,
        }
        .map_err(|error| failed(name, &folder, error))?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| StoreError::io(&path, error))?;
        Ok(Prepared { name, bytes, path, folder, file })
    }

    /// Makes missing folders below the root; those that hold them are added to `unsynced`.
    fn make_folders(&self, folder: &Path, unsynced: &mut BTreeSet<PathBuf>) -> Result<(), StoreError> {
        if folder.is_dir() {
            return Ok(());
        }
        let missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|path| path.starts_with(&self.root) && *path != self.root && !path.is_dir())
            .collect();
        for path in missing.iter().rev() {
            match std::fs::create_dir(path) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(StoreError::io(path, error));
                }
                _ => {}
            }
        }
        unsynced.extend(missing.iter().map(|path| path.parent().unwrap_or(&self.root).to_owned()));
        Ok(())
    }

    pub(crate) async fn list(&self, root: &str, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        let (store, root, prefix) = (self.clone(), root.to_owned(), prefix.to_owned());
        blocking(move || store.list_blocking(&root, &prefix)).await
    }

    fn list_blocking(&self, root: &str, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        let (top, tenant) =
            (self.root.join(prefix.trim_end_matches('/')), self.root.join(root.trim_end_matches('/')));
        let mut objects = Vec::new();
        for entry in walkdir::WalkDir::new(&top) {
            let entry = match entry {
                Ok(entry) => entry,
                // What vanishes while it is listed is not there.
                Err(error) if error.io_error().is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound) => {
                    continue;
                }
                Err(error) => {
                    return Err(StoreError::Unavailable {
                        key: prefix.to_owned(),
                        detail: error.to_string(),
                    });
                }
            };
            if !entry.file_type().is_file() || entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                continue;
            }
            let Ok(relative) = entry.path().strip_prefix(&tenant) else { continue };
            // A file whose name is no key was not written by a store and cannot be named through it.
            let Some(key) = relative.to_str().and_then(|name| Key::new(name).ok()) else { continue };
            let Ok(metadata) = entry.metadata() else { continue };
            let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
            objects.push(ObjectInfo {
                key,
                bytes: metadata.len(),
                modified: modified.unwrap_or(Timestamp::UNIX_EPOCH),
            });
        }
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(objects)
    }

    pub(crate) async fn folders(&self) -> Result<Vec<String>, StoreError> {
        let root = self.root.clone();
        blocking(move || {
            let entries = std::fs::read_dir(&root).map_err(|error| StoreError::io(&root, error))?;
            let mut names: Vec<String> = entries
                .filter_map(Result::ok)
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .filter_map(|entry| entry.file_name().into_string().ok())
                .collect();
            names.sort();
            Ok(names)
        })
        .await
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let (store, name) = (self.clone(), name.to_owned());
        blocking(move || store.delete_blocking(&name)).await
    }

    fn delete_blocking(&self, name: &str) -> Result<(), StoreError> {
        let path = self.root.join(name);
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) => {
                return match failed(name, &path, error) {
                    StoreError::NotFound { .. } => Ok(()),
                    other => Err(other),
                };
            }
        }
        let parent = path.parent().unwrap_or(&self.root);
        sync_folder(parent)?;
        // Empty folders would still tell which candidate was here.
        for folder in parent.ancestors().take_while(|path| path.starts_with(&self.root) && *path != self.root)
        {
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// An object whose bytes are on disk, but not yet under its name.
struct Prepared<'a> {
    name: &'a str,
    bytes: &'a [u8],
    path: PathBuf,
    folder: PathBuf,
    file: tempfile::NamedTempFile,
}

impl Prepared<'_> {
    /// Gives the object its name, unless something has that already.
    fn rename(self, store: &DirStore) -> Result<Written, StoreError> {
        let Self { name, bytes, path, file, .. } = self;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(Written::Created),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
                let stored = read_small(name, &store.resolve(name)?, (bytes.len() as u64).saturating_add(1));
                match stored {
                    Ok(stored) if stored == bytes => Ok(Written::Existed),
                    Ok(_) | Err(StoreError::TooLarge { .. }) => {
                        Err(StoreError::Conflict { key: name.to_owned() })
                    }
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(StoreError::io(&path, error.error)),
        }
    }

    /// The same, on disk when it returns, together with the folders named.
    fn publish(self, store: &DirStore, mut unsynced: BTreeSet<PathBuf>) -> Result<Written, StoreError> {
        unsynced.insert(self.folder.clone());
        let written = self.rename(store)?;
        unsynced.iter().try_for_each(|folder| sync_folder(folder))?;
        Ok(written)
    }
}

/// A file that has no name yet; its group may read it.
fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o640));
    builder.prefix(TEMPORARY).tempfile_in(folder)
}

fn read_small(name: &str, path: &Path, max_bytes: u64) -> Result<Vec<u8>, StoreError> {
    let file = std::fs::File::open(path).map_err(|error| failed(name, path, error))?;
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| StoreError::io(path, error))?;
    if bytes.len() as u64 > max_bytes {
        let bytes = bytes.len() as u64;
        return Err(StoreError::TooLarge { key: name.to_owned(), bytes, limit: max_bytes });
    }
    Ok(bytes)
}

/// A new name is on disk only when its folder is.
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(folder, error)),
        _ => Ok(()),
    }
}
