//! Downloads and writes over a real S3 server that refuses, breaks off, stalls, drips and lies.

#![allow(clippy::unwrap_used)] // what fails here is a finding of the test

use std::time::{Duration, Instant};

use interview_schemas::ErrorCode;
use interview_store::{
    AccessKey, Downloaded, Expected, Key, S3Options, SseMode, Store, StoreError, TransferLimits, Written,
};
use interview_test_s3::{ACCESS_KEY, Action, BUCKET, Fault, S3Server, SECRET_KEY};
use sha2::{Digest, Sha256};

const OBJECT: &str = "default/media/a.mp4";

fn options(server: &S3Server) -> S3Options {
    S3Options {
        endpoint: Some(server.endpoint()),
        path_style: true,
        access_key: Some(AccessKey { id: ACCESS_KEY.into(), secret: SECRET_KEY.into() }),
        ..S3Options::default()
    }
}

struct Fixture {
    server: S3Server,
    store: Store,
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
}

impl Fixture {
    async fn new() -> Self {
        let server = S3Server::start();
        let bytes: Vec<u8> = (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        server.put(OBJECT, &bytes);
        let options = options(&server);
        let store = Store::open(&format!("s3://{BUCKET}").parse().unwrap(), &options).await.unwrap();
        Self { server, store, folder: tempfile::tempdir().unwrap(), bytes }
    }

    /// Quick limits: a window of a second, so that tests need not wait.
    async fn download(&self) -> Result<Downloaded, StoreError> {
        let limits = TransferLimits {
            floor_bytes_per_s: 10_000,
            window: Duration::from_secs(1),
            deadline: Duration::from_secs(20),
            resumes: 2,
            ..TransferLimits::default()
        };
        self.download_within(&limits).await
    }

    async fn download_within(&self, limits: &TransferLimits) -> Result<Downloaded, StoreError> {
        let expected = Expected { bytes: None, sha256: Some(hex::encode(Sha256::digest(&self.bytes))) };
        let tenant = self.store.tenant(None).unwrap();
        let done =
            tenant.download(&Key::new("media/a.mp4").unwrap(), &self.target(), &expected, limits).await?;
        assert_eq!(std::fs::read(self.target()).unwrap(), self.bytes);
        Ok(done)
    }

    fn target(&self) -> std::path::PathBuf {
        self.folder.path().join("download")
    }

    fn fault(&self, times: usize, action: Action) {
        self.server.inject(Fault::once("GET", "a.mp4", action).times(times));
    }

    fn ranges(&self) -> Vec<Option<String>> {
        self.server.requests().into_iter().map(|request| request.range).collect()
    }
}

#[tokio::test]
async fn a_broken_connection_is_resumed_where_it_broke() {
    let fixture = Fixture::new().await;
    fixture.fault(1, Action::CutAfter(100_000));
    let done = fixture.download().await.unwrap();
    assert_eq!(done.resumed, 1);
    let ranges = fixture.ranges();
    assert_eq!(ranges.len(), 2);
    let from: u64 = ranges[1].as_ref().unwrap()["bytes=".len()..].trim_end_matches('-').parse().unwrap();
    assert!(from > 0 && from <= 100_000, "{ranges:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_for_ever_is_given_up() {
    let fixture = Fixture::new().await;
    fixture.fault(99, Action::CutAfter(1000));
    let error = fixture.download().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Storage, "{error}");
    assert_eq!(fixture.ranges().len(), 3);
}

#[tokio::test]
async fn a_stall_is_noticed_and_resumed() {
    let fixture = Fixture::new().await;
    fixture.fault(1, Action::StallAfter(50_000));
    let started = Instant::now();
    assert_eq!(fixture.download().await.unwrap().resumed, 1);
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_drip_is_given_up() {
    let fixture = Fixture::new().await;
    fixture.fault(99, Action::Drip(2));
    let error = fixture.download().await.unwrap_err();
    assert!(matches!(error, StoreError::TooSlow { .. }), "{error}");
    assert_eq!(error.code(), ErrorCode::Storage);
}

#[tokio::test]
async fn the_deadline_holds_whatever_comes() {
    let fixture = Fixture::new().await;
    fixture.fault(99, Action::Drip(20_000));
    let limits = TransferLimits {
        floor_bytes_per_s: 10,
        window: Duration::from_secs(2),
        deadline: Duration::from_secs(3),
        ..TransferLimits::default()
    };
    let error = fixture.download_within(&limits).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
}

#[tokio::test]
async fn an_object_that_is_replaced_on_the_way_is_refused() {
    let fixture = Fixture::new().await;
    let other = vec![1; fixture.bytes.len()];
    fixture.fault(1, Action::ReplaceAfter(50_000, fixture.server.file(OBJECT), other));
    let error = fixture.download().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Integrity, "{error}");
    assert!(error.to_string().contains("replaced"), "{error}");
}

#[tokio::test]
async fn wrong_bytes_are_refused() {
    let fixture = Fixture::new().await;
    fixture.fault(1, Action::Corrupt);
    let error = fixture.download().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Integrity, "{error}");
}

#[tokio::test]
async fn refusals_are_told_apart() {
    for (status, code, expected, requests) in [
        (403, "AccessDenied", ErrorCode::MediaForbidden, 1),
        (404, "NoSuchKey", ErrorCode::MediaNotFound, 1),
        (404, "NoSuchBucket", ErrorCode::Storage, 1),
        (503, "SlowDown", ErrorCode::Storage, 3),
        (500, "InternalError", ErrorCode::Storage, 3),
    ] {
        let fixture = Fixture::new().await;
        fixture.fault(99, Action::Refuse(status, code));
        let error = fixture.download().await.unwrap_err();
        assert_eq!(error.code(), expected, "{code}: {error}");
        assert_eq!(fixture.ranges().len(), requests, "{code}");
    }
}

#[tokio::test]
async fn a_short_outage_is_repeated_away() {
    let fixture = Fixture::new().await;
    fixture.fault(2, Action::Refuse(503, "SlowDown"));
    assert_eq!(fixture.download().await.unwrap().resumed, 0);
    fixture.fault(2, Action::Close);
    fixture.download().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_fault_of_the_store() {
    let Fixture { server, store, folder, .. } = Fixture::new().await;
    drop(server);
    let tenant = store.tenant(None).unwrap();
    let limits = TransferLimits::default();
    let error = tenant
        .download(&Key::new("media/a.mp4").unwrap(), &folder.path().join("x"), &Expected::default(), &limits)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Storage, "{error}");
    assert!(store.probe().await.is_err());
}

#[tokio::test]
async fn writes_survive_refusals_and_collisions() {
    let fixture = Fixture::new().await;
    let tenant = fixture.store.tenant(None).unwrap();
    let key = Key::new("report.json").unwrap();
    let put = |action| fixture.server.inject(Fault::once("PUT", "report.json", action));
    put(Action::Refuse(503, "SlowDown"));
    put(Action::Refuse(409, "ConditionalRequestConflict"));
    assert_eq!(tenant.write(&key, b"1".to_vec(), "text/plain").await.unwrap(), Written::Created);
    // The answer to a write is lost after the object was written: the repetition finds its own bytes.
    let key = Key::new("lost.json").unwrap();
    fixture.server.inject(Fault::once("PUT", "lost.json", Action::CutAfter(0)));
    tenant.write(&key, b"2".to_vec(), "text/plain").await.unwrap();
    assert_eq!(tenant.read(&key, 10).await.unwrap(), b"2");
    put(Action::Refuse(501, "NotImplemented"));
    let key = Key::new("other/report.json").unwrap();
    let error = tenant.write(&key, b"3".to_vec(), "text/plain").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Configuration, "{error}");
}

#[tokio::test]
async fn a_wrong_key_or_bucket_is_noticed_by_the_probe() {
    let server = S3Server::start();
    let open = async |bucket: &str, options: S3Options| {
        Store::open(&format!("s3://{bucket}").parse().unwrap(), &options).await.unwrap().probe().await
    };
    open(BUCKET, options(&server)).await.unwrap();
    let error = open("no-such-bucket", options(&server)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Storage, "{error}");
    let wrong = AccessKey { id: ACCESS_KEY.into(), secret: "wrong".into() };
    let error = open(BUCKET, S3Options { access_key: Some(wrong), ..options(&server) }).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::MediaForbidden, "{error}");
    assert!(!error.to_string().contains("wrong"), "{error}");
}

#[tokio::test]
async fn encryption_is_asked_for_with_every_write() {
    let server = S3Server::start();
    for sse in [SseMode::Aes256, SseMode::Kms(Some("key-7".to_owned()))] {
        let options = S3Options { sse, ..options(&server) };
        let store = Store::open(&format!("s3://{BUCKET}").parse().unwrap(), &options).await.unwrap();
        let key = Key::new("candidates/c/report.json").unwrap();
        // The test server stores without encryption; that the header goes out is what can be seen.
        let _ = store.tenant(None).unwrap().write(&key, b"1".to_vec(), "text/plain").await;
    }
    let headers: Vec<_> = server.requests().into_iter().map(|request| request.encryption).collect();
    assert_eq!(headers[0].as_deref(), Some("AES256"));
    assert_eq!(headers[1].as_deref(), Some("aws:kms key-7"));
}
