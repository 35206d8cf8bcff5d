//! The store and a tenant's part of it: the one way to objects, whatever kind of store it is.

use std::collections::VecDeque;
use std::path::Path;

use jiff::Timestamp;

use crate::dir::DirStore;
use crate::key::{Key, check_segments, tenant_segment};
use crate::s3::S3Store;
use crate::{Downloaded, Expected, StoreError, StoreLocation, TransferLimits};

/// Encryption at rest that is asked for with every write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SseMode {
    /// Whatever the bucket does by default.
    #[default]
    Bucket,
    /// SSE-S3: keys of the store.
    Aes256,
    /// SSE-KMS with the bucket's key, or the one named.
    Kms(Option<String>),
}

impl std::str::FromStr for SseMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "bucket" => Ok(Self::Bucket),
            None if text == "aes256" => Ok(Self::Aes256),
            None if text == "kms" => Ok(Self::Kms(None)),
            Some(("kms", key)) if !key.is_empty() => Ok(Self::Kms(Some(key.to_owned()))),
            _ => Err(format!("{text:?}: known are bucket, aes256, kms and kms:KEY_ID")),
        }
    }
}

/// A key pair of an S3 server; its secret is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The public part.
    pub id: String,
    /// The secret part.
    pub secret: String,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How to reach S3. What is not stated comes from the usual environment variables, profile files and instance
/// roles of the AWS SDK.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Options {
    /// URL of another S3 server.
    pub endpoint: Option<String>,
    /// Region; `us-east-1` when nothing states one.
    pub region: Option<String>,
    /// Bucket in the path of the URL instead of the host name; most servers but Amazon's need it.
    pub path_style: bool,
    /// Encryption of what is written.
    pub sse: SseMode,
    /// The key pair, where it is not to come from the environment.
    pub access_key: Option<AccessKey>,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The object is new.
    Created,
    /// The same bytes stood there already.
    Existed,
}

/// An object to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewObject {
    /// Its name below the tenant.
    pub key: Key,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub content_type: &'static str,
}

/// An object of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its name below the tenant.
    pub key: Key,
    /// Its length in bytes.
    pub bytes: u64,
    /// When it was written.
    pub modified: Timestamp,
}

/// A store: media come from it, artefacts go to it.
#[derive(Debug)]
pub struct Store {
    backend: Backend,
    location: StoreLocation,
}

#[derive(Debug)]
enum Backend {
    S3(Box<S3Store>),
    Dir(DirStore),
}

impl Store {
    /// Opens a store. A folder is made when it is missing; a bucket must be there, which [`Store::probe`] tells.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] for options that contradict each other, [`StoreError::Io`] when the folder
    /// cannot be made.
    pub async fn open(location: &StoreLocation, options: &S3Options) -> Result<Self, StoreError> {
        let backend = match location {
            StoreLocation::S3 { bucket, prefix } => {
                Backend::S3(Box::new(S3Store::open(bucket, prefix, options).await?))
            }
            StoreLocation::Dir(path) => Backend::Dir(DirStore::open(path).await?),
        };
        let location = match &backend {
            Backend::S3(_) => location.clone(),
            // Addresses of documents are read by others, who stand in another folder.
            Backend::Dir(store) => StoreLocation::Dir(store.root().to_owned()),
        };
        Ok(Self { backend, location })
    }

    /// Where the store is.
    #[must_use]
    pub fn location(&self) -> &StoreLocation {
        &self.location
    }

    /// Asks the store for something cheap: is it there, and may it be read?
    ///
    /// # Errors
    /// [`StoreError`] that says what is wrong.
    pub async fn probe(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::S3(store) => store.probe().await,
            Backend::Dir(store) => store.probe().await,
        }
    }

    /// The part of the store that belongs to a tenant; `None` is the tenant `default`.
    ///
    /// # Errors
    /// [`StoreError::BadKey`] when the name could not stand in a key.
    pub fn tenant(&self, tenant: Option<&str>) -> Result<TenantStore<'_>, StoreError> {
        Ok(TenantStore { store: self, prefix: format!("{}/", tenant_segment(tenant)?) })
    }

    /// The store as a whole, all tenants and whatever else lies there, for tools that only read.
    #[must_use]
    pub fn whole(&self) -> TenantStore<'_> {
        TenantStore { store: self, prefix: String::new() }
    }

    /// The names of all tenants that have anything in the store.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Forbidden`], [`StoreError::Io`].
    pub async fn tenants(&self) -> Result<Vec<String>, StoreError> {
        match &self.backend {
            Backend::S3(store) => store.folders().await,
            Backend::Dir(store) => store.folders().await,
        }
    }
}

/// One tenant's part of a store: nothing outside its prefix can be named through it.
#[derive(Debug, Clone)]
pub struct TenantStore<'a> {
    store: &'a Store,
    /// The tenant with a closing slash.
    prefix: String,
}

impl TenantStore<'_> {
    fn full(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Where this tenant's media must lie, for messages.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.store.location {
            StoreLocation::Dir(path) => {
                format!("dir:{}", path.join(self.prefix.trim_end_matches('/')).display())
            }
            s3 @ StoreLocation::S3 { .. } => format!("{s3}{}", self.prefix),
        }
    }

    /// The address of an object: `s3://bucket/key`, or `file:` with a path.
    #[must_use]
    pub fn uri(&self, key: &Key) -> String {
        match &self.store.location {
            StoreLocation::Dir(path) => format!("file:{}", path.join(self.full(key)).display()),
            s3 @ StoreLocation::S3 { .. } => format!("{s3}{}", self.full(key)),
        }
    }

    /// The object that the `uri` of a job means: `s3://bucket/key` within the prefix of the tenant, or a path
    /// relative to it (`file:` in front optional).
    ///
    /// # Errors
    /// [`StoreError::OutsideTenant`] for anything else, [`StoreError::BadKey`] for a name that is none.
    pub fn locate(&self, uri: &str) -> Result<Key, StoreError> {
        let outside =
            || StoreError::OutsideTenant { uri: uri.chars().take(1100).collect(), allowed: self.address() };
        if let Some(named) = uri.strip_prefix("s3://") {
            let StoreLocation::S3 { bucket, prefix } = &self.store.location else { return Err(outside()) };
            let rest = named
                .strip_prefix(bucket.as_str())
                .and_then(|rest| rest.strip_prefix('/'))
                .and_then(|rest| rest.strip_prefix(prefix.as_str()))
                .and_then(|rest| rest.strip_prefix(self.prefix.as_str()))
                .ok_or_else(outside)?;
            return Key::new(rest);
        }
        let path = uri.strip_prefix("file:").unwrap_or(uri);
        if path.starts_with('/') || path.contains("://") || check_segments(path).is_err() {
            return Err(outside());
        }
        Key::new(path)
    }

    /// Downloads an object into a file, which is created or emptied, and checks it.
    ///
    /// # Errors
    /// Any [`StoreError`] but `Conflict`; what is left of the file is of no use then.
    pub async fn download(
        &self,
        key: &Key,
        target: &Path,
        expected: &Expected,
        limits: &TransferLimits,
    ) -> Result<Downloaded, StoreError> {
        let name = self.full(key);
        match &self.store.backend {
            Backend::S3(store) => store.download(&name, target, expected, limits).await,
            Backend::Dir(store) => store.download(&name, target, expected, limits).await,
        }
    }

    /// Reads a small object.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when it has more than `max_bytes`, else as the store says.
    pub async fn read(&self, key: &Key, max_bytes: u64) -> Result<Vec<u8>, StoreError> {
        let name = self.full(key);
        match &self.store.backend {
            Backend::S3(store) => store.read(&name, max_bytes).await,
            Backend::Dir(store) => store.read(&name, max_bytes).await,
        }
    }

    /// Writes an object that does not exist yet. The same bytes again are a success.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when other bytes stand there, else as the store says.
    pub async fn write(&self, key: &Key, bytes: Vec<u8>, content_type: &str) -> Result<Written, StoreError> {
        let name = self.full(key);
        match &self.store.backend {
            Backend::S3(store) => store.write(&name, bytes, content_type).await,
            Backend::Dir(store) => store.write(&name, bytes).await,
        }
    }

    /// Writes objects that do not exist yet: `last` gets its name when all others stand. The same bytes again are a
    /// success.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when other bytes stand under one of the keys, else as the store says. `last` does not
    /// stand then, unless it did before.
    pub async fn write_in_order(&self, before: Vec<NewObject>, last: NewObject) -> Result<(), StoreError> {
        match &self.store.backend {
            Backend::S3(store) => {
                let write = async |NewObject { key, bytes, content_type }| {
                    store.write(&self.full(&key), bytes, content_type).await.map(drop)
                };
                futures_util::future::try_join_all(before.into_iter().map(&write)).await?;
                write(last).await
            }
            Backend::Dir(store) => {
                let named = |NewObject { key, bytes, .. }| (self.full(&key), bytes);
                store.write_in_order(before.into_iter().map(named).collect(), named(last)).await
            }
        }
    }

    /// Begins to list the objects whose names begin with `prefix`, which is empty or ends with a slash.
    #[must_use]
    pub fn list(&self, prefix: &str) -> Listing<'_> {
        Listing { tenant: self, prefix: format!("{}{prefix}", self.prefix), state: ListingState::Start }
    }

    /// Every object below a prefix; for prefixes that hold few.
    ///
    /// # Errors
    /// As the store says.
    pub async fn list_all(&self, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        let mut listing = self.list(prefix);
        let mut all = Vec::new();
        while let Some(page) = listing.next_page().await? {
            all.extend(page);
        }
        Ok(all)
    }

    /// Deletes an object with all its versions. An object that is not there is as good as deleted.
    ///
    /// # Errors
    /// As the store says.
    pub async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let name = self.full(key);
        match &self.store.backend {
            Backend::S3(store) => store.delete(&name).await,
            Backend::Dir(store) => store.delete(&name).await,
        }
    }
}

/// A listing in progress: page by page, in the order of the names.
#[derive(Debug)]
pub struct Listing<'a> {
    tenant: &'a TenantStore<'a>,
    prefix: String,
    state: ListingState,
}

#[derive(Debug)]
enum ListingState {
    Start,
    /// The token of the next page of an S3 listing.
    Token(String),
    /// What is left of the listing of a folder.
    Rest(VecDeque<ObjectInfo>),
    End,
}

/// Objects of one page.
const PAGE: usize = 1000;

impl Listing<'_> {
    /// The next objects, `None` at the end.
    ///
    /// # Errors
    /// As the store says.
    pub async fn next_page(&mut self) -> Result<Option<Vec<ObjectInfo>>, StoreError> {
        let root = &self.tenant.prefix;
        match (&self.tenant.store.backend, std::mem::replace(&mut self.state, ListingState::End)) {
            (_, ListingState::End) => Ok(None),
            (Backend::S3(store), state) => {
                let token = match state {
                    ListingState::Token(token) => Some(token),
                    _ => None,
                };
                let (page, next) = store.list(root, &self.prefix, token).await?;
                self.state = next.map_or(ListingState::End, ListingState::Token);
                Ok(Some(page))
            }
            (Backend::Dir(store), state) => {
                let mut rest = match state {
                    ListingState::Rest(rest) => rest,
                    _ => store.list(root, &self.prefix).await?.into(),
                };
                let page = rest.drain(..rest.len().min(PAGE)).collect();
                self.state = if rest.is_empty() { ListingState::End } else { ListingState::Rest(rest) };
                Ok(Some(page))
            }
        }
    }
}
