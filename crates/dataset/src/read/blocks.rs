//! A file in blocks of whole rows.

use std::io::Read;

use super::csv;
use super::grid::{Grid, Span};
use super::header::Header;
use super::source::Source;
use super::svmlight::Pairs;
use super::{CsvOptions, Format, ReadError, json_lines, line_breaks, sniff, svmlight};
use crate::fingerprint::Checksum;

/// Longest row that is read: a forgotten quote must not take all memory.
const LONGEST_ROW: usize = 256 << 20;

/// Bytes of a block of rows of ordinary length: few enough that its cells stay in the cache.
const BLOCK: usize = 256 << 10;

/// So many rows share what is done once for a block and column.
const ROWS: usize = 64;

/// Bytes of a block of long rows, at most, unless one row is longer.
const LARGEST_BLOCK: usize = 16 << 20;

/// How much is read at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) block: usize,
    /// Rows of a block of long rows, at least, as far as [`LARGEST_BLOCK`] allows.
    pub(super) rows: usize,
    pub(super) longest_row: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            block: BLOCK,
            rows: ROWS,
            longest_row: LONGEST_ROW,
        }
    }
}

/// Whole rows as they stand in the file.
#[derive(Debug)]
pub(super) struct Block {
    text: Vec<u8>,
    /// The line of the first byte.
    line: u64,
    /// Memory for its cells.
    spans: Vec<Span>,
}

/// A block of rows, cut as its format wants.
pub(super) enum Rows {
    Cells(Grid),
    Pairs(Pairs),
}

/// How the text of a file is cut into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Csv { delimiter: u8, columns: usize },
    JsonLines,
    Svmlight,
}

impl Layout {
    fn format(self) -> Format {
        match self {
            Self::Csv { .. } => Format::Csv,
            Self::JsonLines => Format::JsonLines,
            Self::Svmlight => Format::Svmlight,
        }
    }

    /// The cells of a block, as far as it is sound, and what is wrong behind them.
    pub(super) fn cut(self, path: &str, block: Block) -> (Rows, Option<ReadError>) {
        let Block { text, line, spans } = block;
        let (grid, error) = match self {
            Self::Csv { delimiter, columns } => {
                let shape = csv::Shape {
                    delimiter,
                    columns: Some(columns),
                    line,
                };
                let (grid, _, fault) = csv::grid(text, spans, shape);
                let error = fault.map(|fault| fault.error(path, columns));
                (grid, error)
            }
            Self::JsonLines => json_lines::grid(path, text, line),
            Self::Svmlight => {
                let (pairs, error) = svmlight::pairs(path, text, line);
                return (Rows::Pairs(pairs), error);
            }
        };
        (Rows::Cells(grid), error)
    }

    /// The bytes of whole rows at the start of `text`, 0 when no row ends in it.
    fn boundary(self, text: &[u8]) -> usize {
        match self {
            Self::Csv { delimiter, .. } => csv::boundary(text, delimiter),
            Self::JsonLines | Self::Svmlight => {
                memchr::memrchr(b'\n', text).map_or(0, |feed| feed + 1)
            }
        }
    }
}

/// Reads one block after the other.
pub(super) struct Blocks<R> {
    source: Source<R>,
    /// The line of the first byte of the rest of the source.
    line: u64,
    layout: Layout,
    header: Option<Header>,
    sizes: Sizes,
    /// Memory of blocks that were read, to be used again.
    pub(super) spare: Vec<(Vec<u8>, Vec<Span>)>,
}

impl<R: Read> Blocks<R> {
    /// Reads the header of a text, if there is one.
    pub(super) fn new(
        source: Source<R>,
        csv: &CsvOptions,
        sizes: Sizes,
    ) -> Result<Self, ReadError> {
        let layout = match source.format {
            Format::Svmlight => Layout::Svmlight,
            _ => Layout::JsonLines,
        };
        let format = source.format;
        let mut blocks = Self {
            source,
            line: 1,
            layout,
            header: None,
            sizes,
            spare: Vec::new(),
        };
        if format == Format::Csv {
            blocks.read_header(csv)?;
        }
        Ok(blocks)
    }

    fn read_header(&mut self, csv: &CsvOptions) -> Result<(), ReadError> {
        let delimiter = csv
            .delimiter
            .unwrap_or_else(|| sniff::delimiter(&self.source.rest, self.source.exhausted));
        let shape = csv::Shape {
            delimiter,
            columns: None,
            line: self.line,
        };
        let mut target = self.sizes.block;
        let (grid, length, fault) = loop {
            let end = if self.source.exhausted {
                self.source.rest.len()
            } else {
                csv::boundary(&self.source.rest, delimiter)
            };
            let (grid, length, fault) =
                csv::grid(self.source.rest[..end].to_vec(), Vec::new(), shape);
            if self.source.exhausted || fault.is_some() || grid.rows() > 0 {
                break (grid, length, fault);
            }
            self.longer(&mut target)?;
        };
        if let Some(fault) = fault {
            return Err(fault.error(&self.source.path, 0));
        }
        // A carriage return and a line feed end one line.
        let pair = self.source.rest[..length].ends_with(b"\r")
            && self.source.rest.get(length) == Some(&b'\n');
        let length = length + usize::from(pair);
        self.line += line_breaks::count(&self.source.rest[..length]);
        self.source.rest.drain(..length);
        let header = Header::of_cells(&self.source.path, &grid)?;
        self.layout = Layout::Csv {
            delimiter,
            columns: header.names.len(),
        };
        self.header = Some(header);
        let room = self
            .sizes
            .block
            .max(LARGEST_BLOCK.min(self.sizes.rows * length));
        self.sizes.block = room;
        Ok(())
    }

    pub(super) fn path(&self) -> &str {
        &self.source.path
    }

    /// Bytes of a block, unless a row is longer.
    pub(super) fn size(&self) -> usize {
        self.sizes.block
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    pub(super) fn format(&self) -> Format {
        self.layout.format()
    }

    /// The names of the columns, where the file says them before its rows.
    pub(super) fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Bytes of text that were read.
    pub(super) fn bytes(&self) -> u64 {
        self.source.bytes()
    }

    pub(super) fn into_checksum(self) -> Option<Checksum> {
        self.source.into_checksum()
    }

    /// The next block, `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Block>, ReadError> {
        let mut target = self.sizes.block;
        self.source.fill(target)?;
        let length = loop {
            let window = self.source.rest.len().min(target);
            if self.source.exhausted && window == self.source.rest.len() {
                break window;
            }
            match self.layout.boundary(&self.source.rest[..window]) {
                0 => self.longer(&mut target)?,
                length => break length,
            }
        };
        if length == 0 {
            return Ok(None);
        }
        let (mut behind, spans) = self.spare.pop().unwrap_or_default();
        behind.clear();
        behind.extend_from_slice(&self.source.rest[length..]);
        let mut text = std::mem::replace(&mut self.source.rest, behind);
        text.truncate(length);
        let line = self.line;
        self.line += line_breaks::count(&text);
        Ok(Some(Block { text, line, spans }))
    }

    /// Reads on in search of the end of a row.
    fn longer(&mut self, target: &mut usize) -> Result<(), ReadError> {
        if *target >= self.sizes.longest_row {
            return Err(ReadError::RowTooLong {
                path: self.source.path.clone(),
                line: self.line,
                limit: self.sizes.longest_row,
            });
        }
        *target = (2 * *target).min(self.sizes.longest_row);
        self.source.fill(*target)
    }
}
