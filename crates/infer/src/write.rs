//! Predictions as CSV: the kept cells, what the model says, and what is unusual about the row.

use std::io::{self, Write};

use csv_core::{WriteResult, Writer};
use dataset::Batch;
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

/// The names of the columns that are written.
///
/// For yes/no `probability` (of the positive label) and `label`; for classes `label` and one
/// `probability LABEL` each; for a number `prediction`. The last column is `flags`.
pub fn header(predictor: &Predictor, keep: &[String]) -> Vec<String> {
    let mut names = keep.to_vec();
    match predictor.file().task {
        Task::Binary => names.extend(["probability".to_owned(), "label".to_owned()]),
        Task::Multinomial => {
            names.push("label".to_owned());
            names.extend(
                predictor
                    .file()
                    .labels
                    .iter()
                    .map(|l| format!("probability {l}")),
            );
        }
        _ => names.push("prediction".to_owned()),
    }
    names.push("flags".to_owned());
    names
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
}

/// Writes the rows of a batch, and counts them.
///
/// # Errors
/// [`BatchError::Io`] of the writer.
pub fn batch<W: Write>(
    out: &mut CsvWriter<W>,
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
    fn numbers_have_the_digits_of_their_precision() {
        assert_eq!(number(f64::from(0.1_f32), Precision::F32), "0.1");
        assert_eq!(number(0.1, Precision::F64), "0.1");
        assert_eq!(number(1.25e-20, Precision::F64), "1.25e-20");
    }
}
