//! svmlight and libsvm: a label and `index:value` pairs a line.

use super::ReadError;
use super::error::excerpt;
use super::grid::{Grid, Span};
use crate::number::{Parsed, parse};
use crate::table::Lines;

/// The column of the label.
pub(super) const LABEL: &str = "label";

/// Cells of a table, at most: every zero is stored.
const MOST_CELLS: usize = 1 << 28;

/// Columns of a table, at most: each has a name.
const MOST_COLUMNS: usize = 1 << 20;

/// Whether a table of this shape can be written out.
pub(super) fn fits(rows: usize, columns: usize) -> bool {
    columns <= MOST_COLUMNS && rows.saturating_mul(columns) <= MOST_CELLS
}

/// The name of the column of an index, which keeps the index as the file writes it.
pub(super) fn name(index: usize) -> String {
    format!("f{index}")
}

/// The index that a column is named after.
pub(super) fn index(name: &str) -> Option<usize> {
    let digits = name.strip_prefix('f')?;
    let canonical = digits == "0" || !digits.starts_with('0');
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && plain).then(|| digits.parse().ok()).flatten()
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

/// The rows of a block up to the first mistake: the label, then the columns from the lowest to the
/// highest index of the block (from 1 where no index is 0).
pub(super) fn grid(path: &str, mut text: Vec<u8>, first_line: u64) -> (Grid, Option<ReadError>) {
    let mut rows = Rows {
        lowest: 1,
        ..Rows::default()
    };
    let mut error = None;
    let (mut at, mut line) = (0, first_line);
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |feed| at + feed);
        if let Err(mistake) = rows.read(&text, at, end) {
            error = Some(mistake.error(path, line));
            break;
        }
        if rows.labels.len() > rows.lines.len() {
            rows.lines.push(line);
            rows.ends.push(rows.pairs.len());
        }
        if !fits(rows.labels.len(), rows.width()) {
            error = Some(ReadError::TooWide {
                path: path.to_owned(),
                rows: rows.labels.len(),
                columns: rows.width(),
            });
            rows = Rows::default();
            break;
        }
        line += 1;
        at = end + 1;
    }
    let zero = Span::new(text.len(), text.len() + 1);
    text.push(b'0');
    (rows.finish(text, zero), error)
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

#[derive(Default)]
struct Rows {
    lines: Lines,
    labels: Vec<Span>,
    pairs: Vec<(usize, Span)>,
    /// For each row the end of its pairs.
    ends: Vec<usize>,
    lowest: usize,
    /// Behind the highest index.
    behind: usize,
}

impl Rows {
    fn width(&self) -> usize {
        1 + self.behind.saturating_sub(self.lowest)
    }

    fn read(&mut self, text: &[u8], start: usize, end: usize) -> Result<(), Mistake> {
        let line = body(&text[start..end]);
        let mut tokens = Tokens { rest: line };
        let Some(label) = tokens.next() else {
            return Ok(());
        };
        // Tokens are parts of the text, so their place in it is a difference of addresses.
        let place = |token: &[u8]| token.as_ptr().addr() - text.as_ptr().addr();
        if !matches!(parse(label), Parsed::Number(_)) {
            return Err(Mistake::new(label, "the label is not a finite number"));
        }
        let before = self.pairs.len();
        for token in tokens {
            if qid(token) {
                continue;
            }
            let (index, value) = pair(token).map_err(|reason| Mistake::new(token, reason))?;
            if let Some(&(last, _)) = self.pairs[before..].last() {
                if index == last {
                    return Err(Mistake::new(token, "the index stands twice in the line"));
                }
                if index < last {
                    return Err(Mistake::new(
                        token,
                        "the indices are not in ascending order",
                    ));
                }
            }
            let start = place(value);
            self.pairs
                .push((index, Span::new(start, start + value.len())));
            self.lowest = self.lowest.min(index);
            self.behind = self.behind.max(index + 1);
        }
        let start = place(label);
        self.labels.push(Span::new(start, start + label.len()));
        Ok(())
    }

    fn finish(self, text: Vec<u8>, zero: Span) -> Grid {
        let (columns, rows) = (self.width(), self.lines.len());
        let mut spans = Vec::with_capacity(rows * columns);
        let mut begin = 0;
        for (row, &end) in self.ends.iter().enumerate() {
            spans.push(self.labels[row]);
            let first = spans.len();
            spans.resize(first + columns - 1, zero);
            for &(index, span) in &self.pairs[begin..end] {
                spans[first + index - self.lowest] = span;
            }
            begin = end;
        }
        let indices = self.lowest..self.behind.max(self.lowest);
        let names = std::iter::once(LABEL.to_owned()).chain(indices.map(name));
        Grid {
            text,
            spans,
            columns,
            lines: self.lines,
            names: Some(names.collect()),
        }
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

/// The index and the text of the value of a pair.
fn pair(token: &[u8]) -> Result<(usize, &[u8]), &'static str> {
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
        Parsed::Number(_) => Ok((index as usize, value)),
        Parsed::NotFinite => Err("the value is not a finite number"),
        Parsed::Word => Err("the value is not a number"),
    }
}

#[cfg(test)]
mod tests;
