//! Speech perception against recordings whose words are known.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests

mod reference;
mod support;
mod words;
