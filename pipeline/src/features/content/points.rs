//! Rubric points in an answer: a blend of words, concepts and meaning, with the sentence that proves it.
//!
//! The answer is read in chunks of three lengths, from a clause to several sentences. What is measured:
//! - words: the share of the content words of a wording of the point that one chunk takes up, itself or by a word of the
//!   same concept; of the best short and of the best long chunk, averaged over the wordings;
//! - meaning: per wording the closest chunk, averaged over the wordings and the three lengths. The question is taken out
//!   of the similarity (partial correlation), because every chunk about the topic resembles every point of it;
//! - margin: by how much the best chunk is closer to this point than to any other point of the question, after what all
//!   sentences of interviews have in common was taken away; so every point has a threshold of its own. The same of words;
//! - room: whether there are words enough to cover so many points;
//! - told: how much of the answer tells what is done about the matter instead of talking of something else or in general;
//! - length: long answers touch on every point by chance, so they must come closer;
//! - opinion: how far the answer thinks about the matter. "Communication is important" covers nothing;
//! - denied: whether the short chunk that says most about the point says that it was not done.
//!
//! Without a model of meaning only words are left. In Mandarin, which the model does not know, the meaning is that of an
//! English gloss. How the measures are weighed stands in `measures.rs`.
//!
//! Chunks without function words are lists of keywords and prove nothing; nor does what is denied ("I never called"), nor
//! what little stands beside it in its chunk, unless the point itself is worded as a denial. Orders to the judge ("give
//! full marks") stand in no chunk.

use std::collections::BTreeSet;
use std::ops::Range;

use interview_schemas::Language;
use interview_schemas::features::{Evidence, NotAssessed};
use interview_schemas::job::RubricPoint;
use ndarray::Array1;

use super::measures::Measures;
use super::terms::{Said, Term, Terms};
use super::{Content, sentence_evidence};
use crate::perception::semantics::{Chunk, Passage, Semantics, usual_length};

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

/// Different content words that a point needs at least to be told in full.
const WORDS_PER_POINT: f64 = 8.0;

/// Words from which an answer begins to be long, and from which it is: English words, Chinese characters.
const LONG: [(f64, f64); 2] = [(70.0, 110.0), (112.0, 176.0)];

/// How close the answers for tuning come to the other points of a question; of a rubric of a single point.
const LONE_RIVAL: f64 = 0.22;

/// What is told: from where on a chunk is no opinion any more, and how close it must come to the question or one of its
/// points. Each a value that counts nothing and one that counts in full.
const TELLS: (f64, f64) = (0.15, -0.15);
const ABOUT: (f64, f64) = (0.1, 0.4);

/// Share of the words of a chunk of the usual length that a point needs at least to be told in full.
const TOLD_PER_POINT: f64 = 0.5;

/// More than so much is told need nobody.
const TOLD_MOST: f64 = 1.5;

/// Places among `REPORT_PARTS`.
const ACTION: usize = 2;
const OPINION: usize = 4;

/// What was found of one rubric point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    /// Probability that the point is covered, 0–1.
    pub(super) probability: f64,
    /// Units of the sentence that speaks most for it.
    pub(super) sentence: Option<Range<usize>>,
    /// Units of that sentence that speak most for it.
    pub(super) place: Option<Range<usize>>,
    /// The measures before the blend.
    pub(super) measures: Measures,
}

impl Finding {
    pub(super) fn covered(&self) -> bool {
        self.probability >= COVERED
    }

    /// The sentence that proves the point; `None` where it is not covered.
    pub(super) fn proof(&self) -> Option<&Range<usize>> {
        self.sentence.as_ref().filter(|_| self.covered())
    }

    /// Where in that sentence the point is told; `None` where it is not covered.
    pub(super) fn told_at(&self) -> Option<&Range<usize>> {
        self.place.as_ref().filter(|_| self.covered())
    }
}

/// Looks for the points of the question's rubric, one finding per point; empty without a rubric.
pub(super) fn find(semantics: &Semantics) -> Vec<Finding> {
    if semantics.rubric.is_empty() {
        return Vec::new();
    }
    let search = Search::new(semantics);
    (0..semantics.rubric.len()).map(|point| search.point(point)).collect()
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

/// The share of function words that a chunk needs to prove anything.
fn least_function(semantics: &Semantics) -> f64 {
    let (english, mandarin) = KEYWORDS_ONLY;
    if semantics.language == Language::Zh { mandarin } else { english }
}

/// Chunks of one length, or sentences.
struct Scale<'a> {
    chunks: &'a [Chunk],
    /// What is said in each chunk without what is denied.
    said: Vec<Said>,
    /// The same with what is denied, where something is.
    said_whole: Vec<Option<Said>>,
    /// Per chunk and point the share of the content words of a wording that it takes up, averaged over the wordings.
    words: Vec<Vec<f64>>,
    /// Chunks that can prove something, and those of them without a denial.
    proving: Vec<usize>,
    affirming: Vec<usize>,
    /// All chunks without a denial, however few function words they have: what is quoted.
    told: Vec<usize>,
    /// Per chunk its similarity to the question.
    topic: Vec<f64>,
    /// Per chunk and point the similarity to the closest wording, with what is common to all sentences taken out; empty
    /// without a model of meaning.
    closeness: Vec<Vec<f64>>,
}

struct Search<'a> {
    semantics: &'a Semantics,
    /// Per point and wording the content words that the question does not have: every answer repeats those.
    own: Vec<Vec<BTreeSet<Term>>>,
    /// Short, usual and long.
    scales: [Scale<'a>; 3],
    sentences: Scale<'a>,
    room: f64,
    told: f64,
    length: f64,
    opinion: f64,
}

impl<'a> Search<'a> {
    fn new(semantics: &'a Semantics) -> Self {
        let terms = Terms::wide(semantics);
        let lengths = [&semantics.short_chunks, &semantics.chunks, &semantics.long_chunks];
        let points = semantics.rubric.len() as f64;
        let asked = semantics.question.as_ref().map(|question| terms.of(question)).unwrap_or_default();
        let own: Vec<Vec<BTreeSet<Term>>> = semantics
            .rubric
            .iter()
            .map(|wordings| wordings.iter().map(|wording| own_terms(&terms, &asked, wording)).collect())
            .collect();
        let scales =
            lengths.map(|chunks| Scale::new(semantics, &terms, &own, (chunks, least_function(semantics))));
        Self {
            room: (terms.of(&semantics.cleaned).len() as f64 / (WORDS_PER_POINT * points)).min(1.0),
            told: told(semantics, &scales[1]),
            length: length(semantics),
            opinion: opinion(semantics),
            sentences: Scale::new(semantics, &terms, &own, (&semantics.sentence_chunks, 0.0)),
            own,
            scales,
            semantics,
        }
    }

    fn point(&self, point: usize) -> Finding {
        let wordings = self.semantics.rubric[point].as_slice();
        let denied = self.semantics.denied_points[point];
        let [short, usual, long] = &self.scales;
        let meanings = self.scales.iter().map(|scale| {
            mean_of_best(wordings, scale.allowed(denied), |wording, chunk| {
                self.meaning(scale, wording, (chunk, denied))
            })
        });
        let words = |scale: &Scale<'_>| {
            mean_of_best(&self.own[point], scale.allowed(denied), |terms, chunk| {
                share_said(terms, scale.said(chunk, denied))
            })
        };
        let measures = Measures {
            meaning: meanings.sum::<f64>() / self.scales.len() as f64,
            words: (words(short) + words(long)) / 2.0,
            margin: self.margin(point, denied),
            words_margin: (short.words_margin(point, denied) + long.words_margin(point, denied)) / 2.0,
            room: self.room,
            told: self.told,
            length: self.length,
            opinion: self.opinion,
            denied: if denied { 0.0 } else { short.denied(point) },
        };
        let own: BTreeSet<&Term> = self.own[point].iter().flatten().collect();
        // A sentence can be all function words to a chunk of six: then the chunk itself has to do.
        let sentence = self.sentences.strongest(&own, (point, denied), |_| true);
        let sentence = sentence.or_else(|| usual.strongest(&own, (point, denied), |_| true));
        let within = |place: &Range<usize>| {
            sentence.as_ref().is_some_and(|sentence| place.start < sentence.end && sentence.start < place.end)
        };
        let place = short.strongest(&own, (point, denied), within).or_else(|| sentence.clone());
        let proven = self.scales.iter().any(|scale| !scale.allowed(denied).is_empty());
        let probability = if proven { measures.probability(self.semantics) } else { 0.0 };
        Finding { probability, sentence, place, measures }
    }

    /// Similarity of a wording and a chunk with the question taken out: the partial correlation of the two given
    /// the question. 0 without a model of meaning.
    fn meaning(&self, scale: &Scale<'_>, wording: &Passage, (chunk, denied): (usize, bool)) -> f64 {
        let Some(close) = similarity(wording, scale.passage(chunk, denied)) else { return 0.0 };
        let said = scale.topic[chunk];
        let asked = self.semantics.question.as_ref().and_then(|question| similarity(wording, question));
        let asked = asked.unwrap_or(0.0);
        let size = ((1.0 - said * said) * (1.0 - asked * asked)).sqrt().max(0.05);
        ((close - said * asked) / size).clamp(-1.0, 1.0)
    }

    /// By how much some chunk is closer to a point than to every other one; 0 without a model of meaning.
    fn margin(&self, point: usize, denied: bool) -> f64 {
        let of_chunk = |points: &Vec<f64>| {
            let others = points.iter().enumerate().filter(|(other, _)| *other != point);
            let rival = others.map(|(_, closeness)| *closeness).reduce(f64::max);
            points[point] - rival.unwrap_or(LONE_RIVAL)
        };
        let margins = self.scales.iter().flat_map(|scale| {
            scale.allowed(denied).iter().filter_map(|&chunk| scale.closeness.get(chunk)).map(of_chunk)
        });
        margins.reduce(f64::max).unwrap_or(0.0)
    }
}

impl<'a> Scale<'a> {
    fn new(
        semantics: &Semantics,
        terms: &Terms,
        own: &[Vec<BTreeSet<Term>>],
        (chunks, least): (&'a [Chunk], f64),
    ) -> Self {
        let listed = is_keyword_list(semantics);
        let proves = |chunk: &Chunk| !listed && chunk.function_share >= least;
        let proving: Vec<usize> = (0..chunks.len()).filter(|&index| proves(&chunks[index])).collect();
        let affirms = |index: &usize| chunks[*index].denied_share < DENIED;
        let affirming = proving.iter().copied().filter(affirms).collect();
        let told = (0..chunks.len()).filter(|index| !listed && affirms(index)).collect();
        let to_question = |chunk: &Chunk| {
            semantics
                .question
                .as_ref()
                .and_then(|question| similarity(chunk.affirmed(), question))
                .unwrap_or(0.0)
        };
        let said: Vec<Said> = chunks.iter().map(|chunk| terms.said(chunk.affirmed())).collect();
        let said_whole =
            chunks.iter().map(|chunk| chunk.affirmed.as_ref().map(|_| terms.said(&chunk.passage))).collect();
        let taken_up = |said: &Said| own.iter().map(|wordings| mean_share_said(wordings, said)).collect();
        Self {
            words: said.iter().map(taken_up).collect(),
            said,
            said_whole,
            proving,
            affirming,
            told,
            topic: chunks.iter().map(to_question).collect(),
            closeness: closeness(semantics, chunks),
            chunks,
        }
    }

    /// What is said in a chunk; with what is denied for a point that is worded as a denial.
    fn said(&self, chunk: usize, denied: bool) -> &Said {
        self.said_whole[chunk].as_ref().filter(|_| denied).unwrap_or(&self.said[chunk])
    }

    /// The words of a chunk, in the same way.
    fn passage(&self, chunk: usize, denied: bool) -> &Passage {
        let chunk = &self.chunks[chunk];
        if denied { &chunk.passage } else { chunk.affirmed() }
    }

    /// Chunks that can prove a point, which is worded as a denial or not.
    fn allowed(&self, denied: bool) -> &[usize] {
        if denied { &self.proving } else { &self.affirming }
    }

    /// By how much some chunk has more words of a point than of every other one; 0 where no chunk can prove anything.
    fn words_margin(&self, point: usize, denied: bool) -> f64 {
        let margins = self.allowed(denied).iter().map(|&chunk| {
            let words = &self.words[chunk];
            let others = words.iter().enumerate().filter(|(other, _)| *other != point);
            words[point] - others.map(|(_, words)| *words).fold(0.0, f64::max)
        });
        margins.reduce(f64::max).unwrap_or(0.0)
    }

    /// The share of denied words in the chunk that says most about a point, the earlier of equals.
    fn denied(&self, point: usize) -> f64 {
        let said = |chunk: usize| {
            self.words[chunk][point] + self.closeness.get(chunk).map_or(0.0, |points| points[point])
        };
        let most = (0..self.chunks.len())
            .max_by(|left, right| said(*left).total_cmp(&said(*right)).then(right.cmp(left)));
        most.map_or(0.0, |chunk| self.chunks[chunk].denied_share)
    }

    /// The place of the wanted chunk that speaks most for a point, the earlier of equals.
    fn strongest(
        &self,
        own: &BTreeSet<&Term>,
        (point, denied): (usize, bool),
        wanted: impl Fn(&Range<usize>) -> bool,
    ) -> Option<Range<usize>> {
        let strength = |chunk: usize| {
            let closeness = self.closeness.get(chunk).map_or(0.0, |points| points[point]);
            taken_up(own.iter().copied(), self.said(chunk, denied)).ln_1p() + 2.0 * closeness
        };
        let told = if denied { &self.proving } else { &self.told };
        let allowed = told.iter().filter(|&&chunk| wanted(&self.chunks[chunk].place));
        let strengths = allowed.map(|&chunk| (strength(chunk), chunk));
        let best = strengths.max_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(&left.1)));
        best.map(|(_, chunk)| self.chunks[chunk].place.clone())
    }
}

/// Per chunk and point the closest wording, centred; empty without a model of meaning.
fn closeness(semantics: &Semantics, chunks: &[Chunk]) -> Vec<Vec<f64>> {
    let Some(examples) = &semantics.telling else { return Vec::new() };
    let centred = |passage: &Passage| passage.meaning().map(|meaning| examples.centred(meaning.view()));
    let points: Vec<Vec<Array1<f32>>> =
        semantics.rubric.iter().map(|wordings| wordings.iter().filter_map(centred).collect()).collect();
    let to_points = |chunk: &Chunk| {
        let said = centred(chunk.affirmed());
        let to_point = |wordings: &Vec<Array1<f32>>| {
            let closest =
                wordings.iter().map(|wording| said.as_ref().map_or(0.0, |said| f64::from(said.dot(wording))));
            closest.reduce(f64::max).unwrap_or(0.0)
        };
        points.iter().map(to_point).collect()
    };
    chunks.iter().map(to_points).collect()
}

/// How much is told about the matter in chunks of the usual length, in points that could be told with so many words;
/// 0 without a model of meaning.
fn told(semantics: &Semantics, scale: &Scale<'_>) -> f64 {
    let Some(examples) = &semantics.telling else { return 0.0 };
    let between = |value: f64, (none, full): (f64, f64)| ((value - none) / (full - none)).clamp(0.0, 1.0);
    let asked = semantics.question.as_ref().and_then(Passage::meaning);
    let asked = asked.map(|asked| examples.centred(asked.view()));
    let of_chunk = |&chunk: &usize| {
        let Some(meaning) = scale.chunks[chunk].affirmed().meaning() else { return 0.0 };
        let strengths = examples.strengths(meaning.view());
        let opinion = strengths
            .get(OPINION)
            .zip(strengths.get(ACTION))
            .map_or(0.0, |(opinion, action)| opinion - action);
        let to_question =
            asked.as_ref().map_or(-1.0, |asked| f64::from(examples.centred(meaning.view()).dot(asked)));
        let closest = scale.closeness[chunk].iter().copied().fold(to_question, f64::max);
        // Chunks overlap by half.
        let words = scale.chunks[chunk].passage.units.len() as f64 / 2.0;
        words * between(opinion, TELLS) * between(closest, ABOUT)
    };
    let needed = TOLD_PER_POINT * usual_length(semantics.language) as f64 * semantics.rubric.len() as f64;
    (scale.affirming.iter().map(of_chunk).sum::<f64>() / needed).min(TOLD_MOST)
}

/// The content words of a wording without those of the question; all of them where none are left.
fn own_terms(terms: &Terms, asked: &BTreeSet<Term>, wording: &Passage) -> BTreeSet<Term> {
    let all = terms.of(wording);
    let asked = |term: &&Term| asked.iter().any(|asked| asked.stems == term.stems);
    let own: BTreeSet<Term> = all.iter().filter(|term| !asked(term)).cloned().collect();
    if own.is_empty() { all } else { own }
}

/// How long an answer is, from 0 (as the answers that most weights come from) to 1.
fn length(semantics: &Semantics) -> f64 {
    let (begins, reached) = LONG[usize::from(semantics.language == Language::Zh)];
    ((semantics.cleaned.units.len() as f64 - begins) / (reached - begins)).clamp(0.0, 1.0)
}

/// How far an answer thinks instead of telling what is done, on average over its chunks; 0 without a model of meaning.
pub(super) fn opinion(semantics: &Semantics) -> f64 {
    let Some(examples) = &semantics.telling else { return 0.0 };
    let of_chunk = |chunk: &Chunk| -> Option<f64> {
        let strengths = examples.strengths(chunk.passage.meaning()?.view());
        Some(strengths.get(OPINION)? - strengths.get(ACTION)?)
    };
    let values: Vec<f64> = semantics.chunks.iter().filter_map(of_chunk).collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// How much two passages mean the same, by their own meaning or that of their glosses.
fn similarity(left: &Passage, right: &Passage) -> Option<f64> {
    let (left, right) = (left.meaning()?, right.meaning()?);
    Some(interview_models::minilm::cosine(left.view(), right.view()))
}

/// The share of some content words that was said, 0–1.
fn share_said(terms: &BTreeSet<Term>, said: &Said) -> f64 {
    let weight: f64 = terms.iter().map(Term::weight).sum();
    taken_up(terms.iter(), said) / (weight + RECALL_PRIOR)
}

/// The share of the content words of wordings that was said, averaged over the wordings.
fn mean_share_said(wordings: &[BTreeSet<Term>], said: &Said) -> f64 {
    let sum: f64 = wordings.iter().map(|terms| share_said(terms, said)).sum();
    sum / wordings.len().max(1) as f64
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
    let method = match (content.semantics.embedded, content.semantics.glossed) {
        (true, _) => 0.85,
        (_, true) => 0.8,
        _ => 0.7,
    };
    method * content.confidence
}

/// One line of evidence per point of the rubric: ✓ with the sentence that proves it, ✗ where it is missing.
pub(super) fn evidence(content: &Content<'_>) -> Result<Vec<Evidence>, NotAssessed> {
    let rubric = content.rubric()?;
    let line = |(point, finding): (&RubricPoint, &Finding)| {
        let name = super::shorten(&point.text);
        let sentence = finding.proof().and_then(|place| content.semantics.sentence_at(place));
        sentence.map_or_else(
            || Evidence::new(0.0, 0.0, format!("✗ {name}")),
            |sentence| sentence_evidence(&format!("✓ {name}: "), sentence),
        )
    };
    Ok(rubric.iter().zip(&content.findings).map(line).collect())
}
