//! The simulated population has the structure that is asked for.

use interview_pipeline::score::named;

use super::*;
use crate::statistics::{hedges_g, pearson};

fn made(effect: f64, bias: f64) -> Vec<Person> {
    let profile = named("sales").unwrap();
    let options = Options { interviews: 2000, seed: 1, planted: vec![0.2, 0.2, 0.6], effect, bias };
    people(&options, &profile).unwrap().collect()
}

fn steadiness(people: &[Person], origin: bool) -> Vec<f64> {
    let of = |person: &&Person| (person.origin == Some("C")) == origin;
    let features = people
        .iter()
        .filter(of)
        .flat_map(|person| &person.features.answers)
        .flat_map(|answer| &answer.features);
    features
        .filter(|feature| feature.name == "voice.steadiness")
        .filter_map(|feature| feature.value)
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_people() {
    assert_eq!(made(0.5, 0.0)[..50], made(0.5, 0.0)[..50]);
}

#[test]
fn effect_and_bias_are_planted() {
    let profile = named("sales").unwrap();
    let follow = |people: &[Person]| {
        let scored: Vec<(f64, f64)> = people
            .iter()
            .filter_map(|person| {
                let card = interview_pipeline::score::score(&profile, &person.features);
                Some((card.score?, person.outcome?.performance))
            })
            .collect();
        let (x, y): (Vec<f64>, Vec<f64>) = scored.into_iter().unzip();
        pearson(&x, &y).unwrap()
    };
    assert!(follow(&made(0.8, 0.0)) > 0.4);
    assert!(follow(&made(0.0, 0.0)).abs() < 0.08);
    let biased = made(0.5, 0.8);
    let gap = hedges_g(&steadiness(&biased, true), &steadiness(&biased, false)).unwrap();
    assert!(gap.high < -0.4, "{gap:?}");
    let fair = made(0.5, 0.0);
    let gap = hedges_g(&steadiness(&fair, true), &steadiness(&fair, false)).unwrap();
    assert!(gap.value.abs() < 0.2, "{gap:?}");
}

#[test]
fn senseless_options_are_refused() {
    let profile = named("sales").unwrap();
    for options in [
        Options { interviews: 0, seed: 1, planted: vec![1.0; 3], effect: 0.5, bias: 0.0 },
        Options { interviews: 10_000_001, seed: 1, planted: vec![1.0; 3], effect: 0.5, bias: 0.0 },
        Options { interviews: 1, seed: 1, planted: vec![1.0], effect: 0.5, bias: 0.0 },
        Options { interviews: 1, seed: 1, planted: vec![0.0; 3], effect: 0.5, bias: 0.0 },
        Options { interviews: 1, seed: 1, planted: vec![1.0; 3], effect: f64::NAN, bias: 0.0 },
        Options { interviews: 1, seed: 1, planted: vec![f64::INFINITY; 3], effect: 0.5, bias: 0.0 },
    ] {
        assert!(people(&options, &profile).is_err());
    }
}
