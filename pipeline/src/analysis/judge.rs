//! From what was perceived to the report: sentences, features, score, documents.

use std::collections::{BTreeMap, BTreeSet};

use interview_schemas::features::{AnswerFeatures, FeatureSet, round_decimals};
use interview_schemas::perception::Perception;
use interview_schemas::report::AnswerFailure;
use interview_schemas::{AnswerId, Language};

use super::Analysis;
use super::hub::Hub;
use super::outcome::AnswerOutcome;
use super::progress::Stage;
use super::recording::Setting;
use crate::features::{self, AnswerContext};
use crate::perception::semantics::{self, Semantics, SemanticsInput};
use crate::report::ids::{self, MediaDigest, Work};
use crate::report::{self, ReportLanguage, ReportParts};
use crate::score::{self, Profile};
use crate::text::Lexicons;
use crate::{PIPELINE_VERSION, PipelineError};

/// Measures, scores and writes down.
pub(crate) fn judge(
    hub: &mut Hub,
    setting: &Setting<'_>,
    profile: &Profile,
    outcomes: Vec<AnswerOutcome>,
) -> Result<Analysis, PipelineError> {
    let meanings = understand(hub, setting, &outcomes)?;
    setting.clock.time(Stage::Judge, || {
        let job = setting.job;
        let features = feature_set(hub, setting, &outcomes, &meanings)?;
        let failures = failures(&outcomes);
        let answers: Vec<_> = outcomes.into_iter().map(|outcome| outcome.perception).collect();
        let report = report::assemble(&ReportParts {
            job,
            policy: setting.policy,
            features: &features,
            scorecard: &score::score(profile, &features),
            perceptions: &answers,
            failures: &failures,
        })?;
        let html = report::render_html(&report, &features, report_language(job.language, &features))?;
        let perception = Perception { schema_version: "1".to_owned(), job_id: job.job_id.clone(), answers };
        Ok(Analysis { perception, features, report, html, stage_seconds: BTreeMap::new() })
    })
}

/// The language in which the page opens: the job's, else that of most answers.
fn report_language(job: Language, features: &FeatureSet) -> ReportLanguage {
    let spoken =
        |language| features.answers.iter().filter(|answer| answer.language == Some(language)).count();
    match job {
        Language::Zh => ReportLanguage::Zh,
        Language::Auto if spoken(Language::Zh) > spoken(Language::En) => ReportLanguage::Zh,
        Language::En | Language::Auto => ReportLanguage::En,
    }
}

fn failures(outcomes: &[AnswerOutcome]) -> BTreeMap<AnswerId, AnswerFailure> {
    outcomes.iter().filter_map(|outcome| Some((outcome.perception.id.clone(), outcome.failure()?))).collect()
}

/// Measures every answer and collects the flags.
fn feature_set(
    hub: &Hub,
    setting: &Setting<'_>,
    outcomes: &[AnswerOutcome],
    meanings: &[Option<Semantics>],
) -> Result<FeatureSet, PipelineError> {
    let job = setting.job;
    let failures = failures(outcomes);
    let perceptions: Vec<_> = outcomes.iter().map(|outcome| outcome.perception.clone()).collect();
    let flags = report::flags(job, &perceptions, &failures);
    let mut answers = Vec::with_capacity(outcomes.len());
    for ((answer, outcome), semantics) in job.answers.iter().zip(outcomes).zip(meanings) {
        let question = answer.question().and_then(|id| job.question(id));
        let perception = &outcome.perception;
        let context = AnswerContext {
            job,
            answer,
            question,
            policy: setting.policy,
            perception,
            semantics: semantics.as_ref(),
        };
        answers.push(AnswerFeatures {
            id: answer.id().clone(),
            kind: report::kind(answer).to_owned(),
            scene: question.and_then(|question| question.scene.clone()),
            language: perception
                .transcript
                .as_ref()
                .filter(|said| !said.segments.is_empty())
                .map(|said| said.language),
            duration_s: perception.media.as_ref().map(|facts| round_decimals(facts.duration_s, 3)),
            features: if outcome.error.is_none() { features::measure(&context) } else { Vec::new() },
        });
    }
    let models = hub.uses(&models(outcomes, meanings, hub))?;
    let features_id = ids::features_id(&Work {
        job,
        media: &digests(outcomes),
        policy: setting.policy,
        models: &models,
        pipeline_version: PIPELINE_VERSION,
        settings: &[("sample_fps", setting.options.decode.sample_fps.to_string())],
    })?;
    Ok(FeatureSet {
        schema_version: "1".to_owned(),
        job_id: job.job_id.clone(),
        features_id,
        pipeline_version: PIPELINE_VERSION.to_owned(),
        test_candidate: job.test_candidate,
        branch: job.candidate.branch.clone(),
        policy: setting.policy.name.clone(),
        answers,
        flags,
        models,
    })
}

fn digests(outcomes: &[AnswerOutcome]) -> Vec<MediaDigest> {
    outcomes
        .iter()
        .filter(|outcome| outcome.perception.media.is_some() || outcome.error.is_some())
        .map(|outcome| MediaDigest {
            answer: outcome.perception.id.clone(),
            sha256: outcome.perception.media.as_ref().map(|facts| facts.sha256.clone()),
            failure: outcome.error.as_ref().map(PipelineError::code),
        })
        .collect()
}

/// Names of the models whose results stand in the features.
fn models(outcomes: &[AnswerOutcome], meanings: &[Option<Semantics>], hub: &Hub) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for perception in outcomes.iter().map(|outcome| &outcome.perception) {
        if perception.voice.is_some() {
            names.insert(interview_models::silero::MODEL.to_owned());
            names.extend(perception.transcript.as_ref().map(|transcript| transcript.model.clone()));
        }
        if perception.faces.is_some() {
            names.extend(hub.vision_models());
        }
    }
    if meanings.iter().flatten().any(|semantics| semantics.embedded) {
        names.insert(interview_models::minilm::MODEL.to_owned());
    }
    names
}

/// The meaning of every answer with words, embedded where the model is installed.
fn understand(
    hub: &mut Hub,
    setting: &Setting<'_>,
    outcomes: &[AnswerOutcome],
) -> Result<Vec<Option<Semantics>>, PipelineError> {
    let has_words = |outcome: &AnswerOutcome| {
        outcome.perception.transcript.as_ref().is_some_and(|transcript| !transcript.segments.is_empty())
    };
    if !outcomes.iter().any(has_words) {
        return Ok(outcomes.iter().map(|_| None).collect());
    }
    hub.load_embedder()?;
    let lexicons = Lexicons::shipped();
    let job = setting.job;
    setting.clock.time(Stage::Understand, || {
        job.answers
            .iter()
            .zip(outcomes)
            .map(|(answer, outcome)| {
                let Some(transcript) = outcome.perception.transcript.as_ref().filter(|_| has_words(outcome))
                else {
                    return Ok(None);
                };
                let input = SemanticsInput {
                    transcript,
                    question: answer.question().and_then(|id| job.question(id)),
                    position: &job.position,
                    resume: job.candidate.resume.as_deref(),
                    lexicons: &lexicons,
                };
                Ok(Some(semantics::analyse(&input, hub.embedder.as_mut())?))
            })
            .collect()
    })
}
