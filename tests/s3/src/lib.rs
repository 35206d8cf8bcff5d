//! An S3 server for tests: `s3s` serves a temporary folder on a free port, in a thread of its own, and does
//! damage on order.

mod fault;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use fault::{Action, Fault};

/// The bucket that is there from the start.
pub const BUCKET: &str = "interviews";
/// The access key that the server accepts.
pub const ACCESS_KEY: &str = "test-access-key";
/// The secret key that belongs to it.
pub const SECRET_KEY: &str = "test-secret-key";

/// A request that the server got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Bucket and key, percent-encoded as they came, without the query.
    pub path: String,
    /// The `Range` header.
    pub range: Option<String>,
    /// The encryption that is asked for: algorithm and key.
    pub encryption: Option<String>,
    /// The status of the answer; 0 where the connection was closed instead, `None` while it is being answered.
    pub status: Option<u16>,
}

/// What the server and its tests share.
#[derive(Default)]
struct Shared {
    faults: Mutex<Vec<Fault>>,
    requests: Mutex<Vec<Request>>,
}

/// The way to the service.
pub(crate) struct Door {
    service: S3Service,
    /// One write at a time: `s3s-fs` looks first and writes then, Amazon's writes on condition are atomic.
    writing: tokio::sync::Mutex<()>,
}

impl Door {
    pub(crate) async fn pass(
        &self,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<s3s::Body>, BoxError> {
        let is_write = request.method() == http::Method::PUT;
        let _alone = if is_write { Some(self.writing.lock().await) } else { None };
        self.service.call(request.map(s3s::Body::from)).await.map_err(BoxError::from)
    }
}

/// A running server; gone with its folder when dropped.
pub struct S3Server {
    address: SocketAddr,
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl S3Server {
    /// Starts a server with the bucket [`BUCKET`].
    ///
    /// # Panics
    /// When no port or folder can be had.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a folder for the bucket");
        let mut builder =
            S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).expect("the folder can be served"));
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let door = Arc::new(Door { service: builder.build(), writing: tokio::sync::Mutex::new(()) });
        let shared = Arc::new(Shared::default());
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                tell.send(listener.local_addr().expect("a bound address")).expect("somebody waits");
                tokio::select! {
                    () = serve(listener, door, for_thread) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        let address = told.recv().expect("the server starts");
        Self { address, folder, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The URL of the server.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The environment variables that let the AWS SDK use this server.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT_URL_S3", self.endpoint()),
        ]
    }

    /// The file behind an object of [`BUCKET`].
    #[must_use]
    pub fn file(&self, key: &str) -> PathBuf {
        self.folder.path().join(BUCKET).join(key)
    }

    /// Puts an object into [`BUCKET`], past the protocol.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        let path = self.file(key);
        std::fs::create_dir_all(path.parent().expect("a key lies in a bucket")).expect("a folder");
        std::fs::write(path, bytes).expect("the object can be written");
    }

    /// The bytes of an object, `None` when there is none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.file(key)).ok()
    }

    /// Orders damage. Earlier orders come first.
    pub fn inject(&self, fault: Fault) {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Takes back all orders.
    pub fn heal(&self) {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A server that is gone already needs no telling.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, door: Arc<Door>, shared: Arc<Shared>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { continue };
        let (door, shared) = (Arc::clone(&door), Arc::clone(&shared));
        tokio::spawn(async move {
            let answer = service_fn(move |request| answer(Arc::clone(&door), Arc::clone(&shared), request));
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), answer);
            // A client that goes away, or a connection cut on order, is no failure of the server.
            let _ = connection.await;
        });
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

async fn answer(
    door: Arc<Door>,
    shared: Arc<Shared>,
    request: http::Request<Incoming>,
) -> Result<http::Response<s3s::Body>, BoxError> {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let range = header("range");
    let key = header("x-amz-server-side-encryption-aws-kms-key-id");
    let encryption = header("x-amz-server-side-encryption")
        .map(|algorithm| [Some(algorithm), key].into_iter().flatten().collect::<Vec<_>>().join(" "));
    let action =
        fault::take(&mut shared.faults.lock().unwrap_or_else(PoisonError::into_inner), &method, &path);
    let record = Request { method, path, range, encryption, status: None };
    let number = {
        let mut requests = shared.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push(record);
        requests.len() - 1
    };
    let answered = match action {
        Some(action) => action.perform(&door, request).await,
        None => door.pass(request).await,
    };
    let status = answered.as_ref().map_or(0, |answer| answer.status().as_u16());
    if let Some(request) = shared.requests.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
        request.status = Some(status);
    }
    answered
}
