//! Rows to score, a few thousand at a time.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::builder::Builder;
use super::csv::{CsvOptions, MissingCells, Record, Records};
use super::header::Header;
use super::input::failure;
use super::{Input, ReadError};
use crate::schema::{Kind, Mention};
use crate::table::{Column, Lines, Table};

/// What to take from each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOptions {
    /// The columns that a model needs, found by name whatever their order; every other column of
    /// the file is skipped.
    pub columns: Vec<(String, Kind)>,
    /// Columns to hand on as they stand.
    pub keep: Vec<String>,
    /// Rows of a full batch; 0 counts as 1.
    pub rows_per_batch: usize,
}

impl Default for BatchOptions {
    /// No columns; 8192 rows per batch.
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            keep: Vec::new(),
            rows_per_batch: 8192,
        }
    }
}

/// Some consecutive rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The needed columns, in the order in which they were asked for.
    pub table: Table,
    /// For each row the kept cells, unchanged, in the order in which they were asked for.
    pub kept: Vec<Vec<String>>,
}

/// Reads a CSV file in one pass and in memory for one batch.
///
/// The kinds are those that the model was fitted with: a stray word in a numeric column is an
/// error with its place, while new text in a categorical column is a level like any other, for the
/// pipeline to judge. After an error the iterator ends.
///
/// # Examples
/// ```
/// use dataset::{BatchOptions, Batches, CsvOptions, Kind};
///
/// let bytes = b"id,animal,age\n007,cat,3\n008,dog,NA\n".as_slice();
/// let options = BatchOptions {
///     columns: vec![("age".into(), Kind::Numeric), ("animal".into(), Kind::Categorical)],
///     keep: vec!["id".into()],
///     ..BatchOptions::default()
/// };
/// for batch in Batches::new("pets.csv", bytes, &CsvOptions::default(), &options)? {
///     let batch = batch?;
///     assert_eq!(batch.table.columns()[0].cell(0).as_deref(), Some("3"));
///     assert_eq!(batch.kept, [["007"], ["008"]]);
/// }
/// # Ok::<(), dataset::ReadError>(())
/// ```
pub struct Batches<R> {
    records: Records<R>,
    record: Record,
    header: Header,
    needed: Vec<(usize, String, Kind)>,
    kept: Vec<usize>,
    na: MissingCells,
    rows_per_batch: usize,
    rows: usize,
    finished: bool,
}

impl Batches<File> {
    /// Opens a file.
    ///
    /// # Errors
    /// Those of [`Batches::new`] and [`ReadError::FileNotFound`].
    pub fn open(
        path: impl AsRef<Path>,
        csv: &CsvOptions,
        options: &BatchOptions,
    ) -> Result<Self, ReadError> {
        let name = path.as_ref().display().to_string();
        let file = File::open(path).map_err(|error| failure(&name, error))?;
        Self::new(&name, file, csv, options)
    }
}

impl<'a> Batches<Box<dyn Read + Send + 'a>> {
    /// Reads an [`Input`].
    ///
    /// # Errors
    /// Those of [`Batches::new`].
    pub fn input(
        input: &'a Input,
        csv: &CsvOptions,
        options: &BatchOptions,
    ) -> Result<Self, ReadError> {
        Self::new(input.name(), input.open()?, csv, options)
    }
}

impl<R: Read> Batches<R> {
    /// Reads any bytes, those of standard input for example; `name` stands for them in messages.
    ///
    /// # Errors
    /// What is wrong with the header; [`ReadError::MissingColumn`] when a needed column is not
    /// there and [`ReadError::UnknownColumn`] when a kept one is not.
    pub fn new(
        name: &str,
        reader: R,
        csv: &CsvOptions,
        options: &BatchOptions,
    ) -> Result<Self, ReadError> {
        let mut records = Records::open(name, reader, csv.delimiter)?;
        let mut record = Record::default();
        let header = Header::read(&mut records, &mut record)?;
        let needed = options
            .columns
            .iter()
            .map(|(name, kind)| Ok((header.needed(name)?, name.clone(), *kind)))
            .collect::<Result<_, ReadError>>()?;
        let kept = options
            .keep
            .iter()
            .map(|name| header.position(name, Mention::Keep))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            records,
            record,
            header,
            needed,
            kept,
            na: csv.missing(),
            rows_per_batch: options.rows_per_batch.max(1),
            rows: 0,
            finished: false,
        })
    }

    /// All names of the file, in file order.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    fn read(&mut self) -> Result<Option<Batch>, ReadError> {
        let mut builders: Vec<_> = self
            .needed
            .iter()
            .map(|&(_, _, kind)| Builder::new(kind, 0))
            .collect();
        let (mut kept, mut lines) = (Vec::new(), Lines::default());
        while lines.len() < self.rows_per_batch && self.records.next(&mut self.record)? {
            self.header.check(&self.record)?;
            for (builder, (position, name, _)) in builders.iter_mut().zip(&self.needed) {
                let cell = self.record.cell(*position);
                builder.push(self.na.present(cell)).map_err(|refusal| {
                    let line = self.record.cell_line(*position);
                    refusal.error(self.records.path(), line, name, cell)
                })?;
            }
            let raw = |&position: &usize| self.record.text(position).to_owned();
            kept.push(self.kept.iter().map(raw).collect());
            lines.push(self.record.line());
        }
        self.rows += lines.len();
        if lines.len() == 0 {
            let path = self.records.path().to_owned();
            return if self.rows == 0 {
                Err(ReadError::NoRows { path })
            } else {
                Ok(None)
            };
        }
        let columns = builders
            .into_iter()
            .zip(&self.needed)
            .map(|(builder, (_, name, _))| Column {
                name: name.clone(),
                cells: builder.finish(),
            })
            .collect();
        let table = Table::read(self.records.path().to_owned(), columns, lines);
        Ok(Some(Batch { table, kept }))
    }
}

impl<R: Read> Iterator for Batches<R> {
    type Item = Result<Batch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let batch = self.read().transpose();
        self.finished = !matches!(batch, Some(Ok(_)));
        batch
    }
}

#[cfg(test)]
mod tests;
