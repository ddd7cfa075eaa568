//! What a file holds: text in blocks of rows, or columns.

use std::io::Read;

use super::blocks::{Blocks, Sizes};
#[cfg(feature = "parquet")]
use super::columnar::{ColumnFile, Stored};
use super::header::Header;
use super::input::Part;
use super::source::Source;
use super::{CsvOptions, Format, ReadError};
use crate::storage::StorageError;

/// A file whose format is known, and the names of its columns where it says them before its rows.
pub(super) enum Body<R> {
    Text(Blocks<R>),
    #[cfg(feature = "parquet")]
    Columns(ColumnFile),
}

impl<R: Read> Body<R> {
    /// Reads what stands before the rows. Columns are read from `part` where it has the bytes as
    /// they are; otherwise all bytes are taken into memory, because their description is at the end.
    pub(super) fn open(
        source: Source<R>,
        part: Option<&Part>,
        csv: &CsvOptions,
        sizes: Sizes,
    ) -> Result<Self, ReadError> {
        let format = source.format;
        if !matches!(format, Format::Parquet | Format::Arrow) {
            return Ok(Self::Text(Blocks::new(source, csv, sizes)?));
        }
        let path = source.path.clone();
        #[cfg(feature = "parquet")]
        {
            let stored = part.filter(|_| source.is_plain()).and_then(Part::stored);
            let stored = match stored {
                Some(stored) => stored,
                None => Stored::Memory(source.into_bytes()?.into()),
            };
            Ok(Self::Columns(ColumnFile::open(&path, stored, format)?))
        }
        #[cfg(not(feature = "parquet"))]
        {
            let _ = part;
            let feature = "parquet";
            Err(ReadError::NeedsFeature {
                path,
                format,
                feature,
            })
        }
    }

    pub(super) fn format(&self) -> Format {
        match self {
            Self::Text(blocks) => blocks.format(),
            #[cfg(feature = "parquet")]
            Self::Columns(file) => file.format(),
        }
    }

    pub(super) fn header(&self) -> Option<&Header> {
        match self {
            Self::Text(blocks) => blocks.header(),
            #[cfg(feature = "parquet")]
            Self::Columns(file) => Some(file.header()),
        }
    }
}

/// Refuses what can only be read with all of it in memory.
///
/// # Errors
/// [`StorageError::WholeOnly`].
pub(super) fn check_bounded<R: Read>(source: &Source<R>, part: &Part) -> Result<(), StorageError> {
    let reason = match source.format {
        Format::Svmlight => "the columns of svmlight are known when its last row was read",
        #[cfg(feature = "parquet")]
        Format::Parquet | Format::Arrow if !(source.is_plain() && part.is_file()) => {
            "the columns are described at its end, and this is no plain file"
        }
        _ => return Ok(()),
    };
    let path = part.name.clone();
    Err(StorageError::WholeOnly { path, reason })
}
