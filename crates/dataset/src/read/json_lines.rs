//! JSON lines: one object a line, its keys the columns.

use std::collections::HashMap;

use super::ReadError;
use super::grid::{Grid, Span};
use crate::table::Lines;

/// Whether a text that starts with `bytes` is JSON lines: an object opens and closes in its first
/// line that is not blank. `whole` says that these are all bytes.
///
/// What stands inside is not looked at: a mistake in it is better told as one than read as CSV.
pub(super) fn starts(bytes: &[u8], whole: bool) -> bool {
    let text = bytes.trim_ascii_start();
    let (line, complete) = match memchr::memchr(b'\n', text) {
        Some(feed) => (&text[..feed], true),
        None => (text, whole),
    };
    let inside = line.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    let closes = !complete || line.trim_ascii_end().ends_with(b"}");
    closes && inside.is_some_and(|inside| inside.starts_with(b"\"") || inside.starts_with(b"}"))
}

/// The rows of a block up to the first mistake.
///
/// A value is a cell: a number as it is written, a text without its quotes, `true` and `false` as
/// words; `null` and an absent key are missing cells.
pub(super) fn grid(path: &str, text: Vec<u8>, line: u64) -> (Grid, Option<ReadError>) {
    let valid = match std::str::from_utf8(&text) {
        Ok(_) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    let mut rows = Rows::default();
    let mut error = None;
    let (mut at, mut line) = (0, line);
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |feed| at + feed);
        if valid < end {
            let path = path.to_owned();
            error = Some(ReadError::NotUtf8 { path, line });
            break;
        }
        if !text[at..end].trim_ascii().is_empty() {
            let mut object = Object {
                text: &text[..end],
                start: at,
                at,
            };
            if let Err(mistake) = object.read(&mut rows, text.len()) {
                error = Some(mistake.error(path, line));
                break;
            }
            rows.lines.push(line);
        }
        line += 1;
        at = end + 1;
    }
    (rows.finish(text), error)
}

/// What is wrong with a line.
enum Mistake {
    Syntax {
        position: usize,
        reason: &'static str,
    },
    Nested {
        column: String,
        what: &'static str,
    },
    Repeated {
        column: String,
    },
}

impl Mistake {
    fn error(self, path: &str, line: u64) -> ReadError {
        let path = path.to_owned();
        match self {
            Self::Syntax { position, reason } => ReadError::NotJson {
                path,
                line,
                position,
                reason,
            },
            Self::Nested { column, what } => ReadError::Nested {
                path,
                line,
                column,
                what,
            },
            Self::Repeated { column } => ReadError::RepeatedKey { path, line, column },
        }
    }
}

/// The cells of the rows so far, column by column: rows may bring keys of their own.
#[derive(Default)]
struct Rows {
    names: Vec<String>,
    positions: HashMap<String, usize>,
    cells: Vec<Vec<Span>>,
    lines: Lines,
    /// Texts without their escapes, which stand behind the block's.
    unescaped: Vec<u8>,
}

impl Rows {
    /// The column of a key; `likely` is the one behind the column before.
    fn column(&mut self, key: &str, likely: usize) -> usize {
        if self.names.get(likely).is_some_and(|name| name == key) {
            return likely;
        }
        if let Some(&position) = self.positions.get(key) {
            return position;
        }
        let position = self.names.len();
        self.names.push(key.to_owned());
        self.positions.insert(key.to_owned(), position);
        self.cells.push(Vec::new());
        position
    }

    fn finish(self, mut text: Vec<u8>) -> Grid {
        let columns = self.names.len();
        let rows = self.lines.len();
        let mut spans = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            let cell = |cells: &Vec<Span>| cells.get(row).copied().unwrap_or(Span::ABSENT);
            spans.extend(self.cells.iter().map(cell));
        }
        text.extend_from_slice(&self.unescaped);
        Grid {
            text,
            spans,
            columns,
            lines: self.lines,
            names: Some(self.names),
        }
    }
}

/// One line that is being read; `text` ends with it.
struct Object<'a> {
    text: &'a [u8],
    start: usize,
    at: usize,
}

impl Object<'_> {
    /// Appends the row; texts without escapes stand from `block` on.
    fn read(&mut self, rows: &mut Rows, block: usize) -> Result<(), Mistake> {
        let row = rows.lines.len();
        self.expect(b'{', "a line starts with {")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            let mut likely = 0;
            loop {
                let key = self.key()?;
                self.expect(b':', "a colon is missing")?;
                let column = rows.column(&key, likely);
                if rows.cells[column].len() > row {
                    return Err(Mistake::Repeated { column: key });
                }
                let span = self.value(&key, &mut rows.unescaped, block)?;
                rows.cells[column].resize(row, Span::ABSENT);
                rows.cells[column].push(span);
                likely = column + 1;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break self.at += 1,
                    _ => return Err(self.mistake("a comma or } is missing")),
                }
            }
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.mistake("something stands behind the object")),
        }
    }

    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r');
        self.at += self.text[self.at..].iter().take_while(blank).count();
        self.text.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8, reason: &'static str) -> Result<(), Mistake> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.mistake(reason))
    }

    fn mistake(&self, reason: &'static str) -> Mistake {
        let position = self.at - self.start + 1;
        Mistake::Syntax { position, reason }
    }

    fn key(&mut self) -> Result<String, Mistake> {
        if self.peek() != Some(b'"') {
            return Err(self.mistake("a key in quotes is missing"));
        }
        let (start, end, escaped) = self.string()?;
        if escaped {
            return self.unescape(start, end);
        }
        Ok(String::from_utf8_lossy(&self.text[start..end]).into_owned())
    }

    fn value(&mut self, key: &str, unescaped: &mut Vec<u8>, block: usize) -> Result<Span, Mistake> {
        let nested = |what| Mistake::Nested {
            column: key.to_owned(),
            what,
        };
        match self.peek() {
            Some(b'"') => {
                let (start, end, escaped) = self.string()?;
                if !escaped {
                    return Ok(Span::new(start, end));
                }
                let text = self.unescape(start, end)?;
                let start = block + unescaped.len();
                unescaped.extend_from_slice(text.as_bytes());
                Ok(Span::new(start, start + text.len()))
            }
            Some(b'{') => Err(nested("an object")),
            Some(b'[') => Err(nested("a list")),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null").map(|_| Span::ABSENT),
            _ => Err(self.mistake("a value is missing")),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<Span, Mistake> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.mistake("a value is missing"));
        }
        let start = self.at;
        self.at += word.len();
        Ok(Span::new(start, self.at))
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    fn number(&mut self) -> Result<Span, Mistake> {
        let start = self.at;
        self.at += usize::from(self.text[self.at] == b'-');
        let zero = self.text.get(self.at) == Some(&b'0');
        let digits = self.digits();
        let mut sound = digits > 0 && (digits == 1 || !zero);
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            sound &= self.digits() > 0;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            sound &= self.digits() > 0;
        }
        if sound {
            return Ok(Span::new(start, self.at));
        }
        self.at = start;
        Err(self.mistake("not a number of JSON"))
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    /// Passes over a text: where it is without its quotes, and whether it has escapes.
    fn string(&mut self) -> Result<(usize, usize, bool), Mistake> {
        let start = self.at + 1;
        let (mut end, mut escaped) = (start, false);
        loop {
            match self.text.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    end += 2;
                }
                Some(0..=31) => {
                    self.at = end;
                    return Err(self.mistake("a control character stands unescaped in a text"));
                }
                Some(_) => end += 1,
                None => return Err(self.mistake("a text is not closed")),
            }
        }
        self.at = end + 1;
        Ok((start, end, escaped))
    }

    fn unescape(&self, start: usize, end: usize) -> Result<String, Mistake> {
        serde_json::from_slice(&self.text[start - 1..=end]).map_err(|_| Mistake::Syntax {
            position: start - self.start,
            reason: "a wrong escape in a text",
        })
    }
}

#[cfg(test)]
mod tests;
