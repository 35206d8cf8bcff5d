//! A run in which workers are killed, told to end, and lose their broker; and at its end every report must be
//! there exactly once.

use std::path::Path;
use std::time::{Duration, Instant};

use interview_queue::QueueUrl;
use rustix::process::Signal;

use super::{
    Findings, Listener, Order, QueueKind, QueuePlace, StoreKind, StorePlace, Worker, WorkerSpec, job,
    speech_job, text_job,
};
use crate::made;

/// What a run does.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The queue.
    pub queue: QueueKind,
    /// The store.
    pub store: StoreKind,
    /// Jobs that are queued.
    pub jobs: usize,
    /// Worker processes.
    pub workers: usize,
    /// Slots of each.
    pub slots: usize,
    /// Workers killed with SIGKILL.
    pub kills: usize,
    /// Workers told to end with SIGTERM.
    pub terminations: usize,
    /// Times the broker is killed and started again; only where there is one.
    pub broker_kills: usize,
    /// What an analysis is.
    pub analysis: Analysis,
    /// After so long without any job ending the run is given up.
    pub patience: Duration,
}

/// What the workers of a run do with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Analysis {
    /// A stand-in takes so many milliseconds.
    Ready(u64),
    /// The real analysis of a typed answer.
    Text,
    /// The real analysis of a recording with sound and picture, fetched from the store.
    Video,
}

/// What is done to the fleet next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    Kill,
    Terminate,
    KillBroker,
}

impl Plan {
    /// The blows of the run, the kinds evenly mixed.
    fn blows(&self) -> Vec<Blow> {
        let broker_kills = if self.queue == QueueKind::RabbitMq { self.broker_kills } else { 0 };
        let kinds = [
            (Blow::Kill, self.kills),
            (Blow::Terminate, self.terminations),
            (Blow::KillBroker, broker_kills),
        ];
        let mut placed: Vec<(f64, Blow)> = kinds
            .into_iter()
            .flat_map(|(blow, count)| (0..count).map(move |i| ((i as f64 + 0.5) / count as f64, blow)))
            .collect();
        placed.sort_by(|a, b| a.0.total_cmp(&b.0));
        placed.into_iter().map(|(_, blow)| blow).collect()
    }
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was counted.
    pub findings: Findings,
    /// How long it took.
    pub time: Duration,
    /// The longest time from the return of the broker to the next report.
    pub slowest_recovery: Option<Duration>,
    /// Workers that did not end with 0 after SIGTERM.
    pub bad_exits: Vec<String>,
}

/// Runs a plan.
///
/// # Panics
/// When the fleet cannot be started, or nothing ends any more.
#[must_use]
pub fn run(plan: &Plan) -> Outcome {
    let started = Instant::now();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut queue = QueuePlace::start(plan.queue, folder.path());
    let store = StorePlace::start(plan.store, folder.path());
    let ids: Vec<String> = (0..plan.jobs).map(|number| format!("chaos-{number}")).collect();
    if plan.analysis == Analysis::Video {
        store.put(&format!("default/{RECORDING}"), &recording(folder.path()));
    }
    enqueue(&queue, &ids, plan.analysis);
    let listener = Listener::start(&queue.url());
    let slots = plan.slots.to_string();
    let mut spec = WorkerSpec::new(&queue, &store, folder.path()).with(&[
        "--slots",
        &slots,
        "--grace-s",
        "5",
        "--threads",
        "1",
    ]);
    if matches!(plan.analysis, Analysis::Ready(_)) {
        spec = spec.ready();
    }
    let mut fleet = Fleet {
        workers: (0..plan.workers).map(|number| spec.start(&format!("worker-{number}"))).collect(),
        spec,
        next: 0,
        bad_exits: Vec::new(),
    };
    let slowest_recovery = strike(plan, &mut fleet, &mut queue, &listener);
    wait_for_the_rest(plan, &mut fleet, &listener);
    let stuck = wait_until_empty(&queue);
    for worker in &mut fleet.workers {
        let status = worker.terminate(Duration::from_secs(20));
        if !status.success() {
            fleet.bad_exits.push(status.to_string());
        }
    }
    // What was said last may still be on its way to the listener.
    std::thread::sleep(Duration::from_millis(500));
    let findings = Findings::of(&ids, &listener.heard(), &store, stuck);
    Outcome { findings, time: started.elapsed(), slowest_recovery, bad_exits: fleet.bad_exits }
}

struct Fleet {
    workers: Vec<Worker>,
    spec: WorkerSpec,
    next: usize,
    bad_exits: Vec<String>,
}

impl Fleet {
    /// Strikes one worker after the other; a new one takes its place at once.
    fn strike_worker(&mut self, signal: Signal) {
        let number = self.next % self.workers.len();
        self.next += 1;
        let worker = &mut self.workers[number];
        if signal == Signal::KILL {
            worker.kill();
        } else {
            let status = worker.terminate(Duration::from_secs(20));
            if !status.success() {
                self.bad_exits.push(status.to_string());
            }
        }
        *worker = self.spec.start(&format!("worker-{number}"));
    }
}

/// The recording of a run with [`Analysis::Video`], below the tenant.
const RECORDING: &str = "media/answer.mp4";

fn recording(folder: &Path) -> Vec<u8> {
    let words = "First I listen. Then I look for a way that works for both of us.";
    let sound = made::speech(folder, "answer.wav", "en-us", words);
    std::fs::read(made::video(folder, "answer.mp4", &sound)).expect("the recording was made")
}

fn enqueue(queue: &QueuePlace, ids: &[String], analysis: Analysis) {
    let order = |id: &String| match analysis {
        Analysis::Ready(time) => text_job(id, Order(&format!("sleep={time}"))),
        Analysis::Text => text_job(id, Order("")),
        Analysis::Video => {
            let mut job = speech_job(id, RECORDING, Order(""));
            job["answers"][0]["kind"] = "video".into();
            job
        }
    };
    let jobs: Vec<_> = ids.iter().map(|id| job(&order(id))).collect();
    let url: QueueUrl = queue.url().parse().expect("an address of a queue");
    super::runtime().block_on(async {
        let connection = interview_queue::connect(&url).await.expect("the queue can be reached");
        connection.setup().await.expect("the queue can be set up");
        connection.enqueue(&jobs).await.expect("jobs can be queued");
    });
}

/// Deals the blows, spread over the jobs.
fn strike(plan: &Plan, fleet: &mut Fleet, queue: &mut QueuePlace, listener: &Listener) -> Option<Duration> {
    let blows = plan.blows();
    let mut slowest: Option<Duration> = None;
    for (number, blow) in blows.iter().enumerate() {
        // The last jobs are left in peace: a blow that hits nobody proves nothing.
        let due = plan.jobs * number / (blows.len() + 1);
        let waiting = Instant::now();
        while listener.ended() < due && waiting.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(10));
        }
        // Somewhere in the middle of a job.
        std::thread::sleep(Duration::from_millis(13 * (number as u64 % 7)));
        match blow {
            Blow::Kill => fleet.strike_worker(Signal::KILL),
            Blow::Terminate => fleet.strike_worker(Signal::TERM),
            Blow::KillBroker => {
                queue.kill_broker();
                std::thread::sleep(Duration::from_millis(500));
                queue.restart_broker();
                let back = Instant::now();
                let before = listener.ended();
                while listener.ended() == before && back.elapsed() < plan.patience && before < plan.jobs {
                    std::thread::sleep(Duration::from_millis(20));
                }
                slowest = slowest.max(Some(back.elapsed()));
            }
        }
    }
    slowest
}

fn wait_for_the_rest(plan: &Plan, fleet: &mut Fleet, listener: &Listener) {
    let (mut last, mut since) = (listener.ended(), Instant::now());
    while listener.ended() < plan.jobs {
        if listener.ended() > last {
            (last, since) = (listener.ended(), Instant::now());
        }
        if since.elapsed() > plan.patience {
            let running = fleet.workers.iter_mut().map(|worker| worker.is_running()).collect::<Vec<_>>();
            let log = fleet.workers.first().map(Worker::log).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(20).collect();
            panic!(
                "{last} of {} jobs ended, then nothing; workers run: {running:?}\n{}",
                plan.jobs,
                tail.join("\n")
            );
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the queue holds no job any more; gives how many it still holds after a while.
fn wait_until_empty(queue: &QueuePlace) -> u64 {
    let url: QueueUrl = queue.url().parse().expect("an address of a queue");
    super::runtime().block_on(async {
        let connection = interview_queue::connect(&url).await.expect("the queue can be reached");
        let mut left = u64::MAX;
        for _ in 0..60 {
            let status = connection.status().await.expect("the queue tells its status");
            let lanes: u64 = status.lanes.iter().map(|lane| lane.ready + lane.running.unwrap_or(0)).sum();
            left = lanes + status.delayed + status.dead;
            if left == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        left
    })
}
