//! Recognisers that repeat themselves without end, and how to notice.

/// The longest phrase, in tokens, whose repetition is looked for.
const LONGEST_PHRASE: usize = 32;
/// A phrase must come so often in a row; people repeat themselves three times, hardly four, word for word.
const LEAST_REPEATS: usize = 4;
/// Shorter repetitions than this many tokens are left alone: "no, no, no, no" is speech.
const LEAST_TOKENS: usize = 12;

/// When the tokens end in a phrase that repeats itself, how many tokens remain with the phrase said once.
#[must_use]
pub fn without_trailing_loop<T: PartialEq>(tokens: &[T]) -> Option<usize> {
    (1..=LONGEST_PHRASE).find_map(|phrase| {
        let looped = phrase * LEAST_REPEATS.max(LEAST_TOKENS.div_ceil(phrase));
        let tail = tokens.len().checked_sub(looped).map(|start| &tokens[start..])?;
        if tail.iter().zip(&tail[phrase..]).any(|(one, next)| one != next) {
            return None;
        }
        // The repetition may have begun before the part that proves it.
        let same_before = (phrase..tokens.len())
            .rev()
            .take_while(|&at| tokens[at] == tokens[at - phrase])
            .last()
            .unwrap_or(tokens.len());
        Some(same_before)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn people_may_repeat_themselves() {
        for text in [
            "no no no no",
            "ever tried ever failed no matter try again fail again fail better",
            "one two three one two three one two three",
            "I think that I think that I mean I think that",
        ] {
            assert_eq!(without_trailing_loop(&words(text)), None, "{text}");
        }
    }

    #[test]
    fn a_loop_is_cut_to_one_round() {
        let text = format!("so we went {}", "and then we ".repeat(9));
        let words = words(&text);
        let kept = without_trailing_loop(&words).unwrap();
        assert_eq!(words[..kept].join(" "), "so we went and then we");
        assert_eq!(without_trailing_loop(&["you"; 40]), Some(1));
    }

    proptest! {
        #[test]
        fn any_phrase_repeated_long_enough_is_found(
            prefix in prop::collection::vec(100u8..200, 0..20),
            phrase in prop::collection::vec(0u8..100, 1..=LONGEST_PHRASE),
            repeats in 12usize..20,
        ) {
            let mut tokens = prefix.clone();
            for _ in 0..repeats {
                tokens.extend_from_slice(&phrase);
            }
            let kept = without_trailing_loop(&tokens).unwrap();
            prop_assert!(kept <= prefix.len() + phrase.len());
            prop_assert!(kept > prefix.len());
        }

        #[test]
        fn what_is_kept_is_never_longer(tokens in prop::collection::vec(0u8..3, 0..80)) {
            if let Some(kept) = without_trailing_loop(&tokens) {
                prop_assert!(kept > 0 && kept + 9 <= tokens.len());
            }
        }
    }
}
