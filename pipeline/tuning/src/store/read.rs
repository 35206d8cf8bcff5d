//! Reading a store, row group by row group, only the columns that are asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use interview_schemas::job::QuestionKind;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use super::block::{Block, Column, Interview};
use super::{QUALITY, VERSION, VERSION_KEY};
use crate::TuningError;

/// Most rows of one row group that are read: far above what [`super::StoreWriter`] writes.
const MAX_ROWS: i64 = 8 * 1024 * 1024;

/// An open store. It holds its own file handle: one per thread.
pub struct Store {
    path: PathBuf,
    reader: SerializedFileReader<File>,
    columns: BTreeMap<String, usize>,
}

impl Store {
    /// Opens a store.
    ///
    /// # Errors
    /// [`TuningError::Io`] when it cannot be opened, [`TuningError::Input`] when it is no store of this version.
    pub fn open(path: &Path) -> Result<Self, TuningError> {
        let file = File::open(path).map_err(|source| TuningError::io(path, source))?;
        let reader = SerializedFileReader::new(file)
            .map_err(|error| TuningError::input(path.display(), format!("is no Parquet file: {error}")))?;
        let metadata = reader.metadata().file_metadata();
        let version = metadata
            .key_value_metadata()
            .and_then(|pairs| pairs.iter().find(|pair| pair.key == VERSION_KEY))
            .and_then(|pair| pair.value.clone());
        if version.as_deref() != Some(VERSION) {
            return Err(TuningError::input(
                path.display(),
                format!("is no feature store of version {VERSION}; write one with `interview features pack`"),
            ));
        }
        let columns = metadata
            .schema_descr()
            .columns()
            .iter()
            .enumerate()
            .map(|(index, column)| (column.name().to_owned(), index))
            .collect();
        Ok(Self { path: path.to_owned(), reader, columns })
    }

    /// Number of row groups.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// Names of the features with a column.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().filter_map(|name| name.strip_suffix(QUALITY))
    }

    /// Reads the interviews of a row group with the columns of these features; a feature without a column was
    /// measured nowhere.
    ///
    /// # Errors
    /// [`TuningError::Input`] when the file is damaged.
    pub fn read(&self, block: usize, features: &[String]) -> Result<Block, TuningError> {
        let failed = |error: parquet::errors::ParquetError| TuningError::input(self.path.display(), error);
        let group = self.reader.get_row_group(block).map_err(failed)?;
        let rows = group.metadata().num_rows();
        if !(0..=MAX_ROWS).contains(&rows) {
            return Err(TuningError::input(self.path.display(), format!("a row group of {rows} rows")));
        }
        let rows = usize::try_from(rows).unwrap_or(0);
        let group = Group { store: self, reader: group.as_ref(), rows };
        let ids = group.texts("interview")?;
        let branches = group.texts("branch")?;
        let tests = group.flags("test")?;
        let kinds = group.texts("kind")?;
        let questions = group.texts("question")?;
        let scenes = group.texts("scene")?;
        let flags = group.texts("flags")?;
        let mut read = Block::default();
        for (row, id) in ids.iter().enumerate() {
            let text = |column: &[Option<ByteArray>]| column.get(row).and_then(Option::as_ref).and_then(utf8);
            let kind = text(&kinds).unwrap_or_default();
            let question = text(&questions);
            let question =
                QuestionKind::ALL.into_iter().find(|kind| question.as_deref() == Some(kind.as_str()));
            let origin = read.origin_of(&kind, question, text(&scenes).as_deref());
            read.origin.push(origin);
            let id = id.as_ref().and_then(utf8).unwrap_or_default();
            match read.interviews.last_mut() {
                Some(last) if last.id == id => last.rows.end = row + 1,
                _ => read.interviews.push(Interview {
                    id,
                    branch: text(&branches),
                    test: tests.get(row).copied().unwrap_or(false),
                    flags: text(&flags).unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
                    rows: row..row + 1,
                }),
            }
        }
        for feature in features {
            read.columns.push(Column {
                values: group.numbers(feature)?,
                quality: group.numbers(&format!("{feature}{QUALITY}"))?,
            });
        }
        Ok(read)
    }
}

fn utf8(bytes: &ByteArray) -> Option<String> {
    std::str::from_utf8(bytes.data()).ok().map(str::to_owned)
}

/// A row group being read.
struct Group<'a> {
    store: &'a Store,
    reader: &'a dyn RowGroupReader,
    rows: usize,
}

impl Group<'_> {
    fn damaged(&self, name: &str, error: impl std::fmt::Display) -> TuningError {
        TuningError::input(self.store.path.display(), format!("column {name}: {error}"))
    }

    fn column(&self, name: &str) -> Result<Option<ColumnReader>, TuningError> {
        let Some(index) = self.store.columns.get(name) else { return Ok(None) };
        self.reader.get_column_reader(*index).map(Some).map_err(|error| self.damaged(name, error))
    }

    /// A number per row; NaN where there is none.
    fn numbers(&self, name: &str) -> Result<Vec<f64>, TuningError> {
        match self.column(name)? {
            None => Ok(vec![f64::NAN; self.rows]),
            Some(ColumnReader::DoubleColumnReader(reader)) => {
                let values = self.values(name, reader)?;
                Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
            }
            Some(_) => Err(self.damaged(name, "is not of type double")),
        }
    }

    fn texts(&self, name: &str) -> Result<Vec<Option<ByteArray>>, TuningError> {
        match self.column(name)? {
            Some(ColumnReader::ByteArrayColumnReader(reader)) => self.values(name, reader),
            Some(_) => Err(self.damaged(name, "is not text")),
            None => Err(self.damaged(name, "is missing")),
        }
    }

    fn flags(&self, name: &str) -> Result<Vec<bool>, TuningError> {
        match self.column(name)? {
            Some(ColumnReader::BoolColumnReader(reader)) => {
                Ok(self.values(name, reader)?.into_iter().map(|flag| flag.unwrap_or(false)).collect())
            }
            Some(_) => Err(self.damaged(name, "is not boolean")),
            None => Err(self.damaged(name, "is missing")),
        }
    }

    fn values<T: DataType>(
        &self,
        name: &str,
        mut reader: parquet::column::reader::ColumnReaderImpl<T>,
    ) -> Result<Vec<Option<T::T>>, TuningError> {
        let (mut present, mut levels) = (Vec::with_capacity(self.rows), Vec::with_capacity(self.rows));
        let mut read = 0;
        while read < self.rows {
            let (records, _, _) = reader
                .read_records(self.rows - read, Some(&mut levels), None, &mut present)
                .map_err(|error| self.damaged(name, error))?;
            if records == 0 {
                return Err(self.damaged(name, format!("ends after {read} of {} rows", self.rows)));
            }
            read += records;
        }
        // A required column has no levels.
        if levels.is_empty() {
            return Ok(present.into_iter().map(Some).collect());
        }
        let mut present = present.into_iter();
        Ok(levels.into_iter().map(|level| if level > 0 { present.next() } else { None }).collect())
    }
}
