//! When the candidate spoke and when not: runs of speech, the pauses between them, and the words in them.

use interview_schemas::perception::{Span, Transcript, VoiceTrack};

use super::syllables;

/// Shortest silence that counts as a pause, in seconds. Shorter ones belong to articulation, such as the
/// closure of a plosive (Goldman-Eisler 1968; de Jong and Bosker 2013, "Choosing a threshold for silent
/// pauses to measure second language fluency").
pub(super) const MIN_PAUSE_S: f64 = 0.25;

/// A word of the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SpokenWord<'a> {
    pub(super) text: &'a str,
    pub(super) start_s: f64,
    pub(super) end_s: f64,
    /// Syllables it is spoken with.
    pub(super) syllables: usize,
}

impl SpokenWord<'_> {
    fn middle_s(&self) -> f64 {
        f64::midpoint(self.start_s, self.end_s)
    }
}

/// Runs of speech and the pauses between them, from the end of the question on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Timing {
    /// Speech as detected: in order, apart from each other, each longer than nothing.
    pub(super) speech: Vec<Span>,
    /// Speech with the gaps shorter than [`MIN_PAUSE_S`] filled; as many as pauses plus one.
    pub(super) runs: Vec<Span>,
    /// The pauses between the runs.
    pub(super) pauses: Vec<Span>,
}

impl Timing {
    /// The timing of what was said after `from_s`; `None` when that is nothing.
    pub(super) fn new(detected: &[Span], from_s: f64) -> Option<Self> {
        let mut clipped: Vec<Span> = detected
            .iter()
            .filter(|span| span.start_s.is_finite() && span.end_s.is_finite())
            .map(|span| Span { start_s: span.start_s.max(from_s), end_s: span.end_s })
            .filter(|span| span.end_s > span.start_s)
            .collect();
        clipped.sort_by(|a, b| a.start_s.total_cmp(&b.start_s).then(a.end_s.total_cmp(&b.end_s)));
        let speech = join(&clipped, 0.0);
        let runs = join(&speech, MIN_PAUSE_S);
        let pauses =
            runs.windows(2).map(|pair| Span { start_s: pair[0].end_s, end_s: pair[1].start_s }).collect();
        (!runs.is_empty()).then_some(Self { speech, runs, pauses })
    }

    /// From the beginning of the first run to the end of the last.
    pub(super) fn whole(&self) -> Span {
        Span {
            start_s: self.runs.first().map_or(0.0, |span| span.start_s),
            end_s: self.runs.last().map_or(0.0, |span| span.end_s),
        }
    }

    /// Seconds of speech without pauses.
    pub(super) fn speaking_s(&self) -> f64 {
        total_s(&self.runs)
    }

    /// Seconds of pauses.
    pub(super) fn pausing_s(&self) -> f64 {
        total_s(&self.pauses)
    }
}

/// Length of a span in seconds.
pub(super) fn length_s(span: &Span) -> f64 {
    span.end_s - span.start_s
}

fn total_s(spans: &[Span]) -> f64 {
    spans.iter().map(length_s).sum()
}

/// Joins sorted spans whose gap is shorter than `gap_s`, and those that touch.
fn join(spans: &[Span], gap_s: f64) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            // A nanosecond of tolerance, so that a pause of exactly the threshold stays one wherever it lies.
            Some(last) if span.start_s <= last.end_s || span.start_s - last.end_s < gap_s - 1e-9 => {
                last.end_s = last.end_s.max(span.end_s);
            }
            _ => joined.push(*span),
        }
    }
    joined
}

/// The words whose middle lies after `from_s`. A segment without word times counts as one word.
pub(super) fn words(transcript: &Transcript, from_s: f64) -> Vec<SpokenWord<'_>> {
    let shouted = !transcript.text.chars().any(char::is_lowercase);
    let word = |text, start_s, end_s| SpokenWord {
        text,
        start_s,
        end_s,
        syllables: syllables::count(text, transcript.language, shouted),
    };
    let mut words = Vec::new();
    for segment in &transcript.segments {
        if segment.words.is_empty() {
            words.push(word(segment.text.trim(), segment.start_s, segment.end_s));
        }
        words.extend(segment.words.iter().map(|w| word(w.text.trim(), w.start_s, w.end_s)));
    }
    words.retain(|word| word.middle_s() >= from_s && word.end_s >= word.start_s);
    words.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    words
}

/// The words whose middle lies in the span.
pub(super) fn words_within<'a, 'b>(words: &'a [SpokenWord<'b>], span: &Span) -> &'a [SpokenWord<'b>] {
    let first = words.iter().position(|word| word.middle_s() >= span.start_s).unwrap_or(words.len());
    let after = &words[first..];
    let count = after.iter().position(|word| word.middle_s() > span.end_s).unwrap_or(after.len());
    &after[..count]
}

/// The words as a text, shortened to what a person reads at a glance.
pub(super) fn quote(words: &[SpokenWord<'_>]) -> String {
    const LONGEST: usize = 80;
    let mut text = String::new();
    for word in words {
        let is_latin = |c: char| c.is_ascii() && !c.is_whitespace();
        let apart = text.chars().last().is_some_and(is_latin) && word.text.starts_with(is_latin);
        if apart {
            text.push(' ');
        }
        if text.chars().count() + word.text.chars().count() > LONGEST {
            text.extend(word.text.chars().take(LONGEST.saturating_sub(text.chars().count())));
            text.push('…');
            break;
        }
        text.push_str(word.text);
    }
    text
}

/// Numbers of the frames whose centre lies in the span; empty where the track holds none.
pub(super) fn frames(track: &VoiceTrack, span: &Span) -> std::ops::Range<usize> {
    let count = track.level_db.len().min(track.f0_hz.len());
    if !(track.hop_s.is_finite() && track.hop_s > 0.0) {
        return 0..0;
    }
    // Clamped to 0..=count before the conversion; what is no number becomes 0.
    let frame = |t_s: f64| (t_s / track.hop_s - 0.5).ceil().clamp(0.0, count as f64) as usize;
    let (first, end) = (frame(span.start_s), frame(span.end_s));
    first..end.max(first)
}
