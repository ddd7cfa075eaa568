//! CSV: a header, then a row a line.

use std::io::{self, Write};

use csv_core::{WriteResult, Writer};

use crate::number;
use crate::schema::Kind;
use crate::table::{Cells, Column};

/// Bytes that are collected before they are written.
const FULL: usize = 64 << 10;

pub(super) struct Encoder<W> {
    writer: W,
    core: Writer,
    text: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(writer: W, columns: &[(String, Kind)]) -> io::Result<Self> {
        let mut encoder = Self {
            writer,
            core: Writer::new(),
            text: Vec::with_capacity(2 * FULL),
        };
        for (position, (name, _)) in columns.iter().enumerate() {
            encoder.delimit(position);
            encoder.cell(name);
        }
        encoder.end()?;
        Ok(encoder)
    }

    pub(super) fn write(&mut self, columns: &[Column], rows: usize) -> io::Result<()> {
        for row in 0..rows {
            for (position, column) in columns.iter().enumerate() {
                self.delimit(position);
                match &column.cells {
                    cells if cells.is_missing(row) => {
                        if columns.len() == 1 {
                            // A line with nothing in it is no row.
                            self.text.extend_from_slice(b"\"\"");
                        }
                    }
                    Cells::Numeric(values) => number::write(&mut self.text, values[row])?,
                    Cells::Sparse(cells) => number::write(&mut self.text, cells.get(row))?,
                    Cells::Text { codes, levels } => {
                        if let Some(level) = levels.get(codes[row] as usize) {
                            self.cell(level);
                        }
                    }
                }
            }
            self.end()?;
        }
        Ok(())
    }

    pub(super) fn get_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.writer.write_all(&self.text)?;
        self.writer.flush()?;
        Ok(self.writer)
    }

    fn delimit(&mut self, position: usize) {
        if position > 0 {
            self.text.push(b',');
        }
    }

    /// Writes a cell, in quotes where it needs them.
    fn cell(&mut self, cell: &str) {
        if !self.core.should_quote(cell.as_bytes()) {
            self.text.extend_from_slice(cell.as_bytes());
            return;
        }
        self.text.push(b'"');
        let (mut rest, mut room) = (cell.as_bytes(), [0; 256]);
        loop {
            let (result, read, written) = csv_core::quote(rest, &mut room, b'"', b'\\', true);
            self.text.extend_from_slice(&room[..written]);
            rest = &rest[read..];
            if matches!(result, WriteResult::InputEmpty) {
                break;
            }
        }
        self.text.push(b'"');
    }

    fn end(&mut self) -> io::Result<()> {
        self.text.push(b'\n');
        if self.text.len() >= FULL {
            self.writer.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }
}
