//! Queues and stores under test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::JoinHandle;

use interview_queue::testing::{Broker, BrokerOptions};
use interview_test_s3::{BUCKET, S3Server};

use super::QUICK;

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// A file.
    Sqlite,
    /// A private broker.
    RabbitMq,
}

impl QueueKind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::RabbitMq => "rabbitmq",
        }
    }
}

/// A queue that is there while this is.
pub struct QueuePlace {
    url: String,
    own: Option<Broker>,
    _shared: Option<Arc<SharedBroker>>,
}

impl QueuePlace {
    /// A queue of one's own; a broker may be killed.
    #[must_use]
    pub fn start(kind: QueueKind, folder: &Path) -> Self {
        match kind {
            QueueKind::Sqlite => Self::sqlite(folder),
            QueueKind::RabbitMq => {
                let broker = Broker::start();
                Self { url: format!("{}?{QUICK}", broker.url()), own: Some(broker), _shared: None }
            }
        }
    }

    /// A queue of one's own on a broker that is shared with other tests.
    #[must_use]
    pub fn share(kind: QueueKind, folder: &Path) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        match kind {
            QueueKind::Sqlite => Self::sqlite(folder),
            QueueKind::RabbitMq => {
                let broker = SharedBroker::get();
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let url = format!("{}?prefix=test{number}&{QUICK}", broker.url);
                Self { url, own: None, _shared: Some(broker) }
            }
        }
    }

    fn sqlite(folder: &Path) -> Self {
        let url = format!("sqlite:{}?{QUICK}", folder.join("queue.db").display());
        Self { url, own: None, _shared: None }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Kills the broker, where it is one's own.
    pub fn kill_broker(&mut self) {
        if let Some(broker) = &mut self.own {
            broker.kill();
        }
    }

    /// Starts the broker again.
    pub fn restart_broker(&mut self) {
        if let Some(broker) = &mut self.own {
            broker.start_again();
        }
    }
}

/// One broker for many tests: it takes seconds to start. Gone with its last user.
struct SharedBroker {
    url: String,
    stop: Option<mpsc::Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl SharedBroker {
    fn get() -> Arc<Self> {
        static CURRENT: Mutex<Weak<SharedBroker>> = Mutex::new(Weak::new());
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(broker) = current.upgrade() {
            return broker;
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        // A broker dies with the thread that has started it, and tests have a thread each: this one outlives them.
        let keeper = std::thread::spawn(move || {
            let broker = Broker::start_with(&BrokerOptions::default());
            tell.send(broker.url()).expect("somebody waits for the broker");
            let _ = stopped.recv();
        });
        let url = told.recv().expect("the broker starts");
        let broker = Arc::new(Self { url, stop: Some(stop), keeper: Some(keeper) });
        *current = Arc::downgrade(&broker);
        broker
    }
}

impl Drop for SharedBroker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }
}

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// A folder.
    Dir,
    /// A bucket of an S3 server in this process; the store is the prefix `fleet`.
    S3,
}

impl StoreKind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dir => "dir",
            Self::S3 => "s3",
        }
    }
}

/// A store that is there while this is.
pub struct StorePlace {
    root: PathBuf,
    server: Option<S3Server>,
}

impl StorePlace {
    /// Starts a store.
    #[must_use]
    pub fn start(kind: StoreKind, folder: &Path) -> Self {
        match kind {
            StoreKind::Dir => Self { root: folder.join("store"), server: None },
            StoreKind::S3 => {
                let server = S3Server::start();
                Self { root: server.file("fleet"), server: Some(server) }
            }
        }
    }

    /// The S3 server.
    ///
    /// # Panics
    /// When the store is a folder.
    #[must_use]
    pub fn server(&self) -> &S3Server {
        self.server.as_ref().expect("this store is a folder")
    }

    /// `--store` and what belongs to it.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        match &self.server {
            None => vec!["--store".to_owned(), format!("dir:{}", self.root.display())],
            Some(server) => vec![
                "--store".to_owned(),
                format!("s3://{BUCKET}/fleet"),
                "--s3-endpoint".to_owned(),
                server.endpoint(),
                "--s3-path-style".to_owned(),
            ],
        }
    }

    /// Environment of the client.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let server = self.server.iter().flat_map(S3Server::environment);
        server.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The file behind a key: tenant and name.
    #[must_use]
    pub fn file(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// Puts an object there, past the store.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, key: &str, bytes: &[u8]) {
        let path = self.file(key);
        std::fs::create_dir_all(path.parent().expect("a key has a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("an object");
    }

    /// The bytes behind a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.file(key)).ok()
    }

    /// The bytes behind the address in an event.
    #[must_use]
    pub fn read(&self, uri: &str) -> Option<Vec<u8>> {
        match uri.strip_prefix("file:") {
            Some(path) => std::fs::read(path).ok(),
            None => self.get(uri.strip_prefix(&format!("s3://{BUCKET}/fleet/"))?),
        }
    }

    /// Every key there is, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(key) = path.strip_prefix(&self.root) {
                    keys.push(key.to_string_lossy().into_owned());
                }
            }
        }
        keys.sort();
        keys
    }
}
