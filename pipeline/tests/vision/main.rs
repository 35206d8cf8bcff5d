//! The picture: networks against their reference numbers, tracking against labelled recordings, invariances.

mod geometry;
mod labels;
mod portrait;
mod references;
mod support;
