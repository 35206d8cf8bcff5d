//! How much memory a process holds, and whether the system kills for want of it (Linux; elsewhere unknown).

/// Resident memory of a process in bytes.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    resident_of_status(&status)
}

/// Resident memory in bytes of a process and those it has started, such as the decoders of a slot.
pub(crate) fn resident_with_children(pid: u32) -> Option<u64> {
    let own = resident(pid)?;
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(Result::ok);
    let children = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let sum = children
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<u32>>())
        .filter_map(resident)
        .fold(own, u64::saturating_add);
    Some(sum)
}

/// The resident memory in the text of `/proc/<pid>/status`.
fn resident_of_status(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// How many processes of this container the system has killed for want of memory.
pub(crate) fn out_of_memory_kills() -> Option<u64> {
    let events = std::fs::read_to_string("/sys/fs/cgroup/memory.events").ok()?;
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_kibibytes() {
        assert_eq!(resident_of_status("VmPeak:\t 9 kB\nVmRSS:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(resident_of_status("Name:\tx\n"), None);
        assert_eq!(resident_of_status("VmRSS:\t99999999999999999999 kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_holds_memory_and_a_child_adds_its_own() {
        assert!(resident(std::process::id()).unwrap() > 1 << 20);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let (childs, sum) = (resident(child.id()), resident_with_children(std::process::id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(sum.unwrap() > childs.unwrap() + (1 << 20), "{sum:?}");
    }
}
