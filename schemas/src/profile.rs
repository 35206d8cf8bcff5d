//! The competency profile as it stands in a file: which features count, how much, and what a good value is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Bilingual;

/// Version of the profile schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ProfileSchemaVersion {
    /// The first version.
    #[default]
    #[serde(rename = "1")]
    V1,
}

/// A competency profile as the data team writes it (TOML or YAML).
///
/// Weights are percent. The weights of all competencies add up to 100, and so do the weights of the
/// indicators of each competency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    /// Version of this schema; `"1"`.
    pub schema_version: ProfileSchemaVersion,
    /// Name: lower-case letters, digits and `-`, such as `retail-sales`.
    pub name: String,
    /// Version, counted from 1. A published version never changes.
    pub version: u32,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Bilingual>,
    /// For whom it is and why it is made this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Bilingual>,
    /// How much evidence a score needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceRule>,
    /// Thresholds of the recommendation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grades: Option<GradeThresholds>,
    /// Groups of competencies, such as general ability, professional skill, culture fit (R22).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, GroupSpec>,
    /// What is judged.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub competencies: BTreeMap<String, CompetencySpec>,
}

/// How much evidence a score needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRule {
    /// Confidence (0–1) of the whole below which the outcome is "insufficient evidence" and no score is given.
    pub floor: f64,
    /// Confidence (0–1) of one feature below which it counts as not assessed.
    #[serde(default)]
    pub indicator_floor: f64,
}

/// Scores from which a recommendation is given (R23).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeThresholds {
    /// From this score on: recommended (优先推荐).
    pub recommended: f64,
    /// From this score on: consider (可考虑); below it: not recommended (不推荐).
    pub consider: f64,
}

/// A group of competencies. Its weight is the sum of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Bilingual>,
}

/// One competency.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompetencySpec {
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Bilingual>,
    /// What is meant by it, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Bilingual>,
    /// The group it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Percent of the whole profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// What it is measured by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub indicators: BTreeMap<String, IndicatorSpec>,
}

/// One indicator: a feature, what a good value of it is, and how much it counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndicatorSpec {
    /// Name for people; absent: the title of the feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Bilingual>,
    /// Name of the feature in the catalogue, or `external.<measure>` for a score from outside (R27).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// Percent of the competency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// How a value becomes 0–100 points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<CurveSpec>,
    /// Only answers to questions of these scenes count, such as `refusal`; absent: every answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenes: Option<Vec<String>>,
    /// Only answers of these kinds count: `video`, `audio`, `text`, `external`; absent: every kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
    /// How the values of several answers become one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<Aggregate>,
}

/// How the values of several answers become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// The mean, each answer weighted by its confidence.
    #[default]
    Mean,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
}

/// How a value becomes 0–100 points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CurveSpec {
    /// A straight line: `from` gives 0, `to` gives 100, beyond them it stays; falling when `to` < `from`.
    Linear {
        /// Value that gives 0 points.
        from: f64,
        /// Value that gives 100 points.
        to: f64,
    },
    /// A comfortable range: 100 between `low_full` and `high_full`, falling to 0 at `low_zero` and `high_zero`.
    Trapezoid {
        /// At and below this value: 0 points.
        low_zero: f64,
        /// From this value on: 100 points.
        low_full: f64,
        /// Up to this value: 100 points.
        high_full: f64,
        /// At and above this value: 0 points.
        high_zero: f64,
    },
    /// A smooth step: 50 points at `midpoint`; 12 points at one `width` below it and 88 at one above; falling
    /// when `width` is negative.
    Logistic {
        /// Value that gives 50 points.
        midpoint: f64,
        /// Distance from the midpoint at which 88.08 points (1/(1+e^-2)) are given.
        width: f64,
    },
}
