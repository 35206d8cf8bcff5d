//! Throughput of the queue path alone: jobs queued, received, a report said, acknowledged, with a ready result in
//! place of the analysis.
//!
//! ```text
//! cargo run --release -p interview-queue --features testing --example throughput            a private RabbitMQ
//! cargo run --release -p interview-queue --features testing --example throughput sqlite:q.db
//! ```

#![allow(clippy::print_stdout, clippy::unwrap_used)] // a measurement, run by hand

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use interview_queue::testing::Broker;
use interview_queue::{Lane, NewJob, Queue, QueueUrl, connect};
use interview_schemas::event::{ArtefactRef, Artefacts};
use interview_schemas::event_making::EventContext;
use interview_schemas::parse::from_json;
use interview_schemas::report::Report;
use jiff::Timestamp;

const JOBS: usize = 3000;
const SLOTS: usize = 8;
const JOB: &[u8] = include_bytes!("../../../schemas/tests/documents/job.json");
const REPORT: &[u8] = include_bytes!("../../../schemas/tests/documents/report.json");

fn main() {
    let mut broker = None;
    let url = std::env::args().nth(1).unwrap_or_else(|| broker.insert(Broker::start()).url());
    let url: QueueUrl = url.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let queue = connect(&url).await.unwrap();
        queue.setup().await.unwrap();
        measure(queue).await;
    });
    drop(broker);
}

async fn measure(queue: Arc<dyn Queue>) {
    let jobs: Vec<NewJob> = (0..JOBS)
        .map(|number| NewJob {
            message_id: format!("job-{number}"),
            lane: if number % 2 == 0 { Lane::Interactive } else { Lane::Bulk },
            body: JOB.to_vec(),
            traceparent: None,
        })
        .collect();
    let started = Instant::now();
    queue.enqueue(&jobs).await.unwrap();
    println!("queued      {:7.0} jobs/s", JOBS as f64 / started.elapsed().as_secs_f64());
    let done = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut slots = Vec::new();
    for _ in 0..SLOTS {
        let (queue, done) = (Arc::clone(&queue), Arc::clone(&done));
        slots.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while done.fetch_add(1, Ordering::Relaxed) < JOBS {
                let begun = Instant::now();
                let delivery = queue.receive().await.unwrap();
                let events = events();
                queue.publish(&events).await.unwrap();
                delivery.ack().await.unwrap();
                times.push(begun.elapsed());
            }
            times
        }));
    }
    let mut times: Vec<Duration> = Vec::new();
    for slot in slots {
        times.extend(slot.await.unwrap());
    }
    let seconds = started.elapsed().as_secs_f64();
    times.sort();
    println!("settled     {:7.0} jobs/s with {SLOTS} slots", times.len() as f64 / seconds);
    println!(
        "per job     median {:?}, 99 % below {:?}",
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
}

/// What a report says: completed, status, triggers.
fn events() -> Vec<interview_schemas::Event> {
    let report: Report = from_json(REPORT).unwrap();
    let place = ArtefactRef { uri: "s3://bucket/key".to_owned(), sha256: "0".repeat(64), bytes: 1 };
    let artefacts = Artefacts { report: place.clone(), html: place.clone(), features: place };
    EventContext { tenant: None, traceparent: None, time: Timestamp::now() }.report(&report, artefacts)
}
