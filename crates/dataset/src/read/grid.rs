//! The cells of a block of rows, apart but not yet typed.

use super::line_breaks;
use crate::number::plain;
use crate::table::Lines;

/// Where a cell lies in the text of its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// A cell that the row does not have.
    pub(super) const ABSENT: Self = Self {
        start: u32::MAX,
        end: 0,
    };

    pub(super) fn new(start: usize, end: usize) -> Self {
        let (start, end) = (start as u32, end as u32); // Blocks are shorter than 4 GiB.
        Self { start, end }
    }
}

/// A cell in the text around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    text: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Cell<'a> {
    /// A cell that the row does not have.
    #[cfg(feature = "parquet")]
    pub(super) const ABSENT: Self = Self {
        text: &[],
        start: 1,
        end: 0,
    };

    /// All of a text.
    pub(super) fn whole(text: &'a [u8]) -> Self {
        let (start, end) = (0, text.len());
        Self { text, start, end }
    }

    /// The cell without the blanks around it; `None` where the row has none.
    pub(super) fn trimmed(self) -> Option<&'a [u8]> {
        self.text.get(self.start..self.end).map(trim)
    }

    /// The number that the cell is, as far as [`plain`] reads it.
    #[inline]
    pub(super) fn plain(self) -> Option<f64> {
        plain(self.text, self.start, self.end)
    }
}

/// Consecutive rows: their text and the place of every cell in it, row after row.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// The block as it stands in the file, and behind it the cells that stand there otherwise
    /// (a quote written twice, an escape).
    pub(super) text: Vec<u8>,
    /// Row after row.
    pub(super) spans: Vec<Span>,
    pub(super) columns: usize,
    /// The line on which each row starts.
    pub(super) lines: Lines,
    /// Names of the columns, where each block has its own.
    pub(super) names: Option<Vec<String>>,
}

impl Grid {
    pub(super) fn rows(&self) -> usize {
        self.lines.len()
    }

    /// A cell as it stands, without quotes; `None` where the row has none.
    pub(super) fn raw(&self, row: usize, column: usize) -> Option<&[u8]> {
        let span = self.spans[row * self.columns + column];
        self.text.get(span.start as usize..span.end as usize)
    }

    /// A cell without the blanks around it.
    pub(super) fn cell(&self, row: usize, column: usize) -> Option<&[u8]> {
        self.raw(row, column).map(trim)
    }

    /// The cells of a column, each in the text around it.
    pub(super) fn places(&self, column: usize) -> impl Iterator<Item = Cell<'_>> {
        let spans = self.spans.iter().skip(column).step_by(self.columns.max(1));
        spans.map(|span| Cell {
            text: &self.text,
            start: span.start as usize,
            end: span.end as usize,
        })
    }

    /// A cell as text, as it stands. Grids are checked to be UTF-8 when they are made.
    pub(super) fn text(&self, row: usize, column: usize) -> &str {
        self.raw(row, column)
            .and_then(|cell| std::str::from_utf8(cell).ok())
            .unwrap_or_default()
    }

    /// The line on which a cell starts: behind the line breaks within the cells before it.
    pub(super) fn line(&self, row: usize, column: usize) -> u64 {
        let before = (0..column).filter_map(|before| self.raw(row, before));
        self.lines.get(row) + before.map(line_breaks::count).sum::<u64>()
    }
}

/// A cell without the blanks around it.
pub(super) fn trim(cell: &[u8]) -> &[u8] {
    match cell {
        [first, .., last] if *first > b' ' && *last > b' ' => cell,
        _ => cell.trim_ascii(),
    }
}
