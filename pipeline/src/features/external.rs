//! Scores from outside: code judge, technical expert, branch rating (R27), brought to 0–100.

use interview_schemas::Feature;
use interview_schemas::answer::{Answer, ExternalScore};
use interview_schemas::features::{Evidence, NotAssessed};

/// Unit of every external score.
const UNIT: &str = "score";

/// The score of an external answer as the feature `external.<measure>`; nothing for other answers.
#[must_use]
pub fn measure(answer: &Answer) -> Vec<Feature> {
    match answer {
        Answer::External(score) => vec![feature(score)],
        Answer::Video(_) | Answer::Audio(_) | Answer::Text(_) => Vec::new(),
    }
}

fn feature(score: &ExternalScore) -> Feature {
    let name = format!("external.{}", score.measure);
    let span = score.max - score.min;
    if !(span.is_finite() && span > 0.0) {
        return Feature::not_assessed(&name, UNIT, NotAssessed::NoReference);
    }
    let points = ((score.score - score.min) / span * 100.0).clamp(0.0, 100.0);
    let text = match &score.remark {
        Some(remark) => format!("{}: {remark}", score.source),
        None => score.source.clone(),
    };
    Feature::measured(&name, UNIT, points, 1.0, vec![Evidence::new(0.0, 0.0, text)])
}

#[cfg(test)]
mod tests {
    use interview_schemas::AnswerId;
    use proptest::prelude::*;

    use super::*;

    fn score(score: f64, min: f64, max: f64) -> Answer {
        Answer::External(ExternalScore {
            id: AnswerId::new("a").unwrap(),
            measure: "code_judge".to_owned(),
            source: "judge".to_owned(),
            score,
            min,
            max,
            remark: None,
        })
    }

    #[test]
    fn ratings_of_other_scales_are_brought_to_a_hundred() {
        assert_eq!(measure(&score(8.0, 0.0, 10.0))[0].value, Some(80.0));
        assert_eq!(measure(&score(3.0, 1.0, 5.0))[0].value, Some(50.0));
    }

    proptest! {
        #[test]
        fn any_numbers_give_0_to_100_or_nothing(s in any::<f64>(), min in any::<f64>(), max in any::<f64>()) {
            let feature = &measure(&score(s, min, max))[0];
            prop_assert!(feature.value.is_none_or(|value| (0.0..=100.0).contains(&value)));
            prop_assert_eq!(feature.value.is_none(), feature.not_assessed.is_some());
        }
    }
}
