//! A slot process whose analysis is a ready result, for tests and benchmarks of everything but the analysis. It
//! speaks the real protocol; its report is made by the real pipeline, of no measured feature.
//!
//! What it does is ordered in `position.title` of the job: words such as `sleep=250` (milliseconds), `crash`,
//! `abort`, `hang`, `silent`, `memory`, `crash-once=FILE` and `slow-once=FILE` (which make the file, and do nothing
//! when it is there).

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use interview_pipeline::report::{self, ReportLanguage, ReportParts, ids};
use interview_pipeline::score::Profile;
use interview_pipeline::{PIPELINE_VERSION, PipelineError, policy, score};
use interview_schemas::ErrorCode;
use interview_schemas::features::FeatureSet;
use interview_schemas::job::Job;
use interview_schemas::policy::Policy;
use interview_schemas::report::Report;
use interview_slot::{Analyze, FrameReader, HEARTBEAT, JOB_FILE, RESULTS, Reply, Request, encode};
use interview_tests::fleet::{Order, text_job};

fn main() -> ExitCode {
    let silent = Arc::new(Mutex::new(()));
    send(&Reply::Ready { pipeline_version: PIPELINE_VERSION.to_owned() });
    let pulse = Arc::clone(&silent);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(HEARTBEAT);
            let _speaks = pulse.lock().unwrap_or_else(PoisonError::into_inner);
            send(&Reply::Alive);
        }
    });
    let mut frames = FrameReader::new();
    let mut block = [0; 4096];
    let mut input = std::io::stdin().lock();
    loop {
        match input.read(&mut block) {
            Ok(0) | Err(_) => return ExitCode::SUCCESS,
            Ok(count) => frames.push(&block[..count]),
        }
        while let Ok(Some(Request::Analyze(request))) = frames.next_message() {
            let started = Instant::now();
            match analyze(&request, &silent) {
                Ok(()) => {
                    let stage_s = [("judge".to_owned(), started.elapsed().as_secs_f64())].into();
                    send(&Reply::Done {
                        stage_s,
                        wall_s: started.elapsed().as_secs_f64(),
                        model_runs: [("ready".to_owned(), (1, 4))].into(),
                    });
                }
                Err(error) => send(&Reply::Failed { code: error.code(), message: error.to_string() }),
            }
        }
    }
}

fn send(reply: &Reply) {
    let frame = encode(reply).expect("a reply is short");
    let mut output = std::io::stdout().lock();
    if output.write_all(&frame).and_then(|()| output.flush()).is_err() {
        // The worker is gone.
        std::process::exit(0);
    }
}

fn analyze(request: &Analyze, silent: &Mutex<()>) -> Result<(), PipelineError> {
    let internal = |error: &dyn std::fmt::Display| PipelineError::Internal(error.to_string());
    let bytes = std::fs::read(request.folder.join(JOB_FILE)).map_err(|error| internal(&error))?;
    let job: Job = serde_json::from_slice(&bytes).map_err(|error| internal(&error))?;
    for order in job.position.title.as_deref().unwrap_or_default().split_whitespace() {
        obey(order, silent);
    }
    let results = request.folder.join(RESULTS);
    std::fs::create_dir_all(&results).map_err(|error| internal(&error))?;
    write(&job, &results)
}

fn obey(order: &str, silent: &Mutex<()>) {
    match order.split_once('=').unwrap_or((order, "")) {
        ("sleep", time) => std::thread::sleep(Duration::from_millis(time.parse().expect("milliseconds"))),
        ("crash", _) => std::process::exit(139),
        ("abort", _) => std::process::abort(),
        ("crash-once", file) if !Path::new(file).exists() => {
            std::fs::write(file, b"").expect("a file to remember by");
            std::process::exit(139);
        }
        ("slow-once", file) if !Path::new(file).exists() => {
            std::fs::write(file, b"").expect("a file to remember by");
            std::thread::sleep(Duration::from_secs(3600));
        }
        ("hang", _) => loop {
            std::thread::sleep(HEARTBEAT);
        },
        ("silent", _) => {
            let _silence = silent.lock().unwrap_or_else(PoisonError::into_inner);
            std::thread::sleep(Duration::from_secs(3600));
        }
        ("memory", _) => {
            let mut held = Vec::new();
            loop {
                held.push(vec![1_u8; 16 << 20]);
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        _ => {}
    }
}

/// What every report needs, read once: reading it belongs to the analysis.
fn rules() -> Result<&'static (Policy, Profile), PipelineError> {
    static RULES: OnceLock<(Policy, Profile)> = OnceLock::new();
    match RULES.get() {
        Some(rules) => Ok(rules),
        None => {
            let rules = (policy::shipped(policy::DEFAULT)?, score::named(score::DEFAULT_PROFILE)?);
            Ok(RULES.get_or_init(|| rules))
        }
    }
}

/// The documents of an interview of which nothing was measured.
fn documents(job: &Job) -> Result<(FeatureSet, Report), PipelineError> {
    let (policy, profile) = rules()?;
    let policy = policy::resolve(policy, &job.consent)?;
    let features_id = ids::features_id(&ids::Work {
        job,
        media: &[],
        policy: &policy,
        models: &[],
        pipeline_version: PIPELINE_VERSION,
        settings: &[],
    })?;
    let features = FeatureSet {
        schema_version: "1".to_owned(),
        job_id: job.job_id.clone(),
        features_id,
        pipeline_version: PIPELINE_VERSION.to_owned(),
        test_candidate: job.test_candidate,
        branch: None,
        policy: policy.name.clone(),
        answers: Vec::new(),
        flags: Vec::new(),
        models: Vec::new(),
    };
    let report = report::assemble(&ReportParts {
        job,
        policy: &policy,
        features: &features,
        scorecard: &score::score(profile, &features),
        perceptions: &[],
        failures: &std::collections::BTreeMap::new(),
    })?;
    Ok((features, report))
}

/// A page with the id of a report. Drawing it belongs to the analysis: one page serves all.
fn page(report: &Report) -> Result<String, PipelineError> {
    static PAGE: OnceLock<(String, String)> = OnceLock::new();
    let (id, page) = match PAGE.get() {
        Some(page) => page,
        None => {
            let job = serde_json::from_value(text_job("ready", Order(""))).expect("a job");
            let (features, report) = documents(&job)?;
            let page = report::render_html(&report, &features, ReportLanguage::En)?;
            PAGE.get_or_init(|| (report.report_id.to_string(), page))
        }
    };
    Ok(page.replace(id.as_str(), report.report_id.as_str()))
}

fn write(job: &Job, results: &Path) -> Result<(), PipelineError> {
    let (features, report) = documents(job)?;
    let html = page(&report)?;
    let io = |error: std::io::Error| PipelineError::Io { path: "results".to_owned(), source: error };
    let json = |value: serde_json::Result<Vec<u8>>| {
        value.map_err(|error| PipelineError::Internal(format!("{}: {error}", ErrorCode::Internal)))
    };
    std::fs::write(results.join("features.json"), json(serde_json::to_vec_pretty(&features))?).map_err(io)?;
    std::fs::write(results.join("report.html"), html).map_err(io)?;
    std::fs::write(results.join("report.json"), json(serde_json::to_vec_pretty(&report))?).map_err(io)
}
