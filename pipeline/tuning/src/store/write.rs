//! Writing a store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use interview_pipeline::score::aggregate::by_id;
use interview_schemas::features::{FeatureSet, NotAssessed};
use interview_schemas::job::QuestionKind;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::block::{Block, Column, Interview, Origin};
use super::{QUALITY, ROW_GROUP_ROWS, VERSION, VERSION_KEY, reason_code};
use crate::TuningError;

/// Writes the features of interviews to a Parquet file. The file stands complete under its name only after
/// [`StoreWriter::finish`].
pub struct StoreWriter {
    path: PathBuf,
    partial: PathBuf,
    writer: SerializedFileWriter<File>,
    features: Vec<String>,
    index: BTreeMap<String, usize>,
    rows: Block,
    answers: Vec<String>,
    written: usize,
}

impl StoreWriter {
    /// Begins a store with columns for these features; others are refused.
    ///
    /// # Errors
    /// [`TuningError::Io`] when the file cannot be written.
    pub fn create(path: &Path, features: &[String]) -> Result<Self, TuningError> {
        let mut features = features.to_vec();
        features.sort();
        features.dedup();
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        let file = File::create(&partial).map_err(|source| TuningError::io(&partial, source))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_key_value_metadata(Some(vec![KeyValue::new(VERSION_KEY.to_owned(), VERSION.to_owned())]))
            .build();
        let schema = Arc::new(schema(&features).map_err(|error| TuningError::Internal(error.to_string()))?);
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties))
            .map_err(|error| TuningError::input(partial.display(), error))?;
        let index = features.iter().cloned().enumerate().map(|(index, name)| (name, index)).collect();
        let rows = Block { columns: vec![Column::default(); features.len()], ..Block::default() };
        Ok(Self {
            path: path.to_owned(),
            partial,
            writer,
            features,
            index,
            rows,
            answers: Vec::new(),
            written: 0,
        })
    }

    /// Adds an interview.
    ///
    /// # Errors
    /// [`TuningError::Internal`] for a feature without a column, [`TuningError::Input`] when writing fails.
    pub fn push(&mut self, set: &FeatureSet) -> Result<(), TuningError> {
        append(&mut self.rows, &mut self.answers, set, &self.index)?;
        if self.rows.origin.len() >= ROW_GROUP_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is left and gives the file its name; returns the number of interviews.
    ///
    /// # Errors
    /// As [`StoreWriter::push`].
    pub fn finish(mut self) -> Result<usize, TuningError> {
        self.flush()?;
        let Self { path, partial, writer, written, .. } = self;
        writer.close().map_err(|error| TuningError::input(partial.display(), error))?;
        std::fs::rename(&partial, &path).map_err(|source| TuningError::io(&path, source))?;
        Ok(written)
    }

    fn flush(&mut self) -> Result<(), TuningError> {
        if self.rows.origin.is_empty() {
            return Ok(());
        }
        let columns = vec![Column::default(); self.features.len()];
        let rows = std::mem::replace(&mut self.rows, Block { columns, ..Block::default() });
        let answers = std::mem::take(&mut self.answers);
        let write = |group: &mut SerializedRowGroupWriter<'_, File>| write_rows(group, &rows, &answers);
        self.writer
            .next_row_group()
            .and_then(|mut group| {
                write(&mut group)?;
                group.close().map(|_| ())
            })
            .map_err(|error| TuningError::input(self.partial.display(), error))?;
        self.written += rows.interviews.len();
        Ok(())
    }
}

/// A block of interviews that were never in a store, with columns for the features asked for.
///
/// # Errors
/// None in practice: features without a column are left out.
pub fn block_of(sets: &[FeatureSet], features: &[String]) -> Result<Block, TuningError> {
    let index: BTreeMap<_, _> =
        features.iter().cloned().enumerate().map(|(index, name)| (name, index)).collect();
    let mut block = Block { columns: vec![Column::default(); features.len()], ..Block::default() };
    for set in sets {
        let mut set = set.clone();
        for answer in &mut set.answers {
            answer.features.retain(|feature| index.contains_key(&feature.name));
        }
        append(&mut block, &mut Vec::new(), &set, &index)?;
    }
    Ok(block)
}

/// Adds the rows of an interview to a block.
fn append(
    rows: &mut Block,
    answers: &mut Vec<String>,
    set: &FeatureSet,
    index: &BTreeMap<String, usize>,
) -> Result<(), TuningError> {
    let start = rows.origin.len();
    for answer in by_id(set) {
        let origin = rows.origin_of(&answer.kind, answer.question, answer.scene.as_deref());
        rows.origin.push(origin);
        answers.push(answer.id.as_str().to_owned());
        for column in &mut rows.columns {
            column.values.push(f64::NAN);
            column.quality.push(f64::NAN);
        }
        for feature in &answer.features {
            let column = index.get(&feature.name).and_then(|index| rows.columns.get_mut(*index));
            let column =
                column.ok_or_else(|| TuningError::Internal(format!("no column for {}", feature.name)))?;
            let (value, quality) = match feature.value {
                Some(value) if value.is_finite() => (value, feature.confidence.max(0.0)),
                _ => (f64::NAN, reason_code(feature.not_assessed.unwrap_or(NotAssessed::NotApplicable))),
            };
            if let (Some(last), Some(last_quality)) = (column.values.last_mut(), column.quality.last_mut()) {
                (*last, *last_quality) = (value, quality);
            }
        }
    }
    // A code with a blank in it could not be told from two codes; none of ours has one.
    let flags: BTreeSet<String> =
        set.flags.iter().map(|flag| flag.code.replace(char::is_whitespace, "_")).collect();
    rows.interviews.push(Interview {
        id: set.job_id.as_str().to_owned(),
        branch: set.branch.clone(),
        test: set.test_candidate,
        flags: flags.into_iter().collect(),
        rows: start..rows.origin.len(),
    });
    Ok(())
}

fn schema(features: &[String]) -> parquet::errors::Result<Type> {
    let text = |name: &str, repetition| {
        Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(repetition)
            .with_logical_type(Some(LogicalType::String))
            .build()
    };
    let mut fields = vec![
        text("interview", Repetition::REQUIRED)?,
        text("branch", Repetition::OPTIONAL)?,
        Type::primitive_type_builder("test", Physical::BOOLEAN)
            .with_repetition(Repetition::REQUIRED)
            .build()?,
        text("answer", Repetition::REQUIRED)?,
        text("kind", Repetition::REQUIRED)?,
        text("question", Repetition::OPTIONAL)?,
        text("scene", Repetition::OPTIONAL)?,
        text("flags", Repetition::OPTIONAL)?,
    ];
    for name in features.iter().flat_map(|name| [name.clone(), format!("{name}{QUALITY}")]) {
        fields.push(
            Type::primitive_type_builder(&name, Physical::DOUBLE)
                .with_repetition(Repetition::OPTIONAL)
                .build()?,
        );
    }
    Type::group_type_builder("features").with_fields(fields.into_iter().map(Arc::new).collect()).build()
}

fn write_rows(
    group: &mut SerializedRowGroupWriter<'_, File>,
    rows: &Block,
    answers: &[String],
) -> parquet::errors::Result<()> {
    let per_row = |value: fn(&Interview) -> Option<&str>| -> Vec<Option<&str>> {
        rows.interviews
            .iter()
            .flat_map(|interview| interview.rows.clone().map(move |_| value(interview)))
            .collect()
    };
    let origin = |index: &u32| usize::try_from(*index).ok().and_then(|index| rows.origins.get(index));
    let per_answer = |value: fn(&Origin) -> Option<&str>| -> Vec<Option<&str>> {
        rows.origin.iter().map(|index| origin(index).and_then(value)).collect()
    };
    write_texts(group, &per_row(|interview| Some(&interview.id)), false)?;
    write_texts(group, &per_row(|interview| interview.branch.as_deref()), true)?;
    let tests: Vec<bool> =
        rows.interviews.iter().flat_map(|interview| interview.rows.clone().map(|_| interview.test)).collect();
    if let Some(mut column) = group.next_column()? {
        column.typed::<BoolType>().write_batch(&tests, None, None)?;
        column.close()?;
    }
    write_texts(group, &answers.iter().map(|answer| Some(answer.as_str())).collect::<Vec<_>>(), false)?;
    write_texts(group, &per_answer(|origin| Some(&origin.kind)), false)?;
    write_texts(group, &per_answer(|origin| origin.question.map(QuestionKind::as_str)), true)?;
    write_texts(group, &per_answer(|origin| origin.scene.as_deref()), true)?;
    let flags: Vec<String> = rows.interviews.iter().map(|interview| interview.flags.join(" ")).collect();
    let first_rows: Vec<Option<&str>> = rows
        .interviews
        .iter()
        .zip(&flags)
        .flat_map(|(interview, flags)| {
            let flags = Some(flags.as_str()).filter(|flags| !flags.is_empty());
            interview.rows.clone().map(move |row| flags.filter(|_| row == interview.rows.start))
        })
        .collect();
    write_texts(group, &first_rows, true)?;
    for column in &rows.columns {
        for numbers in [&column.values, &column.quality] {
            let present: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
            let levels: Vec<i16> = numbers.iter().map(|number| i16::from(!number.is_nan())).collect();
            if let Some(mut column) = group.next_column()? {
                column.typed::<DoubleType>().write_batch(&present, Some(&levels), None)?;
                column.close()?;
            }
        }
    }
    Ok(())
}

/// Writes a text column; a required one has no levels.
fn write_texts(
    group: &mut SerializedRowGroupWriter<'_, File>,
    texts: &[Option<&str>],
    optional: bool,
) -> parquet::errors::Result<()> {
    let present: Vec<ByteArray> =
        texts.iter().filter_map(|text| text.map(|text| ByteArray::from(text.as_bytes().to_vec()))).collect();
    let levels: Vec<i16> = texts.iter().map(|text| i16::from(text.is_some())).collect();
    if let Some(mut column) = group.next_column()? {
        column.typed::<ByteArrayType>().write_batch(&present, optional.then_some(levels.as_slice()), None)?;
        column.close()?;
    }
    Ok(())
}
