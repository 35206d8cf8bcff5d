//! From what was perceived to the report: sentences, features, score, documents.

use std::collections::{BTreeMap, BTreeSet};

use interview_schemas::features::{AnswerFeatures, FeatureSet, round_decimals};
use interview_schemas::perception::{AnswerPerception, Perception, Transcript};
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
use crate::score;
use crate::score::rollout::Selection;
use crate::text::Lexicons;
use crate::{PIPELINE_VERSION, PipelineError};

/// The answers of a job after perception.
struct Perceived {
    answers: Vec<AnswerPerception>,
    failures: BTreeMap<AnswerId, AnswerFailure>,
}

impl Perceived {
    fn new(outcomes: Vec<AnswerOutcome>) -> Self {
        let failures = outcomes
            .iter()
            .filter_map(|outcome| Some((outcome.perception.id.clone(), outcome.failure()?)))
            .collect();
        Self { answers: outcomes.into_iter().map(|outcome| outcome.perception).collect(), failures }
    }

    /// What became of each recording.
    fn digests(&self) -> Vec<MediaDigest> {
        let used = self.answers.iter().filter_map(|answer| {
            let sha256 = Some(answer.media.as_ref()?.sha256.clone());
            Some(MediaDigest { answer: answer.id.clone(), sha256, failure: None })
        });
        let failed = self.failures.iter().map(|(id, failure)| MediaDigest {
            answer: id.clone(),
            sha256: None,
            failure: Some(failure.code),
        });
        used.chain(failed).collect()
    }
}

/// Measures, scores and writes down.
pub(crate) fn judge(
    hub: &mut Hub,
    setting: &Setting<'_>,
    selection: &Selection,
    outcomes: Vec<AnswerOutcome>,
) -> Result<Analysis, PipelineError> {
    let perceived = Perceived::new(outcomes);
    let meanings = understand(hub, setting, &perceived)?;
    setting.clock.time(Stage::Judge, || {
        let job = setting.job;
        let features = feature_set(hub, setting, &perceived, &meanings)?;
        let report = report::assemble(&ReportParts {
            job,
            policy: setting.policy,
            features: &features,
            scorecard: &score::score_selected(selection, &features, setting.policy.automatic_rejection),
            perceptions: &perceived.answers,
            failures: &perceived.failures,
        })?;
        let html = report::render_html(&report, &features, report_language(job.language, &features))?;
        let (schema_version, job_id) = ("1".to_owned(), job.job_id.clone());
        let perception = Perception { schema_version, job_id, answers: perceived.answers };
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

/// Measures every answer and collects the flags.
fn feature_set(
    hub: &Hub,
    setting: &Setting<'_>,
    perceived: &Perceived,
    meanings: &[Option<Semantics>],
) -> Result<FeatureSet, PipelineError> {
    let job = setting.job;
    let mut flags = report::flags(job, &perceived.answers, &perceived.failures);
    let mut answers = Vec::with_capacity(job.answers.len());
    for ((answer, perception), semantics) in job.answers.iter().zip(&perceived.answers).zip(meanings) {
        let question = answer.question().and_then(|id| job.question(id));
        let semantics = semantics.as_ref();
        let context = AnswerContext { job, answer, question, policy: setting.policy, perception, semantics };
        let failed = perceived.failures.contains_key(answer.id());
        let measured = if failed { Vec::new() } else { features::measure(&context) };
        if !failed {
            flags.extend(features::flags(&context, &measured));
        }
        answers.push(AnswerFeatures {
            id: answer.id().clone(),
            kind: report::kind(answer).to_owned(),
            question: question.map(|question| question.kind),
            scene: question.and_then(|question| question.scene.clone()),
            language: words(perception).map(|said| said.language),
            duration_s: perception.media.as_ref().map(|facts| round_decimals(facts.duration_s, 3)),
            features: measured,
        });
    }
    flags.extend(report::required::required_flags(job, &answers));
    let models = hub.uses(&models(&perceived.answers, meanings, hub))?;
    let mut settings = vec![("sample_fps", setting.options.decode.sample_fps.to_string())];
    // Results with a tenant's words are other results; those with the shipped ones come with the version.
    if *setting.lexicons != Lexicons::shipped() {
        settings.push(("lexicons", setting.lexicons.digest()));
    }
    let features_id = ids::features_id(&Work {
        job,
        media: &perceived.digests(),
        policy: setting.policy,
        models: &models,
        pipeline_version: PIPELINE_VERSION,
        settings: &settings,
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

/// Names of the models whose results stand in the features.
fn models(answers: &[AnswerPerception], meanings: &[Option<Semantics>], hub: &Hub) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for perception in answers {
        if perception.voice.is_some() {
            names.insert(interview_models::silero::MODEL.to_owned());
            names.extend(perception.transcript.as_ref().map(|transcript| transcript.model.clone()));
        }
        if perception.faces.is_some() {
            names.extend(hub.vision_models());
        }
    }
    if meanings.iter().flatten().any(|semantics| semantics.embedded || semantics.glossed) {
        names.insert(interview_models::minilm::MODEL.to_owned());
    }
    names
}

/// The transcript of an answer, where anything was said or typed.
fn words(perception: &AnswerPerception) -> Option<&Transcript> {
    perception.transcript.as_ref().filter(|transcript| !transcript.segments.is_empty())
}

/// The meaning of every answer with words, embedded where the model is installed.
fn understand(
    hub: &mut Hub,
    setting: &Setting<'_>,
    perceived: &Perceived,
) -> Result<Vec<Option<Semantics>>, PipelineError> {
    if perceived.answers.iter().all(|answer| words(answer).is_none()) {
        return Ok(perceived.answers.iter().map(|_| None).collect());
    }
    hub.load_embedder(setting.options.threads)?;
    let job = setting.job;
    setting.clock.time(Stage::Understand, || {
        job.answers
            .iter()
            .zip(&perceived.answers)
            .map(|(answer, perception)| {
                // What must not be judged needs no meaning either, however long it is.
                let judged = words(perception).filter(|transcript| transcript.unreliable.is_none());
                let Some(transcript) = judged else { return Ok(None) };
                let input = SemanticsInput {
                    transcript,
                    question: answer.question().and_then(|id| job.question(id)),
                    position: &job.position,
                    lexicons: setting.lexicons,
                };
                Ok(Some(semantics::analyse(&input, hub.embedder.as_mut())?))
            })
            .collect()
    })
}
