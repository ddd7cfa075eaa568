//! Predictions as a table: the kept cells, what the model says, and what is unusual about the row.

use std::io::{self, Write};

use csv_core::{WriteResult, Writer};
use dataset::write::{OutputFormat, TableWriter, WriteError};
use dataset::{Batch, Column, Kind};
use model::Task;
use model::device::Precision;

use crate::error::InferError;
use crate::predictor::{Prediction, Predictions, Predictor};

/// How many rows were scored, and how many of them are flagged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Rows read.
    pub rows: usize,
    /// Rows with a level that no training row had.
    pub unseen: usize,
    /// Rows with a missing cell.
    pub missing: usize,
    /// Rows without a score, because the model was fitted without imputation.
    pub unscored: usize,
}

/// The columns that are written: their names, and whether they are numbers.
///
/// For yes/no `probability` (of the positive label) and `label`; for classes `label` and one
/// `probability LABEL` each; for a number `prediction`. The last column is `flags`.
pub fn header(predictor: &Predictor, keep: &[String]) -> Vec<(String, Kind)> {
    let text = |name: &str| (name.to_owned(), Kind::Categorical);
    let number = |name: String| (name, Kind::Numeric);
    let mut columns: Vec<_> = keep.iter().map(|name| text(name)).collect();
    match predictor.file().task {
        Task::Binary => columns.extend([number("probability".to_owned()), text("label")]),
        Task::Multinomial => {
            columns.push(text("label"));
            let labels = predictor.file().labels.iter();
            columns.extend(labels.map(|label| number(format!("probability {label}"))));
        }
        _ => columns.push(number("prediction".to_owned())),
    }
    columns.push(text("flags"));
    columns
}

/// Takes records cell by cell.
pub trait Records {
    /// The next cell of the record; an empty one is missing.
    ///
    /// # Errors
    /// Those of the writer.
    fn cell(&mut self, cell: &str) -> io::Result<()>;

    /// Ends the record.
    ///
    /// # Errors
    /// Those of the writer.
    fn end(&mut self) -> io::Result<()>;

    /// Ends the records of a batch.
    ///
    /// # Errors
    /// Those of the writer.
    fn end_batch(&mut self) -> Result<(), WriteError>;
}

/// Predictions on their way to a file.
pub enum Output<W: Write + Send> {
    /// As CSV.
    Csv(Box<CsvWriter<W>>),
    /// As a format of columns, a batch at a time.
    Columns(ColumnsWriter<W>),
}

impl<W: Write + Send> Output<W> {
    /// Begins a table of these columns.
    ///
    /// # Errors
    /// Those of [`TableWriter::new`].
    pub fn new(
        writer: W,
        format: OutputFormat,
        columns: Vec<(String, Kind)>,
    ) -> Result<Self, WriteError> {
        if format != OutputFormat::Csv {
            let writer = TableWriter::new(writer, format, &columns)?;
            let cells = vec![Vec::new(); columns.len()];
            return Ok(Self::Columns(ColumnsWriter {
                writer,
                columns,
                cells,
                position: 0,
            }));
        }
        let mut writer = CsvWriter::new(writer);
        for (name, _) in &columns {
            writer.cell(name)?;
        }
        writer.end()?;
        Ok(Self::Csv(Box::new(writer)))
    }

    /// What is written to.
    pub fn get_mut(&mut self) -> Option<&mut W> {
        match self {
            Self::Csv(writer) => Some(writer.get_mut()),
            Self::Columns(writer) => writer.writer.get_mut(),
        }
    }

    /// Ends the table and hands its writer back.
    ///
    /// # Errors
    /// Those of [`TableWriter::finish`].
    pub fn finish(self) -> Result<W, WriteError> {
        match self {
            Self::Csv(writer) => Ok(writer.into_inner()),
            Self::Columns(writer) => writer.writer.finish(),
        }
    }
}

impl<W: Write + Send> Records for Output<W> {
    fn cell(&mut self, cell: &str) -> io::Result<()> {
        match self {
            Self::Csv(writer) => writer.cell(cell),
            Self::Columns(writer) => {
                writer.cells[writer.position].push(cell.to_owned());
                writer.position += 1;
                Ok(())
            }
        }
    }

    fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Csv(writer) => writer.end(),
            Self::Columns(writer) => {
                writer.position = 0;
                Ok(())
            }
        }
    }

    fn end_batch(&mut self) -> Result<(), WriteError> {
        match self {
            Self::Csv(_) => Ok(()),
            Self::Columns(writer) => writer.end_batch(),
        }
    }
}

/// Collects the records of a batch and writes their columns; a cell becomes what it would be in CSV.
pub struct ColumnsWriter<W: Write + Send> {
    writer: TableWriter<W>,
    columns: Vec<(String, Kind)>,
    /// The cells of each column, in this batch.
    cells: Vec<Vec<String>>,
    /// The column of the next cell.
    position: usize,
}

impl<W: Write + Send> ColumnsWriter<W> {
    fn end_batch(&mut self) -> Result<(), WriteError> {
        let columns = self.columns.iter().zip(&mut self.cells);
        let columns = columns.map(|((name, kind), cells)| {
            let cells = cells.drain(..);
            if *kind == Kind::Numeric {
                let values = cells.map(|cell| cell.parse().unwrap_or(f64::NAN));
                return Column::numeric(name, values.collect());
            }
            let cells: Vec<String> = cells.collect();
            let texts = cells
                .iter()
                .map(|cell| Some(&**cell).filter(|cell| !cell.is_empty()));
            Column::text(name, texts)
        });
        let columns: Vec<Column> = columns.collect();
        self.writer.write(&columns)
    }
}

/// Writes CSV records without keeping any.
pub struct CsvWriter<W> {
    writer: W,
    core: Writer,
    buffer: Vec<u8>,
    first: bool,
}

impl<W: Write> CsvWriter<W> {
    /// Writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            core: Writer::new(),
            buffer: vec![0; 4096],
            first: true,
        }
    }

    /// One cell, quoted where it must be.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn cell(&mut self, cell: &str) -> io::Result<()> {
        if !std::mem::replace(&mut self.first, false) {
            let (result, written) = self.core.delimiter(&mut self.buffer);
            debug_assert!(
                matches!(result, WriteResult::InputEmpty),
                "the buffer has room"
            );
            self.writer.write_all(&self.buffer[..written])?;
        }
        let mut rest = cell.as_bytes();
        loop {
            let (result, read, written) = self.core.field(rest, &mut self.buffer);
            self.writer.write_all(&self.buffer[..written])?;
            rest = &rest[read..];
            if matches!(result, WriteResult::InputEmpty) {
                return Ok(());
            }
        }
    }

    /// Ends the record.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn end(&mut self) -> io::Result<()> {
        self.first = true;
        let (result, written) = self.core.terminator(&mut self.buffer);
        debug_assert!(
            matches!(result, WriteResult::InputEmpty),
            "the buffer has room"
        );
        self.writer.write_all(&self.buffer[..written])
    }

    /// The writer.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// The writer back.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

/// Why a batch cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The row cannot be described.
    #[error(transparent)]
    Infer(#[from] InferError),
    /// The disk is full, say.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The table cannot be written.
    #[error(transparent)]
    Table(#[from] WriteError),
}

/// Writes the rows of a batch, and counts them.
///
/// # Errors
/// [`BatchError::Io`] and [`BatchError::Table`] of the writer.
pub fn batch(
    out: &mut impl Records,
    predictor: &Predictor,
    batch: &Batch,
    predictions: &Predictions,
    counts: &mut Counts,
) -> Result<(), BatchError> {
    for row in 0..batch.table.rows() {
        for cell in &batch.kept[row] {
            out.cell(cell)?;
        }
        let number = |value: f64| number(value, predictor.precision());
        match predictor.prediction(predictions, row) {
            Prediction::Binary(probability, label) => {
                out.cell(&number(probability))?;
                out.cell(label)?;
            }
            Prediction::Multinomial(probabilities, label) => {
                out.cell(label)?;
                for &probability in probabilities {
                    out.cell(&number(probability))?;
                }
            }
            Prediction::Linear(value) => out.cell(&number(value))?,
            Prediction::None => {
                let cells = match predictor.file().task {
                    Task::Binary => 2,
                    Task::Multinomial => predictions.outputs + 1,
                    _ => 1,
                };
                for _ in 0..cells {
                    out.cell("")?;
                }
            }
        }
        let flags = predictions.flags[row];
        let text = if flags.unseen || flags.missing {
            describe(predictor, batch, row)?
        } else {
            String::new()
        };
        out.cell(&text)?;
        out.end()?;
        counts.rows += 1;
        counts.unseen += usize::from(flags.unseen);
        counts.missing += usize::from(flags.missing);
        counts.unscored += usize::from(flags.unscored);
    }
    out.end_batch()?;
    Ok(())
}

/// `missing age; unseen city=Oslo`.
fn describe(predictor: &Predictor, batch: &Batch, row: usize) -> Result<String, InferError> {
    let cells = predictor.pipeline().unusual_cells(&batch.table, row)?;
    let words: Vec<String> = cells
        .iter()
        .map(|cell| match &cell.level {
            None => format!("missing {}", cell.column),
            Some(level) => format!("unseen {}={level}", cell.column),
        })
        .collect();
    Ok(words.join("; "))
}

/// The shortest text that reads back as the same number of this precision.
fn number(value: f64, precision: Precision) -> String {
    let small = value != 0.0 && value.abs() < 1e-4;
    match (precision, small) {
        (Precision::F32, false) => (value as f32).to_string(),
        (Precision::F32, true) => format!("{:e}", value as f32),
        (Precision::F64, false) => value.to_string(),
        (Precision::F64, true) => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut writer = CsvWriter::new(Vec::new());
        for cell in ["plain", "a,b", "say \"x\"", ""] {
            writer.cell(cell).unwrap();
        }
        writer.end().unwrap();
        let long = "y".repeat(10_000);
        writer.cell(&long).unwrap();
        writer.end().unwrap();
        let expected = format!("plain,\"a,b\",\"say \"\"x\"\"\",\n{long}\n");
        assert_eq!(String::from_utf8(writer.into_inner()).unwrap(), expected);
    }

    #[test]
    #[cfg(feature = "parquet")]
    fn columns_are_what_their_cells_are_in_csv() {
        let columns = vec![
            ("id".to_owned(), Kind::Categorical),
            ("probability".to_owned(), Kind::Numeric),
        ];
        let records = [["7", "0.1"], ["", ""], ["a,b", "1.25e-20"]];
        let write = |format| {
            let mut output = Output::new(Vec::new(), format, columns.clone()).unwrap();
            for batch in records.chunks(2) {
                for record in batch {
                    for cell in record {
                        output.cell(cell).unwrap();
                    }
                    output.end().unwrap();
                }
                output.end_batch().unwrap();
            }
            output.finish().unwrap()
        };
        let read = |bytes: Vec<u8>| {
            let input = dataset::Input::bytes("scores", bytes);
            let read = dataset::read_table(
                &input,
                &dataset::CsvOptions::default(),
                &dataset::SchemaOptions::default(),
            );
            let table = read.unwrap().0;
            let cells = |column: &Column| (0..3).map(|row| column.cell(row)).collect::<Vec<_>>();
            table.columns().iter().map(cells).collect::<Vec<_>>()
        };
        let csv = write(OutputFormat::Csv);
        assert_eq!(csv, b"id,probability\n7,0.1\n,\n\"a,b\",1.25e-20\n");
        assert_eq!(read(write(OutputFormat::Parquet)), read(csv));
    }

    #[test]
    fn numbers_have_the_digits_of_their_precision() {
        assert_eq!(number(f64::from(0.1_f32), Precision::F32), "0.1");
        assert_eq!(number(0.1, Precision::F64), "0.1");
        assert_eq!(number(1.25e-20, Precision::F64), "1.25e-20");
    }
}
