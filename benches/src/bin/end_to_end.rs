//! End-to-end benchmark: real-time factor, stage by stage, and peak memory for a 1-minute and a 10-minute video,
//! beside the limit that models and FFmpeg set on this machine, measured in the same run.
//!
//! The limit is (processor seconds inside model runs + processor seconds of the ffmpeg program decoding what is
//! needed on one thread) / cores. Short recordings are measured several times, the run in the middle is told: a
//! single run of some seconds says more about the rest of the machine. Usage: `end_to_end [--policy NAME] [--seconds N,…] [--picture FILE --sound FILE]`.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use interview_benches::media::{looped_video, text};
use interview_benches::process::{Cost, measure};
use interview_models::{Device, Manifest, ModelStore, clock};
use interview_pipeline::analysis::{AnalysisOptions, AnalysisRequest, Analyzer, NoProgress, Stage};
use interview_pipeline::media::{CancelToken, Decoders};
use interview_sandbox::Settings;

/// Options of the benchmark.
#[derive(Debug, Parser)]
struct Options {
    /// Lengths in seconds.
    #[arg(long, value_delimiter = ',', default_value = "60,600")]
    seconds: Vec<u32>,
    /// Policy: with `audio-text` no picture is decoded.
    #[arg(long, default_value = "cn")]
    policy: String,
    /// Recording whose picture is looped.
    #[arg(long)]
    picture: PathBuf,
    /// Recording whose sound is looped.
    #[arg(long)]
    sound: PathBuf,
    /// Where made media is kept.
    #[arg(long, default_value = "target/bench-media")]
    folder: PathBuf,
    /// Folder of the models.
    #[arg(long, env = "INTERVIEW_MODELS")]
    models: Option<PathBuf>,
    /// The `interview` program.
    #[arg(long, default_value = "target/release/interview")]
    program: PathBuf,
    /// Decode within this process instead of a sandboxed one: what the sandbox costs.
    #[arg(long)]
    insecure_decoder: bool,
}

fn main() -> ExitCode {
    let mut options = Options::parse();
    // The decoder's process starts in another folder.
    options.program = std::path::absolute(&options.program).unwrap_or(options.program);
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout)] // the output of the benchmark
fn say(line: &str) {
    println!("{line}");
}

fn run(options: &Options) -> Result<(), String> {
    std::fs::create_dir_all(&options.folder)
        .map_err(|error| format!("{}: {error}", options.folder.display()))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    say(&format!("policy {}, {cores} cores", options.policy));
    // First of all: the system counts the memory that this process has for the programs it starts, too.
    let mut wholes = Vec::new();
    for &seconds in &options.seconds {
        let video = looped_video(&options.folder, &options.picture, &options.sound, seconds)?;
        wholes.push((seconds, whole_process(options, &video)?, video));
    }
    let peaks: Vec<f64> = wholes.iter().map(|(_, whole, _)| whole.peak_mib).collect();
    for (seconds, whole, video) in wholes {
        let runs = if seconds <= SHORT_S { RUNS_OF_SHORT } else { 1 };
        let mut runs =
            (0..runs).map(|_| Run::measure(options, &video, cores)).collect::<Result<Vec<_>, _>>()?;
        runs.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
        let ratios: Vec<String> = runs.iter().map(|run| format!("{:.2}", run.ratio())).collect();
        let Run { warm, single, decode, limit_s } = runs.swap_remove(runs.len() / 2);
        let media_s = f64::from(seconds);
        say(&format!("\n{seconds} s of 720p video"));
        say(&format!(
            "  whole program: wall {:.2} s (real-time factor {:.4}), processor {:.2} s, peak memory {:.0} MiB",
            whole.wall_s,
            whole.wall_s / media_s,
            whole.cpu_s,
            whole.peak_mib
        ));
        say(&format!(
            "  models loaded:  wall {:.2} s (real-time factor {:.4}), processor {:.2} s, of these {:.2} s in models",
            warm.wall_s,
            warm.wall_s / media_s,
            warm.cpu_s,
            warm.model_s
        ));
        say(&format!(
            "  limit: (models {:.2} s + FFmpeg {:.2} s) / {cores} = {limit_s:.2} s; wall / limit = {:.2} (of {})",
            single.model_s,
            decode.cpu_s,
            warm.wall_s / limit_s,
            ratios.join(", ")
        ));
        for (stage, spent) in single.stages {
            say(&format!(
                "  {:<11} {spent:>8.2} processor s  {:.4} of real time",
                stage.title(),
                spent / media_s
            ));
        }
    }
    if let (Some(first), Some(last)) = (peaks.first(), peaks.last()) {
        say(&format!("\npeak memory, longest to shortest: {:.3}", last / first));
    }
    Ok(())
}

/// Recordings of at most this length are measured several times.
const SHORT_S: u32 = 120;
/// How often.
const RUNS_OF_SHORT: usize = 5;

/// An analysis and its limit, measured one after the other.
struct Run {
    warm: Measured,
    single: Measured,
    decode: Cost,
    limit_s: f64,
}

impl Run {
    fn measure(options: &Options, video: &Path, cores: f64) -> Result<Self, String> {
        let warm = in_process(options, video, AnalysisOptions::default().threads)?;
        let single = in_process(options, video, 1)?;
        let decode = raw_decode(options, video)?;
        let limit_s = (single.model_s + decode.cpu_s) / cores;
        Ok(Self { warm, single, decode, limit_s })
    }

    /// Wall time in limits.
    fn ratio(&self) -> f64 {
        self.warm.wall_s / self.limit_s
    }
}

/// The program as its users run it. The first run warms the caches of the system and does not count.
fn whole_process(options: &Options, video: &Path) -> Result<Cost, String> {
    let out = options.folder.join("out");
    let mut last = None;
    for _ in 0..2 {
        let mut command = Command::new(&options.program);
        command.args([
            "analyze",
            "--json",
            "--language",
            "en",
            "--question",
            QUESTION,
            "--policy",
            &options.policy,
        ]);
        command.args(["--consent", "facial-expression", "--out"]).arg(&out).arg(video).stdout(Stdio::null());
        if options.insecure_decoder {
            command.arg("--insecure-decoder");
        }
        if let Some(models) = &options.models {
            command.env("INTERVIEW_MODELS", models);
        }
        let cost =
            measure(&mut command).map_err(|error| format!("{}: {error}", options.program.display()))?;
        if cost.exit_code != Some(0) {
            return Err(format!("{} ended with {:?}", options.program.display(), cost.exit_code));
        }
        last = Some(cost);
    }
    last.ok_or_else(|| "no run".to_owned())
}

/// Time for the next decoder's process to start.
const BETWEEN_JOBS: Duration = Duration::from_millis(300);

/// Length of the recording that loads the models.
const WARM_UP_S: u32 = 10;

const QUESTION: &str = "Tell us about a time when you had to travel for your work.";

/// What an analysis within this process cost.
struct Measured {
    wall_s: f64,
    cpu_s: f64,
    /// Processor seconds inside model runs.
    model_s: f64,
    stages: Vec<(Stage, f64)>,
}

/// An analysis with loaded models on so many recognisers. A first analysis loads them and does not count.
fn in_process(options: &Options, video: &Path, threads: usize) -> Result<Measured, String> {
    let folder = options.models.clone().or_else(ModelStore::default_folder).ok_or("no folder of models")?;
    let manifest = Manifest::built_in().map_err(|error| error.to_string())?;
    let store = ModelStore::new(folder, manifest);
    let settings = Settings { program: options.program.clone(), ..Settings::default() };
    let decoders =
        if options.insecure_decoder { Decoders::in_process() } else { Decoders::sandboxed(settings) };
    let analysis = AnalysisOptions { threads, decoders, ..AnalysisOptions::default() };
    let mut analyzer = Analyzer::new(store, None, Device::Cpu, analysis);
    let job = serde_json::json!({
        "schema_version": "1", "job_id": "bench", "candidate": {"reference": "bench"}, "language": "en",
        "policy": options.policy, "consent": ["facial-expression"],
        "questions": [{"id": "q", "text": QUESTION}],
        "answers": [{"kind": "video", "id": "a", "question": "q", "media": {"uri": "video.mp4"}}],
    });
    let job: interview_schemas::job::Job = serde_json::from_value(job).map_err(|error| error.to_string())?;
    let analyze = |analyzer: &mut Analyzer, video: &Path| {
        let media = std::iter::once((job.answers[0].id().clone(), video.to_owned())).collect();
        let request = AnalysisRequest { job: job.clone(), media, received_at: None };
        analyzer.analyze(&request, &NoProgress, &CancelToken::new()).map_err(|error| error.to_string())
    };
    analyze(&mut analyzer, &looped_video(&options.folder, &options.picture, &options.sound, WARM_UP_S)?)?;
    // As a worker does between two jobs.
    analyzer.prepare_next();
    std::thread::sleep(BETWEEN_JOBS);
    let (before_s, cpu_before_s) = (clock::model_seconds(), clock::process_cpu_seconds());
    let started = Instant::now();
    let analysis = analyze(&mut analyzer, video)?;
    Ok(Measured {
        wall_s: started.elapsed().as_secs_f64(),
        cpu_s: clock::process_cpu_seconds() - cpu_before_s,
        model_s: clock::model_seconds() - before_s,
        stages: analysis.stage_seconds.into_iter().collect(),
    })
}

/// What FFmpeg itself needs, on one thread, to decode what the policy needs.
fn raw_decode(options: &Options, video: &Path) -> Result<Cost, String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-threads", "1", "-i", text(video)?]);
    command.args(["-map", "0:a:0", "-ac", "1", "-ar", "16000"]);
    if options.policy != "audio-text" {
        command.args(["-map", "0:v:0", "-fps_mode", "passthrough"]);
    }
    command.args(["-f", "null", "-"]);
    measure(&mut command).map_err(|error| format!("ffmpeg: {error}"))
}
