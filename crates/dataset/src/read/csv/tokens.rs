//! From the text of a block to cells.

use super::scan::{Scan, WIDTH, Words};
use crate::read::grid::{Grid, Span};
use crate::read::line_breaks;
use crate::table::Lines;

/// Why a block is not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::read) enum Fault {
    /// A row has `found` cells where another number is expected.
    Ragged { line: u64, found: usize },
    /// A byte that is not UTF-8.
    NotUtf8 { line: u64 },
    /// A quote that is opened in the row of that line and never closed.
    UnclosedQuote { line: u64 },
}

/// What a block is expected to be.
#[derive(Debug, Clone, Copy)]
pub(in crate::read) struct Shape {
    pub(in crate::read) delimiter: u8,
    /// Cells of every row, or `None` to read one row whatever it has.
    pub(in crate::read) columns: Option<usize>,
    /// The line of the first byte.
    pub(in crate::read) line: u64,
}

/// The rows of `text` up to the first fault, and how many bytes they take; `spans` is memory for
/// their cells.
///
/// A cell is quoted when its first byte is a quote; inside, two quotes are one and delimiters and
/// line breaks are text; what stands between the closing quote and the next delimiter is text too.
/// Elsewhere a quote is a byte like any other. Rows end with `\n`, `\r\n` or `\r`, the last one also
/// with the text; empty lines are no rows.
pub(in crate::read) fn grid(
    mut text: Vec<u8>,
    spans: Vec<Span>,
    shape: Shape,
) -> (Grid, usize, Option<Fault>) {
    let valid = match std::str::from_utf8(&text) {
        Ok(_) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    let mut tokens = Tokens::new(&text, spans, shape);
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        simd.vectorize(Vectorized {
            tokens: &mut tokens,
            simd,
        });
    } else {
        tokens.read(Words);
    }
    #[cfg(not(target_arch = "x86_64"))]
    tokens.read(Words);
    let (mut grid, unquoted, consumed, fault) = tokens.finish(valid);
    text.extend_from_slice(&unquoted);
    grid.text = text;
    (grid, consumed, fault)
}

#[cfg(target_arch = "x86_64")]
struct Vectorized<'a, 'b> {
    tokens: &'a mut Tokens<'b>,
    simd: pulp::x86::V3,
}

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for Vectorized<'_, '_> {
    type Output = ();

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiled for the vector instructions")]
    fn call(self) {
        self.tokens.read(super::scan::Vectors(self.simd));
    }
}

struct Tokens<'a> {
    text: &'a [u8],
    shape: Shape,
    spans: Vec<Span>,
    lines: Lines,
    unquoted: Vec<u8>,
    /// Cells of complete rows.
    complete: usize,
    /// The bytes up to the last row that was read, complete or not.
    consumed: usize,
    /// The bytes up to the last complete row.
    complete_bytes: usize,
    /// The line of the row that is being read.
    line: u64,
    /// Line breaks within that row.
    within: u64,
    fault: Option<Fault>,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a [u8], mut spans: Vec<Span>, shape: Shape) -> Self {
        spans.clear();
        spans.reserve(text.len() / 8);
        Self {
            text,
            shape,
            spans,
            lines: Lines::default(),
            unquoted: Vec::new(),
            complete: 0,
            consumed: 0,
            complete_bytes: 0,
            line: shape.line,
            within: 0,
            fault: None,
        }
    }

    /// Reads rows until the text ends, or one row where the number of columns is not known.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "compiled for the vector instructions")]
    fn read(&mut self, scan: impl Scan) {
        let (text, delimiter) = (self.text, self.shape.delimiter);
        let (mut at, mut start) = (0, 0);
        'chunks: while at < text.len() {
            let (chunk, length) = chunk(&text[at..]);
            let delimiters = scan.equal(&chunk, delimiter);
            let breaks = scan.equal(&chunk, b'\n') | scan.equal(&chunk, b'\r');
            let quotes = scan.equal(&chunk, b'"');
            let mut marks = (delimiters | breaks | quotes) & (u64::MAX >> (WIDTH - length));
            while marks != 0 {
                let mark = marks & marks.wrapping_neg();
                let position = at + marks.trailing_zeros() as usize;
                marks ^= mark;
                if delimiters & mark != 0 {
                    self.spans.push(Span::new(start, position));
                    start = position + 1;
                } else if breaks & mark != 0 {
                    if start == position && self.spans.len() == self.complete {
                        self.skip_break(position);
                    } else {
                        self.spans.push(Span::new(start, position));
                        if self.end_row(position + 1) {
                            return;
                        }
                    }
                    start = position + 1;
                } else if start == position {
                    let Some(end) = self.quoted(position) else {
                        let line = self.line;
                        self.fault = Some(Fault::UnclosedQuote { line });
                        return;
                    };
                    if (end == text.len() || text[end] != delimiter) && self.end_row(end + 1) {
                        return;
                    }
                    start = end + 1;
                    at = start;
                    continue 'chunks;
                }
            }
            at += length;
        }
        if start < text.len() || self.spans.len() > self.complete {
            self.spans.push(Span::new(start, text.len()));
            self.end_row(text.len());
        }
    }

    /// A line break before a row: that of an empty line, or the second half of a pair.
    fn skip_break(&mut self, position: usize) {
        let half = position > 0 && self.text[position - 1..=position] == *b"\r\n";
        self.line += u64::from(!half);
        if !half {
            self.consumed = position + 1;
        }
    }

    /// Ends the row before the byte `end`; `true` when reading ends with it.
    fn end_row(&mut self, end: usize) -> bool {
        let found = self.spans.len() - self.complete;
        let ragged = self.shape.columns.is_some_and(|columns| columns != found);
        self.consumed = end.min(self.text.len());
        if ragged {
            let line = self.line;
            self.fault = Some(Fault::Ragged { line, found });
            return true;
        }
        self.complete = self.spans.len();
        self.complete_bytes = self.consumed;
        self.lines.push(self.line);
        self.line += 1 + self.within;
        self.within = 0;
        self.shape.columns.is_none()
    }

    /// Reads the cell whose opening quote is at `open`; the position behind it, unless it is never
    /// closed.
    fn quoted(&mut self, open: usize) -> Option<usize> {
        let text = self.text;
        let (close, doubled) = close(text, open)?;
        let behind = &text[close + 1..];
        let end = match behind.first() {
            None => close + 1,
            Some(&byte) if byte == self.shape.delimiter || byte == b'\n' || byte == b'\r' => {
                close + 1
            }
            Some(_) => {
                let length = memchr::memchr3(self.shape.delimiter, b'\n', b'\r', behind);
                close + 1 + length.unwrap_or(behind.len())
            }
        };
        let inside = &text[open + 1..close];
        self.within += line_breaks::count(inside);
        self.spans.push(if doubled || end > close + 1 {
            let start = text.len() + self.unquoted.len();
            let mut rest = inside;
            while let Some(quote) = memchr::memchr(b'"', rest) {
                self.unquoted.extend_from_slice(&rest[..=quote]);
                rest = &rest[quote + 2..];
            }
            self.unquoted.extend_from_slice(rest);
            self.unquoted.extend_from_slice(&text[close + 1..end]);
            Span::new(start, text.len() + self.unquoted.len())
        } else {
            Span::new(open + 1, close)
        });
        Some(end)
    }

    /// The rows before the first fault, without the text; the cells that stand behind it; the bytes
    /// that were read. The text is UTF-8 up to `valid`.
    fn finish(mut self, valid: usize) -> (Grid, Vec<u8>, usize, Option<Fault>) {
        let columns = self.shape.columns;
        // What is not text is found when its row is read, before the row's cells are counted.
        let reached = match self.fault {
            None if columns.is_some() => self.text.len(),
            _ => self.consumed,
        };
        if valid < reached {
            let line = self.shape.line + line_breaks::count(&self.text[..valid]);
            self.fault = Some(Fault::NotUtf8 { line });
            if valid < self.complete_bytes {
                let lines = &self.lines;
                let through = (0..lines.len()).filter(|&row| lines.get(row) <= line);
                let before = through.count() - 1;
                self.lines = (0..before).map(|row| lines.get(row)).collect();
                self.complete = before * columns.unwrap_or(self.complete);
            }
        }
        self.spans.truncate(self.complete);
        let grid = Grid {
            text: Vec::new(),
            columns: columns.unwrap_or(self.spans.len()),
            spans: self.spans,
            lines: self.lines,
            names: None,
        };
        (grid, self.unquoted, self.consumed, self.fault)
    }
}

/// The first 64 bytes, and how many there are.
#[inline(always)]
#[allow(clippy::inline_always, reason = "one load on the way of every byte")]
fn chunk(text: &[u8]) -> ([u8; WIDTH], usize) {
    if let Some(chunk) = text.first_chunk() {
        (*chunk, WIDTH)
    } else {
        let mut chunk = [0; WIDTH];
        chunk[..text.len()].copy_from_slice(text);
        (chunk, text.len())
    }
}

/// The closing quote of the cell whose opening quote is at `open`, and whether there are quotes
/// written twice before it.
fn close(text: &[u8], open: usize) -> Option<(usize, bool)> {
    let (mut at, mut doubled) = (open + 1, false);
    loop {
        let quote = at + memchr::memchr(b'"', text.get(at..)?)?;
        if text.get(quote + 1) != Some(&b'"') {
            return Some((quote, doubled));
        }
        doubled = true;
        at = quote + 2;
    }
}
