//! Tools for the data team: what a profile does to thousands of interviews, before it goes live.
//!
//! Everything here works on stored features; no model runs. A crate of its own, so that the flow from media to
//! report needs neither a columnar store nor a solver.
//!
//! | module | what it answers |
//! |---|---|
//! | [`store`] | features of many interviews in one Parquet file, a column per feature |
//! | [`population`] | interviews out of stores, `features.json` files and folders, scored block by block |
//! | [`simulate`] | a population with known structure, for demonstrations and tests |
//! | [`replay`] | what would another profile have said about these interviews? |
//! | [`explain`] | why this score, and what would change the grade? |
//! | [`diff`] | what is different between two profiles? |
//! | [`tune`] | which weights predict the outcome better, within limits? |
//! | [`audit`] | are groups of people selected or scored differently? |
//! | [`traits`] | what sets strong performers apart? |
//! | [`norms`] | percentile tables of a population |
//! | [`statistics`] | ranks, correlations, effect sizes, intervals |

pub mod audit;
pub mod diff;
pub mod error;
pub mod explain;
pub mod inputs;
pub mod norms;
pub mod page;
pub mod population;
pub mod replay;
pub mod simulate;
pub mod statistics;
pub mod store;
pub mod tables;
pub mod traits;
pub mod tune;

pub use error::TuningError;
