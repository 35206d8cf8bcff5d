//! How the candidate speaks: rate, pauses, fillers, latency, pitch, level and noise (R11, R12).
//!
//! What each feature is stands in [`catalogue::voice`](super::catalogue::voice). Everything is measured from
//! the end of the question on. Sound that is too poor for a measure gives `PoorQuality`, by the floors below.

mod fillers;
mod pitch;
mod syllables;
mod timing;

use std::sync::Arc;

use interview_schemas::Feature;
use interview_schemas::answer::Answer;
use interview_schemas::features::{Evidence, NotAssessed};
use interview_schemas::perception::{Span, Transcript, VoiceTrack};

use super::AnswerContext;
use super::catalogue::voice::DEFINITIONS;
use crate::text::Lexicons;
use pitch::Pitch;
use timing::{SpokenWord, Timing, length_s, quote, words_within};

/// Signal-to-noise ratio in decibels under which speech and pause cannot be told apart reliably.
const TIMING_FLOOR_DB: f64 = 3.0;
/// Under it, noise has a say in the pitch that is found (1 % of gross errors at about 5 dB).
const PITCH_FLOOR_DB: f64 = 5.0;
/// Under it, noise has a say in small deviations of pitch and level.
const DETAIL_FLOOR_DB: f64 = 10.0;
/// From here on noise takes nothing from the confidence.
const CLEAN_DB: f64 = 20.0;
/// Share of clipped samples above which levels mean nothing.
const CLIPPED_LEVEL: f64 = 0.01;
/// Share of clipped samples above which the pitch is in doubt too.
const CLIPPED_PITCH: f64 = 0.1;

/// Least speaking time for a rate, in seconds, and the time from which on it is fully trusted.
const RATE_SPEAKING_S: (f64, f64) = (1.0, 10.0);
/// Least time from first to last speech for the pauses, in seconds, and that of full trust.
const PAUSE_WHOLE_S: (f64, f64) = (2.0, 15.0);
/// Least voiced time for the middle of pitch and level, in seconds, and that of full trust.
const MEDIAN_VOICED_S: (f64, f64) = (0.5, 3.0);
/// Least voiced time for spread, slope and steadiness, in seconds, and that of full trust.
const SPREAD_VOICED_S: (f64, f64) = (1.0, 8.0);

/// Shortest passage that is named as the fastest or slowest, in seconds.
const PASSAGE_S: f64 = 2.0;
/// How many pauses or fillers are shown as evidence.
const MAX_EVIDENCE: usize = 5;

/// A value with confidence and evidence, or why there is none.
type Outcome = Result<(f64, f64, Vec<Evidence>), NotAssessed>;

/// Measures every feature of the catalogue's voice group, ordered by name.
#[must_use]
pub fn measure(context: &AnswerContext<'_>) -> Vec<Feature> {
    let speech = Speech::new(context);
    DEFINITIONS
        .iter()
        .map(|definition| {
            let outcome =
                speech.as_ref().map_err(|reason| *reason).and_then(|speech| speech.outcome(definition.name));
            match outcome {
                Ok((value, confidence, evidence)) => definition.measured(value, confidence, evidence),
                Err(reason) => definition.not_assessed(reason),
            }
        })
        .collect()
}

/// The speech of one answer, in the forms the features need.
struct Speech<'a> {
    track: &'a VoiceTrack,
    timing: Timing,
    pitch: Pitch<'a>,
    transcript: Result<&'a Transcript, NotAssessed>,
    words: Vec<SpokenWord<'a>>,
    question_end_s: Option<f64>,
    /// The word lists of the tenant; the shipped ones where nothing was understood.
    lexicons: Arc<Lexicons>,
}

impl<'a> Speech<'a> {
    fn new(context: &AnswerContext<'a>) -> Result<Self, NotAssessed> {
        let (Answer::Video(answer) | Answer::Audio(answer)) = context.answer else {
            return Err(NotAssessed::NotApplicable);
        };
        let perception = context.perception;
        let silent = perception.media.as_ref().is_some_and(|media| !media.has_audio);
        let track = perception.voice.as_ref().filter(|_| !silent).ok_or(NotAssessed::NoAudio)?;
        let question_end_s = answer.question_end_s.filter(|end| end.is_finite() && *end >= 0.0);
        let from_s = question_end_s.unwrap_or(0.0);
        let timing = Timing::new(&track.speech, from_s).ok_or(NotAssessed::NoSpeech)?;
        let transcript = match &perception.transcript {
            Some(transcript) if transcript.unreliable.is_none() => Ok(transcript),
            _ => Err(NotAssessed::UnreliableTranscript),
        };
        let words = transcript.map_or_else(|_| Vec::new(), |transcript| timing::words(transcript, from_s));
        let pitch = Pitch::new(track, &timing);
        let lexicons = context.semantics.map_or_else(Lexicons::shipped, |said| Arc::clone(&said.lexicons));
        Ok(Self { track, timing, pitch, transcript, words, question_end_s, lexicons })
    }

    fn outcome(&self, name: &str) -> Outcome {
        match name {
            "speech.answer_latency" => self.answer_latency(),
            "speech.articulation_rate" => self.rate(self.timing.speaking_s()),
            "speech.filled_pause_rate" => self.filled_pause_rate(),
            "speech.pause_longest_s" => {
                self.pauses(|pauses, _| Some(pauses.iter().copied().fold(0.0, f64::max)))
            }
            "speech.pause_mean_s" => {
                self.pauses(|pauses, _| Some(pauses.iter().sum::<f64>() / pauses.len() as f64))
            }
            "speech.pause_rate" => self.pauses(|pauses, whole_s| Some(60.0 * pauses.len() as f64 / whole_s)),
            "speech.pause_ratio" => self.pauses(|pauses, whole_s| Some(pauses.iter().sum::<f64>() / whole_s)),
            "speech.speaking_time" => self.speaking_time(),
            "speech.speech_rate" => self.rate(length_s(&self.timing.whole())),
            "voice.f0_median" => {
                let (value, evidence) = self.pitch.median_hz().ok_or(NotAssessed::TooShort)?;
                self.pitched(value, MEDIAN_VOICED_S, PITCH_FLOOR_DB, evidence)
            }
            "voice.f0_range" => {
                let (value, evidence) = self.pitch.range_semitones().ok_or(NotAssessed::TooShort)?;
                self.pitched(value, SPREAD_VOICED_S, PITCH_FLOOR_DB, evidence)
            }
            "voice.f0_slope" => {
                let (value, evidence) = self.pitch.slope().ok_or(NotAssessed::TooShort)?;
                self.pitched(value, SPREAD_VOICED_S, PITCH_FLOOR_DB, evidence)
            }
            "voice.level_mean" => self.level_mean(),
            "voice.level_range" => self.level_range(),
            "voice.signal_to_noise" => self.signal_to_noise(),
            "voice.steadiness" => self.steadiness(),
            _ => Err(NotAssessed::NotApplicable),
        }
    }

    /// Confidence that noise leaves, or `PoorQuality` under the floor. Without any pause the noise is unknown.
    fn noise(&self, floor_db: f64) -> Result<f64, NotAssessed> {
        match self.track.signal_to_noise_db {
            None => Ok(0.8),
            Some(decibels) if decibels >= floor_db => {
                Ok(0.4 + 0.6 * ((decibels - floor_db) / (CLEAN_DB - floor_db)).min(1.0))
            }
            Some(_) => Err(NotAssessed::PoorQuality),
        }
    }

    fn rate(&self, over_s: f64) -> Outcome {
        let transcript = self.transcript?;
        let noise = self.noise(TIMING_FLOOR_DB)?;
        let amount = amount(self.timing.speaking_s(), RATE_SPEAKING_S)?;
        let syllables: usize = self.words.iter().map(|word| word.syllables).sum();
        if syllables == 0 {
            // Speech was detected, but nothing of it recognised.
            return Err(NotAssessed::UnreliableTranscript);
        }
        Ok((syllables as f64 / over_s, amount * noise * transcript.confidence, self.passages()))
    }

    /// The slowest and the fastest passage of at least [`PASSAGE_S`] within one run, in order of time.
    fn passages(&self) -> Vec<Evidence> {
        let mut slowest: Option<(f64, Evidence)> = None;
        let mut fastest: Option<(f64, Evidence)> = None;
        for run in &self.timing.runs {
            let words = words_within(&self.words, run);
            let mut last = 0;
            let mut syllables = 0;
            for first in 0..words.len() {
                while last < words.len()
                    && (last <= first || words[last - 1].end_s - words[first].start_s < PASSAGE_S)
                {
                    syllables += words[last].syllables;
                    last += 1;
                }
                let length_s = words[last - 1].end_s - words[first].start_s;
                if length_s < PASSAGE_S {
                    break;
                }
                let rate = syllables as f64 / length_s;
                let evidence = || {
                    let text = format!("{rate:.1} syllables/s: {}", quote(&words[first..last]));
                    Evidence::new(words[first].start_s, words[last - 1].end_s, text)
                };
                if slowest.as_ref().is_none_or(|(known, _)| rate < *known) {
                    slowest = Some((rate, evidence()));
                }
                if fastest.as_ref().is_none_or(|(known, _)| rate > *known) {
                    fastest = Some((rate, evidence()));
                }
                syllables -= words[first].syllables;
            }
        }
        in_order(slowest.into_iter().chain(fastest).map(|(_, evidence)| evidence).collect())
    }

    fn filled_pause_rate(&self) -> Outcome {
        let transcript = self.transcript?;
        let noise = self.noise(TIMING_FLOOR_DB)?;
        let amount = amount(length_s(&self.timing.whole()), PAUSE_WHOLE_S)?;
        let found = fillers::find(&self.words, transcript.language, &self.lexicons);
        let evidence = found.iter().take(MAX_EVIDENCE);
        let evidence =
            evidence.map(|filler| Evidence::new(filler.start_s, filler.end_s, &filler.text)).collect();
        let per_minute = 60.0 * found.len() as f64 / length_s(&self.timing.whole());
        // Recognisers leave fillers out, hence half.
        Ok((per_minute, 0.5 * amount * noise * transcript.confidence, evidence))
    }

    /// A measure of the lengths of the pauses and the time from first to last speech.
    fn pauses(&self, value: impl Fn(&[f64], f64) -> Option<f64>) -> Outcome {
        let noise = self.noise(TIMING_FLOOR_DB)?;
        let whole_s = length_s(&self.timing.whole());
        let amount = amount(whole_s, PAUSE_WHOLE_S)?;
        let lengths: Vec<f64> = self.timing.pauses.iter().map(length_s).collect();
        let value =
            value(&lengths, whole_s).filter(|value| value.is_finite()).ok_or(NotAssessed::TooShort)?;
        Ok((value, amount * noise, self.longest_pauses()))
    }

    /// The longest pauses with the words around them, in order of time.
    fn longest_pauses(&self) -> Vec<Evidence> {
        let mut longest: Vec<&Span> = self.timing.pauses.iter().collect();
        longest.sort_by(|a, b| length_s(b).total_cmp(&length_s(a)).then(a.start_s.total_cmp(&b.start_s)));
        longest.truncate(MAX_EVIDENCE);
        let evidence = longest.into_iter().map(|pause| {
            let middle_s = f64::midpoint(pause.start_s, pause.end_s);
            let after = self.words.partition_point(|word| f64::midpoint(word.start_s, word.end_s) < middle_s);
            let text_of = |word: Option<&SpokenWord<'_>>| word.map_or("", |word| word.text).to_owned();
            let before = text_of(after.checked_sub(1).and_then(|index| self.words.get(index)));
            let text = format!("{before} … {:.2} s … {}", length_s(pause), text_of(self.words.get(after)));
            Evidence::new(pause.start_s, pause.end_s, text.trim())
        });
        in_order(evidence.collect())
    }

    fn answer_latency(&self) -> Outcome {
        let noise = self.noise(TIMING_FLOOR_DB)?;
        let from_s = self.question_end_s.unwrap_or(0.0);
        let first_word = self.words.first();
        let holds_words = |span: &&Span| !words_within(&self.words, span).is_empty();
        let span = self.timing.speech.iter().find(holds_words).or(self.timing.speech.first());
        let span = span.ok_or(NotAssessed::NoSpeech)?;
        let start_s = match first_word {
            Some(word) if span.start_s <= from_s => word.start_s.clamp(from_s, span.end_s),
            _ => span.start_s,
        };
        let text = quote(words_within(&self.words, span));
        let confidence = if self.question_end_s.is_some() { 1.0 } else { 0.5 };
        Ok((start_s - from_s, confidence * noise, vec![Evidence::new(start_s, span.end_s, text)]))
    }

    fn speaking_time(&self) -> Outcome {
        let noise = self.noise(TIMING_FLOOR_DB)?;
        let whole = self.timing.whole();
        let evidence = Evidence::new(whole.start_s, whole.end_s, quote(&self.words));
        Ok((self.timing.speaking_s(), noise, vec![evidence]))
    }

    /// A measure of the pitch, with what quality and amount leave of its confidence.
    fn pitched(&self, value: f64, voiced_s: (f64, f64), floor_db: f64, evidence: Vec<Evidence>) -> Outcome {
        let noise = self.noise(floor_db)?;
        if self.track.clipped_ratio > CLIPPED_PITCH {
            return Err(NotAssessed::PoorQuality);
        }
        Ok((value, noise * amount(self.pitch.voiced_s(), voiced_s)?, evidence))
    }

    fn steadiness(&self) -> Outcome {
        let (value, measured_s, evidence) = self.pitch.steadiness().ok_or(NotAssessed::TooShort)?;
        let (value, confidence, evidence) =
            self.pitched(value, SPREAD_VOICED_S, DETAIL_FLOOR_DB, evidence)?;
        Ok((value, confidence.min(amount(measured_s, SPREAD_VOICED_S)?), evidence))
    }

    /// Levels mean nothing when they hit the ceiling.
    fn unclipped(&self) -> Result<(), NotAssessed> {
        if self.track.clipped_ratio > CLIPPED_LEVEL { Err(NotAssessed::PoorQuality) } else { Ok(()) }
    }

    fn level_mean(&self) -> Outcome {
        self.unclipped()?;
        let noise = self.noise(TIMING_FLOOR_DB)?;
        let value = self.pitch.level_mean_db(&self.timing.speech).ok_or(NotAssessed::TooShort)?;
        let amount = amount(self.timing.speaking_s(), MEDIAN_VOICED_S)?;
        let whole = self.timing.whole();
        let evidence = Evidence::new(whole.start_s, whole.end_s, format!("{value:.1} dBFS"));
        Ok((value, 0.5 * noise * amount, vec![evidence]))
    }

    fn level_range(&self) -> Outcome {
        self.unclipped()?;
        let (value, evidence) = self.pitch.level_range_db().ok_or(NotAssessed::TooShort)?;
        self.pitched(value, SPREAD_VOICED_S, DETAIL_FLOOR_DB, evidence)
    }

    fn signal_to_noise(&self) -> Outcome {
        let value = self.track.signal_to_noise_db.ok_or(NotAssessed::TooShort)?;
        let pausing = self.timing.pausing_s() + self.timing.whole().start_s;
        let longest = self.timing.pauses.iter().max_by(|a, b| length_s(a).total_cmp(&length_s(b)));
        let evidence =
            longest.map(|pause| Evidence::new(pause.start_s, pause.end_s, format!("{value:.1} dB")));
        Ok((value, 0.5 + 0.5 * (pausing / 2.0).clamp(0.0, 1.0), evidence.into_iter().collect()))
    }
}

/// Confidence by how much there is: 0.3 at the least amount, 1 at the full one, `TooShort` under the least.
fn amount(have: f64, (least, full): (f64, f64)) -> Result<f64, NotAssessed> {
    // Half a millisecond of tolerance, so that rounded times on the limit count.
    if have + 5e-4 < least {
        return Err(NotAssessed::TooShort);
    }
    Ok(0.3 + 0.7 * ((have - least) / (full - least)).clamp(0.0, 1.0))
}

/// Evidence in order of time, without repeats.
fn in_order(mut evidence: Vec<Evidence>) -> Vec<Evidence> {
    evidence.sort_by(|a, b| a.start_s.total_cmp(&b.start_s).then(a.end_s.total_cmp(&b.end_s)));
    evidence.dedup();
    evidence
}

#[cfg(test)]
mod tests;
