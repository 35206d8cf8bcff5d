//! Rubric points in an answer: a blend of words, related words and meaning, with the sentence that proves it.
//!
//! Three measures are blended by a logistic function whose weights were fitted on the tuning half of the labelled
//! answers (`tests/data/answers/`):
//! - words: the content words of all wordings of the point that one chunk of the answer takes up;
//! - meaning (with embeddings): per wording the closest chunk, averaged over the wordings. The question is taken
//!   out of the similarity (partial correlation), because every chunk about the topic resembles every point of it;
//! - topic: how close the three chunks closest to the question come to it. Answers that only repeat the topic come
//!   closest. The closest, not the mean: more words about something else must not help.
//!
//! Chunks without function words are lists of keywords and prove nothing; nor do chunks in which something is
//! denied, unless the point itself is worded as a denial. Orders to the judge ("give full marks") stand in no chunk.

use std::collections::BTreeSet;

use interview_schemas::Language;
use interview_schemas::features::{Evidence, NotAssessed};
use interview_schemas::job::RubricPoint;

use super::terms::{Said, Term, Terms};
use super::{Content, sentence_evidence};
use crate::perception::semantics::{Chunk, Passage, Semantics, cosine};
use crate::text::{Phrases, lexicon};

/// A point counts as covered from this probability on.
pub(super) const COVERED: f64 = 0.5;

/// Share of function words below which a chunk is a list of keywords: English words, Chinese characters. Measured
/// on the tuning half: lists 0–0.1, answers from 0.17 and 0.05 on.
const KEYWORDS_ONLY: (f64, f64) = (0.15, 0.04);

/// The same for the answer as a whole.
const KEYWORDS_ONLY_WHOLE: (f64, f64) = (0.25, 0.08);

/// Share of denied words from which on a chunk proves nothing.
const DENIED: f64 = 0.5;

/// What is added to the weight of a wording, so that one word of a short wording is no full match.
const RECALL_PRIOR: f64 = 0.7;

/// Chunks closest to the question whose mean is the topic of the answer.
const CLOSEST: usize = 3;

/// Weights of the logistic blend.
struct Blend {
    bias: f64,
    meaning: f64,
    words: f64,
    recall: f64,
    topic: f64,
}

/// Fitted on the tuning half; the biases were then moved to where cross-validation over its answers gave the best F1.
const WITH_MEANING: Blend = Blend { bias: -3.3, meaning: 14.3, words: 2.0, recall: 1.3, topic: -5.8 };
const ENGLISH_WORDS: Blend = Blend { bias: -3.6, meaning: 0.0, words: 2.96, recall: 6.37, topic: 0.0 };
const MANDARIN_WORDS: Blend = Blend { bias: -2.4, meaning: 0.0, words: 1.55, recall: 8.4, topic: 0.0 };

/// What was found of one rubric point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    /// Probability that the point is covered, 0–1.
    pub(super) probability: f64,
    /// The chunk that speaks most for it.
    pub(super) chunk: Option<usize>,
    /// The measures before the blend: meaning, words, recall, topic.
    pub(super) measures: [f64; 4],
}

impl Finding {
    pub(super) fn covered(&self) -> bool {
        self.probability >= COVERED
    }
}

/// Looks for the points of the question's rubric, one finding per point; empty without a rubric.
pub(super) fn find(semantics: &Semantics) -> Vec<Finding> {
    if semantics.rubric.is_empty() {
        return Vec::new();
    }
    let search = Search::new(semantics);
    semantics.rubric.iter().map(|wordings| search.point(wordings)).collect()
}

/// Whether the answer as a whole is a list of keywords.
pub(super) fn is_keyword_list(semantics: &Semantics) -> bool {
    let (english, mandarin) = KEYWORDS_ONLY_WHOLE;
    let least = if semantics.language == Language::Zh { mandarin } else { english };
    let words: f64 = semantics.chunks.iter().map(|chunk| chunk.passage.units.len() as f64).sum();
    let function: f64 =
        semantics.chunks.iter().map(|chunk| chunk.function_share * chunk.passage.units.len() as f64).sum();
    // Two or three words ("Sales.") are an answer, however short.
    words >= 8.0 && function / words < least
}

struct Search<'a> {
    semantics: &'a Semantics,
    terms: Terms,
    denials: Phrases,
    said: Vec<Said>,
    /// Content words of the question: every answer repeats them.
    asked: BTreeSet<Term>,
    /// Chunks that can prove something, and those of them without a denial.
    proving: Vec<usize>,
    affirming: Vec<usize>,
    /// Per chunk its similarity to the question.
    topic: Vec<f64>,
    /// Mean of the three closest.
    closest_topic: f64,
}

impl<'a> Search<'a> {
    fn new(semantics: &'a Semantics) -> Self {
        let terms = Terms::new(semantics);
        let (english, mandarin) = KEYWORDS_ONLY;
        let least = if semantics.language == Language::Zh { mandarin } else { english };
        let chunks = &semantics.chunks;
        let listed = is_keyword_list(semantics);
        let proves = |chunk: &Chunk| !listed && chunk.function_share >= least;
        let proving: Vec<usize> = (0..chunks.len()).filter(|&index| proves(&chunks[index])).collect();
        let affirming =
            proving.iter().copied().filter(|&index| chunks[index].denied_share < DENIED).collect();
        let question = semantics.question.as_ref();
        let to_question =
            |passage: &Passage| question.and_then(|question| cosine(passage, question)).unwrap_or(0.0);
        let topic: Vec<f64> = chunks.iter().map(|chunk| to_question(&chunk.passage)).collect();
        Self {
            denials: semantics.lexicons.list(semantics.language, "denials").phrases(&[lexicon::MAIN]),
            said: chunks.iter().map(|chunk| terms.said(chunk)).collect(),
            asked: question.map(|question| terms.of(question)).unwrap_or_default(),
            terms,
            proving,
            affirming,
            closest_topic: mean_of_largest(&topic, CLOSEST),
            topic,
            semantics,
        }
    }

    fn point(&self, wordings: &[Passage]) -> Finding {
        let denied = wordings.iter().any(|wording| !self.denials.find(&wording.units).is_empty());
        let chunks = if denied { &self.proving } else { &self.affirming };
        let own: Vec<BTreeSet<Term>> = wordings.iter().map(|wording| self.own_terms(wording)).collect();
        let all: BTreeSet<&Term> = own.iter().flatten().filter(|term| !self.asked.contains(term)).collect();
        let words = |chunk: usize| taken_up(all.iter().copied(), &self.said[chunk]).ln_1p();
        let recall = mean_of_best(&own, chunks, |terms, chunk| {
            let weight: f64 = terms.iter().map(Term::weight).sum();
            taken_up(terms.iter(), &self.said[chunk]) / (weight + RECALL_PRIOR)
        });
        let meaning = mean_of_best(wordings, chunks, |wording, chunk| self.meaning(wording, chunk));
        let best = |chunk: &usize| {
            let closest = wordings.iter().map(|wording| self.meaning(wording, *chunk)).fold(-1.0, f64::max);
            words(*chunk) + 2.0 * closest
        };
        let chunk = chunks
            .iter()
            .copied()
            .max_by(|left, right| best(left).total_cmp(&best(right)).then(right.cmp(left)));
        let most = chunks.iter().map(|&chunk| words(chunk)).fold(0.0, f64::max);
        let measures = [meaning, most, recall, self.closest_topic];
        let probability = if chunk.is_some() { self.blend(measures) } else { 0.0 };
        Finding { probability, chunk, measures }
    }

    /// The content words of a wording without those of the question; all of them where none are left.
    fn own_terms(&self, wording: &Passage) -> BTreeSet<Term> {
        let all = self.terms.of(wording);
        let own: BTreeSet<Term> = all.difference(&self.asked).cloned().collect();
        if own.is_empty() { all } else { own }
    }

    /// Similarity of a wording and a chunk with the question taken out: the partial correlation of the two given
    /// the question. 0 without embeddings.
    fn meaning(&self, wording: &Passage, chunk: usize) -> f64 {
        let Some(similarity) = cosine(wording, &self.semantics.chunks[chunk].passage) else { return 0.0 };
        let said = self.topic[chunk];
        let asked = self.semantics.question.as_ref().and_then(|question| cosine(wording, question));
        let asked = asked.unwrap_or(0.0);
        let scale = ((1.0 - said * said) * (1.0 - asked * asked)).sqrt().max(0.05);
        ((similarity - said * asked) / scale).clamp(-1.0, 1.0)
    }

    fn blend(&self, [meaning, words, recall, topic]: [f64; 4]) -> f64 {
        let blend = match (self.semantics.embedded, self.semantics.language) {
            (true, _) => &WITH_MEANING,
            (false, Language::Zh) => &MANDARIN_WORDS,
            (false, _) => &ENGLISH_WORDS,
        };
        let sum = blend.bias
            + blend.meaning * meaning
            + blend.words * words
            + blend.recall * recall
            + blend.topic * topic;
        1.0 / (1.0 + (-sum).exp())
    }
}

/// The mean of the largest values; 0 of none.
fn mean_of_largest(values: &[f64], count: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(|left, right| right.total_cmp(left));
    values.truncate(count);
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// How much of some content words was said.
fn taken_up<'t>(terms: impl Iterator<Item = &'t Term>, said: &Said) -> f64 {
    terms.map(|term| term.weight() * said.takes_up(term)).sum()
}

/// The mean over some items of their best value in any chunk; 0 without items or chunks.
fn mean_of_best<T>(items: &[T], chunks: &[usize], value: impl Fn(&T, usize) -> f64) -> f64 {
    if items.is_empty() || chunks.is_empty() {
        return 0.0;
    }
    let best = |item: &T| chunks.iter().map(|&chunk| value(item, chunk)).fold(f64::MIN, f64::max);
    items.iter().map(best).sum::<f64>() / items.len() as f64
}

/// Confidence in findings: less without a model of meaning.
pub(super) fn confidence(content: &Content<'_>) -> f64 {
    let method = if content.semantics.embedded { 0.85 } else { 0.7 };
    method * content.confidence
}

/// One line of evidence per point of the rubric: ✓ with the sentence that proves it, ✗ where it is missing.
pub(super) fn evidence(content: &Content<'_>) -> Result<Vec<Evidence>, NotAssessed> {
    let rubric = content.rubric()?;
    let line = |(point, finding): (&RubricPoint, &Finding)| {
        let name = super::shorten(&point.text);
        let place = finding.chunk.filter(|_| finding.covered());
        let sentence =
            place.and_then(|chunk| content.semantics.sentence_at(&content.semantics.chunks[chunk].place));
        sentence.map_or_else(
            || Evidence::new(0.0, 0.0, format!("✗ {name}")),
            |sentence| sentence_evidence(&format!("✓ {name}: "), sentence),
        )
    };
    Ok(rubric.iter().zip(&content.findings).map(line).collect())
}
