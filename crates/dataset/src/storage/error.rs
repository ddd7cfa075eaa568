//! What can be wrong with files that stand in for memory.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::number::{bytes, grouped};
use crate::suggestion::argument;

/// Why rows or columns cannot be kept on the disk, or not be had from there.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageError {
    /// The disk, or the share of it that one may use, is full.
    #[error("{}: no room for {} more on the disk", path.display(), bytes(*wanted))]
    Full {
        /// The folder or the file.
        path: PathBuf,
        /// Bytes that were to be written.
        wanted: u64,
    },
    /// The system refused.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A file is not one of encoded rows, or of another version.
    #[error("{} holds no encoded rows that this version reads", path.display())]
    NotACache {
        /// The file.
        path: PathBuf,
    },
    /// A file of encoded rows is shorter or longer than it says, or its end is missing.
    #[error("{} is cut off, or something was added to it", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
    },
    /// A block of rows is not what was written.
    #[error("{}: the rows from {} on are not what was written", path.display(), grouped(*row))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first row of the block.
        row: usize,
    },
    /// A file holds the rows of another table, or encoded by another pipeline.
    #[error("{} holds other rows", path.display())]
    OtherRows {
        /// The file.
        path: PathBuf,
    },
    /// Somebody wrote to a file while its rows were in use.
    #[error("{} was written to while its rows were in use", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The bound is too small for the work.
    #[error("{what} needs {}, and {} are allowed", bytes(*needed), bytes(*allowed))]
    TooSmall {
        /// What does not fit.
        what: String,
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are for it.
        allowed: u64,
    },
    /// The distinct texts of columns take too much memory.
    #[error("the distinct texts of all columns take {} and more, and {} are allowed: column `{column}` has {} and more",
        bytes(*needed), bytes(*allowed), grouped(*levels))]
    TooManyLevels {
        /// The column whose texts take most.
        column: String,
        /// How many it had when they became too many.
        levels: usize,
        /// Bytes that those of all columns took by then.
        needed: u64,
        /// Bytes that there are for the texts of all columns.
        allowed: u64,
    },
    /// The format of a table can only be read with all of it in memory.
    #[error("{path} cannot be read in bounded memory: {reason}")]
    WholeOnly {
        /// The table.
        path: String,
        /// Why not.
        reason: &'static str,
    },
}

impl StorageError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::Full { .. } => "make room on the disk, or --cache DIR on another one".to_owned(),
            Self::Io { .. } => "--cache DIR, somewhere that can be written to".to_owned(),
            Self::NotACache { path }
            | Self::Truncated { path }
            | Self::Damaged { path, .. }
            | Self::OtherRows { path } => format!("delete {}", path.display()),
            Self::Changed { .. } => "try again when nothing writes to the file".to_owned(),
            Self::TooSmall {
                needed, allowed, ..
            } => format!(
                "a bound that is at least {} larger",
                bytes(needed - allowed.min(needed))
            ),
            Self::TooManyLevels { column, .. } => {
                format!("--drop {}, or a larger bound", argument(column))
            }
            Self::WholeOnly { .. } => "leave out --memory, or write the table as CSV".to_owned(),
        })
    }

    /// What the system said when `wanted` bytes were to be written.
    pub(crate) fn write(path: &Path, wanted: usize, error: &io::Error) -> Self {
        let full = [
            io::ErrorKind::StorageFull,
            io::ErrorKind::QuotaExceeded,
            io::ErrorKind::FileTooLarge,
        ];
        if full.contains(&error.kind()) {
            let wanted = wanted as u64;
            return Self::Full {
                path: path.to_owned(),
                wanted,
            };
        }
        Self::io(path, error)
    }

    /// What the system said.
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }
}
