//! Resource limits of the child.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Allowance;

/// Descriptors: control socket, pipe, nowhere, recording, and a little room.
const DESCRIPTORS: u64 = 8;
/// Address space taken to be the program's own where the system does not tell.
const USUAL_PROGRAM_BYTES: u64 = 1 << 30;

/// Sets every limit. Returns whether all of them hold.
pub(super) fn set(allowance: Allowance) -> bool {
    let memory = program_bytes().saturating_add(allowance.memory_bytes);
    // The soft limit on processor time kills with a signal that says why; the hard one cannot be caught.
    let cpu = limit(Resource::Cpu, allowance.cpu_s, allowance.cpu_s.saturating_add(5));
    cpu && [
        (Resource::As, memory),
        (Resource::Fsize, 0),
        (Resource::Nofile, DESCRIPTORS),
        (Resource::Core, 0),
        (Resource::Memlock, 0),
    ]
    .into_iter()
    .all(|(resource, value)| limit(resource, value, value))
}

/// No further thread or process; threads count as processes.
pub(super) fn forbid_threads() -> bool {
    limit(Resource::Nproc, 0, 0)
}

/// Sets a limit, never above one that is in force already.
fn limit(resource: Resource, soft: u64, hard: u64) -> bool {
    let ceiling = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let (soft, hard) = (soft.min(ceiling), hard.min(ceiling));
    setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) }).is_ok()
}

/// Address space of this process so far.
fn program_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(USUAL_PROGRAM_BYTES, |pages| pages.saturating_mul(rustix::param::page_size() as u64))
}
