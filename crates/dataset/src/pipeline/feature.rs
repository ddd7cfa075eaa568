//! Features and the columns that they become.

use serde::{Deserialize, Serialize};

use super::basis::Basis;
use super::dates::FittedPart;
use crate::schema::Kind;

/// The level that stands for a missing cell.
pub const MISSING_LEVEL: &str = "(missing)";
/// The level that stands for those that are too rare to have a column each.
pub const OTHER_LEVEL: &str = "(other)";

/// A column of the table that the model uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The name in the header.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
    /// How a cell becomes numbers.
    pub encoding: Encoding,
}

/// How a cell becomes numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// The number itself, or functions of it.
    Numeric {
        /// What a missing cell becomes; `None` where missing cells are not imputed.
        median: Option<f64>,
        /// The smallest training value.
        min: f64,
        /// The largest training value.
        max: f64,
        /// The functions.
        #[serde(default, skip_serializing_if = "Basis::is_identity")]
        basis: Basis,
    },
    /// One column per level but the first: 1 where the cell is that level, otherwise 0.
    Categorical {
        /// The levels of the training rows in code-point order, the first being the reference;
        /// behind them [`OTHER_LEVEL`] if levels are grouped, and [`MISSING_LEVEL`] if training rows
        /// had missing cells.
        levels: Vec<String>,
        /// The levels behind [`OTHER_LEVEL`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grouped: Option<Grouped>,
    },
    /// One column per [`bucket`](super::bucket) that training rows have but the first, which is the
    /// reference: 1 where the cell is in that bucket, otherwise 0. Missing training cells have a
    /// column of their own.
    ///
    /// Levels that share a bucket cannot be told apart. A level that no training row had is noticed
    /// only where its bucket is empty.
    Hashed {
        /// There are 2 to the power of this buckets.
        bits: u32,
        /// The bucket without a column: the smallest that training rows have.
        reference: u32,
        /// How many levels the training rows have.
        levels: usize,
        /// How many of them share their bucket with another.
        shared_levels: usize,
        /// The share of the training rows, those with missing cells left out, whose level shares its
        /// bucket with another.
        shared_rows: f64,
    },
    /// The columns of each part.
    Date {
        /// What a missing date becomes, in seconds since 1970: the last training date that is not
        /// after their median. `None` where missing cells are not imputed.
        fill: Option<f64>,
        /// The first training date.
        min: f64,
        /// The last training date.
        max: f64,
        /// The parts that differ between training rows.
        parts: Vec<FittedPart>,
    },
}

impl Encoding {
    /// How many of its columns have a number that is not 0 in a row, at most.
    pub(super) fn numbers(&self, columns: &[DesignColumn]) -> f64 {
        let parts = match self {
            // One level, or a function of a number; of the missing ones are few.
            Self::Numeric { basis, .. } => basis.functions().max(1),
            Self::Categorical { .. } | Self::Hashed { .. } => 1,
            Self::Date { .. } => columns.len(),
        };
        parts as f64
    }
}

/// Levels that are one level together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grouped {
    /// The levels, in code-point order.
    pub levels: Vec<String>,
    /// The share of the training rows that have them.
    pub share: f64,
}

/// A column of the design matrix: `(number − mean) / scale`.
///
/// The number is that of a cell, a function of it, 1 or 0 for a level, or a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignColumn {
    /// `source`, `source=level`, `source^2` for the polynomial of degree 2, `source~2` for the second
    /// function of a spline; `source:part` and `source:part=level` of a date; with a colon between
    /// those of its factors for a product.
    pub name: String,
    /// The column of the table, to which contributions fold back; for a product the pair, `a:b`.
    pub source: String,
    /// The level that a dummy stands for: a text, an interval such as `[18,65)`, a bucket such as
    /// `#17`, a part of a date with its level such as `month=3`, [`OTHER_LEVEL`] or [`MISSING_LEVEL`]. For a product those of its factors, with a colon
    /// between.
    pub level: Option<String>,
    /// Which function of the number it is, from 2: the first is the number itself. `None` for all
    /// other columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<usize>,
    /// The design columns, by position, whose product it is: of dummies as they are, and of numbers
    /// less their means. `None` for all other columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factors: Option<[usize; 2]>,
    /// The weighted mean of the training rows; 0 if columns are not shifted.
    pub mean: f64,
    /// Their weighted population standard deviation; 1 if columns are not standardised.
    pub scale: f64,
}

impl DesignColumn {
    /// What is subtracted from the number where it is a factor: the mean of a number, nothing of a
    /// dummy.
    pub(super) fn shift(&self) -> f64 {
        if self.level.is_none() { self.mean } else { 0.0 }
    }
}

/// A feature that cannot tell rows apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedColumn {
    /// The column of the table, or the pair of columns.
    pub name: String,
    /// Why it was dropped.
    pub reason: String,
}
