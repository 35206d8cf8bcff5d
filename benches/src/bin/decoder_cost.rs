//! What the decoder's process costs: one recording decoded in this process and in the sandbox, in turns, and the
//! difference of the medians. Usage: `decoder_cost FILE [TURNS]`, built beside `interview`.
//!
//! A long recording shows what each second costs, a short one with many turns what each file costs. Processor time
//! counts the start of the process, clock time does not: it is started before it is needed, as in an analysis.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use interview_benches::process::{largest_child_mib, processor_seconds};
use interview_pipeline::media::{CancelToken, DecodeOptions, Decoders, MediaSink, VideoFrame};
use interview_sandbox::Settings;

/// How long a child that was ordered gets to be ready; what an analysis does meanwhile takes longer.
const HEAD_START: Duration = Duration::from_millis(300);

/// Looks at one byte of every row, so that the pictures are really there.
#[derive(Default)]
struct Glance {
    sum: u64,
    pictures: u64,
    bytes: u64,
}

impl MediaSink for Glance {
    fn audio(&mut self, samples: &[f32]) -> ControlFlow<()> {
        self.bytes += 4 * samples.len() as u64;
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: VideoFrame) -> ControlFlow<()> {
        self.pictures += 1;
        for index in 0..3 {
            if let Some(plane) = frame.plane(index) {
                self.bytes += plane.data.len() as u64;
                self.sum += plane.data.iter().step_by(plane.stride).map(|&byte| u64::from(byte)).sum::<u64>();
            }
        }
        ControlFlow::Continue(())
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(file), turns) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        say("usage: decoder_cost FILE [TURNS]");
        return ExitCode::from(2);
    };
    let turns = turns.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(3);
    match compare(&file, turns) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout)] // the output of the benchmark
fn say(line: &str) {
    println!("{line}");
}

/// Seconds of every turn in one place.
#[derive(Default)]
struct Turns {
    wall_s: Vec<f64>,
    cpu_s: Vec<f64>,
}

fn compare(file: &Path, turns: u32) -> Result<(), String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let settings = Settings { program: here.with_file_name("interview"), ..Settings::default() };
    let places = [("this process", Decoders::in_process()), ("the sandbox", Decoders::sandboxed(settings))];
    let mut found = [Turns::default(), Turns::default()];
    for turn in 1..=turns {
        for ((name, decoders), found) in places.iter().zip(&mut found) {
            let cpu_s = processor_seconds();
            decoders.prepare();
            std::thread::sleep(HEAD_START);
            let (started, mut sink) = (Instant::now(), Glance::default());
            let summary = decoders
                .decode(file, &DecodeOptions::default(), &CancelToken::new(), &mut sink)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            let (wall_s, cpu_s) = (started.elapsed().as_secs_f64(), processor_seconds() - cpu_s);
            found.wall_s.push(wall_s);
            found.cpu_s.push(cpu_s);
            if turns <= 10 {
                say(&format!(
                    "turn {turn}, {name:<12}: wall {wall_s:.3} s, processor {cpu_s:.3} s for {:.1} s of media, {} \
                     pictures, {:.0} MB (sum {})",
                    summary.facts.duration_s,
                    sink.pictures,
                    sink.bytes as f64 / 1e6,
                    sink.sum
                ));
            }
        }
    }
    let [here, there] = found;
    for (what, here, there) in [("wall", here.wall_s, there.wall_s), ("processor", here.cpu_s, there.cpu_s)] {
        let (here, there) = (median(here), median(there));
        say(&format!(
            "{what:<9}: median {here:.4} s in this process, {there:.4} s in the sandbox, {:+.4} s more",
            there - here
        ));
    }
    say(&format!("largest child {:.0} MiB", largest_child_mib()));
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
