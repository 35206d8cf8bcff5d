//! The private Python environment in the cache folder: pip for `pip:` sources, and the packages of
//! `models/convert/requirements.txt` for conversions. Made on first need, made anew when it is broken.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::cache::{io_error, remove_folder};
use super::command::{python, run};
use super::{PullEvent, PullProgress};

/// The packages that conversions need.
const REQUIREMENTS: &str = include_str!("../../convert/requirements.txt");
/// The oldest Python that those packages run on.
const OLDEST: (u32, u32) = (3, 11);
/// Interpreters looked for, in order, when none is named.
const CANDIDATES: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];

const INSTALL: &str = "install Python 3.11 or newer with its venv module (Debian and Ubuntu: `apt install python3 \
                       python3-venv`, macOS: `brew install python`)";

/// A private environment.
pub(super) struct PythonEnvironment {
    folder: PathBuf,
}

impl PythonEnvironment {
    /// Opens the environment in the cache folder, or makes it.
    ///
    /// # Errors
    /// What happened and what to do, in words.
    pub(super) fn open(
        cache: &Path,
        interpreter: Option<&Path>,
        progress: &mut dyn PullProgress,
    ) -> Result<Self, String> {
        let version = hex::encode(&Sha256::digest(REQUIREMENTS)[..6]);
        let environment = Self { folder: cache.join(".python").join(version) };
        if environment.works() {
            return Ok(environment);
        }
        progress.event(PullEvent::Step { what: "making a private Python environment" });
        let interpreter = find_interpreter(interpreter)?;
        remove_folder(&environment.folder).map_err(|error| error.to_string())?;
        run(python(&interpreter).args(["-m", "venv"]).arg(&environment.folder), INSTALL)
            .map_err(|reason| format!("{reason}\n  {INSTALL}"))?;
        Ok(environment)
    }

    /// The interpreter of the environment.
    pub(super) fn interpreter(&self) -> PathBuf {
        self.folder.join("bin").join("python3")
    }

    /// Installs what conversions need, once.
    ///
    /// # Errors
    /// What happened and what to do, in words.
    pub(super) fn install_requirements(&self, progress: &mut dyn PullProgress) -> Result<(), String> {
        let done = self.folder.join("requirements-installed");
        if done.is_file() {
            return Ok(());
        }
        progress.event(PullEvent::Step { what: "installing the conversion packages" });
        let list = self.folder.join("requirements.txt");
        std::fs::write(&list, REQUIREMENTS).map_err(|error| io_error(&list)(error).to_string())?;
        let mut pip = self.pip("install");
        pip.args(["--no-deps", "--only-binary=:all:", "--requirement"]).arg(&list);
        run(&mut pip, INSTALL).map_err(|reason| {
            format!("{reason}\n  is the Python package index reachable? PIP_INDEX_URL names a mirror")
        })?;
        std::fs::write(&done, "").map_err(|error| io_error(&done)(error).to_string())
    }

    /// A pip command that asks no questions.
    pub(super) fn pip(&self, action: &str) -> std::process::Command {
        let mut command = python(self.interpreter());
        command.args(["-m", "pip", action, "--quiet", "--no-input", "--disable-pip-version-check"]);
        command
    }

    /// A system upgrade can take the interpreter away from under an environment.
    fn works(&self) -> bool {
        run(python(self.interpreter()).args(["-c", "import pip"]), INSTALL).is_ok()
    }
}

/// A Python that is new enough.
fn find_interpreter(named: Option<&Path>) -> Result<PathBuf, String> {
    let candidates: Vec<PathBuf> = match named {
        Some(path) => vec![path.to_owned()],
        None => CANDIDATES.iter().map(PathBuf::from).collect(),
    };
    let mut refused = Vec::new();
    for candidate in candidates {
        match interpreter_version(&candidate) {
            Ok(version) if version >= OLDEST => return Ok(candidate),
            Ok((major, minor)) => refused.push(format!("{} is Python {major}.{minor}", candidate.display())),
            Err(reason) if named.is_some() => return Err(reason),
            Err(_) => {}
        }
    }
    let found = if refused.is_empty() { "no Python found".to_owned() } else { refused.join(", ") };
    Err(format!("{found}: {INSTALL}"))
}

/// Major and minor version of an interpreter.
///
/// # Errors
/// What happened, in words.
pub fn interpreter_version(interpreter: &Path) -> Result<(u32, u32), String> {
    let mut command = python(interpreter);
    command.args(["-c", "import sys; print(sys.version_info[0], sys.version_info[1])"]);
    let printed = run(&mut command, INSTALL)?;
    let mut numbers = printed.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err(format!("{} printed {printed:?} instead of its version", interpreter.display())),
    }
}
