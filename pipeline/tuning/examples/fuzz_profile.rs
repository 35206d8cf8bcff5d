//! Fuzzes the profile parser: mutated profiles in TOML and YAML, and random bytes, for so many seconds.
//!
//! `cargo run --release -p interview-tuning --example fuzz_profile -- 600 [SEED]`
//!
//! Nothing may panic or take longer than two seconds of the processor; what is accepted must keep the promises of a profile: shares
//! that add up, a score within 0–100, contributions that add up to it.

use std::time::{Duration, Instant};

use interview_pipeline::score::evaluate::{Reading, evaluate};
use interview_pipeline::score::norms::Norms;
use interview_pipeline::score::source::{Format, Source};
use interview_pipeline::score::{Library, Profile};
use interview_schemas::features::NotAssessed;
use interview_tuning::statistics::generator;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

/// Pieces that profiles are made of, and some that they must not be made of.
const WORDS: &[&str] = &[
    "weight",
    "feature",
    "curve",
    "linear",
    "trapezoid",
    "logistic",
    "percentile",
    "from",
    "to",
    "norm",
    "locked",
    "limits",
    "min",
    "max",
    "extends",
    "interview-base@1",
    "base_only = true",
    "competencies",
    "indicators",
    "groups",
    "rules",
    "triggers",
    "when",
    "at_least",
    "below",
    "missing",
    "rollout",
    "percent",
    "effective",
    "nan",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "1e-320",
    "9223372036854775807",
    "-1",
    "0",
    "100",
    "33.333333",
    "true",
    "[[",
    "]]",
    "{",
    "}",
    "\"",
    "'''",
    "\"\"\"",
    "= = =",
    "\u{0}",
    "\u{feff}",
    "&a",
    "*a",
    "<<: *a",
    "!!binary",
    "- - - -",
    "|",
    ">",
    "#",
    "\t",
    "\r",
    "\n",
    "content.relevance",
    "external.x",
    "voice.steadiness",
    "schema_version",
    "\"1\"",
    "沟通",
    "\u{202e}",
];

fn mutate(text: &mut Vec<u8>, random: &mut Pcg64Mcg) {
    for _ in 0..random.random_range(1..8) {
        let at = random.random_range(0..=text.len());
        let length = random.random_range(0..40).min(text.len() - at);
        match random.random_range(0..8) {
            0 => drop(text.drain(at..at + length)),
            1 => {
                let word = WORDS.get(random.random_range(0..WORDS.len())).copied().unwrap_or_default();
                text.splice(at..at, word.bytes()).for_each(drop);
            }
            2 => {
                let piece = text.get(at..at + length).unwrap_or_default().to_vec();
                let to = random.random_range(0..=text.len());
                text.splice(to..to, piece).for_each(drop);
            }
            3 => {
                if let Some(byte) = text.get_mut(at) {
                    *byte = random.random();
                }
            }
            4 => {
                let digits = format!("{}", random.random_range(-200i64..200));
                text.splice(at..at, digits.bytes()).for_each(drop);
            }
            5 => {
                // A number of the file becomes another one.
                if let Some(place) = text.iter().skip(at).position(u8::is_ascii_digit) {
                    let digits = format!("{}", random.random::<f64>() * 200.0);
                    text.splice(at + place..=at + place, digits.bytes()).for_each(drop);
                }
            }
            6 => {
                let (open, number) =
                    (*b"[{(\"".get(random.random_range(0..4)).unwrap_or(&b'['), random.random_range(1..3000));
                text.splice(at..at, std::iter::repeat_n(open, number)).for_each(drop);
            }
            _ => {
                let word = WORDS.get(random.random_range(0..WORDS.len())).copied().unwrap_or_default();
                text.splice(at..at + length, word.bytes()).for_each(drop);
            }
        }
    }
}

/// The promises of a profile that was accepted.
fn keeps_its_promises(profile: &Profile, random: &mut Pcg64Mcg) {
    let total: f64 = profile.indicators().iter().map(|indicator| indicator.weight).sum();
    assert!(profile.file().base_only || (total - 1.0).abs() < 1e-9, "the weights add up to {total}");
    let readings: Vec<_> = profile
        .indicators()
        .iter()
        .map(|_| {
            let reading = random.random_bool(0.8).then(|| Reading {
                value: (random.random::<f64>() - 0.3) * 10f64.powi(random.random_range(-3..6)),
                confidence: random.random_range(0.01..1.0),
            });
            let applies = random.random_bool(0.8);
            reading.ok_or(if applies { NotAssessed::NoSpeech } else { NotAssessed::NotApplicable })
        })
        .collect();
    let result = evaluate(profile, &readings);
    let sum: f64 = result.indicators.iter().map(|indicator| indicator.contribution).sum();
    let score = result.score.unwrap_or(0.0);
    assert!((0.0..=100.0).contains(&score) && (sum - score).abs() <= 1e-9, "{sum} {score}");
    assert!((0.0..=1.0).contains(&result.confidence));
}

/// Processor time of this thread: on a busy machine the clock on the wall says nothing about an input. Without the
/// kernel's word, that clock.
fn processor_time(start: Instant) -> Duration {
    let stated = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = stated.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

#[allow(clippy::print_stdout)] // The result of a run by hand.
fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(600);
    let seed = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut random = generator(seed);
    let library = Library::shipped();
    let mut seeds: Vec<(Vec<u8>, Format)> = Vec::new();
    for name in Library::shipped_names() {
        let path = format!("{}/../profiles/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        // The same as YAML, of which JSON is a part.
        let value: serde_json::Value =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        seeds.push((text.into_bytes(), Format::Toml));
        seeds.push((format!("{value:#}").into_bytes(), Format::Yaml));
    }
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let (mut inputs, mut accepted, mut slowest) = (0u64, 0u64, Duration::ZERO);
    while Instant::now() < end {
        let Some((mut text, mut format)) = seeds.get(random.random_range(0..seeds.len())).cloned() else {
            break;
        };
        mutate(&mut text, &mut random);
        if random.random_bool(0.05) {
            format = if format == Format::Toml { Format::Yaml } else { Format::Toml };
        }
        let text = String::from_utf8_lossy(&text);
        let before = processor_time(start);
        let source = Source::new("fuzz", &text, format);
        if random.random_bool(0.05) {
            drop(Norms::load(&source));
        }
        if let Ok(resolved) = library.check(source) {
            accepted += 1;
            keeps_its_promises(&resolved.profile, &mut random);
        }
        inputs += 1;
        let took = processor_time(start).saturating_sub(before);
        slowest = slowest.max(took);
        if took >= Duration::from_secs(2) {
            let file = std::env::temp_dir().join("slow-profile");
            drop(std::fs::write(&file, text.as_bytes()));
            panic!("an input of {} bytes took {took:?}; it is in {}", text.len(), file.display());
        }
    }
    println!(
        "{inputs} inputs in {seconds} s, {accepted} accepted, slowest {slowest:?} of the processor, no panic"
    );
}
