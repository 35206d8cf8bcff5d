//! `interview analyze`: videos or jobs in, features.json, report.json and report.html out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use interview_pipeline::analysis::{AnalysisOptions, AnalysisRequest, Analyzer, NoProgress, Progress};
use interview_pipeline::media::CancelToken;
use interview_schemas::job::Job;
use interview_schemas::policy::Consent;
use interview_schemas::{AnswerId, ErrorCode, Language};
use serde::Serialize;

use super::{DecoderArgs, LexiconArgs, LibraryArgs, RuntimeArgs, StoreArgs, job_file};
use crate::error::{CommandError, exit_code};
use crate::output;
use crate::progress::Bars;
use crate::results::{self, Keep, Paths};

/// Options of `interview analyze`.
#[derive(Debug, Args)]
pub(crate) struct AnalyzeArgs {
    /// Recordings, each an interview of one answer: video, sound, or a still picture.
    #[arg(value_name = "VIDEO", required_unless_present = "job")]
    videos: Vec<PathBuf>,
    /// A job file: one interview with all its answers. May be given several times.
    #[arg(long, value_name = "JOB.json")]
    job: Vec<PathBuf>,
    /// What was asked; the relevance of the answer is measured against it.
    #[arg(long, value_name = "TEXT")]
    question: Option<String>,
    /// Language of the recording: en, zh or auto [default: the job's, else auto].
    #[arg(long)]
    language: Option<Language>,
    /// Competency profile: a shipped name or a file [default: the job's, else general].
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// Policy: cn, eu, us-il, us-nyc or audio-text [default: the job's, else cn].
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// What the candidate agreed to, such as facial-expression; several separated by commas.
    #[arg(long, value_name = "CONSENT,…", value_delimiter = ',')]
    consent: Vec<Consent>,
    /// Folder for the results; with several inputs, one folder each below it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Also write perception.json: words with times, voice track, face tracks.
    #[arg(long)]
    keep_perception: bool,
    /// Also draw faces, gaze, body and picture quality on the video and write it to this file (MP4, without sound);
    /// for one input with one video.
    #[arg(long, value_name = "OUT.mp4")]
    overlay: Option<PathBuf>,
    /// Frames per second that are looked at.
    #[arg(long, value_name = "FPS", default_value_t = AnalysisOptions::DEFAULT_SAMPLE_FPS)]
    sample_fps: f64,
    /// Processor threads to use [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print one JSON object per input on standard output.
    #[arg(long)]
    json: bool,
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

/// What `--json` prints for one input.
#[derive(Debug, Serialize)]
struct Outcome {
    status: &'static str,
    code: String,
    message: String,
    report_id: Option<String>,
    score: Option<f64>,
    grade: Option<&'static str>,
    /// Whether a person must look, whatever the grade.
    review: bool,
    paths: Paths,
}

impl Outcome {
    fn failed(error: &CommandError) -> Self {
        Self {
            status: "failed",
            code: error.code.to_string(),
            message: error.message.clone(),
            report_id: None,
            score: None,
            grade: None,
            review: false,
            paths: Paths::default(),
        }
    }
}

/// One input: where it came from and the job it makes.
struct Input {
    name: String,
    job: Result<(Job, BTreeMap<AnswerId, PathBuf>), CommandError>,
}

/// Runs the command. The worst input decides the exit code.
pub(crate) fn run(args: &AnalyzeArgs) -> Result<ExitCode, CommandError> {
    let inputs = inputs(args);
    let options = options(args)?;
    let runtime = &args.runtime;
    let mut analyzer =
        Analyzer::new(args.store.open()?, runtime.onnxruntime.clone(), runtime.device, options);
    let several = inputs.len() > 1;
    if several && args.overlay.is_some() {
        let message = "--overlay is for one input; run the command once for each";
        return Err(CommandError::new(ErrorCode::Configuration, message));
    }
    let mut worst: Option<ErrorCode> = None;
    let mut inputs = inputs.into_iter().peekable();
    while let Some(input) = inputs.next() {
        let out = if several { args.out.join(&input.name) } else { args.out.clone() };
        let outcome = input.job.and_then(|(job, media)| analyze(&mut analyzer, job, media, args, &out));
        let outcome = outcome.unwrap_or_else(|error| {
            if worst.is_none_or(|code| error.code.fault() > code.fault()) {
                worst = Some(error.code);
            }
            if !args.json {
                output::complain(&format!("error: {}: {} [{}]", input.name, error.message, error.code));
            }
            Outcome::failed(&error)
        });
        if inputs.peek().is_some() {
            analyzer.prepare_next();
        }
        print(&outcome, &input.name, args.json)?;
    }
    Ok(worst.map_or(ExitCode::SUCCESS, exit_code))
}

fn options(args: &AnalyzeArgs) -> Result<AnalysisOptions, CommandError> {
    if !(args.sample_fps.is_finite() && (0.1..=60.0).contains(&args.sample_fps)) {
        return Err(CommandError::new(
            ErrorCode::Configuration,
            format!("--sample-fps {}: must lie between 0.1 and 60", args.sample_fps),
        ));
    }
    let mut options = AnalysisOptions { profiles: args.library.library(), ..AnalysisOptions::default() };
    options.decode.sample_fps = args.sample_fps;
    options.decoders = args.decoder.decoders();
    if let Some(threads) = args.threads {
        options.threads = threads.max(1);
    }
    options.lexicons = args.lexicons.library()?;
    Ok(options)
}

fn inputs(args: &AnalyzeArgs) -> Vec<Input> {
    let videos = args.videos.iter().map(|video| Input {
        name: job_file::name_of(video),
        job: job_file::from_recording(video, args.question.as_deref()),
    });
    let jobs = args.job.iter().map(|path| Input { name: job_file::name_of(path), job: job_file::read(path) });
    let mut inputs: Vec<_> = videos.chain(jobs).collect();
    job_file::make_names_unique(inputs.iter_mut().map(|input| &mut input.name));
    for input in &mut inputs {
        if let Ok((job, _)) = &mut input.job {
            apply_overrides(job, args);
        }
    }
    inputs
}

/// The command line wins over the job file.
fn apply_overrides(job: &mut Job, args: &AnalyzeArgs) {
    if let Some(language) = args.language {
        job.language = language;
    }
    if let Some(profile) = &args.profile {
        job.profile = Some(profile.clone());
    }
    if let Some(policy) = &args.policy {
        job.policy = Some(policy.clone());
    }
    job.consent.extend(args.consent.iter().copied());
}

fn analyze(
    analyzer: &mut Analyzer,
    job: Job,
    media: BTreeMap<AnswerId, PathBuf>,
    args: &AnalyzeArgs,
    out: &Path,
) -> Result<Outcome, CommandError> {
    let bars = Bars::on_terminal(args.json);
    let progress: &dyn Progress = bars.as_ref().map_or(&NoProgress, |bars| bars);
    let request = AnalysisRequest { job, media, received_at: Some(jiff::Timestamp::now()) };
    let result = analyzer.analyze(&request, progress, &CancelToken::new());
    if let Some(bars) = &bars {
        bars.clear();
    }
    let analysis = result?;
    let mut paths = results::write(&analysis, out, args.keep_perception, Keep::Durably).map_err(|error| {
        CommandError::new(
            ErrorCode::Io,
            format!("the results cannot be written to {}: {error}", out.display()),
        )
    })?;
    if let Some(overlay) = &args.overlay {
        analyzer.overlay(&request, overlay)?;
        paths.overlay = Some(overlay.display().to_string());
    }
    let report = &analysis.report;
    Ok(Outcome {
        status: "done",
        code: "OK".to_owned(),
        message: if report.reviews.is_empty() {
            report.grade.title().en
        } else {
            format!("{}; a person must look first", report.grade.title().en)
        },
        review: !report.reviews.is_empty(),
        report_id: Some(report.report_id.to_string()),
        score: report.score,
        grade: Some(report.grade.as_str()),
        paths,
    })
}

fn print(outcome: &Outcome, name: &str, json: bool) -> Result<(), CommandError> {
    if json {
        output::print_json(outcome)?;
    } else if outcome.status == "done" {
        let score = outcome.score.map_or_else(|| "no score".to_owned(), |score| format!("score {score:.1}"));
        output::print(&format!("{name}: {score}, {}", outcome.message))?;
        if let Some(html) = &outcome.paths.html {
            output::print(&format!("  report: {html}"))?;
        }
        if let Some(overlay) = &outcome.paths.overlay {
            output::print(&format!("  overlay: {overlay}"))?;
        }
    }
    Ok(())
}
