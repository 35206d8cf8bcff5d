//! Tokens and their frames become words with times.

use interview_schemas::perception::Span;

use super::alignment::Alignment;
use super::tokenizer::Tokenizer;
use crate::transcriber::PieceWord;
use crate::word_times::{clip_to_speech, join_closures, put_in_order};

/// Groups tokens into words. `ids` and `log_probabilities` belong to the steps of the alignment in order; the
/// alignment may have more steps (the one that ended the text). A word that reaches over several spans of
/// speech belongs to the one that holds most of its attention.
pub(super) fn words(
    tokenizer: &Tokenizer,
    ids: &[usize],
    log_probabilities: &[f64],
    alignment: &Alignment,
    frame_s: f64,
    speech: &[Span],
) -> Vec<PieceWord> {
    let path = alignment.path();
    let speech = join_closures(speech);
    let mut words: Vec<PieceWord> = Vec::new();
    let mut begin = 0;
    while begin < ids.len() {
        let next = (begin + 1..ids.len()).find(|&at| tokenizer.starts_word(ids[at])).unwrap_or(ids.len());
        let text = tokenizer.text(&ids[begin..next]);
        if !text.is_empty() {
            let first = path.get(begin).map_or(0, |range| range.first);
            let last = path.get(next - 1).map_or(first, |range| range.last);
            let raw = Span { start_s: first as f64 * frame_s, end_s: (last + 1) as f64 * frame_s };
            let attention = |span: &Span| -> f64 {
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
            let times = clip_to_speech(raw, &speech, attention);
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
    put_in_order(&mut words);
    words
}
