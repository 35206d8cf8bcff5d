//! A bucket as a store, or a part of one: Amazon's or any other server of the S3 protocol.

mod download;
mod failure;

use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::{AccessKey, Key, ObjectInfo, S3Options, SseMode, StoreError, Written};
use failure::{failed, status};

/// Until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Until the first byte of an answer; also bounds an upload of an artefact.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the client itself repeats a request; what lasts longer is the queue's to repeat.
const ATTEMPTS: u32 = 3;
/// How often a write is repeated that met another one on the same key (409).
const CONFLICT_TRIES: u32 = 5;
/// What a small object may take to be read as a whole.
const READ_DEADLINE: Duration = Duration::from_secs(60);

/// A store in a bucket.
#[derive(Debug)]
pub(crate) struct S3Store {
    client: Client,
    bucket: String,
    prefix: String,
    sse: SseMode,
    /// Whether the bucket keeps versions; asked once.
    versioned: OnceCell<bool>,
}

impl S3Store {
    pub(crate) async fn open(bucket: &str, prefix: &str, options: &S3Options) -> Result<Self, StoreError> {
        if let Some(endpoint) = &options.endpoint
            && !(endpoint.starts_with("http://") || endpoint.starts_with("https://"))
        {
            let message = format!("S3 endpoint {endpoint:?}: must begin with https:// (or http://)");
            return Err(StoreError::Configuration(message));
        }
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let region = match (&options.region, &options.endpoint) {
            (Some(region), _) => RegionProviderChain::first_try(Region::new(region.clone())),
            // Another server than Amazon's: its region is in nobody's instance data.
            (None, Some(_)) => RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()),
            (None, None) => RegionProviderChain::default_provider(),
        };
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .region(region.or_else(Region::from_static("us-east-1")));
        if let Some(AccessKey { id, secret }) = &options.access_key {
            loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "options"));
        }
        let shared = loader.load().await;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(100))
            .with_max_backoff(Duration::from_secs(2));
        let mut config = aws_sdk_s3::config::Builder::from(&shared)
            .force_path_style(options.path_style)
            .timeout_config(timeouts)
            .retry_config(retries)
            // The floor of our own covers bodies, see `transfer`.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // Checksums as trailers are unknown to many servers; SHA-256 goes into a header with every write.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        if let Some(endpoint) = &options.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Ok(Self {
            client: Client::from_conf(config.build()),
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            sse: options.sse.clone(),
            versioned: OnceCell::new(),
        })
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(crate) async fn probe(&self) -> Result<(), StoreError> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(&self.prefix).max_keys(1);
        request.send().await.map(drop).map_err(|error| failed(&format!("s3://{}", self.bucket), error))
    }

    pub(crate) async fn read(&self, name: &str, max_bytes: u64) -> Result<Vec<u8>, StoreError> {
        let reading = self.read_body(name, max_bytes);
        tokio::time::timeout(READ_DEADLINE, reading).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable {
                key: name.to_owned(),
                detail: format!("not read within {} s", READ_DEADLINE.as_secs()),
            })
        })
    }

    async fn read_body(&self, name: &str, max_bytes: u64) -> Result<Vec<u8>, StoreError> {
        let request = self.client.get_object().bucket(&self.bucket).key(self.full(name));
        let mut answer = request.send().await.map_err(|error| failed(name, error))?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.body.next().await {
            let chunk = chunk.map_err(|error| StoreError::Unavailable {
                key: name.to_owned(),
                detail: format!("the answer broke off: {error}"),
            })?;
            let sum = (bytes.len() as u64).saturating_add(chunk.len() as u64);
            if sum > max_bytes {
                return Err(StoreError::TooLarge { key: name.to_owned(), bytes: sum, limit: max_bytes });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    pub(crate) async fn write(
        &self,
        name: &str,
        bytes: Vec<u8>,
        content_type: &str,
    ) -> Result<Written, StoreError> {
        let checksum = BASE64.encode(Sha256::digest(&bytes));
        let bytes = Bytes::from(bytes);
        for round in 1..=CONFLICT_TRIES {
            let mut request = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(self.full(name))
                .if_none_match("*")
                .content_type(content_type)
                .checksum_sha256(&checksum)
                .body(ByteStream::from(bytes.clone()));
            match &self.sse {
                SseMode::Bucket => {}
                SseMode::Aes256 => request = request.server_side_encryption(ServerSideEncryption::Aes256),
                SseMode::Kms(key) => {
                    request = request
                        .server_side_encryption(ServerSideEncryption::AwsKms)
                        .set_ssekms_key_id(key.clone());
                }
            }
            let error = match request.send().await {
                Ok(_) => return Ok(Written::Created),
                Err(error) => error,
            };
            match status(&error) {
                Some(412) => return self.compare(name, &bytes).await,
                // Another write of this key is under way: it may still fail.
                Some(409) if round < CONFLICT_TRIES => {
                    tokio::time::sleep(Duration::from_millis(100) * round).await;
                }
                Some(501) => {
                    return Err(StoreError::Configuration(format!(
                        "the S3 server cannot write on condition (If-None-Match), which this program relies on: {}",
                        failed(name, error)
                    )));
                }
                _ => return Err(failed(name, error)),
            }
        }
        Err(StoreError::Unavailable {
            key: name.to_owned(),
            detail: format!("{CONFLICT_TRIES} writes met other writes of the same key"),
        })
    }

    /// Holds what stands under a key against what was to be written.
    async fn compare(&self, name: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        match self.read(name, (bytes.len() as u64).saturating_add(1)).await {
            Ok(stored) if stored == bytes => Ok(Written::Existed),
            Ok(_) | Err(StoreError::TooLarge { .. }) => Err(StoreError::Conflict { key: name.to_owned() }),
            // Deleted in between: whoever repeats the write finds the place free.
            Err(StoreError::NotFound { key }) => Err(StoreError::Unavailable {
                key,
                detail: "the object was deleted while it was compared".to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    /// One page of objects; `root` is the tenant, `prefix` begins with it.
    pub(crate) async fn list(
        &self,
        root: &str,
        prefix: &str,
        token: Option<String>,
    ) -> Result<(Vec<ObjectInfo>, Option<String>), StoreError> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(self.full(prefix))
            .set_continuation_token(token);
        let page = request.send().await.map_err(|error| failed(prefix, error))?;
        let root = self.full(root);
        let objects = page.contents().iter().filter_map(|object| {
            // Names that are no keys were not written by a store and cannot be named through it.
            let key = Key::new(object.key()?.strip_prefix(&root)?).ok()?;
            let bytes = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
            let modified = object.last_modified().and_then(|time| {
                let nanos = i32::try_from(time.subsec_nanos()).ok()?;
                Timestamp::new(time.secs(), nanos).ok()
            });
            Some(ObjectInfo { key, bytes, modified: modified.unwrap_or(Timestamp::UNIX_EPOCH) })
        });
        let objects = objects.collect();
        let more = page.is_truncated().unwrap_or(false);
        Ok((objects, page.next_continuation_token().filter(|_| more).map(str::to_owned)))
    }

    /// The first segments of all keys.
    pub(crate) async fn folders(&self) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        let mut token = None;
        loop {
            let request = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(&self.prefix)
                .delimiter("/")
                .set_continuation_token(token);
            let page = request.send().await.map_err(|error| failed(&self.prefix, error))?;
            names.extend(page.common_prefixes().iter().filter_map(|folder| {
                Some(folder.prefix()?.strip_prefix(&self.prefix)?.trim_end_matches('/').to_owned())
            }));
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() || !page.is_truncated().unwrap_or(false) {
                names.sort();
                return Ok(names);
            }
        }
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let versioned = *self.versioned.get_or_try_init(|| self.ask_versioning()).await?;
        if versioned {
            return self.delete_versions(name).await;
        }
        self.delete_one(name, None).await
    }

    async fn delete_one(&self, name: &str, version: Option<String>) -> Result<(), StoreError> {
        let request =
            self.client.delete_object().bucket(&self.bucket).key(self.full(name)).set_version_id(version);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed(name, error) {
                StoreError::NotFound { .. } => Ok(()),
                error => Err(error),
            },
        }
    }

    /// In a bucket with versions a plain delete only hides an object: every version is deleted by its id.
    async fn delete_versions(&self, name: &str) -> Result<(), StoreError> {
        let key = self.full(name);
        loop {
            let request = self.client.list_object_versions().bucket(&self.bucket).prefix(&key);
            let page = request.send().await.map_err(|error| failed(name, error))?;
            let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
            let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
            // The listing goes by prefix and in order of names: the object itself comes first.
            let ids: Vec<String> = versions
                .chain(markers)
                .filter(|(found, _)| *found == Some(key.as_str()))
                .filter_map(|(_, id)| id.map(str::to_owned))
                .collect();
            if ids.is_empty() {
                return Ok(());
            }
            for id in ids {
                self.delete_one(name, Some(id)).await?;
            }
        }
    }

    async fn ask_versioning(&self) -> Result<bool, StoreError> {
        match self.client.get_bucket_versioning().bucket(&self.bucket).send().await {
            Ok(answer) => Ok(answer.status().is_some()),
            // Servers without versions.
            Err(error) if matches!(status(&error), Some(501 | 405)) => Ok(false),
            Err(error) => Err(failed(&format!("s3://{} (versioning)", self.bucket), error)),
        }
    }
}
