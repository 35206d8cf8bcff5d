//! User, capabilities, new privileges, the parent's death.

use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Gid, Signal, Uid, geteuid, set_dumpable_behavior};
use rustix::process::{parent_process_death_signal, set_parent_process_death_signal};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set, no_new_privs,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

/// The user and group that own nothing.
const NOBODY: u32 = 65_534;
/// The descriptors a child keeps: control socket, pipe, nowhere.
const KEPT_DESCRIPTORS: u32 = 3;

/// Closes what a library of the parent may have left open across `exec`.
pub(super) fn close_other_descriptors() {
    // SAFETY: nothing in this process uses a descriptor beyond the first three yet: it is called before any
    // file is opened. On kernels without the call nothing happens.
    unsafe { libc::syscall(libc::SYS_close_range, KEPT_DESCRIPTORS, u32::MAX, 0) };
}

/// Takes every capability out of the set that programs could bring back.
pub(super) fn shrink_bounding_set() {
    for capability in CapabilitySet::all().iter() {
        // Refused without CAP_SETPCAP, and for capabilities this kernel does not know. With no new privileges
        // the set is of no use to anybody anyway.
        let _ = remove_capability_from_bounding_set(capability);
    }
}

/// Becomes `nobody` where this process is root. Returns whether it is somebody without rights on root's files.
pub(super) fn become_nobody() -> bool {
    if !geteuid().is_root() {
        return false;
    }
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    // A container may lack the right to change users, or have no such user: then root without capabilities it
    // stays, behind all the other layers.
    set_thread_groups(&[])
        .and_then(|()| set_thread_res_gid(group, group, group))
        .and_then(|()| set_thread_res_uid(user, user, user))
        .is_ok()
        && !geteuid().is_root()
}

/// Gives up every capability. Returns whether none is left.
pub(super) fn drop_capabilities() -> bool {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    // Refused by kernels before 4.3, which have no such set.
    let _ = clear_ambient_capability_set();
    set_capabilities(None, none).is_ok()
        && capabilities(None).is_ok_and(|left| {
            left.effective.is_empty() && left.permitted.is_empty() && left.inheritable.is_empty()
        })
}

/// Sets `no_new_privs`.
pub(super) fn forbid_new_privileges() -> bool {
    set_no_new_privs(true).is_ok() && no_new_privs().unwrap_or(false)
}

/// Asks to be killed when the thread that started this process ends; nobody else may look into its memory.
pub(super) fn die_with_parent() -> bool {
    let watched = set_parent_process_death_signal(Some(Signal::KILL))
        .and_then(|()| parent_process_death_signal())
        .is_ok_and(|signal| signal == Some(Signal::KILL));
    watched && matches!(set_dumpable_behavior(DumpableBehavior::NotDumpable), Ok(()) | Err(Errno::INVAL))
}
