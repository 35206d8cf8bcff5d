//! The tables and what is done with them, each function one step of a transaction.

use std::time::Duration;

use interview_schemas::event::EventData;
use interview_schemas::wire::Lane;
use interview_schemas::{Event, TraceParent};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use crate::message::{DeadLetter, Failure, JobHeaders, LaneStatus, MAX_DELIVERIES, NewJob, QueueStatus};
use crate::queue::EventFilter;

/// Says that the file is ours ("IVQ1").
const APPLICATION_ID: i64 = 0x4956_5131;
/// Version of the tables.
const VERSION: i64 = 1;
/// How many events that nobody needs any more are kept for late watchers.
const KEPT_EVENTS: i64 = 10_000;

/// `available_at_ms` is when a job may be given out: in the past when it waits, in the future while it is delayed or
/// leased. One index serves all three.
const TABLES: &str = "
    CREATE TABLE job (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL,
        lane TEXT NOT NULL,
        body BLOB NOT NULL,
        attempt INTEGER NOT NULL,
        deliveries INTEGER NOT NULL,
        queued_at_ms INTEGER NOT NULL,
        traceparent TEXT,
        available_at_ms INTEGER NOT NULL,
        lease TEXT
    ) STRICT;
    CREATE INDEX job_ready ON job (lane, available_at_ms, id);
    CREATE TABLE dead_letter (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL,
        lane TEXT NOT NULL,
        body BLOB NOT NULL,
        attempt INTEGER NOT NULL,
        queued_at_ms INTEGER NOT NULL,
        traceparent TEXT,
        code TEXT NOT NULL,
        message TEXT NOT NULL,
        failed_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX dead_letter_message ON dead_letter (message_id, id);
    CREATE TABLE event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        type TEXT NOT NULL,
        event TEXT NOT NULL,
        taken INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX event_untaken ON event (id) WHERE taken = 0;
";

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the file is a database of something else; name another file")]
    Foreign,
    #[error("the file was made by a later version of this program (version {0}); update this program")]
    Newer(i64),
}

/// Opens the file and makes the tables where they are missing.
pub(crate) fn open(path: &std::path::Path) -> Result<Connection, OpenError> {
    let connection = Connection::open(path)?;
    // Longer than any other process holds the lock.
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A commit is on disk when it returns: nothing that was confirmed is lost, not even with the power.
    connection.pragma_update(None, "synchronous", "full")?;
    let transaction = connection.unchecked_transaction()?;
    let application: i64 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, version) {
        (0, 0) if tables == 0 => {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        (APPLICATION_ID, VERSION) => {}
        (APPLICATION_ID, newer) => return Err(OpenError::Newer(newer)),
        _ => return Err(OpenError::Foreign),
    }
    transaction.commit()?;
    Ok(connection)
}

/// Milliseconds of the wall clock: leases and delays are shared by processes.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn after(now_ms: i64, delay: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX))
}

pub(crate) fn enqueue(connection: &Connection, job: &NewJob) -> rusqlite::Result<()> {
    let now = now_ms();
    insert_job(connection, &job.message_id, job.lane, &job.body, now, job.traceparent)
}

fn insert_job(
    connection: &Connection,
    message_id: &str,
    lane: Lane,
    body: &[u8],
    now: i64,
    traceparent: Option<TraceParent>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO job (message_id, lane, body, attempt, deliveries, queued_at_ms, traceparent, available_at_ms)
             VALUES (?1, ?2, ?3, 1, 0, ?4, ?5, ?4)",
        )?
        .execute(params![message_id, lane.as_str(), body, now, traceparent.map(String::from)])
        .map(drop)
}

/// Whether a job could be given out now; reads only.
pub(crate) fn has_ready(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM job WHERE lane = 'interactive' AND available_at_ms <= ?1)
                 OR EXISTS (SELECT 1 FROM job WHERE lane = 'bulk' AND available_at_ms <= ?1)",
        )?
        .query_row([now_ms()], |row| row.get(0))
}

/// A job that was given out.
pub(crate) struct LeasedRow {
    pub(crate) id: i64,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: JobHeaders,
}

/// Gives out the next job of the first lane in `order` that has one.
pub(crate) fn lease(
    connection: &Connection,
    order: [Lane; 2],
    lease: &str,
    duration: Duration,
) -> rusqlite::Result<Option<LeasedRow>> {
    let now = now_ms();
    for lane in order {
        let found = connection
            .prepare_cached(
                "UPDATE job SET lease = ?1, available_at_ms = ?2, deliveries = deliveries + 1
                 WHERE id = (SELECT id FROM job WHERE lane = ?3 AND available_at_ms <= ?4
                             ORDER BY available_at_ms, id LIMIT 1)
                 RETURNING id, message_id, body, attempt, deliveries, queued_at_ms, traceparent",
            )?
            .query_row(params![lease, after(now, duration), lane.as_str(), now], |row| leased_row(row, lane))
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn leased_row(row: &Row<'_>, lane: Lane) -> rusqlite::Result<LeasedRow> {
    let deliveries: u32 = row.get(4)?;
    Ok(LeasedRow {
        id: row.get(0)?,
        body: row.get(2)?,
        headers: JobHeaders {
            message_id: row.get(1)?,
            lane,
            attempt: row.get(3)?,
            deliveries,
            exhausted: deliveries > MAX_DELIVERIES,
            queued_at: Timestamp::from_millisecond(row.get(5)?).ok(),
            traceparent: trace(row.get(6)?),
        },
    })
}

fn trace(text: Option<String>) -> Option<TraceParent> {
    text.and_then(|text| text.parse().ok())
}

/// Renews a lease; `false` when it is somebody else's by now.
pub(crate) fn renew(
    connection: &Connection,
    id: i64,
    lease: &str,
    duration: Duration,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("UPDATE job SET available_at_ms = ?3 WHERE id = ?1 AND lease = ?2")?
        .execute(params![id, lease, after(now_ms(), duration)])
        .map(|changed| changed == 1)
}

/// Removes a job that is done; `false` when the lease is lost.
pub(crate) fn remove(connection: &Connection, id: i64, lease: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("DELETE FROM job WHERE id = ?1 AND lease = ?2")?
        .execute(params![id, lease])
        .map(|changed| changed == 1)
}

/// Sends a job away until its next attempt; `false` when the lease is lost.
pub(crate) fn delay(
    connection: &Connection,
    id: i64,
    lease: &str,
    delay: Duration,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "UPDATE job SET lease = NULL, attempt = attempt + 1, deliveries = 0, available_at_ms = ?3
             WHERE id = ?1 AND lease = ?2",
        )?
        .execute(params![id, lease, after(now_ms(), delay)])
        .map(|changed| changed == 1)
}

/// Gives a job free again, as if it had not been given out; `false` when the lease is lost.
pub(crate) fn hand_back(connection: &Connection, id: i64, lease: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "UPDATE job SET lease = NULL, deliveries = max(deliveries - 1, 0), available_at_ms = queued_at_ms
             WHERE id = ?1 AND lease = ?2",
        )?
        .execute(params![id, lease])
        .map(|changed| changed == 1)
}

/// Moves a job to the dead letters; `false` when the lease is lost.
pub(crate) fn bury(
    connection: &Connection,
    id: i64,
    lease: &str,
    failure: &Failure,
) -> rusqlite::Result<bool> {
    let copied = connection
        .prepare_cached(
            "INSERT INTO dead_letter (message_id, lane, body, attempt, queued_at_ms, traceparent, code, message,
                                      failed_at_ms)
             SELECT message_id, lane, body, attempt, queued_at_ms, traceparent, ?3, ?4, ?5
             FROM job WHERE id = ?1 AND lease = ?2",
        )?
        .execute(params![id, lease, failure.code.as_str(), failure.message, now_ms()])?;
    Ok(copied == 1 && remove(connection, id, lease)?)
}

pub(crate) fn dead_letters(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<DeadLetter>> {
    connection
        .prepare_cached(
            "SELECT message_id, lane, body, attempt, queued_at_ms, traceparent, code, message, failed_at_ms
             FROM dead_letter ORDER BY id LIMIT ?1",
        )?
        .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], dead_letter)?
        .collect()
}

fn dead_letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    let lane: String = row.get(1)?;
    let body: Vec<u8> = row.get(2)?;
    Ok(DeadLetter {
        message_id: row.get(0)?,
        lane: lane.parse().unwrap_or_default(),
        code: row.get(6)?,
        message: row.get(7)?,
        failed_at: Timestamp::from_millisecond(row.get(8)?).ok(),
        attempt: row.get(3)?,
        queued_at: Timestamp::from_millisecond(row.get(4)?).ok(),
        traceparent: trace(row.get(5)?),
        bytes: body.len(),
        body,
    })
}

/// Sends the oldest dead letter with this id back to its lane; `false` when there is none.
pub(crate) fn retry_dead(connection: &Connection, message_id: &str) -> rusqlite::Result<bool> {
    let letter = connection
        .prepare_cached(
            "DELETE FROM dead_letter
             WHERE id = (SELECT id FROM dead_letter WHERE message_id = ?1 ORDER BY id LIMIT 1)
             RETURNING message_id, lane, body, attempt, queued_at_ms, traceparent, code, message, failed_at_ms",
        )?
        .query_row([message_id], dead_letter)
        .optional()?;
    let Some(letter) = letter else { return Ok(false) };
    // The time tells the next failure from this one, however fast the two follow each other.
    let before_ms = letter.queued_at.map_or(0, Timestamp::as_millisecond);
    let queued_at_ms = now_ms().max(before_ms.saturating_add(1));
    insert_job(connection, &letter.message_id, letter.lane, &letter.body, queued_at_ms, letter.traceparent)?;
    Ok(true)
}

/// Throws the oldest dead letter with this id away; `false` when there is none.
pub(crate) fn drop_dead(connection: &Connection, message_id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "DELETE FROM dead_letter
             WHERE id = (SELECT id FROM dead_letter WHERE message_id = ?1 ORDER BY id LIMIT 1)",
        )?
        .execute([message_id])
        .map(|changed| changed == 1)
}

/// Writes an event. Progress counts as taken from the start: it is only for who looks at this moment.
pub(crate) fn publish(connection: &Connection, event: &Event, json: &str) -> rusqlite::Result<()> {
    let taken = matches!(event.data, EventData::Progress(_));
    connection
        .prepare_cached("INSERT INTO event (type, event, taken) VALUES (?1, ?2, ?3)")?
        .execute(params![event.data.event_type(), json, taken])?;
    let id = connection.last_insert_rowid();
    if id % 1000 == 0 {
        connection
            .prepare_cached("DELETE FROM event WHERE taken = 1 AND id < ?1")?
            .execute([id.saturating_sub(KEPT_EVENTS)])?;
    }
    Ok(())
}

/// The next event behind `after`.
pub(crate) fn next_event(
    connection: &Connection,
    filter: EventFilter,
    after: i64,
) -> rusqlite::Result<Option<(i64, Value)>> {
    let query = match filter {
        EventFilter::Results => "SELECT id, event FROM event WHERE id > ?1 AND taken = 0 ORDER BY id LIMIT 1",
        EventFilter::Live => "SELECT id, event FROM event WHERE id > ?1 ORDER BY id LIMIT 1",
    };
    connection
        .prepare_cached(query)?
        .query_row([after], |row| {
            let text: String = row.get(1)?;
            // We wrote it; were it damaged, the reader still sees that there was one.
            let event = serde_json::from_str(&text).unwrap_or(Value::String(text));
            Ok((row.get(0)?, event))
        })
        .optional()
}

pub(crate) fn last_event(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(id), 0) FROM event", [], |row| row.get(0))
}

pub(crate) fn take_event(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE event SET taken = 1 WHERE id = ?1")?.execute([id]).map(drop)
}

pub(crate) fn status(connection: &Connection) -> rusqlite::Result<QueueStatus> {
    let now = now_ms();
    let count = |query: &str, lane: Option<Lane>| -> rusqlite::Result<u64> {
        let count: i64 = match lane {
            Some(lane) => connection.query_row(query, params![lane.as_str(), now], |row| row.get(0))?,
            None => connection.query_row(query, [], |row| row.get(0))?,
        };
        Ok(count.unsigned_abs())
    };
    let mut lanes = Vec::new();
    let mut delayed = 0u64;
    for lane in Lane::ALL {
        let ready = count("SELECT count(*) FROM job WHERE lane = ?1 AND available_at_ms <= ?2", Some(lane))?;
        let running = count(
            "SELECT count(*) FROM job WHERE lane = ?1 AND available_at_ms > ?2 AND lease IS NOT NULL",
            Some(lane),
        )?;
        let waiting = count(
            "SELECT count(*) FROM job WHERE lane = ?1 AND available_at_ms > ?2 AND lease IS NULL",
            Some(lane),
        )?;
        delayed = delayed.saturating_add(waiting);
        lanes.push(LaneStatus { lane, ready, running: Some(running) });
    }
    Ok(QueueStatus {
        kind: "sqlite",
        lanes,
        delayed,
        dead: count("SELECT count(*) FROM dead_letter", None)?,
        results: count("SELECT count(*) FROM event WHERE taken = 0", None)?,
    })
}
