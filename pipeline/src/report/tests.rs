//! Tests of the assembled report: from a job and what was perceived to `report.json`.

use interview_schemas::features::{AnswerFeatures, ModelUse};
use interview_schemas::parse::from_json;
use interview_schemas::perception::{MediaWarning, Perception};
use interview_schemas::report::Grade;
use interview_schemas::{ErrorCode, Feature};

use super::ids::{MediaDigest, Work, features_id};
use super::*;
use crate::policy;
use crate::score::{self, testing};

const JOB: &str = include_str!("../../../schemas/tests/documents/job.json");
const PERCEPTION: &str = include_str!("../../../schemas/tests/documents/perception.json");

const PROFILE: &str = r#"
schema_version = "1"
name = "expert"
version = 1
title = { en = "Expert", zh = "专家" }
evidence = { floor = 0.5 }
grades = { recommended = 80, consider = 60 }
[competencies.technical]
title = { en = "Technical skill", zh = "技术能力" }
weight = 100
indicators.judge = { feature = "external.technical", weight = 100, curve = { linear = { from = 0, to = 100 } } }
"#;

/// Owns the parts of a report.
struct Interview {
    job: Job,
    perceptions: Vec<AnswerPerception>,
    failures: BTreeMap<AnswerId, AnswerFailure>,
}

fn interview() -> Interview {
    let failure = AnswerFailure {
        code: ErrorCode::InvalidMedia,
        message: "not a usable recording: it is empty".into(),
    };
    Interview {
        job: from_json(JOB.as_bytes()).unwrap(),
        perceptions: from_json::<Perception>(PERCEPTION.as_bytes()).unwrap().answers,
        failures: BTreeMap::from([(AnswerId::new("a2").unwrap(), failure)]),
    }
}

impl Interview {
    fn codes(&self) -> Vec<(String, Option<String>)> {
        flags(&self.job, &self.perceptions, &self.failures)
            .into_iter()
            .map(|flag| (flag.code, flag.answer.map(|id| id.to_string())))
            .collect()
    }

    fn report(&self) -> Report {
        let policy = policy::resolve(&policy::shipped("cn").unwrap(), &self.job.consent).unwrap();
        let models =
            vec![ModelUse { name: "silero-vad".into(), version: "5.1".into(), sha256: "c0".repeat(32) }];
        let media = [MediaDigest {
            answer: AnswerId::new("a1").unwrap(),
            sha256: Some("ab".repeat(32)),
            failure: None,
        }];
        let work = Work {
            job: &self.job,
            media: &media,
            policy: &policy,
            models: &models,
            pipeline_version: "0.1.0",
            settings: &[],
        };
        let features = FeatureSet {
            schema_version: "1".into(),
            job_id: self.job.job_id.clone(),
            features_id: features_id(&work).unwrap(),
            pipeline_version: "0.1.0".into(),
            test_candidate: self.job.test_candidate,
            branch: None,
            policy: policy.name.clone(),
            answers: self
                .job
                .answers
                .iter()
                .map(|answer| AnswerFeatures {
                    id: answer.id().clone(),
                    kind: kind(answer).into(),
                    question: None,
                    scene: None,
                    language: None,
                    duration_s: None,
                    features: match answer {
                        Answer::External(it) => {
                            vec![Feature::measured("external.technical", "score", it.score, 1.0, Vec::new())]
                        }
                        _ => Vec::new(),
                    },
                })
                .collect(),
            flags: flags(&self.job, &self.perceptions, &self.failures),
            models,
        };
        let scorecard = score::score(&testing::from_toml("expert", PROFILE).unwrap(), &features);
        assemble(&ReportParts {
            job: &self.job,
            policy: &policy,
            features: &features,
            scorecard: &scorecard,
            perceptions: &self.perceptions,
            failures: &self.failures,
        })
        .unwrap()
    }
}

#[test]
fn the_report_of_the_example() {
    let report = interview().report();
    assert_eq!((report.score, report.grade), (Some(84.0), Grade::Recommended));
    insta::assert_json_snapshot!(report);
}

#[test]
fn without_anything_measured_there_is_no_score() {
    let mut interview = interview();
    interview.job.answers.pop();
    let report = interview.report();
    assert_eq!((report.score, report.grade), (None, Grade::InsufficientEvidence));
}

#[test]
fn the_same_parts_give_the_same_bytes() {
    let bytes = || serde_json::to_vec(&interview().report()).unwrap();
    assert_eq!(bytes(), bytes());
    assert_eq!(from_json::<Report>(&bytes()).unwrap(), interview().report());
}

#[test]
fn failures_and_warnings_become_flags() {
    let pair = |code: &str, answer: &str| (code.to_owned(), Some(answer.to_owned()));
    assert_eq!(interview().codes(), [pair("DAMAGED_MEDIA", "a1"), pair("ANSWER_FAILED", "a2")]);

    let mut test = interview();
    test.job.test_candidate = true;
    assert_eq!(test.codes()[0], ("TEST_CANDIDATE".to_owned(), None));
}

#[test]
fn silence_and_missing_streams_are_told_apart() {
    let with = |change: fn(&mut AnswerPerception)| {
        let mut interview = interview();
        let answer = &mut interview.perceptions[0];
        answer.media.as_mut().unwrap().warnings.clear();
        change(answer);
        let codes: Vec<_> = interview.codes().into_iter().map(|(code, _)| code).collect();
        codes.join(" ")
    };
    let silent = |answer: &mut AnswerPerception| {
        answer.transcript = None;
        answer.voice.as_mut().unwrap().speech.clear();
    };
    assert_eq!(with(|_| {}), "ANSWER_FAILED");
    assert_eq!(with(silent), "NO_SPEECH ANSWER_FAILED");
    assert_eq!(with(|answer| answer.transcript = None), "NO_WORDS ANSWER_FAILED");
    let mute = |answer: &mut AnswerPerception| {
        answer.media.as_mut().unwrap().has_audio = false;
        answer.transcript = None;
        answer.voice = None;
    };
    assert_eq!(with(mute), "NO_AUDIO ANSWER_FAILED");
    assert_eq!(with(|answer| answer.media.as_mut().unwrap().has_video = false), "NO_VIDEO ANSWER_FAILED");
    let unreliable =
        |answer: &mut AnswerPerception| answer.transcript.as_mut().unwrap().unreliable = Some("noise".into());
    assert_eq!(with(unreliable), "UNRELIABLE_TRANSCRIPT ANSWER_FAILED");
    let warned = |answer: &mut AnswerPerception| {
        answer.media.as_mut().unwrap().warnings =
            ["CORRUPT_FRAMES", "CORRUPT_PACKETS", "DURATION_MISMATCH", "RESOLUTION_CHANGED", "TRUNCATED"]
                .map(|code| MediaWarning { code: code.into(), message: "seen".into(), count: 1 })
                .to_vec();
    };
    assert_eq!(with(warned), "DAMAGED_MEDIA DURATION_MISMATCH PARTIAL_MEDIA ANSWER_FAILED");
}

#[test]
fn every_flag_speaks_both_languages() {
    let mut interview = interview();
    interview.job.test_candidate = true;
    for flag in flags(&interview.job, &interview.perceptions, &interview.failures) {
        assert!(flag.message.en.is_ascii() && !flag.message.en.is_empty(), "{}", flag.code);
        assert!(flag.message.zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{}", flag.code);
    }
}
