//! The `interview` command.

mod commands;
mod error;
mod memory;
mod output;
mod progress;
mod results;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

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
    /// Lists, fetches and checks the models.
    Models(commands::models::ModelsArgs),
    /// Checks this machine and says what to do about each finding.
    Doctor(commands::doctor::DoctorArgs),
}

fn main() -> ExitCode {
    memory::give_back_large_blocks();
    let cli = Cli::parse();
    init_logging(cli.log_format);
    let result = match cli.command {
        Command::Analyze(arguments) => commands::analyze::run(&arguments),
        Command::Models(arguments) => commands::models::run(&arguments),
        Command::Doctor(arguments) => commands::doctor::run(&arguments),
    };
    match result {
        Ok(status) => status,
        Err(error) => error.report(),
    }
}

/// Sends the log to standard error; transcripts, faces and names never go there.
fn init_logging(format: LogFormat) {
    let filter =
        EnvFilter::try_from_env("INTERVIEW_LOG").unwrap_or_else(|_| EnvFilter::new("warn,ort=error"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
