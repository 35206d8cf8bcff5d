//! Processes that die or hang: every report once, with the same bytes, and no job stuck.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use interview_queue::{Delivery, EventFilter, Lane, NewJob};
use interview_schemas::Event;
use interview_schemas::event::{InterviewStatus, StatusChanged};
use serde_json::Value;

use crate::events::making::context;
use crate::support::{Kind, TestQueue, is_lease_lost, job, open, over_both, run};

/// Says to a copy of this program which queue it should work on.
const WORKER: &str = "INTERVIEW_QUEUE_TEST_WORKER";

over_both! {
    item_1_workers_killed_at_any_moment_lose_nothing;
}

/// What a worker says about a job: the same every time.
pub(crate) fn report(delivery: &Delivery) -> Event {
    let job = delivery.job_ref();
    let job_id = job.job_id.unwrap();
    let status = InterviewStatus::Review;
    let id = format!("report.{job_id}");
    let (candidate, title) = (job.candidate.unwrap(), status.title());
    let changed = StatusChanged {
        job_id,
        tenant: job.tenant,
        candidate,
        status,
        title,
        proposal: true,
        report_id: None,
    };
    context().status_changed(id, changed)
}

/// Not a test of its own: the worker that others kill. A moment of work, the report, the acknowledgement.
#[test]
fn worker_process() {
    let Some(url) = std::env::var_os(WORKER) else { return };
    run(async {
        let queue = open(url.to_str().unwrap()).await;
        let slot = || async {
            loop {
                let delivery = queue.receive().await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
                let published = queue.publish(&[report(&delivery)]).await;
                if published.is_ok() {
                    // A lease that was lost is somebody else's work by now.
                    let _ = delivery.ack().await;
                }
            }
        };
        tokio::join!(slot(), slot());
    });
}

fn start_worker(url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["process_faults::worker_process", "--exact"])
        .env(WORKER, url)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Makes every lease of an SQLite queue run out now, as if its holder had died long ago.
pub(crate) async fn expire_leases(test: &TestQueue) {
    let path = test.url.trim_start_matches("sqlite:").split('?').next().unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.execute("UPDATE job SET available_at_ms = 0, lease = 'of a dead worker'", []).unwrap();
}

/// Takes events until nothing has come for a while.
pub(crate) async fn drain(test: &TestQueue) -> Vec<Value> {
    let mut reader = test.queue.events(EventFilter::Results).await.unwrap();
    let mut events = Vec::new();
    while let Some(received) = reader.next(Duration::from_secs(1)).await.unwrap() {
        reader.ack(&received).await.unwrap();
        events.push(received.event);
    }
    events
}

/// Every job has its report, and no id has two bodies.
pub(crate) fn assert_reported_once(events: &[Value], jobs: usize) {
    let mut bodies: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for event in events {
        bodies.entry(event["id"].as_str().unwrap()).or_default().insert(event["data"].to_string());
    }
    assert_eq!(bodies.len(), jobs, "jobs with a report");
    let several: Vec<_> = bodies.iter().filter(|(_, bodies)| bodies.len() > 1).collect();
    assert!(several.is_empty(), "other bytes under the same id: {several:?}");
}

mod cases {
    use super::*;

    pub(super) async fn item_1_workers_killed_at_any_moment_lose_nothing(kind: Kind) {
        const JOBS: usize = 100;
        let test = TestQueue::new(kind).await;
        let jobs: Vec<NewJob> = (0..JOBS)
            .map(|number| {
                let lane = if number % 3 == 0 { Lane::Bulk } else { Lane::Interactive };
                job(&format!("job-{number}"), lane)
            })
            .collect();
        test.queue.enqueue(&jobs).await.unwrap();
        let started = Instant::now();
        let mut kills = 0;
        loop {
            let mut worker = start_worker(&test.url);
            let life = Duration::from_millis(300 + 70 * (kills % 8));
            tokio::time::sleep(life).await;
            worker.kill().unwrap();
            worker.wait().unwrap();
            kills += 1;
            let status = test.queue.status().await.unwrap();
            let waiting: u64 =
                status.lanes.iter().map(|lane| lane.ready + lane.running.unwrap_or_default()).sum();
            if waiting == 0 || started.elapsed() > Duration::from_secs(60) {
                break;
            }
        }
        // What the last worker had in hand comes back, to this one.
        tokio::time::sleep(Duration::from_millis(2500)).await;
        while let Ok(delivery) = tokio::time::timeout(Duration::from_secs(1), test.queue.receive()).await {
            let delivery = delivery.unwrap();
            test.queue.publish(&[report(&delivery)]).await.unwrap();
            delivery.ack().await.unwrap();
        }
        assert_reported_once(&drain(&test).await, JOBS);
        assert!(test.queue.dead_letters(10).await.unwrap().is_empty());
        println!("{kills} workers killed");
    }
}

/// Item 6 for the embedded queue: a worker that hangs loses its lease and may not acknowledge any more.
#[test]
fn item_6_a_worker_that_hangs_loses_its_lease_over_sqlite() {
    run(async {
        let test = TestQueue::new(Kind::Sqlite).await;
        let another = test.another().await;
        test.enqueue(&["j1"]).await;
        let delivery = test.next().await;
        // What happens while it hangs: its lease runs out, another one takes the job.
        expire_leases(&test).await;
        let taken = crate::support::next(&another).await;
        assert_eq!(taken.headers.deliveries, 2);
        let mut lost = delivery.lost();
        tokio::time::timeout(Duration::from_secs(5), lost.wait_for(|lost| *lost)).await.unwrap().unwrap();
        assert!(delivery.is_lost());
        assert!(is_lease_lost(&delivery.ack().await), "a stale acknowledgement");
        taken.ack().await.unwrap();
    });
}

/// A held lease is renewed for as long as its process lives.
#[test]
fn a_long_job_keeps_its_lease_over_sqlite() {
    run(async {
        let test = TestQueue::new(Kind::Sqlite).await;
        let another = test.another().await;
        test.enqueue(&["j1"]).await;
        let delivery = test.next().await;
        // More than twice the lease of two seconds.
        let taken = tokio::time::timeout(Duration::from_secs(5), another.receive()).await;
        assert!(taken.is_err(), "the job of a living worker was given out again");
        delivery.ack().await.unwrap();
    });
}

/// A file of something else is not touched.
#[test]
fn a_foreign_file_is_refused_over_sqlite() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("theirs.db");
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        let text = folder.path().join("text.db");
        std::fs::write(&text, "not a database, but long enough to be looked at as one").unwrap();
        for (path, words) in [(&path, "something else"), (&text, "not a database")] {
            let url: interview_queue::QueueUrl = format!("sqlite:{}", path.display()).parse().unwrap();
            let error = interview_queue::connect(&url).await.err().unwrap().to_string();
            assert!(error.contains(words), "{error}");
        }
        let missing: interview_queue::QueueUrl = "sqlite:/no/such/folder/q.db".parse().unwrap();
        assert!(interview_queue::connect(&missing).await.is_err());
    });
}
