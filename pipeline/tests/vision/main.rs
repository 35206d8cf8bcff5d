//! The picture: networks against their reference numbers, tracking against labelled recordings, invariances.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests

mod features;
mod geometry;
mod labels;
mod overlay;
mod portrait;
mod references;
mod support;
