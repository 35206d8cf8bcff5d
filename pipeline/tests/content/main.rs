//! The words of answers through the public surface: transcript and job in, features out, with the real model.

mod answers;
mod features;
mod helpers;
mod hostile;
mod invariance;
mod language;
