//! The profile as it is scored with: valid by construction, in canonical order.

use std::collections::BTreeSet;

use interview_schemas::Bilingual;
use interview_schemas::features::AnswerFeatures;
use interview_schemas::job::QuestionKind;
use interview_schemas::profile::{Aggregate, EvidenceRule, GradeThresholds, ProfileFile};
use interview_schemas::report::ProfileRef;

use super::Curve;
use super::rules::Rules;

/// A checked profile. Every feature exists, every level sums to 100 %, every number is finite.
///
/// Groups, competencies and indicators stand in the order of their names, so that two files that differ only
/// in the order of their lines are the same profile with the same hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub(super) file: ProfileFile,
    pub(super) hash: String,
    pub(super) title: Bilingual,
    pub(super) evidence: EvidenceRule,
    pub(super) grades: GradeThresholds,
    pub(super) groups: Vec<ProfileGroup>,
    pub(super) competencies: Vec<ProfileCompetency>,
    pub(super) indicators: Vec<ProfileIndicator>,
    pub(super) rules: Rules,
}

/// A group of competencies; those without a group form one of their own without a name.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileGroup {
    /// Name in the file; absent for the competencies without a group.
    pub name: Option<String>,
    /// Name for people.
    pub title: Bilingual,
    /// Share of the whole, 0–1.
    pub weight: f64,
}

/// A competency.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileCompetency {
    /// Name in the file.
    pub name: String,
    /// Name for people.
    pub title: Bilingual,
    /// Index of its group.
    pub group: usize,
    /// Share of the whole, 0–1.
    pub weight: f64,
    /// Its indicators: a range of the profile's.
    pub indicators: std::ops::Range<usize>,
}

/// An indicator.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileIndicator {
    /// Name in the file.
    pub name: String,
    /// Name for people.
    pub title: Bilingual,
    /// The feature.
    pub feature: String,
    /// Unit of the feature.
    pub unit: String,
    /// Index of its competency.
    pub competency: usize,
    /// Share of its competency, 0–1.
    pub share: f64,
    /// Share of the whole, 0–1.
    pub weight: f64,
    /// How a value becomes points.
    pub curve: Curve,
    /// Only answers to questions of these scenes count.
    pub scenes: Option<BTreeSet<String>>,
    /// Only answers to questions of these kinds count.
    pub questions: Option<BTreeSet<QuestionKind>>,
    /// Only answers of these kinds count.
    pub kinds: Option<BTreeSet<String>>,
    /// How the values of several answers become one.
    pub aggregate: Aggregate,
}

impl ProfileIndicator {
    /// Whether an answer is looked at for this indicator.
    #[must_use]
    pub fn admits(&self, answer: &AnswerFeatures) -> bool {
        self.admits_answer(&answer.kind, answer.question, answer.scene.as_deref())
    }

    /// Whether an answer of this kind, to a question of this kind and scene, is looked at.
    #[must_use]
    pub fn admits_answer(&self, kind: &str, question: Option<QuestionKind>, scene: Option<&str>) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind))
            && self.questions.as_ref().is_none_or(|kinds| question.is_some_and(|kind| kinds.contains(&kind)))
            && self.scenes.as_ref().is_none_or(|scenes| scene.is_some_and(|scene| scenes.contains(scene)))
    }
}

impl Profile {
    /// Name, version and content hash.
    #[must_use]
    pub fn reference(&self) -> ProfileRef {
        ProfileRef {
            name: self.file.name.clone(),
            version: self.file.version.to_string(),
            hash: self.hash.clone(),
        }
    }

    /// SHA-256 of the profile in its canonical form, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The profile as a file, complete, in canonical form.
    #[must_use]
    pub fn file(&self) -> &ProfileFile {
        &self.file
    }

    /// Name for people.
    #[must_use]
    pub fn title(&self) -> &Bilingual {
        &self.title
    }

    /// How much evidence a score needs.
    #[must_use]
    pub fn evidence(&self) -> EvidenceRule {
        self.evidence
    }

    /// Thresholds of the recommendation.
    #[must_use]
    pub fn grades(&self) -> GradeThresholds {
        self.grades
    }

    /// Its groups, ordered by name.
    #[must_use]
    pub fn groups(&self) -> &[ProfileGroup] {
        &self.groups
    }

    /// Its competencies, ordered by name.
    #[must_use]
    pub fn competencies(&self) -> &[ProfileCompetency] {
        &self.competencies
    }

    /// Its triggers and hard rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The indicators of all competencies, ordered by competency and name.
    #[must_use]
    pub fn indicators(&self) -> &[ProfileIndicator] {
        &self.indicators
    }
}
