//! Inputs of the tools of the data team: files, folders, and objects of an S3 store.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, TryStreamExt};
use interview_schemas::ErrorCode;
use interview_store::{Expected, Key, S3Options, Store, StoreError, TransferLimits};
use interview_tuning::TuningError;
use interview_tuning::inputs::{Remote, RemoteObject};
use interview_tuning::population::Population;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use super::S3Access;
use crate::error::CommandError;
use crate::output;

/// Objects that are fetched side by side.
const SIDE_BY_SIDE: usize = 16;
/// Longest time for a columnar file of many interviews.
const FILE_DEADLINE: Duration = Duration::from_secs(3600);
/// Most bytes of a columnar file that is copied here.
const MAX_FILE_BYTES: u64 = 64 << 30;

/// Reads documents that may lie in a store.
#[derive(Debug, Clone, Args)]
pub(crate) struct S3Args {
    #[command(flatten)]
    access: S3Access,
}

impl S3Args {
    fn buckets(&self) -> Result<Buckets, CommandError> {
        Buckets::new(self.access.options())
    }

    /// Reads a document of at most `max_bytes`, from a file or from a store.
    ///
    /// # Errors
    /// When it is not there, too large or cannot be read.
    pub(crate) fn read(&self, input: &Path, max_bytes: u64) -> Result<Vec<u8>, CommandError> {
        if let Some(address) = input.to_str().filter(|text| text.starts_with("s3:")) {
            let buckets = self.buckets()?;
            let found = buckets.runtime.block_on(buckets.object(address, max_bytes))?;
            return found.ok_or_else(|| {
                CommandError::new(ErrorCode::Configuration, format!("{address}: there is no such object"))
            });
        }
        let mut bytes = Vec::new();
        let io = |source| TuningError::io(input, source);
        let file = std::fs::File::open(input).map_err(io)?;
        file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > max_bytes {
            let message = format!("{}: is too large; at most {max_bytes} bytes are read", input.display());
            return Err(CommandError::new(ErrorCode::Configuration, message));
        }
        Ok(bytes)
    }
}

/// Stored features and how to reach them.
#[derive(Debug, Clone, Args)]
pub(crate) struct InputArgs {
    /// Stored features: features.json files, folders with them, files of `interview features pack`, or what of these
    /// lies in a store: s3://bucket/prefix.
    #[arg(required = true, value_name = "FEATURES|DIR|FILE.parquet|s3://…")]
    inputs: Vec<PathBuf>,
    #[command(flatten)]
    s3: S3Args,
}

impl InputArgs {
    /// Finds the interviews.
    ///
    /// # Errors
    /// When there are none, or a store cannot be reached.
    pub(crate) fn find(&self) -> Result<Population, CommandError> {
        let in_store = self.inputs.iter().any(|input| input.to_string_lossy().starts_with("s3:"));
        let remote: Option<Arc<dyn Remote>> =
            if in_store { Some(Arc::new(self.s3.buckets()?)) } else { None };
        let population = Population::find_with(&self.inputs, remote)?;
        if population.superseded() > 0 {
            output::complain(&format!(
                "{} earlier analyses of interviews that were analysed again are left out",
                population.superseded()
            ));
        }
        Ok(population)
    }
}

/// Reads objects of buckets, from code that waits.
#[derive(Debug)]
struct Buckets {
    runtime: Runtime,
    options: S3Options,
    /// The buckets that were opened, by name.
    open: Mutex<BTreeMap<String, Arc<Store>>>,
    /// Copies of columnar files; gone with this value.
    copies: tempfile::TempDir,
}

fn failed(address: &str, error: StoreError) -> TuningError {
    match error {
        StoreError::NotFound { .. } => TuningError::Usage(format!("{address}: there is no such object")),
        error => TuningError::Remote { code: error.code(), message: format!("{address}: {error}") },
    }
}

/// The bucket of an address and the key in it, empty for the whole bucket.
fn split(address: &str) -> Result<(&str, &str), TuningError> {
    let rest = address.strip_prefix("s3://").filter(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let rest = rest.ok_or_else(|| TuningError::Usage(format!("{address}: write s3://bucket/prefix")))?;
    Ok(rest.split_once('/').unwrap_or((rest, "")))
}

impl Buckets {
    fn new(options: S3Options) -> Result<Self, CommandError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let copies = tempfile::tempdir().map_err(|error| {
            CommandError::new(ErrorCode::Io, format!("a temporary folder cannot be made: {error}"))
        })?;
        Ok(Self { runtime, options, open: Mutex::default(), copies })
    }

    /// The bucket of an address, and the key in it.
    async fn locate<'a>(&self, address: &'a str) -> Result<(Arc<Store>, &'a str), TuningError> {
        let (bucket, key) = split(address)?;
        let mut open = self.open.lock().await;
        if let Some(store) = open.get(bucket) {
            return Ok((Arc::clone(store), key));
        }
        let location = format!("s3://{bucket}").parse().map_err(|error| failed(address, error))?;
        let store = Store::open(&location, &self.options).await.map_err(|error| failed(address, error))?;
        let store = Arc::new(store);
        open.insert(bucket.to_owned(), Arc::clone(&store));
        Ok((store, key))
    }

    /// An object; `None` when there is none.
    async fn object(&self, address: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, TuningError> {
        let (store, key) = self.locate(address).await?;
        let key = Key::new(key).map_err(|error| failed(address, error))?;
        match store.whole().read(&key, max_bytes).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(address, error)),
        }
    }
}

impl Remote for Buckets {
    fn list(&self, address: &str, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<RemoteObject>, TuningError> {
        self.runtime.block_on(async {
            let (store, key) = self.locate(address).await?;
            // A prefix ends at a slash: what begins alike is another folder. An object is listed by its own name.
            let key = key.trim_end_matches('/');
            let is_object = key.ends_with(".json") || key.ends_with(".parquet");
            let prefix = if key.is_empty() || is_object { key.to_owned() } else { format!("{key}/") };
            let whole = store.whole();
            let mut listing = whole.list(&prefix);
            let mut objects = Vec::new();
            while let Some(page) = listing.next_page().await.map_err(|error| failed(address, error))? {
                for object in page {
                    let name = whole.uri(&object.key);
                    if wanted(&name) && (!is_object || name == address) {
                        objects.push(RemoteObject { address: name, modified: object.modified.into() });
                    }
                }
            }
            Ok(objects)
        })
    }

    fn read(&self, addresses: &[&str], max_bytes: u64) -> Result<Vec<Option<Vec<u8>>>, TuningError> {
        let reads: Vec<_> = addresses.iter().map(|address| self.object(address, max_bytes)).collect();
        let read = futures_util::stream::iter(reads).buffered(SIDE_BY_SIDE).try_collect();
        self.runtime.block_on(read)
    }

    fn fetch(&self, address: &str) -> Result<PathBuf, TuningError> {
        let io = |source| TuningError::io(self.copies.path(), source);
        let file = tempfile::Builder::new().suffix(".parquet").tempfile_in(self.copies.path()).map_err(io)?;
        let (_, path) = file.keep().map_err(|error| io(error.error))?;
        let limits = TransferLimits {
            deadline: FILE_DEADLINE,
            max_bytes: MAX_FILE_BYTES,
            ..TransferLimits::default()
        };
        self.runtime.block_on(async {
            let (store, key) = self.locate(address).await?;
            let key = Key::new(key).map_err(|error| failed(address, error))?;
            let copy = store.whole().download(&key, &path, &Expected::default(), &limits).await;
            copy.map_err(|error| failed(address, error))
        })?;
        Ok(path)
    }
}
