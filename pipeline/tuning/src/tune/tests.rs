//! Planted weights are found, noise is not, limits are kept.

use interview_pipeline::score::{Library, Profile, named};
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::simulate;
use crate::statistics::generator;

/// Competency scores about 60 ± 14, a little alike, and an outcome that follows `planted` with this correlation.
fn data(rows: usize, planted: &[f64], effect: f64, seed: u64) -> Data {
    let mut random = generator(seed);
    let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
    let mut data = Data {
        competencies: (0..planted.len()).map(|index| format!("c{index}")).collect(),
        ..Data::default()
    };
    let mut merits = Vec::new();
    for _ in 0..rows {
        let common = normal();
        let x: Vec<f64> = planted.iter().map(|_| 60.0 + 14.0 * (0.5 * common + 0.866 * normal())).collect();
        merits.push(x.iter().zip(planted).map(|(x, weight)| x * weight).sum::<f64>());
        data.x.extend(x);
    }
    let spread = crate::statistics::variance(&merits).unwrap().sqrt();
    let middle = crate::statistics::mean(&merits).unwrap();
    for merit in merits {
        let standard = (merit - middle) / spread;
        data.y.push(3.0 + 0.7 * (effect * standard + (1.0 - effect * effect).sqrt() * normal()));
    }
    data
}

/// A profile with competencies c0, c1 … of these weights.
fn profile(weights: &[f64], extra: &str) -> Profile {
    use std::fmt::Write;
    let mut text = "schema_version = \"1\"\nname = \"p\"\nversion = 1\ntitle = { en = \"P\", zh = \"人\" }\n\
        evidence = { floor = 0.1 }\ngrades = { recommended = 80, consider = 60 }\n"
        .to_owned();
    for (index, weight) in weights.iter().enumerate() {
        let extra = if index == 0 { extra } else { "" };
        write!(
            text,
            "[competencies.c{index}]\ntitle = {{ en = \"C\", zh = \"能\" }}\nweight = {weight}\n{extra}\n\
            indicators.i = {{ feature = \"external.f{index}\", weight = 100, curve.linear = {{ from = 0, to = 100 }} }}\n"
        )
        .unwrap();
    }
    let source = interview_pipeline::score::source::Source::new(
        "p",
        &text,
        interview_pipeline::score::source::Format::Toml,
    );
    Library::shipped().resolve(source).unwrap().profile
}

fn options() -> Options {
    Options {
        distance: None,
        cap: None,
        caps: BTreeMap::new(),
        keep_order: false,
        parity: None,
        seed: 1,
        threads: 2,
    }
}

fn tuned(tuning: &Tuning) -> Vec<f64> {
    tuning.weights.iter().map(|weight| weight.tuned).collect()
}

#[test]
fn planted_weights_are_recovered_within_two_points() {
    let planted = [0.10, 0.45, 0.15, 0.30];
    let profile = profile(&[25.0, 25.0, 25.0, 25.0], "");
    for seed in 1..=5 {
        let tuning =
            tune_data(&profile, "performance", &data(5000, &planted, 0.8, seed), &options()).unwrap();
        assert!(tuning.adopt, "{:?}", tuning.reasons);
        for (weight, planted) in tuning.weights.iter().zip(planted) {
            assert!((weight.tuned - 100.0 * planted).abs() <= 2.0, "seed {seed}: {:?}", tuned(&tuning));
            let (low, high) = weight.interval.unwrap();
            assert!(low <= weight.tuned + 0.1 && weight.tuned - 0.1 <= high && high - low < 10.0);
        }
        assert_eq!((tuned(&tuning).iter().sum::<f64>() * 10.0).round(), 1000.0);
    }
}

#[test]
fn noise_gives_no_proposal() {
    let profile = profile(&[40.0, 30.0, 20.0, 10.0], "");
    for seed in 1..=40 {
        let tuning =
            tune_data(&profile, "performance", &data(1000, &[0.25; 4], 0.0, seed), &options()).unwrap();
        assert!(!tuning.adopt, "seed {seed}: {:?}", tuning.reasons);
    }
}

#[test]
fn right_weights_of_today_stay() {
    let profile = profile(&[25.0, 25.0, 25.0, 25.0], "");
    let adopted = (1..=20)
        .filter(|seed| {
            tune_data(&profile, "y", &data(1000, &[0.25; 4], 0.7, *seed), &options()).unwrap().adopt
        })
        .count();
    assert!(adopted <= 1, "{adopted} of 20: nothing is to be gained");
}

#[test]
fn limits_are_kept() {
    let data = data(3000, &[0.0, 0.7, 0.1, 0.2], 0.8, 3);
    let free = profile(&[25.0, 25.0, 25.0, 25.0], "");
    let run = |profile: &Profile, options: Options| tuned(&tune_data(profile, "y", &data, &options).unwrap());
    let near = run(&free, Options { distance: Some(10.0), ..options() });
    assert!(near.iter().all(|weight| (14.9..=35.1).contains(weight)), "{near:?}");
    let capped = run(&free, Options { cap: Some(40.0), ..options() });
    assert!(capped.iter().all(|weight| *weight <= 40.1) && capped[1] > 39.0, "{capped:?}");
    let caps = BTreeMap::from([("c1".to_owned(), 30.0), ("c3".to_owned(), 100.0)]);
    let capped = run(&free, Options { caps, ..options() });
    assert!((29.0..=30.0).contains(&capped[1]) && capped[3] > 33.0, "{capped:?}");
    let caps = BTreeMap::from([("c9".to_owned(), 30.0)]);
    let unknown = tune_data(&free, "y", &data, &Options { caps, ..options() }).unwrap_err().to_string();
    assert!(unknown.contains("there are c0, c1, c2, c3"), "{unknown}");
    let locked = run(&profile(&[25.0, 25.0, 25.0, 25.0], "locked = true"), options());
    assert_eq!(locked[0], 25.0, "{locked:?}");
    let thirds = profile(&[33.333333, 26.666667, 20.0, 20.0], "locked = true");
    let locked = run(&thirds, options());
    assert!((locked[0] - 33.333333).abs() < 1e-9, "{locked:?}");
    assert!((locked.iter().sum::<f64>() - 100.0).abs() < 1e-6, "{locked:?}");
    let bounded = run(&profile(&[25.0, 25.0, 25.0, 25.0], "limits = { min = 20, max = 30 }"), options());
    assert!((19.9..=30.1).contains(&bounded[0]), "{bounded:?}");
    let ordered = run(&profile(&[40.0, 30.0, 20.0, 10.0], ""), Options { keep_order: true, ..options() });
    assert!(ordered.windows(2).all(|pair| pair[0] + 0.11 >= pair[1]), "{ordered:?}");
    for senseless in [
        Options { distance: Some(f64::NAN), ..options() },
        Options { cap: Some(-1.0), ..options() },
        Options { parity: Some(f64::INFINITY), ..options() },
    ] {
        assert!(tune_data(&free, "y", &data, &senseless).unwrap_err().to_string().contains("from 0 to 100"));
    }
    let impossible = tune_data(&free, "y", &data, &Options { cap: Some(20.0), ..options() }).unwrap_err();
    assert!(impossible.to_string().contains("80.0 % at most"), "{impossible}");
}

#[test]
fn parity_limits_the_gap_between_groups() {
    let mut data = data(3000, &[0.5, 0.5, 0.0, 0.0], 0.8, 4);
    // A third of the people is 20 points lower in c0.
    let group: Vec<usize> = (0..1000).collect();
    for row in &group {
        data.x[row * 4] -= 20.0;
    }
    data.set_groups(&[
        Group { name: "g".to_owned(), rows: group },
        Group { name: "too small".to_owned(), rows: vec![1500, 1501] },
    ]);
    assert_eq!(data.gaps.len(), 1);
    let profile = profile(&[25.0, 25.0, 25.0, 25.0], "");
    let gap =
        |parity| tune_data(&profile, "y", &data, &Options { parity, ..options() }).unwrap().parity.unwrap();
    assert!(gap(None) > 2.0);
    assert!(gap(Some(1.0)) <= 1.02, "{}", gap(Some(1.0)));
}

#[test]
fn too_little_data_is_refused_with_what_is_needed() {
    let profile = profile(&[25.0; 4], "");
    let few = tune_data(&profile, "y", &data(99, &[0.25; 4], 0.5, 1), &options()).unwrap_err().to_string();
    assert!(few.contains("99 interviews have an outcome; 4 weights need at least 100"), "{few}");
    let mut yes_no = data(500, &[0.25; 4], 0.5, 1);
    for (row, y) in yes_no.y.iter_mut().enumerate() {
        *y = f64::from(u8::from(row < 39));
    }
    let rare = tune_data(&profile, "y", &yes_no, &options()).unwrap_err().to_string();
    assert!(rare.contains("the rarer outcome occurs 39 times; 4 weights need it at least 40"), "{rare}");
    let mut same = data(500, &[0.25; 4], 0.5, 1);
    same.y.fill(1.0);
    assert!(
        tune_data(&profile, "y", &same, &options())
            .unwrap_err()
            .to_string()
            .contains("every outcome is the same")
    );
}

#[test]
fn from_population_to_a_proposal_that_loads() {
    let folder = tempfile::tempdir().unwrap();
    let profile = named("sales").unwrap();
    let options_of = simulate::Options {
        interviews: 3000,
        seed: 9,
        // communication, product-knowledge, stress-resistance: today 40, 30, 30.
        planted: vec![0.1, 0.2, 0.7],
        effect: 0.9,
        bias: 0.0,
    };
    let written = simulate::write(folder.path(), &options_of, &profile).unwrap();
    let population = Population::find(&[written.features]).unwrap();
    let outcomes = Table::read(&written.outcomes).unwrap();
    let tuning = tune(&population, &profile, &outcomes, "performance", None, &options()).unwrap();
    assert!(tuning.adopt, "{:?}", tuning.reasons);
    assert!(tuning.left_out > 0, "test candidates are left out");
    let resolved = Library::shipped().named("sales").unwrap();
    let text = propose(&resolved, &tuning, 10.0).unwrap();
    assert!(text.starts_with("# Proposed from sales@1 by tuning on"), "{text}");
    let path = folder.path().join("sales.toml");
    std::fs::write(&path, &text).unwrap();
    let proposed = Library::shipped().named(path.to_str().unwrap()).unwrap().profile;
    assert_eq!(proposed.file().version, 2);
    let rollout = proposed.file().rollout.as_ref().unwrap();
    assert_eq!((rollout.percent, rollout.shadow), (Some(10.0), true));
    for (part, weight) in proposed.competencies().iter().zip(&tuning.weights) {
        assert!((100.0 * part.weight - weight.tuned).abs() < 1e-9);
    }
    let stress = proposed.competencies().iter().find(|part| part.name == "stress-resistance").unwrap();
    assert!(stress.weight > 0.5, "{text}");
    // What is laid on a base stays so, in YAML too.
    let value: serde_json::Value = toml::from_str(&resolved.layers.last().unwrap().source.text).unwrap();
    let yaml = folder.path().join("overlay.yaml");
    std::fs::write(&yaml, value.to_string()).unwrap();
    let overlay = Library::shipped().named(yaml.to_str().unwrap()).unwrap();
    let from_yaml = propose(&overlay, &tuning, 10.0).unwrap();
    assert!(from_yaml.contains("extends = \"interview-base@1\""), "{from_yaml}");
    std::fs::write(&path, &from_yaml).unwrap();
    assert_eq!(Library::shipped().named(path.to_str().unwrap()).unwrap().profile.hash(), proposed.hash());

    let tight = Options { distance: Some(0.5), parity: Some(0.0), ..options() };
    let groups = Table::read(&written.groups).unwrap();
    let tight = tune(&population, &profile, &outcomes, "performance", Some(&groups), &tight).unwrap();
    assert!(!tight.adopt && tight.reasons[1].contains("loosen --parity"), "{:?}", tight.reasons);
    let strangers = Table::parse("o.csv", b"id,performance\nx,1\ny,2\n").unwrap();
    let nobody = tune(&population, &profile, &strangers, "performance", None, &options()).unwrap_err();
    assert!(nobody.to_string().contains("none of the 2 interviews"), "{nobody}");
    let unknown = tune(&population, &profile, &outcomes, "wage", None, &options()).unwrap_err().to_string();
    assert!(unknown.contains("no column \"wage\"; it has hired, probation_passed"), "{unknown}");
}
