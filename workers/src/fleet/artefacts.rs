//! What is kept of an interview: the record of what came in, and the documents that came out.
//!
//! The report is written last: where `report.json` stands, everything it belongs to stands, too.

use std::path::Path;

use interview_queue::Failure;
use interview_schemas::event::{ArtefactRef, Artefacts};
use interview_schemas::features::FeatureSet;
use interview_schemas::job::Job;
use interview_schemas::parse::from_json;
use interview_schemas::policy::ResolvedPolicy;
use interview_schemas::report::Report;
use interview_schemas::{ErrorCode, JobId};
use interview_slot::RESULTS;
use interview_store::{JobKeys, Key, NewObject, StoreError, TenantStore};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::media::Wanted;
use super::metrics;

/// Largest document that is read back.
const MAX_DOCUMENT_BYTES: u64 = 256 << 20;
/// Largest mark of an erasure.
const MAX_MARK_BYTES: u64 = 1024;
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// What came in with a job: everything that must go when the candidate is erased or the time is over. Written
/// before anything else, so that no copy is ever without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntakeRecord {
    /// Version of this record; `"1"`.
    pub(crate) schema_version: String,
    /// The job.
    pub(crate) job_id: JobId,
    /// Keys of its recordings, below the tenant.
    pub(crate) media: Vec<String>,
    /// The policy that applied.
    pub(crate) policy: String,
    /// Days after which everything must be gone, where the policy says so.
    pub(crate) retention_days: Option<u32>,
}

impl IntakeRecord {
    pub(crate) fn new(job: &Job, policy: &ResolvedPolicy, wanted: &[Wanted]) -> Self {
        Self {
            schema_version: "1".to_owned(),
            job_id: job.job_id.clone(),
            media: wanted.iter().map(|media| media.key.to_string()).collect(),
            policy: policy.name.clone(),
            retention_days: policy.retention_days,
        }
    }
}

pub(crate) fn failure(error: &StoreError) -> Failure {
    metrics::store_failed(error.code());
    Failure::new(error.code(), error.to_string())
}

fn internal(message: String) -> Failure {
    Failure::new(ErrorCode::Internal, message)
}

/// Writes down what came in. The same job again is the same record; with other media it is another one.
pub(crate) async fn record_intake(
    tenant: &TenantStore<'_>,
    keys: &JobKeys,
    record: &IntakeRecord,
) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(record).map_err(|error| internal(format!("intake record: {error}")))?;
    let digest: String = hex::encode(Sha256::digest(&bytes)).chars().take(16).collect();
    tenant.write(&keys.intake(&digest), bytes, JSON).await.map_err(|error| failure(&error))?;
    Ok(())
}

/// Where the marks of erased candidates lie: below this, with a closing slash.
pub(crate) fn erased_prefix(candidate: &interview_schemas::CandidateRef) -> String {
    let digest = hex::encode(Sha256::digest(candidate.as_str().as_bytes()));
    format!("erased/{digest}/")
}

/// The mark of whether a candidate was ever erased; the marks of when lie beside it.
pub(crate) fn erased_mark(candidate: &interview_schemas::CandidateRef) -> Result<Key, StoreError> {
    Key::new(format!("{}mark.json", erased_prefix(candidate)))
}

/// Refuses a job that was queued before its candidate was erased: it must not bring anything back.
pub(crate) async fn refuse_erased(
    tenant: &TenantStore<'_>,
    job: &Job,
    queued_at: Option<Timestamp>,
) -> Result<(), Failure> {
    // A sender who does not say when cannot be judged by the time.
    let Some(queued_at) = queued_at else { return Ok(()) };
    // One small object is asked for, which is cheaper than a listing; nearly nobody was ever erased.
    let mark = erased_mark(&job.candidate.reference).map_err(|error| failure(&error))?;
    match tenant.read(&mark, MAX_MARK_BYTES).await {
        Err(StoreError::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(failure(&error)),
        Ok(_) => {}
    }
    let marks =
        tenant.list_all(&erased_prefix(&job.candidate.reference)).await.map_err(|error| failure(&error))?;
    // Stores keep whole seconds; a job of the same second counts as queued before.
    if marks.iter().any(|mark| mark.modified.as_second() >= queued_at.as_second()) {
        let message = "the candidate was erased after this job was queued; nothing of it is kept".to_owned();
        return Err(Failure::new(ErrorCode::PolicyForbids, message));
    }
    Ok(())
}

/// The documents of one analysis.
struct Documents {
    features: Vec<u8>,
    report: Vec<u8>,
    html: Vec<u8>,
    perception: Option<Vec<u8>>,
}

/// A report that is stored.
pub(crate) struct Stored {
    /// The report as it stands in the store.
    pub(crate) report: Report,
    /// Where it and what belongs to it stand.
    pub(crate) artefacts: Artefacts,
}

/// Stores what the slot has written into the folder of the job.
pub(crate) async fn store(
    tenant: &TenantStore<'_>,
    keys: &JobKeys,
    job: &Job,
    folder: &Path,
    keep_perception: bool,
) -> Result<Stored, Failure> {
    let documents = read_results(folder, keep_perception).await?;
    let report: Report = from_json(&documents.report)
        .map_err(|error| internal(format!("report.json of the slot: {error}")))?;
    let features: FeatureSet = from_json(&documents.features)
        .map_err(|error| internal(format!("features.json of the slot: {error}")))?;
    if report.job_id != job.job_id || features.features_id != report.features_id {
        return Err(internal("the slot gave the documents of another job".to_owned()));
    }
    match write_all(tenant, keys, &report, documents).await {
        Ok(artefacts) => Ok(Stored { report, artefacts }),
        // Somebody was first, with other bytes under the same ids (another kind of processor rounds otherwise).
        // What was stored first may have been read already: it is the report, and it is what is said.
        Err(StoreError::Conflict { key }) => {
            tracing::warn!(key, "other bytes stand under the same ids; the stored report counts");
            metrics::conflict();
            read_back(tenant, keys, &report, &key).await
        }
        Err(error) => Err(failure(&error)),
    }
}

async fn read_results(folder: &Path, keep_perception: bool) -> Result<Documents, Failure> {
    let results = folder.join(RESULTS);
    let read = move |name: &str| {
        std::fs::read(results.join(name))
            .map_err(|error| internal(format!("{name} of the slot cannot be read: {error}")))
    };
    let read_all = move || {
        Ok(Documents {
            features: read("features.json")?,
            report: read("report.json")?,
            html: read("report.html")?,
            perception: keep_perception.then(|| read("perception.json")).transpose()?,
        })
    };
    let read = tokio::task::spawn_blocking(read_all).await;
    read.unwrap_or_else(|error| Err(internal(format!("the documents of the slot cannot be read: {error}"))))
}

async fn write_all(
    tenant: &TenantStore<'_>,
    keys: &JobKeys,
    report: &Report,
    documents: Documents,
) -> Result<Artefacts, StoreError> {
    let (features_id, report_id) = (&report.features_id, &report.report_id);
    let document = |key, bytes, content_type| NewObject { key, bytes, content_type };
    let features = document(keys.features(features_id), documents.features, JSON);
    let html = document(keys.html(features_id, report_id), documents.html, HTML);
    let last = document(keys.report(features_id, report_id), documents.report, JSON);
    let reference = |object: &NewObject| reference(tenant, &object.key, &object.bytes);
    let artefacts =
        Artefacts { report: reference(&last), html: reference(&html), features: reference(&features) };
    let perception = documents.perception.map(|bytes| document(keys.perception(features_id), bytes, JSON));
    let before = [features, html].into_iter().chain(perception).collect();
    tenant.write_in_order(before, last).await?;
    Ok(artefacts)
}

async fn read(tenant: &TenantStore<'_>, key: Key) -> Result<(ArtefactRef, Vec<u8>), StoreError> {
    let bytes = tenant.read(&key, MAX_DOCUMENT_BYTES).await?;
    Ok((reference(tenant, &key, &bytes), bytes))
}

fn reference(tenant: &TenantStore<'_>, key: &Key, bytes: &[u8]) -> ArtefactRef {
    ArtefactRef {
        uri: tenant.uri(key),
        sha256: hex::encode(Sha256::digest(bytes)),
        bytes: bytes.len() as u64,
    }
}

/// The stored documents of a report; all of them must be there.
async fn read_back(
    tenant: &TenantStore<'_>,
    keys: &JobKeys,
    report: &Report,
    conflict: &str,
) -> Result<Stored, Failure> {
    let (features_id, report_id) = (&report.features_id, &report.report_id);
    let found = tokio::try_join!(
        read(tenant, keys.report(features_id, report_id)),
        read(tenant, keys.html(features_id, report_id)),
        read(tenant, keys.features(features_id)),
    );
    match found {
        Ok(((report, bytes), (html, _), (features, _))) => {
            let stored =
                from_json(&bytes).map_err(|error| internal(format!("the stored report.json: {error}")))?;
            Ok(Stored { report: stored, artefacts: Artefacts { report, html, features } })
        }
        Err(StoreError::NotFound { .. }) => Err(internal(format!(
            "{conflict}: other bytes stand there, but no report: the analysis is not repeatable on this machine"
        ))),
        Err(error) => Err(failure(&error)),
    }
}
