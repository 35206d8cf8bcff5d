//! Notifications to systems of others. So far: what their answers mean; sending is not built yet.
//!
//! | module | what it does |
//! |---|---|
//! | [`reply`] | judges the answer of a receiver of webhooks or of a WeCom group robot |

pub mod reply;

pub use reply::{Judgement, Reply};
