//! The media stage through its public surface: real recordings, generated ones, and hostile files.

#![allow(clippy::unwrap_used)] // helpers of tests
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod damage;
mod hostile;
mod making;
mod picture;
mod recordings;
mod sound;
mod timing;
