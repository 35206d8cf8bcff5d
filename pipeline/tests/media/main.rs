//! The media stage through its public surface: real recordings, generated ones, and hostile files.

mod making;
mod recordings;
