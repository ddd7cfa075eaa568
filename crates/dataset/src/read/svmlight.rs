//! svmlight and libsvm: a label and `index:value` pairs a line.
//!
//! What is not written is zero, so rows stay as they are written: pairs of an index and a value. They
//! become columns of [`SparseCells`](crate::table::SparseCells), one for each index that is written
//! somewhere, in memory for the pairs alone.

use std::collections::BTreeSet;

use super::ReadError;
use super::column::{self, Looked, Part, Task, TextCells};
use super::csv::MissingCells;
use super::error::excerpt;
use super::grid::{Cell, Span};
use crate::number::{Parsed, parse};
use crate::schema::{Kind, SchemaOptions};
use crate::table::Lines;

/// The column of the label.
pub(super) const LABEL: &str = "label";

/// Columns of a table, at most: each has a name.
const MOST_COLUMNS: usize = 1 << 22;

/// Whether a table may have this shape: a sparse column numbers its rows with 32 bits.
pub(super) fn fits(rows: usize, columns: usize) -> bool {
    columns <= MOST_COLUMNS && rows < u32::MAX as usize
}

/// The name of the column of an index, which keeps the index as the file writes it.
pub(super) fn name(index: u32) -> String {
    format!("f{index}")
}

/// The index that a column is named after.
pub(super) fn index(name: &str) -> Option<u32> {
    let digits = name.strip_prefix('f')?;
    let canonical = digits == "0" || !digits.starts_with('0');
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && plain).then(|| digits.parse().ok()).flatten()
}

/// The columns that are there whatever the file says: the label, and the indices that a person
/// mentions, which are zeros where they are never written.
pub(super) fn mentioned(options: &SchemaOptions) -> Vec<String> {
    let names = options.mentions().map(|(_, name)| name);
    let indices: BTreeSet<u32> = names.filter_map(index).collect();
    let label = [LABEL.to_owned()].into_iter();
    label.chain(indices.into_iter().map(name)).collect()
}

/// Whether a text that starts with `bytes` is svmlight: its first line that has more than a number
/// is a number and pairs. `whole` says that these are all bytes.
pub(super) fn starts(bytes: &[u8], whole: bool) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = match memchr::memchr(b'\n', rest) {
            Some(feed) => {
                let line = &rest[..feed];
                rest = &rest[feed + 1..];
                line
            }
            None if whole => std::mem::take(&mut rest),
            None => return false,
        };
        let mut tokens = Tokens { rest: body(line) };
        match tokens.next() {
            None => continue,
            Some(label) if matches!(parse(label), Parsed::Number(_)) => {}
            Some(_) => return false,
        }
        let mut tokens = tokens.filter(|token| !qid(token)).peekable();
        if tokens.peek().is_some() {
            return tokens.all(|token| pair(token).is_ok());
        }
    }
    false
}

/// The rows of a block up to the first mistake.
pub(super) fn pairs(path: &str, text: Vec<u8>, first_line: u64) -> (Pairs, Option<ReadError>) {
    let mut rows = Pairs::default();
    let mut error = None;
    let (mut at, mut line) = (0, first_line);
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |feed| at + feed);
        match rows.read(&text, at, end) {
            Ok(true) => rows.lines.push(line),
            Ok(false) => {}
            Err(mistake) => {
                error = Some(mistake.error(path, line));
                break;
            }
        }
        line += 1;
        at = end + 1;
    }
    rows.text = text;
    (rows, error)
}

/// What is wrong with a part of a line.
struct Mistake {
    value: String,
    reason: &'static str,
}

impl Mistake {
    fn new(token: &[u8], reason: &'static str) -> Self {
        let value = excerpt(token);
        Self { value, reason }
    }

    fn error(self, path: &str, line: u64) -> ReadError {
        ReadError::NotSvmlight {
            path: path.to_owned(),
            line,
            value: self.value,
            reason: self.reason,
        }
    }
}

/// What is written in some consecutive rows, row after row.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) text: Vec<u8>,
    pub(super) lines: Lines,
    labels: Vec<Span>,
    all: Vec<Pair>,
    /// For each row the end of its pairs.
    ends: Vec<usize>,
}

/// An index with its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) index: u32,
    pub(super) value: f64,
    span: Span,
}

impl Pairs {
    /// Reads a line; whether it is a row. Pairs of a row with a mistake belong to no row.
    fn read(&mut self, text: &[u8], start: usize, end: usize) -> Result<bool, Mistake> {
        let line = body(&text[start..end]);
        let mut tokens = Tokens { rest: line };
        let Some(label) = tokens.next() else {
            return Ok(false);
        };
        // Tokens are parts of the text, so their place in it is a difference of addresses.
        let span = |token: &[u8]| {
            let start = token.as_ptr().addr() - text.as_ptr().addr();
            Span::new(start, start + token.len())
        };
        if !matches!(parse(label), Parsed::Number(_)) {
            return Err(Mistake::new(label, "the label is not a finite number"));
        }
        let mut last = None;
        for token in tokens {
            if qid(token) {
                continue;
            }
            let (index, value, written) =
                pair(token).map_err(|reason| Mistake::new(token, reason))?;
            if last == Some(index) {
                return Err(Mistake::new(token, "the index stands twice in the line"));
            }
            if last > Some(index) {
                let reason = "the indices are not in ascending order";
                return Err(Mistake::new(token, reason));
            }
            last = Some(index);
            let span = span(written);
            self.all.push(Pair { index, value, span });
        }
        self.labels.push(span(label));
        self.ends.push(self.all.len());
        Ok(true)
    }

    pub(super) fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The pairs of a row.
    pub(super) fn row(&self, row: usize) -> &[Pair] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.all[start..self.ends[row]]
    }

    /// The label of a row, as it is written.
    pub(super) fn label(&self, row: usize) -> &[u8] {
        self.cell(self.labels[row])
    }

    /// The value of a pair, as it is written.
    pub(super) fn written(&self, pair: &Pair) -> &[u8] {
        self.cell(pair.span)
    }

    fn cell(&self, span: Span) -> &[u8] {
        let cell = self.text.get(span.start as usize..span.end as usize);
        cell.unwrap_or_default()
    }

    /// The indices that are written, ascending.
    pub(super) fn indices(&self) -> Vec<u32> {
        let mut indices: Vec<u32> = self.all.iter().map(|pair| pair.index).collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// The label and the columns of the indices that are written, `tasks` having what is wanted of
    /// each, in this order.
    pub(super) fn columns(&self, tasks: &[Task<'_>], na: &MissingCells) -> Vec<(Looked, Part)> {
        let mut places: Vec<(u32, u32, u32)> = Vec::with_capacity(self.all.len());
        for row in 0..self.rows() {
            let end = self.ends[row];
            let start = end - self.row(row).len();
            // Blocks are shorter than 4 GiB.
            places.extend((start..end).map(|at| (self.all[at].index, row as u32, at as u32)));
        }
        places.sort_unstable();
        let labels = (0..self.rows()).map(|row| self.label(row)).collect();
        let mut columns = Vec::with_capacity(tasks.len());
        let mut tasks = tasks.iter();
        if let Some(&task) = tasks.next() {
            columns.push(column::read(&self.written_cells(labels), task, na));
        }
        for (own, &task) in places.chunk_by(|a, b| a.0 == b.0).zip(tasks) {
            let pairs = own
                .iter()
                .map(|&(_, row, at)| (row, &self.all[at as usize]));
            columns.push(self.column(pairs, task, na));
        }
        columns
    }

    fn column<'p>(
        &'p self,
        pairs: impl Iterator<Item = (u32, &'p Pair)>,
        task: Task<'_>,
        na: &MissingCells,
    ) -> (Looked, Part) {
        if !matches!(task.kind, None | Some(Kind::Numeric)) {
            let mut cells = vec![ZERO; self.rows()];
            pairs.for_each(|(row, pair)| cells[row as usize] = self.written(pair));
            return column::read(&self.written_cells(cells), task, na);
        }
        let len = self.rows();
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        let mut missing = 0;
        for (row, pair) in pairs {
            let value = self.number(pair, na);
            missing += usize::from(value.is_nan());
            if value != 0.0 {
                rows.push(row);
                values.push(value);
            }
        }
        let looked = Looked {
            cells: len - missing,
            numeric: len - missing,
            ..Looked::default()
        };
        let part = if task.keep {
            Part::Sparse { len, rows, values }
        } else {
            Part::Missing(len)
        };
        (looked, part)
    }

    /// The value of a pair; `NaN` where it is written like a missing one.
    pub(super) fn number(&self, pair: &Pair, na: &MissingCells) -> f64 {
        if na.contains(self.written(pair)) {
            f64::NAN
        } else {
            pair.value
        }
    }

    fn written_cells<'p>(&'p self, cells: Vec<&'p [u8]>) -> Written<'p> {
        let lines = &self.lines;
        Written { lines, cells }
    }
}

/// What an index that is not written is.
pub(super) const ZERO: &[u8] = b"0";

/// A column as text.
struct Written<'p> {
    lines: &'p Lines,
    cells: Vec<&'p [u8]>,
}

impl TextCells for Written<'_> {
    fn rows(&self) -> usize {
        self.cells.len()
    }

    fn places(&self) -> impl Iterator<Item = Cell<'_>> {
        self.cells.iter().map(|cell| Cell::whole(cell))
    }

    fn line(&self, row: usize) -> u64 {
        self.lines.get(row)
    }
}

/// A line without its comment.
fn body(line: &[u8]) -> &[u8] {
    memchr::memchr(b'#', line).map_or(line, |comment| &line[..comment])
}

/// The parts of a line between blanks.
struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace);
        let (token, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }
}

/// Whether a part of a line says which query the row belongs to, which a classifier has no use for.
fn qid(token: &[u8]) -> bool {
    token
        .strip_prefix(b"qid:")
        .is_some_and(|id| !id.is_empty() && id.iter().all(u8::is_ascii_digit))
}

/// The index and the value of a pair, and the text of the value.
fn pair(token: &[u8]) -> Result<(u32, f64, &[u8]), &'static str> {
    let colon = memchr::memchr(b':', token).ok_or("not an index:value pair")?;
    let (index, value) = (&token[..colon], &token[colon + 1..]);
    if index.is_empty() || !index.iter().all(u8::is_ascii_digit) {
        return Err("the index is not a whole number");
    }
    let index = std::str::from_utf8(index)
        .ok()
        .and_then(|index| index.parse::<u32>().ok())
        .ok_or("the index is larger than 4,294,967,295")?;
    match parse(value) {
        Parsed::Number(number) => Ok((index, number, value)),
        Parsed::NotFinite => Err("the value is not a finite number"),
        Parsed::Word => Err("the value is not a number"),
    }
}

#[cfg(test)]
mod tests;
