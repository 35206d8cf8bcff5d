//! The most likely course of the pitch through the candidates of all frames, decided with bounded look-ahead.

use super::autocorrelation::{Candidate, MAX_CANDIDATES, VOICING_THRESHOLD};

/// Cost of a jump by one octave between two voiced frames (Praat: octave jump cost).
const OCTAVE_JUMP_COST: f32 = 0.35;
/// Cost of a change between voiced and unvoiced (Praat: voiced/unvoiced cost).
const VOICING_CHANGE_COST: f32 = 0.14;
/// Frames decided at once, and the least number of later frames that are known when one is decided: 1 s, by
/// when paths through speech have long met in one.
const LOOK_AHEAD_FRAMES: usize = 100;

/// Unvoiced, then the voiced candidates.
const STATES: usize = MAX_CANDIDATES + 1;

/// The states of one frame and where each came from.
#[derive(Clone, Copy)]
struct Step {
    hertz: [f32; STATES],
    from: [u8; STATES],
}

/// A Viterbi path over pitch candidates.
pub(super) struct PitchPath {
    steps: Vec<Step>,
    /// Total of each state of the last frame, and the logarithm of its frequency; unvoiced first.
    score: [f32; STATES],
    octave: [f32; STATES],
    states: usize,
    decided: Vec<f32>,
}

impl PitchPath {
    pub(super) fn new() -> Self {
        Self {
            steps: Vec::with_capacity(2 * LOOK_AHEAD_FRAMES),
            score: [0.0; STATES],
            octave: [0.0; STATES],
            states: 1,
            decided: Vec::new(),
        }
    }

    /// Takes the candidates of the next frame.
    pub(super) fn push(&mut self, candidates: &[Candidate]) {
        let states = candidates.len().min(MAX_CANDIDATES) + 1;
        let mut step = Step { hertz: [0.0; STATES], from: [0; STATES] };
        let mut score = [VOICING_THRESHOLD; STATES];
        let mut octave = [0.0; STATES];
        for (state, candidate) in (1..states).zip(candidates) {
            step.hertz[state] = candidate.hertz;
            score[state] = candidate.strength;
            octave[state] = candidate.hertz.log2();
        }
        let mut highest = f32::NEG_INFINITY;
        for state in 0..states {
            let (mut best, mut from) = (f32::NEG_INFINITY, 0);
            for previous in 0..self.states {
                let cost = match (previous == 0, state == 0) {
                    (true, true) => 0.0,
                    (false, false) => OCTAVE_JUMP_COST * (octave[state] - self.octave[previous]).abs(),
                    _ => VOICING_CHANGE_COST,
                };
                let total = self.score[previous] - cost;
                if total > best {
                    (best, from) = (total, previous as u8);
                }
            }
            score[state] += best;
            step.from[state] = from;
            highest = highest.max(score[state]);
        }
        // Only differences matter; without this the totals would grow until small ones are lost.
        for value in &mut score[..states] {
            *value -= highest;
        }
        (self.score, self.octave, self.states) = (score, octave, states);
        self.steps.push(step);
        if self.steps.len() >= 2 * LOOK_AHEAD_FRAMES {
            self.decide(LOOK_AHEAD_FRAMES);
        }
    }

    /// The pitch of every frame in hertz; 0 where unvoiced.
    pub(super) fn finish(mut self) -> Vec<f32> {
        self.decide(self.steps.len());
        self.decided
    }

    /// Decides the oldest `count` frames by the path that is best so far.
    fn decide(&mut self, count: usize) {
        let mut state = (0..self.states)
            .fold(0, |best, state| if self.score[state] > self.score[best] { state } else { best });
        let first = self.decided.len();
        self.decided.resize(first + count, 0.0);
        for (index, step) in self.steps.iter().enumerate().rev() {
            if index < count {
                self.decided[first + index] = step.hertz[state];
            }
            state = usize::from(step.from[state]);
        }
        self.steps.drain(..count);
    }
}
