//! `interview profile list`, `show` and `diff`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use interview_pipeline::score::source::Source;
use interview_pipeline::score::{Library, Resolved};
use interview_schemas::{Bilingual, ErrorCode};
use serde::Serialize;
use serde_json::Value;

use super::LibraryArgs;
use crate::error::CommandError;
use crate::output;

/// Options of `interview profile show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// `name`, `name@version` or a file.
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// Show the result of inheritance, every value with where it came from.
    #[arg(long)]
    resolved: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Options of `interview profile diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The old profile: `name`, `name@version` or a file.
    old: String,
    /// The new profile.
    new: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    library: LibraryArgs,
}

/// Options of `interview profile list`.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A profile of the list.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    version: u32,
    hash: String,
    title: Bilingual,
    description: Option<Bilingual>,
}

/// Runs `interview profile list`.
pub(super) fn list(args: &ListArgs) -> Result<ExitCode, CommandError> {
    let library = Library::shipped();
    let mut listed = Vec::new();
    let mut rows = vec![["name", "version", "title", "for"].map(str::to_owned).to_vec()];
    for name in Library::shipped_names() {
        // Bases are listed by `check`, not here: nobody is scored with them.
        let Ok(resolved) = library.named(name) else { continue };
        let file = resolved.profile.file();
        let title = resolved.profile.title();
        rows.push(vec![
            file.name.clone(),
            file.version.to_string(),
            format!("{} {}", title.en, title.zh),
            file.description.as_ref().map(|text| first_sentence(&text.en)).unwrap_or_default(),
        ]);
        listed.push(Listed {
            name: file.name.clone(),
            version: file.version,
            hash: resolved.profile.hash().to_owned(),
            title: title.clone(),
            description: file.description.clone(),
        });
    }
    if args.json {
        output::print(&super::json(&listed)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::print(&output::table(&rows))?;
    Ok(ExitCode::SUCCESS)
}

/// The first sentence of a description, or what stands before a colon in it.
fn first_sentence(text: &str) -> String {
    let end = [". ", ": ", " ("].iter().filter_map(|mark| text.find(mark)).min();
    text.get(..end.unwrap_or(text.len())).unwrap_or(text).trim_end_matches('.').to_owned()
}

/// One value of a resolved profile.
#[derive(Debug, Serialize)]
struct Line {
    path: String,
    value: Value,
    from: String,
    file: String,
    line: usize,
}

/// Runs `interview profile show`.
pub(super) fn run(args: &ShowArgs) -> Result<ExitCode, CommandError> {
    let resolved = load(&args.library.library(), &args.profile)?;
    if !args.resolved {
        let Some(layer) = resolved.layers.last() else { return Ok(ExitCode::SUCCESS) };
        let text = if args.json { super::json(resolved.profile.file())? } else { layer.source.text.clone() };
        output::print(text.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let value = serde_json::to_value(resolved.profile.file())
        .map_err(|error| CommandError::new(ErrorCode::Internal, error.to_string()))?;
    let mut lines = Vec::new();
    flatten(&resolved, &mut Vec::new(), &value, &mut lines);
    if args.json {
        output::print(&super::json(&lines)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let reference = resolved.profile.reference();
    output::print(&format!("# {}@{} {}", reference.name, reference.version, reference.hash))?;
    for line in lines {
        let value = toml::Value::try_from(&line.value).map(|value| value.to_string()).unwrap_or_default();
        output::print(&format!("{} = {value}  # {} ({}:{})", line.path, line.from, line.file, line.line))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A profile or a base, by name or file.
fn load(library: &Library, name: &str) -> Result<Resolved, CommandError> {
    let path = PathBuf::from(name);
    if path.is_file() {
        return Ok(library.clone().with_folder_of(&path).check(Source::read(&path)?)?);
    }
    Ok(library.named(name)?)
}

/// Every value that is no table, with its path.
fn flatten(resolved: &Resolved, path: &mut Vec<String>, value: &Value, lines: &mut Vec<Line>) {
    if let Value::Object(entries) = value {
        for (key, value) in entries {
            path.push(key.clone());
            flatten(resolved, path, value, lines);
            path.pop();
        }
        return;
    }
    let (from, file, line) = match resolved.origin(path) {
        Some((layer, line)) => (layer.reference.clone(), layer.source.file.clone(), line),
        None => ("default".to_owned(), "built in".to_owned(), 0),
    };
    let key = |key: &String| {
        let bare = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if bare { key.clone() } else { format!("{key:?}") }
    };
    let path = path.iter().map(key).collect::<Vec<_>>().join(".");
    lines.push(Line { path, value: value.clone(), from, file, line });
}

/// Runs `interview profile diff`.
pub(super) fn diff(args: &DiffArgs) -> Result<ExitCode, CommandError> {
    let library = args.library.library();
    let (old, new) = (load(&library, &args.old)?, load(&library, &args.new)?);
    let changes = interview_tuning::diff::diff(&old.profile, &new.profile);
    if args.json {
        output::print(&super::json(&changes)?)?;
    } else if changes.is_empty() {
        output::print("no difference")?;
    } else {
        for change in changes {
            output::print(&format!("{}: {}", change.subject, change.change.trim_start()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
