//! What commands print: text or JSON on stdout, complaints on stderr, tables.

use std::io::Write;

use serde::Serialize;

/// Prints a line to stdout. A reader that closed the pipe has seen enough: no error.
///
/// # Errors
/// Any other failure to write.
pub(crate) fn print(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Prints a value as one JSON object on one line.
///
/// # Errors
/// A failure to write.
pub(crate) fn print_json(value: &impl Serialize) -> std::io::Result<()> {
    print(&serde_json::to_string(value)?)
}

/// Prints a line to stderr; there is nobody to tell when that fails.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Lays out rows in columns, the first row underlined as the head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        lines.push(cells.join("  ").trim_end().to_owned());
        if number == 0 {
            let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
            lines.push(rule.join("  "));
        }
    }
    lines.join("\n")
}

/// A length in bytes for people.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_their_columns() {
        let rows = [vec!["name".to_owned(), "n".to_owned()], vec!["x".to_owned(), "10".to_owned()]];
        assert_eq!(table(&rows), "name  n\n----  --\nx     10");
        assert_eq!(table(&[]), "");
    }
}
