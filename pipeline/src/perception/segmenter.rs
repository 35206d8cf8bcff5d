//! Spans of speech out of the frame probabilities of voice activity detection: hysteresis, streaming, pure.
//!
//! The rules and numbers are those of `get_speech_timestamps` in Silero VAD 6.2.3.

use interview_models::silero::FRAME_SAMPLES;

const FRAME: u64 = FRAME_SAMPLES as u64;
/// Speech begins at a frame with at least this probability.
const ON_PROBABILITY: f32 = 0.5;
/// Speech may end at a frame below this probability.
const OFF_PROBABILITY: f32 = 0.35;
/// Speech ends when it does not begin again for so long (100 ms).
const LEAST_SILENCE_SAMPLES: u64 = 1_600;
/// Speech must be longer than this (250 ms).
const LEAST_SPEECH_SAMPLES: u64 = 4_000;
/// Added on either side of speech (30 ms).
const PAD_SAMPLES: u64 = 480;

// Padded spans can never meet, so a span is final as soon as it has ended.
const _: () = assert!(LEAST_SILENCE_SAMPLES >= 2 * PAD_SAMPLES);

/// A span of samples, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRange {
    /// First sample.
    pub start: u64,
    /// Sample after the last.
    pub end: u64,
}

/// Speech that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundSpeech {
    /// With a margin on either side, so that a recogniser loses no sound.
    pub padded: SampleRange,
    /// As it was detected: what pauses and rates of speech are measured by.
    pub spoken: SampleRange,
}

/// Speech that has begun and not yet ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    /// First sample of the first frame.
    start: u64,
    /// First sample of the silence with which it will perhaps have ended.
    candidate_end: Option<u64>,
    /// It goes on from a span that was split: no padding, and kept however short.
    continues: bool,
}

impl Open {
    fn padded_start(&self) -> u64 {
        if self.continues { self.start } else { self.start.saturating_sub(PAD_SAMPLES) }
    }

    /// It as found, when it ends at a sample, with so much padding after it.
    fn ended(&self, end: u64, padding: u64) -> FoundSpeech {
        FoundSpeech {
            padded: SampleRange { start: self.padded_start(), end: end + padding },
            spoken: SampleRange { start: self.start, end },
        }
    }

    fn is_long_enough(&self, end: u64) -> bool {
        self.continues || end.saturating_sub(self.start) > LEAST_SPEECH_SAMPLES
    }
}

/// Turns frame probabilities into spans of speech, one frame at a time.
#[derive(Debug, Clone, Default)]
pub struct VadSegmenter {
    /// First sample of the next frame.
    position: u64,
    open: Option<Open>,
}

impl VadSegmenter {
    /// Takes the probability of the next frame; gives the span that has ended with certainty at this frame.
    pub fn push(&mut self, probability: f32) -> Option<FoundSpeech> {
        let frame = self.position;
        self.position += FRAME;
        if probability >= ON_PROBABILITY {
            match &mut self.open {
                Some(open) => open.candidate_end = None,
                None => self.open = Some(Open { start: frame, candidate_end: None, continues: false }),
            }
            return None;
        }
        let open = self.open.as_mut()?;
        if probability >= OFF_PROBABILITY {
            return None;
        }
        let end = *open.candidate_end.get_or_insert(frame);
        if frame - end < LEAST_SILENCE_SAMPLES {
            return None;
        }
        let closed = *open;
        self.open = None;
        closed.is_long_enough(end).then(|| closed.ended(end, PAD_SAMPLES))
    }

    /// Ends the recording of so many samples and begins a new one; gives the span that was still open.
    pub fn finish(&mut self, samples: u64) -> Option<FoundSpeech> {
        let open = std::mem::take(self).open?;
        open.is_long_enough(samples).then(|| open.ended(samples, 0))
    }

    /// First sample of the next frame.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Where the speech began that has not ended yet, padding included.
    #[must_use]
    pub fn open_since(&self) -> Option<u64> {
        self.open.map(|open| open.padded_start())
    }

    /// Up to where the open speech is certain to become a span; `None` while it may still be dropped.
    #[must_use]
    pub fn certain_until(&self) -> Option<u64> {
        let open = self.open?;
        let end = open.candidate_end.unwrap_or(self.position);
        open.is_long_enough(end).then_some(end)
    }

    /// Cuts the open speech at a sample after its start; what follows is a span of its own, without padding.
    pub fn split(&mut self, at: u64) -> Option<FoundSpeech> {
        let open = self.open.as_mut()?;
        let range = open.ended(at, 0);
        if at <= open.start || at > self.position {
            return None;
        }
        open.start = at;
        open.continues = true;
        open.candidate_end = open.candidate_end.filter(|&end| end >= at);
        Some(range)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream(probabilities: &[f32], samples: u64) -> Vec<SampleRange> {
        let mut segmenter = VadSegmenter::default();
        let mut found: Vec<_> = probabilities.iter().filter_map(|&value| segmenter.push(value)).collect();
        found.extend(segmenter.finish(samples));
        found.into_iter().map(|speech| speech.padded).collect()
    }

    /// The same rules in two passes over the whole recording, with the padding after everything else.
    fn two_passes(probabilities: &[f32], samples: u64) -> Vec<SampleRange> {
        let mut spans: Vec<(u64, u64)> = Vec::new();
        let (mut start, mut silence) = (None, None);
        for (index, &value) in probabilities.iter().enumerate() {
            let at = index as u64 * 512;
            if value >= 0.5 {
                silence = None;
                start = start.or(Some(at));
            } else if let (Some(begin), true) = (start, value < 0.35) {
                let quiet = *silence.get_or_insert(at);
                if at - quiet >= 1_600 {
                    if quiet - begin > 4_000 {
                        spans.push((begin, quiet));
                    }
                    (start, silence) = (None, None);
                }
            }
        }
        if let Some(begin) = start
            && samples - begin > 4_000
        {
            spans.push((begin, samples));
        }
        for index in 0..spans.len() {
            if index == 0 {
                spans[0].0 = spans[0].0.saturating_sub(480);
            }
            match spans.get(index + 1).map(|next| next.0 - spans[index].1) {
                Some(gap) if gap < 960 => {
                    spans[index].1 += gap / 2;
                    spans[index + 1].0 -= gap / 2;
                }
                Some(_) => {
                    spans[index].1 += 480;
                    spans[index + 1].0 -= 480;
                }
                None => spans[index].1 = samples.min(spans[index].1 + 480),
            }
        }
        spans.into_iter().map(|(start, end)| SampleRange { start, end }).collect()
    }

    fn probability() -> impl Strategy<Value = f32> {
        prop_oneof![Just(0.1f32), Just(0.4), Just(0.9), 0f32..1.0]
    }

    proptest! {
        #[test]
        fn streaming_gives_the_spans_of_the_two_pass_rules(
            runs in prop::collection::vec((probability(), 1usize..12), 0..40), missing in 0u64..512
        ) {
            let probabilities: Vec<f32> =
                runs.iter().flat_map(|&(value, count)| std::iter::repeat_n(value, count)).collect();
            let samples = (probabilities.len() as u64 * 512).saturating_sub(missing);
            prop_assert_eq!(stream(&probabilities, samples), two_passes(&probabilities, samples));
        }

        #[test]
        fn splits_lose_and_repeat_nothing(cuts in prop::collection::vec(1u64..400, 0..6)) {
            let mut segmenter = VadSegmenter::default();
            let mut ranges: Vec<SampleRange> = Vec::new();
            for frame in 0..400u64 {
                ranges.extend(segmenter.push(0.9).map(|speech| speech.padded));
                if cuts.contains(&frame) {
                    ranges.extend(segmenter.split(frame * 512).map(|speech| speech.padded));
                }
            }
            ranges.extend(segmenter.finish(400 * 512).map(|speech| speech.padded));
            prop_assert_eq!(ranges.first().map(|range| range.start), Some(0));
            prop_assert_eq!(ranges.last().map(|range| range.end), Some(400 * 512));
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }

    #[test]
    fn speech_is_padded_for_recognisers_only() {
        let probabilities = [vec![0.0f32; 10], vec![0.9; 20], vec![0.0; 10]].concat();
        let mut segmenter = VadSegmenter::default();
        let found: Vec<_> = probabilities.iter().filter_map(|&value| segmenter.push(value)).collect();
        let spoken = SampleRange { start: 10 * 512, end: 30 * 512 };
        let padded = SampleRange { start: spoken.start - 480, end: spoken.end + 480 };
        assert_eq!(found, [FoundSpeech { padded, spoken }]);
    }

    #[test]
    fn a_split_outside_the_open_speech_is_refused() {
        let mut segmenter = VadSegmenter::default();
        assert_eq!(segmenter.split(0), None);
        segmenter.push(0.9);
        assert_eq!(segmenter.split(0), None);
        assert_eq!(segmenter.split(513), None);
    }
}
