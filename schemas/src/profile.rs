//! The competency profile as it stands in a file: which features count, how much, and what a good value is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Bilingual;
use crate::job::QuestionKind;

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
/// indicators of each competency. A file that `extends` another one states only what it adds or changes.
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
    /// The profile this one builds on, `name@version` (R25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// A base for others: competencies without a weight are building blocks; nobody is scored with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub base_only: bool,
    /// What profiles that build on this one may do; absent: add competencies and indicators, set grades and
    /// evidence, add rules and triggers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<OverlayRule>,
    /// When this version is in force. Not part of the content hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
    /// Who is scored with this version while it is new (R8). Not part of the content hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
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
    /// What an outcome sets going (R24).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub triggers: BTreeMap<String, TriggerSpec>,
    /// Hard rules: when a person must look whatever the score.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, RuleSpec>,
}

/// What an overlay may do to the profile it builds on. Weights may be changed only within `limits`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverlayRule {
    /// The permissions; what is not named is not allowed.
    pub allow: Vec<OverlayPermission>,
}

/// Something an overlay may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverlayPermission {
    /// Add competencies and groups.
    AddCompetencies,
    /// Add indicators to competencies that are not locked.
    AddIndicators,
    /// Set other thresholds of the recommendation.
    SetGrades,
    /// Set another evidence rule.
    SetEvidence,
    /// Add rules and triggers. Those of the base can never be changed or taken away.
    AddRules,
}

impl OverlayPermission {
    /// Every permission; what a base without `overlay` allows.
    pub const ALL: [Self; 5] =
        [Self::AddCompetencies, Self::AddIndicators, Self::SetGrades, Self::SetEvidence, Self::AddRules];
}

/// When a version is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Effective {
    /// In force from this time on; absent: always was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// In force before this time; absent: without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Gray release: who is scored with this version while it is new. Branch or percentage, either is enough.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// Percent of the candidates, chosen by a hash of their reference: the same candidate always falls on the
    /// same side, and more percent only adds candidates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Every candidate of these branches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// Everybody else is scored with it beside the live version, without consequence.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
}

/// Smallest and largest weight an overlay may choose, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightLimits {
    /// Smallest weight.
    pub min: f64,
    /// Largest weight.
    pub max: f64,
}

/// Something that an outcome sets going (R24). It is held back while a rule asks for a person to look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerSpec {
    /// Name for people.
    pub title: Bilingual,
    /// The event that is sent, such as `second_round_invitation`.
    pub event: String,
    /// The condition.
    pub when: Condition,
}

/// A hard rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// What a person has to look at.
    pub message: Bilingual,
    /// The condition.
    pub when: Condition,
    /// What follows.
    #[serde(default)]
    pub outcome: RuleOutcome,
}

/// What follows from a hard rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleOutcome {
    /// A person must look; the score and the grade stay as they are.
    #[default]
    Review,
    /// The grade becomes "not recommended", if the policy allows automatic rejection; if not, a person must look.
    NotRecommended,
}

/// A condition: everything that is stated must hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The total score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Bounds>,
    /// The confidence, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Bounds>,
    /// Scores of groups by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Bounds>,
    /// Scores of competencies by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub competencies: BTreeMap<String, Bounds>,
    /// Values of features by name, over all answers, in the unit of the feature.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub features: BTreeMap<String, Bounds>,
    /// Codes of flags that must all be set, such as `MORE_THAN_ONE_FACE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
}

/// Bounds of a value. A value that could not be measured is within no bounds, unless `missing` is set.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// At least this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// Less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Also holds when there is no value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
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
    /// Percent of the whole profile; absent in a base: a building block for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Within what an overlay may change the weight; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<WeightLimits>,
    /// No overlay may change anything of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
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
    /// Percent of the competency; absent in a base: a building block for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Within what an overlay may change the weight; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<WeightLimits>,
    /// No overlay may change anything of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// How a value becomes 0–100 points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curve: Option<CurveSpec>,
    /// Only answers to questions of these scenes count, such as `refusal`; absent: every answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenes: Option<Vec<String>>,
    /// Only answers to questions of these kinds count, such as `situational`; absent: every answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<Vec<QuestionKind>>,
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
    /// Percent of a population with a lower value, from a norm table; the other way round when `falling`.
    Percentile {
        /// The norm table, `name@version`.
        norm: String,
        /// Less of the feature is better.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        falling: bool,
    },
}

/// A norm table: how the values of features are distributed in a population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NormTable {
    /// Version of this schema; `"1"`.
    pub schema_version: ProfileSchemaVersion,
    /// Name: lower-case letters, digits and `-`.
    pub name: String,
    /// Version, counted from 1. A published version never changes.
    pub version: u32,
    /// Who was measured: which positions, when, where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<Bilingual>,
    /// The distribution of each feature.
    pub features: BTreeMap<String, NormFeature>,
}

/// The distribution of one feature in a population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NormFeature {
    /// Number of interviews in which it was measured.
    pub count: u64,
    /// Values at 0, 1, 2 … 100 percent, rising: 101 numbers.
    pub percentiles: Vec<f64>,
}
