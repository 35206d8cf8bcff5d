//! A TCP proxy that injects faults between a client and a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::sleep;

/// What the proxy does to everything that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Every byte is held back for this time.
    Delay(Duration),
    /// Connections stay open, but nothing passes: a network that swallows packets.
    Stall,
    /// Connections are reset, new ones too: a network that is down.
    Cut,
}

/// A proxy on a port of its own; ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    runtime: Option<Runtime>,
}

impl Proxy {
    /// Starts a proxy in front of a server on this machine.
    ///
    /// # Panics
    /// When no socket can be opened.
    #[must_use]
    #[allow(clippy::expect_used)] // a helper of tests
    pub fn start(server: SocketAddr) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fault-proxy")
            .enable_all()
            .build()
            .expect("a runtime for the proxy");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a port for the proxy");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (fault, faults) = watch::channel(Fault::None);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, server, faults.clone()));
            }
        });
        Self { address, fault, runtime: Some(runtime) }
    }

    /// Where clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what happens, for connections that stand and for new ones.
    pub fn set(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// One connection: both directions until one ends or the network is cut.
async fn serve(client: TcpStream, server: SocketAddr, mut faults: watch::Receiver<Fault>) {
    if *faults.borrow() == Fault::Cut {
        reset(&client);
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client, server) = (Arc::new(client), Arc::new(server));
    let pumps = async {
        tokio::select! {
            () = pump(Arc::clone(&client), Arc::clone(&server), faults.clone()) => {}
            () = pump(Arc::clone(&server), Arc::clone(&client), faults.clone()) => {}
        }
    };
    let mut cuts = faults.clone();
    tokio::select! {
        () = pumps => {}
        _ = cuts.wait_for(|fault| *fault == Fault::Cut) => {
            reset(&client);
            reset(&server);
        }
    }
    faults.mark_unchanged();
}

/// The other side sees "connection reset", not an orderly end.
fn reset(stream: &TcpStream) {
    #[allow(deprecated)] // blocks only while data is unsent; with zero seconds it never does
    let _ = stream.set_linger(Some(Duration::ZERO));
}

async fn pump(from: Arc<TcpStream>, to: Arc<TcpStream>, mut faults: watch::Receiver<Fault>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(read) = read(&from, &mut buffer).await else { return };
        if read == 0 {
            return;
        }
        let fault = *faults.borrow_and_update();
        match fault {
            Fault::Delay(time) => sleep(time).await,
            // What was read waits until the stall ends, like packets that are sent again.
            Fault::Stall if faults.wait_for(|fault| *fault != Fault::Stall).await.is_err() => return,
            Fault::None | Fault::Stall | Fault::Cut => {}
        }
        if write_all(&to, &buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &TcpStream, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        stream.readable().await?;
        match stream.try_read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            other => return other,
        }
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
