//! Processor time, and how much of it was spent inside model runs: what the benchmarks compare with.

use std::sync::atomic::{AtomicU64, Ordering};

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

/// Runs a model and books the processor time of the calling thread as model time. Where sessions have one thread
/// each (see [`crate::SessionOptions`]), so this is the raw cost of the model.
pub fn model_run<T>(run: impl FnOnce() -> T) -> T {
    let started = thread_cpu_seconds();
    let result = run();
    let spent = (thread_cpu_seconds() - started).max(0.0);
    MODEL_NANOSECONDS.fetch_add((spent * 1e9) as u64, Ordering::Relaxed);
    result
}

/// Seconds of processor time spent inside model runs since the process began.
#[must_use]
pub fn model_seconds() -> f64 {
    MODEL_NANOSECONDS.load(Ordering::Relaxed) as f64 * 1e-9
}
