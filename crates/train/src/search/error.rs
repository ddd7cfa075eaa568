//! Why settings cannot be searched.

use solver::CrossValidationError;
use terminal::Exit;
use thiserror::Error;

/// Why settings cannot be searched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SearchError {
    /// No setting, or no penalty.
    #[error("there is nothing to try")]
    NothingToTry,
    /// The column that rows are grouped or ordered by is not there.
    #[error("there is no column `{name}` for {option}{}", match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    })]
    NoColumn {
        /// `--group` or `--time`.
        option: &'static str,
        /// The name asked for.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// All names of the header.
        columns: Vec<String>,
    },
    /// A row has no group, or no time.
    #[error("{path}:{line}: column `{column}` is empty, and {option} needs it")]
    NoCell {
        /// The file.
        path: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// `--group` or `--time`.
        option: &'static str,
    },
    /// The times are text.
    #[error("column `{column}` holds text, which has no order in time")]
    NotATime {
        /// The column.
        column: String,
    },
    /// Rows held out at random would undo what the folds are for.
    #[error("--test {test} and {option} contradict each other: rows held out at random {reason}")]
    RandomTest {
        /// The share held out.
        test: f64,
        /// `--group` or `--time`.
        option: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// A fold cannot be fitted or judged.
    #[error(transparent)]
    CrossValidation(#[from] CrossValidationError),
}

impl SearchError {
    /// The next step.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NothingToTry => Some("--penalties 100, or --vary lambda=0.1,0.01".to_owned()),
            Self::NoColumn {
                option,
                nearest,
                columns,
                ..
            } => Some(if let Some(nearest) = nearest {
                format!("{option} {nearest}")
            } else {
                let some: Vec<&str> = columns.iter().take(12).map(String::as_str).collect();
                format!("one of {}", some.join(", "))
            }),
            Self::NoCell { .. } => Some("fill the cell, or leave the row out".to_owned()),
            Self::NotATime { column } => Some(format!("--date {column}, or --numeric {column}")),
            Self::RandomTest { .. } => Some("--nested 5, an honest estimate by folds".to_owned()),
            Self::CrossValidation(error) => error.remedy(),
        }
    }

    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::NothingToTry | Self::NoColumn { .. } | Self::RandomTest { .. } => Exit::Usage,
            Self::NoCell { .. } | Self::NotATime { .. } | Self::CrossValidation(_) => Exit::Data,
        }
    }
}
