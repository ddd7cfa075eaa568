//! A table whose cells are on the disk.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Segments, Spill, Storage, StorageError};
use crate::columns::ColumnSource;
use crate::fingerprint::ColumnFingerprint;
use crate::table::{Cells, Column, Lines, Table};

/// Columns as read, their cells on the disk: what [`read_stored`](crate::read_stored) makes.
///
/// Names, distinct texts and lines are in memory. Every cell comes back as it would be in a
/// [`Table`].
#[derive(Debug)]
pub struct StoredTable {
    source: String,
    files: Vec<String>,
    storage: Storage,
    spill: Spill,
    columns: Vec<StoredColumn>,
    positions: HashMap<String, usize>,
    lines: Arc<Lines>,
}

#[derive(Debug)]
struct StoredColumn {
    name: String,
    segments: Segments,
    /// The distinct texts, of a column of text.
    levels: Option<Vec<String>>,
    fingerprint: ColumnFingerprint,
}

/// The columns of a table in the making.
#[derive(Debug)]
pub(crate) struct StoredColumns {
    storage: Storage,
    spill: Spill,
    columns: Vec<StoredColumn>,
}

impl StoredColumns {
    pub(crate) fn new(storage: &Storage) -> Result<Self, StorageError> {
        Ok(Self {
            storage: storage.clone(),
            spill: Spill::new(&storage.folder)?,
            columns: Vec::new(),
        })
    }

    /// Moves a column to the disk.
    pub(crate) fn push(&mut self, column: Column) -> Result<(), StorageError> {
        let fingerprint = ColumnFingerprint::new(&column);
        let mut segments = Segments::default();
        let levels = match column.cells {
            Cells::Numeric(values) => {
                self.spill.append(&mut segments, &values)?;
                None
            }
            Cells::Sparse(cells) => {
                self.spill.append(&mut segments, &cells.to_dense())?;
                None
            }
            Cells::Text { codes, levels } => {
                self.spill.append(&mut segments, &codes)?;
                Some(levels)
            }
        };
        self.columns.push(StoredColumn {
            name: column.name,
            segments,
            levels,
            fingerprint,
        });
        Ok(())
    }

    pub(crate) fn table(self, source: String, files: Vec<String>, lines: Lines) -> StoredTable {
        let positions = self
            .columns
            .iter()
            .enumerate()
            .map(|(position, column)| (column.name.clone(), position))
            .collect();
        StoredTable {
            source,
            files,
            storage: self.storage,
            spill: self.spill,
            columns: self.columns,
            positions,
            lines: Arc::new(lines),
        }
    }
}

impl StoredTable {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// What it may hold in memory, and where its cells are.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Bounds what it may hold in memory from here on.
    pub fn set_bytes(&mut self, bytes: u64) {
        self.storage.bytes = bytes;
    }

    fn find(&self, name: &str) -> Option<&StoredColumn> {
        self.positions
            .get(name)
            .map(|&position| &self.columns[position])
    }

    fn cells(&self, column: &StoredColumn, rows: Range<usize>) -> Result<Cells, StorageError> {
        let count = rows.len();
        Ok(match &column.levels {
            None => {
                let mut values = vec![0.0; count];
                self.spill.read(&column.segments, rows, &mut values)?;
                Cells::Numeric(values)
            }
            Some(levels) => {
                let mut codes = vec![0; count];
                self.spill.read(&column.segments, rows, &mut codes)?;
                Cells::Text {
                    codes,
                    levels: levels.clone(),
                }
            }
        })
    }

    /// Consecutive rows of some columns.
    ///
    /// # Errors
    /// [`StorageError::Io`].
    pub(crate) fn range(
        &self,
        columns: &[&str],
        rows: &Range<usize>,
    ) -> Result<Table, StorageError> {
        let columns = columns.iter().filter_map(|name| self.find(name));
        let columns = columns
            .map(|column| {
                Ok(Column {
                    name: column.name.clone(),
                    cells: self.cells(column, rows.clone())?,
                })
            })
            .collect::<Result<Vec<_>, StorageError>>()?;
        let lines = if rows.len() == self.rows() {
            Arc::clone(&self.lines)
        } else {
            Arc::new(self.lines.select(rows.clone()))
        };
        Ok(Table::read(self.source.clone(), columns, lines).with_files(self.files.clone()))
    }

    /// Puts the cells of other rows into a table that [`range`](Self::range) made of the same
    /// columns; their distinct texts stay where they are.
    pub(crate) fn move_to(&self, table: Table, rows: &Range<usize>) -> Result<Table, StorageError> {
        let mut columns = table.into_columns();
        for column in &mut columns {
            let Some(stored) = self.find(&column.name) else {
                continue;
            };
            match &mut column.cells {
                Cells::Numeric(values) => {
                    values.resize(rows.len(), 0.0);
                    self.spill.read(&stored.segments, rows.clone(), values)?;
                }
                // On the disk every number is in its place.
                Cells::Sparse(_) => {}
                Cells::Text { codes, .. } => {
                    codes.resize(rows.len(), 0);
                    self.spill.read(&stored.segments, rows.clone(), codes)?;
                }
            }
        }
        let lines = Arc::new(self.lines.select(rows.clone()));
        Ok(Table::read(self.source.clone(), columns, lines).with_files(self.files.clone()))
    }
}

impl ColumnSource for StoredTable {
    fn source(&self) -> &str {
        &self.source
    }

    fn rows(&self) -> usize {
        self.rows()
    }

    fn line(&self, row: usize) -> u64 {
        self.lines.get(row)
    }

    fn file(&self, row: usize) -> &str {
        let position = self.lines.file(row) as usize;
        self.files.get(position).unwrap_or(&self.source)
    }

    fn load(&self, columns: &[&str]) -> Result<Cow<'_, Table>, StorageError> {
        Ok(Cow::Owned(self.range(columns, &(0..self.rows()))?))
    }

    fn select(&self, columns: &[&str], rows: &[usize]) -> Result<Table, StorageError> {
        let mut table = self.range(columns, &(0..0))?.into_columns();
        for column in &mut table {
            let Some(stored) = self.find(&column.name) else {
                continue;
            };
            match &mut column.cells {
                Cells::Numeric(values) => {
                    values.resize(rows.len(), 0.0);
                    self.spill.pick(&stored.segments, rows, values)?;
                }
                // On the disk every number is in its place.
                Cells::Sparse(_) => {}
                Cells::Text { codes, .. } => {
                    codes.resize(rows.len(), 0);
                    self.spill.pick(&stored.segments, rows, codes)?;
                }
            }
        }
        let mut lines = Lines::default();
        for &row in rows {
            lines.push_in(self.lines.file(row), self.lines.get(row));
        }
        let files = self.files.clone();
        Ok(Table::read(self.source.clone(), table, Arc::new(lines)).with_files(files))
    }

    fn fingerprints(&self) -> Vec<ColumnFingerprint> {
        let columns = self.columns.iter();
        columns.map(|column| column.fingerprint.clone()).collect()
    }

    fn columns_at_once(&self) -> Result<usize, StorageError> {
        self.storage.columns(self.rows())
    }

    fn stored(&self) -> Option<&StoredTable> {
        Some(self)
    }
}
