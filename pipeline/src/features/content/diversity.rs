//! Length and variety of words.

use std::collections::HashMap;

use interview_schemas::features::NotAssessed;

use super::{Content, Measured};
use crate::text::units::words;

/// Words in one window of the moving average.
const WINDOW: usize = 50;

/// `content.length`.
pub(super) fn length(content: &Content<'_>) -> Measured {
    Ok((content.word_count as f64, content.confidence, Vec::new()))
}

/// `content.lexical_diversity`. The longer the answer, the surer the mean.
pub(super) fn lexical_diversity(content: &Content<'_>) -> Measured {
    let words = words(&content.semantics.cleaned.units);
    let ratio = moving_average_type_token_ratio(&words, WINDOW).ok_or(NotAssessed::TooShort)?;
    let confidence = (words.len() as f64 / (3 * WINDOW) as f64).clamp(0.5, 1.0);
    Ok((ratio, confidence * content.confidence, Vec::new()))
}

/// The mean share of different words in every window of so many words; `None` for a shorter text.
fn moving_average_type_token_ratio(words: &[String], window: usize) -> Option<f64> {
    if words.len() < window || window == 0 {
        return None;
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut types_sum = 0.0;
    for (index, word) in words.iter().enumerate() {
        *counts.entry(word).or_default() += 1;
        let leaving = index.checked_sub(window).and_then(|index| words.get(index));
        if let Some(leaving) = leaving
            && let Some(count) = counts.get_mut(leaving.as_str())
        {
            *count -= 1;
            if *count == 0 {
                counts.remove(leaving.as_str());
            }
        }
        if index + 1 >= window {
            types_sum += counts.len() as f64;
        }
    }
    Some(types_sum / (words.len() - window + 1) as f64 / window as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(words: &[&str], window: usize) -> Option<f64> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        moving_average_type_token_ratio(&words, window)
    }

    #[test]
    fn the_mean_share_of_different_words_in_each_window() {
        assert_eq!(ratio(&["a", "b", "a", "a"], 2), Some((1.0 + 1.0 + 0.5) / 3.0));
        assert_eq!(ratio(&["a"; 60], 50), Some(0.02));
        assert_eq!(ratio(&["a"; 49], 50), None);
    }

    proptest! {
        #[test]
        fn it_is_a_share_and_agrees_with_counting_each_window(words in prop::collection::vec("[a-d]", 5..40)) {
            let windows: Vec<f64> = words
                .windows(5)
                .map(|window| window.iter().collect::<std::collections::HashSet<_>>().len() as f64 / 5.0)
                .collect();
            let expected = windows.iter().sum::<f64>() / windows.len() as f64;
            let found = moving_average_type_token_ratio(&words, 5).unwrap();
            prop_assert!((found - expected).abs() < 1e-9 && found > 0.0 && found <= 1.0);
        }
    }
}
