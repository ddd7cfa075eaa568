//! How much may be held in memory, and where the rest goes.

use std::path::PathBuf;

use super::StorageError;

/// Bytes that one cell of a column takes while the column is fitted: the cells, copies of those of the
/// training rows, and what is sorted among them.
const CELL_BYTES: u64 = 56;

/// What a table that is larger than memory may hold of it.
///
/// # Examples
/// ```
/// use dataset::{CsvOptions, Input, SchemaOptions, Storage, read_stored};
///
/// let folder = std::env::temp_dir();
/// let storage = Storage { folder, bytes: 16 << 20 };
/// let input = Input::bytes("pets.csv", b"age,animal\n3,cat\nNA,dog\n".as_slice());
/// let (table, schema, _) =
///     read_stored(&input, &CsvOptions::default(), &SchemaOptions::default(), &storage)?;
/// assert_eq!((table.rows(), schema.columns.len()), (2, 2));
/// # Ok::<(), dataset::ReadError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Where cells wait. They need as many bytes there as in memory, twice over while a table is read.
    pub folder: PathBuf,
    /// Bytes that reading, fitting the preprocessing and encoding may hold at a time. What belongs to
    /// each row beside its cells (its target, its place) is not counted.
    pub bytes: u64,
}

impl Storage {
    /// Bytes of cells that wait for being written.
    pub(crate) fn buffered(&self) -> u64 {
        self.bytes / 8
    }

    /// Bytes of the distinct texts of all columns.
    pub(crate) fn levels(&self) -> u64 {
        self.bytes / 4
    }

    /// Blocks of that size that may be under way: each is there as text, as cells and as columns, and
    /// as many again are read meanwhile.
    pub(crate) fn blocks(&self, block: usize) -> usize {
        usize::try_from(self.bytes / 4 / (10 * block as u64).max(1)).unwrap_or(usize::MAX)
    }

    /// There is no room for a block of that size.
    pub(crate) fn too_small_for_block(&self, block: usize) -> StorageError {
        StorageError::TooSmall {
            what: "reading a block of rows".to_owned(),
            needed: 4 * 10 * block as u64,
            allowed: self.bytes,
        }
    }

    /// Checks that rows which are stored together may be in memory at a time: as they are stored and as
    /// cells.
    #[cfg(feature = "parquet")]
    pub(crate) fn group(&self, rows: usize, columns: usize) -> Result<(), StorageError> {
        let (needed, allowed) = (2 * 20 * (rows * columns) as u64, self.bytes);
        if needed <= allowed {
            return Ok(());
        }
        Err(StorageError::TooSmall {
            what: format!("a group of {} rows", crate::number::grouped(rows)),
            needed,
            allowed,
        })
    }

    /// Columns of that many rows that may be looked at at a time.
    ///
    /// # Errors
    /// [`StorageError::TooSmall`] where there is no room for one.
    pub(crate) fn columns(&self, rows: usize) -> Result<usize, StorageError> {
        // A quarter is for distinct texts.
        let (needed, allowed) = ((rows as u64 * CELL_BYTES).div_ceil(3) * 4, self.bytes);
        if needed > allowed {
            return Err(StorageError::TooSmall {
                what: format!("a column of {} rows", crate::number::grouped(rows)),
                needed,
                allowed,
            });
        }
        Ok(usize::try_from(allowed / needed.max(1)).unwrap_or(usize::MAX))
    }

    /// Rows that may be encoded at a time, each being so many cells of the table and of the design
    /// matrix.
    pub(crate) fn rows(&self, cells: usize) -> usize {
        let row = 8 * cells as u64 + 64;
        usize::try_from(self.bytes / 2 / row).map_or(usize::MAX, |rows| rows.clamp(256, 1 << 20))
    }
}
