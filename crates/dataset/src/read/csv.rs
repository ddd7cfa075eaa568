//! CSV: how it is written, and how its text is cut into rows and cells.

mod boundary;
mod scan;
mod tokens;

use serde::{Deserialize, Serialize};

use super::ReadError;
#[cfg(feature = "parquet")]
use crate::notation::iso;
pub(super) use boundary::boundary;
pub(super) use tokens::{Fault, Shape, grid};

/// How a CSV file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CsvOptions {
    /// The byte between cells; `None` finds out which of `,` `;` tab `|` it is.
    pub delimiter: Option<u8>,
    /// The cells that mean *missing*, compared after blanks around the cell are dropped.
    pub na: Vec<String>,
}

impl Default for CsvOptions {
    /// Finds the delimiter; an empty cell, `NA`, `N/A`, `NULL` and `null` are missing.
    fn default() -> Self {
        let na = ["", "NA", "N/A", "NULL", "null"]
            .map(str::to_owned)
            .to_vec();
        Self {
            delimiter: None,
            na,
        }
    }
}

impl CsvOptions {
    pub(super) fn missing(&self) -> MissingCells {
        let spellings: Vec<Box<[u8]>> = self
            .na
            .iter()
            .map(|spelling| spelling.trim().as_bytes().into())
            .collect();
        let mut first = [false; 256];
        for spelling in &spellings {
            if let Some(&byte) = spelling.first() {
                first[usize::from(byte)] = true;
            }
        }
        let empty = spellings.iter().any(|spelling| spelling.is_empty());
        #[cfg(feature = "parquet")]
        let numbers = self
            .na
            .iter()
            .filter_map(|spelling| spelling.trim().parse().ok());
        MissingCells {
            #[cfg(feature = "parquet")]
            numbers: numbers.collect(),
            #[cfg(feature = "parquet")]
            dates: spellings.iter().any(|spelling| iso(spelling).is_some()),
            spellings,
            first,
            empty,
        }
    }
}

/// The spellings of a missing cell.
#[derive(Debug)]
pub(super) struct MissingCells {
    spellings: Vec<Box<[u8]>>,
    /// The numbers among them, for cells that are no text.
    #[cfg(feature = "parquet")]
    numbers: Vec<f64>,
    /// Whether there are dates among them.
    #[cfg(feature = "parquet")]
    dates: bool,
    first: [bool; 256],
    empty: bool,
}

impl MissingCells {
    /// Whether any number is missing.
    #[cfg(feature = "parquet")]
    pub(super) fn has_numbers(&self) -> bool {
        !self.numbers.is_empty()
    }

    /// Whether any date is missing.
    #[cfg(feature = "parquet")]
    pub(super) fn has_dates(&self) -> bool {
        self.dates
    }

    /// Whether a cell that is this number is missing; `NaN` is where `nan` is a spelling.
    #[cfg(feature = "parquet")]
    pub(super) fn is_number(&self, value: f64) -> bool {
        // `NaN` is equal to itself here, and both zeros are.
        let bits = |number: f64| (number + 0.0).to_bits();
        let same =
            |&number: &f64| bits(number) == bits(value) || (number.is_nan() && value.is_nan());
        self.numbers.iter().any(same)
    }

    /// Whether a spelling starts as digits, a sign or a point do.
    pub(super) fn like_numbers(&self) -> bool {
        (b'0'..=b'9')
            .chain([b'-', b'.'])
            .any(|byte| self.first[usize::from(byte)])
    }

    /// Whether this trimmed cell is missing.
    pub(super) fn contains(&self, cell: &[u8]) -> bool {
        match cell.first() {
            None => self.empty,
            Some(&byte) => {
                self.first[usize::from(byte)] && self.spellings.iter().any(|text| **text == *cell)
            }
        }
    }
}

impl Fault {
    /// The error for a file whose rows have so many columns.
    pub(super) fn error(self, path: &str, expected: usize) -> ReadError {
        let path = path.to_owned();
        match self {
            Self::Ragged { line, found } => ReadError::Ragged {
                path,
                line,
                expected,
                found,
            },
            Self::NotUtf8 { line } => ReadError::NotUtf8 { path, line },
            Self::UnclosedQuote { line } => ReadError::UnclosedQuote { path, line },
        }
    }
}

#[cfg(test)]
mod tests;
