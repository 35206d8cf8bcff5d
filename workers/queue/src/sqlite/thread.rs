//! The thread that owns the file: takes commands, does them in groups, renews leases, wakes who waits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use interview_schemas::Event;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde_json::Value;
use tokio::sync::{oneshot, watch};

use super::store::{self, LeasedRow, OpenError};
use crate::error::QueueError;
use crate::lanes::Rota;
use crate::message::{DeadLetter, Failure, JobHeaders, NewJob, QueueStatus};
use crate::queue::EventFilter;
use crate::url::QueueUrl;

/// How often an idle worker looks whether another process has queued something.
const POLL: Duration = Duration::from_millis(50);
/// At most so many commands share one transaction.
const GROUP: usize = 256;

type Reply<T> = oneshot::Sender<Result<T, QueueError>>;

/// A job given out to this process.
pub(super) struct Leased {
    pub(super) id: i64,
    pub(super) body: Vec<u8>,
    pub(super) headers: JobHeaders,
    pub(super) lost: watch::Receiver<bool>,
}

/// How a leased job ends.
pub(super) enum Ending {
    Ack { events: Vec<Event> },
    Retry { after: Duration },
    Bury { failure: Failure, events: Vec<Event> },
    HandBack,
}

/// A change of the file.
pub(super) enum Write {
    Enqueue(Vec<NewJob>),
    Settle { id: i64, ending: Ending },
    Publish(Vec<Event>),
    TakeEvent(i64),
    RetryDead(String),
    DropDead(String),
}

/// What the thread is asked to do.
pub(super) enum Command {
    Write {
        write: Write,
        reply: Reply<()>,
    },
    Lease {
        reply: Reply<Leased>,
    },
    /// A delivery was dropped without being settled.
    Forget {
        id: i64,
    },
    NextEvent {
        filter: EventFilter,
        after: i64,
        wait: Duration,
        reply: Reply<Option<(i64, Value)>>,
    },
    LastEvent {
        reply: Reply<i64>,
    },
    DeadLetters {
        limit: usize,
        reply: Reply<Vec<DeadLetter>>,
    },
    Status {
        reply: Reply<QueueStatus>,
    },
}

/// The handle of the thread; it ends when the last handle is dropped.
pub(super) struct Thread {
    commands: Sender<Command>,
    name: String,
}

impl Thread {
    /// Opens the file on a thread of its own.
    pub(super) async fn start(url: &QueueUrl, path: &Path) -> Result<Self, QueueError> {
        let (commands, inbox) = channel();
        let (opened, opening) = oneshot::channel();
        let name = url.to_string();
        let lease = url.lease;
        let (path, queue): (PathBuf, String) = (path.to_owned(), name.clone());
        std::thread::Builder::new()
            .name("queue-sqlite".to_owned())
            .spawn(move || match store::open(&path) {
                Ok(connection) => {
                    let mut owner = Owner::new(connection, queue, lease);
                    if opened.send(Ok(())).is_ok() {
                        owner.run(&inbox);
                    }
                }
                Err(error) => drop(opened.send(Err(open_error(&queue, &error)))),
            })
            .map_err(|error| QueueError::Internal(format!("no thread for the queue: {error}")))?;
        opening.await.map_err(|_| gone(&name))??;
        Ok(Self { commands, name })
    }

    /// Asks and waits for the answer.
    pub(super) async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, QueueError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| gone(&self.name))?;
        answer.await.map_err(|_| gone(&self.name))?
    }

    /// Gives a job back that nobody works on any more.
    pub(super) fn forget(&self, id: i64) {
        // Were the thread gone, the lease runs out by itself.
        let _ = self.commands.send(Command::Forget { id });
    }
}

fn gone(queue: &str) -> QueueError {
    QueueError::Internal(format!("the thread of {queue} has ended"))
}

fn open_error(queue: &str, error: &OpenError) -> QueueError {
    let message = format!("cannot be opened: {error}");
    match error {
        OpenError::Sqlite(rusqlite::Error::SqliteFailure(failure, _))
            if failure.code == rusqlite::ErrorCode::DatabaseBusy =>
        {
            QueueError::Unavailable { queue: queue.to_owned(), message }
        }
        _ => QueueError::Configuration { queue: queue.to_owned(), message },
    }
}

/// A lease of this process.
struct Held {
    token: String,
    lost: watch::Sender<bool>,
}

/// Somebody who waits for an event.
struct EventWaiter {
    filter: EventFilter,
    after: i64,
    until: Instant,
    reply: Reply<Option<(i64, Value)>>,
}

/// What the thread owns.
struct Owner {
    connection: Connection,
    name: String,
    lease: Duration,
    rota: Rota,
    held: BTreeMap<i64, Held>,
    waiting: Vec<Reply<Leased>>,
    watching: Vec<EventWaiter>,
    renewed: Instant,
}

impl Owner {
    fn new(connection: Connection, name: String, lease: Duration) -> Self {
        Self {
            connection,
            name,
            lease,
            rota: Rota::default(),
            held: BTreeMap::new(),
            waiting: Vec::new(),
            watching: Vec::new(),
            renewed: Instant::now(),
        }
    }

    fn run(&mut self, inbox: &Receiver<Command>) {
        loop {
            let first = match inbox.recv_timeout(self.nap()) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut group: Vec<Command> = first.into_iter().collect();
            while group.len() < GROUP
                && let Ok(command) = inbox.try_recv()
            {
                group.push(command);
            }
            if !group.is_empty() {
                self.work(group);
            }
            self.renew_leases();
            self.serve_waiting();
            self.serve_watching();
        }
        // Whoever holds a delivery holds this thread; nothing is leased any more.
    }

    /// How long to sleep when nobody asks.
    fn nap(&self) -> Duration {
        if !self.waiting.is_empty() || !self.watching.is_empty() {
            POLL
        } else if self.held.is_empty() {
            Duration::from_secs(3600)
        } else {
            (self.lease / 3).saturating_sub(self.renewed.elapsed())
        }
    }

    fn failed(&self, error: &rusqlite::Error) -> QueueError {
        QueueError::Unavailable { queue: self.name.clone(), message: error.to_string() }
    }

    /// Does a group of commands: reads at once, writes in one transaction that is on disk before the answers go out.
    fn work(&mut self, group: Vec<Command>) {
        let mut writes: Vec<(Write, Option<Reply<()>>)> = Vec::new();
        for command in group {
            match command {
                Command::Write { write, reply } => writes.push((write, Some(reply))),
                Command::Forget { id } => writes.push((Write::Settle { id, ending: Ending::HandBack }, None)),
                Command::Lease { reply } => self.waiting.push(reply),
                Command::NextEvent { filter, after, wait, reply } => {
                    let until = Instant::now().checked_add(wait).unwrap_or_else(Instant::now);
                    self.watching.push(EventWaiter { filter, after, until, reply });
                }
                Command::Status { reply } => self.answer(reply, store::status),
                Command::LastEvent { reply } => self.answer(reply, store::last_event),
                Command::DeadLetters { limit, reply } => {
                    self.answer(reply, |connection| store::dead_letters(connection, limit));
                }
            }
        }
        if !writes.is_empty() {
            self.write_all(writes);
        }
    }

    fn answer<T>(&self, reply: Reply<T>, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) {
        // Who asked may be gone; then nobody needs the answer.
        let _ = reply.send(read(&self.connection).map_err(|error| self.failed(&error)));
    }

    fn write_all(&mut self, writes: Vec<(Write, Option<Reply<()>>)>) {
        let result = self.commit(&writes);
        let outcomes = match result {
            Ok(outcomes) => outcomes,
            Err(error) => {
                // Nothing of the group was written; leases go on, so that settling can be tried again.
                let error = self.failed(&error);
                tracing::warn!(%error, "the queue could not be written");
                vec![Err(error); writes.len()]
            }
        };
        for ((write, reply), outcome) in writes.into_iter().zip(outcomes) {
            if let Write::Settle { id, .. } = write {
                // A job that could not be settled goes to somebody else when its lease runs out.
                self.held.remove(&id);
            }
            if let Some(reply) = reply {
                let _ = reply.send(outcome);
            }
        }
    }

    fn commit(
        &mut self,
        writes: &[(Write, Option<Reply<()>>)],
    ) -> rusqlite::Result<Vec<Result<(), QueueError>>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut outcomes = Vec::with_capacity(writes.len());
        for (write, _) in writes {
            outcomes.push(apply(&transaction, write, &self.held)?);
        }
        transaction.commit()?;
        Ok(outcomes)
    }

    fn renew_leases(&mut self) {
        if self.held.is_empty() {
            self.renewed = Instant::now();
            return;
        }
        if self.renewed.elapsed() < self.lease / 3 {
            return;
        }
        self.renewed = Instant::now();
        if let Err(error) = self.renew_held() {
            tracing::warn!(%error, queue = %self.name, "leases could not be renewed");
        }
    }

    fn renew_held(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut lost = Vec::new();
        for (id, held) in &self.held {
            if !store::renew(&transaction, *id, &held.token, self.lease)? {
                lost.push(*id);
            }
        }
        transaction.commit()?;
        for id in lost {
            if let Some(held) = self.held.remove(&id) {
                tracing::warn!(queue = %self.name, "a lease was lost");
                held.lost.send_replace(true);
            }
        }
        Ok(())
    }

    /// Gives ready jobs to those who wait for one.
    fn serve_waiting(&mut self) {
        self.waiting.retain(|reply| !reply.is_closed());
        if self.waiting.is_empty() {
            return;
        }
        let leased = match self.lease_ready() {
            Ok(leased) => leased,
            Err(error) => {
                tracing::warn!(%error, queue = %self.name, "no job could be given out");
                return;
            }
        };
        for (row, token) in leased {
            let (sender, lost) = watch::channel(false);
            self.held.insert(row.id, Held { token, lost: sender });
            let id = row.id;
            let leased = Leased { id, body: row.body, headers: row.headers, lost };
            let reply = if self.waiting.is_empty() { None } else { Some(self.waiting.remove(0)) };
            if reply.is_none_or(|reply| reply.send(Ok(leased)).is_err()) {
                // The one who waited has gone meanwhile.
                self.write_all(vec![(Write::Settle { id, ending: Ending::HandBack }, None)]);
            }
        }
    }

    fn lease_ready(&mut self) -> rusqlite::Result<Vec<(LeasedRow, String)>> {
        // Reading first keeps idle workers from taking the lock.
        if !store::has_ready(&self.connection)? {
            return Ok(Vec::new());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut leased = Vec::new();
        while leased.len() < self.waiting.len() {
            let token = format!("{:032x}", fastrand::u128(..));
            match store::lease(&transaction, self.rota.next_order(), &token, self.lease)? {
                Some(row) => leased.push((row, token)),
                None => break,
            }
        }
        transaction.commit()?;
        Ok(leased)
    }

    fn serve_watching(&mut self) {
        for waiter in std::mem::take(&mut self.watching) {
            if waiter.reply.is_closed() {
                continue;
            }
            match store::next_event(&self.connection, waiter.filter, waiter.after) {
                Ok(None) if Instant::now() < waiter.until => self.watching.push(waiter),
                found => drop(waiter.reply.send(found.map_err(|error| self.failed(&error)))),
            }
        }
    }
}

/// Does one change; the lease decides whether a job may still be settled.
fn apply(
    transaction: &Transaction<'_>,
    write: &Write,
    held: &BTreeMap<i64, Held>,
) -> rusqlite::Result<Result<(), QueueError>> {
    match write {
        Write::Enqueue(jobs) => {
            for job in jobs {
                store::enqueue(transaction, job)?;
            }
            Ok(Ok(()))
        }
        Write::Publish(events) => publish(transaction, events).map(Ok),
        Write::TakeEvent(id) => store::take_event(transaction, *id).map(Ok),
        Write::RetryDead(id) => store::retry_dead(transaction, id).map(|found| found_or_not(found, id)),
        Write::DropDead(id) => store::drop_dead(transaction, id).map(|found| found_or_not(found, id)),
        Write::Settle { id, ending } => {
            let lost = || Ok(Err(QueueError::LeaseLost { message_id: id.to_string() }));
            let Some(held) = held.get(id) else { return lost() };
            if settle(transaction, *id, &held.token, ending)? { Ok(Ok(())) } else { lost() }
        }
    }
}

/// Ends a leased job; `false`, with nothing changed, when the lease is lost.
fn settle(transaction: &Transaction<'_>, id: i64, token: &str, ending: &Ending) -> rusqlite::Result<bool> {
    let (done, events): (bool, &[Event]) = match ending {
        Ending::Ack { events } => (store::remove(transaction, id, token)?, events),
        Ending::Retry { after } => (store::delay(transaction, id, token, *after)?, &[]),
        Ending::Bury { failure, events } => (store::bury(transaction, id, token, failure)?, events),
        Ending::HandBack => (store::hand_back(transaction, id, token)?, &[]),
    };
    if done {
        publish(transaction, events)?;
    }
    Ok(done)
}

fn publish(transaction: &Transaction<'_>, events: &[Event]) -> rusqlite::Result<()> {
    for event in events {
        let json = serde_json::to_string(event)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        store::publish(transaction, event, &json)?;
    }
    Ok(())
}

fn found_or_not(found: bool, message_id: &str) -> Result<(), QueueError> {
    if found { Ok(()) } else { Err(QueueError::NotFound(message_id.to_owned())) }
}
