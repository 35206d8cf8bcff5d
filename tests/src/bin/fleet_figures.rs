//! `make fleet-figures`: what queue, store and events cost beside the analysis, and how workers add up. The analysis
//! is replaced by a ready result or by a fixed sleep.

#![allow(clippy::print_stdout)] // figures are what it is for

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use interview_queue::QueueUrl;
use interview_tests::fleet::{
    Listener, Order, QueueKind, QueuePlace, StoreKind, StorePlace, Worker, WorkerSpec, job, runtime, text_job,
};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Figure {
    /// Milliseconds per job beside the analysis, one job at a time.
    Overhead,
    /// Jobs per second with a ready result.
    Throughput,
    /// Jobs per minute of 1, 2, 4, 8 workers with a fixed sleep.
    Scaling,
    /// Memory of the worker over many jobs.
    Memory,
}

#[derive(Debug, Parser)]
struct Arguments {
    /// Only this figure.
    #[arg(long, value_enum)]
    figure: Option<Figure>,
    /// Jobs of the memory run.
    #[arg(long, default_value_t = 10_000)]
    memory_jobs: usize,
    /// Slots of the worker of the throughput run.
    #[arg(long, default_value_t = 16)]
    slots: usize,
    /// Jobs of the throughput run.
    #[arg(long, default_value_t = 1500)]
    jobs: usize,
    /// rabbitmq or sqlite; both unless stated.
    #[arg(long)]
    queue: Option<String>,
    /// s3 or dir; both unless stated.
    #[arg(long)]
    store: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Files that are deleted between two figures would slow the second: some file systems search around them.
    let root = tempfile::tempdir().expect("a temporary folder");
    let root = root.path();
    let wanted = |figure| arguments.figure.is_none_or(|only| only == figure);
    for queue in [QueueKind::Sqlite, QueueKind::RabbitMq] {
        for store in [StoreKind::Dir, StoreKind::S3] {
            let skip = |chosen: &Option<String>, name: &str| chosen.as_ref().is_some_and(|only| only != name);
            if skip(&arguments.queue, queue.name()) || skip(&arguments.store, store.name()) {
                continue;
            }
            let place = format!("{} + {}", queue.name(), store.name());
            if wanted(Figure::Overhead) {
                overhead(&Set::new(queue, store, root), &place);
            }
            if wanted(Figure::Throughput) {
                throughput(&Set::new(queue, store, root), &place, (arguments.jobs, arguments.slots));
            }
            // The queue is what workers share: one store is enough.
            if store == StoreKind::Dir {
                if wanted(Figure::Scaling) {
                    scaling(|| Set::new(queue, store, root), &place);
                }
                if wanted(Figure::Memory) {
                    memory(&Set::new(queue, store, root), &place, arguments.memory_jobs);
                }
            }
        }
    }
    ExitCode::SUCCESS
}

struct Set {
    // The order of the fields is the order in which they go.
    listener: Listener,
    queue: QueuePlace,
    store: StorePlace,
    folder: PathBuf,
}

impl Set {
    /// A queue and a store in a new folder below `root`.
    fn new(queue: QueueKind, store: StoreKind, root: &Path) -> Self {
        let folder = tempfile::tempdir_in(root).expect("a temporary folder").keep();
        let queue = QueuePlace::start(queue, &folder);
        let store = StorePlace::start(store, &folder);
        let url: QueueUrl = queue.url().parse().expect("an address");
        runtime().block_on(async {
            let queue = interview_queue::connect(&url).await.expect("the queue can be reached");
            queue.setup().await.expect("the queue can be set up");
        });
        Self { listener: Listener::start(&queue.url()), queue, store, folder }
    }

    fn enqueue(&self, from: usize, count: usize, order: &str) {
        let jobs: Vec<_> = (from..from + count)
            .map(|number| job(&text_job(&format!("job-{number}"), Order(order))))
            .collect();
        let url: QueueUrl = self.queue.url().parse().expect("an address");
        runtime().block_on(async {
            let queue = interview_queue::connect(&url).await.expect("the queue can be reached");
            queue.enqueue(&jobs).await.expect("jobs can be queued");
        });
    }

    fn worker(&self, name: &str, slots: usize) -> Worker {
        let worker = WorkerSpec::new(&self.queue, &self.store, &self.folder)
            .with(&["--slots", &slots.to_string(), "--threads", "1", "--jobs-per-process", "1000000"])
            .ready()
            .start(name);
        worker.wait_for("worker takes jobs", Duration::from_secs(30));
        worker
    }

    /// The seconds in the log that are behind `field`, in order of size.
    fn logged(&self, worker: &Worker, field: &str) -> Vec<f64> {
        let mut values: Vec<f64> = worker
            .log()
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|entry| entry["fields"][field].as_f64())
            .collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

fn overhead(set: &Set, place: &str) {
    let mut worker = set.worker("worker", 1);
    for number in 0..100 {
        set.enqueue(number, 1, "sleep=20");
        set.listener.wait_for(number + 1, Duration::from_secs(30));
    }
    worker.terminate(Duration::from_secs(20));
    let whole = set.logged(&worker, "wall_s");
    let analysis = set.logged(&worker, "analysis_s");
    let median = |values: &[f64]| values.get(values.len() / 2).copied().unwrap_or(f64::NAN) * 1e3;
    println!(
        "overhead    {place}: median {:.1} ms per job beside the analysis ({:.1} ms with its 20 ms)",
        median(&whole) - median(&analysis),
        median(&whole)
    );
}

fn throughput(set: &Set, place: &str, (jobs, slots): (usize, usize)) {
    set.enqueue(0, jobs, "");
    let mut worker = set.worker("worker", slots);
    set.listener.wait_for(jobs / 8, Duration::from_secs(120));
    let (started, before) = (Instant::now(), set.listener.ended());
    set.listener.wait_for(jobs, Duration::from_secs(300));
    let rate = (jobs - before) as f64 / started.elapsed().as_secs_f64();
    worker.terminate(Duration::from_secs(20));
    println!("throughput  {place}: {rate:.0} jobs/s with one worker of {slots} slots and a ready result");
}

fn scaling(new_set: impl Fn() -> Set, place: &str) {
    let mut single = None;
    for workers in [1, 2, 4, 8] {
        let set = new_set();
        let jobs = workers * 12;
        let mut running: Vec<Worker> =
            (0..workers).map(|number| set.worker(&format!("worker-{number}"), 1)).collect();
        set.enqueue(0, jobs, "sleep=2000");
        set.listener.wait_for(workers, Duration::from_secs(60));
        let (started, before) = (Instant::now(), set.listener.ended());
        set.listener.wait_for(jobs, Duration::from_secs(300));
        let per_minute = (jobs - before) as f64 / started.elapsed().as_secs_f64() * 60.0;
        let single = *single.get_or_insert(per_minute);
        println!(
            "scaling     {place}: {workers} workers {per_minute:.1} jobs/min, {:.2} times one",
            per_minute / single
        );
        for worker in &mut running {
            worker.terminate(Duration::from_secs(20));
        }
    }
}

fn memory(set: &Set, place: &str, jobs: usize) {
    let mut worker = set.worker("worker", 4);
    let resident = |worker: &Worker| -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", worker.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or(f64::NAN) / 1024.0
    };
    let warm = jobs / 10;
    let mut points = Vec::new();
    for step in 0..10 {
        set.enqueue(step * warm, warm, "");
        set.listener.wait_for((step + 1) * warm, Duration::from_secs(600));
        points.push(resident(&worker));
    }
    worker.terminate(Duration::from_secs(20));
    let growth = (points[9] / points[0] - 1.0) * 100.0;
    let points: Vec<String> = points.iter().map(|mb| format!("{mb:.1}")).collect();
    println!("memory      {place}: {growth:+.1} % from job {warm} to job {jobs} (MiB: {})", points.join(" "));
}
