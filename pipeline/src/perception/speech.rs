//! From sound to pieces of speech for a recogniser, streaming: voice activity, joining, and the way back from
//! the times of a piece to the times of the recording.

use std::collections::VecDeque;

use interview_models::ModelError;
use interview_models::silero::{FRAME_SAMPLES, SAMPLE_RATE_HZ, SileroVad};
use interview_models::transcriber::{PieceLengths, SpeechPiece};
use interview_schemas::features::round_decimals;
use interview_schemas::perception::Span;

use super::segmenter::{FoundSpeech, SampleRange, VadSegmenter};

/// Sound before and after the speech of a piece (0.1 s).
const MARGIN_SAMPLES: u64 = 1_600;
/// Pauses within a piece are shortened to this length (1 s): long silence makes recognisers invent words.
const LONGEST_PAUSE_SAMPLES: u64 = 16_000;
const HALF_PAUSE_SAMPLES: u64 = LONGEST_PAUSE_SAMPLES / 2;
/// A pause of this length (0.5 s) lies between sentences or clauses: a good place to cut.
const SENTENCE_PAUSE_SAMPLES: u64 = 8_000;
/// Pieces cannot be limited to less than this (2 s).
const LEAST_LIMIT_SAMPLES: u64 = 32_000;

/// A stretch of sound that a piece took over without a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// First sample in the piece.
    piece_start: u64,
    /// The same sample in the recording.
    media_start: u64,
}

/// Where a piece lies in the recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    /// Number of the piece within the recording, from 0.
    pub index: usize,
    /// Where somebody speaks, in seconds of the recording.
    pub speech: Vec<Span>,
    runs: Vec<Run>,
}

impl Placement {
    /// A piece that begins at a time of the recording and was taken over without a cut.
    #[must_use]
    pub fn unbroken(index: usize, start_s: f64, speech: Vec<Span>) -> Self {
        let media_start = (start_s.max(0.0) * f64::from(SAMPLE_RATE_HZ)).round() as u64;
        Self { index, speech, runs: vec![Run { piece_start: 0, media_start }] }
    }

    /// The time in the recording of a time in the piece, both in seconds.
    #[must_use]
    pub fn media_time_s(&self, piece_time_s: f64) -> f64 {
        let run =
            self.runs.iter().rev().find(|run| seconds(run.piece_start) <= piece_time_s).or(self.runs.first());
        run.map_or(piece_time_s, |run| piece_time_s - seconds(run.piece_start) + seconds(run.media_start))
    }

    /// Seconds of speech.
    #[must_use]
    pub fn speech_s(&self) -> f64 {
        self.speech.iter().fold(0.0, |sum, span| sum + (span.end_s - span.start_s).max(0.0))
    }
}

/// A piece of speech with its place in the recording.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedPiece {
    /// Where it lies.
    pub placement: Placement,
    /// What the recogniser gets.
    pub piece: SpeechPiece,
}

/// The piece that is being collected.
struct Collecting {
    samples: Vec<f32>,
    runs: Vec<Run>,
    /// Speech in samples of the piece and of the recording.
    speech: Vec<(SampleRange, SampleRange)>,
    /// The pause after the last speech was too long: half of it stands in the piece already.
    paused: bool,
}

impl Collecting {
    fn last_end(&self) -> u64 {
        self.speech.last().map_or(0, |(_, media)| media.end)
    }

    /// Samples up to the end of the last speech.
    fn speech_samples(&self) -> u64 {
        self.speech.last().map_or(0, |(piece, _)| piece.end)
    }
}

/// Finds speech in a recording and cuts it into pieces for a recogniser. Holds back no more sound than one
/// piece and its surroundings, whatever the length of the recording.
pub struct SpeechSegmenter {
    vad: SileroVad,
    limit: u64,
    enough: u64,
    segmenter: VadSegmenter,
    probabilities: Vec<f32>,
    /// Probabilities of the frames of the open speech.
    open_probabilities: VecDeque<f32>,
    /// Sound from sample `kept_from` on.
    kept: VecDeque<f32>,
    kept_from: u64,
    collecting: Option<Collecting>,
    /// As detected, without padding.
    speech: Vec<SampleRange>,
    /// Where the last speech ended.
    last_end: u64,
    pieces: usize,
}

impl SpeechSegmenter {
    /// Begins a recording that is to be cut into pieces of such lengths
    /// ([`interview_models::Transcriber::piece_lengths`]).
    #[must_use]
    pub fn new(vad: SileroVad, lengths: PieceLengths) -> Self {
        let samples = |length_s: f64| (length_s.clamp(0.0, 3_600.0) * f64::from(SAMPLE_RATE_HZ)) as u64;
        let limit = samples(lengths.limit_s);
        Self {
            vad,
            limit: limit.max(LEAST_LIMIT_SAMPLES),
            enough: samples(lengths.enough_s),
            segmenter: VadSegmenter::default(),
            probabilities: Vec::new(),
            open_probabilities: VecDeque::new(),
            kept: VecDeque::new(),
            kept_from: 0,
            collecting: None,
            speech: Vec::new(),
            last_end: 0,
            pieces: 0,
        }
    }

    /// Takes mono sound at 16 kHz in [-1, 1], any number of samples; gives the pieces that are complete.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when voice activity detection does not run.
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<PlacedPiece>, ModelError> {
        let mut pieces = Vec::new();
        // In blocks, so that a whole recording at once costs no more memory than small chunks.
        for block in samples.chunks(64 * FRAME_SAMPLES) {
            let clean: Vec<f32> = block.iter().map(|&sample| clean_sample(sample)).collect();
            self.kept.extend(&clean);
            self.vad.push(&clean, &mut self.probabilities)?;
            self.advance(&mut pieces);
        }
        Ok(pieces)
    }

    /// Ends the recording; gives the remaining pieces. Afterwards a new recording can begin.
    ///
    /// # Errors
    /// [`ModelError::Inference`] when voice activity detection does not run.
    pub fn finish(&mut self) -> Result<Vec<PlacedPiece>, ModelError> {
        let mut pieces = Vec::new();
        self.vad.finish(&mut self.probabilities)?;
        self.advance(&mut pieces);
        let samples = self.kept_from + self.kept.len() as u64;
        if let Some(range) = self.segmenter.finish(samples) {
            self.take_speech(range, &mut pieces);
        }
        self.complete(u64::MAX, &mut pieces);
        self.segmenter = VadSegmenter::default();
        self.open_probabilities.clear();
        self.kept.clear();
        self.kept_from = 0;
        self.last_end = 0;
        self.pieces = 0;
        Ok(pieces)
    }

    /// The spans of speech that were found since the last call, in seconds of the recording, without the margin that
    /// recognisers get: pauses between them are as long as they were. Also after [`SpeechSegmenter::finish`].
    pub fn take_speech_spans(&mut self) -> Vec<Span> {
        // A span that was split because of its length is one span of speech.
        let mut spans: Vec<SampleRange> = Vec::with_capacity(self.speech.len());
        for range in self.speech.drain(..) {
            match spans.last_mut() {
                Some(last) if last.end >= range.start => last.end = range.end,
                _ => spans.push(range),
            }
        }
        spans.into_iter().map(span).collect()
    }

    /// Gives the detector back.
    #[must_use]
    pub fn into_vad(mut self) -> SileroVad {
        self.vad.reset();
        self.vad
    }

    fn advance(&mut self, pieces: &mut Vec<PlacedPiece>) {
        for probability in std::mem::take(&mut self.probabilities) {
            let ended = self.segmenter.push(probability);
            if self.segmenter.open_since().is_some() {
                self.open_probabilities.push_back(probability);
            } else {
                self.open_probabilities.clear();
            }
            if let Some(range) = ended {
                self.take_speech(range, pieces);
            }
            self.split_long_speech(pieces);
            self.complete_if_full(pieces);
            self.complete_if_enough(pieces);
            self.close_long_pause();
            self.forget();
        }
    }

    /// Splits speech that fills a piece alone at its least probable frame of the second half.
    fn split_long_speech(&mut self, pieces: &mut Vec<PlacedPiece>) {
        let Some(start) = self.segmenter.open_since() else { return };
        let position = self.segmenter.position();
        if position - start + 2 * MARGIN_SAMPLES + FRAME_SAMPLES as u64 <= self.limit {
            return;
        }
        let frames = self.open_probabilities.len();
        let Some((index, _)) = self
            .open_probabilities
            .iter()
            .enumerate()
            .skip(frames / 2)
            .min_by(|one, other| one.1.total_cmp(other.1).then(other.0.cmp(&one.0)))
        else {
            return;
        };
        let at = position - (frames - index) as u64 * FRAME_SAMPLES as u64;
        if let Some(range) = self.segmenter.split(at) {
            self.open_probabilities.drain(..index);
            self.take_speech(range, pieces);
        }
    }

    /// Adds a span of speech to the piece, or begins a new piece with it.
    fn take_speech(&mut self, found: FoundSpeech, pieces: &mut Vec<PlacedPiece>) {
        self.speech.push(found.spoken);
        let range = found.padded;
        if self.collecting.as_ref().is_some_and(|piece| !self.has_room(piece, range)) {
            self.complete(range.start, pieces);
        }
        let mut piece = self.collecting.take().unwrap_or_else(|| Collecting {
            samples: Vec::new(),
            runs: Vec::new(),
            speech: Vec::new(),
            paused: false,
        });
        let from = match piece.speech.last() {
            None => range.start.saturating_sub(MARGIN_SAMPLES).max(self.last_end.min(range.start)),
            Some(_) if piece.paused => range.start.saturating_sub(HALF_PAUSE_SAMPLES),
            Some((_, media)) => media.end,
        };
        if piece.paused || piece.runs.is_empty() {
            piece.runs.push(Run { piece_start: piece.samples.len() as u64, media_start: from });
        }
        piece.paused = false;
        let lead = range.start - from;
        let start = piece.samples.len() as u64 + lead;
        self.copy_kept(from, range.end, &mut piece.samples);
        self.last_end = range.end;
        piece.speech.push((SampleRange { start, end: start + (range.end - range.start) }, range));
        self.collecting = Some(piece);
    }

    /// Whether speech fits into the piece with the pause before it.
    fn has_room(&self, piece: &Collecting, range: SampleRange) -> bool {
        let pause = range.start.saturating_sub(piece.last_end()).min(LONGEST_PAUSE_SAMPLES);
        piece.speech_samples() + pause + (range.end - range.start) + MARGIN_SAMPLES <= self.limit
    }

    /// Completes the piece as soon as the open speech is certain not to fit into it.
    fn complete_if_full(&mut self, pieces: &mut Vec<PlacedPiece>) {
        let (Some(piece), Some(start)) = (&self.collecting, self.segmenter.open_since()) else { return };
        if let Some(end) = self.segmenter.certain_until()
            && !self.has_room(piece, SampleRange { start, end })
        {
            self.complete(start, pieces);
        }
    }

    /// Completes a piece that is long enough at a pause between sentences.
    fn complete_if_enough(&mut self, pieces: &mut Vec<PlacedPiece>) {
        let until = self.segmenter.open_since().unwrap_or_else(|| self.segmenter.position());
        if self.collecting.as_ref().is_some_and(|piece| {
            piece.speech_samples() >= self.enough
                && until.saturating_sub(piece.last_end()) >= SENTENCE_PAUSE_SAMPLES
        }) {
            self.complete(until, pieces);
        }
    }

    /// When the pause after the piece grows too long, takes over its first half, so that no more of it need be
    /// kept.
    fn close_long_pause(&mut self) {
        let until = self.segmenter.open_since().unwrap_or_else(|| self.segmenter.position());
        let Some(mut piece) = self.collecting.take() else { return };
        let end = piece.last_end();
        if !piece.paused && until.saturating_sub(end) > LONGEST_PAUSE_SAMPLES {
            self.copy_kept(end, end + HALF_PAUSE_SAMPLES, &mut piece.samples);
            piece.paused = true;
        }
        self.collecting = Some(piece);
    }

    /// Hands the piece over, with its margin after the last speech but not into the speech that begins at
    /// `next`.
    fn complete(&mut self, next: u64, pieces: &mut Vec<PlacedPiece>) {
        let Some(mut piece) = self.collecting.take() else { return };
        let end = piece.last_end();
        if piece.paused {
            piece.samples.truncate((piece.speech_samples() + MARGIN_SAMPLES) as usize);
        } else {
            self.copy_kept(end, (end + MARGIN_SAMPLES).min(next), &mut piece.samples);
        }
        let placement = Placement {
            index: self.pieces,
            speech: piece.speech.iter().map(|(_, media)| span(*media)).collect(),
            runs: piece.runs,
        };
        let speech = piece.speech.iter().map(|(inside, _)| span(*inside)).collect();
        self.pieces += 1;
        pieces.push(PlacedPiece { placement, piece: SpeechPiece { samples: piece.samples, speech } });
    }

    /// Appends kept sound; what is not there any more or not yet is left out.
    fn copy_kept(&self, from: u64, to: u64, target: &mut Vec<f32>) {
        let index = |sample: u64| {
            usize::try_from(sample.saturating_sub(self.kept_from)).unwrap_or(usize::MAX).min(self.kept.len())
        };
        let (from, to) = (index(from), index(to));
        if from < to {
            target.extend(self.kept.range(from..to));
        }
    }

    /// Drops sound that no piece will need.
    fn forget(&mut self) {
        let reach = HALF_PAUSE_SAMPLES.max(MARGIN_SAMPLES);
        let mut needed = self.segmenter.open_since().unwrap_or_else(|| self.segmenter.position());
        // Speech that begins with the next frame is padded backwards by less than a frame.
        needed = needed.saturating_sub(reach + FRAME_SAMPLES as u64);
        if let Some(piece) = &self.collecting
            && !piece.paused
        {
            needed = needed.min(piece.last_end());
        }
        let drop = usize::try_from(needed.saturating_sub(self.kept_from)).unwrap_or(0).min(self.kept.len());
        self.kept.drain(..drop);
        self.kept_from += drop as u64;
    }
}

/// Sound from a file of strangers: no number may be infinite or not a number.
fn clean_sample(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }
}

fn seconds(samples: u64) -> f64 {
    samples as f64 / f64::from(SAMPLE_RATE_HZ)
}

fn span(range: SampleRange) -> Span {
    Span { start_s: round_decimals(seconds(range.start), 4), end_s: round_decimals(seconds(range.end), 4) }
}
