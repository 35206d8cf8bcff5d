//! The picture: networks against their reference numbers, tracking against labelled recordings, invariances.

mod features;
mod geometry;
mod labels;
mod overlay;
mod portrait;
mod references;
mod support;
