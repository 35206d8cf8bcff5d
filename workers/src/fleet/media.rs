//! The recordings of a job, from the store onto this machine: located, fetched, checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use interview_pipeline::intake::{CheckedJob, MediaLocation};
use interview_queue::Failure;
use interview_schemas::{AnswerId, ErrorCode};
use interview_store::{Expected, Key, TenantStore, TransferLimits};

use super::metrics;

/// Recordings of one job that are fetched side by side.
const SIDE_BY_SIDE: usize = 4;

/// One recording to be fetched.
pub(crate) struct Wanted {
    pub(crate) answer: AnswerId,
    pub(crate) key: Key,
    expected: Expected,
}

/// Finds out which objects the recordings of a job are.
pub(crate) fn locate(tenant: &TenantStore<'_>, job: &CheckedJob<'_>) -> Result<Vec<Wanted>, Failure> {
    job.media
        .iter()
        .map(|media| {
            let uri = match &media.location {
                MediaLocation::S3 { bucket, key } => format!("s3://{bucket}/{key}"),
                MediaLocation::Relative(path) => path.to_string_lossy().into_owned(),
            };
            let key = tenant
                .locate(&uri)
                .map_err(|error| Failure::new(error.code(), format!("answer {}: {error}", media.answer)))?;
            let expected = Expected { bytes: media.bytes, sha256: media.sha256.clone() };
            Ok(Wanted { answer: media.answer.clone(), key, expected })
        })
        .collect()
}

/// Fetches the recordings into a folder.
pub(crate) async fn fetch(
    tenant: &TenantStore<'_>,
    wanted: &[Wanted],
    folder: &Path,
    limits: &TransferLimits,
) -> Result<BTreeMap<AnswerId, PathBuf>, Failure> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let folder = folder.join("media");
    std::fs::create_dir(&folder)
        .map_err(|error| Failure::new(ErrorCode::Io, format!("the work folder cannot be used: {error}")))?;
    let mut fetches: Vec<BoxFuture<'_, Result<(AnswerId, PathBuf), Failure>>> = Vec::new();
    for (number, wanted) in wanted.iter().enumerate() {
        let path = folder.join(number.to_string());
        let fetch = async move {
            let started = Instant::now();
            let result = tenant.download(&wanted.key, &path, &wanted.expected, limits).await;
            match result {
                Ok(done) => {
                    metrics::downloaded(done.bytes, done.resumed, started.elapsed());
                    Ok((wanted.answer.clone(), path))
                }
                Err(error) => {
                    metrics::store_failed(error.code());
                    Err(Failure::new(error.code(), format!("answer {}: {error}", wanted.answer)))
                }
            }
        };
        // Boxed, because the compiler cannot see through a stream of borrowing futures that they may be sent.
        fetches.push(fetch.boxed());
    }
    stream::iter(fetches).buffer_unordered(SIDE_BY_SIDE).try_collect().await
}
