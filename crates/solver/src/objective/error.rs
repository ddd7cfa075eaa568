//! Why an objective cannot be built or evaluated.

use dataset::RowSourceError;
use thiserror::Error;

/// Why an objective cannot be built or evaluated.
///
/// Rows and columns are counted from zero.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ObjectiveError {
    /// No row, or none of positive weight.
    #[error("there is no row of positive weight")]
    NoRows,
    /// Neither a column nor an intercept.
    #[error("there is nothing to fit: no column and no intercept")]
    NoParameters,
    /// Something has not as many numbers as it needs.
    #[error("{what}: {actual} numbers where {expected} are needed")]
    Length {
        /// Which numbers.
        what: &'static str,
        /// How many are needed.
        expected: usize,
        /// How many there are.
        actual: usize,
    },
    /// A cell of the design matrix, in a row of positive weight, is infinite or NaN.
    #[error("row {row}, column {column} of the design matrix is not finite")]
    CellNotFinite {
        /// The row.
        row: usize,
        /// The column.
        column: usize,
    },
    /// A target, weight or offset is infinite or NaN.
    #[error("{what}: the number of row {row} is not finite")]
    NotFinite {
        /// Which numbers.
        what: &'static str,
        /// The row.
        row: usize,
    },
    /// A weight is below zero.
    #[error("the weight of row {row} is {weight}, below zero")]
    NegativeWeight {
        /// The row.
        row: usize,
        /// Its weight.
        weight: f64,
    },
    /// A binary target is neither 0 nor 1.
    #[error("the target of row {row} is {value}, neither 0 nor 1")]
    Label {
        /// The row.
        row: usize,
        /// Its target.
        value: f64,
    },
    /// A class code is not below the number of classes.
    #[error("the class code of row {row} is {code}, but there are {classes} classes")]
    Class {
        /// The row.
        row: usize,
        /// Its code.
        code: u32,
        /// Number of classes.
        classes: usize,
    },
    /// Fewer than two classes.
    #[error("a multinomial target needs at least two classes, not {classes}")]
    Classes {
        /// Number of classes.
        classes: usize,
    },
    /// A penalty that is negative or not finite.
    #[error("the penalty lambda = {lambda} is not a number from 0 upwards")]
    Lambda {
        /// The value given.
        lambda: f64,
    },
    /// A mixing ratio outside `[0, 1]`.
    #[error("the L1 ratio {l1_ratio} is not between 0 and 1")]
    L1Ratio {
        /// The value given.
        l1_ratio: f64,
    },
    /// The source of the rows failed.
    #[error(transparent)]
    Rows(#[from] RowSourceError),
    /// An objective whose rows live elsewhere (a device, a file) failed there.
    #[error("the objective could not be evaluated")]
    Elsewhere(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ObjectiveError {
    /// What to do next, where there is something to do.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Rows(error) => error.remedy(),
            Self::NoRows => Some("give at least one row a positive weight".into()),
            Self::NoParameters => Some("keep the intercept or at least one column".into()),
            Self::CellNotFinite { .. } | Self::NotFinite { .. } => {
                Some("correct the number, or give its row the weight 0".into())
            }
            Self::NegativeWeight { .. } => Some("use weights from 0 upwards".into()),
            Self::Label { .. } => Some("code the positive class as 1 and the other as 0".into()),
            Self::Lambda { .. } => Some("use a lambda from 0 upwards".into()),
            Self::L1Ratio { .. } => Some("use 0 for ridge, 1 for lasso".into()),
            _ => None,
        }
    }
}
