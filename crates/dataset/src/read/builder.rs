//! Typed columns, filled cell by cell.

use super::ReadError;
use super::error::excerpt;
use crate::notation::Notation;
use crate::number::{Parsed, parse};
use crate::schema::Kind;
use crate::table::{Cells, Dictionary, MISSING};

/// Why a cell does not fit its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotANumber,
    NotFinite,
    OtherNotation(Notation),
}

impl Refusal {
    /// The error for a cell that was refused.
    pub(super) fn error(self, path: &str, line: u64, column: &str, cell: &[u8]) -> ReadError {
        let (path, column, value) = (path.to_owned(), column.to_owned(), excerpt(cell));
        match self {
            Self::NotFinite => ReadError::NotFinite {
                path,
                line,
                column,
                value,
            },
            Self::OtherNotation(notation) => ReadError::OtherNotation {
                path,
                line,
                column,
                value,
                notation,
            },
            Self::NotANumber => {
                let (numeric_cells, cells) = (0, 0);
                ReadError::NotANumber {
                    path,
                    line,
                    column,
                    value,
                    numeric_cells,
                    cells,
                }
            }
        }
    }
}

/// The spellings of yes and no, in lower case.
pub(super) const BOOLEANS: [[&str; 2]; 5] = [
    ["true", "false"],
    ["yes", "no"],
    ["t", "f"],
    ["y", "n"],
    ["1", "0"],
];

/// The spelling of yes or no that a cell is, whatever its case, and which pair it belongs to.
pub(super) fn boolean(cell: &[u8]) -> Option<(usize, &'static str)> {
    if cell.len() > 5 {
        return None;
    }
    BOOLEANS.iter().enumerate().find_map(|(pair, spellings)| {
        let found = spellings
            .iter()
            .find(|text| text.as_bytes().eq_ignore_ascii_case(cell))?;
        Some((pair, *found))
    })
}

/// The cells of one column so far.
#[derive(Debug)]
pub(super) enum Builder {
    Numeric(Vec<f64>),
    Written(Notation, Vec<f64>),
    Text {
        codes: Vec<u32>,
        dictionary: Dictionary,
        boolean: bool,
    },
}

impl Builder {
    /// A date that is written in no notation is a number of seconds, as it is stored.
    pub(super) fn new(kind: Kind, notation: Option<Notation>, rows: usize) -> Self {
        let values = || Vec::with_capacity(rows);
        match kind {
            Kind::Numeric | Kind::Date => match notation {
                Some(notation) => Self::Written(notation, values()),
                None => Self::Numeric(values()),
            },
            Kind::Categorical | Kind::Boolean => Self::Text {
                codes: Vec::with_capacity(rows),
                dictionary: Dictionary::default(),
                boolean: kind == Kind::Boolean,
            },
        }
    }

    /// Number of cells so far.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numeric(values) | Self::Written(_, values) => values.len(),
            Self::Text { codes, .. } => codes.len(),
        }
    }

    /// Appends a trimmed cell of valid UTF-8; `None` is a missing one.
    pub(super) fn push(&mut self, cell: Option<&[u8]>) -> Result<(), Refusal> {
        match (self, cell) {
            (Self::Numeric(values) | Self::Written(_, values), None) => values.push(f64::NAN),
            (Self::Written(notation, values), Some(cell)) => {
                let read = std::str::from_utf8(cell).ok();
                match read.and_then(|cell| notation.read(cell)) {
                    Some(value) => values.push(value),
                    None => return Err(Refusal::OtherNotation(*notation)),
                }
            }
            (Self::Numeric(values), Some(cell)) => match parse(cell) {
                Parsed::Number(value) => values.push(value),
                Parsed::NotFinite => return Err(Refusal::NotFinite),
                Parsed::Word => return Err(Refusal::NotANumber),
            },
            (Self::Text { codes, .. }, None) => codes.push(MISSING),
            (
                Self::Text {
                    codes,
                    dictionary,
                    boolean: lower,
                },
                Some(cell),
            ) => {
                let spelling = if *lower { boolean(cell) } else { None };
                let text = match spelling {
                    Some((_, text)) => text,
                    None => std::str::from_utf8(cell).unwrap_or_default(),
                };
                codes.push(dictionary.code(text));
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Cells {
        match self {
            Self::Numeric(values) | Self::Written(_, values) => Cells::Numeric(values),
            Self::Text {
                codes, dictionary, ..
            } => Cells::Text {
                codes,
                levels: dictionary.into_levels(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_yes_and_no() {
        assert_eq!(boolean(b"TRUE"), Some((0, "true")));
        assert_eq!(boolean(b"No"), Some((1, "no")));
        assert_eq!(boolean(b"0"), Some((4, "0")));
        assert_eq!(boolean(b""), None);
        assert_eq!(boolean(b"maybe"), None);
    }
}
