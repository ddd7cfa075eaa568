//! Columns by name, wherever their cells are.

use std::borrow::Cow;
use std::fmt::Debug;

use crate::fingerprint::{self, ColumnFingerprint};
use crate::storage::{StorageError, StoredTable};
use crate::table::Table;

/// A table whose columns are asked for by name: one in memory lends them, one on the disk loads them.
///
/// Whoever looks at a table column by column asks for one at a time, and needs no more of it at once.
///
/// # Examples
/// ```
/// use dataset::{Column, ColumnSource, Table};
///
/// let table = Table::new("t", vec![Column::numeric("x", vec![1.0, 2.0])])?;
/// let source: &dyn ColumnSource = &table;
/// let loaded = source.load(&["x", "y"])?;
/// assert_eq!(loaded.column("x").and_then(|x| x.cell(1)).as_deref(), Some("2"));
/// assert!(loaded.column("y").is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ColumnSource: Debug + Send + Sync {
    /// The file, the pattern of several files, or the name that the table came from.
    fn source(&self) -> &str;

    /// Number of rows.
    fn rows(&self) -> usize;

    /// The line on which a row starts in its file.
    fn line(&self, row: usize) -> u64;

    /// The file that a row came from.
    fn file(&self, row: usize) -> &str;

    /// A table that has all cells of these columns, and perhaps of others; names without a column are
    /// passed over.
    ///
    /// # Errors
    /// [`StorageError`] where the cells cannot be had.
    fn load(&self, columns: &[&str]) -> Result<Cow<'_, Table>, StorageError>;

    /// Some rows of these columns, in the order given, each with its line.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    ///
    /// # Panics
    /// When a row is not below [`rows`](Self::rows).
    fn select(&self, columns: &[&str], rows: &[usize]) -> Result<Table, StorageError>;

    /// The fingerprint of every column, in file order.
    fn fingerprints(&self) -> Vec<ColumnFingerprint>;

    /// How many columns may be loaded at a time.
    ///
    /// # Errors
    /// [`StorageError::TooSmall`] where there is no room for one.
    fn columns_at_once(&self) -> Result<usize, StorageError>;

    /// The table itself, where all of it is in memory.
    fn in_memory(&self) -> Option<&Table> {
        None
    }

    /// The table itself, where it is on the disk.
    fn stored(&self) -> Option<&StoredTable> {
        None
    }
}

impl ColumnSource for Table {
    fn source(&self) -> &str {
        self.source()
    }

    fn rows(&self) -> usize {
        self.rows()
    }

    fn line(&self, row: usize) -> u64 {
        self.line(row)
    }

    fn file(&self, row: usize) -> &str {
        self.file(row)
    }

    fn load(&self, _: &[&str]) -> Result<Cow<'_, Table>, StorageError> {
        Ok(Cow::Borrowed(self))
    }

    fn select(&self, _: &[&str], rows: &[usize]) -> Result<Table, StorageError> {
        Ok(self.select(rows))
    }

    fn fingerprints(&self) -> Vec<ColumnFingerprint> {
        fingerprint::columns(self)
    }

    fn columns_at_once(&self) -> Result<usize, StorageError> {
        Ok(usize::MAX)
    }

    fn in_memory(&self) -> Option<&Table> {
        Some(self)
    }
}
