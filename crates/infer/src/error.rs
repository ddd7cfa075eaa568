//! Why a table cannot be scored.

use std::path::{Path, PathBuf};

use dataset::{PipelineError, ReadError};
use model::FileError;
use model::device::DeviceError;
use terminal::Exit;
use thiserror::Error;

/// Why a table cannot be scored.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InferError {
    /// The model file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no such device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The table cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The cells cannot be turned into numbers.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The preprocessing in the file is not what this program writes.
    #[error("{}: the pipeline: {reason}", path.display())]
    PipelineSection {
        /// The model file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A golden row is no longer encoded as it was.
    #[error("{}: golden row {row}, column `{column}`: the raw cell becomes {actual}, but {expected} \
        when the model was written", path.display())]
    GoldenDesign {
        /// The model file.
        path: PathBuf,
        /// Number of the golden row, from 1.
        row: usize,
        /// The design column.
        column: String,
        /// The value in the file.
        expected: f64,
        /// The value now.
        actual: f64,
    },
    /// The offset of a row is missing.
    #[error("{path}:{line}: column `{column}`: the offset is missing")]
    MissingOffset {
        /// The table.
        path: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
    },
}

impl InferError {
    pub(crate) fn pipeline(path: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self::PipelineSection {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// The next step.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::File(error) => error.remedy(),
            Self::Device(error) => error.remedy(),
            // What a column is was decided when the model was fitted.
            Self::Read(ReadError::NotANumber { value, .. }) => Some(format!(
                "correct the cell, or --na \"{value}\" to take it for missing"
            )),
            Self::Read(error) => error.remedy(),
            Self::Pipeline(error) => error.remedy(),
            Self::PipelineSection { .. } | Self::GoldenDesign { .. } => {
                Some("the file was changed after it was written: fit the model again".to_owned())
            }
            Self::MissingOffset { .. } => Some("give the row an offset, such as 0".to_owned()),
        }
    }

    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Device(_) | Self::Read(ReadError::UnknownColumn { .. }) => Exit::Usage,
            _ => Exit::Data,
        }
    }
}
