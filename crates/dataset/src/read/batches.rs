//! Rows to score, a few thousand at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::blocks::Blocks;
use super::builder::{Builder, Refusal};
use super::csv::{CsvOptions, MissingCells};
use super::grid::Grid;
use super::header::Header;
use super::input::failure;
use super::{Format, Input, ReadError, ReadProgress, svmlight};
use crate::notation::Notation;
use crate::schema::{Kind, Mention};
use crate::table::{Column, Lines, Table};

/// What to take from each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOptions {
    /// The columns that a model needs, found by name whatever their order; every other column of
    /// the file is skipped.
    pub columns: Vec<(String, Kind)>,
    /// How columns of numbers and dates are written, where that is not plainly: what
    /// [`Pipeline::notations`](crate::Pipeline::notations) says.
    pub notations: BTreeMap<String, Notation>,
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
            notations: BTreeMap::new(),
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

/// Reads a table in one pass and in memory for one block and one batch.
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
    blocks: Blocks<R>,
    header: Header,
    /// The block that rows are taken from, and how many were.
    grid: Grid,
    taken: usize,
    /// What is wrong behind the last row of the block.
    failure: Option<ReadError>,
    /// For each column of the batch its position in the block, if the block has it.
    needed: Vec<(Option<usize>, String, Kind)>,
    notations: BTreeMap<String, Notation>,
    kept: Vec<(Option<usize>, String)>,
    na: MissingCells,
    rows_per_batch: usize,
    rows: usize,
    progress: Option<ReadProgress>,
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
        if let Some(progress) = input.progress() {
            progress.begin();
        }
        let reader = input.open_part(&input.parts()[0])?;
        let mut batches = Self::with_format(input.name(), reader, csv, options, input.format())?;
        batches.progress = input.progress().cloned();
        Ok(batches)
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
        Self::with_format(name, reader, csv, options, None)
    }

    fn with_format(
        name: &str,
        reader: R,
        csv: &CsvOptions,
        options: &BatchOptions,
        format: Option<Format>,
    ) -> Result<Self, ReadError> {
        let blocks = Blocks::open(name, reader, csv, format)?;
        let header = blocks.header().cloned();
        let mut batches = Self {
            header: header.unwrap_or_else(|| Header::of_names(name, Vec::new())),
            blocks,
            grid: Grid::default(),
            taken: 0,
            failure: None,
            needed: Vec::new(),
            notations: options.notations.clone(),
            kept: Vec::new(),
            na: csv.missing(),
            rows_per_batch: options.rows_per_batch.max(1),
            rows: 0,
            progress: None,
            finished: false,
        };
        if batches.blocks.header().is_none() {
            // The first rows say which columns there are.
            batches.next_block()?;
            if let Some(names) = &batches.grid.names {
                batches.header = Header::of_names(name, names.clone());
            }
            if batches.grid.rows() == 0 {
                let path = name.to_owned();
                let failure = batches.failure.take();
                return Err(failure.unwrap_or(ReadError::Empty { path }));
            }
        }
        for (name, kind) in &options.columns {
            let position = match batches.header.needed(name) {
                Ok(position) => Some(position),
                // What svmlight does not write is zero.
                Err(_) if batches.is_zero(name) => None,
                Err(error) => return Err(error),
            };
            batches.needed.push((position, name.clone(), *kind));
        }
        for name in &options.keep {
            let position = batches.header.position(name, Mention::Keep)?;
            batches.kept.push((Some(position), name.clone()));
        }
        Ok(batches)
    }

    /// All names of the file, in file order; where rows name their columns, those of the first block.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// Whether a column that is not there consists of zeros.
    fn is_zero(&self, name: &str) -> bool {
        self.blocks.format() == Format::Svmlight && svmlight::index(name).is_some()
    }

    /// Takes the next block with a row; `false` at the end of the file.
    fn next_block(&mut self) -> Result<bool, ReadError> {
        loop {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let Some(block) = self.blocks.next()? else {
                return Ok(false);
            };
            let (grid, failure) = self.blocks.layout().grid(self.blocks.path(), block);
            self.failure = failure;
            self.taken = 0;
            self.grid = grid;
            if let Some(names) = &self.grid.names {
                let header = Header::of_names(self.blocks.path(), names.clone());
                let place = |name: &String| header.find(name);
                for (position, name, _) in &mut self.needed {
                    *position = place(name);
                }
                for (position, name) in &mut self.kept {
                    *position = place(name);
                }
            }
            if self.grid.rows() > 0 {
                return Ok(true);
            }
        }
    }

    /// Appends rows of the block to the columns of a batch.
    fn push(&self, builders: &mut [Builder], rows: usize) -> Result<(), ReadError> {
        let mut first: Option<(usize, usize, Refusal)> = None;
        for (own, (builder, (position, name, _))) in
            builders.iter_mut().zip(&self.needed).enumerate()
        {
            // A refusal further up counts before this one.
            let end = first.map_or(self.taken + rows, |(row, ..)| row);
            for row in self.taken..end {
                let cell = match position {
                    Some(position) => self.grid.cell(row, *position),
                    None if self.is_zero(name) => Some(&b"0"[..]),
                    None => None,
                };
                let cell = cell.filter(|cell| !self.na.contains(cell));
                if let Err(refusal) = builder.push(cell) {
                    first = Some((row, own, refusal));
                    break;
                }
            }
        }
        let Some((row, own, refusal)) = first else {
            return Ok(());
        };
        let (position, name, _) = &self.needed[own];
        let position = position.unwrap_or_default();
        let cell = self.grid.cell(row, position).unwrap_or_default();
        let line = self.grid.line(row, position);
        Err(refusal.error(self.blocks.path(), line, name, cell))
    }

    fn read(&mut self) -> Result<Option<Batch>, ReadError> {
        let mut builders: Vec<_> = self
            .needed
            .iter()
            .map(|(_, name, kind)| Builder::new(*kind, self.notations.get(name).copied(), 0))
            .collect();
        let (mut kept, mut lines) = (Vec::new(), Lines::default());
        while lines.len() < self.rows_per_batch {
            if self.taken == self.grid.rows() && !self.next_block()? {
                break;
            }
            let left = self.grid.rows() - self.taken;
            let rows = left.min(self.rows_per_batch - lines.len());
            self.push(&mut builders, rows)?;
            for row in self.taken..self.taken + rows {
                let raw = |(position, _): &(Option<usize>, String)| {
                    position.map_or_else(String::new, |position| {
                        self.grid.text(row, position).to_owned()
                    })
                };
                kept.push(self.kept.iter().map(raw).collect());
                lines.push(self.grid.lines.get(row));
            }
            self.taken += rows;
        }
        self.rows += lines.len();
        if let Some(progress) = &self.progress {
            progress.add_rows(lines.len());
        }
        let path = self.blocks.path().to_owned();
        if lines.len() == 0 {
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
        let table = Table::read(path, columns, lines);
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
