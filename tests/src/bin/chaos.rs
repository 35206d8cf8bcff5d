//! `make chaos N=2000`: a long run of the fleet under kills, terminations and broker kills, with a checker that
//! counts lost, duplicated and stuck jobs.

#![allow(clippy::print_stdout)] // figures are what it is for

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use interview_tests::fleet::chaos::{Analysis, Plan, run};
use interview_tests::fleet::{QueueKind, StoreKind};

/// Runs a fleet under faults and counts what came out.
#[derive(Debug, Parser)]
struct Arguments {
    /// Jobs.
    #[arg(long, default_value_t = 2000)]
    jobs: usize,
    /// rabbitmq or sqlite.
    #[arg(long, default_value = "rabbitmq")]
    queue: String,
    /// s3 or dir.
    #[arg(long, default_value = "s3")]
    store: String,
    /// Worker processes.
    #[arg(long, default_value_t = 3)]
    workers: usize,
    /// Slots of each.
    #[arg(long, default_value_t = 2)]
    slots: usize,
    /// Workers killed with SIGKILL, in percent of the jobs.
    #[arg(long, default_value_t = 10)]
    kill_percent: usize,
    /// Workers told to end with SIGTERM, in percent of the jobs.
    #[arg(long, default_value_t = 10)]
    terminate_percent: usize,
    /// The broker is killed once in so many jobs.
    #[arg(long, default_value_t = 100)]
    broker_kill_every: usize,
    /// Milliseconds of the stand-in for the analysis.
    #[arg(long, default_value_t = 40)]
    analysis_ms: u64,
    /// The real analysis of a typed answer instead.
    #[arg(long, conflicts_with = "video")]
    real: bool,
    /// The real analysis of a short recording with picture instead.
    #[arg(long)]
    video: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let plan = Plan {
        queue: if arguments.queue == "sqlite" { QueueKind::Sqlite } else { QueueKind::RabbitMq },
        store: if arguments.store == "dir" { StoreKind::Dir } else { StoreKind::S3 },
        jobs: arguments.jobs,
        workers: arguments.workers,
        slots: arguments.slots,
        kills: arguments.jobs * arguments.kill_percent / 100,
        terminations: arguments.jobs * arguments.terminate_percent / 100,
        broker_kills: arguments.jobs / arguments.broker_kill_every.max(1),
        analysis: match (arguments.video, arguments.real) {
            (true, _) => Analysis::Video,
            (_, true) => Analysis::Text,
            _ => Analysis::Ready(arguments.analysis_ms),
        },
        patience: Duration::from_secs(120),
    };
    println!("{plan:#?}");
    let outcome = run(&plan);
    println!("{}", outcome.findings);
    println!(
        "{:.0} s; slowest recovery after a broker kill {:?}",
        outcome.time.as_secs_f64(),
        outcome.slowest_recovery
    );
    if !outcome.bad_exits.is_empty() {
        println!("workers that did not end well after SIGTERM: {:?}", outcome.bad_exits);
    }
    if outcome.findings.is_clean() && outcome.bad_exits.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
