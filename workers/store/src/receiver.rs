//! The receiving end of a download: writes to a file, counts and hashes, and checks the result.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};

use crate::StoreError;
use crate::transfer::{Downloaded, Expected};

/// Bytes that are collected before they are written.
const BUFFER_BYTES: usize = 1 << 20;

/// A file that grows with what arrives.
pub(crate) struct Receiver {
    key: String,
    path: PathBuf,
    file: BufWriter<File>,
    hasher: Sha256,
    bytes: u64,
    stated: Option<u64>,
    max_bytes: u64,
}

impl Receiver {
    /// Creates the file, empty. `expected` and `max_bytes` together bound how long it may grow, whatever the
    /// store announces.
    pub(crate) async fn create(
        key: &str,
        path: &Path,
        expected: &Expected,
        max_bytes: u64,
    ) -> Result<Self, StoreError> {
        let file = File::create(path).await.map_err(|error| StoreError::io(path, error))?;
        Ok(Self {
            key: key.to_owned(),
            path: path.to_owned(),
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            hasher: Sha256::new(),
            bytes: 0,
            stated: expected.bytes,
            max_bytes,
        })
    }

    /// Bytes that have arrived.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Checks a length that the store announces, before anything is fetched.
    pub(crate) fn announced(
        &self,
        total: u64,
        expected: &Expected,
        max_bytes: u64,
    ) -> Result<(), StoreError> {
        if let Some(bytes) = expected.bytes
            && bytes != total
        {
            return Err(self.wrong(format!("the job states {bytes} bytes, the object has {total}")));
        }
        if total > max_bytes {
            return Err(StoreError::TooLarge { key: self.key.clone(), bytes: total, limit: max_bytes });
        }
        Ok(())
    }

    fn wrong(&self, detail: String) -> StoreError {
        StoreError::Integrity { key: self.key.clone(), detail }
    }

    /// Takes what arrived.
    pub(crate) async fn push(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        let bytes = self.bytes.saturating_add(chunk.len() as u64);
        if let Some(stated) = self.stated.filter(|&stated| bytes > stated) {
            return Err(self.wrong(format!("the job states {stated} bytes, the object has more")));
        }
        if bytes > self.max_bytes {
            return Err(StoreError::TooLarge { key: self.key.clone(), bytes, limit: self.max_bytes });
        }
        self.file.write_all(chunk).await.map_err(|error| StoreError::io(&self.path, error))?;
        self.hasher.update(chunk);
        self.bytes = bytes;
        Ok(())
    }

    /// Closes the file and checks it. `total` is the length that the store announced.
    pub(crate) async fn finish(
        mut self,
        total: u64,
        expected: &Expected,
        resumed: u32,
    ) -> Result<Downloaded, StoreError> {
        self.file.flush().await.map_err(|error| StoreError::io(&self.path, error))?;
        let sha256 = hex::encode(std::mem::take(&mut self.hasher).finalize());
        if self.bytes != total {
            return Err(self.wrong(format!("{} of {total} bytes came", self.bytes)));
        }
        if let Some(bytes) = expected.bytes
            && bytes != self.bytes
        {
            return Err(self.wrong(format!("the job states {bytes} bytes, the object has {}", self.bytes)));
        }
        match &expected.sha256 {
            Some(stated) if !stated.eq_ignore_ascii_case(&sha256) => Err(self
                .wrong(format!("the job states SHA-256 {stated}, the object has {sha256}; upload it again"))),
            _ => Ok(Downloaded { bytes: self.bytes, sha256, resumed }),
        }
    }
}
