//! What a worker and the child process of a slot say to each other over pipes: framed JSON of bounded length.
//!
//! The worker writes [`Request`]s to the child's standard input, the child answers with [`Reply`]s on its standard
//! output. A frame is four bytes of length, least significant first, and that many bytes of JSON. Documents do
//! not travel in frames: the job and its media lie in a folder, and the results are written there.
//!
//! A child sends [`Reply::Ready`] once, then [`Reply::Alive`] every [`HEARTBEAT`] whatever else it does, and for
//! each request any number of [`Reply::Progress`] and one [`Reply::Done`] or [`Reply::Failed`]. It ends when its
//! standard input ends.

mod frame;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use interview_schemas::{AnswerId, ErrorCode, JobId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use frame::{FrameError, FrameReader, MAX_FRAME_BYTES, encode};

/// How often a child says that it is alive.
pub const HEARTBEAT: Duration = Duration::from_secs(1);

/// Name of the job in the folder of a request.
pub const JOB_FILE: &str = "job.json";
/// Folder of the results in the folder of a request.
pub const RESULTS: &str = "results";

/// What the worker asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Analyse one interview.
    Analyze(Box<Analyze>),
}

/// One interview to be analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analyze {
    /// The job, for the log.
    pub job_id: JobId,
    /// The trace it belongs to, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Where [`JOB_FILE`] lies and [`RESULTS`] is to be made.
    pub folder: PathBuf,
    /// The file of each recording.
    pub media: BTreeMap<AnswerId, PathBuf>,
    /// When the job came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// Write `perception.json`, too.
    #[serde(default)]
    pub keep_perception: bool,
}

/// What the child answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reply {
    /// The child is there and waits for a request.
    Ready {
        /// Version of the pipeline it runs.
        pipeline_version: String,
    },
    /// The child is alive.
    Alive,
    /// A stage has got on.
    Progress {
        /// The stage.
        stage: String,
        /// Seconds of media it has worked through.
        done_s: f64,
        /// Seconds of media there are, where that is known.
        total_s: Option<f64>,
    },
    /// How often each model ran since the last such message, and on how many rows together; said by the process that
    /// holds the models for all slots, every [`HEARTBEAT`].
    Runs {
        /// By name of the model.
        model_runs: BTreeMap<String, (u64, u64)>,
    },
    /// The results lie in the folder.
    Done {
        /// Processor seconds of each stage.
        stage_s: BTreeMap<String, f64>,
        /// Seconds from the request to here.
        wall_s: f64,
        /// How often each model ran, and on how many rows together.
        #[serde(default)]
        model_runs: BTreeMap<String, (u64, u64)>,
    },
    /// The interview could not be analysed.
    Failed {
        /// The stable code.
        code: ErrorCode,
        /// What happened, for the sender of the job.
        message: String,
    },
}
