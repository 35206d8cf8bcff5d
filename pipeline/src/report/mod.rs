//! Reports: `report.json` for programs, `report.html` for people.

#[cfg(test)]
mod flag_tests;
mod flags;
mod html;
pub mod ids;
pub mod required;
#[cfg(test)]
mod tests;
mod timeline;

use std::collections::BTreeMap;

use interview_schemas::AnswerId;
use interview_schemas::answer::Answer;
use interview_schemas::features::{FeatureSet, round_decimals};
use interview_schemas::job::Job;
use interview_schemas::perception::{AnswerPerception, Transcript};
use interview_schemas::policy::ResolvedPolicy;
use interview_schemas::report::{AnswerFailure, AnswerReport, Report, TranscriptLine};

pub use flags::flags;
pub use html::{ReportLanguage, render_html};

use crate::PipelineError;
use crate::score::Scorecard;

/// Version of the report schema.
pub const SCHEMA_VERSION: &str = "1";

/// Everything a report is put together from.
#[derive(Debug, Clone, Copy)]
pub struct ReportParts<'a> {
    /// The job.
    pub job: &'a Job,
    /// The policy as it was applied.
    pub policy: &'a ResolvedPolicy,
    /// The features, with their id, flags and models.
    pub features: &'a FeatureSet,
    /// The features scored with a profile.
    pub scorecard: &'a Scorecard,
    /// What was perceived; answers that are missing here have no transcript and no timeline.
    pub perceptions: &'a [AnswerPerception],
    /// Answers that could not be analysed at all.
    pub failures: &'a BTreeMap<AnswerId, AnswerFailure>,
}

/// Puts the report together. Pure: the same parts give the same report.
///
/// # Errors
/// [`PipelineError::Internal`] when the id cannot be made; no value of these types does that.
pub fn assemble(parts: &ReportParts<'_>) -> Result<Report, PipelineError> {
    let ReportParts { job, policy, features, scorecard, perceptions, failures } = *parts;
    let perceptions: BTreeMap<&AnswerId, &AnswerPerception> =
        perceptions.iter().map(|perception| (&perception.id, perception)).collect();
    Ok(Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        report_id: ids::report_id(&features.features_id, &scorecard.profile)?,
        job_id: job.job_id.clone(),
        features_id: features.features_id.clone(),
        candidate: job.candidate.reference.clone(),
        test_candidate: job.test_candidate,
        scenario: job.scenario,
        position: job.position.title.clone(),
        score: scorecard.score,
        grade: scorecard.grade,
        confidence: scorecard.confidence,
        reasons: scorecard.reasons.clone(),
        competencies: scorecard.competencies.clone(),
        groups: scorecard.groups.clone(),
        reviews: scorecard.reviews.clone(),
        triggers: scorecard.triggers.clone(),
        shadow: scorecard.shadow.clone(),
        flags: features.flags.clone(),
        answers: job
            .answers
            .iter()
            .map(|answer| {
                let id = answer.id();
                answer_report(job, answer, perceptions.get(id).copied(), failures.get(id))
            })
            .collect(),
        profile: scorecard.profile.clone(),
        policy: policy.clone(),
        models: features.models.clone(),
        pipeline_version: features.pipeline_version.clone(),
    })
}

fn answer_report(
    job: &Job,
    answer: &Answer,
    perception: Option<&AnswerPerception>,
    failure: Option<&AnswerFailure>,
) -> AnswerReport {
    let transcript = perception.and_then(|perception| perception.transcript.as_ref());
    AnswerReport {
        id: answer.id().clone(),
        kind: kind(answer).to_owned(),
        question: answer.question().and_then(|id| job.question(id)).map(|question| question.text.clone()),
        duration_s: perception
            .and_then(|perception| perception.media.as_ref())
            .map(|media| round_decimals(media.duration_s, 3)),
        language: transcript.map(|transcript| transcript.language),
        transcript: transcript.map(lines).unwrap_or_default(),
        failure: failure.cloned(),
        timeline: perception.and_then(timeline::timeline),
    }
}

/// The kind of an answer as reports and features name it.
#[must_use]
pub fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Video(_) => "video",
        Answer::Audio(_) => "audio",
        Answer::Text(_) => "text",
        Answer::External(_) => "external",
    }
}

fn lines(transcript: &Transcript) -> Vec<TranscriptLine> {
    transcript
        .segments
        .iter()
        .map(|segment| TranscriptLine {
            start_s: segment.start_s,
            end_s: segment.end_s,
            text: segment.text.clone(),
            confidence: segment.confidence,
        })
        .collect()
}
