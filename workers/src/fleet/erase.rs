//! `interview erase`: removes a candidate, or whatever has outlived its time, with every derived copy, and leaves
//! a receipt (R41).

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use interview_queue::{JobRef, Queue, QueueUrl};
use interview_schemas::parse::from_json;
use interview_schemas::{CandidateRef, ErrorCode};
use interview_store::{JobKeys, Key, ObjectInfo, Store, TenantStore};
use jiff::Timestamp;
use serde::Serialize;

use super::artefacts::{IntakeRecord, erased_mark, erased_prefix};
use super::audit::{self, Action, Record};
use super::options::StoreOptions;
use crate::error::CommandError;
use crate::output;

/// How often a prefix is emptied: a worker that was just analysing may add to it once more.
const ROUNDS: u32 = 10;
/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(500);
/// Largest record of what came in.
const MAX_RECORD_BYTES: u64 = 1 << 20;
/// Dead letters that are looked through.
const DEAD_LETTERS: usize = 100_000;

/// Options of `interview erase`.
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// The candidate to be erased, as the HR system names it.
    #[arg(long, value_name = "REF", required_unless_present = "expired", conflicts_with = "expired")]
    candidate: Option<CandidateRef>,
    /// Delete every interview whose time under its policy is over.
    #[arg(long)]
    expired: bool,
    /// The tenant; with --expired, only this one [default: `default`; with --expired, all].
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// With --expired: days for interviews whose policy states none; without it they are kept.
    #[arg(long, value_name = "DAYS", requires = "expired")]
    retention_days: Option<u32>,
    /// Also drop dead letters of the candidate from this queue.
    #[arg(long, value_name = "QUEUE", env = "INTERVIEW_QUEUE", hide_env_values = true)]
    queue: Option<QueueUrl>,
    /// Delete nothing, say what would go.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreOptions,
}

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Receipt {
    schema_version: &'static str,
    tenant: String,
    /// The candidate, in the output only: the stored receipt carries a hash in its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
    at: Timestamp,
    dry_run: bool,
    recordings: u64,
    documents: u64,
    bytes: u64,
    dead_letters: u64,
}

impl Receipt {
    fn new(tenant: &str, dry_run: bool) -> Self {
        Self {
            schema_version: "1",
            tenant: tenant.to_owned(),
            candidate: None,
            job_id: None,
            at: Timestamp::now(),
            dry_run,
            recordings: 0,
            documents: 0,
            bytes: 0,
            dead_letters: 0,
        }
    }
}

/// Runs the command; prints one receipt per line.
pub(crate) fn run(args: &EraseArgs) -> Result<ExitCode, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let store = args.store.open().await?;
        match &args.candidate {
            Some(candidate) => erase_candidate(&store, args, candidate).await?,
            None => erase_expired(&store, args).await?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn erase_candidate(
    store: &Store,
    args: &EraseArgs,
    candidate: &CandidateRef,
) -> Result<(), CommandError> {
    let name = args.tenant.as_deref().unwrap_or(interview_store::key::DEFAULT_TENANT);
    let tenant = store.tenant(Some(name))?;
    let mut receipt = Receipt::new(name, args.dry_run);
    let mark = format!("{}{}", erased_prefix(candidate), receipt.at.strftime("%Y%m%dT%H%M%S.%6fZ"));
    if !args.dry_run {
        // From here on workers refuse jobs of this candidate that were queued before.
        tenant.write(&erased_mark(candidate)?, b"{}".to_vec(), "application/json").await?;
        tenant.write(&Key::new(format!("{mark}-mark.json"))?, b"{}".to_vec(), "application/json").await?;
    }
    erase_prefix(&tenant, &JobKeys::candidate_prefix(candidate), &mut receipt).await?;
    if let Some(url) = &args.queue {
        receipt.dead_letters = drop_letters(url, args, candidate).await?;
    }
    if !args.dry_run {
        let bytes = serde_json::to_vec(&receipt).map_err(|error| internal(&error))?;
        let key = Key::new(format!("{mark}-receipt.json"))?;
        tenant.write(&key, bytes, "application/json").await?;
        Record::new(&audit::actor("erase"), Action::CandidateErased, key.as_str()).append(&tenant).await?;
    }
    output::print_json(&Receipt { candidate: Some(candidate.to_string()), ..receipt })?;
    Ok(())
}

fn internal(error: &dyn std::fmt::Display) -> CommandError {
    CommandError::new(ErrorCode::Internal, error.to_string())
}

/// Deletes everything below a prefix, and the recordings that its intake records name. The records go last, so that
/// an erasure that is cut off can be repeated.
async fn erase_prefix(
    tenant: &TenantStore<'_>,
    prefix: &str,
    receipt: &mut Receipt,
) -> Result<(), CommandError> {
    for _ in 0..ROUNDS {
        let objects = tenant.list_all(prefix).await?;
        if objects.is_empty() {
            return Ok(());
        }
        let (records, documents): (Vec<_>, Vec<_>) = objects.into_iter().partition(is_intake);
        for record in &records {
            erase_recordings(tenant, record, receipt).await?;
        }
        for object in documents.iter().chain(&records) {
            receipt.documents = receipt.documents.saturating_add(1);
            receipt.bytes = receipt.bytes.saturating_add(object.bytes);
            if !receipt.dry_run {
                tenant.delete(&object.key).await?;
            }
        }
        if receipt.dry_run {
            return Ok(());
        }
        // A worker that is just storing sees the mark before it stores the next report.
        tokio::time::sleep(PAUSE).await;
    }
    Err(CommandError::new(
        ErrorCode::Storage,
        format!("{prefix}: new objects kept coming while it was erased; run the command again"),
    ))
}

fn is_intake(object: &ObjectInfo) -> bool {
    let name = object.key.file_name();
    name.starts_with("intake-") && name.ends_with(".json")
}

async fn erase_recordings(
    tenant: &TenantStore<'_>,
    record: &ObjectInfo,
    receipt: &mut Receipt,
) -> Result<(), CommandError> {
    for name in read_record(tenant, record).await?.media {
        let key = Key::new(name)?;
        receipt.recordings = receipt.recordings.saturating_add(1);
        if !receipt.dry_run {
            tenant.delete(&key).await?;
        }
    }
    Ok(())
}

async fn read_record(tenant: &TenantStore<'_>, object: &ObjectInfo) -> Result<IntakeRecord, CommandError> {
    let bytes = tenant.read(&object.key, MAX_RECORD_BYTES).await?;
    from_json(&bytes).map_err(|error| {
        let message = format!(
            "{}: not a record of this program ({error}); look at it and delete it by hand",
            object.key
        );
        CommandError::new(ErrorCode::Storage, message)
    })
}

/// Drops the dead letters of a candidate: they hold the job with its texts.
async fn drop_letters(
    url: &QueueUrl,
    args: &EraseArgs,
    candidate: &CandidateRef,
) -> Result<u64, CommandError> {
    let queue: std::sync::Arc<dyn Queue> = interview_queue::connect(url).await?;
    let mut dropped = 0_u64;
    for letter in queue.dead_letters(DEAD_LETTERS).await? {
        let job = JobRef::of_body(&letter.body);
        if job.candidate.as_ref() == Some(candidate) && job.tenant == args.tenant {
            dropped = dropped.saturating_add(1);
            if !args.dry_run {
                queue.drop_dead_letter(&letter.message_id).await?;
            }
        }
    }
    Ok(dropped)
}

/// Deletes every interview whose time is over, tenant by tenant.
async fn erase_expired(store: &Store, args: &EraseArgs) -> Result<(), CommandError> {
    let tenants = match &args.tenant {
        Some(tenant) => vec![tenant.clone()],
        None => store.tenants().await?,
    };
    for name in tenants {
        // A folder that is no tenant's was not made by this program.
        let Ok(tenant) = store.tenant(Some(&name)) else { continue };
        let mut listing = tenant.list("candidates/");
        let mut last = None;
        while let Some(page) = listing.next_page().await? {
            for object in page.iter().filter(|object| is_intake(object)) {
                let Some((folder, _)) = object.key.as_str().rsplit_once('/') else { continue };
                let prefix = format!("{folder}/");
                // A job has one record per set of recordings; all of it goes with the first that is over.
                if last.as_ref() == Some(&prefix) || !is_over(&tenant, object, args).await? {
                    continue;
                }
                expire(&tenant, &name, object, &prefix, args).await?;
                last = Some(prefix);
            }
        }
    }
    Ok(())
}

async fn is_over(
    tenant: &TenantStore<'_>,
    record: &ObjectInfo,
    args: &EraseArgs,
) -> Result<bool, CommandError> {
    let days = match read_record(tenant, record).await {
        Ok(record) => record.retention_days.or(args.retention_days),
        // Deleted by somebody else in the meantime.
        Err(error) if error.code == ErrorCode::MediaNotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let Some(days) = days else { return Ok(false) };
    let age_s = Timestamp::now().as_second().saturating_sub(record.modified.as_second());
    Ok(age_s >= i64::from(days).saturating_mul(86_400))
}

async fn expire(
    tenant: &TenantStore<'_>,
    name: &str,
    record: &ObjectInfo,
    prefix: &str,
    args: &EraseArgs,
) -> Result<(), CommandError> {
    let job = read_record(tenant, record).await?.job_id;
    let mut receipt = Receipt::new(name, args.dry_run);
    receipt.job_id = Some(job.to_string());
    erase_prefix(tenant, prefix, &mut receipt).await?;
    if !args.dry_run {
        Record::new(&audit::actor("erase"), Action::InterviewExpired, "retention")
            .about(&job, None)
            .append(tenant)
            .await?;
    }
    output::print_json(&receipt)?;
    Ok(())
}
