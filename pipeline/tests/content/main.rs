//! The words of answers through the public surface: transcript and job in, features out, with the real model.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests

mod answers;
mod behaviour;
mod claims;
mod concrete;
mod denied;
mod features;
mod helpers;
mod hostile;
mod invariance;
mod language;
mod orders;
mod structure;
mod unanswered;
