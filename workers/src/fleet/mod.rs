//! The fleet: workers that take jobs from a queue, media from a store, and lose nothing.
//!
//! | module | what it does |
//! |---|---|
//! | [`worker`] | `interview worker`: start, slots, drain |
//! | [`job`] | one delivery from receipt to acknowledgement |
//! | [`media`], [`artefacts`] | what comes from the store and what goes there |
//! | [`slot`], [`child`] | the process that analyses, seen from outside and from inside |
//! | [`shared_models`], [`models_child`] | one process with the models for all slots, from outside and inside |
//! | [`teller`] | says progress beside the work |
//! | [`erase`], [`audit`] | what is deleted, and the record of who did what |
//! | [`metrics`], [`http`] | what operators look at |
//!
//! The order that loses nothing: artefacts stored, events confirmed, job acknowledged last. A job that is cut
//! anywhere is given out again and gives the same ids and the same bytes.

mod artefacts;
mod audit;
pub(crate) mod child;
pub(crate) mod erase;
mod http;
mod job;
mod media;
mod memory;
mod metrics;
pub(crate) mod models_child;
pub(crate) mod options;
mod scratch;
mod shared_models;
mod slot;
mod teller;
pub(crate) mod worker;
