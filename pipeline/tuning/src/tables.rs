//! Tables of the data team: outcomes and groups per interview, as CSV with a header.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use crate::TuningError;

/// Largest table that is read, in bytes.
const MAX_BYTES: u64 = 512 * 1024 * 1024;
/// Names of the column that identifies the interview.
const KEYS: [&str; 3] = ["interview", "job_id", "id"];

/// A table with a row per interview.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    path: String,
    columns: Vec<String>,
    rows: BTreeMap<String, Row>,
}

/// The cells of an interview, without its id, and the line they stand in.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    line: u64,
    cells: Vec<String>,
}

impl Table {
    /// Reads a table. One column is `interview` (or `job_id`, `id`); it holds the job id.
    ///
    /// # Errors
    /// [`TuningError`] when the file cannot be read, has no such column, names an interview twice, or is not CSV in
    /// UTF-8.
    pub fn read(path: &Path) -> Result<Self, TuningError> {
        let shown = path.display().to_string();
        let io = |source| TuningError::io(path, source);
        let mut text = Vec::new();
        let opened = std::fs::File::open(path).map_err(io)?;
        opened.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(io)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(TuningError::input(&shown, format!("is larger than {MAX_BYTES} bytes")));
        }
        Self::parse(&shown, text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text))
    }

    /// Parses a table; `path` names it in errors.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn parse(path: &str, text: &[u8]) -> Result<Self, TuningError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
        let failed = |error: csv::Error| csv_problem(path, &error);
        let header = reader.headers().map_err(failed)?.clone();
        let key = KEYS.iter().find_map(|key| header.iter().position(|column| column == *key));
        let key = key.ok_or_else(|| {
            let single = header.iter().next().filter(|_| header.len() == 1).unwrap_or_default();
            let hint = if single.contains([';', '\t']) { "; separate the columns by commas" } else { "" };
            let message = format!("no column `interview` (or `job_id`, `id`) with the job ids{hint}");
            TuningError::input(format!("{path}:1"), message)
        })?;
        let twice = header
            .iter()
            .enumerate()
            .find(|(index, name)| header.iter().take(*index).any(|one| one == *name));
        if let Some((_, name)) = twice {
            let message = format!("there are two columns {name:?}; which one is meant?");
            return Err(TuningError::input(format!("{path}:1"), message));
        }
        let columns: Vec<String> = header
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != key)
            .map(|(_, name)| name.to_owned())
            .collect();
        let mut rows = BTreeMap::new();
        for record in reader.records() {
            let record = record.map_err(failed)?;
            let line = record.position().map_or(0, csv::Position::line);
            let id = record.get(key).unwrap_or_default().to_owned();
            if id.is_empty() {
                let message = "a row without the id of an interview";
                return Err(TuningError::input(format!("{path}:{line}"), message));
            }
            let cells = record
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != key)
                .map(|(_, cell)| cell.to_owned())
                .collect();
            if rows.insert(id.clone(), Row { line, cells }).is_some() {
                return Err(TuningError::input(
                    format!("{path}:{line}"),
                    format!("interview {id:?} stands here twice"),
                ));
            }
        }
        Ok(Self { path: path.to_owned(), columns, rows })
    }

    /// The columns beside the key.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The place of a column.
    ///
    /// # Errors
    /// [`TuningError::Usage`] with the columns that there are.
    pub fn column(&self, name: &str) -> Result<usize, TuningError> {
        self.columns.iter().position(|column| column == name).ok_or_else(|| {
            TuningError::Usage(format!(
                "{} has no column {name:?}; it has {}",
                self.path,
                self.columns.join(", ")
            ))
        })
    }

    /// Number of interviews.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no interview.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text of a cell; `None` when it is empty or the interview is not in the table.
    #[must_use]
    pub fn text(&self, interview: &str, column: usize) -> Option<&str> {
        self.rows.get(interview)?.cells.get(column).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// The number in a cell; yes and no count as 1 and 0.
    ///
    /// # Errors
    /// [`TuningError::Input`] for what is neither.
    pub fn number(&self, interview: &str, column: usize) -> Result<Option<f64>, TuningError> {
        let Some(text) = self.text(interview, column) else { return Ok(None) };
        let number = match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "y" | "是" => Some(1.0),
            "no" | "false" | "n" | "否" => Some(0.0),
            other => other.parse::<f64>().ok().filter(|number| number.abs() <= 1e12),
        };
        number.map(Some).ok_or_else(|| {
            let name = self.columns.get(column).map_or("", String::as_str);
            let line = self.rows.get(interview).map_or(0, |row| row.line);
            TuningError::input(
                format!("{}:{line}", self.path),
                format!(
                    "interview {interview:?}: {name} is {text:?}, not a number (up to 1e12) or yes/no; leave out what \
                     is not known"
                ),
            )
        })
    }
}

/// What is wrong with the text of a table, with its line.
fn csv_problem(path: &str, error: &csv::Error) -> TuningError {
    let line = error.position().map_or(1, csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells, but the header has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8; save it as UTF-8".to_owned(),
        _ => error.to_string(),
    };
    TuningError::input(format!("{path}:{line}"), message)
}

/// A cell that a spreadsheet will not take for a formula.
#[must_use]
pub fn inert(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_strictly() {
        let table = Table::parse("t.csv", b"id, hired ,note\na,yes,\nb,0,=1+1\nc,,x\n").unwrap();
        let hired = table.column("hired").unwrap();
        assert_eq!(table.number("a", hired).unwrap(), Some(1.0));
        assert_eq!(table.number("b", hired).unwrap(), Some(0.0));
        assert_eq!(table.number("c", hired).unwrap(), None);
        assert_eq!(table.number("nobody", hired).unwrap(), None);
        assert!(table.number("b", table.column("note").unwrap()).is_err());
        assert!(table.column("wage").unwrap_err().to_string().contains("it has hired, note"));
        assert!(Table::parse("t.csv", b"x\n1\n").is_err());
        assert!(Table::parse("t.csv", b"id,a\nq,1\nq,2\n").unwrap_err().to_string().contains("t.csv:3"));
        for (text, said) in [
            (&b"id,a\np,1\nq\n"[..], "t.csv:3: 1 cells, but the header has 2"),
            (b"id,a\n\xff,1\n", "t.csv:2: is not UTF-8"),
            (b"id;a\nq;1\n", "t.csv:1: no column `interview` (or `job_id`, `id`) with the job ids; separate"),
            (b"id,a,a\nq,1,2\n", "t.csv:1: there are two columns \"a\""),
            (b"id,a\n,1\n", "t.csv:2: a row without the id"),
            (b"", "t.csv:1: no column"),
        ] {
            let error = Table::parse("t.csv", text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
        let late = Table::parse("t.csv", b"id,a\np,1\nq,much\n").unwrap().number("q", 0).unwrap_err();
        assert!(late.to_string().starts_with("t.csv:3: interview \"q\": a is \"much\""), "{late}");
        assert!(Table::parse("t.csv", b"id,a\nq,nan\n").unwrap().number("q", 0).is_err());
        assert_eq!(inert("=SUM(A1)"), "'=SUM(A1)");
    }
}
