//! Interviews out of stores and `features.json` documents, read and scored block by block on all cores.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use interview_pipeline::score::aggregate::Collector;
use interview_pipeline::score::evaluate::Reading;
use interview_pipeline::score::{Profile, ProfileIndicator};
use interview_schemas::features::{FeatureSet, NotAssessed};
use interview_schemas::profile::Aggregate;

use crate::TuningError;
use crate::inputs::{self, Document, Found, Remote, Stored};
use crate::store::{Block, Origin, Store, block_of, reason_of};

/// Interviews of JSON files that make one block.
const FILES_PER_BLOCK: usize = 256;

/// Where the interviews of a population lie.
#[derive(Debug, Clone)]
pub struct Population {
    found: Found,
    remote: Option<Arc<dyn Remote>>,
}

/// A part that is read in one go.
enum Part {
    Stored(Stored, usize),
    Documents(Vec<Document>),
}

impl Part {
    /// Its name for people.
    fn name(&self) -> String {
        match self {
            Self::Stored(stored, _) => stored.name.clone(),
            Self::Documents(documents) => match documents.as_slice() {
                [first, .., last] => format!("{} to {}", first.name(), last.name()),
                [one] => one.name(),
                [] => String::new(),
            },
        }
    }
}

impl Population {
    /// Finds interviews in files and folders: `.parquet` files are stores, `.json` files are features, folders are
    /// searched for stores and for files named `features.json` or `*.features.json`, to any depth.
    ///
    /// # Errors
    /// [`TuningError::Io`] when a path does not exist, [`TuningError::Usage`] when nothing is found.
    pub fn find(paths: &[PathBuf]) -> Result<Self, TuningError> {
        Self::find_with(paths, None)
    }

    /// The same, and what `remote` can reach for inputs that begin with `s3://`.
    ///
    /// # Errors
    /// As [`Population::find`], and those of `remote`.
    pub fn find_with(paths: &[PathBuf], remote: Option<Arc<dyn Remote>>) -> Result<Self, TuningError> {
        Ok(Self { found: inputs::find(paths, remote.as_deref())?, remote })
    }

    /// Number of earlier analyses of an interview that are left out, because a newer one lies beside them.
    #[must_use]
    pub fn superseded(&self) -> usize {
        self.found.superseded
    }

    /// The names of all features that occur, sorted. Every JSON file is read for it.
    ///
    /// # Errors
    /// As [`Population::scan`].
    pub fn features(&self) -> Result<Vec<String>, TuningError> {
        let mut names = BTreeSet::new();
        for stored in &self.found.stores {
            names.extend(Store::open(&stored.path)?.features().map(str::to_owned));
        }
        self.each_document(|set| {
            names.extend(
                set.answers.into_iter().flat_map(|answer| answer.features).map(|feature| feature.name),
            );
            Ok(())
        })?;
        Ok(names.into_iter().collect())
    }

    /// Number of columnar files.
    #[must_use]
    pub fn stores(&self) -> usize {
        self.found.stores.len()
    }

    /// Whether there are `features.json` documents, not only stores.
    #[must_use]
    pub fn has_documents(&self) -> bool {
        !self.found.documents.is_empty()
    }

    /// Reads every `features.json` in the order of the names.
    ///
    /// # Errors
    /// As [`Population::scan`], and those of `take`.
    pub fn each_document(
        &self,
        mut take: impl FnMut(FeatureSet) -> Result<(), TuningError>,
    ) -> Result<(), TuningError> {
        for documents in self.found.documents.chunks(inputs::READ_TOGETHER) {
            for set in inputs::read(documents, self.remote.as_deref())? {
                take(set)?;
            }
        }
        Ok(())
    }

    fn parts(&self) -> Result<Vec<Part>, TuningError> {
        let mut parts = Vec::new();
        for stored in &self.found.stores {
            let blocks = Store::open(&stored.path)?.blocks();
            parts.extend((0..blocks).map(|block| Part::Stored(stored.clone(), block)));
        }
        let documents = self.found.documents.chunks(FILES_PER_BLOCK);
        parts.extend(documents.map(|documents| Part::Documents(documents.to_vec())));
        Ok(parts)
    }

    fn read(
        &self,
        part: &Part,
        features: &[String],
        open: &mut Option<(PathBuf, Store)>,
    ) -> Result<Block, TuningError> {
        match part {
            Part::Stored(Stored { path, .. }, block) => {
                if open.as_ref().is_none_or(|(known, _)| known != path) {
                    *open = Some((path.clone(), Store::open(path)?));
                }
                match open {
                    Some((_, store)) => store.read(*block, features),
                    None => Err(TuningError::Internal("a store that was opened is not open".to_owned())),
                }
            }
            Part::Documents(documents) => {
                let mut sets = Vec::with_capacity(documents.len());
                for documents in documents.chunks(inputs::READ_TOGETHER) {
                    sets.extend(inputs::read(documents, self.remote.as_deref())?);
                }
                block_of(&sets, features)
            }
        }
    }

    /// Reads the population block by block, with the columns of these features, and maps every block on one of
    /// `threads` threads. The results come in the order of the population, whatever the threads do.
    ///
    /// # Errors
    /// [`TuningError`] of the first part that cannot be read; [`TuningError::Usage`] when an interview occurs twice,
    /// which would count it twice.
    pub fn scan<R: Send>(
        &self,
        features: &[String],
        threads: usize,
        map: impl Fn(Block) -> Result<R, TuningError> + Sync,
    ) -> Result<Vec<R>, TuningError> {
        let parts = self.parts()?;
        let next = AtomicUsize::new(0);
        let work = || {
            let mut open: Option<(PathBuf, Store)> = None;
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(index) else { return done };
                let result = self.read(part, features, &mut open).and_then(|block| {
                    let marks: Vec<u64> =
                        block.interviews.iter().map(|interview| mark(&interview.id)).collect();
                    Ok((map(block)?, marks))
                });
                done.push((index, result));
            }
        };
        let mut results = std::thread::scope(|scope| -> Result<Vec<_>, TuningError> {
            let threads: Vec<_> =
                (0..threads.clamp(1, parts.len().max(1))).map(|_| scope.spawn(work)).collect();
            let mut results = Vec::new();
            for thread in threads {
                let done = thread.join();
                results
                    .extend(done.map_err(|_| TuningError::Internal("a reading thread panicked".to_owned()))?);
            }
            Ok(results)
        })?;
        results.sort_by_key(|(index, _)| *index);
        let mut seen = Vec::new();
        let mut mapped = Vec::with_capacity(results.len());
        for (index, result) in results {
            let (value, marks) = result?;
            seen.extend(marks.into_iter().map(|mark| (mark, index)));
            mapped.push(value);
        }
        seen.sort_unstable();
        let twice = seen.windows(2).find_map(|pair| match pair {
            [a, b] if a.0 == b.0 => Some((parts.get(a.1)?.name(), parts.get(b.1)?.name())),
            _ => None,
        });
        match twice {
            Some((one, other)) => Err(TuningError::Usage(format!(
                "an interview (job id) occurs twice, in {one} and in {other}; it would be counted twice: leave one out"
            ))),
            None => Ok(mapped),
        }
    }
}

/// A number for a job id: two of ten million interviews share one with a probability of 3 in a million.
fn mark(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Threads to read with: one per core.
#[must_use]
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The features that profiles score, sorted.
#[must_use]
pub fn features_of(profiles: &[&Profile]) -> Vec<String> {
    let scored = profiles.iter().flat_map(|profile| profile.indicators());
    let names: BTreeSet<_> = scored.map(|indicator| indicator.feature.clone()).collect();
    names.into_iter().collect()
}

/// The features that profiles score or name in rules and triggers, sorted.
#[must_use]
pub fn features_with_rules(profiles: &[&Profile]) -> Vec<String> {
    let mut names: BTreeSet<_> = features_of(profiles).into_iter().collect();
    names.extend(profiles.iter().flat_map(|profile| profile.rules().features()).cloned());
    names.into_iter().collect()
}

/// Takes the readings of a profile's indicators out of a block. The same arithmetic as scoring a `features.json`.
pub struct Readings<'a> {
    profile: &'a Profile,
    block: &'a Block,
    /// Per indicator: the column of its feature, and which origins of the block it admits.
    indicators: Vec<(Option<usize>, Vec<bool>)>,
    collector: Collector,
    readings: Vec<Result<Reading, NotAssessed>>,
}

impl<'a> Readings<'a> {
    /// `features` are those with which the block was read.
    #[must_use]
    pub fn new(profile: &'a Profile, features: &[String], block: &'a Block) -> Self {
        let look_up = |indicator: &ProfileIndicator| {
            let column = features.iter().position(|feature| *feature == indicator.feature);
            let admits = |origin: &Origin| {
                indicator.admits_answer(&origin.kind, origin.question, origin.scene.as_deref())
            };
            (column, block.origins.iter().map(admits).collect())
        };
        Self {
            profile,
            block,
            indicators: profile.indicators().iter().map(look_up).collect(),
            collector: Collector::default(),
            readings: Vec::new(),
        }
    }

    /// The readings of one interview of the block.
    pub fn of(&mut self, interview: usize) -> &[Result<Reading, NotAssessed>] {
        self.readings.clear();
        let rows = self.block.interviews.get(interview).map_or(0..0, |interview| interview.rows.clone());
        for (indicator, (column, admitted)) in self.profile.indicators().iter().zip(&self.indicators) {
            self.collector.clear();
            let column = column.and_then(|column| self.block.columns.get(column));
            for row in rows.clone() {
                let origin = self.block.origin.get(row).and_then(|origin| usize::try_from(*origin).ok());
                let Some(origin) = origin.filter(|origin| admitted.get(*origin) == Some(&true)) else {
                    continue;
                };
                let found = column.is_some_and(|column| {
                    collect(&mut self.collector, column.values.get(row), column.quality.get(row))
                });
                if let Some(origin) = self.block.origins.get(origin).filter(|_| !found) {
                    self.collector.absent(&origin.kind);
                }
            }
            self.readings.push(self.collector.reading(indicator.aggregate));
        }
        &self.readings
    }
}

/// Takes the values that rules and triggers look at out of a block: means over all answers, as in scoring a
/// `features.json`.
pub struct Values {
    columns: Vec<Option<usize>>,
}

impl Values {
    /// `wanted` are the features of [`interview_pipeline::score::rules::Rules::features`], `features` those with
    /// which the blocks are read.
    #[must_use]
    pub fn new(wanted: &[String], features: &[String]) -> Self {
        let column = |name: &String| features.iter().position(|feature| feature == name);
        Self { columns: wanted.iter().map(column).collect() }
    }

    /// The values of one interview of a block.
    #[must_use]
    pub fn of(&self, block: &Block, interview: usize) -> Vec<Option<f64>> {
        let value = |column: usize| feature_mean(block, interview, column).map(|reading| reading.value);
        self.columns.iter().map(|column| column.and_then(value)).collect()
    }
}

/// Adds one row of a column; false where the answer says nothing about the feature.
fn collect(collector: &mut Collector, value: Option<&f64>, quality: Option<&f64>) -> bool {
    match (value.copied(), quality.copied()) {
        (Some(value), Some(quality)) if !value.is_nan() => collector.measured(value, quality),
        (_, Some(quality)) if quality < 0.0 => collector.missing(reason_of(quality)),
        _ => return false,
    }
    true
}

/// The mean of a feature over the answers of an interview, with its confidence.
#[must_use]
pub fn feature_mean(block: &Block, interview: usize, column: usize) -> Option<Reading> {
    let rows = block.interviews.get(interview)?.rows.clone();
    let column = block.columns.get(column)?;
    let mut collector = Collector::default();
    for row in rows {
        collect(&mut collector, column.values.get(row), column.quality.get(row));
    }
    collector.reading(Aggregate::Mean).ok()
}
