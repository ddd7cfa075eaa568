//! What can be wrong with a target, weights or offsets.

use thiserror::Error;

use super::TaskChoice;
use crate::number::{grouped, text};
use crate::pipeline::PipelineError;
use crate::suggestion::{argument, nearest_text, one_of};

/// Why there is nothing to predict.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum TargetError {
    /// No column has the role of the target.
    #[error("no column was named as the target")]
    NoTarget {
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// The schema names a column that the table does not have.
    #[error("the table has no column `{column}`")]
    AbsentColumn {
        /// The column.
        column: String,
    },
    /// Every row that counts lacks the target.
    #[error("target `{column}` is missing in every row")]
    AllMissing {
        /// The target.
        column: String,
    },
    /// All rows have the same target.
    #[error("target `{column}` has one value in all rows: {value:?}")]
    OneValue {
        /// The target.
        column: String,
        /// The value.
        value: String,
    },
    /// Nearly every row has a target of its own.
    #[error("target `{column}` has {} different values in {} rows, too many to be classes",
        grouped(*classes), grouped(*rows))]
    TooManyClasses {
        /// The target.
        column: String,
        /// Distinct values.
        classes: usize,
        /// Rows with a target.
        rows: usize,
    },
    /// A binary target with more than two values.
    #[error("target `{column}` has {} values, a binary target has 2", grouped(*values))]
    NotBinary {
        /// The target.
        column: String,
        /// Distinct values.
        values: usize,
    },
    /// A column that must hold numbers holds text.
    #[error("column `{column}` is not numeric")]
    NotNumeric {
        /// The column.
        column: String,
    },
    /// The positive label does not occur.
    #[error("target `{column}` is never {positive:?}{}", nearest_text(nearest.as_deref()))]
    UnknownPositive {
        /// The target.
        column: String,
        /// The label asked for.
        positive: String,
        /// The label that was probably meant.
        nearest: Option<String>,
        /// All labels.
        labels: Vec<String>,
    },
    /// A comparison with a number, for a target that is text.
    #[error("`{threshold}` compares numbers, but target `{column}` is text")]
    ThresholdOnText {
        /// The target.
        column: String,
        /// The comparison.
        threshold: String,
    },
    /// A positive label for a task that has none.
    #[error("a positive label makes a binary target, but the task is {}", task_name(*task))]
    PositiveOfAnotherTask {
        /// The task.
        task: TaskChoice,
    },
    /// A row with a target has no weight.
    #[error("{path}:{line}: weight `{column}` is missing")]
    MissingWeight {
        /// The file.
        path: String,
        /// The line of the row.
        line: u64,
        /// The column of weights.
        column: String,
    },
    /// A weight below 0.
    #[error("{path}:{line}: weight `{column}` is {}, below 0", text(*value))]
    NegativeWeight {
        /// The file.
        path: String,
        /// The line of the row.
        line: u64,
        /// The column of weights.
        column: String,
        /// The weight.
        value: f64,
    },
    /// No row counts.
    #[error("weight `{column}` is 0 in every row")]
    AllZeroWeights {
        /// The column of weights.
        column: String,
    },
    /// A row with a target has no offset.
    #[error("{path}:{line}: offset `{column}` is missing")]
    MissingOffset {
        /// The file.
        path: String,
        /// The line of the row.
        line: u64,
        /// The column of offsets.
        column: String,
    },
    /// Missing features forbid to go on.
    #[error(transparent)]
    Features(#[from] PipelineError),
}

impl TargetError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NoTarget { columns } => Some(format!("--target with {}", one_of(columns))),
            Self::AbsentColumn { .. } => None,
            Self::AllMissing { .. } | Self::OneValue { .. } => {
                Some("--target with a column that differs between rows".to_owned())
            }
            Self::TooManyClasses { .. } => Some(
                "--target with a column of a few values, or --task linear for a number".to_owned(),
            ),
            Self::NotBinary { .. } => {
                Some("--positive LABEL (against the rest), or --task multinomial".to_owned())
            }
            Self::NotNumeric { column } => Some(format!(
                "a column of numbers, or leave {} out of --categorical",
                argument(column)
            )),
            Self::UnknownPositive {
                nearest: Some(nearest),
                ..
            } => Some(format!("--positive {}", argument(nearest))),
            Self::UnknownPositive { labels, .. } => {
                Some(format!("--positive with {}", one_of(labels)))
            }
            Self::ThresholdOnText { .. } => Some("--positive LABEL".to_owned()),
            Self::PositiveOfAnotherTask { .. } => {
                Some("--task binary, or leave --positive out".to_owned())
            }
            Self::MissingWeight { .. } | Self::MissingOffset { .. } => {
                Some("fill the cell in, or delete the row".to_owned())
            }
            Self::NegativeWeight { .. } => {
                Some("a weight of 0 or more; 0 leaves the row out".to_owned())
            }
            Self::AllZeroWeights { .. } => {
                Some("a weight above 0 in at least some rows".to_owned())
            }
            Self::Features(error) => error.remedy(),
        }
    }
}

fn task_name(task: TaskChoice) -> &'static str {
    match task {
        TaskChoice::Auto => "auto",
        TaskChoice::Binary => "binary",
        TaskChoice::Multinomial => "multinomial",
        TaskChoice::Linear => "linear",
    }
}
