//! Columns as read.

mod dictionary;
mod lines;
mod sparse;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use thiserror::Error;

use crate::number;
pub(crate) use dictionary::Dictionary;
pub(crate) use lines::Lines;
pub use sparse::SparseCells;

/// The code of a missing text cell.
pub const MISSING: u32 = u32::MAX;

/// The cells of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Finite numbers; `NaN` is a missing cell.
    Numeric(Vec<f64>),
    /// The same where most are zero and only the others are stored.
    Sparse(SparseCells),
    /// Text, each distinct text stored once.
    Text {
        /// For each row the position of its text in `levels`, or [`MISSING`].
        codes: Vec<u32>,
        /// The distinct texts, in order of first appearance.
        levels: Vec<String>,
    },
}

impl Cells {
    /// Number of cells.
    pub fn len(&self) -> usize {
        match self {
            Self::Numeric(values) => values.len(),
            Self::Sparse(cells) => cells.len(),
            Self::Text { codes, .. } => codes.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the cell of this row is missing.
    ///
    /// # Panics
    /// When `row` is out of range.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numeric(values) => values[row].is_nan(),
            Self::Sparse(cells) => cells.get(row).is_nan(),
            Self::Text { codes, .. } => codes[row] == MISSING,
        }
    }

    /// Whether any cell is missing.
    pub fn any_missing(&self) -> bool {
        match self {
            Self::Numeric(values) => values.iter().any(|value| value.is_nan()),
            Self::Sparse(cells) => cells.values().iter().any(|value| value.is_nan()),
            Self::Text { codes, .. } => codes.contains(&MISSING),
        }
    }

    /// Every number in its place, `NaN` for a missing one; `None` of text.
    pub fn numbers(&self) -> Option<Cow<'_, [f64]>> {
        match self {
            Self::Numeric(values) => Some(Cow::Borrowed(values)),
            Self::Sparse(cells) => Some(Cow::Owned(cells.to_dense())),
            Self::Text { .. } => None,
        }
    }

    /// The given rows, in the given order; all levels are kept.
    ///
    /// # Panics
    /// When a row is out of range.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Sparse(cells) => Self::Sparse(cells.select(rows)),
            Self::Numeric(values) => Self::Numeric(rows.iter().map(|&row| values[row]).collect()),
            Self::Text { codes, levels } => Self::Text {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                levels: levels.clone(),
            },
        }
    }
}

/// One column: its name and its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name in the header.
    pub name: String,
    /// The cells.
    pub cells: Cells,
}

impl Column {
    /// A column of numbers; `NaN` is a missing cell.
    pub fn numeric(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self {
            name: name.into(),
            cells: Cells::Numeric(values),
        }
    }

    /// A column of text, from its cells.
    pub fn text<'a>(
        name: impl Into<String>,
        cells: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Self {
        let mut dictionary = Dictionary::default();
        let codes = cells
            .into_iter()
            .map(|cell| cell.map_or(MISSING, |text| dictionary.code(text)))
            .collect();
        Self {
            name: name.into(),
            cells: Cells::Text {
                codes,
                levels: dictionary.into_levels(),
            },
        }
    }

    /// The text of a cell, or `None` when it is missing; a number is written in the shortest form
    /// that reads back as the same number.
    ///
    /// # Panics
    /// When `row` is out of range.
    pub fn cell(&self, row: usize) -> Option<String> {
        match &self.cells {
            Cells::Numeric(values) => written(values[row]),
            Cells::Sparse(cells) => written(cells.get(row)),
            Cells::Text { codes, levels } => levels.get(codes[row] as usize).cloned(),
        }
    }
}

/// A number in its shortest form, if it is one.
fn written(value: f64) -> Option<String> {
    (!value.is_nan()).then(|| number::text(value))
}

/// Why columns do not make a table.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableError {
    /// A column is longer or shorter than the first.
    #[error("column `{column}` has {actual} cells where the table has {expected} rows")]
    Length {
        /// The column.
        column: String,
        /// Rows of the table.
        expected: usize,
        /// Cells of the column.
        actual: usize,
    },
    /// Two columns have the same name.
    #[error("two columns are named `{column}`")]
    DuplicateName {
        /// The name.
        column: String,
    },
    /// A number is infinite.
    #[error("row {row} of column `{column}` is infinite")]
    Infinite {
        /// The column.
        column: String,
        /// The row, from 0.
        row: usize,
    },
    /// The rows of sparse cells do not ascend, are not all below the length, or are not as many as the
    /// values.
    #[error(
        "column `{column}` has {rows} rows and {values} values that are stored, of {len} cells: \
        there must be one value for each row, and rows must ascend and be cells"
    )]
    SparseRows {
        /// The column; empty where it has no name yet.
        column: String,
        /// Number of cells.
        len: usize,
        /// Number of rows that are stored.
        rows: usize,
        /// Number of values that are stored.
        values: usize,
    },
    /// A code points behind the last level.
    #[error("row {row} of column `{column}` has code {code}, but there are {levels} levels")]
    UnknownCode {
        /// The column.
        column: String,
        /// The row, from 0.
        row: usize,
        /// The code.
        code: u32,
        /// How many levels there are.
        levels: usize,
    },
}

impl TableError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        None
    }
}

/// Columns of equal length, with the line of the file that each row came from.
///
/// # Examples
/// ```
/// use dataset::{Column, Table};
///
/// let table = Table::new(
///     "penguins",
///     vec![
///         Column::numeric("body_mass_g", vec![3750.0, f64::NAN]),
///         Column::text("sex", [Some("male"), None]),
///     ],
/// )?;
/// assert_eq!(table.rows(), 2);
/// assert_eq!(table.column("body_mass_g").and_then(|column| column.cell(0)).as_deref(), Some("3750"));
/// assert_eq!(table.column("sex").and_then(|column| column.cell(1)), None);
/// # Ok::<(), dataset::TableError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    source: String,
    files: Vec<String>,
    columns: Vec<Column>,
    positions: HashMap<String, usize>,
    lines: Arc<Lines>,
}

impl Table {
    /// A table made in memory; `source` is its name in messages, and lines count from 1.
    ///
    /// # Errors
    /// Every variant of [`TableError`].
    pub fn new(source: impl Into<String>, columns: Vec<Column>) -> Result<Self, TableError> {
        let rows = columns.first().map_or(0, |column| column.cells.len());
        for column in &columns {
            check(column, rows)?;
        }
        let lines: Lines = (1..=rows as u64).collect();
        let table = Self::read(source.into(), columns, lines);
        if let Some(twice) = table
            .columns
            .iter()
            .enumerate()
            .find(|(position, column)| table.positions[&column.name] != *position)
        {
            return Err(TableError::DuplicateName {
                column: twice.1.name.clone(),
            });
        }
        Ok(table)
    }

    /// A table that a reader has checked.
    pub(crate) fn read(source: String, columns: Vec<Column>, lines: impl Into<Arc<Lines>>) -> Self {
        let positions = columns
            .iter()
            .enumerate()
            .map(|(position, column)| (column.name.clone(), position))
            .collect();
        Self {
            source,
            files: Vec::new(),
            columns,
            positions,
            lines: lines.into(),
        }
    }

    /// The same table, its rows from several files.
    pub(crate) fn with_files(mut self, files: Vec<String>) -> Self {
        self.files = files;
        self
    }

    /// Its columns alone.
    pub(crate) fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The columns, in file order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.positions
            .get(name)
            .map(|&position| &self.columns[position])
    }

    /// The line on which a row starts in its file; the header is line 1.
    pub fn line(&self, row: usize) -> u64 {
        self.lines.get(row)
    }

    /// The file that a row came from: [`source`](Self::source) unless the table was read from
    /// several files.
    pub fn file(&self, row: usize) -> &str {
        let position = self.lines.file(row) as usize;
        self.files.get(position).unwrap_or(&self.source)
    }

    /// The file, the pattern of several files, or the name that the table came from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The given rows, in the given order, each with its line.
    ///
    /// # Panics
    /// When a row is not below [`rows`](Self::rows).
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let columns = self
            .columns
            .iter()
            .map(|column| Column {
                name: column.name.clone(),
                cells: column.cells.select(rows),
            })
            .collect();
        let mut lines = Lines::default();
        for &row in rows {
            lines.push_in(self.lines.file(row), self.line(row));
        }
        Self {
            source: self.source.clone(),
            files: self.files.clone(),
            columns,
            positions: self.positions.clone(),
            lines: Arc::new(lines),
        }
    }
}

fn check(column: &Column, rows: usize) -> Result<(), TableError> {
    let name = || column.name.clone();
    if column.cells.len() != rows {
        let actual = column.cells.len();
        return Err(TableError::Length {
            column: name(),
            expected: rows,
            actual,
        });
    }
    match &column.cells {
        Cells::Numeric(values) => match values.iter().position(|value| value.is_infinite()) {
            Some(row) => Err(TableError::Infinite {
                column: name(),
                row,
            }),
            None => Ok(()),
        },
        // Checked when they were made.
        Cells::Sparse(_) => Ok(()),
        Cells::Text { codes, levels } => {
            let unknown = |&code: &u32| code != MISSING && code as usize >= levels.len();
            match codes.iter().position(unknown) {
                Some(row) => Err(TableError::UnknownCode {
                    column: name(),
                    row,
                    code: codes[row],
                    levels: levels.len(),
                }),
                None => Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_unequal_length_are_an_error() {
        let columns = vec![
            Column::numeric("a", vec![1.0]),
            Column::numeric("b", vec![]),
        ];
        let error = Table::new("t", columns).unwrap_err();
        assert_eq!(
            error,
            TableError::Length {
                column: "b".into(),
                expected: 1,
                actual: 0
            }
        );
    }

    #[test]
    fn two_columns_of_one_name_are_an_error() {
        let columns = vec![
            Column::numeric("a", vec![1.0]),
            Column::numeric("a", vec![2.0]),
        ];
        let error = Table::new("t", columns).unwrap_err();
        assert_eq!(error, TableError::DuplicateName { column: "a".into() });
    }

    #[test]
    fn an_infinite_number_is_an_error() {
        let error = Table::new("t", vec![Column::numeric("a", vec![0.0, f64::INFINITY])]);
        assert_eq!(
            error.unwrap_err(),
            TableError::Infinite {
                column: "a".into(),
                row: 1
            }
        );
    }

    #[test]
    fn a_code_without_level_is_an_error() {
        let cells = Cells::Text {
            codes: vec![MISSING, 1],
            levels: vec!["x".into()],
        };
        let error = Table::new(
            "t",
            vec![Column {
                name: "a".into(),
                cells,
            }],
        )
        .unwrap_err();
        let expected = TableError::UnknownCode {
            column: "a".into(),
            row: 1,
            code: 1,
            levels: 1,
        };
        assert_eq!(error, expected);
    }

    #[test]
    fn selected_rows_keep_cells_and_lines() {
        let table = Table::new(
            "t",
            vec![
                Column::numeric("a", vec![1.0, 2.0, 3.0]),
                Column::text("b", [Some("x"), None, Some("y")]),
            ],
        )
        .unwrap();
        let part = table.select(&[2, 1]);
        assert_eq!((part.rows(), part.line(0), part.line(1)), (2, 3, 2));
        assert_eq!(part.column("a").unwrap().cell(0).as_deref(), Some("3"));
        assert_eq!(part.column("b").unwrap().cell(0).as_deref(), Some("y"));
        assert_eq!(part.column("b").unwrap().cell(1), None);
        assert!(part.columns()[1].cells.is_missing(1));
    }
}
