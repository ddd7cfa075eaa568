//! What can be wrong with the features.

use thiserror::Error;

use super::DroppedColumn;
use crate::number::{counted, text};
use crate::schema::Kind;
use crate::storage::StorageError;
use crate::suggestion::{argument, nearest_text};

/// Why features do not become a design matrix.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PipelineError {
    /// There is no row of positive weight.
    #[error("no rows to fit on")]
    NoRows,
    /// There are not as many weights as rows.
    #[error("{weights} weights for {rows} rows")]
    WeightCount {
        /// Rows given.
        rows: usize,
        /// Weights given.
        weights: usize,
    },
    /// A weight is negative, infinite or not a number.
    #[error("row {row} has weight {weight}")]
    Weight {
        /// The row of the table.
        row: usize,
        /// The weight.
        weight: f64,
    },
    /// The table lacks a feature.
    #[error("the table has no column `{column}`")]
    AbsentColumn {
        /// The feature.
        column: String,
    },
    /// The column of the table is of another kind than the feature.
    #[error("column `{column}` of the table is not {expected}")]
    Kind {
        /// The feature.
        column: String,
        /// The kind that it must be.
        expected: Kind,
    },
    /// A cell is missing where missing cells are not imputed.
    #[error("{path}:{line}: column `{column}` is missing, as it is in {} altogether",
        counted(*rows, "row"))]
    MissingCell {
        /// The file.
        path: String,
        /// The line of the first such row.
        line: u64,
        /// The column.
        column: String,
        /// Rows in which the column is missing.
        rows: usize,
    },
    /// Every row has a missing cell.
    #[error("every row has a missing cell; column `{column}` is missing in {}",
        counted(*rows, "row"))]
    NoCompleteRow {
        /// The column that is missing most often.
        column: String,
        /// Rows in which it is missing.
        rows: usize,
    },
    /// No feature tells rows apart.
    #[error("no feature is left{}", reasons(dropped))]
    NoFeatureLeft {
        /// Every feature and why it was dropped.
        dropped: Vec<DroppedColumn>,
    },
    /// A level that the training rows did not have.
    #[error(
        "{path}:{line}: column `{column}`: {level:?} does not occur in the rows that the model was fitted on"
    )]
    UnseenLevel {
        /// The file.
        path: String,
        /// The line of the row.
        line: u64,
        /// The column.
        column: String,
        /// The level.
        level: String,
    },
    /// A number that overflows.
    #[error("{path}:{line}: column `{column}`: {} is too large for {precision}", text(*value))]
    TooLarge {
        /// The file.
        path: String,
        /// The line of the row.
        line: u64,
        /// The column.
        column: String,
        /// The number in the table.
        value: f64,
        /// The type of the design matrix.
        precision: &'static str,
    },
    /// The design matrix does not fit in memory.
    #[error("a design matrix of {} and {} does not fit in memory; column `{widest}` takes most of it",
        counted(*rows, "row"), counted(*columns, "column"))]
    OutOfMemory {
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// The feature, or the pair of features, that most columns come from.
        widest: String,
        /// Whether it is a pair.
        interaction: bool,
    },
    /// An option names a column that is not a feature.
    #[error("`{column}` is not a feature{}", nearest_text(nearest.as_deref()))]
    NotAFeature {
        /// The name.
        column: String,
        /// The feature that was probably meant.
        nearest: Option<String>,
        /// The option.
        option: &'static str,
    },
    /// A column cannot have the encoding that is asked for.
    #[error("column `{column}` is {kind}, which `{encoding}` is not for")]
    EncodingKind {
        /// The column.
        column: String,
        /// Its kind.
        kind: Kind,
        /// The encoding.
        encoding: String,
    },
    /// A number has too few different values for the encoding that is asked for.
    #[error("column `{column}` has {} to fit on, too few for `{encoding}`, which needs {needed} well apart",
        counted(*distinct, "different number"))]
    TooFewValues {
        /// The column.
        column: String,
        /// The encoding.
        encoding: String,
        /// Its distinct values.
        distinct: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A limit that no category can keep.
    #[error("a category cannot have at most {}", counted(*levels, "level"))]
    TooFewLevels {
        /// The limit.
        levels: usize,
    },
    /// Missing cells are to be marked, but rows with missing cells are not used.
    #[error("missing cells cannot have a column where rows with missing cells are not used")]
    IndicatorWithoutImputation,
    /// The cells cannot be had from the disk, or the rows not be kept there.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A pipeline that was not made by fitting contradicts itself.
    #[error("the pipeline contradicts itself at `{column}`")]
    Inconsistent {
        /// The column of the table or of the design matrix.
        column: String,
    },
}

impl PipelineError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NoRows | Self::WeightCount { .. } => None,
            Self::Storage(error) => error.remedy(),
            Self::Weight { .. } => Some("finite weights of 0 or more".to_owned()),
            Self::AbsentColumn { column } => Some(format!("add a column `{column}`")),
            Self::Kind {
                column,
                expected: Kind::Numeric,
            } => Some(format!("numbers in column `{column}`")),
            Self::Kind {
                column,
                expected: Kind::Date,
            } => Some(format!("dates in column `{column}`")),
            Self::MissingCell { .. } => Some("--missing impute, or --missing drop".to_owned()),
            Self::NoCompleteRow { column, .. } => {
                Some(format!("--drop {}, or --missing impute", argument(column)))
            }
            Self::NoFeatureLeft { .. } => Some("a table with a column that varies".to_owned()),
            Self::UnseenLevel { .. } => {
                Some("leave --strict out to score such rows and flag them".to_owned())
            }
            Self::TooLarge { precision, .. } if *precision == "f32" => {
                Some("--precision f64".to_owned())
            }
            Self::TooLarge { .. } => Some("correct the cell".to_owned()),
            Self::OutOfMemory {
                widest,
                interaction: true,
                ..
            } => Some(format!("leave out --interact {}", argument(widest))),
            Self::OutOfMemory { widest, .. } => Some(format!("--drop {}", argument(widest))),
            Self::NotAFeature {
                nearest: Some(near),
                option,
                ..
            } => Some(format!("{option} with `{near}`")),
            Self::NotAFeature { column, .. } => Some(format!("--features {}", argument(column))),
            Self::Kind { column, .. }
            | Self::TooFewValues { column, .. }
            | Self::EncodingKind {
                column,
                kind: Kind::Numeric,
                ..
            } => Some(format!("--categorical {}", argument(column))),
            Self::EncodingKind {
                column,
                kind: Kind::Date,
                ..
            } => Some(format!(
                "leave `{column}` out of --encode; a schema file (--schema) can choose its parts"
            )),
            Self::EncodingKind { column, .. } => Some(format!("--numeric {}", argument(column))),
            Self::TooFewLevels { .. } => Some("--max-levels 2 or more".to_owned()),
            Self::IndicatorWithoutImputation => Some("--missing impute".to_owned()),
            Self::Inconsistent { .. } => Some("a model file as `train` wrote it".to_owned()),
        }
    }
}

fn reasons(dropped: &[DroppedColumn]) -> String {
    const SHOWN: usize = 5;
    if dropped.is_empty() {
        return String::new();
    }
    let mut reasons: Vec<_> = dropped
        .iter()
        .take(SHOWN)
        .map(|column| format!("`{}` {}", column.name, column.reason))
        .collect();
    if dropped.len() > SHOWN {
        reasons.push(format!("and {} more", dropped.len() - SHOWN));
    }
    format!(": {}", reasons.join(", "))
}
