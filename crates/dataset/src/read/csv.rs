//! The records of a CSV file, one after the other, with the lines they stand on.

use std::io::{ErrorKind, Read};

use csv_core::ReadRecordResult;
use serde::{Deserialize, Serialize};

use super::input::failure;
use super::{ReadError, sniff};
use crate::fingerprint::Checksum;

/// How a CSV file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CsvOptions {
    /// The byte between cells; `None` finds out which of `,` `;` tab `|` it is.
    pub delimiter: Option<u8>,
    /// The cells that mean *missing*, compared after blanks around the cell are dropped.
    pub na: Vec<String>,
}

impl Default for CsvOptions {
    /// Finds the delimiter; an empty cell, `NA`, `N/A`, `NULL` and `null` are missing.
    fn default() -> Self {
        let na = ["", "NA", "N/A", "NULL", "null"]
            .map(str::to_owned)
            .to_vec();
        Self {
            delimiter: None,
            na,
        }
    }
}

impl CsvOptions {
    pub(super) fn missing(&self) -> MissingCells {
        let spellings: Vec<Box<[u8]>> = self
            .na
            .iter()
            .map(|spelling| spelling.trim().as_bytes().into())
            .collect();
        let mut first = [false; 256];
        for spelling in &spellings {
            if let Some(&byte) = spelling.first() {
                first[usize::from(byte)] = true;
            }
        }
        let empty = spellings.iter().any(|spelling| spelling.is_empty());
        MissingCells {
            spellings,
            first,
            empty,
        }
    }
}

/// The spellings of a missing cell.
#[derive(Debug)]
pub(super) struct MissingCells {
    spellings: Vec<Box<[u8]>>,
    first: [bool; 256],
    empty: bool,
}

impl MissingCells {
    /// Whether this trimmed cell is missing.
    pub(super) fn contains(&self, cell: &[u8]) -> bool {
        match cell.first() {
            None => self.empty,
            Some(&byte) => {
                self.first[usize::from(byte)] && self.spellings.iter().any(|text| **text == *cell)
            }
        }
    }

    /// The trimmed cell, or `None` when it is missing.
    pub(super) fn present<'a>(&self, cell: &'a [u8]) -> Option<&'a [u8]> {
        if self.contains(cell) {
            None
        } else {
            Some(cell)
        }
    }
}

/// One row of a file, as bytes without quotes.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
    line: u64,
}

impl Record {
    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.cells
    }

    /// The line on which the row starts.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// A cell as it stands; empty where there is none.
    pub(super) fn raw(&self, position: usize) -> &[u8] {
        if position < self.cells {
            &self.bytes[self.span(position)]
        } else {
            &[]
        }
    }

    /// A cell without the blanks around it.
    pub(super) fn cell(&self, position: usize) -> &[u8] {
        self.raw(position).trim_ascii()
    }

    /// A cell as text, as it stands. Records are checked to be UTF-8 when they are read.
    pub(super) fn text(&self, position: usize) -> &str {
        std::str::from_utf8(self.raw(position)).unwrap_or_default()
    }

    /// The line on which a cell starts: behind the line breaks within the cells before it.
    pub(super) fn cell_line(&self, position: usize) -> u64 {
        let start = if position < self.cells {
            self.span(position).start
        } else {
            0
        };
        self.line + LineBreaks::default().count(&self.bytes[..start])
    }

    fn span(&self, position: usize) -> std::ops::Range<usize> {
        let start = position
            .checked_sub(1)
            .map_or(0, |previous| self.ends[previous]);
        start..self.ends[position]
    }

    /// The line of the first byte that is not UTF-8.
    fn invalid_line(&self) -> Option<u64> {
        let length = self.cells.checked_sub(1).map_or(0, |last| self.ends[last]);
        if self.bytes[..length].is_ascii() {
            return None;
        }
        (0..self.cells).find_map(|position| {
            let valid = std::str::from_utf8(self.raw(position)).err()?.valid_up_to();
            let before = LineBreaks::default().count(&self.raw(position)[..valid]);
            Some(self.cell_line(position) + before)
        })
    }
}

/// Counts line breaks (`\n`, `\r\n` or `\r`) in bytes that arrive piece by piece.
#[derive(Debug, Default)]
struct LineBreaks {
    after_return: bool,
}

impl LineBreaks {
    fn count(&mut self, bytes: &[u8]) -> u64 {
        let Some(&last) = bytes.last() else { return 0 };
        let (mut feeds, mut returns) = (0, 0);
        for &byte in bytes {
            feeds += usize::from(byte == b'\n');
            returns += usize::from(byte == b'\r');
        }
        // A line feed behind a carriage return ends the same line.
        let pairs = if returns == 0 {
            0
        } else {
            bytes.windows(2).filter(|pair| pair == b"\r\n").count()
        };
        let split_pair = self.after_return && bytes[0] == b'\n';
        self.after_return = last == b'\r';
        (feeds + returns - pairs - usize::from(split_pair)) as u64
    }
}

/// Longest row that is read: a forgotten quote must not take all memory.
const LONGEST_ROW: usize = 256 << 20;

const BUFFER: usize = 256 << 10;

/// Reads one record after the other, through a buffer of fixed size.
pub(super) struct Records<R> {
    path: String,
    reader: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    exhausted: bool,
    checksum: Option<Checksum>,
    bytes: u64,
    core: csv_core::Reader,
    delimiter: u8,
    line: u64,
    breaks: LineBreaks,
    longest_row: usize,
}

impl<R: Read> Records<R> {
    /// Fills the buffer, skips a byte order mark and finds the delimiter if it is not given.
    pub(super) fn open(path: &str, reader: R, delimiter: Option<u8>) -> Result<Self, ReadError> {
        Self::prepare(path, reader, delimiter, None, BUFFER)
    }

    /// The same, computing the checksum of all bytes on the way.
    pub(super) fn open_with_checksum(
        path: &str,
        reader: R,
        delimiter: Option<u8>,
    ) -> Result<Self, ReadError> {
        Self::prepare(path, reader, delimiter, Some(Checksum::default()), BUFFER)
    }

    fn prepare(
        path: &str,
        reader: R,
        delimiter: Option<u8>,
        checksum: Option<Checksum>,
        buffer: usize,
    ) -> Result<Self, ReadError> {
        let mut records = Self {
            path: path.to_owned(),
            reader,
            buffer: vec![0; buffer].into_boxed_slice(),
            start: 0,
            end: 0,
            exhausted: false,
            checksum,
            bytes: 0,
            core: csv_core::Reader::new(),
            delimiter: b',',
            line: 1,
            breaks: LineBreaks::default(),
            longest_row: LONGEST_ROW,
        };
        while records.end < records.buffer.len() && !records.exhausted {
            records.fill()?;
        }
        if records.unread().starts_with(b"\xef\xbb\xbf") {
            records.start = 3;
        }
        records.delimiter =
            delimiter.unwrap_or_else(|| sniff::delimiter(records.unread(), records.exhausted));
        records.core = csv_core::ReaderBuilder::new()
            .delimiter(records.delimiter)
            .build();
        Ok(records)
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Bytes that have come from the reader.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn checksum(&self) -> String {
        self.checksum
            .as_ref()
            .map(Checksum::hex)
            .unwrap_or_default()
    }

    /// Reads the next record into `record`; `false` at the end of the file.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<bool, ReadError> {
        record.cells = 0;
        self.skip_line_breaks()?;
        record.line = self.line;
        let (mut bytes, mut cells, mut begun) = (0, 0, false);
        loop {
            if self.start == self.end && !self.exhausted {
                self.start = 0;
                self.end = 0;
                self.fill()?;
                continue;
            }
            // Behind the last byte a line break is added: it ends the record, unless it falls into
            // a quoted cell.
            let at_end = self.start == self.end && begun;
            let input = if at_end {
                b"\n"
            } else {
                &self.buffer[self.start..self.end]
            };
            let (result, read, written, ended) =
                self.core
                    .read_record(input, &mut record.bytes[bytes..], &mut record.ends[cells..]);
            if !at_end {
                self.line += self.breaks.count(&input[..read]);
                self.start += read;
                begun |= read > 0;
            }
            bytes += written;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty if at_end => {
                    let (path, line) = (self.path.clone(), record.line);
                    return Err(ReadError::UnclosedQuote { path, line });
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if bytes >= self.longest_row => {
                    let (path, line, limit) = (self.path.clone(), record.line, self.longest_row);
                    return Err(ReadError::RowTooLong { path, line, limit });
                }
                ReadRecordResult::OutputFull => grow(&mut record.bytes),
                ReadRecordResult::OutputEndsFull => grow(&mut record.ends),
                ReadRecordResult::Record => {
                    record.cells = cells;
                    return match record.invalid_line() {
                        Some(line) => Err(ReadError::NotUtf8 {
                            path: self.path.clone(),
                            line,
                        }),
                        None => Ok(true),
                    };
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Reads more bytes behind the unread ones.
    fn fill(&mut self) -> Result<(), ReadError> {
        let room = &mut self.buffer[self.end..];
        match self.reader.read(room) {
            Ok(0) => self.exhausted = true,
            Ok(count) => {
                let new = &self.buffer[self.end..self.end + count];
                if let Some(checksum) = &mut self.checksum {
                    checksum.update(new);
                }
                self.bytes += count as u64;
                self.end += count;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failure(&self.path, error)),
        }
        Ok(())
    }

    /// Skips blank lines, and the line feed of the pair that ended the record before.
    fn skip_line_breaks(&mut self) -> Result<(), ReadError> {
        loop {
            while let Some(&byte) = self.unread().first() {
                if byte != b'\n' && byte != b'\r' {
                    return Ok(());
                }
                self.line += self.breaks.count(&[byte]);
                self.start += 1;
            }
            if self.exhausted {
                return Ok(());
            }
            self.start = 0;
            self.end = 0;
            self.fill()?;
        }
    }
}

fn grow<T: Clone + Default>(buffer: &mut Vec<T>) {
    buffer.resize((2 * buffer.len()).max(256), T::default());
}

#[cfg(test)]
mod tests;
