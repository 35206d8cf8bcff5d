//! `fuzz_media COUNT [FIRST]`: decodes COUNT mutants of every family of recordings in the sandbox, numbered from
//! FIRST on, and prints how they ended. The exit code says whether any ended in a way it must not.

#![allow(clippy::print_stdout, reason = "the output of the tool")]

use std::process::ExitCode;
use std::time::Instant;

use interview_tests::mutants::{Tally, children_peak_mib, edge_seeds, peak_mib, seeds};
use interview_tests::{decoding, recordings};

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(count)), first) = (numbers.next(), numbers.next().and_then(Result::ok).unwrap_or(0)) else {
        println!("usage: fuzz_media COUNT [FIRST]");
        return ExitCode::from(2);
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut seeds = seeds(folder.path());
    if let Some(media) = recordings() {
        seeds.extend(edge_seeds(&media));
    }
    let decoders = decoding::sandboxed();
    let (mut tally, started, before) = (Tally::default(), Instant::now(), peak_mib());
    for number in first..first.saturating_add(count) {
        tally.run(&decoders, folder.path(), &seeds[(number % seeds.len() as u64) as usize], number);
        if (number - first + 1).is_multiple_of(1000) {
            println!("{} mutants, {:.0} s", number - first + 1, started.elapsed().as_secs_f64());
        }
    }
    println!("\n{count} mutants of {} recordings in {:.0} s", seeds.len(), started.elapsed().as_secs_f64());
    for (end, number) in &tally.ends {
        println!("{end:<18} {number:>7}");
    }
    for (seed, ends) in &tally.by_seed {
        let ends: Vec<String> = ends.iter().map(|(end, number)| format!("{number} {end}")).collect();
        println!("{seed}: {}", ends.join(", "));
    }
    println!(
        "longest decode {:.1} s; memory of this process grew from {before} to {} MiB, its children took at most {} \
         MiB each",
        tally.longest.as_secs_f64(),
        peak_mib(),
        children_peak_mib()
    );
    tally.deaths.iter().for_each(|death| println!("{death}"));
    if tally.deaths.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
