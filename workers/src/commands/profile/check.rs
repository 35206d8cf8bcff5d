//! `interview profile check` and `publish`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use interview_pipeline::PipelineError;
use interview_pipeline::score::library::{LOCK_FILE, lock_entries};
use interview_pipeline::score::source::Source;
use interview_pipeline::score::{Library, Resolved, notes};
use interview_schemas::ErrorCode;
use serde::Serialize;

use super::{LibraryArgs, write};
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Profile files, TOML or YAML.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object per file on standard output.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Options of `interview profile publish`.
#[derive(Debug, Args)]
pub(super) struct PublishArgs {
    /// Profile files; versions.lock is written into the folder of each.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object per file on standard output.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// What `--json` prints for a file.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    valid: bool,
    reference: Option<String>,
    hash: Option<String>,
    problems: Vec<String>,
    /// What is allowed and yet worth a second look.
    notes: Vec<String>,
}

/// What `publish --json` prints for a file.
#[derive(Debug, Serialize)]
struct Published {
    file: String,
    reference: String,
    hash: String,
    /// False when it was published before.
    new: bool,
}

fn resolve(library: &Library, path: &Path) -> Result<Resolved, PipelineError> {
    library.clone().with_folder_of(path).check(Source::read(path)?)
}

/// Runs `interview profile check`: exit code 2 when any file is not valid.
pub(super) fn run(args: &CheckArgs) -> Result<ExitCode, CommandError> {
    let library = args.library.library();
    let mut failed = None;
    for path in &args.files {
        let file = path.display().to_string();
        let result = resolve(&library, path);
        let checked = match &result {
            Ok(resolved) => {
                let reference = resolved.profile.reference();
                Checked {
                    file,
                    valid: true,
                    reference: Some(format!("{}@{}", reference.name, reference.version)),
                    hash: Some(reference.hash),
                    problems: Vec::new(),
                    notes: notes(&resolved.profile),
                }
            }
            Err(error) => {
                // The worst kind decides the exit code: a file that cannot be read is no fault of its author.
                failed = failed.or(Some(error.code()));
                let text = error.to_string();
                let text = text.strip_prefix("profile: ").unwrap_or(&text);
                let problems = text.lines().map(str::to_owned).collect();
                Checked { file, valid: false, reference: None, hash: None, problems, notes: Vec::new() }
            }
        };
        if args.json {
            output::print_json(&checked)?;
        } else if checked.valid {
            let hash = checked.hash.unwrap_or_default();
            output::print(&format!(
                "{}: {} ok, {hash:.12}",
                checked.file,
                checked.reference.unwrap_or_default()
            ))?;
            for note in &checked.notes {
                output::complain(&format!("{}: note: {note}", checked.file));
            }
        } else {
            for problem in &checked.problems {
                output::complain(problem);
            }
        }
    }
    Ok(failed.map_or(ExitCode::SUCCESS, crate::error::exit_code))
}

/// Runs `interview profile publish`.
pub(super) fn publish(args: &PublishArgs) -> Result<ExitCode, CommandError> {
    let library = args.library.library();
    for path in &args.files {
        let resolved = resolve(&library, path)?;
        let reference = resolved.profile.reference();
        let name = format!("{}@{}", reference.name, reference.version);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let lock = folder.join(LOCK_FILE);
        let text = match std::fs::read_to_string(&lock) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                "# The content hash of every published version. A published version never changes; new content is \
                 a new version.\n"
                    .to_owned()
            }
            Err(error) => {
                return Err(CommandError::new(ErrorCode::Io, format!("{}: {error}", lock.display())));
            }
        };
        // A version with other content was refused above.
        let new = !lock_entries(&text).any(|(known, _)| known == name);
        if new {
            let newline = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
            write(&lock, &format!("{text}{newline}{name} {}\n", reference.hash))?;
        }
        if args.json {
            let file = path.display().to_string();
            output::print_json(&Published { file, reference: name, hash: reference.hash, new })?;
        } else if new {
            output::print(&format!("{name} {}", reference.hash))?;
        } else {
            output::print(&format!("{name} is published already"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
