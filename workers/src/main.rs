//! The `interview` command.

mod commands;
mod error;
mod output;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Turns video interviews into structured, explainable reports.
#[derive(Debug, Parser)]
#[command(name = "interview", version, about, after_help = error::EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists, fetches and checks the models.
    Models(commands::models::ModelsArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Models(arguments) => commands::models::run(&arguments),
    };
    match result {
        Ok(status) => status,
        Err(error) => error.report(),
    }
}
