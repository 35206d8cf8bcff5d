//! The library of profiles: those shipped with the program and those in folders, found by `name@version`.
//!
//! A profile `sales` of version 2 stands in `sales@2.toml` or in `sales.toml` (also `.yaml`, `.yml`); the newest
//! version of a name is meant when none is stated. Norm tables are found the same way, in the folder itself or in
//! `norms/`. A file `versions.lock` in a folder names the content hash of every published version: a published
//! version that was changed is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use interview_schemas::profile::{CurveSpec, ProfileFile};

use super::error::suggestion;
use super::norms::Norms;
use super::overlay::merge;
use super::source::{Format, Source};
use super::validate::{Completeness, validate};
use super::{Profile, ProfileError};
use crate::PipelineError;

/// Longest chain of `extends`.
pub const MAX_LAYERS: usize = 8;
/// Name of the file with the hashes of published versions.
pub const LOCK_FILE: &str = "versions.lock";
/// Folder of norm tables beside the profiles.
pub(super) const NORMS_FOLDER: &str = "norms";

const SHIPPED: [(&str, &str); 10] = [
    ("general", include_str!("../../profiles/general.toml")),
    ("interview-base", include_str!("../../profiles/interview-base.toml")),
    ("sales", include_str!("../../profiles/sales.toml")),
    ("line-operator", include_str!("../../profiles/line-operator.toml")),
    ("factory-worker", include_str!("../../profiles/factory-worker.toml")),
    ("customer-service", include_str!("../../profiles/customer-service.toml")),
    ("software-engineer", include_str!("../../profiles/software-engineer.toml")),
    ("credit-officer", include_str!("../../profiles/credit-officer.toml")),
    ("nurse", include_str!("../../profiles/nurse.toml")),
    ("store-manager", include_str!("../../profiles/store-manager.toml")),
];
const SHIPPED_LOCK: &str = include_str!("../../profiles/versions.lock");

/// A profile with the files it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The profile.
    pub profile: Profile,
    /// The files, the base first and the profile itself last.
    pub layers: Vec<Layer>,
}

/// One file of a resolved profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// `name@version`.
    pub reference: String,
    /// The text.
    pub source: Source,
    file: ProfileFile,
}

impl Layer {
    /// What the text says, before anything is laid on it or under it.
    #[must_use]
    pub fn file(&self) -> &ProfileFile {
        &self.file
    }
}

impl Resolved {
    /// The layer and line in which the value of a field was set last; the path as in a problem.
    #[must_use]
    pub fn origin(&self, path: &[String]) -> Option<(&Layer, usize)> {
        let exact = |layer: &&Layer| layer.source.locate(path).is_some_and(|(_, depth)| depth == path.len());
        let layer = self.layers.iter().rev().find(exact)?;
        layer.source.locate(path).map(|(line, _)| (layer, line))
    }
}

/// A library of profiles and norm tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    pub(super) folders: Vec<PathBuf>,
    /// Whether only names are looked up, and only what is published is used.
    pub(super) for_jobs: bool,
}

impl Library {
    /// The shipped profiles only.
    #[must_use]
    pub fn shipped() -> Self {
        Self::default()
    }

    /// Also looks into a folder, before those that are already there and before the shipped profiles.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.insert(0, folder.into());
        self
    }

    /// Names of the shipped profiles, bases included.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The profile of this name: `name`, `name@version`, or the path of a file (what has a file ending or a path
    /// separator). A file's own folder is looked into for the profiles it extends.
    ///
    /// # Errors
    /// [`PipelineError::Profile`] when there is none or it is not valid, [`PipelineError::Io`] when a file cannot
    /// be read.
    pub fn named(&self, name: &str) -> Result<Resolved, PipelineError> {
        let path = Path::new(name);
        if path.extension().is_some() || path.components().count() > 1 {
            if self.for_jobs {
                let message = format!("{name:?}: a job names a profile as `name` or `name@version`, no file");
                return Err(PipelineError::Profile(message));
            }
            return self.clone().with_folder_of(path).resolve(Source::read(path)?);
        }
        self.resolve(self.find(name)?)
    }

    /// The profile or base of this name.
    ///
    /// # Errors
    /// As [`Library::named`].
    pub fn check_named(&self, name: &str) -> Result<Resolved, PipelineError> {
        self.check(self.find(name)?)
    }

    /// The library with the folder of a file in front.
    #[must_use]
    pub fn with_folder_of(self, path: &Path) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        self.with_folder(folder.unwrap_or(Path::new(".")))
    }

    /// Resolves and checks a profile that is to be scored with.
    ///
    /// # Errors
    /// As [`Library::named`].
    pub fn resolve(&self, source: Source) -> Result<Resolved, PipelineError> {
        let resolved = self.check(source)?;
        if resolved.profile.file().base_only {
            let message = "is a base for other profiles (`base_only`); nobody can be scored with it";
            let file = resolved.layers.last().map_or("", |layer| layer.source.file.as_str());
            return Err(ProfileError::whole(file, message).into());
        }
        Ok(resolved)
    }

    /// Resolves and checks a profile or a base.
    ///
    /// # Errors
    /// As [`Library::named`].
    pub fn check(&self, source: Source) -> Result<Resolved, PipelineError> {
        let mut layers = self.layers(source)?;
        layers.reverse();
        let mut merged: Option<ProfileFile> = None;
        for layer in &layers {
            merged = Some(match &merged {
                None => layer.file.clone(),
                Some(base) => merge(base, &layer.file).map_err(|problems| located(problems, &layers))?,
            });
        }
        let mut file =
            merged.ok_or_else(|| PipelineError::Internal("a profile without a file".to_owned()))?;
        file.extends = None;
        let norms = self.norms_of(&file)?;
        let completeness = if file.base_only { Completeness::Base } else { Completeness::Whole };
        let profile = validate(file, &norms, completeness).map_err(|problems| located(problems, &layers))?;
        let resolved = Resolved { profile, layers };
        self.check_lock(&resolved)?;
        Ok(resolved)
    }

    /// A file and everything it extends, itself first.
    fn layers(&self, source: Source) -> Result<Vec<Layer>, PipelineError> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut next = Some(source);
        while let Some(source) = next.take() {
            let file: ProfileFile = source.parse()?;
            let reference = format!("{}@{}", file.name, file.version);
            let at = |message: String| {
                let problems = vec![source.problem_at(&["extends".to_owned()], message)];
                PipelineError::from(ProfileError { problems })
            };
            if let Some(extends) = &file.extends {
                if !extends.contains('@') {
                    return Err(at(format!("name the version, too: \"{extends}@1\"")));
                }
                let cycle = *extends == reference || layers.iter().any(|layer| layer.reference == *extends);
                if cycle {
                    return Err(at(format!(
                        "{reference} extends {extends}, which extends {reference}: a cycle"
                    )));
                }
                if layers.len() + 1 >= MAX_LAYERS {
                    return Err(at(format!("a profile has at most {MAX_LAYERS} layers")));
                }
                next = Some(self.find(extends).map_err(|error| match error {
                    PipelineError::Profile(message) => at(message),
                    other => other,
                })?);
            }
            layers.push(Layer { reference, source, file });
        }
        Ok(layers)
    }

    /// The text of a profile by `name` or `name@version`.
    fn find(&self, name: &str) -> Result<Source, PipelineError> {
        let (wanted, version) = split_reference(name);
        let mut found: BTreeMap<u32, Source> = BTreeMap::new();
        for source in self.candidates(wanted)? {
            // A file with a fault is reported when it is the one that is wanted, not when it stands beside it.
            if let Ok(header) = source.parse::<ProfileFile>()
                && header.name == wanted
            {
                found.entry(header.version).or_insert(source);
            } else if version.is_none() || source.file.contains(&format!("{wanted}@")) {
                source.parse::<ProfileFile>()?;
            }
        }
        let chosen = match version {
            Some(version) => version.parse().ok().and_then(|version: u32| found.remove(&version)),
            None => found.pop_last().map(|(_, source)| source),
        };
        chosen.ok_or_else(|| self.not_found(wanted, version, &found))
    }

    fn not_found(&self, wanted: &str, version: Option<&str>, found: &BTreeMap<u32, Source>) -> PipelineError {
        let message = if let (Some(version), false) = (version, found.is_empty()) {
            let known: Vec<_> = found.keys().map(ToString::to_string).collect();
            format!("no version {version:?} of profile {wanted:?}; there are {}", known.join(", "))
        } else {
            let mut known: Vec<String> = self.folders.iter().flat_map(|folder| names_in(folder)).collect();
            known.sort();
            known.extend(Self::shipped_names().map(str::to_owned));
            known.dedup();
            format!(
                "no profile {wanted:?}{}; known are {}{}",
                suggestion(wanted, known.iter().map(String::as_str)),
                known.join(", "),
                if self.for_jobs { "" } else { ", and any file by its path" }
            )
        };
        PipelineError::Profile(message)
    }

    /// Every file that may hold a profile of this name: folders first, then what is shipped.
    fn candidates(&self, name: &str) -> Result<Vec<Source>, PipelineError> {
        let mut sources = Vec::new();
        for folder in &self.folders {
            for path in files_named(folder, name) {
                sources.push(Source::read(&path)?);
            }
        }
        let shipped = SHIPPED.iter().filter(|(known, _)| split_reference(known).0 == name);
        sources.extend(shipped.map(|(file, text)| Source::new(file, text, Format::Toml)));
        Ok(sources)
    }

    /// The profiles of every version of a name, the newest first.
    ///
    /// # Errors
    /// As [`Library::named`].
    pub fn versions(&self, name: &str) -> Result<Vec<Profile>, PipelineError> {
        let mut found: BTreeMap<u32, Profile> = BTreeMap::new();
        for source in self.candidates(name)? {
            let header: ProfileFile = source.parse()?;
            if header.name == name && !header.base_only && !found.contains_key(&header.version) {
                found.insert(header.version, self.resolve(source)?.profile);
            }
        }
        if found.is_empty() {
            return Err(self.not_found(name, None, &BTreeMap::new()));
        }
        Ok(found.into_values().rev().collect())
    }

    /// The norm tables that the percentile curves of a profile name.
    fn norms_of(&self, file: &ProfileFile) -> Result<Vec<Norms>, PipelineError> {
        let mut tables: Vec<Norms> = Vec::new();
        for indicator in file.competencies.values().flat_map(|competency| competency.indicators.values()) {
            let Some(CurveSpec::Percentile { norm, .. }) = &indicator.curve else { continue };
            if !tables.iter().any(|table| table.reference() == *norm)
                && let Some(table) = self.norms(norm)?
            {
                tables.push(table);
            }
        }
        Ok(tables)
    }

    /// The norm table `name@version` of the folders, where there is one.
    fn norms(&self, reference: &str) -> Result<Option<Norms>, PipelineError> {
        let (name, _) = split_reference(reference);
        for folder in self.folders.iter().flat_map(|folder| [folder.join(NORMS_FOLDER), folder.clone()]) {
            for path in files_named(&folder, name) {
                let source = Source::read(&path)?;
                // A profile of the same name may stand beside it.
                if source.parse::<ProfileFile>().is_ok() {
                    continue;
                }
                let table = Norms::load(&source)?;
                if table.reference() == reference {
                    return Ok(Some(table));
                }
            }
        }
        Ok(None)
    }

    /// Refuses a published version whose content has changed.
    fn check_lock(&self, resolved: &Resolved) -> Result<(), PipelineError> {
        let Some(layer) = resolved.layers.last() else { return Ok(()) };
        let folder = Path::new(&layer.source.file).parent().filter(|folder| !folder.as_os_str().is_empty());
        let shipped = SHIPPED.iter().any(|(file, _)| *file == layer.source.file);
        let text = if shipped {
            SHIPPED_LOCK.to_owned()
        } else {
            let path = folder.unwrap_or(Path::new(".")).join(LOCK_FILE);
            match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(source) => return Err(PipelineError::Io { path: path.display().to_string(), source }),
            }
        };
        let hash = resolved.profile.hash();
        let reference = &layer.reference;
        let message = match lock_entries(&text).find(|(known, _)| known == reference) {
            Some((_, published)) if published != hash => format!(
                "{reference} was published with the content {published:.12}…, but now has {hash:.12}…; a published \
                 version never changes: raise `version`"
            ),
            // A base counts with the content of what is laid on it.
            None if self.for_jobs && !resolved.profile.file().base_only => format!(
                "{reference} is not published, and jobs are scored with published versions only: run `interview \
                 profile publish {}` and give {LOCK_FILE} to the workers, too",
                layer.source.file
            ),
            _ => return Ok(()),
        };
        Err(ProfileError { problems: vec![layer.source.problem_at(&["version".to_owned()], message)] }.into())
    }
}

/// The entries of a lock file: `name@version hash`, one per line; `#` begins a comment.
pub fn lock_entries(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(reference, hash)| (reference.trim(), hash.trim()))
}

fn split_reference(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (name, None),
    }
}

/// Whether a file may hold a profile or a norm table, by its ending.
pub(super) fn is_profile_file(path: &Path) -> bool {
    matches!(path.extension().and_then(|extension| extension.to_str()), Some("toml" | "yaml" | "yml"))
}

/// The names that the files of a folder have; a hundred at most are of any help.
fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_profile_file(path));
    let name = |path: PathBuf| Some(split_reference(path.file_stem()?.to_str()?).0.to_owned());
    paths.filter_map(name).take(100).collect()
}

/// The files `name.*` and `name@*.*` of a folder, in the order of their names.
fn files_named(folder: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            is_profile_file(path) && split_reference(stem).0 == name
        })
        .collect();
    paths.sort();
    paths
}

/// Gives each problem the file and line of the topmost layer in which its field stands.
fn located(problems: Vec<(Vec<String>, String)>, layers: &[Layer]) -> ProfileError {
    let place = |(path, message): (Vec<String>, String)| {
        let depth = |layer: &Layer| layer.source.locate(&path).map_or(0, |(_, depth)| depth);
        // The last of the deepest: the layer that was laid on top.
        let layer = layers.iter().max_by_key(|layer| depth(layer));
        layer.map(|layer| layer.source.problem_at(&path, message))
    };
    ProfileError { problems: problems.into_iter().filter_map(place).collect() }
}
