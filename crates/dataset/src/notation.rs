//! How numbers and dates are written: recognised from all cells of a column, or said by a person.
//!
//! A notation is named by an example: how it writes the number 1234.5 (`1,234.5`, `1.234,5 €`,
//! `1234.5%`), or the last day of January 2026 (`31.01.2026`). Seconds since 1970 are `unix`.

mod date;
mod number;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use date::DateNotation;
pub(crate) use date::iso;
pub use number::NumberNotation;

use crate::schema::Kind;

/// How the cells of a column of numbers or dates are written, where that is not plain digits with a
/// decimal point.
///
/// # Examples
/// ```
/// use dataset::{Kind, Notation};
///
/// let swiss: Notation = "1'234.5".parse()?;
/// assert_eq!(swiss.read("-1'000'000"), Some(-1e6));
/// assert_eq!(swiss.read("1,000"), None);
///
/// let german: Notation = "31.01.2026".parse()?;
/// assert_eq!(german.kind(), Kind::Date);
/// assert_eq!(german.read("2.1.1970"), Some(86_400.0));
/// assert_eq!(german.to_string(), "31.01.2026");
/// # Ok::<(), dataset::notation::UnknownNotation>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Notation {
    /// Of numbers.
    Number(NumberNotation),
    /// Of dates, perhaps with a time of day.
    Date(DateNotation),
}

impl Notation {
    /// The number that a trimmed cell stands for; of a date the seconds since 1970-01-01T00:00.
    ///
    /// A percentage is the number before the sign: `12.5%` is 12.5. The time of day is the one
    /// written: an offset from UTC behind it is checked and not applied, so that noon is noon.
    pub fn read(self, cell: &str) -> Option<f64> {
        match self {
            Self::Number(notation) => notation.read(cell),
            Self::Date(notation) => notation.read(cell),
        }
    }

    /// What columns written in it are: numeric, or dates.
    pub fn kind(self) -> Kind {
        match self {
            Self::Number(_) => Kind::Numeric,
            Self::Date(_) => Kind::Date,
        }
    }

    /// Every notation, numbers first.
    pub fn all() -> impl Iterator<Item = Self> {
        let numbers = NumberNotation::all().map(Self::Number);
        numbers.chain(DateNotation::ALL.map(Self::Date))
    }
}

impl fmt::Display for Notation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(notation) => notation.fmt(formatter),
            Self::Date(notation) => notation.fmt(formatter),
        }
    }
}

/// A text that names no notation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not how 1234.5 or 31 January 2026 is written")]
pub struct UnknownNotation {
    /// The text.
    pub text: String,
}

impl FromStr for Notation {
    type Err = UnknownNotation;

    fn from_str(text: &str) -> Result<Self, UnknownNotation> {
        Self::all()
            .find(|notation| notation.to_string() == text)
            .ok_or_else(|| UnknownNotation {
                text: text.to_owned(),
            })
    }
}

impl TryFrom<String> for Notation {
    type Error = UnknownNotation;

    fn try_from(text: String) -> Result<Self, UnknownNotation> {
        text.parse()
    }
}

impl From<Notation> for String {
    fn from(notation: Notation) -> Self {
        notation.to_string()
    }
}

/// The notation in which all cells of a column are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// At least one of them is written in no notation that is known.
    No,
    /// All notations that read every cell make the same numbers of them; this is the first.
    As(Notation),
    /// Two notations read every cell, and differ about one.
    Either(Notation, Notation),
}

/// The notation of the distinct cells of a column; `kind` says that only numbers or only dates are
/// looked for.
pub(crate) fn recognise(cells: &[String], kind: Option<Kind>) -> Recognised {
    let Some(first) = cells.first() else {
        return Recognised::No;
    };
    // Only the last of the dates, seconds since 1970, is never guessed.
    let dates = DateNotation::GUESSED.map(Notation::Date);
    let numbers = NumberNotation::of(first).map(Notation::Number);
    let mut fitting = numbers
        .chain(dates)
        .filter(|notation| kind.is_none_or(|kind| notation.kind() == kind))
        .filter(|notation| cells.iter().all(|cell| notation.read(cell).is_some()));
    let Some(found) = fitting.next() else {
        return Recognised::No;
    };
    let differs = |other: &Notation| {
        cells
            .iter()
            .any(|cell| found.read(cell) != other.read(cell))
    };
    match fitting.find(differs) {
        Some(other) => Recognised::Either(found, other),
        None => Recognised::As(found),
    }
}

#[cfg(test)]
mod tests;
