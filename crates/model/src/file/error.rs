use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::FORMAT;

/// What is wrong with a model file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file ends early, or its header does not describe its contents.
    #[error("{path}: this is not a whole safetensors file: {reason}", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What the reader found.
        reason: String,
    },
    /// A safetensors file that does not come from here.
    #[error("{path}: this safetensors file has no `kindling` metadata", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version.
    #[error("{path}: format {found}, but this program reads formats up to {FORMAT}",
        path = path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format it states.
        found: u32,
    },
    /// A key or tensor is missing, or holds something else than it should.
    #[error("{path}: {reason}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Which part, and what it holds.
        reason: String,
    },
    /// A tensor has another shape than the rest of the file asks for.
    #[error("{path}: tensor `{tensor}` has shape {actual:?}, not {expected:?}",
        path = path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The shape that fits.
        expected: Vec<usize>,
        /// The shape found.
        actual: Vec<usize>,
    },
    /// A tensor holds NaN or an infinity.
    #[error("{path}: tensor `{tensor}` is not finite at index {index}", path = path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// Place of the first such value, in row-major order.
        index: usize,
    },
    /// A golden row no longer has its score.
    #[error("{path}: golden row {row} scores {actual}, but {expected} when the model was written \
        (rounding explains {tolerance:.1e})", path = path.display())]
    Golden {
        /// The file.
        path: PathBuf,
        /// Number of the golden row, from 1.
        row: usize,
        /// The score in the file.
        expected: f64,
        /// The score now.
        actual: f64,
        /// The largest difference that rounding explains.
        tolerance: f64,
    },
}

impl FileError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn invalid(path: &Path, reason: impl Into<String>) -> Self {
        Self::Invalid {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(super) fn shape(
        path: &Path,
        tensor: &str,
        expected: Vec<usize>,
        actual: Vec<usize>,
    ) -> Self {
        Self::Shape {
            path: path.to_owned(),
            tensor: tensor.to_owned(),
            expected,
            actual,
        }
    }

    /// The next step.
    pub fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                "name a model file or a run folder; `train` writes one, and runs/latest is the newest"
            }
            Self::Io { .. } => return None,
            Self::Broken { .. } => "copy the file again, or fit the model again",
            Self::Foreign { .. } => "name a file that `train` wrote",
            Self::Newer { .. } => "update Kindling, or fit the model again with this version",
            Self::Invalid { .. } | Self::Shape { .. } | Self::NotFinite { .. } => {
                "the file was changed after it was written: fit the model again"
            }
            Self::Golden { .. } => {
                "the file was changed, or this device computes wrongly: try --backend flex, \
                 then fit the model again"
            }
        };
        Some(remedy.to_owned())
    }
}
