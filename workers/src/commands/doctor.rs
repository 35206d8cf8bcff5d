//! `interview doctor`: checks this machine and says what to do about each finding.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Args;
use ffmpeg_next as ffmpeg;
use interview_models::manifest::CURRENT_PLATFORM;
use interview_models::pull::Selection;
use interview_models::pull::python::interpreter_version;
use interview_models::{ModelError, ModelStore, Runtime, runtime};
#[cfg(target_os = "linux")]
use interview_pipeline::media::Decoders;
use interview_pipeline::media::MediaLimits;
use interview_queue::QueueUrl;
use interview_queue::deadline::check_deadline;
use interview_store::StoreLocation;
use serde::Serialize;
use serde_json::json;

use super::{RuntimeArgs, StoreArgs};
use crate::error::CommandError;
use crate::fleet::options::S3Args;
use crate::output::{megabytes, print, print_json};
use crate::queue_access::QueueArgs;

/// Free space below which pulling and working files may fail.
const LITTLE_DISK_BYTES: u64 = 2_000_000_000;
/// Free space below which nothing can be relied on.
const NO_DISK_BYTES: u64 = 100_000_000;
/// What an analysis with the starter models takes at most.
const NEEDED_MEMORY_BYTES: u64 = 1_000_000_000;
/// Decoders without which ordinary recordings cannot be read.
const ESSENTIAL_DECODERS: [&str; 6] = ["h264", "hevc", "vp8", "vp9", "aac", "opus"];

const INSTALL_FFMPEG: &str = "install FFmpeg's libraries (Debian and Ubuntu: `apt install libavcodec-extra`, macOS: \
                              `brew install ffmpeg`)";

/// Arguments of `interview doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    runtime: RuntimeArgs,
    /// Also check this queue: whether it can be reached, whether everything is there, and whether jobs end before the
    /// broker takes them away.
    #[arg(long, value_name = "URL", env = "INTERVIEW_QUEUE", hide_env_values = true)]
    queue: Option<QueueUrl>,
    /// Also check this store: whether it can be reached, and whether these keys may list it.
    #[arg(long = "store", value_name = "STORE", env = "INTERVIEW_STORE")]
    artefacts: Option<StoreLocation>,
    #[command(flatten)]
    s3: S3Args,
    /// Seconds a worker gives an analysis, to be compared with the broker's consumer timeout.
    #[arg(long, value_name = "S", env = "INTERVIEW_DEADLINE_S", default_value_t = 1200)]
    deadline_s: u64,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warning,
    Error,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    finding: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, finding: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, finding: finding.into(), advice: None }
    }

    fn bad(
        check: &'static str,
        status: Status,
        finding: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { check, status, finding: finding.into(), advice: Some(advice.into()) }
    }
}

/// Runs `interview doctor`.
///
/// # Errors
/// Only when the models' folder is not known or nothing can be printed; findings are no errors.
pub(crate) fn run(arguments: &DoctorArgs) -> Result<ExitCode, CommandError> {
    let store = arguments.store.open()?;
    let mut findings = vec![ffmpeg_versions()];
    findings.push(decoders());
    findings.push(sandbox());
    findings.push(onnx_runtime(&store, &arguments.runtime));
    findings.extend(models(&store)?);
    findings.push(disk("disk of the models", store.folder()));
    findings.push(disk("disk of temporary files", &std::env::temp_dir()));
    findings.extend(memory());
    findings.push(processor());
    let pulling = Selection::starter().resolve(store.manifest())?.iter().any(|model| !store.has(model));
    findings.push(python(pulling));
    findings.push(npm(pulling));
    if let Some(url) = &arguments.queue {
        findings.push(queue(url));
        if url.is_amqp() {
            findings.push(deadline(url, Duration::from_secs(arguments.deadline_s)));
        }
    }

    if let Some(location) = &arguments.artefacts {
        findings.push(artefact_store(location, &arguments.s3));
    }

    let worst = findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok);
    if arguments.json {
        print_json(&json!({"status": worst, "platform": CURRENT_PLATFORM, "findings": findings}))?;
    } else {
        for finding in &findings {
            print(&describe(finding))?;
        }
    }
    Ok(if worst == Status::Error { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn describe(finding: &Finding) -> String {
    let mark = match finding.status {
        Status::Ok => "ok     ",
        Status::Warning => "warning",
        Status::Error => "error  ",
    };
    let advice = finding.advice.as_ref().map(|advice| format!("\n         -> {advice}")).unwrap_or_default();
    format!("{mark}  {}: {}{advice}", finding.check, finding.finding)
}

fn ffmpeg_versions() -> Finding {
    let version = |packed: u32| format!("{}.{}.{}", packed >> 16, packed >> 8 & 0xff, packed & 0xff);
    Finding::ok(
        "FFmpeg",
        format!(
            "libavcodec {}, libavformat {}, libavutil {}",
            version(ffmpeg::codec::version()),
            version(ffmpeg::format::version()),
            version(ffmpeg::util::version()),
        ),
    )
}

fn decoders() -> Finding {
    let limits = MediaLimits::default();
    let missing = |names: &[&str]| -> Vec<String> {
        names
            .iter()
            .filter(|name| ffmpeg::decoder::find_by_name(name).is_none())
            .map(|&name| name.to_owned())
            .collect()
    };
    let essential = missing(&ESSENTIAL_DECODERS);
    if !essential.is_empty() {
        let finding = format!("no decoder for {}", essential.join(", "));
        return Finding::bad("decoders", Status::Error, finding, INSTALL_FFMPEG);
    }
    let accepted: Vec<&str> =
        limits.video_codecs.iter().chain(&limits.audio_codecs).map(String::as_str).collect();
    let absent = missing(&accepted);
    let there = accepted.len().saturating_sub(absent.len());
    let mut finding = format!("{there} of {} accepted decoders are there", accepted.len());
    if !absent.is_empty() {
        // Each codec of recordings has another decoder, or is rare: nothing needs to be done.
        finding.push_str(&format!(" (not: {})", absent.join(", ")));
    }
    Finding::ok("decoders", finding)
}

/// Starts a decoder's process and asks which layers are up.
#[cfg(target_os = "linux")]
fn sandbox() -> Finding {
    use interview_sandbox::layers::Layer;

    const CHECK: &str = "decoder's sandbox";
    match Decoders::default().probe() {
        Err(error) => Finding::bad(
            CHECK,
            Status::Error,
            error.to_string(),
            "allow seccomp filters and `no_new_privs` to this process (container runtimes do by default); \
             --insecure-decoder decodes trusted recordings without",
        ),
        Ok(active) if !active.layers.has(Layer::Landlock) => Finding::bad(
            CHECK,
            Status::Warning,
            active.layers.to_string(),
            "no Landlock: use a kernel from 5.13 on with `landlock` among its security modules; the system call \
             filter forbids opening files all the same",
        ),
        Ok(active) => {
            Finding::ok(CHECK, format!("{} (Landlock interface {})", active.layers, active.landlock_version))
        }
    }
}

/// There is none.
#[cfg(not(target_os = "linux"))]
fn sandbox() -> Finding {
    let advice = "analyse on Linux, or trusted recordings with --insecure-decoder";
    Finding::bad("decoder's sandbox", Status::Error, "not on this system", advice)
}

/// Loads the library and checks the device that was asked for.
fn onnx_runtime(store: &ModelStore, arguments: &RuntimeArgs) -> Finding {
    let checked = store.locate_runtime_library(arguments.onnxruntime.as_deref()).and_then(|library| {
        let version = runtime::library_version(&library)?;
        let runtime = Runtime::load(&library, arguments.device)?;
        let providers = runtime.providers().join(", ");
        Ok(format!("{version} with {providers}, runs on {}: {}", runtime.device(), library.display()))
    });
    match checked {
        Ok(finding) => Finding::ok("ONNX Runtime", finding),
        Err(error) => {
            let advice = match error {
                ModelError::Device { .. } => {
                    "install the GPU build of ONNX Runtime and its driver, or use --device cpu"
                }
                _ => "run `interview models pull`, or point ORT_DYLIB_PATH to an installed ONNX Runtime",
            };
            Finding::bad("ONNX Runtime", Status::Error, error.to_string(), advice)
        }
    }
}

/// The starter models, and every other model that is there.
fn models(store: &ModelStore) -> Result<Vec<Finding>, CommandError> {
    let starter = Selection::starter().resolve(store.manifest())?;
    let mut good = 0usize;
    let mut findings = Vec::new();
    for name in store.manifest().model.keys() {
        let needed = starter.contains(&name.as_str());
        if !needed && !store.has(name) {
            continue;
        }
        match store.verify(name) {
            Ok(()) => good += 1,
            Err(error) => {
                let status = if needed { Status::Error } else { Status::Warning };
                let advice = "run `interview models verify`, then `interview models pull`";
                findings.push(Finding::bad("models", status, error.to_string(), advice));
            }
        }
    }
    let finding = format!("{good} have their checksums: {}", store.folder().display());
    findings.insert(0, Finding::ok("models", finding));
    Ok(findings)
}

fn disk(check: &'static str, folder: &Path) -> Finding {
    // The folder may not be there yet: what counts is the file system it will be on.
    let existing = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    match rustix::fs::statvfs(existing) {
        Ok(system) => {
            let free = system.f_bavail.saturating_mul(system.f_frsize);
            let finding = format!("{} free at {}", megabytes(free), folder.display());
            let advice = "free space, or choose another disk with INTERVIEW_MODELS (models) or TMPDIR (temporary files)";
            match free {
                0..NO_DISK_BYTES => Finding::bad(check, Status::Error, finding, advice),
                NO_DISK_BYTES..LITTLE_DISK_BYTES => Finding::bad(check, Status::Warning, finding, advice),
                _ => Finding::ok(check, finding),
            }
        }
        Err(error) => {
            let finding = format!("{}: {error}", existing.display());
            Finding::bad(check, Status::Warning, finding, "check that the folder can be read")
        }
    }
}

/// Memory that is free; unknown on systems without `/proc`.
fn memory() -> Option<Finding> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let available = available_memory(&read("/proc/meminfo")?)?;
    // In a container the limit of its group counts.
    let limit = read("/sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse::<u64>().ok());
    let free = limit.map_or(available, |limit| limit.min(available));
    let finding = format!("{} available", megabytes(free));
    Some(if free < NEEDED_MEMORY_BYTES {
        let advice = format!("an analysis needs up to {}", megabytes(NEEDED_MEMORY_BYTES));
        Finding::bad("memory", Status::Warning, finding, advice)
    } else {
        Finding::ok("memory", finding)
    })
}

/// The available memory in bytes in the text of `/proc/meminfo`.
fn available_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn processor() -> Finding {
    match std::thread::available_parallelism().map(usize::from) {
        Ok(1) => {
            let advice = "an analysis takes about twice as long as on two cores";
            Finding::bad("processor", Status::Warning, "1 core", advice)
        }
        Ok(cores) => Finding::ok("processor", format!("{cores} cores")),
        Err(error) => {
            let finding = format!("number of cores unknown: {error}");
            Finding::bad("processor", Status::Warning, finding, "set --threads if an analysis is slow")
        }
    }
}

/// Python, which is needed to pull models and for nothing else.
fn python(pulling: bool) -> Finding {
    match interpreter_version(Path::new("python3")) {
        Ok((major, minor)) if (major, minor) >= (3, 11) => {
            Finding::ok("Python", format!("{major}.{minor} (pulls models)"))
        }
        found => {
            let finding = match found {
                Ok((major, minor)) => format!("{major}.{minor} is too old to pull models"),
                Err(reason) => reason,
            };
            needed_to_pull("Python", pulling, finding, "install Python 3.11 or newer with its venv module")
        }
    }
}

/// npm, which is needed to pull the expression model and for nothing else.
fn npm(pulling: bool) -> Finding {
    let output = Command::new("npm").arg("--version").stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            Finding::ok("npm", format!("{version} (pulls models)"))
        }
        _ => needed_to_pull(
            "npm",
            pulling,
            "not installed".to_owned(),
            "install npm (Debian and Ubuntu: `apt install npm`, macOS: `brew install node`)",
        ),
    }
}

/// Connects to the queue and looks whether everything is there.
fn queue(url: &QueueUrl) -> Finding {
    let args = QueueArgs { url: url.clone() };
    let checked = args.with(|queue| async move {
        queue.check().await?;
        Ok(queue.status().await?)
    });
    match checked {
        Ok(status) => {
            let waiting = status.lanes.iter().fold(0u64, |sum, lane| sum.saturating_add(lane.ready));
            Finding::ok("queue", format!("{url}: {waiting} jobs wait, {} dead letters", status.dead))
        }
        Err(error) => {
            let advice = "check that it runs and that the address is right; `interview queue setup` makes what is missing";
            Finding::bad("queue", Status::Error, error.message, advice)
        }
    }
}

/// Opens the store of media and reports and asks it for something.
fn artefact_store(location: &StoreLocation, s3: &S3Args) -> Finding {
    const CHECK: &str = "store";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let opened = match runtime {
        Ok(runtime) => runtime.block_on(s3.open(location)),
        Err(error) => Err(error.into()),
    };
    match opened {
        Ok(_) => Finding::ok(CHECK, format!("{location} answers")),
        Err(error) => {
            let advice = "check address and keys; the rights that a worker needs stand in docs/workers.md";
            Finding::bad(CHECK, Status::Error, format!("{location}: {}", error.message), advice)
        }
    }
}

/// Compares the deadline of jobs with the broker's consumer timeout, as the address states it: AMQP cannot ask.
fn deadline(url: &QueueUrl, deadline: Duration) -> Finding {
    let timeout = url.consumer_timeout;
    match check_deadline(deadline, timeout) {
        Ok(()) => Finding::ok(
            "deadline of jobs",
            format!(
                "{} s, the broker's consumer_timeout is taken to be {} s",
                deadline.as_secs(),
                timeout.as_secs()
            ),
        ),
        Err(error) => {
            let advice = "set INTERVIEW_DEADLINE_S of the workers, or consumer_timeout in rabbitmq.conf and in the address";
            Finding::bad("deadline of jobs", Status::Error, error.to_string(), advice)
        }
    }
}

fn needed_to_pull(check: &'static str, pulling: bool, finding: String, advice: &str) -> Finding {
    if pulling {
        Finding::bad(check, Status::Error, finding, advice)
    } else {
        Finding::ok(check, format!("{finding}; every model is there, so it is not needed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_in_kibibytes() {
        let text = "MemTotal:       2048 kB\nMemAvailable:    1024 kB\n";
        assert_eq!(available_memory(text), Some(1024 * 1024));
        assert_eq!(available_memory("MemTotal: 1 kB"), None);
        assert_eq!(available_memory("MemAvailable: 99999999999999999999 kB"), None);
    }

    #[test]
    fn what_is_needed_only_to_pull_is_no_error_when_nothing_is_missing() {
        assert_eq!(needed_to_pull("npm", true, String::new(), "x").status, Status::Error);
        assert_eq!(needed_to_pull("npm", false, String::new(), "x").status, Status::Ok);
    }
}
