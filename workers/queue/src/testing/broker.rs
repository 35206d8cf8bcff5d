//! A private RabbitMQ: Debian's package, in a temporary folder, on free ports.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::free_port;

/// Where packages put RabbitMQ's own scripts; the one in `PATH` is a wrapper that insists on the system's account.
const SCRIPT_FOLDERS: [&str; 4] = [
    "/usr/lib/rabbitmq/bin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
    "/opt/rabbitmq/sbin",
];
/// A broker on a busy machine takes its time.
const START_TIMEOUT: Duration = Duration::from_secs(300);

/// What a test wants of its broker.
#[derive(Debug, Clone, Default)]
pub struct BrokerOptions {
    /// Un-acknowledged jobs are taken away after this time (the broker looks every second then).
    pub consumer_timeout: Option<Duration>,
    /// Certificate authority, certificate and key of the server in PEM: it also listens with TLS, and asks clients
    /// for a certificate of this authority.
    pub tls: Option<(PathBuf, PathBuf, PathBuf)>,
}

/// A broker of its own; killed and removed when dropped.
pub struct Broker {
    folder: TempDir,
    scripts: PathBuf,
    ports: Ports,
    mapper: Child,
    server: Option<Child>,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    amqp: u16,
    amqps: u16,
    distribution: u16,
    mapper: u16,
}

#[allow(clippy::expect_used)] // a helper of tests: it says what is missing and ends the test
impl Broker {
    /// Starts a broker with the defaults.
    ///
    /// # Panics
    /// When RabbitMQ is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&BrokerOptions::default())
    }

    /// Starts a broker.
    ///
    /// # Panics
    /// When RabbitMQ is not installed or does not start.
    #[must_use]
    pub fn start_with(options: &BrokerOptions) -> Self {
        let scripts = SCRIPT_FOLDERS
            .iter()
            .map(PathBuf::from)
            .find(|folder| folder.join("rabbitmq-server").is_file())
            .expect("RabbitMQ is not installed: run `make setup`");
        let folder =
            tempfile::Builder::new().prefix("interview-broker-").tempdir().expect("a temporary folder");
        let ports =
            Ports { amqp: free_port(), amqps: free_port(), distribution: free_port(), mapper: free_port() };
        std::fs::write(folder.path().join("rabbitmq.conf"), configuration(ports, options)).expect("a file");
        // How often the broker looks for consumers that are late has no name in the other file.
        let advanced = "[{rabbit, [{channel_tick_interval, 1000}]}].\n";
        std::fs::write(folder.path().join("advanced.config"), advanced).expect("a file");
        std::fs::write(folder.path().join("plugins"), "[].").expect("a file");
        // Started here, so that Erlang does not start one that outlives the test.
        let mut mapper = Command::new("epmd");
        mapper.args(["-port", &ports.mapper.to_string(), "-address", "127.0.0.1"]);
        mapper.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mapper = spawn_to_die_with_us(mapper).expect("epmd, which comes with Erlang, starts");
        let mut broker = Self { folder, scripts, ports, mapper, server: None };
        broker.start_again();
        broker
    }

    /// The folder of the broker: data, log, configuration.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Host and port of AMQP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.ports.amqp))
    }

    /// The address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@{}/%2f", self.address())
    }

    /// The address for clients with TLS.
    #[must_use]
    pub fn tls_url(&self) -> String {
        format!("amqps://guest:guest@localhost:{}/%2f", self.ports.amqps)
    }

    /// The address for clients through something in between.
    #[must_use]
    pub fn url_through(&self, address: SocketAddr) -> String {
        format!("amqp://guest:guest@{address}/%2f")
    }

    fn environment(&self, command: &mut Command) {
        let path = |name: &str| self.folder.path().join(name);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RABBITMQ_") {
                command.env_remove(name);
            }
        }
        command
            .env("HOME", self.folder.path())
            .env("ERL_EPMD_PORT", self.ports.mapper.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("interview-{}@localhost", self.ports.amqp))
            .env("RABBITMQ_DIST_PORT", self.ports.distribution.to_string())
            .env("RABBITMQ_CONF_ENV_FILE", path("no-such-file"))
            .env("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced.config"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins"))
            .env("RABBITMQ_MNESIA_BASE", path("data"))
            .env("RABBITMQ_LOG_BASE", path("log"))
            .env("RABBITMQ_PID_FILE", path("pid"))
            .env("RABBITMQ_GENERATED_CONFIG_DIR", path("generated"))
            // One busy-waiting scheduler per core is too much for a machine that also runs the tests.
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2")
            .current_dir(self.folder.path());
    }

    /// Starts the server again after [`Self::kill`] and waits until it takes connections.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        assert!(self.server.is_none(), "the broker runs already");
        let mut command = Command::new(self.scripts.join("rabbitmq-server"));
        self.environment(&mut command);
        let log = std::fs::File::create(self.folder.path().join("output")).expect("a file");
        let errors = log.try_clone().expect("a second handle");
        command
            // Makes the script become the server instead of watching over it.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        self.server = Some(spawn_to_die_with_us(command).expect("rabbitmq-server starts"));
        let begun = Instant::now();
        while !self.answers() {
            let ended = self.server.as_mut().and_then(|server| server.try_wait().ok().flatten());
            if ended.is_some() || begun.elapsed() > START_TIMEOUT {
                let log = std::fs::read_to_string(self.folder.path().join("output")).unwrap_or_default();
                panic!("the broker did not start ({ended:?} after {:?}): {log}", begun.elapsed());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Whether the server speaks AMQP: an open port alone may be a server that is still loading.
    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect_timeout(&self.address(), Duration::from_secs(1)) else {
            return false;
        };
        let mut first = [0u8; 1];
        stream.set_read_timeout(Some(Duration::from_secs(2))).is_ok()
            && stream.write_all(b"AMQP\x00\x00\x09\x01").is_ok()
            && std::io::Read::read_exact(&mut stream, &mut first).is_ok()
            && first[0] == 1
    }

    /// Kills the server at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            // Its own process group: helpers of Erlang go, too.
            let group = i32::try_from(server.id()).expect("a process id");
            // SAFETY: sends a signal to a process group that this struct started.
            unsafe { libc::kill(-group, libc::SIGKILL) };
            let _ = server.wait();
        }
    }

    /// Stops the server for a while without ending it (SIGSTOP), or lets it go on.
    pub fn freeze(&self, frozen: bool) {
        if let Some(server) = &self.server {
            let signal = if frozen { libc::SIGSTOP } else { libc::SIGCONT };
            let group = i32::try_from(server.id()).expect("a process id");
            // SAFETY: sends a signal to a process group that this struct started.
            unsafe { libc::kill(-group, signal) };
        }
    }

    /// Runs `rabbitmqctl` and gives what it printed.
    ///
    /// # Panics
    /// When the command fails.
    pub fn control(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(self.scripts.join("rabbitmqctl"));
        self.environment(&mut command);
        command.env_remove("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS");
        let output = command.arg("--quiet").args(arguments).output().expect("rabbitmqctl starts");
        assert!(
            output.status.success(),
            "rabbitmqctl {arguments:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Raises or clears the memory alarm: the broker then tells publishers to wait.
    pub fn alarm(&self, raised: bool) {
        let watermark = if raised { "0.0000001" } else { "0.6" };
        self.control(&["set_vm_memory_high_watermark", watermark]);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        let _ = self.mapper.kill();
        let _ = self.mapper.wait();
    }
}

static SHARED: Mutex<Option<Broker>> = Mutex::new(None);

/// The address of one broker that all tests of a program share, each under a prefix of its own. It is started by the
/// first who asks, and killed and removed when the program ends.
///
/// # Panics
/// When RabbitMQ is not installed or does not start.
#[must_use]
pub fn shared_broker() -> String {
    extern "C" fn remove() {
        drop(SHARED.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let broker = shared.get_or_insert_with(|| {
        // SAFETY: `remove` is a plain function without arguments and does not unwind.
        unsafe { libc::atexit(remove) };
        Broker::start()
    });
    broker.url()
}

/// Starts a process in a group of its own that ends when this program does, however it ends.
///
/// Linux ties that to the thread that started the process, and threads of tests end early: a thread that stays does it.
fn spawn_to_die_with_us(mut command: Command) -> std::io::Result<Child> {
    type Order = (Command, Sender<std::io::Result<Child>>);
    static STARTER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    command.process_group(0);
    #[cfg(target_os = "linux")]
    // SAFETY: prctl is safe to call between fork and exec; it allocates nothing and takes no locks.
    unsafe {
        command.pre_exec(|| {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) == 0 {
                Ok(())
            } else {
                Err(std::io::Error::last_os_error())
            }
        });
    }
    let starter = STARTER.get_or_init(|| {
        let (orders, inbox) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in inbox {
                drop(answer.send(command.spawn()));
            }
        });
        Mutex::new(orders)
    });
    let (answer, started) = channel();
    let ended = |_| std::io::Error::other("the thread that starts processes has ended");
    starter.lock().unwrap_or_else(PoisonError::into_inner).send((command, answer)).map_err(|_| ended(()))?;
    started.recv().map_err(|_| ended(()))?
}

fn configuration(ports: Ports, options: &BrokerOptions) -> String {
    let mut text = format!(
        "listeners.tcp.1 = 127.0.0.1:{}\n\
         log.file.level = warning\n\
         log.console = false\n\
         vm_memory_high_watermark.relative = 0.6\n\
         disk_free_limit.absolute = 50MB\n",
        ports.amqp
    );
    if let Some(timeout) = options.consumer_timeout {
        text += &format!("consumer_timeout = {}\n", timeout.as_millis());
    }
    if let Some((authority, certificate, key)) = &options.tls {
        text += &format!(
            "listeners.ssl.1 = 127.0.0.1:{}\n\
             ssl_options.cacertfile = {}\n\
             ssl_options.certfile = {}\n\
             ssl_options.keyfile = {}\n\
             ssl_options.verify = verify_peer\n\
             ssl_options.fail_if_no_peer_cert = true\n",
            ports.amqps,
            authority.display(),
            certificate.display(),
            key.display()
        );
    }
    text
}
