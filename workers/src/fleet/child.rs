//! `interview slot` (hidden): the child process of a slot. Analyses one interview after the other, keeps its
//! models loaded, and dies with its worker.

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use clap::Args;
use interview_models::clock;
use interview_pipeline::analysis::{Analysis, AnalysisOptions, AnalysisRequest, Analyzer, Progress, Stage};
use interview_pipeline::media::CancelToken;
use interview_schemas::job::Job;
use interview_schemas::{ErrorCode, parse};
use interview_slot::{Analyze, FrameReader, HEARTBEAT, JOB_FILE, RESULTS, Reply, Request, encode};

use crate::commands::{DecoderArgs, LexiconArgs, LibraryArgs, RuntimeArgs, StoreArgs};
use crate::error::CommandError;
use crate::results::{self, Keep};

/// Least time between two reports of progress of one stage.
const PROGRESS_EVERY_S: f64 = 1.0;

/// Options of `interview slot`.
#[derive(Debug, Args)]
pub(crate) struct SlotArgs {
    /// Frames per second that are looked at.
    #[arg(long, value_name = "FPS", default_value_t = AnalysisOptions::DEFAULT_SAMPLE_FPS)]
    sample_fps: f64,
    /// Processor threads to use.
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// The worker's process id; without it this process has no reason to be.
    #[arg(long, value_name = "PID")]
    parent: u32,
    /// Socket of the process that holds the models.
    #[arg(long, value_name = "SOCKET")]
    shared_models: Option<PathBuf>,
    #[command(flatten)]
    decoder: DecoderArgs,
    #[command(flatten)]
    library: LibraryArgs,
    #[command(flatten)]
    lexicons: LexiconArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    runtime: RuntimeArgs,
}

/// Writes replies; several threads do.
#[derive(Clone)]
pub(super) struct Replies(Arc<Mutex<std::fs::File>>);

impl Replies {
    /// Takes standard output for itself: whatever a library prints goes to standard error from now on.
    pub(super) fn take_stdout() -> std::io::Result<Self> {
        let pipe = rustix::io::fcntl_dupfd_cloexec(std::io::stdout(), 3)?;
        rustix::stdio::dup2_stdout(std::io::stderr())?;
        Ok(Self(Arc::new(Mutex::new(std::fs::File::from(pipe)))))
    }

    /// Sends a reply. A worker that is gone needs none: the process ends with its standard input.
    pub(super) fn send(&self, reply: &Reply) {
        match encode(reply) {
            Ok(frame) => {
                let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&frame);
            }
            Err(error) => tracing::error!(%error, "a reply of the slot cannot be written"),
        }
    }
}

/// Runs the child until its standard input ends.
pub(crate) fn run(args: &SlotArgs) -> Result<ExitCode, CommandError> {
    die_with_parent(args.parent)?;
    let mut options = AnalysisOptions {
        threads: args.threads.max(1),
        profiles: args.library.library_for_jobs(),
        lexicons: args.lexicons.library()?,
        shared_models: args.shared_models.clone(),
        ..AnalysisOptions::default()
    };
    options.decode.sample_fps = args.sample_fps;
    options.decoders = args.decoder.decoders();
    let runtime = &args.runtime;
    let mut analyzer =
        Analyzer::new(args.store.open()?, runtime.onnxruntime.clone(), runtime.device, options);
    let replies = Replies::take_stdout()?;
    let requests = read_requests();
    replies.send(&Reply::Ready { pipeline_version: interview_pipeline::PIPELINE_VERSION.to_owned() });
    let heart = replies.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(HEARTBEAT);
            heart.send(&Reply::Alive);
        }
    });
    for Request::Analyze(request) in requests {
        let span = tracing::info_span!("slot", job_id = %request.job_id, trace_id = request.trace_id);
        let _entered = span.enter();
        let started = Instant::now();
        let analysed = catch_unwind(AssertUnwindSafe(|| analyze(&mut analyzer, &request, &replies)));
        match analysed {
            Ok(Ok(analysis)) => {
                replies.send(&Reply::Done {
                    stage_s: analysis
                        .stage_seconds
                        .iter()
                        .map(|(stage, seconds)| (stage.title().to_owned(), *seconds))
                        .collect(),
                    wall_s: started.elapsed().as_secs_f64(),
                    model_runs: clock::take_model_runs()
                        .into_iter()
                        .map(|(name, count)| (name, (count.runs, count.rows)))
                        .collect(),
                });
                // The next job is likely to be one like this.
                if !request.media.is_empty() {
                    analyzer.prepare_next();
                }
            }
            Ok(Err(error)) => replies.send(&Reply::Failed { code: error.code, message: error.message }),
            Err(_) => {
                // What the models look like after a panic nobody knows: the next job gets a fresh process.
                let message = "the analysis panicked; the log of the worker has the place".to_owned();
                replies.send(&Reply::Failed { code: ErrorCode::Internal, message });
                return Ok(ExitCode::from(3));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the system to kill this process when its parent dies.
pub(super) fn die_with_parent(parent: u32) -> Result<(), CommandError> {
    #[cfg(target_os = "linux")]
    {
        let failed = |error: std::io::Error| {
            CommandError::new(ErrorCode::Internal, format!("the slot cannot be tied to its worker: {error}"))
        };
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
            .map_err(|error| failed(error.into()))?;
    }
    // The parent may have died before the system was asked.
    let current = rustix::process::getppid().map(rustix::process::Pid::as_raw_nonzero);
    if current.map(|pid| pid.get().unsigned_abs()) != Some(parent) {
        return Err(CommandError::new(ErrorCode::Internal, "the worker of this slot is gone"));
    }
    Ok(())
}

/// Reads requests on a thread of their own. The process ends at once when the worker closes the pipe, even in
/// the middle of an analysis: nobody would read the result.
fn read_requests() -> Receiver<Request> {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut frames = FrameReader::new();
        let mut block = vec![0; 64 * 1024];
        loop {
            match input.read(&mut block) {
                Ok(0) => std::process::exit(0),
                Ok(count) => frames.push(block.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => std::process::exit(3),
            }
            loop {
                match frames.next_message::<Request>() {
                    Ok(Some(request)) => {
                        if sender.send(request).is_err() {
                            return;
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::error!(%error, "the worker sent something that is not understood");
                        std::process::exit(3);
                    }
                }
            }
        }
    });
    receiver
}

fn analyze(analyzer: &mut Analyzer, request: &Analyze, replies: &Replies) -> Result<Analysis, CommandError> {
    let job_file: PathBuf = request.folder.join(JOB_FILE);
    let read =
        |error: std::io::Error| CommandError::new(ErrorCode::Io, format!("{}: {error}", job_file.display()));
    let bytes = std::fs::read(&job_file).map_err(read)?;
    let job: Job = parse::from_json(&bytes)
        .map_err(|error| CommandError::new(ErrorCode::InvalidJob, format!("job: {error}")))?;
    let progress = Throttled { replies, last: Mutex::new(std::collections::BTreeMap::new()) };
    let work = AnalysisRequest { job, media: request.media.clone(), received_at: request.received_at };
    let analysis = analyzer.analyze(&work, &progress, &CancelToken::new())?;
    results::write(&analysis, &request.folder.join(RESULTS), request.keep_perception, Keep::ForTheMoment)
        .map_err(|error| {
            let full = error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull);
            let code = if full { ErrorCode::Resource } else { ErrorCode::Io };
            CommandError::new(code, format!("the results cannot be written: {error}"))
        })?;
    Ok(analysis)
}

/// Reports progress, each stage at most once a second.
struct Throttled<'a> {
    replies: &'a Replies,
    last: Mutex<std::collections::BTreeMap<Stage, Instant>>,
}

impl Progress for Throttled<'_> {
    fn advance(&self, stage: Stage, done_s: f64, total_s: Option<f64>) {
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.get(&stage).is_some_and(|time| time.elapsed().as_secs_f64() < PROGRESS_EVERY_S) {
                return;
            }
            last.insert(stage, Instant::now());
        }
        self.replies.send(&Reply::Progress { stage: stage.title().to_owned(), done_s, total_s });
    }
}
