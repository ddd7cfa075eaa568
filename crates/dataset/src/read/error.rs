//! What can be wrong with a file.

use std::io;

use thiserror::Error;

use crate::number::{counted, grouped};
use crate::schema::Mention;
use crate::suggestion::{argument, nearest_text, one_of};

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
    /// The file was written to between the two passes.
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
}

impl ReadError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::FileNotFound { .. } => {
                let shipped: Vec<_> = crate::catalog::catalog()
                    .iter()
                    .map(|entry| entry.name.as_str())
                    .collect();
                Some(format!(
                    "the path of a file, `-` for standard input, or a shipped table: {}",
                    shipped.join(", ")
                ))
            }
            Self::Io { .. } => None,
            Self::Changed { .. } => Some("try again when nothing writes to the file".to_owned()),
            Self::Empty { .. } => Some("a CSV file whose first line names the columns".to_owned()),
            Self::NoRows { .. } => Some("a file with at least one row below the header".to_owned()),
            Self::Ragged { .. } => Some(
                "correct the row, or put quotes around a cell that contains the delimiter"
                    .to_owned(),
            ),
            Self::NotUtf8 { .. } => {
                Some("convert the file: iconv -f LATIN1 -t UTF-8 OLD > NEW".to_owned())
            }
            Self::UnclosedQuote { .. } | Self::RowTooLong { .. } => {
                Some("close the quote; inside quotes, a quote is written twice: \"\"".to_owned())
            }
            Self::DuplicateName { column, .. } => Some(format!(
                "rename one of the two columns `{column}` in the header"
            )),
            Self::EmptyName { position, .. } => {
                Some(format!("give column {position} a name in the header"))
            }
            Self::UnknownColumn {
                mention,
                nearest: Some(nearest),
                ..
            } => Some(format!("{} {}", mention.option(), argument(nearest))),
            Self::UnknownColumn { columns, .. } => Some(one_of(columns)),
            Self::MissingColumn {
                name,
                nearest: Some(nearest),
                ..
            } => Some(format!("rename column `{nearest}` to `{name}`")),
            Self::MissingColumn { name, .. } => Some(format!("add a column `{name}`")),
            Self::Contradiction {
                column,
                first,
                second,
                ..
            } => Some(format!(
                "leave {} out of {} or of {}",
                argument(column),
                first.option(),
                second.option()
            )),
            Self::NotANumber { column, value, .. } => Some(format!(
                "correct the cell, --na {}, or --categorical {}",
                list_item(value),
                argument(column)
            )),
            Self::NotFinite { value, .. } => Some(format!(
                "correct the cell, or --na {} to take it for missing",
                list_item(value)
            )),
            Self::NotABoolean { column, .. } => Some(format!(
                "correct the cell, or --categorical {}",
                argument(column)
            )),
        }
    }
}

/// A cell as one item of a list between commas on the command line.
fn list_item(value: &str) -> String {
    if value.contains(',') {
        format!("'\"{value}\"'")
    } else {
        format!("\"{value}\"")
    }
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
