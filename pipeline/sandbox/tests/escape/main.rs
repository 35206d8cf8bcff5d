//! Breaking out of the sandbox: the child is an attacker that has taken over the decoder. Every layer is tried
//! alone and all of them together, as the user who runs the tests and, for root, once more as `nobody`.
//!
//! This program starts itself as its own child, so it brings its own `main`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test with a main of its own")]

#[cfg(target_os = "linux")]
mod attacker;
#[cfg(target_os = "linux")]
mod jail;
#[cfg(target_os = "linux")]
mod protocol;
#[cfg(target_os = "linux")]
mod support;

/// Argument that makes this program the attacker.
const ATTACK: &str = "attack";
/// Argument of the second run, without root's rights.
const AS_NOBODY: &str = "--as-nobody";

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == ATTACK) {
        return attacker::main(&arguments[1..]);
    }
    let tests: Vec<(&str, fn())> = jail::TESTS.iter().chain(protocol::TESTS).copied().collect();
    if arguments.iter().any(|argument| argument == "--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return std::process::ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let as_nobody = arguments.iter().any(|argument| argument == AS_NOBODY);
    let mut failures = 0;
    for (name, test) in tests {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter.as_str())) {
            continue;
        }
        let passed = std::panic::catch_unwind(test).is_ok();
        println!(
            "test {name}{} ... {}",
            if as_nobody { " as nobody" } else { "" },
            if passed { "ok" } else { "FAILED" }
        );
        failures += u32::from(!passed);
    }
    if !as_nobody && failures == 0 && filters.is_empty() && !support::repeat_as_nobody() {
        failures += 1;
    }
    std::process::ExitCode::from(u8::from(failures > 0))
}

/// There is no sandbox on other systems: decoding is refused there.
#[cfg(not(target_os = "linux"))]
fn main() {}
