//! A web server on this machine that serves one file, well or badly.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// How the server behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    /// Serves the file, with ranges.
    Whole,
    /// Cuts every connection after so many bytes of the file; serves ranges.
    CutAfter {
        /// Bytes per connection.
        bytes: usize,
    },
    /// Serves so many bytes of the file in all, then nothing any more.
    DieAfter {
        /// Bytes in all.
        bytes: usize,
    },
    /// Ignores ranges and sends the whole file each time.
    WithoutRanges,
    /// Sends the file without saying how long it is.
    WithoutLength,
    /// Has no such file.
    NotFound,
}

/// A running server; it stops when it is dropped.
pub(crate) struct WebServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Option<usize>>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl WebServer {
    /// Starts a server for one file under every path.
    pub(crate) fn start(content: Vec<u8>, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stopping = Arc::new(AtomicBool::new(false));
        let (seen, stop) = (Arc::clone(&requests), Arc::clone(&stopping));
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                // A client that hangs up early is part of some tests.
                let _ = answer(&connection.unwrap(), &content, behaviour, &seen);
            }
        });
        Self { address, requests, stopping, thread: Some(thread) }
    }

    /// The address of the server, as a mirror is named.
    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where each request wanted to begin; `None` for the whole file.
    pub(crate) fn ranges(&self) -> Vec<Option<usize>> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        // The listener is waiting for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(
    connection: &TcpStream,
    content: &[u8],
    behaviour: Behaviour,
    requests: &Mutex<Vec<Option<usize>>>,
) -> std::io::Result<()> {
    let mut start = None;
    let mut lines = BufReader::new(connection).lines();
    for line in &mut lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().ok();
        }
    }
    requests.lock().unwrap().push(start);
    let from = match behaviour {
        Behaviour::WithoutRanges => 0,
        _ => start.unwrap_or(0),
    };
    let rest = &content[from.min(content.len())..];
    let length = rest.len();
    let head = match behaviour {
        Behaviour::NotFound => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n".to_owned(),
        Behaviour::WithoutLength => "HTTP/1.1 200 OK\r\n".to_owned(),
        _ if from > 0 => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {length}\r\nContent-Range: bytes {from}-{}/{}\r\n",
            content.len() - 1,
            content.len()
        ),
        _ => format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n"),
    };
    let sent = match behaviour {
        Behaviour::NotFound => 0,
        Behaviour::CutAfter { bytes } => bytes.min(length),
        Behaviour::DieAfter { bytes } => bytes.saturating_sub(from).min(length),
        _ => length,
    };
    let mut stream = connection;
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"Connection: close\r\n\r\n")?;
    stream.write_all(&rest[..sent])?;
    stream.flush()
}
