//! The allow-list of system calls, as filters in the kernel.
//!
//! Three answers: allowed; refused with an error, for calls that libraries make in good faith and can do
//! without; and death for everything else.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// Rules per call; a call without rules matches whatever its arguments.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What decoding, memory management, locks, clocks and the end of a process need.
const ALLOWED: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_sysinfo,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What is needed until the request is there, and forbidden from then on.
const UNTIL_REQUEST: &[c_long] = &[libc::SYS_recvmsg, libc::SYS_prlimit64, libc::SYS_seccomp];

/// What libraries try and can do without: looking for configuration, asking for a terminal.
const REFUSED: &[c_long] = &[
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_ioctl,
    libc::SYS_uname,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
];

/// Installs the filters. Returns whether they are in force; the architecture must be one they are written for.
pub(super) fn filter() -> bool {
    let programs = || {
        Ok::<_, BackendError>([allow_list()?, answer(REFUSED, libc::EACCES)?, answer(CLONE3, libc::ENOSYS)?])
    };
    programs().is_ok_and(|programs| programs.iter().all(install))
}

/// Forbids what was needed only until the request was there; without `threads`, starting one fails as it does where
/// there are too many. The limit on processes says the same, but not to root.
pub(super) fn seal(threads: bool) -> bool {
    if !threads && !answer(&[libc::SYS_clone], libc::EAGAIN).is_ok_and(|program| install(&program)) {
        return false;
    }
    let rules = UNTIL_REQUEST.iter().map(|&call| (call, Vec::new())).collect();
    compile(rules, SeccompAction::Allow, SeccompAction::KillProcess).is_ok_and(|program| install(&program))
}

/// The C library starts threads with this call and falls back to `clone`, whose flags a filter can see.
const CLONE3: &[c_long] = &[libc::SYS_clone3];

fn install(program: &BpfProgram) -> bool {
    apply_filter(program).is_ok()
}

fn allow_list() -> Result<BpfProgram, BackendError> {
    let plain = ALLOWED.iter().chain(UNTIL_REQUEST).chain(REFUSED).chain(CLONE3);
    let mut rules: Rules = plain.map(|&call| (call, Vec::new())).collect();
    // Threads of this process, never another process.
    let thread = libc::CLONE_THREAD as u64;
    rules.insert(libc::SYS_clone, vec![bits(0, thread, thread)?]);
    // Memory of its own that can never be executed.
    let executable = libc::PROT_EXEC as u64;
    let anonymous = libc::MAP_ANONYMOUS as u64;
    let mapping = SeccompRule::new(vec![condition(2, executable, 0)?, condition(3, anonymous, anonymous)?])?;
    rules.insert(libc::SYS_mmap, vec![mapping]);
    rules.insert(libc::SYS_mprotect, vec![bits(2, executable, 0)?]);
    // Its own end (`abort`), nobody else's.
    let own = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, vec![equals(0, own)?]);
    // Names of threads and of memory; no new privileges once more, which seccomp asks for.
    let harmless = [libc::PR_SET_NAME, libc::PR_SET_VMA, libc::PR_SET_NO_NEW_PRIVS];
    let harmless = harmless.into_iter().map(|operation| equals(0, operation as u64));
    rules.insert(libc::SYS_prctl, harmless.collect::<Result<_, _>>()?);
    // Lending pages to the pipe, never giving them away.
    rules.insert(libc::SYS_vmsplice, vec![equals(3, 0)?]);
    compile(rules, SeccompAction::KillProcess, SeccompAction::Allow)
}

/// A filter that answers some calls with an error and lets the others through to the next filter.
fn answer(calls: &[c_long], errno: i32) -> Result<BpfProgram, BackendError> {
    let rules = calls.iter().map(|&call| (call, Vec::new())).collect();
    compile(rules, SeccompAction::Allow, SeccompAction::Errno(errno.unsigned_abs()))
}

fn compile(
    rules: Rules,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(rules, otherwise, matched, architecture)?.try_into()
}

fn condition(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(mask), value)
}

fn bits(argument: u8, mask: u64, value: u64) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![condition(argument, mask, value)?])
}

fn equals(argument: u8, value: u64) -> Result<SeccompRule, BackendError> {
    let same = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?;
    SeccompRule::new(vec![same])
}
