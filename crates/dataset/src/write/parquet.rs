//! Parquet: numbers as doubles, text as strings.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::WriteError;
use crate::schema::Kind;
use crate::table::{Cells, Column};

pub(super) struct Encoder<W: Write + Send> {
    writer: ArrowWriter<Lent<W>>,
    schema: Arc<Schema>,
}

impl<W: Write + Send> Encoder<W> {
    pub(super) fn new(writer: W, columns: &[(String, Kind)]) -> Result<Self, WriteError> {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, kind)| {
                let cells = match kind {
                    Kind::Numeric | Kind::Date => DataType::Float64,
                    Kind::Categorical | Kind::Boolean => DataType::Utf8,
                };
                Field::new(name, cells, true)
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer =
            ArrowWriter::try_new(Lent(Some(writer)), Arc::clone(&schema), Some(properties))
                .map_err(refused)?;
        Ok(Self { writer, schema })
    }

    pub(super) fn write(&mut self, columns: &[Column]) -> Result<(), WriteError> {
        let arrays: Vec<ArrayRef> = columns.iter().map(array).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|error| refused(error.into()))?;
        self.writer.write(&batch).map_err(refused)
    }

    pub(super) fn get_mut(&mut self) -> Option<&mut W> {
        self.writer.inner_mut().0.as_mut()
    }

    pub(super) fn finish(mut self) -> Result<W, WriteError> {
        self.writer.finish().map_err(refused)?;
        let writer = self.writer.inner_mut().0.take();
        writer.ok_or_else(|| WriteError::Io(io::ErrorKind::BrokenPipe.into()))
    }
}

/// A writer that is taken back when the file is whole: the encoder's own way of giving it back hides
/// what the disk said.
struct Lent<W>(Option<W>);

impl<W: Write> Write for Lent<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Some(writer) => writer.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), Write::flush)
    }
}

fn array(column: &Column) -> ArrayRef {
    let numbers = |values: &[f64]| -> ArrayRef {
        let cells = values
            .iter()
            .map(|&value| (!value.is_nan()).then_some(value));
        Arc::new(cells.collect::<Float64Array>())
    };
    match &column.cells {
        Cells::Numeric(values) => numbers(values),
        Cells::Sparse(cells) => numbers(&cells.to_dense()),
        Cells::Text { codes, levels } => {
            let cells = codes.iter().map(|&code| levels.get(code as usize));
            Arc::new(cells.collect::<StringArray>())
        }
    }
}

/// The disk's own error where there was one.
fn refused(error: parquet::errors::ParquetError) -> WriteError {
    let reason = error.to_string();
    if let parquet::errors::ParquetError::External(source) = error
        && let Ok(source) = source.downcast::<io::Error>()
    {
        return WriteError::Io(*source);
    }
    WriteError::Encode { reason }
}
