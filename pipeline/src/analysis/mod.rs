//! One interview from job to report: which models are loaded, which threads run, what becomes of failures.
//!
//! The recordings of a job are decoded one after the other, each on its own threads (decode, listen, see);
//! the recognisers run beside them for the whole job, so that one recording is still being transcribed while
//! the next is decoded. Every channel is bounded: memory does not grow with the length of the media.

mod hub;
mod judge;
mod outcome;
mod overlay;
mod progress;
mod recognise;
mod recording;

use std::collections::BTreeMap;
use std::path::PathBuf;

use interview_models::{Device, ModelStore};
use interview_schemas::AnswerId;
use interview_schemas::features::FeatureSet;
use interview_schemas::job::Job;
use interview_schemas::perception::Perception;
use interview_schemas::report::Report;
use jiff::Timestamp;

use crate::media::{CancelToken, DecodeOptions, Decoders};
use crate::score::Library;
use crate::score::rollout::{Subject, select};
use crate::text::LexiconLibrary;
use crate::{PipelineError, intake, policy, score};

pub use progress::{NoProgress, Progress, Stage, StageClock};

use hub::Hub;
use outcome::AnswerOutcome;

/// How interviews are analysed on this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalysisOptions {
    /// Sampling and limits of decoding.
    pub decode: DecodeOptions,
    /// Where recordings are decoded; in sandboxed processes unless stated.
    pub decoders: Decoders,
    /// Recognisers that run side by side; the number of cores unless stated.
    pub threads: usize,
    /// Word lists: the shipped ones, or those with a folder added, for everybody and for each tenant.
    pub lexicons: LexiconLibrary,
    /// Where profiles are looked up.
    pub profiles: Library,
    /// The socket of a process that holds the models for several analysers, where they are not to be loaded here.
    pub shared_models: Option<PathBuf>,
}

impl AnalysisOptions {
    /// Frames per second that are looked at unless stated otherwise.
    pub const DEFAULT_SAMPLE_FPS: f64 = 5.0;
}

impl Default for AnalysisOptions {
    fn default() -> Self {
        Self {
            decode: DecodeOptions::default(),
            decoders: Decoders::default(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            lexicons: LexiconLibrary::shipped(),
            profiles: Library::shipped(),
            shared_models: None,
        }
    }
}

/// One interview to be analysed, its recordings on this machine.
#[derive(Debug, Clone)]
pub struct AnalysisRequest {
    /// The job.
    pub job: Job,
    /// The file of each recorded answer.
    pub media: BTreeMap<AnswerId, PathBuf>,
    /// When the job came in; decides about the interview code where the job does not say (R3).
    pub received_at: Option<Timestamp>,
}

/// Everything an analysis gives.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// What was seen and heard.
    pub perception: Perception,
    /// What was measured.
    pub features: FeatureSet,
    /// What it means under the profile.
    pub report: Report,
    /// The report for people.
    pub html: String,
    /// Processor seconds per stage; not part of any document.
    pub stage_seconds: BTreeMap<Stage, f64>,
}

/// Analyses interviews; keeps the models it has loaded for the next one.
pub struct Analyzer {
    options: AnalysisOptions,
    hub: Hub,
}

impl Analyzer {
    /// An analyser that loads models from this store when they are first needed. `library` is the ONNX Runtime
    /// library, where it is not to be looked for.
    #[must_use]
    pub fn new(
        store: ModelStore,
        library: Option<PathBuf>,
        device: Device,
        options: AnalysisOptions,
    ) -> Self {
        let hub = Hub::new(store, library, device, options.shared_models.clone());
        Self { options, hub }
    }

    /// The models that were loaded so far, one entry per session.
    #[must_use]
    pub fn loaded_models(&self) -> Vec<String> {
        self.hub.loaded()
    }

    /// Has a decoder's process started for the next interview with recordings, so that it need not be waited for.
    pub fn prepare_next(&self) {
        self.options.decoders.prepare();
    }

    /// Analyses one interview.
    ///
    /// A recording that cannot be used becomes a failure of its answer in the report; only when no answer at
    /// all can be used does the first of these failures end the analysis.
    ///
    /// # Errors
    /// [`PipelineError`]: the job, the policy or the profile is not valid, a model is missing or failed, or no
    /// answer could be used.
    pub fn analyze(
        &mut self,
        request: &AnalysisRequest,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<Analysis, PipelineError> {
        let job = &request.job;
        let checked = intake::check(job, request.received_at)?;
        let selection = select(
            &self.options.profiles.for_tenant(job.tenant.as_deref()),
            job.profile.as_deref().unwrap_or(score::DEFAULT_PROFILE),
            &Subject {
                candidate: &job.candidate.reference,
                branch: job.candidate.branch.as_deref(),
                at: job.submitted_at.or(request.received_at),
            },
        )?;
        let policy = policy::resolve(
            &policy::shipped(job.policy.as_deref().unwrap_or(policy::DEFAULT))?,
            &job.consent,
        )?;
        let clock = StageClock::default();
        tracing::info!(job_id = %job.job_id, answers = job.answers.len(), policy = policy.name, "analysis begins");
        self.hub.forget_forbidden(&policy);
        let setting = recording::Setting {
            job,
            media: &checked.media,
            files: &request.media,
            policy: &policy,
            options: &self.options,
            lexicons: self.options.lexicons.for_tenant(job.tenant.as_deref()),
            progress,
            cancel,
            clock: &clock,
        };
        let outcomes = recording::perceive(&mut self.hub, &setting)?;
        let outcomes = refuse_when_nothing_is_usable(outcomes)?;
        let mut analysis = judge::judge(&mut self.hub, &setting, &selection, outcomes)?;
        analysis.stage_seconds = clock.seconds();
        tracing::info!(job_id = %job.job_id, report_id = %analysis.report.report_id, grade = analysis.report.grade.as_str(), "analysis ends");
        Ok(analysis)
    }
}

/// A job whose every answer failed has no report: its first failure is the error.
fn refuse_when_nothing_is_usable(outcomes: Vec<AnswerOutcome>) -> Result<Vec<AnswerOutcome>, PipelineError> {
    if outcomes.iter().any(|outcome| outcome.error.is_none()) {
        return Ok(outcomes);
    }
    let first = outcomes.into_iter().find_map(|outcome| outcome.error);
    Err(first.unwrap_or_else(|| PipelineError::Internal("a job without answers was let in".to_owned())))
}
