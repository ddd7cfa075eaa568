//! From a table to bytes: CSV and Parquet.

mod csv;
#[cfg(feature = "parquet")]
mod parquet;

use std::io::{self, Write};
use std::path::Path;

use thiserror::Error;

use crate::schema::Kind;
use crate::table::{Cells, Column};

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutputFormat {
    /// A header, then a row a line; a missing cell is empty.
    Csv,
    /// Parquet, compressed with zstd: numbers as doubles, text as strings, a missing cell as null.
    /// It needs the Cargo feature `parquet`.
    Parquet,
}

impl OutputFormat {
    /// What the ending of a path asks for: Parquet for `.parquet` and `.pq`, otherwise CSV.
    pub fn of_path(path: &Path) -> Self {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if ending == "parquet" || ending == "pq" {
            Self::Parquet
        } else {
            Self::Csv
        }
    }
}

/// Why a table cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The disk is full, say.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A format that this program was built without.
    #[error("this program was built without Parquet")]
    NeedsFeature {
        /// The Cargo feature that brings it.
        feature: &'static str,
    },
    /// Columns that are not those that the table began with.
    #[error("column {position} of these rows is not what the table began with: {reason}")]
    Column {
        /// Position of the column, from 1.
        position: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// The encoder refuses.
    #[error("the table cannot be encoded: {reason}")]
    Encode {
        /// What it says.
        reason: String,
    },
}

impl WriteError {
    /// What to do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NeedsFeature { feature } => Some(format!(
                "build with --features {feature}, or a path that ends in .csv"
            )),
            Self::Io(_) | Self::Column { .. } | Self::Encode { .. } => None,
        }
    }
}

/// Writes a table, some rows at a time.
///
/// # Examples
/// ```
/// use dataset::{Column, Kind};
/// use dataset::write::{OutputFormat, TableWriter};
///
/// let names = [("age".to_owned(), Kind::Numeric), ("pet".to_owned(), Kind::Categorical)];
/// let mut writer = TableWriter::new(Vec::new(), OutputFormat::Csv, &names)?;
/// let age = Column::numeric("age", vec![3.0, f64::NAN]);
/// let pet = Column::text("pet", [Some("cat"), Some("dog, small")]);
/// writer.write(&[age, pet])?;
/// assert_eq!(writer.finish()?, b"age,pet\n3,cat\n,\"dog, small\"\n");
/// # Ok::<(), dataset::write::WriteError>(())
/// ```
pub struct TableWriter<W: Write + Send> {
    columns: Vec<(String, Kind)>,
    encoder: Encoder<W>,
}

enum Encoder<W: Write + Send> {
    Csv(Box<csv::Encoder<W>>),
    #[cfg(feature = "parquet")]
    Parquet(Box<parquet::Encoder<W>>),
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table of these columns, whose cells are numbers where the kind is numeric and text
    /// elsewhere.
    ///
    /// # Errors
    /// [`WriteError::NeedsFeature`], [`WriteError::Encode`] and [`WriteError::Io`].
    pub fn new(
        writer: W,
        format: OutputFormat,
        columns: &[(String, Kind)],
    ) -> Result<Self, WriteError> {
        let encoder = match format {
            OutputFormat::Csv => Encoder::Csv(Box::new(csv::Encoder::new(writer, columns)?)),
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => {
                Encoder::Parquet(Box::new(parquet::Encoder::new(writer, columns)?))
            }
            #[cfg(not(feature = "parquet"))]
            OutputFormat::Parquet => {
                return Err(WriteError::NeedsFeature { feature: "parquet" });
            }
        };
        let columns = columns.to_vec();
        Ok(Self { columns, encoder })
    }

    /// Appends rows: the columns of the table, in its order, all of the same length.
    ///
    /// # Errors
    /// [`WriteError::Column`] when they are not, [`WriteError::Encode`] and [`WriteError::Io`].
    pub fn write(&mut self, columns: &[Column]) -> Result<(), WriteError> {
        let wrong = |position: usize, reason| WriteError::Column { position, reason };
        if columns.len() != self.columns.len() {
            let position = columns.len().min(self.columns.len()) + 1;
            return Err(wrong(position, "there are more or fewer columns"));
        }
        let rows = columns.first().map_or(0, |column| column.cells.len());
        for (position, (column, (name, kind))) in (1..).zip(columns.iter().zip(&self.columns)) {
            let numeric = !matches!(column.cells, Cells::Text { .. });
            if column.name != *name {
                return Err(wrong(position, "the name is another"));
            }
            if numeric != (*kind == Kind::Numeric) {
                return Err(wrong(position, "the kind is another"));
            }
            if column.cells.len() != rows {
                return Err(wrong(position, "the length is another"));
            }
        }
        match &mut self.encoder {
            Encoder::Csv(encoder) => Ok(encoder.write(columns, rows)?),
            #[cfg(feature = "parquet")]
            Encoder::Parquet(encoder) => encoder.write(columns),
        }
    }

    /// What is written to, as long as the encoder has it; rows may still be on their way to it.
    pub fn get_mut(&mut self) -> Option<&mut W> {
        match &mut self.encoder {
            Encoder::Csv(encoder) => Some(encoder.get_mut()),
            #[cfg(feature = "parquet")]
            Encoder::Parquet(encoder) => encoder.get_mut(),
        }
    }

    /// Ends the table and hands its writer back.
    ///
    /// # Errors
    /// [`WriteError::Encode`] and [`WriteError::Io`].
    pub fn finish(self) -> Result<W, WriteError> {
        match self.encoder {
            Encoder::Csv(encoder) => Ok(encoder.finish()?),
            #[cfg(feature = "parquet")]
            Encoder::Parquet(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests;
