//! What can be wrong with a file.

mod remedy;

use std::io;

use thiserror::Error;

use crate::notation::Notation;
use crate::number::{counted, grouped};
use crate::schema::Mention;
use crate::storage::StorageError;
use crate::suggestion::nearest_text;

/// Why a file does not become a table.
///
/// Messages say what and where; [`remedy`](Self::remedy) says what to do next. Lines count from 1,
/// the header's; a row that spans lines has the line on which the cell in question starts.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file does not exist.
    #[error("{path}: no such file")]
    FileNotFound {
        /// The file.
        path: String,
    },
    /// The system cannot open or read the file.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing but blank lines.
    #[error("{path} is empty")]
    Empty {
        /// The file.
        path: String,
    },
    /// There is a header and nothing else.
    #[error("{path} has a header and no rows")]
    NoRows {
        /// The file.
        path: String,
    },
    /// Cells cannot be kept on the disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The file was written to between two passes or during one.
    #[error("{path} changed while it was read")]
    Changed {
        /// The file.
        path: String,
    },
    /// A row has more or fewer cells than the header.
    #[error("{path}:{line}: {} where the header has {expected}", counted(*found, "cell"))]
    Ragged {
        /// The file.
        path: String,
        /// The line on which the row starts.
        line: u64,
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// Bytes that are not text in UTF-8.
    #[error("{path}:{line}: not UTF-8 text")]
    NotUtf8 {
        /// The file.
        path: String,
        /// The line.
        line: u64,
    },
    /// A quote that is never closed.
    #[error("{path}:{line}: a quote is opened in this row and never closed")]
    UnclosedQuote {
        /// The file.
        path: String,
        /// The line on which the row starts.
        line: u64,
    },
    /// A row so long that a quote must have been forgotten.
    #[error("{path}:{line}: a row longer than {limit} bytes")]
    RowTooLong {
        /// The file.
        path: String,
        /// The line on which the row starts.
        line: u64,
        /// The longest row that is read.
        limit: usize,
    },
    /// Two columns have the same name.
    #[error("{path}:{line}: columns {first} and {second} are both named `{column}`")]
    DuplicateName {
        /// The file.
        path: String,
        /// The line of the header.
        line: u64,
        /// The name.
        column: String,
        /// Position of the first, from 1.
        first: usize,
        /// Position of the second, from 1.
        second: usize,
    },
    /// A column has no name.
    #[error("{path}:{line}: column {position} has no name")]
    EmptyName {
        /// The file.
        path: String,
        /// The line of the header.
        line: u64,
        /// Position of the column, from 1.
        position: usize,
    },
    /// A column that was asked for by name is not there.
    #[error("{path}: no column `{name}` for {mention}{}", nearest_text(nearest.as_deref()))]
    UnknownColumn {
        /// The file.
        path: String,
        /// The name asked for.
        name: String,
        /// What it was asked for.
        mention: Mention,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// All names of the header.
        columns: Vec<String>,
    },
    /// A column that a model needs is not there.
    #[error("{path}: no column `{name}`, which the model needs{}", nearest_text(nearest.as_deref()))]
    MissingColumn {
        /// The file.
        path: String,
        /// The name.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// One column was named in two ways that contradict each other.
    #[error("{path}: column `{column}` cannot be both {first} and {second}")]
    Contradiction {
        /// The file.
        path: String,
        /// The column.
        column: String,
        /// How it was named first.
        first: Mention,
        /// How it was named second.
        second: Mention,
    },
    /// A stray word in a numeric column.
    #[error("{path}:{line}: column `{column}`: {value:?} is not a number{}",
        others(*numeric_cells, *cells))]
    NotANumber {
        /// The file.
        path: String,
        /// The line of the cell.
        line: u64,
        /// The column.
        column: String,
        /// The cell, cut after 60 characters.
        value: String,
        /// How many cells of the column are numbers; 0 when that is not known.
        numeric_cells: usize,
        /// How many cells of the column are not missing; 0 when that is not known.
        cells: usize,
    },
    /// An infinite number, one too large for `f64`, or `NaN`.
    #[error("{path}:{line}: column `{column}`: {value:?} is not a finite number")]
    NotFinite {
        /// The file.
        path: String,
        /// The line of the cell.
        line: u64,
        /// The column.
        column: String,
        /// The cell, cut after 60 characters.
        value: String,
    },
    /// A cell of a column that was declared boolean is in no spelling of yes and no, or in
    /// another spelling than the cells above it.
    #[error(
        "{path}:{line}: column `{column}`: {value:?} is not a spelling of yes and no that the cells above it have"
    )]
    NotABoolean {
        /// The file.
        path: String,
        /// The line of the cell.
        line: u64,
        /// The column.
        column: String,
        /// The cell, cut after 60 characters.
        value: String,
    },
    /// A cell that is not written as the numbers or dates of its column are.
    #[error("{path}:{line}: column `{column}`: {value:?} is not written like {notation}")]
    OtherNotation {
        /// The file.
        path: String,
        /// The line of the row.
        line: u64,
        /// The column.
        column: String,
        /// The cell, cut after 60 characters.
        value: String,
        /// How it should be written.
        notation: Notation,
    },
    /// A column that was declared to hold dates of which days and months cannot be told apart.
    #[error("{path}: the dates of column `{column}` may be written like {first} or like {second}")]
    AmbiguousDates {
        /// The file.
        path: String,
        /// The column.
        column: String,
        /// One way.
        first: Notation,
        /// Another.
        second: Notation,
    },
    /// A column that the schema file does not have.
    #[error("{path}: column `{column}` is not in the schema")]
    UnlistedColumn {
        /// The file.
        path: String,
        /// The column.
        column: String,
    },
    /// Compressed bytes that end too early.
    #[error("{path}: the {compression} stream is cut off after {} ({} of text came out of it)",
        counted(*bytes as usize, "byte"), counted(*decoded as usize, "byte"))]
    Truncated {
        /// The file.
        path: String,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// Compressed bytes that are there.
        bytes: u64,
        /// Bytes of text before the cut.
        decoded: u64,
    },
    /// Compressed bytes that are damaged, or followed by others that are not compressed.
    #[error("{path}: the {compression} stream is damaged near byte {} ({} of text came out of it): {reason}",
        grouped(*bytes as usize), counted(*decoded as usize, "byte"))]
    Corrupt {
        /// The file.
        path: String,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// Compressed bytes that were read before the damage was seen.
        bytes: u64,
        /// Bytes of text before the damage.
        decoded: u64,
        /// What the decoder says.
        reason: String,
    },
    /// A format that is recognised and not read.
    #[error("{path} is {format}, which is not read here")]
    OtherFormat {
        /// The file.
        path: String,
        /// The format, with its article.
        format: &'static str,
    },
    /// A format that this program was built without.
    #[error("{path} is {format}, which this program was built without")]
    NeedsFeature {
        /// The file.
        path: String,
        /// The format.
        format: super::Format,
        /// The Cargo feature that brings it.
        feature: &'static str,
    },
    /// A file of columns that is cut off or damaged.
    #[error("{path} is damaged or cut off {format}: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// The format that its first bytes are those of.
        format: super::Format,
        /// What the decoder says.
        reason: String,
    },
    /// A column whose cells are not single values.
    #[error("{path}: column `{column}` is {what}, not one value a row")]
    ColumnType {
        /// The file.
        path: String,
        /// The column.
        column: String,
        /// Its type, with its article.
        what: String,
    },
    /// A column whose type is not that which it has in the first file.
    #[error("{path}: column `{column}` is {found} where in {first} it is {expected}")]
    OtherType {
        /// The file.
        path: String,
        /// The first file.
        first: String,
        /// The column.
        column: String,
        /// Its type, with its article.
        found: String,
        /// Its type in the first file, with its article.
        expected: String,
    },
    /// A cell of a file of columns that is no value of a table.
    #[error("{path}:{line}: column `{column}` holds {reason}")]
    UnreadableCell {
        /// The file.
        path: String,
        /// The row, from 1.
        line: u64,
        /// The column.
        column: String,
        /// What it holds.
        reason: &'static str,
    },
    /// No file matches a pattern.
    #[error("{pattern}: no file matches")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern that cannot be one.
    #[error("{pattern}: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that does not have the columns of the first file.
    #[error("{path}: column {position} is {} where {first} has {}",
        named(found.as_deref()), named(expected.as_deref()))]
    OtherColumns {
        /// The file.
        path: String,
        /// The first file.
        first: String,
        /// Position of the first difference, from 1.
        position: usize,
        /// The name in this file, if it has so many columns.
        found: Option<String>,
        /// The name in the first file, if it has so many columns.
        expected: Option<String>,
    },
    /// Files of different formats as one table.
    #[error("{path} is {found} where {first} is {expected}")]
    MixedFormats {
        /// The file.
        path: String,
        /// Its format.
        found: super::Format,
        /// The first file.
        first: String,
        /// The format of the first file.
        expected: super::Format,
    },
    /// A line that is not one JSON object of plain values.
    #[error("{path}:{line}: {reason} at byte {position} of the line")]
    NotJson {
        /// The file.
        path: String,
        /// The line.
        line: u64,
        /// The byte of the line, from 1.
        position: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A JSON value that is itself an object or a list.
    #[error("{path}:{line}: column `{column}` holds {what}, not one value")]
    Nested {
        /// The file.
        path: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// `an object` or `a list`.
        what: &'static str,
    },
    /// A JSON object with the same key twice.
    #[error("{path}:{line}: the key `{column}` stands twice")]
    RepeatedKey {
        /// The file.
        path: String,
        /// The line.
        line: u64,
        /// The key.
        column: String,
    },
    /// A line that is not in the svmlight format.
    #[error("{path}:{line}: {value:?}: {reason}")]
    NotSvmlight {
        /// The file.
        path: String,
        /// The line.
        line: u64,
        /// The part of the line in question, cut after 60 characters.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A sparse file with too many rows or too many different indices.
    #[error("{path}: {} by {} are more than a table can have",
        counted(*rows, "row"), counted(*columns, "column"))]
    TooWide {
        /// The file.
        path: String,
        /// Rows so far.
        rows: usize,
        /// Columns so far.
        columns: usize,
    },
}

fn named(name: Option<&str>) -> String {
    name.map_or_else(|| "missing".to_owned(), |name| format!("`{name}`"))
}

/// The start of a cell, short enough for a message.
pub(super) fn excerpt(cell: &[u8]) -> String {
    const LONGEST: usize = 60;
    let text = String::from_utf8_lossy(&cell[..cell.len().min(4 * LONGEST + 4)]);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

fn others(numeric: usize, cells: usize) -> String {
    if numeric == 0 {
        String::new()
    } else if numeric + 1 == cells {
        format!("\n(the other {} cells of the column are)", grouped(numeric))
    } else {
        format!(
            "\n({} of the {} cells of the column are)",
            grouped(numeric),
            grouped(cells)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_word_is_named_with_its_place_and_the_remedy() {
        let error = ReadError::NotANumber {
            path: "loans.csv".into(),
            line: 1042,
            column: "income".into(),
            value: "12,5OO".into(),
            numeric_cells: 88_120,
            cells: 88_121,
        };
        assert_eq!(
            error.to_string(),
            "loans.csv:1042: column `income`: \"12,5OO\" is not a number\n\
             (the other 88,120 cells of the column are)"
        );
        assert_eq!(
            error.remedy().unwrap(),
            "correct the cell, --na '\"12,5OO\"', or --categorical income"
        );
    }

    #[test]
    fn long_cells_are_cut_between_characters() {
        assert_eq!(excerpt(b"abc"), "abc");
        assert_eq!(
            excerpt("é".repeat(100).as_bytes()),
            format!("{}…", "é".repeat(60))
        );
        assert_eq!(
            excerpt(&vec![b'x'; 5_000_000]),
            format!("{}…", "x".repeat(60))
        );
    }
}
