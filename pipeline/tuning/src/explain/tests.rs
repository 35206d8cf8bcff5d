//! Explanations: points add up, and the changes they name do change the grade.

use interview_pipeline::score::{Profile, named, score};
use interview_schemas::features::FeatureSet;

use super::*;
use crate::simulate;

fn people() -> (Profile, Vec<FeatureSet>) {
    let profile = named("sales").unwrap();
    let options =
        simulate::Options { interviews: 200, seed: 5, planted: vec![1.0; 3], effect: 0.5, bias: 0.0 };
    let sets = simulate::people(&options, &profile).unwrap().map(|person| person.features).collect();
    (profile, sets)
}

#[test]
fn points_add_up_to_the_score_and_changes_reach_the_grade() {
    let (profile, sets) = people();
    let (mut alone, mut together) = (0, 0);
    for set in &sets {
        let explanation = explain(&profile, set);
        let card = score(&profile, set);
        assert_eq!((explanation.score, explanation.grade), (card.score, card.grade));
        let Some(total) = explanation.score else { continue };
        let sum: f64 = explanation.points.iter().map(|point| point.contribution).sum();
        assert!((sum - total).abs() < 1e-9);
        let missed: f64 = explanation.points.iter().map(|point| point.missed).sum();
        assert!((sum + missed - 100.0).abs() < 1e-3, "{sum} {missed}");
        let counts: f64 = explanation.points.iter().map(|point| point.counts).sum();
        assert!((counts - 100.0).abs() < 1e-3);
        for one in &explanation.what_if {
            for change in &one.alone {
                assert_eq!(after(&profile, set, std::slice::from_ref(change)), one.grade, "{change:?}");
                alone += 1;
            }
            if !one.together.is_empty() {
                assert_eq!(after(&profile, set, &one.together), one.grade);
                together += 1;
            }
        }
    }
    assert!(alone > 100 && together > 0, "{alone} {together}");
}

/// The grade when indicators are moved as the changes say.
fn after(profile: &Profile, set: &FeatureSet, changes: &[Change]) -> Grade {
    let mut readings: Vec<_> = findings(profile, set).into_iter().map(|f| f.reading).collect();
    for change in changes {
        let index = profile
            .indicators()
            .iter()
            .position(|one| {
                one.feature == change.feature
                    && profile.competencies()[one.competency].name == change.competency
                    && one.title == change.title
            })
            .unwrap();
        readings[index].as_mut().unwrap().value = change.to;
    }
    evaluate(profile, &readings).grade
}

#[test]
fn single_changes_are_the_smallest() {
    let (profile, sets) = people();
    for set in &sets {
        for one in explain(&profile, set).what_if {
            let sizes: Vec<f64> = one.alone.iter().map(|change| change.indicator_points.abs()).collect();
            assert!(sizes.windows(2).all(|pair| pair[0] <= pair[1]));
            // Half of a smallest change is not enough.
            if let Some(change) = one.alone.first() {
                let half = Change { to: change.from + (change.to - change.from) / 2.0, ..change.clone() };
                assert_ne!(after(&profile, set, &[half]), one.grade);
            }
        }
    }
}

#[test]
fn every_form_is_written() {
    let (profile, sets) = people();
    let explanation = explain(&profile, &sets[0]);
    let text = plain(&explanation);
    assert!(text.contains("sales@1") && text.contains("Communication"));
    let text = markdown(&explanation);
    assert!(text.contains("沟通表达") && text.contains("|---:|"));
    assert!(serde_json::to_value(&explanation).unwrap()["points"].is_array());
}
