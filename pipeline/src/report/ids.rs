//! Deterministic ids: the same work has the same id, so that a consumer can drop what comes twice (R4).
//!
//! An id is the beginning of a SHA-256 over the canonical JSON of everything that decides the result. What
//! only says how the job came here (where its media lie, its interview code, when it was submitted) is left
//! out: the same recordings at another address are the same work.

use interview_schemas::features::ModelUse;
use interview_schemas::job::Job;
use interview_schemas::policy::ResolvedPolicy;
use interview_schemas::report::ProfileRef;
use interview_schemas::{AnswerId, ErrorCode, ReportId};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::PipelineError;

/// Length of an id in hexadecimal digits: 128 bits, enough that two different interviews never meet.
const ID_DIGITS: usize = 32;

/// What became of the recording of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MediaDigest {
    /// The answer.
    pub answer: AnswerId,
    /// SHA-256 of the file in hexadecimal; `None` when it could not be read.
    pub sha256: Option<String>,
    /// Why the answer was not analysed, where it was not: a failure and a success are different work.
    pub failure: Option<ErrorCode>,
}

/// Everything that decides the features of an interview.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The job.
    pub job: &'a Job,
    /// What became of its recordings; the order does not matter.
    pub media: &'a [MediaDigest],
    /// The policy as it was applied.
    pub policy: &'a ResolvedPolicy,
    /// The models that ran; the order does not matter.
    pub models: &'a [ModelUse],
    /// Version of the pipeline.
    pub pipeline_version: &'a str,
    /// Settings that change the result, such as frames per second, as name and value; the order does not
    /// matter.
    pub settings: &'a [(&'a str, String)],
}

/// The id of the features: a hash of job, media, policy, models, settings and pipeline version.
///
/// # Errors
/// [`PipelineError::Internal`] when a part cannot be written as JSON; no value of these types does that.
pub fn features_id(work: &Work<'_>) -> Result<ReportId, PipelineError> {
    let mut media: Vec<&MediaDigest> = work.media.iter().collect();
    media.sort_by(|a, b| a.answer.cmp(&b.answer));
    let mut models: Vec<&ModelUse> = work.models.iter().collect();
    models.sort();
    let mut settings: Vec<_> = work.settings.iter().collect();
    settings.sort();
    digest(&json!({
        "document": "features",
        "job": essence(work.job)?,
        "media": value(&media)?,
        "policy": value(work.policy)?,
        "models": value(&models)?,
        "pipeline_version": work.pipeline_version,
        "settings": value(&settings)?,
    }))
}

/// The id of the report made from these features with this profile. It does not matter whether the features
/// were just measured or read from `features.json`.
///
/// # Errors
/// As [`features_id`].
pub fn report_id(features_id: &ReportId, profile: &ProfileRef) -> Result<ReportId, PipelineError> {
    digest(&json!({
        "document": "report",
        "features_id": features_id.as_str(),
        "profile": value(profile)?,
    }))
}

/// The job without what says only how it came here, and without the name of the profile: the features do not
/// depend on it, and the report is bound to the profile's content.
fn essence(job: &Job) -> Result<Value, PipelineError> {
    let mut job = value(job)?;
    if let Some(fields) = job.as_object_mut() {
        for field in ["interview_code", "submitted_at", "profile", "policy", "consent"] {
            fields.remove(field);
        }
    }
    for answer in job.get_mut("answers").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("media");
        }
    }
    Ok(job)
}

fn value(part: &impl Serialize) -> Result<Value, PipelineError> {
    serde_json::to_value(part).map_err(|error| PipelineError::Internal(format!("report id: {error}")))
}

fn digest(document: &Value) -> Result<ReportId, PipelineError> {
    let mut hash = hex::encode(Sha256::digest(canonical_json(document).as_bytes()));
    hash.truncate(ID_DIGITS);
    ReportId::new(hash).map_err(|error| PipelineError::Internal(format!("report id: {error}")))
}

/// JSON without white space and with the fields of every object in the order of their names, whatever order
/// the map keeps them in.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (index, (name, item)) in fields.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(item, text);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use interview_schemas::parse::from_json;
    use proptest::prelude::*;

    use super::*;
    use crate::policy;

    const EXAMPLE: &str = include_str!("../../../schemas/tests/documents/job.json");

    /// Owns what [`Work`] borrows.
    #[derive(Debug, Clone)]
    struct Owned {
        job: Job,
        media: Vec<MediaDigest>,
        policy: ResolvedPolicy,
        models: Vec<ModelUse>,
        version: String,
        settings: Vec<(&'static str, String)>,
    }

    impl Owned {
        fn id(&self) -> String {
            let work = Work {
                job: &self.job,
                media: &self.media,
                policy: &self.policy,
                models: &self.models,
                pipeline_version: &self.version,
                settings: &self.settings,
            };
            features_id(&work).unwrap().to_string()
        }
    }

    fn sample(seed: &str) -> Owned {
        let job: Job = from_json(EXAMPLE.as_bytes()).unwrap();
        let media = ["a1", "a2"].map(|id| MediaDigest {
            answer: AnswerId::new(id).unwrap(),
            sha256: Some(hex::encode(Sha256::digest(format!("{id}{seed}")))),
            failure: None,
        });
        let models = ["silero-vad", "moonshine-tiny-en"].map(|name| ModelUse {
            name: name.to_owned(),
            version: format!("1{seed}"),
            sha256: hex::encode(Sha256::digest(name)),
        });
        Owned {
            policy: policy::resolve(&policy::shipped("cn").unwrap(), &job.consent).unwrap(),
            job,
            media: media.to_vec(),
            models: models.to_vec(),
            version: "0.1.0".to_owned(),
            settings: vec![("frames_per_s", "5".to_owned()), ("sample_rate_hz", "16000".to_owned())],
        }
    }

    fn media_of(job: &mut Job) -> &mut interview_schemas::answer::MediaRef {
        match &mut job.answers[0] {
            interview_schemas::answer::Answer::Video(answer) => &mut answer.media,
            other => panic!("{other:?}"),
        }
    }

    /// Changes that make it other work.
    const CHANGES: [fn(&mut Owned, &str); 15] = [
        |work, text| work.job.job_id = interview_schemas::JobId::new(format!("j{text}")).unwrap(),
        |work, text| work.job.candidate.resume = Some(format!("r{text}")),
        |work, _| work.job.test_candidate = true,
        |work, text| work.job.position.title = Some(format!("t{text}")),
        |work, text| work.job.questions[0].text += &format!("?{text}"),
        |work, _| work.job.language = interview_schemas::Language::Zh,
        |work, _| drop(work.job.answers.pop()),
        |work, _| work.job.answers.swap(0, 1),
        |work, text| work.media[0].sha256 = Some(format!("0{text}")),
        |work, _| work.media[1].sha256 = None,
        |work, _| work.media[1].failure = Some(ErrorCode::InvalidMedia),
        |work, _| work.policy.expression = !work.policy.expression,
        |work, text| work.models[1].sha256 = format!("0{text}"),
        |work, text| work.version += &format!("+{text}"),
        |work, text| work.settings[0].1 += &format!("5{text}"),
    ];

    proptest! {
        #[test]
        fn every_change_of_the_work_changes_the_id(text in "[a-z0-9]{0,8}") {
            let original = sample(&text);
            let mut ids = BTreeSet::from([original.id()]);
            for change in CHANGES {
                let mut changed = original.clone();
                change(&mut changed, &text);
                prop_assert!(ids.insert(changed.id()));
            }
        }

        #[test]
        fn the_same_work_has_the_same_id_however_it_comes(text in "[a-z0-9/.]{1,20}", number in 1u32..9) {
            let original = sample("");
            let mut again = original.clone();
            let media = media_of(&mut again.job);
            media.uri = format!("s3://elsewhere/{text}");
            media.sha256 = None;
            media.bytes = Some(u64::from(number));
            if let Some(code) = &mut again.job.interview_code {
                code.submission_number = Some(number);
            }
            again.job.submitted_at = None;
            again.job.profile = Some(text);
            again.media.reverse();
            again.models.reverse();
            again.settings.reverse();
            prop_assert_eq!(original.id(), again.id());
        }

        #[test]
        fn canonical_json_is_json_of_the_same_value(entries in prop::collection::btree_map("\\PC{0,6}", -9i64..9, 0..6)) {
            let forwards: serde_json::Map<_, _> = entries.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            let backwards: serde_json::Map<_, _> = entries.iter().rev().map(|(k, v)| (k.clone(), json!([v, null]))).collect();
            let value = json!({"b": forwards, "a": backwards});
            let text = canonical_json(&value);
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            let sorted = text.starts_with(r#"{"a":"#);
            prop_assert!(sorted);
        }
    }

    #[test]
    fn the_report_id_depends_on_features_and_profile() {
        let features = ReportId::new("0123456789abcdef0123456789abcdef").unwrap();
        let profile = |name: &str, version: &str, hash: &str| ProfileRef {
            name: name.to_owned(),
            version: version.to_owned(),
            hash: hash.to_owned(),
        };
        let id =
            |features: &ReportId, profile: &ProfileRef| report_id(features, profile).unwrap().to_string();
        let original = id(&features, &profile("sales", "1", "ab"));
        assert_eq!(original, id(&features, &profile("sales", "1", "ab")));
        assert_eq!(original.len(), ID_DIGITS);
        let others = [
            id(&ReportId::new("f").unwrap(), &profile("sales", "1", "ab")),
            id(&features, &profile("sales", "1", "ac")),
            id(&features, &profile("sales", "2", "ab")),
            id(&features, &profile("sale", "1", "ab")),
        ];
        assert!(others.iter().all(|other| *other != original));
    }

    /// Pins the form of the id: if this changes, every id of the past changes.
    #[test]
    fn ids_stay_what_they_were() {
        insta::assert_snapshot!(sample("").id());
    }
}
