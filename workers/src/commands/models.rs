//! `interview models`: lists, fetches and checks the models.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use interview_models::manifest::{CURRENT_PLATFORM, ModelEntry};
use interview_models::pull::{PullEvent, PullOptions, PullProgress, Selection, pull};
use interview_models::{ModelError, ModelStore};
use serde_json::{Value, json};

use super::StoreArgs;
use crate::error::{CommandError, exit_code};
use crate::output::{complain, megabytes, print, print_json, table};

/// Arguments of `interview models`.
#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists every model that the program knows.
    List,
    /// Fetches the models that are missing; without names and sets, the starter set.
    Pull(PullArgs),
    /// Reads every file and compares its checksum; a bad file is removed, so that `pull` fetches it again.
    Verify(SelectionArgs),
}

#[derive(Debug, Args)]
struct SelectionArgs {
    /// Names of models.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// A named set of models; may be given several times.
    #[arg(long = "set", value_name = "SET")]
    sets: Vec<String>,
}

#[derive(Debug, Args)]
struct PullArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Fetch from here instead of the scheme and host of https sources.
    #[arg(long, value_name = "URL", env = "INTERVIEW_MODEL_MIRROR")]
    mirror: Option<String>,
    /// The Python that makes the private environment.
    #[arg(long, value_name = "PATH", env = "INTERVIEW_PYTHON")]
    python: Option<PathBuf>,
}

/// Runs `interview models`.
///
/// # Errors
/// What happened, with its code; with `--json` the failure is printed as JSON and is no error here.
pub(crate) fn run(arguments: &ModelsArgs) -> Result<ExitCode, CommandError> {
    let outcome = arguments.store.open().and_then(|store| match &arguments.action {
        Action::List => list(&store, arguments.json),
        Action::Pull(pull) => pull_models(&store, pull, arguments.json),
        Action::Verify(selection) => verify(&store, selection, arguments.json),
    });
    match outcome {
        Err(error) if arguments.json => {
            print_json(&json!({"status": "failed", "code": error.code, "message": error.message}))?;
            Ok(error.exit_code())
        }
        other => other,
    }
}

fn selection(arguments: &SelectionArgs) -> Selection {
    if arguments.names.is_empty() && arguments.sets.is_empty() {
        Selection::starter()
    } else {
        Selection { sets: arguments.sets.clone(), names: arguments.names.clone() }
    }
}

fn bytes(entry: &ModelEntry) -> u64 {
    entry.files.values().fold(0, |sum, file| sum.saturating_add(file.bytes))
}

/// Whether a model is there, in one word.
fn state(store: &ModelStore, name: &str, entry: &ModelEntry) -> &'static str {
    if store.has(name) {
        "present"
    } else if entry.is_for(CURRENT_PLATFORM) {
        "missing"
    } else {
        "other-platform"
    }
}

fn list(store: &ModelStore, json: bool) -> Result<ExitCode, CommandError> {
    let models = &store.manifest().model;
    if json {
        let models: Vec<Value> = models
            .iter()
            .map(|(name, entry)| {
                let mut value = json!(entry);
                value["name"] = json!(name);
                value["bytes"] = json!(bytes(entry));
                value["state"] = json!(state(store, name, entry));
                value
            })
            .collect();
        print_json(&json!({"folder": store.folder(), "models": models}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let head = ["model", "version", "task", "languages", "sets", "size", "state", "licence"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (name, entry) in models {
        let languages: Vec<String> = entry.languages.iter().map(|language| language.to_string()).collect();
        rows.push(vec![
            name.clone(),
            entry.version.clone(),
            entry.task.clone(),
            languages.join(","),
            entry.sets.join(","),
            megabytes(bytes(entry)),
            state(store, name, entry).to_owned(),
            entry.licence.clone(),
        ]);
    }
    print(&table(&rows))?;
    print(&format!("\nfolder: {}", store.folder().display()))?;
    Ok(ExitCode::SUCCESS)
}

fn pull_models(store: &ModelStore, arguments: &PullArgs, json: bool) -> Result<ExitCode, CommandError> {
    let options = PullOptions {
        mirror: arguments.mirror.clone(),
        python: arguments.python.clone(),
        ..PullOptions::default()
    };
    let mut progress = PullBar::new();
    let report = pull(store, &selection(&arguments.selection), &options, &mut progress);
    progress.finish();
    let report = report?;
    if json {
        print_json(&json!({
            "status": "done",
            "folder": store.folder(),
            "fetched": report.fetched,
            "present": report.present,
        }))?;
    } else {
        let (fetched, present) = (report.fetched.len(), report.present.len());
        print(&format!("{fetched} models fetched, {present} were there: {}", store.folder().display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(store: &ModelStore, arguments: &SelectionArgs, json: bool) -> Result<ExitCode, CommandError> {
    let mut models = Vec::new();
    let mut worst = None;
    for name in selection(arguments).resolve(store.manifest())? {
        let checked = store.verify(name);
        if let Err(ModelError::Corrupt { path, .. }) = &checked {
            std::fs::remove_file(path).map_err(|error| {
                let reason = format!("{} is corrupt and cannot be removed: {error}", path.display());
                CommandError::new(interview_schemas::ErrorCode::Io, reason)
            })?;
        }
        match checked {
            Ok(()) => models.push(json!({"name": name, "status": "ok"})),
            Err(error) => {
                if !json {
                    complain(&error.to_string());
                }
                let message = error.to_string();
                models.push(
                    json!({"name": name, "status": "failed", "code": error.code(), "message": message}),
                );
                worst.get_or_insert(error.code());
            }
        }
    }
    let good = models.iter().filter(|model| model["status"] == "ok").count();
    if json {
        let status = if worst.is_some() { "failed" } else { "done" };
        print_json(&json!({"status": status, "folder": store.folder(), "models": models}))?;
    } else {
        print(&format!("{good} of {} models have their checksums", models.len()))?;
    }
    Ok(worst.map_or(ExitCode::SUCCESS, exit_code))
}

/// Shows a pull on a terminal; silent where stderr is none.
struct PullBar {
    bar: ProgressBar,
}

impl PullBar {
    fn new() -> Self {
        let bar = ProgressBar::no_length();
        bar.set_style(spinner());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    fn say(&self, message: String) {
        self.bar.set_style(spinner());
        self.bar.set_message(message);
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn byte_bar() -> ProgressStyle {
    ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl PullProgress for PullBar {
    fn event(&mut self, event: PullEvent<'_>) {
        match event {
            PullEvent::Waiting => self.say("waiting for another pull".to_owned()),
            PullEvent::Download { source } => self.say(format!("fetching {source}")),
            PullEvent::Bytes { done, total } => {
                if let Some(total) = total
                    && self.bar.length() != Some(total)
                {
                    self.bar.set_style(byte_bar());
                    self.bar.set_length(total);
                }
                self.bar.set_position(done);
            }
            PullEvent::Step { what } => self.say(what.to_owned()),
            PullEvent::Convert { model, file } => self.say(format!("making {file} of {model}")),
            // Asked before `suspend`, which holds the bar.
            PullEvent::Ready { model } if !self.bar.is_hidden() => {
                self.bar.suspend(|| complain(&format!("ready: {model}")));
            }
            PullEvent::Ready { .. } => {}
        }
    }
}
