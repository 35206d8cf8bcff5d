//! The contract of a store, kept by both kinds: a bucket of a real S3 server and a folder.

#![allow(clippy::unwrap_used)] // what fails here is a finding of the test

use std::path::PathBuf;
use std::time::Duration;

use interview_schemas::{CandidateRef, ErrorCode, JobId};
use interview_store::{
    AccessKey, Expected, JobKeys, Key, NewObject, S3Options, Store, StoreError, TransferLimits, Written,
};
use interview_test_s3::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};
use sha2::{Digest, Sha256};

/// A store with what keeps it alive.
struct Fixture {
    store: Store,
    scratch: tempfile::TempDir,
    server: Option<S3Server>,
}

impl Fixture {
    fn target(&self) -> PathBuf {
        self.scratch.path().join("download")
    }

    /// Puts an object there as somebody else would, past the store.
    fn put(&self, key: &str, bytes: &[u8]) {
        match &self.server {
            Some(server) => server.put(&format!("fleet/{key}"), bytes),
            None => {
                let path = self.scratch.path().join("store").join(key);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
}

async fn s3() -> Fixture {
    let server = S3Server::start();
    let options = S3Options {
        endpoint: Some(server.endpoint()),
        path_style: true,
        access_key: Some(AccessKey { id: ACCESS_KEY.into(), secret: SECRET_KEY.into() }),
        ..S3Options::default()
    };
    let store = Store::open(&format!("s3://{BUCKET}/fleet").parse().unwrap(), &options).await.unwrap();
    Fixture { store, scratch: tempfile::tempdir().unwrap(), server: Some(server) }
}

async fn dir() -> Fixture {
    let scratch = tempfile::tempdir().unwrap();
    let location = format!("dir:{}", scratch.path().join("store").display());
    let store = Store::open(&location.parse().unwrap(), &S3Options::default()).await.unwrap();
    Fixture { store, scratch, server: None }
}

/// Runs the same test over both kinds of store.
macro_rules! over_both {
    ($($name:ident)*) => {
        $(mod $name {
            #[tokio::test]
            async fn s3() { super::checks::$name(super::s3().await).await }
            #[tokio::test]
            async fn dir() { super::checks::$name(super::dir().await).await }
        })*
    };
}

over_both! {
    a_download_is_checked_against_what_the_job_says
    a_file_that_is_too_large_is_refused_before_it_is_fetched
    what_is_not_there_says_so
    a_write_never_replaces_other_bytes
    the_last_of_several_stands_only_beside_the_others
    writers_of_the_same_key_agree
    no_tenant_reaches_another
    a_candidate_can_be_listed_and_erased
    listings_go_page_by_page
}

mod checks {
    use super::*;

    fn key(name: &str) -> Key {
        Key::new(name).unwrap()
    }

    fn sha256(bytes: &[u8]) -> String {
        hex::encode(Sha256::digest(bytes))
    }

    fn recording() -> Vec<u8> {
        (0..700_001u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    }

    pub(super) async fn a_download_is_checked_against_what_the_job_says(fixture: Fixture) {
        let bytes = recording();
        fixture.put("acme/media/a.mp4", &bytes);
        let tenant = fixture.store.tenant(Some("acme")).unwrap();
        let (limits, target, name) = (TransferLimits::default(), fixture.target(), key("media/a.mp4"));
        let right = Expected { bytes: Some(bytes.len() as u64), sha256: Some(sha256(&bytes).to_uppercase()) };
        for expected in [Expected::default(), right.clone()] {
            let done = tenant.download(&name, &target, &expected, &limits).await.unwrap();
            assert_eq!((done.bytes, done.sha256), (bytes.len() as u64, sha256(&bytes)));
            assert_eq!(std::fs::read(&target).unwrap(), bytes);
        }
        for wrong in [
            Expected { bytes: Some(bytes.len() as u64 - 1), ..right.clone() },
            Expected { bytes: Some(bytes.len() as u64 + 1), sha256: None },
            Expected { sha256: Some(sha256(b"other")), ..right },
        ] {
            let error = tenant.download(&name, &target, &wrong, &limits).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Integrity, "{error}");
        }
        fixture.put("acme/media/empty", b"");
        let done =
            tenant.download(&key("media/empty"), &target, &Expected::default(), &limits).await.unwrap();
        assert_eq!((done.bytes, std::fs::read(&target).unwrap().len()), (0, 0));
    }

    pub(super) async fn a_file_that_is_too_large_is_refused_before_it_is_fetched(fixture: Fixture) {
        fixture.put("acme/media/a.mp4", &recording());
        let tenant = fixture.store.tenant(Some("acme")).unwrap();
        let limits = TransferLimits { max_bytes: 1000, ..TransferLimits::default() };
        let target = fixture.target();
        let error =
            tenant.download(&key("media/a.mp4"), &target, &Expected::default(), &limits).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { bytes: 700_001, limit: 1000, .. }), "{error}");
        assert_eq!(std::fs::metadata(&target).unwrap().len(), 0);
        let error = tenant.read(&key("media/a.mp4"), 1000).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Limit);
    }

    pub(super) async fn what_is_not_there_says_so(fixture: Fixture) {
        fixture.store.probe().await.unwrap();
        let tenant = fixture.store.tenant(None).unwrap();
        let name = key("media/none.mp4");
        let limits = TransferLimits::default();
        let error =
            tenant.download(&name, &fixture.target(), &Expected::default(), &limits).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::MediaNotFound, "{error}");
        assert_eq!(tenant.read(&name, 10).await.unwrap_err().code(), ErrorCode::MediaNotFound);
        tenant.delete(&name).await.unwrap();
        assert!(tenant.list_all("media/").await.unwrap().is_empty());
        assert!(fixture.store.tenants().await.unwrap().is_empty());
    }

    pub(super) async fn a_write_never_replaces_other_bytes(fixture: Fixture) {
        let tenant = fixture.store.tenant(Some("acme")).unwrap();
        let name = key("candidates/c/jobs/j/report.json");
        let write = |bytes: &'static [u8]| tenant.write(&name, bytes.to_vec(), "application/json");
        assert_eq!(write(b"{\"a\":1}").await.unwrap(), Written::Created);
        assert_eq!(write(b"{\"a\":1}").await.unwrap(), Written::Existed);
        for other in [&b"{\"a\":2}"[..], b"", b"{\"a\":1} and more", b"{"] {
            let error = write(other).await.unwrap_err();
            assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
        }
        assert_eq!(tenant.read(&name, 100).await.unwrap(), b"{\"a\":1}");
    }

    pub(super) async fn the_last_of_several_stands_only_beside_the_others(fixture: Fixture) {
        let tenant = fixture.store.tenant(Some("acme")).unwrap();
        let object = |name: &str, text: &str| NewObject {
            key: key(&format!("candidates/c/jobs/j/{name}")),
            bytes: text.as_bytes().to_vec(),
            content_type: "application/json",
        };
        let names = async || {
            let objects = tenant.list_all("candidates/").await.unwrap();
            objects.iter().map(|object| object.key.file_name().to_owned()).collect::<Vec<_>>()
        };
        let write = async |features: &str, page: &str, report: &str| {
            let before = vec![object("f/features.json", features), object("f/r/report.html", page)];
            tenant.write_in_order(before, object("f/r/report.json", report)).await
        };
        // One of the others cannot be written: the last must not stand.
        tenant
            .write(&key("candidates/c/jobs/j/f/r/report.html"), b"page".to_vec(), "text/html")
            .await
            .unwrap();
        let error = write("features", "another page", "report").await.unwrap_err();
        assert!(matches!(&error, StoreError::Conflict { key } if key.ends_with("report.html")), "{error}");
        assert!(!names().await.contains(&"report.json".to_owned()));
        // The same again with the bytes that stand is a success, as often as it is asked for.
        for _ in 0..2 {
            write("features", "page", "report").await.unwrap();
            assert_eq!(names().await, ["features.json", "report.html", "report.json"]);
        }
        let error = write("features", "page", "another report").await.unwrap_err();
        assert!(matches!(&error, StoreError::Conflict { key } if key.ends_with("report.json")), "{error}");
        assert_eq!(tenant.read(&key("candidates/c/jobs/j/f/r/report.json"), 100).await.unwrap(), b"report");
    }

    pub(super) async fn writers_of_the_same_key_agree(fixture: Fixture) {
        let tenant = fixture.store.tenant(Some("acme")).unwrap();
        for round in 0..5 {
            let name = key(&format!("candidates/c/jobs/j/{round}.json"));
            let text = |writer: usize| format!("writer {}", writer % 2).into_bytes();
            let writes = (0..8).map(|writer| tenant.write(&name, text(writer), "text/plain"));
            let results = futures_util::future::join_all(writes).await;
            let stored = tenant.read(&name, 100).await.unwrap();
            for (writer, result) in results.into_iter().enumerate() {
                match result {
                    Ok(_) => assert_eq!(stored, text(writer)),
                    Err(StoreError::Conflict { .. }) => assert_ne!(stored, text(writer)),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    pub(super) async fn no_tenant_reaches_another(fixture: Fixture) {
        fixture.put("acme/media/a.mp4", b"mine");
        fixture.put("rival/media/a.mp4", b"theirs");
        let tenant = fixture.store.tenant(Some("acme")).unwrap();
        let mine = ["media/a.mp4", "file:media/a.mp4"].map(str::to_owned);
        let s3 = fixture.server.is_some().then(|| format!("s3://{BUCKET}/fleet/acme/media/a.mp4"));
        for uri in mine.into_iter().chain(s3) {
            let name = tenant.locate(&uri).unwrap_or_else(|error| panic!("{uri}: {error}"));
            assert_eq!(tenant.read(&name, 10).await.unwrap(), b"mine");
        }
        for uri in [
            "../rival/media/a.mp4",
            "media/../../rival/media/a.mp4",
            "/etc/passwd",
            "file:///etc/passwd",
            "https://example.com/a.mp4",
            "s3://interviews/fleet/rival/media/a.mp4",
            "s3://interviews/fleet/acme/../rival/media/a.mp4",
            "s3://interviews/fleet/acme-2/media/a.mp4",
            "s3://interviews/acme/media/a.mp4",
            "s3://elsewhere/fleet/acme/media/a.mp4",
            "s3://interviews/fleet/acme/",
            "",
        ] {
            let error = tenant.locate(uri).expect_err(uri);
            assert_eq!(error.code(), ErrorCode::InvalidJob, "{uri}: {error}");
        }
        for name in ["", "..", "../rival", "a/b"] {
            assert!(fixture.store.tenant(Some(name)).is_err(), "{name:?}");
        }
        assert_eq!(fixture.store.tenants().await.unwrap(), ["acme", "rival"]);
    }

    pub(super) async fn a_candidate_can_be_listed_and_erased(fixture: Fixture) {
        let tenant = fixture.store.tenant(Some("acme")).unwrap();
        let candidate = |name: &str| CandidateRef::new(name).unwrap();
        let mut names = Vec::new();
        for (person, job) in [("c-1", "j1"), ("c-1", "j2"), ("c-10", "j3")] {
            let keys = JobKeys::new(&candidate(person), &JobId::new(job).unwrap());
            names.push(keys.intake("0"));
            tenant.write(&keys.intake("0"), b"{}".to_vec(), "application/json").await.unwrap();
        }
        let prefix = JobKeys::candidate_prefix(&candidate("c-1"));
        let found = tenant.list_all(&prefix).await.unwrap();
        let keys: Vec<_> = found.iter().map(|object| object.key.clone()).collect();
        assert_eq!(keys, names[..2]);
        let age = jiff::Timestamp::now().duration_since(found[0].modified);
        assert!(age.as_secs().abs() < 60, "{age:?}");
        for object in &found {
            tenant.delete(&object.key).await.unwrap();
        }
        assert!(tenant.list_all(&prefix).await.unwrap().is_empty());
        assert_eq!(tenant.list_all("candidates/").await.unwrap().len(), 1);
        if fixture.server.is_none() {
            assert!(!fixture.scratch.path().join("store/acme/candidates/c-1").exists());
        }
    }

    pub(super) async fn listings_go_page_by_page(fixture: Fixture) {
        for number in 0..1234 {
            fixture.put(&format!("acme/media/{number:04}"), b"x");
        }
        let tenant = fixture.store.tenant(Some("acme")).unwrap();
        let mut listing = tenant.list("media/");
        let (mut pages, mut keys) = (0, Vec::new());
        while let Some(page) = listing.next_page().await.unwrap() {
            assert!(page.len() <= 1000);
            pages += 1;
            keys.extend(page.into_iter().map(|object| object.key.to_string()));
        }
        let expected: Vec<_> = (0..1234).map(|number| format!("media/{number:04}")).collect();
        assert_eq!(keys, expected);
        assert!(pages >= 2);
    }
}

#[tokio::test]
async fn a_link_out_of_the_tenant_is_refused() {
    let fixture = dir().await;
    fixture.put("rival/media/a.mp4", b"theirs");
    let media = fixture.scratch.path().join("store/acme/media");
    std::fs::create_dir_all(&media).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", media.join("system.mp4")).unwrap();
    std::os::unix::fs::symlink("../../rival/media/a.mp4", media.join("rival.mp4")).unwrap();
    let tenant = fixture.store.tenant(Some("acme")).unwrap();
    for name in ["media/system.mp4", "media/rival.mp4"] {
        let error = tenant.read(&Key::new(name).unwrap(), 1 << 20).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::MediaForbidden, "{error}");
    }
}

#[tokio::test]
async fn a_folder_without_room_or_right_says_so() {
    let error =
        Store::open(&"dir:/proc/interview".parse().unwrap(), &S3Options::default()).await.unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
    let full = StoreError::Io { path: "a".into(), source: std::io::ErrorKind::StorageFull.into() };
    assert_eq!(full.code(), ErrorCode::Resource);
}

#[tokio::test]
async fn a_download_into_a_full_disk_is_a_lack_of_resources() {
    let fixture = dir().await;
    fixture.put("acme/media/a.mp4", &vec![7; 3 << 20]);
    let tenant = fixture.store.tenant(Some("acme")).unwrap();
    let limits = TransferLimits { deadline: Duration::from_secs(20), ..TransferLimits::default() };
    let error = tenant
        .download(&Key::new("media/a.mp4").unwrap(), "/dev/full".as_ref(), &Expected::default(), &limits)
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::Resource, "{error}");
}
