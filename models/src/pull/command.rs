//! Runs the package clients and Python, and makes their failures readable.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::process::{Command, Stdio};

/// How many of the last lines of a failed program go into the error.
const LINES: usize = 12;

/// Runs a program to its end and returns what it printed.
///
/// # Errors
/// What happened, in words; `install` is the advice when there is no such program.
pub(super) fn run(command: &mut Command, install: &str) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            format!("{program} is not installed: {install}")
        } else {
            format!("{program}: {error}")
        }
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed.push('\n');
    printed.push_str(&String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = printed.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(LINES)..].join("\n  ");
    Err(format!("{program} ended with {}:\n  {last}", output.status))
}

/// A Python command that reads neither the user's packages nor their settings for imports.
pub(super) fn python(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").env("PYTHONNOUSERSITE", "1");
    // Written byte code would change nothing and cost files.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
