//! What a worker counts and measures, for Prometheus. Labels name outcomes, codes and stages; never a job, a
//! tenant or a candidate.

use std::collections::BTreeMap;
use std::time::Duration;

use ::metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use interview_schemas::ErrorCode;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::slot::Analysed;

const JOBS: &str = "interview_jobs_total";
const RETRIES: &str = "interview_job_retries_total";
const QUEUE_WAIT: &str = "interview_queue_wait_seconds";
const JOB: &str = "interview_job_seconds";
const OVERHEAD: &str = "interview_job_overhead_seconds";
const STAGE: &str = "interview_stage_seconds";
const MODEL_RUNS: &str = "interview_model_runs_total";
const MODEL_ROWS: &str = "interview_model_rows_total";
const REAL_TIME: &str = "interview_real_time_factor";
const DOWNLOAD_BYTES: &str = "interview_download_bytes_total";
const DOWNLOAD: &str = "interview_download_seconds";
const RESUMES: &str = "interview_download_resumes_total";
const STORE_ERRORS: &str = "interview_store_errors_total";
const CONFLICTS: &str = "interview_artefact_conflicts_total";
const CHILD_ENDS: &str = "interview_slot_ends_total";
const BUSY: &str = "interview_slots_busy";
const SLOTS: &str = "interview_slots";
const SLOT_MEMORY: &str = "interview_slot_memory_bytes";
const SHARED_MODELS_MEMORY: &str = "interview_shared_models_memory_bytes";
const MEMORY: &str = "process_resident_memory_bytes";
const CONNECTED: &str = "interview_queue_connected";
const ALERTS: &str = "interview_alerts_total";
const INSECURE_DECODER: &str = "interview_insecure_decoder";

/// How often single values are summed up.
const UPKEEP: Duration = Duration::from_secs(5);
/// Seconds that work takes: from a text answer to half an hour of video.
const SECONDS: [f64; 14] =
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 180.0, 600.0, 1800.0];
/// Seconds of work per second of media.
const FACTORS: [f64; 10] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 5.0];

/// Makes the recorder of this process.
///
/// # Errors
/// When there is one already.
pub(crate) fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets(&SECONDS)?
        .set_buckets_for_metric(Matcher::Full(REAL_TIME.to_owned()), &FACTORS)?
        .install_recorder()?;
    describe_counter!(JOBS, "Jobs settled, by outcome and, where they failed, code.");
    describe_counter!(RETRIES, "Jobs that came as another attempt than the first.");
    describe_histogram!(
        QUEUE_WAIT,
        "From queueing to receipt of first attempts, where the sender says when."
    );
    describe_histogram!(JOB, "From receipt to acknowledgement.");
    describe_histogram!(OVERHEAD, "Of that, what neither the analysis nor the download took.");
    describe_histogram!(STAGE, "Processor seconds of the stages of an analysis.");
    describe_counter!(MODEL_RUNS, "Runs of each model in analyses that came to their end.");
    describe_counter!(MODEL_ROWS, "Rows of those runs: rows divided by runs is the mean size of a batch.");
    describe_histogram!(REAL_TIME, "Seconds of analysis per second of media.");
    describe_counter!(DOWNLOAD_BYTES, "Bytes of recordings fetched.");
    describe_histogram!(DOWNLOAD, "Seconds a recording took to fetch.");
    describe_counter!(RESUMES, "Downloads that broke off and were resumed.");
    describe_counter!(STORE_ERRORS, "Failures of the store, by code.");
    describe_counter!(CONFLICTS, "Reports of which other bytes were stored already.");
    describe_counter!(CHILD_ENDS, "Processes of slots that ended before their time, by reason.");
    describe_gauge!(BUSY, "Slots that analyse.");
    describe_gauge!(SLOTS, "Slots there are.");
    describe_gauge!(SLOT_MEMORY, "Resident memory of the process of a slot.");
    describe_gauge!(
        SHARED_MODELS_MEMORY,
        "Resident memory of the process that holds the models for all slots."
    );
    describe_gauge!(MEMORY, "Resident memory of the worker itself.");
    describe_gauge!(CONNECTED, "1 while the queue can be reached.");
    describe_counter!(ALERTS, "Dead letters whose fault is ours, by code: call an operator.");
    describe_gauge!(INSECURE_DECODER, "1 where recordings are decoded without a sandbox.");
    Ok(handle)
}

/// Sums up what was recorded, for ever: whether anybody reads the metrics or not, single values must not pile up.
pub(crate) async fn keep_summed_up(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}

/// A job was received.
pub(crate) fn received(attempt: u32, waited: Option<Duration>) {
    if attempt > 1 {
        counter!(RETRIES).increment(1);
    } else if let Some(waited) = waited {
        histogram!(QUEUE_WAIT).record(waited.as_secs_f64());
    }
}

/// A job was settled.
pub(crate) fn settled(outcome: &'static str, code: Option<ErrorCode>) {
    counter!(JOBS, "outcome" => outcome, "code" => code.map_or("", ErrorCode::as_str)).increment(1);
}

/// A dead letter that an operator should look at.
pub(crate) fn alert(code: ErrorCode) {
    counter!(ALERTS, "code" => code.as_str()).increment(1);
}

/// A job was completed.
pub(crate) fn completed(whole: Duration, overhead: Duration) {
    histogram!(JOB).record(whole.as_secs_f64());
    histogram!(OVERHEAD).record(overhead.as_secs_f64());
}

/// An analysis was done.
pub(crate) fn analysed(analysed: &Analysed, media_s: f64) {
    for (stage, seconds) in &analysed.stage_s {
        histogram!(STAGE, "stage" => stage.clone()).record(*seconds);
    }
    if media_s > 0.0 {
        histogram!(REAL_TIME).record(analysed.wall_s / media_s);
    }
    model_runs(&analysed.model_runs);
}

/// Models ran: how often, and on how many rows together.
pub(crate) fn model_runs(runs: &BTreeMap<String, (u64, u64)>) {
    for (model, &(runs, rows)) in runs {
        counter!(MODEL_RUNS, "model" => model.clone()).increment(runs);
        counter!(MODEL_ROWS, "model" => model.clone()).increment(rows);
    }
}

/// Memory of the process that holds the models for all slots.
pub(crate) fn shared_models_memory(bytes: u64) {
    gauge!(SHARED_MODELS_MEMORY).set(bytes as f64);
}

/// A recording was fetched.
pub(crate) fn downloaded(bytes: u64, resumed: u32, time: Duration) {
    counter!(DOWNLOAD_BYTES).increment(bytes);
    counter!(RESUMES).increment(resumed.into());
    histogram!(DOWNLOAD).record(time.as_secs_f64());
}

/// The store failed.
pub(crate) fn store_failed(code: ErrorCode) {
    counter!(STORE_ERRORS, "code" => code.as_str()).increment(1);
}

/// Other bytes stood under the ids of a report.
pub(crate) fn conflict() {
    counter!(CONFLICTS).increment(1);
}

/// The process of a slot ended before its time.
pub(crate) fn child_ended(reason: &'static str) {
    counter!(CHILD_ENDS, "reason" => reason).increment(1);
}

/// How many slots there are.
pub(crate) fn slots(count: usize) {
    gauge!(SLOTS).set(count as f64);
}

/// Whether recordings are decoded without a sandbox.
pub(crate) fn insecure_decoder(is: bool) {
    gauge!(INSECURE_DECODER).set(f64::from(u8::from(is)));
}

/// A slot has begun (`1.0`) or ended (`-1.0`) to analyse.
pub(crate) fn busy(change: f64) {
    gauge!(BUSY).increment(change);
}

/// Memory of the process of a slot.
pub(crate) fn slot_memory(slot: usize, bytes: u64) {
    gauge!(SLOT_MEMORY, "slot" => slot.to_string()).set(bytes as f64);
}

/// What changes by itself: memory of the worker, connection of the queue.
pub(crate) fn observe(connected: bool) {
    gauge!(CONNECTED).set(f64::from(u8::from(connected)));
    if let Some(bytes) = super::memory::resident(std::process::id()) {
        gauge!(MEMORY).set(bytes as f64);
    }
}
