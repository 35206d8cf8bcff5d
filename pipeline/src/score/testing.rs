//! Interviews and profiles for tests.

use interview_schemas::features::{AnswerFeatures, FeatureSet, NotAssessed};
use interview_schemas::{AnswerId, Feature, JobId, ReportId};

use super::source::{Format, Source};
use super::{Library, Profile};
use crate::PipelineError;

/// The profile in a TOML text.
pub(crate) fn from_toml(file: &str, text: &str) -> Result<Profile, PipelineError> {
    Ok(Library::shipped().resolve(Source::new(file, text, Format::Toml))?.profile)
}

/// An answer of kind `external` unless changed.
pub(crate) fn answer(id: &str, features: Vec<Feature>) -> AnswerFeatures {
    AnswerFeatures {
        id: AnswerId::new(id).unwrap(),
        kind: "external".to_owned(),
        question: None,
        scene: None,
        language: None,
        duration_s: None,
        features,
    }
}

/// A measured outside score.
pub(crate) fn external(measure: &str, value: f64, confidence: f64) -> Feature {
    Feature::measured(&format!("external.{measure}"), "score", value, confidence, Vec::new())
}

/// A missing outside score.
pub(crate) fn missing(measure: &str, reason: NotAssessed) -> Feature {
    Feature::not_assessed(&format!("external.{measure}"), "score", reason)
}

/// The features of an interview with these answers.
pub(crate) fn interview(answers: Vec<AnswerFeatures>) -> FeatureSet {
    FeatureSet {
        schema_version: "1".to_owned(),
        job_id: JobId::new("job-1").unwrap(),
        features_id: ReportId::new("features-1").unwrap(),
        pipeline_version: "test".to_owned(),
        test_candidate: false,
        branch: None,
        policy: "cn".to_owned(),
        answers,
        flags: Vec::new(),
        models: Vec::new(),
    }
}

/// Two competencies in one group, one in another: `talk` (a, b), `calm` (c), `craft` (d).
pub(crate) const SMALL: &str = r#"
schema_version = "1"
name = "small"
version = 3
title = { en = "Small", zh = "小" }
evidence = { floor = 0.5, indicator_floor = 0.1 }
grades = { recommended = 80, consider = 60 }

[groups.general]
title = { en = "General", zh = "综合" }
[groups.skill]
title = { en = "Skill", zh = "专业" }

[competencies.talk]
title = { en = "Talk", zh = "沟通" }
group = "general"
weight = 40
[competencies.talk.indicators]
a = { feature = "external.a", weight = 75, curve.linear = { from = 0, to = 100 } }
b = { feature = "external.b", weight = 25, curve.linear = { from = 0, to = 100 } }

[competencies.calm]
title = { en = "Calm", zh = "沉着" }
group = "general"
weight = 20
[competencies.calm.indicators]
c = { feature = "external.c", weight = 100, curve.linear = { from = 0, to = 100 } }

[competencies.craft]
title = { en = "Craft", zh = "技艺" }
group = "skill"
weight = 40
[competencies.craft.indicators]
d = { feature = "external.d", weight = 100, curve.linear = { from = 0, to = 100 } }
"#;
