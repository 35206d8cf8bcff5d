//! Wire types of the interview pipeline: what comes in (jobs, profiles, policies) and what goes out
//! (perception, features, reports). Serde only; this crate knows no other crate of the workspace.
//!
//! Every type here derives its JSON Schema; the generated files stand in `schemas/json/` and a test
//! fails when they differ from the code.

pub mod answer;
pub mod async_api;
pub mod error_code;
pub mod event;
pub mod event_making;
pub mod features;
pub mod ids;
pub mod job;
pub mod json_schema;
pub mod language;
pub mod parse;
pub mod perception;
pub mod policy;
pub mod profile;
pub mod report;
pub mod text;
pub mod trace;
pub mod wire;

pub use error_code::ErrorCode;
pub use event::{Event, EventData};
pub use features::Feature;
pub use ids::{AnswerId, CandidateRef, JobId, QuestionId, ReportId};
pub use json_schema::json_schemas;
pub use language::Language;
pub use text::Bilingual;
pub use trace::TraceParent;
