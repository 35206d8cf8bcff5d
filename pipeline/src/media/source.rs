//! The file as FFmpeg may see it: an open descriptor that counts and can be cancelled, nothing else.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::{CancelToken, MediaError, MediaLimits};

/// Bytes read at once for the checksum.
const HASH_BLOCK: usize = 256 * 1024;

/// What happened below FFmpeg, which reports it only as an error number.
#[derive(Debug, Default)]
pub(super) struct SourceState {
    /// Something was asked for at or beyond the end of the file.
    past_end: AtomicBool,
    /// The error of the system, if one came.
    error: Mutex<Option<io::Error>>,
}

impl SourceState {
    /// Whether something was asked for at or beyond the end of the file.
    pub(super) fn past_end(&self) -> bool {
        self.past_end.load(Ordering::Relaxed)
    }

    /// The error of the system, if one came.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        self.error.lock().map_or_else(|poisoned| poisoned.into_inner().take(), |mut slot| slot.take())
    }
}

/// Reads and seeks in an open file for FFmpeg.
pub(super) struct Source {
    file: File,
    cancel: CancelToken,
    state: Arc<SourceState>,
}

impl Source {
    pub(super) fn new(file: File, cancel: CancelToken) -> (Self, Arc<SourceState>) {
        let state = Arc::new(SourceState::default());
        (Self { file, cancel, state: Arc::clone(&state) }, state)
    }

    fn note(&self, error: io::Error) -> io::Error {
        let kind = error.kind();
        let code = error.raw_os_error();
        if kind != io::ErrorKind::Interrupted
            && let Ok(mut slot) = self.state.error.lock()
        {
            *slot = Some(error);
        }
        code.map_or_else(|| io::Error::from(kind), io::Error::from_raw_os_error)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let count = self.file.read(buffer).map_err(|error| self.note(error))?;
        if count == 0 {
            self.state.past_end.store(true, Ordering::Relaxed);
        }
        Ok(count)
    }
}

impl Seek for Source {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        // A damaged table may ask for a negative position: an answer for FFmpeg, not a fault of the disk.
        self.file.seek(position)
    }
}

/// Opens a file for reading.
///
/// # Errors
/// [`MediaError::NotFound`] when it is not there, [`MediaError::Io`] when it cannot be opened,
/// [`MediaError::Invalid`] when it is not a regular file (a pipe or device could block for ever).
pub(super) fn open_file(path: &Path) -> Result<File, MediaError> {
    let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => MediaError::NotFound(format!("{}", path.display())),
        _ => MediaError::Io(error),
    })?;
    if !metadata.is_file() {
        return Err(MediaError::Invalid(format!("{} is not a regular file", path.display())));
    }
    Ok(File::open(path)?)
}

/// What a file is, whatever it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigest {
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// Reads a file once and gives its checksum; nothing is decoded.
///
/// # Errors
/// [`MediaError::NotFound`], [`MediaError::Invalid`] when it is empty, [`MediaError::Limit`] when it is larger than
/// the limits allow, [`MediaError::Cancelled`], [`MediaError::Io`].
pub fn digest(path: &Path, limits: &MediaLimits, cancel: &CancelToken) -> Result<FileDigest, MediaError> {
    let (sha256, bytes) = digest_file(&open_file(path)?, limits.max_bytes, cancel)?;
    Ok(FileDigest { sha256, bytes })
}

/// Refuses a file whose length is out of bounds before anything of it is read.
///
/// # Errors
/// As [`digest_file`].
pub(super) fn check_length(file: &File, max_bytes: u64) -> Result<(), MediaError> {
    match file.metadata()?.len() {
        0 => Err(empty()),
        stated if stated > max_bytes => Err(over_bytes(stated, max_bytes)),
        _ => Ok(()),
    }
}

/// The file's SHA-256 in hexadecimal and its bytes, counted. Where the file is read at stays as it is, so that others
/// may read the same descriptor meanwhile.
///
/// # Errors
/// [`MediaError::Invalid`] when it is empty, [`MediaError::Limit`] when it is larger than `max_bytes`,
/// [`MediaError::Cancelled`], [`MediaError::Io`].
pub(super) fn digest_file(
    file: &File,
    max_bytes: u64,
    cancel: &CancelToken,
) -> Result<(String, u64), MediaError> {
    check_length(file, max_bytes)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0_u8; HASH_BLOCK];
    let mut bytes = 0_u64;
    loop {
        if cancel.is_cancelled() {
            return Err(MediaError::Cancelled("while its checksum was computed".into()));
        }
        let count = match file.read_at(&mut block, bytes) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        bytes = bytes.saturating_add(count as u64);
        if bytes > max_bytes {
            return Err(over_bytes(bytes, max_bytes));
        }
        hasher.update(&block[..count]);
    }
    if bytes == 0 {
        return Err(empty());
    }
    Ok((hex::encode(hasher.finalize()), bytes))
}

fn empty() -> MediaError {
    MediaError::Invalid("the file is empty (0 bytes); upload it again".into())
}

fn over_bytes(bytes: u64, max_bytes: u64) -> MediaError {
    MediaError::Limit(format!(
        "the file has {bytes} bytes; at most {max_bytes} are accepted (limits.max_bytes)"
    ))
}
