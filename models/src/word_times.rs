//! Word times of recognisers, kept inside the spans where somebody speaks.

use interview_schemas::perception::Span;

use crate::transcriber::PieceWord;

/// Silences shorter than this may lie within a word (closures of plosives), longer ones may not.
const LONGEST_CLOSURE_S: f64 = 0.2;
/// No word is shorter.
const SHORTEST_WORD_S: f64 = 0.02;

/// Joins spans of speech that are apart by less than a closure.
#[must_use]
pub fn join_closures(speech: &[Span]) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(speech.len());
    for span in speech {
        match joined.last_mut() {
            Some(last) if span.start_s - last.end_s < LONGEST_CLOSURE_S => {
                last.end_s = last.end_s.max(span.end_s);
            }
            _ => joined.push(*span),
        }
    }
    joined
}

/// Clips a word to one span of speech. Recognisers hand every moment of silence to one of the words beside it,
/// so a word that reaches over several spans belongs to the one with the greatest weight, the first among
/// equals.
#[must_use]
pub fn clip_to_speech(word: Span, speech: &[Span], weight: impl Fn(&Span) -> f64) -> Span {
    let touched = speech.iter().filter(|span| span.start_s < word.end_s && span.end_s > word.start_s);
    let best = touched
        .map(|span| (span, weight(span)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best });
    match best {
        Some((span, _)) => {
            let start_s = word.start_s.max(span.start_s);
            Span { start_s, end_s: word.end_s.min(span.end_s).max(start_s + SHORTEST_WORD_S) }
        }
        // Wholly in silence: the edge of speech that is nearest.
        None => speech
            .iter()
            .flat_map(|span| [(span.start_s, span.start_s), (span.end_s, span.end_s - SHORTEST_WORD_S)])
            .min_by(|one, other| (one.0 - word.start_s).abs().total_cmp(&(other.0 - word.start_s).abs()))
            .map_or(word, |(_, start_s)| Span { start_s, end_s: start_s + SHORTEST_WORD_S }),
    }
}

/// Seconds that two spans have in common.
#[must_use]
pub fn overlap_s(one: &Span, other: &Span) -> f64 {
    (one.end_s.min(other.end_s) - one.start_s.max(other.start_s)).max(0.0)
}

/// Puts words in order: starts never go back, and no word reaches into the next.
pub fn put_in_order(words: &mut [PieceWord]) {
    for at in 1..words.len() {
        let earliest = words[at - 1].start_s;
        let word = &mut words[at];
        word.start_s = word.start_s.max(earliest);
        word.end_s = word.end_s.max(word.start_s);
        let start_s = word.start_s;
        let before = &mut words[at - 1];
        before.end_s = before.end_s.min(start_s);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn span(start_s: f64, end_s: f64) -> Span {
        Span { start_s, end_s }
    }

    #[test]
    fn a_word_does_not_stretch_into_silence() {
        let speech = [span(0.3, 1.2), span(1.9, 2.8)];
        assert_eq!(clip_to_speech(span(0.5, 1.9), &speech, |_| 1.0), span(0.5, 1.2));
        assert_eq!(clip_to_speech(span(0.0, 0.6), &speech, |_| 1.0), span(0.3, 0.6));
        let second = |span: &Span| if span.start_s > 1.0 { 2.0 } else { 1.0 };
        assert_eq!(clip_to_speech(span(1.1, 2.2), &speech, second), span(1.9, 2.2));
    }

    #[test]
    fn short_closures_do_not_cut_a_word() {
        assert_eq!(
            join_closures(&[span(0.0, 1.0), span(1.1, 2.0), span(3.0, 4.0)]),
            [span(0.0, 2.0), span(3.0, 4.0)]
        );
    }

    proptest! {
        #[test]
        fn clipped_words_lie_in_speech(
            start in 0f64..20.0, length in 0f64..5.0, edges in prop::collection::vec(0.1f64..2.0, 2..10)
        ) {
            let mut at = 0.0;
            let speech: Vec<Span> = edges.chunks_exact(2).map(|pair| {
                let begin = at + pair[0];
                at = begin + pair[1];
                span(begin, at)
            }).collect();
            let clipped = clip_to_speech(span(start, start + length), &speech, |span| span.end_s - span.start_s);
            prop_assert!(clipped.start_s < clipped.end_s);
            prop_assert!(speech.iter().any(|span| clipped.start_s >= span.start_s - 1e-9
                && clipped.end_s <= span.end_s + SHORTEST_WORD_S + 1e-9), "{clipped:?} {speech:?}");
        }

        #[test]
        fn ordered_words_never_overlap(spans in prop::collection::vec((0f64..10.0, 0f64..3.0), 0..20)) {
            let mut words: Vec<PieceWord> = spans.iter().map(|&(start_s, length)| PieceWord {
                text: "a".to_owned(), start_s, end_s: start_s + length, confidence: 1.0,
            }).collect();
            put_in_order(&mut words);
            prop_assert!(words.iter().all(|word| word.start_s <= word.end_s));
            prop_assert!(words.windows(2).all(|pair| pair[0].end_s <= pair[1].start_s));
        }
    }
}
