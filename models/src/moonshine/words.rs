//! Tokens and their frames become words with times inside the spans where somebody speaks.

use interview_schemas::perception::Span;

use super::alignment::Alignment;
use super::tokenizer::Tokenizer;
use crate::transcriber::PieceWord;

/// Silences shorter than this may lie within a word (closures of plosives), longer ones may not.
const LONGEST_CLOSURE_S: f64 = 0.2;
/// No word is shorter.
const SHORTEST_WORD_S: f64 = 0.02;

/// Groups tokens into words. `ids` and `log_probabilities` belong to the steps of the alignment in order; the
/// alignment may have more steps (the one that ended the text).
pub(super) fn words(
    tokenizer: &Tokenizer,
    ids: &[usize],
    log_probabilities: &[f64],
    alignment: &Alignment,
    frame_s: f64,
    speech: &[Span],
) -> Vec<PieceWord> {
    let path = alignment.path();
    let speech = joined(speech);
    let mut words: Vec<PieceWord> = Vec::new();
    let mut begin = 0;
    while begin < ids.len() {
        let next = (begin + 1..ids.len()).find(|&at| tokenizer.starts_word(ids[at])).unwrap_or(ids.len());
        let text = tokenizer.text(&ids[begin..next]);
        if !text.is_empty() {
            let first = path.get(begin).map_or(0, |range| range.first);
            let last = path.get(next - 1).map_or(first, |range| range.last);
            let raw = Span { start_s: first as f64 * frame_s, end_s: (last + 1) as f64 * frame_s };
            let weight = |span: &Span| -> f64 {
                (begin..next)
                    .filter_map(|step| path.get(step).map(|range| (step, range)))
                    .flat_map(|(step, range)| (range.first..=range.last).map(move |frame| (step, frame)))
                    .filter(|&(_, frame)| {
                        let middle = (frame as f64 + 0.5) * frame_s;
                        middle >= span.start_s && middle < span.end_s
                    })
                    .map(|(step, frame)| f64::from(alignment.fit(step, frame).max(0.0)))
                    .sum()
            };
            let times = within_speech(raw, &speech, weight);
            let count = (next - begin) as f64;
            let mean = log_probabilities.get(begin..next).map_or(0.0, |all| all.iter().sum::<f64>() / count);
            words.push(PieceWord {
                text,
                start_s: times.start_s,
                end_s: times.end_s,
                confidence: mean.exp().clamp(0.0, 1.0),
            });
        }
        begin = next;
    }
    in_order(&mut words);
    words
}

/// Joins spans of speech that are apart by less than a closure.
fn joined(speech: &[Span]) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(speech.len());
    for span in speech {
        match joined.last_mut() {
            Some(last) if span.start_s - last.end_s < LONGEST_CLOSURE_S => {
                last.end_s = last.end_s.max(span.end_s)
            }
            _ => joined.push(*span),
        }
    }
    joined
}

/// Clips a word to one span of speech. The alignment hands every moment of silence to one of the words beside
/// it, so a word that reaches over several spans belongs to the one that holds most of its attention.
fn within_speech(raw: Span, speech: &[Span], weight: impl Fn(&Span) -> f64) -> Span {
    let touched = speech.iter().filter(|span| span.start_s < raw.end_s && span.end_s > raw.start_s);
    let best = touched
        .map(|span| (span, weight(span)))
        .reduce(|best, other| if other.1 > best.1 { other } else { best });
    match best {
        Some((span, _)) => {
            let start_s = raw.start_s.max(span.start_s);
            Span { start_s, end_s: raw.end_s.min(span.end_s).max(start_s + SHORTEST_WORD_S) }
        }
        // Wholly in silence: the edge of speech that is nearest.
        None => speech
            .iter()
            .flat_map(|span| [(span.start_s, span.start_s), (span.end_s, span.end_s - SHORTEST_WORD_S)])
            .min_by(|one, other| (one.0 - raw.start_s).abs().total_cmp(&(other.0 - raw.start_s).abs()))
            .map_or(raw, |(_, start_s)| Span { start_s, end_s: start_s + SHORTEST_WORD_S }),
    }
}

/// Starts never go back, and no word reaches into the next.
fn in_order(words: &mut [PieceWord]) {
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
        assert_eq!(within_speech(span(0.5, 1.9), &speech, |_| 1.0), span(0.5, 1.2));
        assert_eq!(within_speech(span(0.0, 0.6), &speech, |_| 1.0), span(0.3, 0.6));
        let second = |span: &Span| if span.start_s > 1.0 { 2.0 } else { 1.0 };
        assert_eq!(within_speech(span(1.1, 2.2), &speech, second), span(1.9, 2.2));
    }

    #[test]
    fn short_closures_do_not_cut_a_word() {
        assert_eq!(
            joined(&[span(0.0, 1.0), span(1.1, 2.0), span(3.0, 4.0)]),
            [span(0.0, 2.0), span(3.0, 4.0)]
        );
    }

    proptest! {
        #[test]
        fn clipped_words_lie_in_speech(start in 0f64..20.0, length in 0f64..5.0, edges in prop::collection::vec(0.1f64..2.0, 2..10)) {
            let mut at = 0.0;
            let speech: Vec<Span> = edges.chunks_exact(2).map(|pair| {
                let begin = at + pair[0];
                at = begin + pair[1];
                span(begin, at)
            }).collect();
            let clipped = within_speech(span(start, start + length), &speech, |span| span.end_s - span.start_s);
            prop_assert!(clipped.start_s < clipped.end_s);
            prop_assert!(speech.iter().any(|span| clipped.start_s >= span.start_s - 1e-9
                && clipped.end_s <= span.end_s + SHORTEST_WORD_S + 1e-9), "{clipped:?} {speech:?}");
        }
    }
}
