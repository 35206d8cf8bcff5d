//! Options that several commands of the fleet share.

use std::path::PathBuf;

use clap::Args;
use interview_store::{S3Options, SseMode, Store, StoreLocation};

use crate::commands::S3Access;
use crate::error::CommandError;

/// The store and how to reach it.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreOptions {
    /// Where media come from and reports go: s3://bucket/prefix or dir:PATH.
    #[arg(long, value_name = "STORE", env = "INTERVIEW_STORE")]
    pub(crate) store: StoreLocation,
    #[command(flatten)]
    s3: S3Args,
}

impl StoreOptions {
    /// Opens the store and asks it for something, so that a wrong address or key is told at once.
    ///
    /// # Errors
    /// What is wrong with the store.
    pub(crate) async fn open(&self) -> Result<Store, CommandError> {
        self.s3.open(&self.store).await
    }
}

/// How to reach an S3 server that is written to.
#[derive(Debug, Clone, Args)]
pub(crate) struct S3Args {
    #[command(flatten)]
    access: S3Access,
    /// Encryption at rest of what is written: bucket, aes256, kms or kms:KEY_ID.
    #[arg(long, value_name = "MODE", env = "INTERVIEW_S3_SSE", default_value = "bucket")]
    s3_sse: SseMode,
}

impl S3Args {
    /// Opens the store at `location` and asks it for something.
    ///
    /// # Errors
    /// What is wrong with the store.
    pub(crate) async fn open(&self, location: &StoreLocation) -> Result<Store, CommandError> {
        let options = S3Options { sse: self.s3_sse.clone(), ..self.access.options() };
        let store = Store::open(location, &options).await?;
        store.probe().await?;
        Ok(store)
    }
}

/// Where a worker keeps what it works on.
#[derive(Debug, Clone, Args)]
pub(crate) struct ScratchOptions {
    /// Folder for recordings while they are analysed [default: the system's temporary folder].
    #[arg(long, value_name = "DIR", env = "INTERVIEW_WORK_DIR")]
    pub(crate) work_dir: Option<PathBuf>,
}
