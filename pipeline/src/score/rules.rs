//! Triggers (R24) and hard rules: conditions on scores, confidence, features and flags.
//!
//! A hard rule never rejects by itself: at worst it asks for a person to look, unless the tenant's policy allows
//! automatic rejection. While a person must look, no trigger goes off.

use std::collections::BTreeMap;

use interview_schemas::profile::{Bounds, Condition, ProfileFile, RuleOutcome, RuleSpec, TriggerSpec};
use interview_schemas::report::{Flag, Grade, RuleHit, TriggerHit};

use super::EXTERNAL;
use super::check::{Check, check_name};
use super::error::suggestion;
use super::evaluate::Evaluation;
use super::parts::is_measure;
use super::profile::{ProfileCompetency, ProfileGroup};
use crate::features::catalogue;
use crate::report::required::{
    REQUIRED_POINT_MISSING, REQUIRED_POINT_NOT_ASSESSED, REQUIREMENT_MISSING, REQUIREMENT_NOT_ASSESSED,
};

/// Flags that ask for a person under every profile, because the job itself says that something is required, with the
/// names under which they stand among the rules that apply.
const JOB_RULES: [(&str, &str); 4] = [
    (REQUIREMENT_MISSING, "required-skills"),
    (REQUIREMENT_NOT_ASSESSED, "required-skills-not-assessed"),
    (REQUIRED_POINT_MISSING, "required-points"),
    (REQUIRED_POINT_NOT_ASSESSED, "required-points-not-assessed"),
];

/// Which rule of the job a flag stands for.
fn job_rule(code: &str) -> Option<&'static str> {
    JOB_RULES.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

/// The triggers and hard rules of a profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    triggers: Vec<(String, TriggerSpec, Checked)>,
    rules: Vec<(String, RuleSpec, Checked)>,
    features: Vec<String>,
}

/// A condition with its names looked up.
#[derive(Debug, Clone, PartialEq, Default)]
struct Checked {
    bounds: Vec<(Subject, Bounds)>,
    flags: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Score,
    Confidence,
    Group(usize),
    Competency(usize),
    Feature(usize),
}

/// What applies to an evaluation, as places in the order of the names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Hard rules that ask for a person to look.
    pub rules: Vec<usize>,
    /// Triggers that go off.
    pub triggers: Vec<usize>,
}

/// What follows from triggers and rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Consequences {
    /// The rules that ask for a person to look.
    pub reviews: Vec<RuleHit>,
    /// The triggers that go off.
    pub triggers: Vec<TriggerHit>,
    /// A rule recommends against the candidate, and the policy allows that without a person.
    pub rejected: bool,
}

impl Consequences {
    /// Adds what the job itself requires, whatever the profile says. A rule of the profile of the same name gives way:
    /// the flag says what is missing.
    pub fn add_job_rules(&mut self, flags: &[Flag]) {
        let own: Vec<RuleHit> = flags
            .iter()
            .filter_map(|flag| {
                let name = job_rule(&flag.code)?.to_owned();
                Some(RuleHit { name, message: flag.message.clone() })
            })
            .collect();
        self.reviews.retain(|hit| own.iter().all(|job| job.name != hit.name));
        self.reviews.extend(own);
    }
}

impl Rules {
    /// Looks up the names of all conditions.
    pub(super) fn new(
        check: &mut Check,
        file: &ProfileFile,
        groups: &[ProfileGroup],
        competencies: &[ProfileCompetency],
    ) -> Self {
        let mut names = Names { groups, competencies, features: Vec::new() };
        let mut rules = Self::default();
        for (name, spec) in &file.triggers {
            check_name(check, &["triggers", name], name);
            let event = &spec.event;
            if event.is_empty()
                || event.len() > 64
                || !event.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                check.problem(&["triggers", name, "event"], "an event has 1 to 64 letters, digits and `_`");
            }
            super::check::title(check, &["triggers", name, "title"], Some(&spec.title));
            let when = names.check(check, ["triggers", name, "when"], &spec.when);
            rules.triggers.push((name.clone(), spec.clone(), when));
        }
        for (name, spec) in &file.rules {
            check_name(check, &["rules", name], name);
            super::check::title(check, &["rules", name, "message"], Some(&spec.message));
            let when = names.check(check, ["rules", name, "when"], &spec.when);
            rules.rules.push((name.clone(), spec.clone(), when));
        }
        rules.features = names.features;
        rules
    }

    /// The features that conditions look at, over all answers.
    #[must_use]
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// Names of the hard rules.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|(name, _, _)| name.as_str())
    }

    /// Names of the triggers.
    pub fn trigger_names(&self) -> impl Iterator<Item = &str> {
        self.triggers.iter().map(|(name, _, _)| name.as_str())
    }

    /// What follows from an evaluation. `features` has one value per entry of [`Rules::features`], `flags` the
    /// codes of all flags; `automatic_rejection` is whether the policy allows a rule to recommend against.
    #[must_use]
    pub fn consequences(
        &self,
        evaluation: &Evaluation,
        features: &[Option<f64>],
        flags: &[&str],
        automatic_rejection: bool,
    ) -> Consequences {
        let applied = self.applied(evaluation, features, flags);
        let mut consequences = Consequences::default();
        for (name, spec, _) in applied.rules.iter().filter_map(|index| self.rules.get(*index)) {
            consequences.rejected |= spec.outcome == RuleOutcome::NotRecommended && automatic_rejection;
            consequences.reviews.push(RuleHit { name: name.clone(), message: spec.message.clone() });
        }
        for (name, spec, _) in applied.triggers.iter().filter_map(|index| self.triggers.get(*index)) {
            let (event, title) = (spec.event.clone(), spec.title.clone());
            consequences.triggers.push(TriggerHit { name: name.clone(), event, title });
        }
        consequences
    }

    /// Which rules and triggers apply to an evaluation; the parameters are those of [`Rules::consequences`].
    #[must_use]
    pub fn applied(&self, evaluation: &Evaluation, features: &[Option<f64>], flags: &[&str]) -> Applied {
        let holds = |condition: &Checked| {
            let within = |(subject, bounds): &(Subject, Bounds)| {
                let value = match *subject {
                    Subject::Score => evaluation.score,
                    Subject::Confidence => Some(evaluation.confidence),
                    Subject::Group(index) => evaluation.groups.get(index).and_then(|group| group.score),
                    Subject::Competency(index) => {
                        evaluation.competencies.get(index).and_then(|part| part.score)
                    }
                    Subject::Feature(index) => features.get(index).copied().flatten(),
                };
                value.map_or(bounds.missing, |value| {
                    // As with grades: a score that misses a bound by less than a millionth meets it.
                    let value = interview_schemas::features::round_decimals(value, 6);
                    bounds.at_least.is_none_or(|least| value >= least)
                        && bounds.below.is_none_or(|bound| value < bound)
                        && (bounds.at_least.is_some() || bounds.below.is_some())
                })
            };
            condition.bounds.iter().all(within)
                && condition.flags.iter().all(|flag| flags.contains(&flag.as_str()))
        };
        let holding = |conditions: &mut dyn Iterator<Item = &Checked>| -> Vec<usize> {
            conditions.enumerate().filter(|(_, condition)| holds(condition)).map(|(index, _)| index).collect()
        };
        let rules = holding(&mut self.rules.iter().map(|(_, _, condition)| condition));
        // While a person must look, nothing is set going.
        let required = flags.iter().any(|code| job_rule(code).is_some());
        let triggers = if rules.is_empty() && !required && evaluation.grade != Grade::InsufficientEvidence {
            holding(&mut self.triggers.iter().map(|(_, _, condition)| condition))
        } else {
            Vec::new()
        };
        Applied { rules, triggers }
    }
}

/// Codes of flags that the pipeline sets.
const FLAG_CODES: [&str; 26] = [
    "ANSWER_FAILED",
    "AUDIO_GAPS",
    "AUDIO_UNSUPPORTED",
    "DAMAGED_MEDIA",
    "DURATION_MISMATCH",
    "FROZEN_PICTURE",
    "LOOKING_OFF_SCREEN",
    "MORE_THAN_ONE_FACE",
    "NOT_ANSWERED",
    "NO_AUDIO",
    "NO_FACE",
    "NO_SPEECH",
    "NO_VIDEO",
    "NO_WORDS",
    "OFF_TOPIC",
    "ORDERS_TO_JUDGE",
    "OTHER_FACE",
    "PARTIAL_MEDIA",
    REQUIRED_POINT_MISSING,
    REQUIRED_POINT_NOT_ASSESSED,
    REQUIREMENT_MISSING,
    REQUIREMENT_NOT_ASSESSED,
    "STILL_FACE",
    "TEST_CANDIDATE",
    "UNRELIABLE_TRANSCRIPT",
    "VIDEO_UNSUPPORTED",
];

fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// The names that conditions may use.
struct Names<'a> {
    groups: &'a [ProfileGroup],
    competencies: &'a [ProfileCompetency],
    features: Vec<String>,
}

impl Names<'_> {
    fn check(&mut self, check: &mut Check, path: [&str; 3], condition: &Condition) -> Checked {
        let [section, rule, when] = path;
        let mut bounds = Vec::new();
        for (field, subject, stated) in [
            ("score", Subject::Score, condition.score),
            ("confidence", Subject::Confidence, condition.confidence),
        ] {
            if let Some(stated) = stated {
                check_bounds(check, &[section, rule, when, field], stated);
                bounds.push((subject, stated));
            }
        }
        let groups = self.groups;
        let competencies = self.competencies;
        let known: BTreeMap<&str, Subject> = groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| Some((group.name.as_deref()?, Subject::Group(index))))
            .collect();
        look_up(check, [section, rule, when, "groups"], &condition.groups, &known, &mut bounds);
        let known = competencies
            .iter()
            .enumerate()
            .map(|(index, part)| (part.name.as_str(), Subject::Competency(index)))
            .collect();
        look_up(check, [section, rule, when, "competencies"], &condition.competencies, &known, &mut bounds);
        for (name, stated) in &condition.features {
            let path = [section, rule, when, "features", name];
            check_bounds(check, &path, *stated);
            let external = name.strip_prefix(EXTERNAL).is_some_and(is_measure);
            if !external && catalogue::find(name).is_none() {
                let near = suggestion(name, catalogue::all().map(|definition| definition.name));
                check.problem(&path, format!("there is no feature {name:?} in the catalogue{near}"));
            }
            let index = self.features.iter().position(|known| known == name).unwrap_or_else(|| {
                self.features.push(name.clone());
                self.features.len() - 1
            });
            bounds.push((Subject::Feature(index), *stated));
        }
        for flag in &condition.flags {
            let path = [section, rule, when, "flags"];
            let near = suggestion(flag, FLAG_CODES);
            // A later version may set flags that this list does not name: only a slip of the pen is refused.
            if !FLAG_CODES.contains(&flag.as_str()) && !near.is_empty() {
                check.problem(&path, format!("no flag has the code {flag:?}{near}"));
            } else if !is_code(flag) {
                check.problem(&path, format!("{flag:?} is no code: capital letters, digits and `_`"));
            }
        }
        if bounds.is_empty() && condition.flags.is_empty() {
            check.problem(&path, "the condition states nothing, so it would always hold");
        }
        Checked { bounds, flags: condition.flags.clone() }
    }
}

fn look_up(
    check: &mut Check,
    path: [&str; 4],
    stated: &BTreeMap<String, Bounds>,
    known: &BTreeMap<&str, Subject>,
    bounds: &mut Vec<(Subject, Bounds)>,
) {
    let [a, b, c, d] = path;
    for (name, stated) in stated {
        let path = [a, b, c, d, name.as_str()];
        check_bounds(check, &path, *stated);
        match known.get(name.as_str()) {
            Some(subject) => bounds.push((*subject, *stated)),
            // A base leaves competencies without weight to its overlays, but it still names them.
            None => {
                let near = suggestion(name, known.keys().copied());
                check.problem(&path, format!("there is no {name:?} in `{d}`{near}"));
            }
        }
    }
}

fn check_bounds(check: &mut Check, path: &[&str], bounds: Bounds) {
    let finite = |value: Option<f64>| value.is_none_or(f64::is_finite);
    if !finite(bounds.at_least) || !finite(bounds.below) {
        check.problem(path, "bounds must be finite numbers");
    } else if bounds.at_least.is_none() && bounds.below.is_none() && !bounds.missing {
        check.problem(path, "state `at_least`, `below` or `missing = true`");
    } else if let (Some(least), Some(below)) = (bounds.at_least, bounds.below)
        && least >= below
    {
        check.problem(path, format!("nothing is at least {least} and below {below}"));
    }
}
