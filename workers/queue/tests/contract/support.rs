//! Queues for tests: each test has one of its own, on a shared broker or in a folder.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use interview_queue::testing::shared_broker;
use interview_queue::{Delivery, Lane, NewJob, Queue, QueueError, QueueUrl, connect};
use tempfile::TempDir;

/// Which queue a test runs over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Amqp,
    Sqlite,
}

/// A queue of one test.
pub(crate) struct TestQueue {
    pub(crate) url: String,
    pub(crate) queue: Arc<dyn Queue>,
    _folder: TempDir,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A prefix that no other test uses.
pub(crate) fn prefix() -> String {
    format!("test{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl TestQueue {
    /// A new, empty queue; retry tiers of 300 ms and 1 s, so that tests do not wait for minutes.
    pub(crate) async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = "retry_tiers=300ms,1s&lease=2s";
        let url = match kind {
            Kind::Amqp => format!("{}?prefix={}&heartbeat=2s&{options}", shared_broker(), prefix()),
            Kind::Sqlite => format!("sqlite:{}?{options}", folder.path().join("queue.db").display()),
        };
        let queue = open(&url).await;
        queue.setup().await.unwrap();
        Self { url, queue, _folder: folder }
    }

    /// A queue that is there already.
    pub(crate) fn around(url: String, queue: Arc<dyn Queue>) -> Self {
        Self { url, queue, _folder: tempfile::tempdir().unwrap() }
    }

    /// The same queue as another program sees it.
    pub(crate) async fn another(&self) -> Arc<dyn Queue> {
        open(&self.url).await
    }

    pub(crate) async fn enqueue(&self, ids: &[&str]) {
        let jobs: Vec<NewJob> = ids.iter().map(|id| job(id, Lane::Interactive)).collect();
        self.queue.enqueue(&jobs).await.unwrap();
    }

    /// The next job, which must come soon.
    pub(crate) async fn next(&self) -> Delivery {
        next(&self.queue).await
    }

    /// Fails when a job comes within the time.
    pub(crate) async fn nothing_for(&self, time: Duration) {
        if let Ok(delivery) = tokio::time::timeout(time, self.queue.receive()).await {
            panic!("unexpected: {:?}", delivery.unwrap());
        }
    }
}

pub(crate) async fn open(url: &str) -> Arc<dyn Queue> {
    let url: QueueUrl = url.parse().unwrap();
    connect(&url).await.unwrap()
}

pub(crate) async fn next(queue: &Arc<dyn Queue>) -> Delivery {
    within(Duration::from_secs(30), queue.receive()).await.unwrap()
}

/// The result, which must come within the time.
pub(crate) async fn within<T>(time: Duration, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| panic!("nothing within {time:?}"))
}

/// A job that names itself.
pub(crate) fn job(id: &str, lane: Lane) -> NewJob {
    let body = format!(
        r#"{{"schema_version":"1","job_id":"{id}","tenant":"t1","candidate":{{"reference":"c-{id}"}},"answers":[]}}"#
    );
    NewJob {
        message_id: id.to_owned(),
        lane,
        body: body.into_bytes(),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap()),
    }
}

pub(crate) fn is_lease_lost<T>(result: &Result<T, QueueError>) -> bool {
    matches!(result, Err(QueueError::LeaseLost { .. }))
}

/// Runs a test on a runtime of its own.
pub(crate) fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

/// Makes one test per queue of an async function that takes a [`Kind`].
macro_rules! over_both {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $($(#[$doc])*
        mod $name {
            use crate::support::{Kind, run};

            #[test]
            fn over_rabbitmq() {
                run(super::cases::$name(Kind::Amqp));
            }

            #[test]
            fn over_sqlite() {
                run(super::cases::$name(Kind::Sqlite));
            }
        })+
    };
}
pub(crate) use over_both;

/// An authority with a server's and a client's certificate, each with its key, in PEM.
pub(crate) struct Certificates {
    pub(crate) authority: std::path::PathBuf,
    pub(crate) server: (std::path::PathBuf, std::path::PathBuf),
    pub(crate) client: (std::path::PathBuf, std::path::PathBuf),
}

/// Makes certificates for `localhost`.
pub(crate) fn certificates(folder: &std::path::Path) -> Certificates {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
        KeyUsagePurpose,
    };

    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters.distinguished_name.push(DnType::CommonName, "authority");
    let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let signed = |name: &str, names: Vec<String>, purpose: ExtendedKeyUsagePurpose| {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(names).unwrap();
        // Without a name of its own it would bear its issuer's, and pass for self-signed.
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.extended_key_usages = vec![purpose];
        let certificate = parameters.signed_by(&key, &authority).unwrap();
        (write(&format!("{name}.pem"), certificate.pem()), write(&format!("{name}.key"), key.serialize_pem()))
    };
    Certificates {
        server: signed("server", vec!["localhost".to_owned()], ExtendedKeyUsagePurpose::ServerAuth),
        client: signed("client", vec!["worker".to_owned()], ExtendedKeyUsagePurpose::ClientAuth),
        authority: write("authority.pem", authority.pem()),
    }
}
