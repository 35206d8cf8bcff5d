//! The meaning of what was said, in memory only: sentences with times, cleaned words, embeddings.
//!
//! Everything an answer is compared with (question, rubric points, requirements) goes through the same
//! normalisation as the answer and, where the embedding model knows the language, through one batched call of it.

mod chunks;
mod denials;
mod examples;
mod gloss;
mod lists;
mod orders;
mod requirements;
mod sentences;
mod source;
mod typing;
mod words;

use std::ops::Range;
use std::sync::Arc;

use interview_models::{Embedder, ModelError};
use interview_schemas::Language;
use interview_schemas::job::{Position, Question};
use interview_schemas::perception::Transcript;
use ndarray::{Array1, Array2};

use self::chunks::Scale;
pub use self::chunks::{Chunk, usual_length};
pub use self::examples::Examples;
use self::gloss::Glossary;
use self::orders::Orders;
pub use self::requirements::Wanted;
pub use self::sentences::Sentence;
use self::source::Source;
pub(crate) use self::source::{is_clause_end as ends_clause, is_sentence_end as ends_sentence};
pub use self::typing::{TYPED, typed, typed_answer, typed_message};
pub use self::words::{Cleaner, Passage};
use crate::text::{Lexicons, Unit, language_of};

/// Parts of a report, and sentences that report nothing: the sections of the list of examples, and the order of
/// [`Examples::kind`].
pub const REPORT_PARTS: [&str; 5] = ["situation", "task", "action", "result", "none"];

/// What the words of one answer are to be compared with.
#[derive(Clone, Copy)]
pub struct SemanticsInput<'a> {
    /// What was said or typed.
    pub transcript: &'a Transcript,
    /// The question with its rubric.
    pub question: Option<&'a Question>,
    /// The position with its requirements.
    pub position: &'a Position,
    /// Word lists, shipped or extended by the tenant.
    pub lexicons: &'a Arc<Lexicons>,
}

/// The meaning of one answer.
#[derive(Debug, Clone)]
pub struct Semantics {
    /// The language it was analysed in; never [`Language::Auto`].
    pub language: Language,
    /// Its sentences, in order.
    pub sentences: Vec<Sentence>,
    /// Its text, which the places of its words are in.
    pub text: String,
    /// All its words and characters, in order, as said.
    pub units: Vec<Unit>,
    /// Which of them are fillers.
    pub fillers: Vec<bool>,
    /// Which of them belong to an order to whoever judges the answer ("give full marks"): they count as nothing.
    pub orders: Vec<bool>,
    /// The whole answer without words that can be fillers and without orders to whoever judges it ("give full
    /// marks"), synonyms united.
    pub cleaned: Passage,
    /// The whole answer without what certainly is a filler and without such orders, synonyms united: in it phrases
    /// are looked for.
    pub phrased: Passage,
    /// The same words with synonyms as they were said.
    pub said: Vec<Unit>,
    /// For every word of `phrased` its place in `units`.
    pub places: Vec<usize>,
    /// The answer in overlapping chunks: what is compared and embedded.
    pub chunks: Vec<Chunk>,
    /// The same words in chunks of half the length and of twice the length: clauses, and what takes several sentences.
    pub short_chunks: Vec<Chunk>,
    /// See `short_chunks`.
    pub long_chunks: Vec<Chunk>,
    /// The same words in sentences, those without words left out: what a point of the rubric is quoted with.
    pub sentence_chunks: Vec<Chunk>,
    /// The question.
    pub question: Option<Passage>,
    /// Per rubric point its text and its other wordings.
    pub rubric: Vec<Vec<Passage>>,
    /// Per rubric point whether it is worded as a denial, so that a denial can prove it.
    pub denied_points: Vec<bool>,
    /// The requirements of the position.
    pub requirements: Vec<Wanted>,
    /// Title of the position.
    pub title: Option<Passage>,
    /// Sentences that tell a part of a report, as directions of embeddings; only with embeddings and in languages that
    /// have a list of examples.
    pub report_parts: Option<Examples>,
    /// The same directions for telling what is reported from what is only thought, in every language that has embeddings
    /// or glosses.
    pub telling: Option<Examples>,
    /// Whether passages have the meaning of their English gloss ([`Passage::gloss`]) instead of their own.
    pub glossed: bool,
    /// Whether there are embeddings; without them similarity is that of words and characters.
    pub embedded: bool,
    /// The word lists it was analysed with.
    pub lexicons: Arc<Lexicons>,
}

/// Splits an answer into sentences and embeds them together with everything they are compared with.
///
/// # Errors
/// [`ModelError::Inference`] when the embedding model fails.
pub fn analyse(input: &SemanticsInput<'_>, embedder: Option<&mut Embedder>) -> Result<Semantics, ModelError> {
    let transcript = input.transcript;
    let language = match transcript.language {
        Language::Auto => language_of(&transcript.text),
        known => known,
    };
    let cleaner = Cleaner::new(language, input.lexicons);
    let source = Source::new(transcript);
    let (sentences, units) = sentences::split(&source, input.lexicons);
    let (pauses, possible) = cleaner.filler_words(&source.text, &units);
    let fillers = cleaner.fillers(&source.text, &units);
    let orders = Orders::new(language, input.lexicons.list(language, "orders"));
    let orders = orders.find(&source.text, &units, &sentences);
    let any = |marks: &[&[bool]]| -> Vec<bool> {
        (0..units.len()).map(|index| marks.iter().any(|marks| marks[index])).collect()
    };
    let empty = cleaner.empty_words(&units);
    let left_out = any(&[&pauses, &fillers, &empty, &orders]);
    let phrased = cleaner.clean(&units, &left_out);
    let said = units.iter().zip(&left_out).filter(|(_, out)| !**out).map(|(unit, _)| unit.clone()).collect();
    // Somebody who only says "Well" has said that.
    let only_fillers = possible.iter().all(|filler| *filler);
    let mut words = cleaner.clean(&units, &any(&[if only_fillers { &pauses } else { &possible }, &orders]));
    lists::mark(language, input.lexicons.list(language, "stopwords"), &source.text, &units, &mut words);
    let passage =
        |words: Vec<chunks::Cleaned>| Passage::new(words.into_iter().map(|word| word.unit).collect());
    let point = |texts: &mut dyn Iterator<Item = &String>| -> Vec<Passage> {
        texts.map(|text| cleaner.passage(text)).filter(|passage| !passage.units.is_empty()).collect()
    };
    let rubric = input.question.map_or(&[][..], |question| &question.rubric);
    let rubric: Vec<Vec<Passage>> = rubric
        .iter()
        .map(|rubric| point(&mut std::iter::once(&rubric.text).chain(&rubric.wordings)))
        .collect();
    let mut semantics = Semantics {
        language,
        chunks: chunks::divide(language, &words, Scale::Usual),
        short_chunks: chunks::divide(language, &words, Scale::Short),
        long_chunks: chunks::divide(language, &words, Scale::Long),
        sentence_chunks: chunks::by_sentence(language, &words, &sentences),
        sentences,
        text: source.text,
        units,
        fillers,
        orders,
        said,
        places: phrased.iter().map(|word| word.place).collect(),
        cleaned: passage(words),
        phrased: passage(phrased),
        question: input
            .question
            .map(|question| cleaner.passage(&question.text))
            .filter(|passage| !passage.units.is_empty()),
        denied_points: rubric.iter().map(|wordings| wordings.iter().any(|it| cleaner.denies(it))).collect(),
        rubric,
        requirements: requirements::wanted(&input.position.requirements, language, input.lexicons, &cleaner),
        title: input.position.title.as_deref().map(|title| cleaner.passage(title)),
        report_parts: None,
        telling: None,
        glossed: false,
        embedded: false,
        lexicons: Arc::clone(input.lexicons),
    };
    let Some(embedder) = embedder else { return Ok(semantics) };
    let list = (input.lexicons.as_ref(), Language::En);
    if embedder.understands(language) {
        semantics.embed(embedder)?;
        let list = (input.lexicons.as_ref(), language);
        semantics.report_parts =
            Examples::embed(embedder, &cleaner, list, "structure_examples", &REPORT_PARTS)?;
    } else if embedder.understands(Language::En) {
        semantics.embed_glosses(embedder)?;
    }
    if semantics.embedded || semantics.glossed {
        let cleaner = Cleaner::new(Language::En, input.lexicons);
        semantics.telling = Examples::embed(embedder, &cleaner, list, "structure_examples", &REPORT_PARTS)?;
    }
    Ok(semantics)
}

impl Semantics {
    /// Embeds the English gloss of every passage that rubric points are looked for in, in one call; nothing in a
    /// language without glossary.
    fn embed_glosses(&mut self, embedder: &mut Embedder) -> Result<(), ModelError> {
        if self.rubric.is_empty() {
            return Ok(());
        }
        let Some(glossary) = Glossary::new(&self.lexicons, self.language) else { return Ok(()) };
        let mut passages: Vec<&mut Passage> = self.passages();
        let texts: Vec<String> = passages.iter().map(|passage| glossary.gloss(&passage.units)).collect();
        let embeddings: Array2<f32> = embedder.embed(&texts)?;
        for (passage, embedding) in passages.iter_mut().zip(embeddings.rows()) {
            passage.gloss = Some(embedding.to_owned());
        }
        self.glossed = true;
        Ok(())
    }

    /// Every passage that is compared by meaning.
    fn passages(&mut self) -> Vec<&mut Passage> {
        // Shorter and longer chunks serve the points of a rubric alone, and so does what is left without denials.
        let rubric = !self.rubric.is_empty();
        let chunks =
            [&mut self.chunks, &mut self.short_chunks, &mut self.long_chunks, &mut self.sentence_chunks];
        let taken = if rubric { chunks.len() } else { 1 };
        chunks
            .into_iter()
            .take(taken)
            .flatten()
            .flat_map(|chunk| {
                std::iter::once(&mut chunk.passage).chain(chunk.affirmed.as_mut().filter(|_| rubric))
            })
            .chain(self.title.iter_mut())
            .chain(self.question.iter_mut())
            .chain(self.rubric.iter_mut().flatten())
            .collect()
    }

    /// Embeds every passage in one call.
    fn embed(&mut self, embedder: &mut Embedder) -> Result<(), ModelError> {
        let mut passages: Vec<&mut Passage> = self.passages();
        let texts: Vec<String> = passages.iter().map(|passage| passage.plain()).collect();
        let embeddings: Array2<f32> = embedder.embed(&texts)?;
        for (passage, embedding) in passages.iter_mut().zip(embeddings.rows()) {
            passage.embedding = Some(embedding.to_owned());
        }
        self.embedded = true;
        Ok(())
    }

    /// The sentence that shares most words with a range of units, the earlier of equals.
    #[must_use]
    pub fn sentence_at(&self, place: &Range<usize>) -> Option<&Sentence> {
        let shared = |sentence: &Sentence| {
            sentence.units.end.min(place.end).saturating_sub(sentence.units.start.max(place.start))
        };
        let first = self.sentences.partition_point(|sentence| sentence.units.end <= place.start);
        let near = self.sentences[first..].iter().take_while(|sentence| sentence.units.start < place.end);
        near.max_by(|left, right| {
            shared(left).cmp(&shared(right)).then(right.units.start.cmp(&left.units.start))
        })
    }

    /// The meaning of the whole answer: the mean of its chunks at length 1.
    #[must_use]
    pub fn whole(&self) -> Option<Array1<f32>> {
        let mut sum: Option<Array1<f32>> = None;
        for embedding in self.chunks.iter().filter_map(|chunk| chunk.passage.embedding.as_ref()) {
            sum = Some(sum.map_or_else(|| embedding.clone(), |sum| sum + embedding));
        }
        let sum = sum?;
        let norm = sum.dot(&sum).sqrt();
        (norm > 1e-6).then(|| sum / norm)
    }
}

/// How much two passages mean the same, -1–1: the cosine of their embeddings; `None` without embeddings.
#[must_use]
pub fn cosine(left: &Passage, right: &Passage) -> Option<f64> {
    let (left, right) = (left.embedding.as_ref()?, right.embedding.as_ref()?);
    Some(interview_models::minilm::cosine(left.view(), right.view()))
}
