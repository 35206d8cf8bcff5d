//! Runs a program and reads from the operating system what it cost.

use std::process::{Child, Command};
use std::time::Instant;

/// What one run of a program cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Seconds on the clock.
    pub wall_s: f64,
    /// Processor seconds, user and system, of the program and its children.
    pub cpu_s: f64,
    /// Largest resident memory in mebibytes.
    pub peak_mib: f64,
    /// Exit code; `None` when it was killed.
    pub exit_code: Option<i32>,
}

/// Runs a program to its end. Its output goes where the command says.
///
/// # Errors
/// What the system says when it cannot be started or waited for.
pub fn measure(command: &mut Command) -> std::io::Result<Cost> {
    let started = Instant::now();
    let child = command.spawn()?;
    let (status, usage) = wait(&child)?;
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    // Linux counts ru_maxrss in kibibytes, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    Ok(Cost {
        wall_s: started.elapsed().as_secs_f64(),
        cpu_s: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        peak_mib: usage.ru_maxrss as f64 * unit / 1024.0 / 1024.0,
        exit_code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
    })
}

fn wait(child: &Child) -> std::io::Result<(libc::c_int, libc::rusage)> {
    let mut status = 0;
    // SAFETY: rusage is plain numbers; all zero is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let pid = libc::pid_t::try_from(child.id()).map_err(std::io::Error::other)?;
    loop {
        // SAFETY: both pointers are valid for writes; the child is ours and nobody else waits for it.
        let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if waited == pid {
            return Ok((status, usage));
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Processor seconds, user and system, of this process and of its children that have ended.
#[must_use]
pub fn processor_seconds() -> f64 {
    let of = |who| {
        let usage = usage(who);
        let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
        seconds(usage.ru_utime) + seconds(usage.ru_stime)
    };
    of(libc::RUSAGE_SELF) + of(libc::RUSAGE_CHILDREN)
}

/// Largest resident memory of any child that has ended, in mebibytes (on Linux).
#[must_use]
pub fn largest_child_mib() -> f64 {
    usage(libc::RUSAGE_CHILDREN).ru_maxrss as f64 / 1024.0
}

fn usage(who: libc::c_int) -> libc::rusage {
    // SAFETY: rusage is plain numbers, all zero is a valid value, and the pointer is valid for writes.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(who, &raw mut usage);
        usage
    }
}
