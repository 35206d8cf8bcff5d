//! The contract of the queue: the same tests over RabbitMQ and SQLite, then what only one of them can suffer.
//! Numbers in names are those of the checklist of faults in `docs/operate.md`.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests, which say what they measured

mod broker_faults;
mod dead_letters;
mod events;
mod hostile;
mod jobs;
mod process_faults;
mod support;
mod topology;
