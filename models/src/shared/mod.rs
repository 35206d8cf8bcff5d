//! One process that holds the models for several others and runs what they ask in batches: on a graphics card every
//! process with models of its own would cost the card's memory and its time anew.
//!
//! The server loads a model when the first client opens it. Requests that wait while a network runs are put together
//! to its next batch where their rows have the same shape; nobody waits for others to come. Clients keep nothing on
//! the server between two requests, so a server that ends costs them a pause, not their work: they ask again.

mod client;
mod recogniser;
mod server;
mod wire;

pub use client::Connection;
pub use recogniser::SharedRecogniser;
pub use server::{Server, ServerOptions};

pub(crate) use wire::Tensor;
