//! The media stage through its public surface: real recordings, generated ones, and hostile files.

mod damage;
mod hostile;
mod making;
mod picture;
mod recordings;
mod sound;
mod timing;
