//! Shared helpers of the end-to-end tests: the built program, real recordings, made recordings.

#![allow(clippy::print_stdout)] // a skipped test says so

pub mod decoding;
pub mod fleet;
pub mod made;
pub mod mutants;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The built program: `INTERVIEW_BIN`, or `interview` beside this program: tests are built into
/// `<target>/<profile>/deps`, tools into the folder above.
///
/// # Panics
/// When it is not there, with what to do.
#[must_use]
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("INTERVIEW_BIN") {
        return path.into();
    }
    let this = std::env::current_exe().expect("a running program has a path");
    let mut places = this.ancestors().skip(1).take(2).map(|folder| folder.join("interview"));
    places.find(|path| path.is_file()).unwrap_or_else(|| {
        panic!(
            "interview is missing beside {}: run `cargo build --release` first (make test does)",
            this.display()
        )
    })
}

/// A command line of the program, silent but for errors and free of the user's own settings.
#[must_use]
pub fn interview() -> Command {
    let mut command = Command::new(program());
    command.env_remove("INTERVIEW_LOG").env_remove("INTERVIEW_DEVICE");
    command
}

/// The folder of real recordings: `INTERVIEW_TEST_MEDIA`, or `../shared/media` beside the project.
/// `None` with a line on standard output when it does not exist: the test is then skipped.
#[must_use]
pub fn recordings() -> Option<PathBuf> {
    let folder = std::env::var_os("INTERVIEW_TEST_MEDIA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media"), PathBuf::from);
    if folder.is_dir() {
        Some(folder)
    } else {
        println!("skipped: no recordings in {} (set INTERVIEW_TEST_MEDIA)", folder.display());
        None
    }
}

/// What one run of `interview analyze --json` gave.
#[derive(Debug)]
pub struct Analyzed {
    /// The exit code.
    pub exit_code: i32,
    /// The object on standard output.
    pub outcome: Value,
    /// Standard error.
    pub log: String,
    /// The folder of the results.
    pub folder: PathBuf,
}

impl Analyzed {
    /// A result file as JSON.
    ///
    /// # Panics
    /// When it is missing or no JSON.
    #[must_use]
    pub fn json(&self, name: &str) -> Value {
        let path = self.folder.join(name);
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The codes of the flags in the report.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        let report = self.json("report.json");
        let flags = report["flags"].as_array().cloned().unwrap_or_default();
        flags.iter().filter_map(|flag| flag["code"].as_str().map(str::to_owned)).collect()
    }

    /// The value of a feature of the first answer; `None` when it was not assessed.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<f64> {
        feature(&self.json("features.json"), 0, name)
    }
}

/// The value of a feature in `features.json`.
#[must_use]
pub fn feature(features: &Value, answer: usize, name: &str) -> Option<f64> {
    features["answers"][answer]["features"].as_array()?.iter().find(|feature| feature["name"] == name)?["value"]
        .as_f64()
}

/// Runs `interview analyze --json --keep-perception` with further arguments into a folder.
///
/// # Panics
/// When the program does not start or prints no JSON object.
#[must_use]
pub fn analyze(folder: &Path, arguments: &[&str]) -> Analyzed {
    let output: Output = interview()
        .args(["analyze", "--json", "--keep-perception", "--out"])
        .arg(folder)
        .args(arguments)
        .output()
        .expect("the program starts");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let outcome = serde_json::from_str(printed.trim())
        .unwrap_or_else(|error| panic!("{arguments:?} printed {printed:?} ({error}); log: {log}"));
    let exit_code = output.status.code().unwrap_or_else(|| panic!("{arguments:?} was killed; log: {log}"));
    assert!(!log.contains("panicked"), "{arguments:?} panicked: {log}");
    Analyzed { exit_code, outcome, log, folder: folder.to_owned() }
}
