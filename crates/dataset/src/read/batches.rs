//! Rows to score, a few thousand at a time.

mod sparse;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::blocks::Sizes;
use super::body::Body;
#[cfg(feature = "parquet")]
use super::columnar::Scored;
use super::csv::CsvOptions;
use super::header::Header;
use super::input::{Part, failure};
use super::source::{START, Source};
use super::{Format, Input, ReadError};
use crate::notation::Notation;
use crate::schema::Kind;
use crate::table::Table;
use sparse::SparseRows;
use text::TextRows;

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
    /// Rows of a batch, at most; 0 counts as 1.
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

/// Reads a table in one pass and in memory for one block (for Parquet: one row group of the columns
/// that are needed) and one batch. Several files come one after the other.
///
/// Columns are found by name in the header. Of JSON lines a key may turn up in any row; one that no
/// row has is an error at the end. Of svmlight an index that is not written is zero.
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
pub struct Batches<'a> {
    rows: Rows<'a>,
    /// The input and the position of its next file, where there may be more than one.
    input: Option<(&'a Input, usize)>,
    csv: CsvOptions,
    options: BatchOptions,
    names: Vec<String>,
    name: String,
    read: usize,
    finished: bool,
    unasked: BTreeSet<String>,
}

/// The bytes of a file.
type Bytes<'a> = Box<dyn Read + Send + 'a>;

/// The rows of one file.
enum Rows<'a> {
    Text(Box<TextRows<Bytes<'a>>>),
    Sparse(Box<SparseRows<Bytes<'a>>>),
    #[cfg(feature = "parquet")]
    Columns(Box<Scored>),
}

impl<'a> Rows<'a> {
    fn open(
        source: Source<Bytes<'a>>,
        part: Option<&Part>,
        csv: &CsvOptions,
        options: &BatchOptions,
    ) -> Result<Self, ReadError> {
        Ok(match Body::open(source, part, csv, Sizes::default())? {
            Body::Text(blocks) if blocks.format() == Format::Svmlight => {
                Self::Sparse(Box::new(SparseRows::new(blocks, csv.missing(), options)?))
            }
            Body::Text(blocks) => {
                Self::Text(Box::new(TextRows::new(blocks, csv.missing(), options)?))
            }
            #[cfg(feature = "parquet")]
            Body::Columns(file) => {
                Self::Columns(Box::new(Scored::new(file, csv.missing(), options)?))
            }
        })
    }

    fn header(&self) -> &Header {
        match self {
            Self::Text(rows) => rows.header(),
            Self::Sparse(rows) => rows.header(),
            #[cfg(feature = "parquet")]
            Self::Columns(rows) => rows.header(),
        }
    }

    fn next(&mut self) -> Result<Option<Batch>, ReadError> {
        match self {
            Self::Text(rows) => rows.next(),
            Self::Sparse(rows) => rows.next(),
            #[cfg(feature = "parquet")]
            Self::Columns(rows) => rows.next(),
        }
    }
}

impl Batches<'static> {
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

impl<'a> Batches<'a> {
    /// Reads any bytes, those of standard input for example; `name` stands for them in messages.
    /// Those of a format of columns are taken into memory first.
    ///
    /// # Errors
    /// What is wrong with the header; [`ReadError::MissingColumn`] when a needed column is not
    /// there and [`ReadError::UnknownColumn`] when a kept one is not. Of JSON lines, whose rows have
    /// the names, these come with the last row.
    pub fn new(
        name: &str,
        reader: impl Read + Send + 'a,
        csv: &CsvOptions,
        options: &BatchOptions,
    ) -> Result<Self, ReadError> {
        let source = Source::open(name, Box::new(reader) as Bytes<'a>, csv, None, None, START)?;
        let rows = Rows::open(source, None, csv, options)?;
        Ok(Self::of(name, rows, None, csv, options))
    }

    /// Reads all files of an [`Input`].
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
        let rows = part(input, 0, csv, options)?;
        Ok(Self::of(input.name(), rows, Some((input, 1)), csv, options))
    }

    fn of(
        name: &str,
        rows: Rows<'a>,
        input: Option<(&'a Input, usize)>,
        csv: &CsvOptions,
        options: &BatchOptions,
    ) -> Self {
        Self {
            names: rows.header().names.clone(),
            rows,
            input,
            csv: csv.clone(),
            options: options.clone(),
            name: name.to_owned(),
            read: 0,
            finished: false,
            unasked: BTreeSet::new(),
        }
    }

    /// All names of the first file, in file order; where rows name their columns, those of the first
    /// block.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns of an svmlight file, up to the rows that were read, that nobody asked for: indices
    /// that a model does not know. None of other formats, whose other columns are skipped unread.
    pub fn unasked(&self) -> BTreeSet<String> {
        let mut unasked = self.unasked.clone();
        if let Rows::Sparse(rows) = &self.rows {
            unasked.extend(rows.others());
        }
        unasked
    }

    fn read(&mut self) -> Result<Option<Batch>, ReadError> {
        loop {
            if let Some(batch) = self.rows.next()? {
                self.read += batch.table.rows();
                if let Some(progress) = self.input.and_then(|(input, _)| input.progress()) {
                    progress.add_rows(batch.table.rows());
                }
                return Ok(Some(batch));
            }
            match &mut self.input {
                Some((input, next)) if *next < input.parts().len() => {
                    let rows = part(input, *next, &self.csv, &self.options)?;
                    if let Rows::Sparse(before) = std::mem::replace(&mut self.rows, rows) {
                        self.unasked.extend(before.others());
                    }
                    *next += 1;
                }
                _ if self.read == 0 => {
                    let path = self.name.clone();
                    return Err(ReadError::NoRows { path });
                }
                _ => return Ok(None),
            }
        }
    }
}

/// The rows of one of the files of an input.
fn part<'a>(
    input: &'a Input,
    position: usize,
    csv: &CsvOptions,
    options: &BatchOptions,
) -> Result<Rows<'a>, ReadError> {
    let part = &input.parts()[position];
    let reader = input.open_part(part)?;
    let source = Source::open(&part.name, reader, csv, input.format(), None, START)?;
    Rows::open(source, Some(part), csv, options)
}

impl Iterator for Batches<'_> {
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
