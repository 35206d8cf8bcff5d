//! Processor time, and how much of it was spent inside model runs: what the benchmarks compare with.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Nanoseconds of processor time spent inside ONNX Runtime and whisper.cpp by this process.
static MODEL_NANOSECONDS: AtomicU64 = AtomicU64::new(0);

/// Processor time of the calling thread in seconds; 0 where the system does not tell.
#[must_use]
pub fn thread_cpu_seconds() -> f64 {
    cpu_seconds(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// Processor time of this process in seconds; 0 where the system does not tell.
#[must_use]
pub fn process_cpu_seconds() -> f64 {
    cpu_seconds(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn cpu_seconds(clock: libc::clockid_t) -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid timespec that the call fills; both clocks exist on Linux and macOS.
    let failed = unsafe { libc::clock_gettime(clock, &raw mut time) } != 0;
    if failed { 0.0 } else { time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9 }
}

/// How often a model ran, and on how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelRuns {
    /// Runs.
    pub runs: u64,
    /// Rows of all runs together: crops, sentences, frames of sound. Divided by the runs, the mean size of a batch.
    pub rows: u64,
}

static RUNS: Mutex<BTreeMap<String, ModelRuns>> = Mutex::new(BTreeMap::new());

/// Runs a model on a batch of `rows`, counts it under `name`, and books the processor time of the calling thread as
/// model time. Where sessions have one thread each (see [`crate::SessionOptions`]), this is the raw cost of the model.
pub fn model_run<T>(name: &str, rows: usize, run: impl FnOnce() -> T) -> T {
    let started = thread_cpu_seconds();
    let result = run();
    let spent = (thread_cpu_seconds() - started).max(0.0);
    MODEL_NANOSECONDS.fetch_add((spent * 1e9) as u64, Ordering::Relaxed);
    let mut counts = RUNS.lock().unwrap_or_else(PoisonError::into_inner);
    // The names are few: a new one is written down once.
    if !counts.contains_key(name) {
        counts.insert(name.to_owned(), ModelRuns::default());
    }
    if let Some(count) = counts.get_mut(name) {
        count.runs = count.runs.saturating_add(1);
        count.rows = count.rows.saturating_add(rows as u64);
    }
    result
}

/// What ran since this was last asked, by name of the model.
#[must_use]
pub fn take_model_runs() -> BTreeMap<String, ModelRuns> {
    std::mem::take(&mut *RUNS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Seconds of processor time spent inside model runs since the process began.
#[must_use]
pub fn model_seconds() -> f64 {
    MODEL_NANOSECONDS.load(Ordering::Relaxed) as f64 * 1e-9
}
