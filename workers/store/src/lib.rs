//! Where media comes from and artefacts go: an S3 bucket (any endpoint) or a folder, under one contract.
//!
//! | module | what it does |
//! |---|---|
//! | [`location`] | `s3://bucket/prefix` and `dir:PATH` |
//! | [`key`] | names of objects: checked, below one tenant; the layout of a candidate's copies |
//! | [`store`] | the store and a tenant's part of it |
//! | [`transfer`] | how fast and how long a download may be |
//! | [`error`] | what can go wrong, with its stable code |
//!
//! What both kinds of store promise:
//!
//! - **A download** ends with a complete file of the expected length and SHA-256, or with an error. A broken
//!   connection is resumed at the byte where it broke, of the same version of the object only. A transfer
//!   slower than the floor is given up.
//! - **A write** is whole or not at all, on disk when it returns, and never replaces other bytes: the same bytes
//!   again are a success, other bytes under the same key are [`StoreError::Conflict`].
//! - **A tenant** reaches nothing outside its own prefix, whatever a job says.

mod dir;
pub mod error;
pub mod key;
pub mod location;
mod receiver;
mod s3;
pub mod store;
pub mod transfer;

pub use error::StoreError;
pub use key::{JobKeys, Key};
pub use location::StoreLocation;
pub use store::{AccessKey, Listing, NewObject, ObjectInfo, S3Options, SseMode, Store, TenantStore, Written};
pub use transfer::{Downloaded, Expected, TransferLimits};
