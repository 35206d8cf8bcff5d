//! End-to-end tests: real files in, real reports out, through the built `interview` program.

mod analyze;
mod bad_input;
mod command_line;
#[cfg(target_os = "linux")]
mod decoder;
#[cfg(target_os = "linux")]
mod exploit;
mod lexicons;
mod profile;
mod profile_fleet;
mod queue;
mod written;
