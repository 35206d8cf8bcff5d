//! The `interview` command.

mod commands;
mod error;
mod fleet;
mod memory;
mod output;
mod progress;
mod queue_access;
mod results;
mod telemetry;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Turns recorded interviews into structured, explainable reports.
#[derive(Debug, Parser)]
#[command(name = "interview", version, about, after_help = error::EXIT_CODES)]
struct Cli {
    /// Form of the log on standard error; its level is set by INTERVIEW_LOG (such as `info`).
    #[arg(long, global = true, env = "INTERVIEW_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Analyses recordings or jobs: writes features.json, report.json and report.html.
    Analyze(commands::analyze::AnalyzeArgs),
    /// Packs the features of many interviews into one columnar file.
    Features(commands::features::FeaturesArgs),
    /// Lists, fetches and checks the models.
    Models(commands::models::ModelsArgs),
    /// Checks this machine and says what to do about each finding.
    Doctor(commands::doctor::DoctorArgs),
    /// Puts jobs into the queue.
    Enqueue(commands::enqueue::EnqueueArgs),
    /// Prints what the workers say: reports, failures, changes of status, triggers.
    Results(commands::results::ResultsArgs),
    /// Lists, shows, sends again or throws away jobs that nobody could do.
    Dead(commands::dead::DeadArgs),
    /// Makes the queue, says how full it is.
    Queue(commands::queue::QueueCommandArgs),
    /// Checks, compares, replays, tunes and audits competency profiles.
    Profile(commands::profile::ProfileArgs),
    /// Takes jobs from a queue and analyses them until it is told to stop.
    Worker(Box<fleet::worker::WorkerArgs>),
    /// Removes a candidate with every copy, or whatever has outlived its time.
    Erase(Box<fleet::erase::EraseArgs>),
    /// The process of a slot of a worker; started by it.
    #[command(hide = true)]
    Slot(fleet::child::SlotArgs),
    /// The process that holds the models for all slots of a worker; started by it.
    #[command(hide = true)]
    SharedModels(fleet::models_child::SharedModelsArgs),
    /// The decoder's process; started by the other commands.
    #[command(hide = true)]
    Decode(commands::decode::DecodeArgs),
}

impl LogFormat {
    /// The name on the command line.
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

impl Command {
    /// What is logged unless INTERVIEW_LOG says otherwise: services tell what they do, commands only what is wrong.
    fn default_log(&self) -> &'static str {
        match self {
            Self::Worker(_) | Self::Slot(_) | Self::SharedModels(_) => "info,ort=error",
            _ => "warn,ort=error",
        }
    }
}

fn main() -> ExitCode {
    memory::give_back_large_blocks();
    let cli = Cli::parse();
    let service = matches!(cli.command, Command::Worker(_));
    let telemetry = telemetry::init(cli.log_format, cli.command.default_log(), service);
    let result = match cli.command {
        Command::Analyze(arguments) => commands::analyze::run(&arguments),
        Command::Features(arguments) => commands::features::run(&arguments),
        Command::Models(arguments) => commands::models::run(&arguments),
        Command::Doctor(arguments) => commands::doctor::run(&arguments),
        Command::Enqueue(arguments) => commands::enqueue::run(&arguments),
        Command::Results(arguments) => commands::results::run(&arguments),
        Command::Dead(arguments) => commands::dead::run(&arguments),
        Command::Queue(arguments) => commands::queue::run(&arguments),
        Command::Worker(arguments) => fleet::worker::run(&arguments, cli.log_format),
        Command::Erase(arguments) => fleet::erase::run(&arguments),
        Command::Slot(arguments) => fleet::child::run(&arguments),
        Command::SharedModels(arguments) => fleet::models_child::run(&arguments),
        Command::Decode(arguments) => commands::decode::run(&arguments),
        Command::Profile(arguments) => commands::profile::run(&arguments),
    };
    let status = match result {
        Ok(status) => status,
        Err(error) => error.report(),
    };
    telemetry.end();
    status
}
