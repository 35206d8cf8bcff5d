//! Inheritance: a branch's overlay on headquarters' base (R25).
//!
//! An overlay may add what the base allows, re-weight within the base's limits, and lock. Everything else of the
//! base stands: the same indicator means the same everywhere.

use std::collections::BTreeMap;

use interview_schemas::profile::{
    CompetencySpec, IndicatorSpec, OverlayPermission, OverlayRule, ProfileFile, WeightLimits,
};

/// Problems with the paths of their fields in the overlay.
pub(super) type Problems = Vec<(Vec<String>, String)>;

/// What is being merged: who the base is and what it allows.
struct Merge<'a> {
    base: String,
    allow: &'a [OverlayPermission],
    problems: Problems,
}

impl Merge<'_> {
    fn problem(&mut self, path: &[&str], message: String) {
        if self.problems.len() < 100 {
            self.problems.push((path.iter().map(|part| (*part).to_owned()).collect(), message));
        }
    }

    fn needs(&mut self, permission: OverlayPermission, path: &[&str], what: &str) {
        if !self.allow.contains(&permission) {
            let message = format!("{} does not allow an overlay to {what}", self.base);
            self.problem(path, message);
        }
    }

    /// Fills in what the base left open; what it states cannot be changed.
    fn fixed<T: PartialEq + Clone>(
        &mut self,
        base: &mut Option<T>,
        overlay: Option<&T>,
        path: &[&str],
        field: &str,
    ) {
        match (&*base, overlay) {
            (None, Some(value)) => *base = Some(value.clone()),
            (Some(old), Some(new)) if old != new => {
                let path: Vec<_> = path.iter().copied().chain([field]).collect();
                let message =
                    format!("`{field}` is set by {} and cannot be changed by an overlay", self.base);
                self.problem(&path, message);
            }
            _ => {}
        }
    }

    fn weight(
        &mut self,
        base: &mut Weighted<'_>,
        overlay: (Option<f64>, Option<WeightLimits>),
        path: &[&str],
    ) {
        let (weight, limits) = overlay;
        if let Some(weight) = weight
            && *base.weight != Some(weight)
        {
            let path: Vec<_> = path.iter().copied().chain(["weight"]).collect();
            match (*base.weight, *base.limits) {
                (_, Some(WeightLimits { min, max })) if !(min..=max).contains(&weight) => {
                    let message =
                        format!("{weight} is outside of the limits {min} to {max} that {} sets", self.base);
                    self.problem(&path, message);
                }
                (Some(fixed), None) => {
                    let message = format!(
                        "the weight is {fixed} in {}, which states no `limits` within which it may change",
                        self.base
                    );
                    self.problem(&path, message);
                }
                _ => *base.weight = Some(weight),
            }
        }
        if let Some(new) = limits {
            let within = match (*base.limits, *base.weight) {
                (Some(old), _) => new.min >= old.min && new.max <= old.max,
                (None, Some(_)) => weight.is_some(),
                (None, None) => true,
            };
            if within {
                *base.limits = Some(new);
            } else {
                let path: Vec<_> = path.iter().copied().chain(["limits"]).collect();
                let message = format!("an overlay can only narrow the limits of {}", self.base);
                self.problem(&path, message);
            }
        }
    }

    fn competency(&mut self, name: &str, base: &mut CompetencySpec, overlay: &CompetencySpec) {
        let path = ["competencies", name];
        if base.locked {
            let unlocked = CompetencySpec { locked: false, ..overlay.clone() };
            if unlocked != CompetencySpec::default() {
                let message = format!("locked by {}: nothing of it can be changed", self.base);
                self.problem(&path, message);
            }
            return;
        }
        self.fixed(&mut base.title, overlay.title.as_ref(), &path, "title");
        self.fixed(&mut base.description, overlay.description.as_ref(), &path, "description");
        self.fixed(&mut base.group, overlay.group.as_ref(), &path, "group");
        let mut weighted = Weighted { weight: &mut base.weight, limits: &mut base.limits };
        self.weight(&mut weighted, (overlay.weight, overlay.limits), &path);
        base.locked |= overlay.locked;
        for (indicator, spec) in &overlay.indicators {
            let path = ["competencies", name, "indicators", indicator.as_str()];
            if let Some(known) = base.indicators.get_mut(indicator) {
                self.indicator(&path, known, spec);
            } else {
                self.needs(OverlayPermission::AddIndicators, &path, "add indicators");
                base.indicators.insert(indicator.clone(), spec.clone());
            }
        }
    }

    fn indicator(&mut self, path: &[&str], base: &mut IndicatorSpec, overlay: &IndicatorSpec) {
        if base.locked {
            let unlocked = IndicatorSpec { locked: false, ..overlay.clone() };
            if unlocked != IndicatorSpec::default() {
                let message = format!("locked by {}: nothing of it can be changed", self.base);
                self.problem(path, message);
            }
            return;
        }
        self.fixed(&mut base.title, overlay.title.as_ref(), path, "title");
        // A stated feature without scenes, questions, kinds or aggregate means every answer and the mean: that is set, too.
        let open = base.feature.is_none();
        self.fixed(&mut base.feature, overlay.feature.as_ref(), path, "feature");
        self.fixed(&mut base.curve, overlay.curve.as_ref(), path, "curve");
        for (set, field) in [
            (overlay.scenes.is_some() && overlay.scenes != base.scenes, "scenes"),
            (overlay.questions.is_some() && overlay.questions != base.questions, "questions"),
            (overlay.kinds.is_some() && overlay.kinds != base.kinds, "kinds"),
            (overlay.aggregate.is_some() && overlay.aggregate != base.aggregate, "aggregate"),
        ] {
            if set && !open {
                let path: Vec<_> = path.iter().copied().chain([field]).collect();
                let message =
                    format!("`{field}` cannot change what {} measures; add an indicator", self.base);
                self.problem(&path, message);
            }
        }
        if open {
            base.scenes = overlay.scenes.clone().or_else(|| base.scenes.take());
            base.questions = overlay.questions.clone().or_else(|| base.questions.take());
            base.kinds = overlay.kinds.clone().or_else(|| base.kinds.take());
            base.aggregate = overlay.aggregate.or(base.aggregate);
        }
        let mut weighted = Weighted { weight: &mut base.weight, limits: &mut base.limits };
        self.weight(&mut weighted, (overlay.weight, overlay.limits), path);
        base.locked |= overlay.locked;
    }

    /// Adds rules or triggers; those of the base stand.
    fn named<T: PartialEq + Clone>(
        &mut self,
        base: &mut BTreeMap<String, T>,
        overlay: &BTreeMap<String, T>,
        field: &str,
    ) {
        for (name, spec) in overlay {
            match base.get(name) {
                Some(known) if known == spec => {}
                Some(_) => {
                    let message = format!("set by {} and cannot be changed by an overlay", self.base);
                    self.problem(&[field, name], message);
                }
                None => {
                    self.needs(OverlayPermission::AddRules, &[field, name], &format!("add {field}"));
                    base.insert(name.clone(), spec.clone());
                }
            }
        }
    }
}

/// The weight of a competency or indicator.
struct Weighted<'a> {
    weight: &'a mut Option<f64>,
    limits: &'a mut Option<WeightLimits>,
}

/// Lays an overlay on its base, and takes out the building blocks of the base that got no weight.
///
/// # Errors
/// What the base does not allow, with paths in the overlay.
pub(super) fn merge(base: &ProfileFile, overlay: &ProfileFile) -> Result<ProfileFile, Problems> {
    let inherited = base.overlay.clone().unwrap_or(OverlayRule { allow: OverlayPermission::ALL.to_vec() });
    let mut merge = Merge {
        base: format!("{}@{}", base.name, base.version),
        allow: &inherited.allow,
        problems: Vec::new(),
    };
    let mut merged = base.clone();
    for (name, spec) in &overlay.competencies {
        if let Some(known) = merged.competencies.get_mut(name) {
            merge.competency(name, known, spec);
        } else {
            merge.needs(OverlayPermission::AddCompetencies, &["competencies", name], "add competencies");
            merged.competencies.insert(name.clone(), spec.clone());
        }
    }
    for (name, group) in &overlay.groups {
        if let Some(known) = merged.groups.get_mut(name) {
            merge.fixed(&mut known.title, group.title.as_ref(), &["groups", name], "title");
        } else {
            merge.needs(OverlayPermission::AddCompetencies, &["groups", name], "add groups");
            merged.groups.insert(name.clone(), group.clone());
        }
    }
    if let Some(grades) = overlay.grades.filter(|grades| Some(*grades) != base.grades) {
        if base.grades.is_some() {
            merge.needs(OverlayPermission::SetGrades, &["grades"], "set grades");
        }
        merged.grades = Some(grades);
    }
    if let Some(evidence) = overlay.evidence.filter(|evidence| Some(*evidence) != base.evidence) {
        if base.evidence.is_some() {
            merge.needs(OverlayPermission::SetEvidence, &["evidence"], "set evidence");
        }
        merged.evidence = Some(evidence);
    }
    merge.named(&mut merged.triggers, &overlay.triggers, "triggers");
    merge.named(&mut merged.rules, &overlay.rules, "rules");
    if let Some(own) = &overlay.overlay {
        if let Some(more) = own.allow.iter().find(|permission| !inherited.allow.contains(permission)) {
            let message =
                format!("{} does not allow {more:?}, so this profile cannot pass it on", merge.base);
            merge.problem(&["overlay", "allow"], message);
        }
        merged.overlay = Some(own.clone());
    }
    if !merge.problems.is_empty() {
        return Err(merge.problems);
    }
    merged.schema_version = overlay.schema_version;
    merged.name.clone_from(&overlay.name);
    merged.version = overlay.version;
    merged.title = overlay.title.clone().or(merged.title);
    merged.description = overlay.description.clone().or(merged.description);
    merged.extends = None;
    merged.base_only = overlay.base_only;
    merged.effective = overlay.effective;
    merged.rollout.clone_from(&overlay.rollout);
    if !overlay.base_only {
        drop_unused(base, &mut merged);
    }
    Ok(merged)
}

/// Takes out what came from the base and got no weight, and groups that are left without a competency.
fn drop_unused(base: &ProfileFile, merged: &mut ProfileFile) {
    merged.competencies.retain(|name, spec| spec.weight.is_some() || !base.competencies.contains_key(name));
    for (name, spec) in &mut merged.competencies {
        let known = base.competencies.get(name);
        spec.indicators.retain(|indicator, spec| {
            spec.weight.is_some() || !known.is_some_and(|known| known.indicators.contains_key(indicator))
        });
    }
    let used: Vec<_> = merged.competencies.values().filter_map(|spec| spec.group.clone()).collect();
    merged.groups.retain(|name, _| used.contains(name) || !base.groups.contains_key(name));
}
