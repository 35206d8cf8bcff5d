//! One connection to the broker, made again whenever it is gone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::uri::{AMQPUri, SASLMechanism};
use lapin::{Connection, ConnectionProperties, ErrorKind, Event};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::tls;
use crate::error::QueueError;
use crate::queue::Health;
use crate::url::{Place, QueueUrl};

/// How long one attempt to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
/// First and longest wait between attempts. A broker that is back is used again within the longest one.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A connection that stands.
pub(super) struct Live {
    pub(super) connection: Connection,
    blocked: watch::Receiver<Option<String>>,
}

impl Live {
    pub(super) fn connected(&self) -> bool {
        self.connection.status().connected()
    }

    /// Whether the broker takes no messages for the moment.
    pub(super) fn blocked(&self) -> bool {
        self.blocked.borrow().is_some()
    }
}

/// Keeps one connection. Publishing and consuming have one each: a broker that blocks publishers stops reading
/// from them, and acknowledgements must not be caught in that.
pub(super) struct Link {
    url: QueueUrl,
    role: &'static str,
    current: tokio::sync::Mutex<Option<Arc<Live>>>,
    health: Arc<Mutex<Health>>,
}

impl Link {
    pub(super) fn new(url: &QueueUrl, role: &'static str) -> Self {
        let health = Health { connected: false, blocked: None, last_error: None };
        Self {
            url: url.clone(),
            role,
            current: tokio::sync::Mutex::default(),
            health: Arc::new(Mutex::new(health)),
        }
    }

    pub(super) fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, change: impl FnOnce(&mut Health)) {
        change(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The connection, made anew in one attempt when it is gone.
    pub(super) async fn live(&self) -> Result<Arc<Live>, QueueError> {
        let mut current = self.current.lock().await;
        if let Some(live) = current.as_ref().filter(|live| live.connected()) {
            return Ok(Arc::clone(live));
        }
        // The old one goes first: nothing of it may be settled any more.
        *current = None;
        match self.connect().await {
            Ok(live) => {
                tracing::info!(queue = %self.url, role = self.role, "connected");
                self.note(|health| *health = Health { connected: true, blocked: None, last_error: None });
                *current = Some(Arc::clone(&live));
                Ok(live)
            }
            Err(error) => {
                self.note(|health| {
                    health.connected = false;
                    health.last_error = Some(error.to_string());
                });
                Err(error)
            }
        }
    }

    /// The connection, tried without end. Only what waiting cannot help is an error.
    pub(super) async fn live_at_last(&self) -> Result<Arc<Live>, QueueError> {
        let mut backoff = Backoff::default();
        loop {
            match self.live().await {
                Err(error) if error.is_transient() => {
                    tracing::warn!(%error, role = self.role, "waiting for the queue");
                    backoff.wait().await;
                }
                other => return other,
            }
        }
    }

    async fn connect(&self) -> Result<Arc<Live>, QueueError> {
        let uri = self.uri()?;
        let tls = tls::read(&self.url)?;
        let properties = ConnectionProperties::default()
            .with_connection_name(format!("interview {} {}", self.role, std::process::id()).into());
        let runtime = lapin::runtime::default_runtime().map_err(|error| self.error(&error))?;
        let connecting = Connection::connect_uri_with_config(uri, properties, tls, runtime);
        let connection = timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_| QueueError::Unavailable {
                queue: self.url.to_string(),
                message: format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()),
            })?
            .map_err(|error| self.error(&error))?;
        let (sender, blocked) = watch::channel(None);
        self.watch(&connection, sender);
        Ok(Arc::new(Live { connection, blocked }))
    }

    /// Follows what the broker says about the connection, until it ends.
    fn watch(&self, connection: &Connection, blocked: watch::Sender<Option<String>>) {
        let mut events = Box::pin(connection.events_listener());
        let health = Arc::clone(&self.health);
        let (queue, role) = (self.url.to_string(), self.role);
        let note = move |change: &dyn Fn(&mut Health)| {
            change(&mut health.lock().unwrap_or_else(PoisonError::into_inner));
        };
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                match event {
                    Event::ConnectionBlocked(reason) => {
                        tracing::warn!(%queue, role, %reason, "the broker takes no messages for now");
                        note(&|health| health.blocked = Some(reason.clone()));
                        blocked.send_replace(Some(reason));
                    }
                    Event::ConnectionUnblocked => {
                        tracing::info!(%queue, role, "the broker takes messages again");
                        note(&|health| health.blocked = None);
                        blocked.send_replace(None);
                    }
                    Event::Error(error) => {
                        tracing::warn!(%queue, role, %error, "the connection is gone");
                        note(&|health| {
                            *health = Health {
                                connected: false,
                                blocked: None,
                                last_error: Some(error.to_string()),
                            };
                        });
                        break;
                    }
                    _ => {}
                }
            }
        });
    }

    fn uri(&self) -> Result<AMQPUri, QueueError> {
        let Place::Amqp(url) = &self.url.place else {
            return Err(QueueError::Internal("an AMQP connection to a file".to_owned()));
        };
        let mut uri: AMQPUri = url
            .as_str()
            .parse()
            .map_err(|message: String| QueueError::Configuration { queue: self.url.to_string(), message })?;
        uri.query.heartbeat = Some(u16::try_from(self.url.heartbeat.as_secs()).unwrap_or(u16::MAX).max(1));
        if self.url.external_auth {
            uri.query.auth_mechanism = Some(SASLMechanism::External);
        }
        Ok(uri)
    }

    /// An error of lapin, sorted.
    pub(super) fn error(&self, error: &lapin::Error) -> QueueError {
        sort_error(&self.url, error)
    }
}

/// Tells what waiting can help from what it cannot.
pub(super) fn sort_error(url: &QueueUrl, error: &lapin::Error) -> QueueError {
    let queue = url.to_string();
    let ErrorKind::ProtocolError(amqp) = error.kind() else {
        return QueueError::Unavailable { queue, message: error.to_string() };
    };
    let text = amqp.get_message().as_str().to_owned();
    // A broker that is starting or electing a leader says "not found" and "not allowed", too.
    let passing = text.contains("is down") || text.contains("inaccessible") || text.contains("stopped by");
    let advice = match amqp.kind() {
        AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => "check user, password and permissions",
        AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) if !passing => "run `interview queue setup`",
        AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED) if text.contains("inequivalent") => {
            "it is there with other settings: delete it, or use another prefix"
        }
        AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) if !passing => {
            "check the virtual host and the user's access to it"
        }
        _ => return QueueError::Unavailable { queue, message: text },
    };
    QueueError::Configuration { queue, message: format!("{text}: {advice}") }
}

/// Waits longer each time, with jitter, so that a fleet does not come back all at once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    fn next(&mut self) -> Duration {
        let full = FIRST_WAIT.saturating_mul(1 << self.tries.min(10)).min(LONGEST_WAIT);
        self.tries = self.tries.saturating_add(1);
        full.mul_f64(0.5 + 0.5 * fastrand::f64())
    }

    pub(super) async fn wait(&mut self) {
        sleep(self.next()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_not_beyond() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..40).map(|_| backoff.next()).collect();
        assert!(waits[0] <= FIRST_WAIT);
        assert!(waits.iter().all(|wait| *wait >= FIRST_WAIT / 2 && *wait <= LONGEST_WAIT));
        assert!(waits[39] >= LONGEST_WAIT / 2);
    }
}
