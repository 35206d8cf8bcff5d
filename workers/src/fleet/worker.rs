//! `interview worker`: takes jobs until it is told to stop, and then hands back what it cannot finish.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use interview_pipeline::analysis::AnalysisOptions;
use interview_queue::deadline::check_deadline;
use interview_queue::{Queue, QueueError, QueueUrl};
use interview_schemas::ErrorCode;
use interview_store::{Store, TransferLimits};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::options::{ScratchOptions, StoreOptions};
use super::scratch::Scratch;
use super::slot::{Slot, SlotConfig};
use super::{audit, http, job, metrics, shared_models};
use crate::LogFormat;
use crate::commands::{DecoderArgs, LexiconArgs, LibraryArgs, RuntimeArgs, StoreArgs};
use crate::error::CommandError;

/// Between two tries to reach a queue at the start.
const CONNECT_PAUSE: Duration = Duration::from_secs(1);
/// A slot whose process cannot be started takes no job for this long.
const START_PAUSE: Duration = Duration::from_secs(5);

/// Options of `interview worker`.
#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// Where jobs come from and events go: amqp://…, amqps://… or sqlite:FILE. May hold a password: better set in
    /// the environment.
    #[arg(long, value_name = "QUEUE", env = "INTERVIEW_QUEUE", hide_env_values = true)]
    queue: QueueUrl,
    #[command(flatten)]
    store: StoreOptions,
    /// Interviews analysed side by side, each in a process of its own with its own models.
    #[arg(long, value_name = "N", env = "INTERVIEW_SLOTS", default_value_t = 1)]
    slots: usize,
    /// Address for /healthz, /readyz and /metrics, such as 0.0.0.0:9100.
    #[arg(long, value_name = "ADDR", env = "INTERVIEW_METRICS")]
    metrics: Option<SocketAddr>,
    /// Seconds an analysis may take; it is killed then. Must end before the broker takes the job away.
    #[arg(long, value_name = "S", env = "INTERVIEW_DEADLINE_S", default_value_t = 1200)]
    deadline_s: u64,
    /// Resident memory of an analysis in megabytes; it is killed beyond.
    #[arg(long, value_name = "MB", env = "INTERVIEW_MEMORY_LIMIT_MB", default_value_t = 4096)]
    memory_limit_mb: u64,
    /// Seconds that running jobs get to end after SIGTERM; what is not done then is handed back.
    #[arg(long, value_name = "S", env = "INTERVIEW_GRACE_S", default_value_t = 25)]
    grace_s: u64,
    /// Jobs after which the process of a slot is replaced.
    #[arg(long, value_name = "N", env = "INTERVIEW_JOBS_PER_PROCESS", default_value_t = 1000)]
    jobs_per_process: u32,
    /// Also store perception.json: words with times, voice track, face tracks.
    #[arg(long, env = "INTERVIEW_KEEP_PERCEPTION")]
    keep_perception: bool,
    /// End when there was no job for so many seconds, instead of waiting for ever.
    #[arg(long, value_name = "S")]
    until_idle_s: Option<u64>,
    /// Frames per second that are looked at.
    #[arg(long, value_name = "FPS", default_value_t = AnalysisOptions::DEFAULT_SAMPLE_FPS)]
    sample_fps: f64,
    /// Processor threads of each slot [default: all cores divided by the slots].
    #[arg(long, value_name = "N", env = "INTERVIEW_THREADS")]
    threads: Option<usize>,
    /// Keep the models in one process that serves all slots and runs what they ask in batches, instead of once in each
    /// slot: for graphics cards, and to save memory with many slots.
    #[arg(long, env = "INTERVIEW_SHARED_MODELS")]
    shared_models: bool,
    /// With --shared-models: most rows (faces, sentences) in one batch; 1 runs everything alone.
    #[arg(long, value_name = "N", default_value_t = 32, requires = "shared_models")]
    batch_rows: usize,
    /// Least bytes per second at which recordings must come.
    #[arg(long, value_name = "N", default_value_t = 32 * 1024)]
    download_floor: u64,
    /// Seconds over which the speed of a download is measured.
    #[arg(long, value_name = "S", default_value_t = 15)]
    download_window_s: u64,
    /// Another program for the slots; it must speak their protocol. For benchmarks of everything but the analysis.
    #[arg(long, value_name = "PROGRAM", hide = true)]
    slot_program: Option<PathBuf>,
    #[command(flatten)]
    scratch: ScratchOptions,
    #[command(flatten)]
    decoder: DecoderArgs,
    #[command(flatten)]
    library: LibraryArgs,
    #[command(flatten)]
    lexicons: LexiconArgs,
    #[command(flatten)]
    models: StoreArgs,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

/// What a worker does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It takes jobs.
    Taking,
    /// It ends what it has begun and takes nothing more.
    Draining,
    /// It hands back what it has not ended.
    Stopping,
}

/// What the slots of a worker share.
pub(crate) struct Fleet {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) store: Store,
    pub(crate) scratch: Scratch,
    pub(crate) limits: TransferLimits,
    pub(crate) keep_perception: bool,
    pub(crate) actor: String,
    phase: watch::Sender<Phase>,
}

impl Fleet {
    /// What the worker does at the moment.
    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Tells when that changes.
    pub(crate) fn watch_phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }
}

/// Runs the worker until it is told to stop.
pub(crate) fn run(args: &WorkerArgs, log_format: LogFormat) -> Result<ExitCode, CommandError> {
    check(args)?;
    // The worker itself only moves bytes; the analysis has processes of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(serve(args, log_format));
    runtime.shutdown_timeout(Duration::from_secs(1));
    result.map(|()| ExitCode::SUCCESS)
}

fn check(args: &WorkerArgs) -> Result<(), CommandError> {
    let wrong = |message: String| Err(CommandError::new(ErrorCode::Configuration, message));
    if !(1..=256).contains(&args.slots) {
        return wrong(format!("--slots {}: must lie between 1 and 256", args.slots));
    }
    if args.deadline_s == 0 || args.jobs_per_process == 0 || args.memory_limit_mb == 0 || args.batch_rows == 0
    {
        let message =
            "--deadline-s, --jobs-per-process, --memory-limit-mb and --batch-rows must be at least 1";
        return wrong(message.to_owned());
    }
    if !(args.sample_fps.is_finite() && (0.1..=60.0).contains(&args.sample_fps)) {
        return wrong(format!("--sample-fps {}: must lie between 0.1 and 60", args.sample_fps));
    }
    if args.queue.is_amqp() {
        check_deadline(Duration::from_secs(args.deadline_s), args.queue.consumer_timeout)
            .map_err(|error| CommandError::new(ErrorCode::Configuration, error.to_string()))?;
    }
    // A profile that nobody can be scored with is found now, not by the first job that names it.
    let profiles = args.library.library_for_jobs().check_folders()?;
    if !args.library.folders().is_empty() {
        tracing::info!(profiles, "profiles of the folders are valid and published");
    }
    // So is a word list that would be without effect. Each slot reads them once when it starts.
    args.lexicons.library()?;
    Ok(())
}

async fn serve(args: &WorkerArgs, log_format: LogFormat) -> Result<(), CommandError> {
    let recorder =
        metrics::install().map_err(|error| CommandError::new(ErrorCode::Internal, error.to_string()))?;
    tokio::spawn(metrics::keep_summed_up(recorder.clone()));
    metrics::slots(args.slots);
    metrics::insecure_decoder(args.decoder.insecure_decoder);
    if args.decoder.insecure_decoder {
        tracing::warn!("--insecure-decoder: the slots decode recordings without a sandbox");
    }
    let listener = match args.metrics {
        Some(address) => Some(http::bind(address).await.map_err(|error| {
            CommandError::new(ErrorCode::Configuration, format!("--metrics {address}: {error}"))
        })?),
        None => None,
    };
    let mut signals = Signals::install()?;
    let store = args.store.open().await?;
    let queue = tokio::select! {
        queue = connect(&args.queue) => queue?,
        () = signals.next() => return Ok(()),
    };
    let work_dir = args.scratch.work_dir.clone().unwrap_or_else(std::env::temp_dir);
    let scratch = Scratch::create(&work_dir).map_err(|error| {
        let message = format!("the work folder {} cannot be used: {error}", work_dir.display());
        CommandError::new(ErrorCode::Configuration, message)
    })?;
    let fleet = Arc::new(Fleet {
        queue,
        store,
        scratch,
        limits: TransferLimits {
            floor_bytes_per_s: args.download_floor,
            window: Duration::from_secs(args.download_window_s.max(1)),
            deadline: Duration::from_secs(args.deadline_s),
            ..TransferLimits::default()
        },
        keep_perception: args.keep_perception,
        actor: audit::actor("worker"),
        phase: watch::Sender::new(Phase::Taking),
    });
    if let Some(listener) = listener {
        tokio::spawn(http::serve(listener, Arc::clone(&fleet), recorder));
    }
    let socket = args.shared_models.then(|| shared_models::socket(fleet.scratch.path())).transpose()?;
    let _shared = match &socket {
        Some(socket) => Some(shared_models::start(shared_config(args, log_format, socket)?).await?),
        None => None,
    };
    let config = slot_config(args, log_format, socket.as_deref())?;
    let idle = args.until_idle_s.map(Duration::from_secs);
    let mut slots = JoinSet::new();
    for number in 0..args.slots {
        slots.spawn(run_slot(Arc::clone(&fleet), Slot::new(number, config.clone()), idle));
    }
    tracing::info!(slots = args.slots, queue = %args.queue, store = %args.store.store, "worker takes jobs");
    supervise(&fleet, &mut slots, &mut signals, Duration::from_secs(args.grace_s)).await
}

/// Opens the queue, waiting for one that is not there yet.
async fn connect(url: &QueueUrl) -> Result<Arc<dyn Queue>, CommandError> {
    let queue = loop {
        match interview_queue::connect(url).await {
            Ok(queue) => break queue,
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "waiting for the queue");
                tokio::time::sleep(CONNECT_PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    };
    // A file is made on the spot; a broker's topology is its operator's business.
    let checked = if url.is_amqp() { queue.check().await } else { queue.setup().await };
    checked?;
    Ok(queue)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How the processes of the slots are started: this program again, with what the analysis needs and nothing else.
fn slot_config(
    args: &WorkerArgs,
    log_format: LogFormat,
    shared_models: Option<&Path>,
) -> Result<SlotConfig, CommandError> {
    let threads = args.threads.unwrap_or(cores() / args.slots).max(1);
    let mut arguments = hidden_command("slot", args, log_format);
    let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    option("--threads", threads.to_string().into());
    option("--sample-fps", args.sample_fps.to_string().into());
    for folder in args.library.folders() {
        option("--profiles", folder.into());
    }
    if let Some(socket) = shared_models {
        option("--shared-models", socket.into());
    }
    arguments.extend(args.lexicons.arguments());
    arguments.extend(args.decoder.arguments());
    let own = SlotConfig { program: std::env::current_exe()?, ..configured(args, arguments) };
    Ok(match &args.slot_program {
        Some(program) => SlotConfig { program: program.clone(), ..own },
        None => own,
    })
}

/// How the process that holds the models is started.
fn shared_config(
    args: &WorkerArgs,
    log_format: LogFormat,
    socket: &Path,
) -> Result<SlotConfig, CommandError> {
    let mut arguments = hidden_command("shared-models", args, log_format);
    let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    // As many recognisers as the slots would have together; a network that all wait for may have all cores.
    option(
        "--recognisers",
        args.threads.unwrap_or(cores() / args.slots).max(1).saturating_mul(args.slots).to_string().into(),
    );
    option("--threads", cores().to_string().into());
    option("--most-rows", args.batch_rows.to_string().into());
    option("--socket", socket.into());
    Ok(SlotConfig { program: std::env::current_exe()?, ..configured(args, arguments) })
}

/// A hidden command of this program with where its models lie and run.
fn hidden_command(name: &str, args: &WorkerArgs, log_format: LogFormat) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["--log-format".into(), log_format.as_str().into(), name.into()];
    let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    option("--device", args.runtime.device.to_string().into());
    if let Some(models) = &args.models.models {
        option("--models", models.into());
    }
    if let Some(library) = &args.runtime.onnxruntime {
        option("--onnxruntime", library.into());
    }
    arguments
}

fn configured(args: &WorkerArgs, arguments: Vec<OsString>) -> SlotConfig {
    SlotConfig {
        program: PathBuf::new(),
        arguments,
        deadline: Duration::from_secs(args.deadline_s),
        memory_limit: args.memory_limit_mb.saturating_mul(1_000_000),
        jobs_per_child: args.jobs_per_process,
    }
}

/// One slot: takes a job, works on it, takes the next.
async fn run_slot(fleet: Arc<Fleet>, mut slot: Slot, idle: Option<Duration>) -> Result<(), QueueError> {
    let mut phase = fleet.watch_phase();
    let mut last_job = Instant::now();
    loop {
        // A job is taken only when there is somebody to do it.
        if let Err(error) = slot.start().await {
            metrics::child_ended("start");
            tracing::error!(%error, slot = slot.number(), "the process of a slot cannot be started");
            tokio::select! {
                _ = phase.wait_for(|&phase| phase != Phase::Taking) => break,
                () = tokio::time::sleep(START_PAUSE) => continue,
            }
        }
        let patience = idle.map(|idle| idle.saturating_sub(last_job.elapsed()));
        let delivery = tokio::select! {
            biased;
            _ = phase.wait_for(|&phase| phase != Phase::Taking) => break,
            delivery = fleet.queue.receive() => delivery?,
            () = wait(patience) => break,
        };
        job::handle(&fleet, &mut slot, delivery).await;
        last_job = Instant::now();
    }
    slot.stop().await;
    Ok(())
}

async fn wait(patience: Option<Duration>) {
    match patience {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Waits for the slots, and for signals: the first lets running jobs end, the second or the end of the grace
/// period hands them back.
async fn supervise(
    fleet: &Fleet,
    slots: &mut JoinSet<Result<(), QueueError>>,
    signals: &mut Signals,
    grace: Duration,
) -> Result<(), CommandError> {
    let mut failure = None;
    let mut grace_end: Option<Instant> = None;
    loop {
        tokio::select! {
            ended = slots.join_next() => match ended {
                None => break,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => {
                    tracing::error!(%error, "the queue cannot be used: the worker ends");
                    failure = failure.or(Some(error.into()));
                    fleet.phase.send_replace(Phase::Draining);
                }
                Some(Err(error)) => {
                    let message = format!("a slot of the worker ended: {error}");
                    failure = failure.or(Some(CommandError::new(ErrorCode::Internal, message)));
                    fleet.phase.send_replace(Phase::Draining);
                }
            },
            () = signals.next() => {
                if grace_end.is_none() {
                    tracing::info!(grace_s = grace.as_secs(), "the worker drains");
                    fleet.phase.send_replace(Phase::Draining);
                    grace_end = Some(Instant::now() + grace);
                } else {
                    fleet.phase.send_replace(Phase::Stopping);
                }
            }
            () = wait(grace_end.map(|end| end.saturating_duration_since(Instant::now()))),
                if fleet.phase() == Phase::Draining =>
            {
                tracing::warn!("the grace period is over: running jobs are handed back");
                fleet.phase.send_replace(Phase::Stopping);
            }
        }
    }
    tracing::info!("the worker has ended");
    failure.map_or(Ok(()), Err)
}

/// SIGTERM and SIGINT.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
