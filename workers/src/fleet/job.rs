//! One delivery from receipt to acknowledgement: checked, fetched, analysed, stored, said, and acknowledged last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use interview_pipeline::{PipelineError, intake, policy};
use interview_queue::{Delivery, Failure, Settled};
use interview_schemas::event::{Artefacts, ProgressStage};
use interview_schemas::event_making::EventContext;
use interview_schemas::job::Job;
use interview_schemas::parse::from_json;
use interview_schemas::report::Report;
use interview_schemas::{ErrorCode, TraceParent};
use interview_slot::{Analyze, JOB_FILE};
use interview_store::{JobKeys, TenantStore};
use jiff::Timestamp;
use tracing::Instrument;

use super::artefacts::Stored;
use super::audit::{Action, Record};
use super::media::Wanted;
use super::slot::{Advance, Slot};
use super::teller::{self, Teller};
use super::worker::{Fleet, Phase};
use super::{artefacts, media, metrics};
use crate::telemetry;

/// How long events are offered to a queue that takes none for the moment, the lease permitting.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(60);
/// Between two offers.
const PUBLISH_PAUSE: Duration = Duration::from_millis(500);

/// How the work on a job ended.
enum End {
    /// Stored and said.
    Done(Times),
    /// It failed.
    Failed(Failure),
    /// The lease is lost: the job is somebody else's.
    Lost,
    /// The worker has to stop now.
    Stopped,
}

/// Where the time of a job went.
struct Times {
    analysis: Duration,
    download: Duration,
}

/// Works on one delivery and settles it.
pub(crate) async fn handle(fleet: &Arc<Fleet>, slot: &mut Slot, delivery: Delivery) {
    let received = Instant::now();
    let headers = &delivery.headers;
    let waited =
        headers.queued_at.and_then(|queued| Duration::try_from(Timestamp::now().duration_since(queued)).ok());
    metrics::received(headers.attempt, waited);
    let job_id = delivery.job_ref().job_id.map(|id| id.to_string());
    let span = tracing::info_span!(
        "job",
        job_id,
        trace_id = tracing::field::Empty,
        attempt = headers.attempt,
        delivery = headers.deliveries,
        lane = %headers.lane,
    );
    let trace = telemetry::adopt(&span, headers.traceparent);
    span.record("trace_id", trace.map(|trace| trace.trace_id()));
    async move {
        let mut lost = delivery.lost();
        let mut phase = fleet.watch_phase();
        metrics::busy(1.0);
        let end = tokio::select! {
            biased;
            Ok(_) = lost.wait_for(|&lost| lost) => End::Lost,
            Ok(_) = phase.wait_for(|&phase| phase == Phase::Stopping) => End::Stopped,
            result = work(fleet, slot, &delivery, trace).boxed() => match result {
                Ok(times) => End::Done(times),
                Err(failure) => End::Failed(failure),
            },
        };
        metrics::busy(-1.0);
        settle(fleet, slot, delivery, end, received).await;
    }
    .instrument(span)
    .await;
}

async fn settle(fleet: &Fleet, slot: &mut Slot, delivery: Delivery, end: End, received: Instant) {
    match end {
        End::Done(times) => match delivery.ack().await {
            Ok(()) => {
                let whole = received.elapsed();
                let overhead = whole.saturating_sub(times.analysis).saturating_sub(times.download);
                metrics::settled("completed", None);
                metrics::completed(whole, overhead);
                tracing::info!(
                    wall_s = whole.as_secs_f64(),
                    analysis_s = times.analysis.as_secs_f64(),
                    download_s = times.download.as_secs_f64(),
                    "job completed"
                );
            }
            Err(error) => {
                metrics::settled("lost", Some(error.code()));
                tracing::warn!(%error, "the report is said, but the job could not be acknowledged: it is done once more");
            }
        },
        End::Failed(failure) => {
            let code = failure.code;
            match delivery.fail(&failure).await {
                Ok(settled) => said(settled, code),
                Err(error) => {
                    metrics::settled("lost", Some(code));
                    tracing::error!(%code, %error, "the job failed and could not be settled: it is given out again");
                }
            }
        }
        End::Lost => {
            slot.abandon().await;
            fleet.scratch.empty(slot.number());
            metrics::settled("lost", None);
            tracing::warn!("the lease is lost: the work is given up");
        }
        End::Stopped => {
            slot.abandon().await;
            fleet.scratch.empty(slot.number());
            match delivery.hand_back().await {
                Ok(()) => tracing::info!("the worker stops: the job is handed back"),
                Err(error) => {
                    tracing::warn!(%error, "the job cannot be handed back: the queue will notice by itself")
                }
            }
            metrics::settled("handed_back", None);
        }
    }
}

fn said(settled: Settled, code: ErrorCode) {
    match settled {
        Settled::Refused => {
            metrics::settled("refused", Some(code));
            tracing::info!(%code, "job refused");
        }
        Settled::Retried { after } => {
            metrics::settled("retried", Some(code));
            tracing::warn!(%code, after_s = after.as_secs_f64(), "job failed, comes back");
        }
        Settled::DeadLettered { alert } => {
            metrics::settled("dead_lettered", Some(code));
            if alert {
                metrics::alert(code);
                tracing::error!(%code, alert, "job is a dead letter: an operator has to act");
            } else {
                tracing::warn!(%code, alert, "job is a dead letter");
            }
        }
    }
}

fn refused(error: PipelineError) -> Failure {
    Failure::new(error.code(), error.to_string())
}

/// The work folder cannot be used.
fn no_folder(error: &std::io::Error) -> Failure {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorCode::Resource,
        _ => ErrorCode::Io,
    };
    Failure::new(code, format!("the work folder cannot be used: {error}"))
}

/// A job that was checked.
struct Task<'a> {
    job: &'a Job,
    body: &'a [u8],
    tenant: &'a TenantStore<'a>,
    keys: JobKeys,
    wanted: Vec<Wanted>,
    received_at: Timestamp,
    queued_at: Option<Timestamp>,
    trace: Option<TraceParent>,
}

/// Everything up to the acknowledgement.
async fn work(
    fleet: &Arc<Fleet>,
    slot: &mut Slot,
    delivery: &Delivery,
    trace: Option<TraceParent>,
) -> Result<Times, Failure> {
    let headers = &delivery.headers;
    if headers.exhausted {
        let message = format!("given out {} times without an end: it stops its workers", headers.deliveries);
        return Err(Failure::new(ErrorCode::Crash, message));
    }
    let received_at = headers.queued_at.unwrap_or_else(Timestamp::now);
    let job: Job = from_json(&delivery.body)
        .map_err(|error| Failure::new(ErrorCode::InvalidJob, format!("job: {error}")))?;
    let checked = intake::check(&job, Some(received_at)).map_err(refused)?;
    let policy = policy::shipped(job.policy.as_deref().unwrap_or(policy::DEFAULT))
        .and_then(|policy| policy::resolve(&policy, &job.consent))
        .map_err(refused)?;
    let tenant = fleet.store.tenant(job.tenant.as_deref()).map_err(|error| artefacts::failure(&error))?;
    let task = Task {
        job: &job,
        body: &delivery.body,
        tenant: &tenant,
        keys: JobKeys::new(&job.candidate.reference, &job.job_id),
        wanted: media::locate(&tenant, &checked)?,
        received_at,
        queued_at: headers.queued_at.or(job.submitted_at),
        trace,
    };
    artefacts::refuse_erased(&tenant, &job, task.queued_at).await?;
    let record = artefacts::IntakeRecord::new(&job, &policy, &task.wanted);
    artefacts::record_intake(&tenant, &task.keys, &record).await?;

    let context = EventContext::of(&job, trace, Timestamp::now());
    let teller = Teller::begin(Arc::clone(&fleet.queue), context.clone(), &job, headers.attempt);
    let result = perform(fleet, slot, &task, &teller).await;
    // What was said on the way stands before what is said at the end.
    teller.end().await;
    let (stored, times) = result?;
    say(fleet, &tenant, &context, &stored.report, stored.artefacts, trace)
        .instrument(tracing::debug_span!("publish"))
        .await?;
    Ok(times)
}

/// Fetches, analyses, stores.
async fn perform(
    fleet: &Fleet,
    slot: &mut Slot,
    task: &Task<'_>,
    teller: &Teller,
) -> Result<(Stored, Times), Failure> {
    let folder = fleet.scratch.job(slot.number()).map_err(|error| no_folder(&error))?;
    let download_started = Instant::now();
    if !task.wanted.is_empty() {
        teller.progress(ProgressStage::Fetch, 0.0, None);
    }
    let files = media::fetch(task.tenant, &task.wanted, folder.path(), &fleet.limits)
        .instrument(tracing::debug_span!("fetch", recordings = task.wanted.len()))
        .await?;
    let download = download_started.elapsed();

    tokio::fs::write(folder.path().join(JOB_FILE), task.body).await.map_err(|error| no_folder(&error))?;
    let request = Analyze {
        job_id: task.job.job_id.clone(),
        trace_id: task.trace.map(|trace| trace.trace_id()),
        folder: folder.path().to_owned(),
        media: files,
        received_at: Some(task.received_at),
        keep_perception: fleet.keep_perception,
    };
    let analysis_started = Instant::now();
    let number = slot.number();
    let analysed = slot
        .run(&request, |Advance { stage, done_s, total_s }| {
            if let Some(stage) = teller::stage(&stage) {
                teller.progress(stage, done_s, total_s);
            }
        })
        .instrument(tracing::debug_span!("analyse", slot = number))
        .await
        .map_err(|error| {
            if let Some(reason) = error.end_of_child() {
                metrics::child_ended(reason);
                tracing::warn!(reason, %error, "the process of the slot ended before its time");
            }
            Failure::new(error.code(), error.to_string())
        })?;
    let analysis = analysis_started.elapsed();
    if let Some(bytes) = slot.memory() {
        metrics::slot_memory(slot.number(), bytes);
    }

    teller.progress(ProgressStage::Store, 0.0, None);
    // Who was erased while the analysis ran stays erased.
    artefacts::refuse_erased(task.tenant, task.job, task.queued_at).await?;
    let stored = artefacts::store(task.tenant, &task.keys, task.job, folder.path(), fleet.keep_perception)
        .instrument(tracing::debug_span!("store"))
        .await?;
    let media_s: f64 = stored.report.answers.iter().filter_map(|answer| answer.duration_s).sum();
    metrics::analysed(&analysed, media_s);
    Ok((stored, Times { analysis, download }))
}

/// Says everything that a report has to say, and writes down that it was made.
async fn say(
    fleet: &Fleet,
    tenant: &TenantStore<'_>,
    context: &EventContext,
    report: &Report,
    artefacts: Artefacts,
    trace: Option<TraceParent>,
) -> Result<(), Failure> {
    let record = Record::new(&fleet.actor, Action::ReportStored, report.report_id.as_str())
        .about(&report.job_id, trace.map(|trace| trace.trace_id()));
    let context = EventContext { time: Timestamp::now(), ..context.clone() };
    let events = context.report(report, artefacts);
    let publish = async {
        let started = Instant::now();
        loop {
            match fleet.queue.publish(&events).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_transient() && started.elapsed() < PUBLISH_PATIENCE => {
                    tracing::warn!(%error, "the report could not be said, trying again");
                    tokio::time::sleep(PUBLISH_PAUSE).await;
                }
                Err(error) => return Err(Failure::new(error.code(), error.to_string())),
            }
        }
    };
    let append = async { record.append(tenant).await.map_err(|error| artefacts::failure(&error)) };
    tokio::try_join!(publish, append)?;
    Ok(())
}
