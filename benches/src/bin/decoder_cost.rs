//! What the decoder's process costs: one recording decoded in this process and in the sandbox, in turns. Usage:
//! `decoder_cost FILE [TURNS]`, built beside `interview`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use interview_benches::process::processor_seconds;
use interview_pipeline::media::{CancelToken, DecodeOptions, Decoders, MediaSink, VideoFrame};
use interview_sandbox::Settings;

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

fn compare(file: &Path, turns: u32) -> Result<(), String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let settings = Settings { program: here.with_file_name("interview"), ..Settings::default() };
    let places = [("this process", Decoders::in_process()), ("the sandbox", Decoders::sandboxed(settings))];
    for turn in 1..=turns {
        for (name, decoders) in &places {
            decoders.prepare();
            let (started, cpu_s, mut sink) = (Instant::now(), processor_seconds(), Glance::default());
            let summary = decoders
                .decode(file, &DecodeOptions::default(), &CancelToken::new(), &mut sink)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            say(&format!(
                "turn {turn}, {name:<12}: wall {:.3} s, processor {:.3} s for {:.1} s of media, {} pictures, \
                 {:.0} MB (sum {})",
                started.elapsed().as_secs_f64(),
                processor_seconds() - cpu_s,
                summary.facts.duration_s,
                sink.pictures,
                sink.bytes as f64 / 1e6,
                sink.sum
            ));
        }
    }
    Ok(())
}
