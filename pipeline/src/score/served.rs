//! The library as the workers of a fleet use it: published profiles only, by name only, and every tenant its own.

use std::path::{Path, PathBuf};

use super::library::{Library, NORMS_FOLDER, is_profile_file};
use super::norms::Norms;
use super::source::Source;
use super::{Problem, ProfileError};
use crate::PipelineError;

/// The tenant of a job that names none; the same as in the store.
pub(crate) const DEFAULT_TENANT: &str = "default";

impl Library {
    /// The library for jobs of others: a job cannot name a file of this machine, and what is not in the
    /// `versions.lock` beside it is refused.
    #[must_use]
    pub fn for_jobs(mut self) -> Self {
        self.for_jobs = true;
        self
    }

    /// The library as a tenant sees it: before each folder comes the one within it that has the tenant's name. A
    /// tenant never sees the folder of another.
    #[must_use]
    pub fn for_tenant(&self, tenant: Option<&str>) -> Self {
        let tenant = tenant.unwrap_or(DEFAULT_TENANT);
        let mut library = self.clone();
        if is_tenant(tenant) {
            library.folders =
                self.folders.iter().flat_map(|folder| [folder.join(tenant), folder.clone()]).collect();
        }
        library
    }

    /// Checks every profile and norm table of the folders, those of the tenants too, and gives their number.
    ///
    /// # Errors
    /// [`PipelineError::Profile`] with every problem found, [`PipelineError::Io`] when a folder cannot be read.
    pub fn check_folders(&self) -> Result<usize, PipelineError> {
        let (mut checked, mut problems) = (0, Vec::new());
        for folder in &self.folders {
            if !folder.is_dir() {
                let error = ProfileError::whole(&folder.display().to_string(), "there is no such folder");
                problems.extend(error.problems.iter().map(ToString::to_string));
                continue;
            }
            let (files, tenants) = entries(folder)?;
            check_files(self, &files, &mut checked, &mut problems)?;
            for tenant in tenants {
                let Some(name) = tenant.file_name().and_then(|name| name.to_str()) else { continue };
                let library = self.for_tenant(Some(name));
                let (files, _) = entries(&tenant)?;
                check_files(&library, &files, &mut checked, &mut problems)?;
            }
        }
        if problems.is_empty() { Ok(checked) } else { Err(PipelineError::Profile(problems.join("\n"))) }
    }
}

/// Whether a name can be that of a folder of a tenant, and of nothing else.
pub(crate) fn is_tenant(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && !name.starts_with('.') && name != NORMS_FOLDER && name.bytes().all(allowed)
}

/// The profiles and norm tables of a folder, and the folders of tenants in it.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), PipelineError> {
    let failed = |source| PipelineError::Io { path: folder.display().to_string(), source };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if name == NORMS_FOLDER {
                files.extend(entries(&path)?.0);
            } else if is_tenant(name) {
                folders.push(path);
            }
        } else if is_profile_file(&path) {
            files.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

fn check_files(
    library: &Library,
    files: &[PathBuf],
    checked: &mut usize,
    problems: &mut Vec<String>,
) -> Result<(), PipelineError> {
    for path in files {
        *checked += 1;
        let file = path.display().to_string();
        let result = Source::read(path).and_then(|source| {
            // A file that is neither is reported as what most of them are.
            if Norms::load(&source).is_ok() { Ok(()) } else { library.check(source).map(drop) }
        });
        match result {
            Ok(()) => {}
            Err(PipelineError::Profile(message)) => problems.push(message),
            Err(PipelineError::Io { source, .. }) => {
                let error = Problem { file, line: None, path: String::new(), message: source.to_string() };
                problems.push(error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::rollout::{Subject, select};

    const SHIPPED: &str = include_str!("../../profiles/sales.toml");

    /// Writes a profile and gives its lock entry.
    fn write(folder: &Path, name: &str, text: &str, published: bool) {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        if published {
            let profile = Library::shipped().check(Source::read(&path).unwrap()).unwrap().profile;
            let reference = profile.reference();
            let lock = folder.join("versions.lock");
            let known = std::fs::read_to_string(&lock).unwrap_or_default();
            let entry = format!("{}@{} {}\n", reference.name, reference.version, reference.hash);
            std::fs::write(lock, known + &entry).unwrap();
        }
    }

    fn hash_of(library: &Library, name: &str) -> Result<String, PipelineError> {
        let candidate = interview_schemas::CandidateRef::new("candidate-1").unwrap();
        let subject = Subject { candidate: &candidate, branch: None, at: None };
        select(library, name, &subject).map(|selection| selection.live.hash().to_owned())
    }

    #[test]
    fn jobs_name_no_files_and_get_published_versions_only() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "shop@2.toml", &SHIPPED.replace("\"sales\"", "\"shop\""), true);
        let library = Library::shipped().with_folder(folder.path()).for_jobs();
        assert_eq!(library.check_folders().unwrap(), 1);
        assert!(hash_of(&library, "shop").is_ok() && hash_of(&library, "sales").is_ok());
        for file in ["/etc/passwd", "../shop.toml", "shop@2.toml", "./shop"] {
            let error = hash_of(&library, file).unwrap_err().to_string();
            assert!(error.contains("`name@version`, no file"), "{error}");
        }

        let newer = SHIPPED.replace("\"sales\"", "\"shop\"").replace("version = 1", "version = 3");
        write(folder.path(), "shop@3.toml", &newer, false);
        for result in [hash_of(&library, "shop").map(drop), library.check_folders().map(drop)] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains("shop@3.toml") && error.contains("is not published"), "{error}");
        }
        let changed = SHIPPED.replace("\"sales\"", "\"shop\"").replace("80", "81");
        std::fs::write(folder.path().join("shop@2.toml"), changed).unwrap();
        let near = hash_of(&library, "shpo").unwrap_err().to_string();
        assert!(near.contains("did you mean \"shop\"") && !near.contains("by its path"), "{near}");
        let error = library.check_folders().unwrap_err().to_string();
        assert!(error.contains("never changes") && error.contains("is not published"), "{error}");
        let missing = Library::shipped().with_folder(folder.path().join("none"));
        assert!(missing.check_folders().unwrap_err().to_string().contains("no such folder"));
    }

    #[test]
    fn a_tenant_sees_its_own_folder_first_and_never_another() {
        let folder = tempfile::tempdir().unwrap();
        let of = |tenant: &str| {
            let text = SHIPPED.replace("\"sales\"", "\"shop\"");
            text.replace("title = { en = \"Sales\"", &format!("title = {{ en = \"{tenant}\""))
        };
        write(folder.path(), "shop@1.toml", &of("shared"), true);
        write(&folder.path().join("acme"), "shop@1.toml", &of("acme"), true);
        write(&folder.path().join("acme"), "own@1.toml", &of("acme").replace("\"shop\"", "\"own\""), true);
        let library = Library::shipped().with_folder(folder.path()).for_jobs();
        assert_eq!(library.check_folders().unwrap(), 3);
        let shared = hash_of(&library.for_tenant(None), "shop").unwrap();
        let acme = hash_of(&library.for_tenant(Some("acme")), "shop").unwrap();
        assert!(shared != acme && hash_of(&library.for_tenant(Some("acme")), "own").is_ok());
        for other in [None, Some("rival"), Some("../acme"), Some("rival/../acme"), Some(".."), Some("")] {
            let library = library.for_tenant(other);
            assert_eq!(hash_of(&library, "shop").unwrap(), shared, "{other:?}");
            assert!(hash_of(&library, "own").is_err(), "{other:?}");
        }
    }
}
