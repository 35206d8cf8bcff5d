//! Landlock: a rule set that handles everything and allows nothing.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetError,
    RulesetStatus, Scope,
};

/// Takes away every path, TCP, and signals and abstract sockets to others, as far as the kernel knows of them.
/// Returns the version of its interface, 0 where there is none.
pub(super) fn restrict() -> u32 {
    // What the kernel does not know yet is left out; the system call filter covers all of it once more.
    let restricted = || -> Result<bool, RulesetError> {
        let newest = ABI::V6;
        let status = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(newest))?
            .handle_access(AccessNet::from_all(newest))?
            .scope(Scope::from_all(newest))?
            .create()?
            .restrict_self()?;
        Ok(status.ruleset != RulesetStatus::NotEnforced)
    };
    if restricted().unwrap_or(false) { version().max(1) } else { 0 }
}

/// The version of the interface of this kernel; 0 where there is none.
fn version() -> u32 {
    const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
    let nothing: *const u8 = std::ptr::null();
    // SAFETY: with this flag, no attributes and length 0 the call only returns a number.
    let version = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0_usize, LANDLOCK_CREATE_RULESET_VERSION)
    };
    u32::try_from(version).unwrap_or(0)
}
