//! From frames of logits to tokens with times: connectionist temporal classification, the best token of every frame.
//!
//! Source: Graves et al. 2006. Neighbouring frames with the same token are one; blanks part equal neighbours.

use crate::logits::most_probable;

/// Seconds from one frame of logits to the next: six frames of the filter bank.
pub const FRAME_S: f64 = 0.06;

/// The model marks a sound by a peak of a frame or two, not for its length: a token lasts until the next one, but
/// no longer than a slow syllable.
const LONGEST_TOKEN_S: f64 = 0.4;

/// A token with the frames in which it is the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Number of the token.
    pub token: usize,
    /// First frame.
    pub first: usize,
    /// Last frame.
    pub last: usize,
    /// Natural logarithm of its greatest probability in these frames.
    pub log_probability: f64,
}

/// The tokens of some frames of logits, `vocabulary` numbers each; `None` when a frame holds no finite number.
#[must_use]
pub fn greedy(logits: &[f32], vocabulary: usize, blank: usize) -> Option<Vec<Peak>> {
    let mut peaks: Vec<Peak> = Vec::new();
    let mut before = blank;
    for (frame, row) in logits.chunks_exact(vocabulary.max(1)).enumerate() {
        let (token, log_probability) = most_probable(row)?;
        if token != blank {
            match peaks.last_mut() {
                Some(peak) if before == token => {
                    peak.last = frame;
                    peak.log_probability = peak.log_probability.max(log_probability);
                }
                _ => peaks.push(Peak { token, first: frame, last: frame, log_probability }),
            }
        }
        before = token;
    }
    Some(peaks)
}

/// Start and end of every peak in seconds from the beginning of the sound, whose end is at `end_s`. Frame n stands
/// for the 60 ms around n · 60 ms.
#[must_use]
pub fn times(peaks: &[Peak], end_s: f64) -> Vec<(f64, f64)> {
    let start = |peak: &Peak| ((peak.first as f64 - 0.5) * FRAME_S).clamp(0.0, end_s);
    (0..peaks.len())
        .map(|index| {
            let peak = &peaks[index];
            let next = peaks.get(index + 1).map_or(end_s, start);
            let least = ((peak.last as f64 + 0.5) * FRAME_S).min(next);
            (start(peak), next.min(start(peak) + LONGEST_TOKEN_S).max(least))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Logits in which one token of four is the best in every frame.
    fn logits(tokens: &[usize]) -> Vec<f32> {
        tokens
            .iter()
            .flat_map(|&token| (0..4).map(move |other| if other == token { 6.0 } else { 0.0 }))
            .collect()
    }

    #[test]
    fn repeated_frames_are_one_token_unless_a_blank_parts_them() {
        let peaks = greedy(&logits(&[0, 2, 2, 0, 2, 3, 0]), 4, 0).unwrap();
        let found: Vec<_> = peaks.iter().map(|peak| (peak.token, peak.first, peak.last)).collect();
        assert_eq!(found, [(2, 1, 2), (2, 4, 4), (3, 5, 5)]);
        assert!((peaks[0].log_probability - -(1.0 + 3.0 * (-6.0f64).exp()).ln()).abs() < 1e-6);
        assert_eq!(greedy(&[f32::NAN; 4], 4, 0), None);
        assert_eq!(greedy(&[], 4, 0), Some(Vec::new()));
    }

    #[test]
    fn a_token_lasts_to_the_next_but_not_through_silence() {
        let peaks = greedy(&logits(&[0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]), 4, 0).unwrap();
        let times = times(&peaks, 0.95);
        let near = |(start, end): (f64, f64), expected: (f64, f64)| {
            (start - expected.0).abs() < 1e-9 && (end - expected.1).abs() < 1e-9
        };
        assert!(near(times[0], (0.03, 0.21)) && near(times[1], (0.21, 0.61)), "{times:?}");
        assert!(near(times[2], (0.87, 0.95)), "{times:?}");
    }

    proptest! {
        #[test]
        fn times_are_in_order_and_within_the_sound(
            tokens in prop::collection::vec(0usize..4, 0..60), end_s in 0f64..4.0
        ) {
            let peaks = greedy(&logits(&tokens), 4, 0).unwrap();
            let times = times(&peaks, end_s);
            prop_assert!(times.iter().all(|&(start, end)| 0.0 <= start && start <= end && end <= end_s));
            prop_assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0 + 1e-9));
            let count = tokens.iter().enumerate()
                .filter(|&(at, &token)| token != 0 && (at == 0 || tokens[at - 1] != token)).count();
            prop_assert_eq!(peaks.len(), count);
        }
    }
}
