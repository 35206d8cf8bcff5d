//! Scoring: one interview from its features, and 10,000 interviews from the columnar store under two profiles.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use interview_pipeline::score::{named, score};
use interview_tuning::population::{Population, threads};
use interview_tuning::replay::{Options, replay};
use interview_tuning::simulate::{self, people};

const INTERVIEWS: usize = 10_000;

fn scoring(criterion: &mut Criterion) {
    let (sales, general) = (named("sales").expect("shipped"), named("general").expect("shipped"));
    let planted = vec![1.0; sales.competencies().len()];
    let options = simulate::Options { interviews: INTERVIEWS, seed: 1, planted, effect: 0.5, bias: 0.0 };
    let one = people(&options, &sales).expect("valid options").next().expect("one interview").features;
    criterion.bench_function("score/one_interview", |bencher| {
        bencher.iter(|| score(black_box(&sales), black_box(&one)));
    });

    let folder = std::env::temp_dir().join(format!("interview-bench-score-{}", std::process::id()));
    let written = simulate::write(&folder, &options, &sales).expect("a population is written");
    let population = Population::find(&[written.features]).expect("it is there");
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(INTERVIEWS as u64)).sample_size(20);
    group.bench_function("two_profiles", |bencher| {
        let options = Options { threads: threads(), movers: 20 };
        bencher
            .iter(|| replay(&population, &sales, Some(&general), options, |_| Ok(())).expect("it replays"));
    });
    group.finish();
    // What is left behind in the folder for temporary files harms nobody.
    let _ = std::fs::remove_dir_all(&folder);
}

criterion_group!(benches, scoring);
criterion_main!(benches);
