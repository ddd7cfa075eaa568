//! One column of a block: from cells to numbers or levels.

use super::builder::{BOOLEANS, boolean};
use super::csv::MissingCells;
use super::error::excerpt;
use super::grid::{Cell, Grid};
use crate::notation::iso;
use crate::number::{Parsed, parse};
use crate::schema::Kind;
use crate::table::{Dictionary, MISSING};

/// A file and a line of it, in reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Position of the file among those of the table.
    pub(super) file: usize,
    pub(super) line: u64,
}

/// What is wanted of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    /// The kind that its cells have, if that is known.
    pub(super) kind: Option<Kind>,
    /// Whether the cells themselves are wanted, or only what they are.
    pub(super) keep: bool,
    /// Whether dates are wanted as seconds.
    pub(super) dates: bool,
    /// The texts of the blocks before, where the column is known to have words in it: its text is
    /// wanted even of a block of numbers.
    pub(super) known: Option<&'a Dictionary>,
}

/// What the cells of one column in a block are.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) cells: usize,
    pub(super) numeric: usize,
    /// Cells that are dates in ISO 8601, where they were read as such: all or none.
    pub(super) dates: usize,
    pub(super) first_word: Option<(u64, String)>,
    pub(super) first_not_finite: Option<(u64, String)>,
    /// The spellings of yes and no that are still possible, each time that there are fewer.
    pub(super) spellings: Vec<(u8, u64, String)>,
}

/// The cells of one column in a block.
#[derive(Debug)]
pub(super) enum Part {
    /// No cell is there, or none is wanted.
    Missing(usize),
    /// `NaN` where there is no number; the seconds of dates are numbers.
    Numbers(Vec<f64>),
    /// `NaN` where there is no number, 0 in the rows that are not listed.
    Sparse {
        len: usize,
        rows: Vec<u32>,
        values: Vec<f64>,
    },
    /// Codes below `known` are those of the blocks before, which had so many levels when the block
    /// was read; those from `known` on are the positions of `levels`.
    Text {
        codes: Vec<u32>,
        known: usize,
        levels: Vec<String>,
    },
}

/// The cells of one column of some rows, as text.
pub(super) trait TextCells {
    fn rows(&self) -> usize;

    /// Each cell in the text around it.
    fn places(&self) -> impl Iterator<Item = Cell<'_>>;

    /// Each cell without the blanks around it; `None` where the row has none.
    fn cells(&self) -> impl Iterator<Item = Option<&[u8]>> {
        self.places().map(Cell::trimmed)
    }

    /// The line on which a cell starts.
    fn line(&self, row: usize) -> u64;
}

/// One column of a block of text.
pub(super) struct GridColumn<'a> {
    pub(super) grid: &'a Grid,
    pub(super) column: usize,
}

impl TextCells for GridColumn<'_> {
    fn rows(&self) -> usize {
        self.grid.rows()
    }

    fn places(&self) -> impl Iterator<Item = Cell<'_>> {
        self.grid.places(self.column)
    }

    fn line(&self, row: usize) -> u64 {
        self.grid.line(row, self.column)
    }
}

/// Reads one column of a block.
pub(super) fn read(cells: &impl TextCells, task: Task<'_>, na: &MissingCells) -> (Looked, Part) {
    let numbers = match task.kind {
        Some(Kind::Numeric) => Some(numbers(cells, na, false)),
        None if task.known.is_none() => Some(numbers(cells, na, true)),
        _ => None,
    };
    let (looked, part) = match numbers {
        Some((looked, values)) if task.kind.is_some() || looked.first_word.is_none() => {
            if looked.cells == 0 {
                let rows = values.len();
                (looked, Part::Missing(rows))
            } else {
                (looked, Part::Numbers(values))
            }
        }
        Some(_) if task.dates => match dates(cells, na) {
            Some((looked, values)) => (looked, Part::Numbers(values)),
            None => text(cells, task, na),
        },
        _ => text(cells, task, na),
    };
    if task.keep {
        (looked, part)
    } else {
        (looked, Part::Missing(cells.rows()))
    }
}

/// The cells as numbers; up to the first word if there is to be none.
fn numbers(cells: &impl TextCells, na: &MissingCells, strict: bool) -> (Looked, Vec<f64>) {
    let mut looked = Looked::default();
    let mut values = Vec::with_capacity(cells.rows());
    let plain_is_present = !na.like_numbers();
    for cell in cells.places() {
        if plain_is_present && let Some(value) = cell.plain() {
            looked.cells += 1;
            looked.numeric += 1;
            values.push(value);
            continue;
        }
        let Some(cell) = cell.trimmed().filter(|cell| !na.contains(cell)) else {
            values.push(f64::NAN);
            continue;
        };
        looked.cells += 1;
        let parsed = parse(cell);
        if let Parsed::Number(value) = parsed {
            looked.numeric += 1;
            values.push(value);
            continue;
        }
        let place = || (cells.line(values.len()), excerpt(cell));
        if parsed == Parsed::Word {
            looked.first_word.get_or_insert_with(place);
            if strict {
                break;
            }
        } else {
            looked.numeric += 1;
            looked.first_not_finite.get_or_insert_with(place);
        }
        values.push(f64::NAN);
    }
    (looked, values)
}

/// The cells as seconds, where all of them are dates in ISO 8601.
fn dates(cells: &impl TextCells, na: &MissingCells) -> Option<(Looked, Vec<f64>)> {
    let mut looked = Looked::default();
    let mut values = Vec::with_capacity(cells.rows());
    for (row, cell) in cells.cells().enumerate() {
        let Some(cell) = cell.filter(|cell| !na.contains(cell)) else {
            values.push(f64::NAN);
            continue;
        };
        values.push(iso(cell)?);
        if looked.dates == 0 {
            looked.first_date(cells.line(row), cell);
        }
        looked.cells += 1;
        looked.dates += 1;
    }
    Some((looked, values))
}

impl Looked {
    /// Takes note of what a date is otherwise: a word, and neither yes nor no.
    pub(super) fn first_date(&mut self, line: u64, cell: &[u8]) {
        self.first_word = Some((line, excerpt(cell)));
        self.spellings.push((0, line, excerpt(cell)));
    }
}

/// The cells as text. What only the first of its kind matters for is looked at once for each text.
fn text(cells: &impl TextCells, task: Task<'_>, na: &MissingCells) -> (Looked, Part) {
    let infer = task.kind.is_none();
    let mut dictionary = Dictionary::beside(task.known);
    let mut codes = Vec::with_capacity(cells.rows());
    let mut looked = Looked::default();
    let mut possible = u8::MAX;
    for (row, cell) in cells.cells().enumerate() {
        let Some(cell) = cell.filter(|cell| !na.contains(cell)) else {
            codes.push(MISSING);
            continue;
        };
        looked.cells += 1;
        let (code, new) = dictionary.cell(task.known, cell);
        codes.push(code);
        let place = || (cells.line(row), excerpt(cell));
        if infer {
            match parse(cell) {
                Parsed::Number(_) => looked.numeric += 1,
                Parsed::NotFinite => {
                    looked.numeric += 1;
                    looked.first_not_finite.get_or_insert_with(place);
                }
                Parsed::Word if new => {
                    looked.first_word.get_or_insert_with(place);
                }
                Parsed::Word => {}
            }
        }
        if new && possible != 0 && task.kind != Some(Kind::Categorical) {
            let pair = boolean(cell).map_or(0, |(pair, _)| 1 << pair);
            if possible & pair != possible {
                possible &= pair;
                let (line, value) = place();
                looked.spellings.push((possible, line, value));
            }
        }
    }
    if looked.cells == 0 {
        return (looked, Part::Missing(codes.len()));
    }
    let known = task.known.map_or(0, Dictionary::len);
    let levels = dictionary.into_levels();
    let part = Part::Text {
        codes,
        known,
        levels,
    };
    (looked, part)
}

/// Spellings of yes and no in lower case, `Yes` and `yes` as one level.
pub(super) fn lower(codes: &mut [u32], levels: Vec<String>) -> Vec<String> {
    let mut dictionary = Dictionary::default();
    let lowered: Vec<u32> = levels
        .into_iter()
        .map(|level| match boolean(level.as_bytes()) {
            Some((_, text)) => dictionary.code(text),
            None => dictionary.take(level),
        })
        .collect();
    for code in codes.iter_mut().filter(|code| **code != MISSING) {
        *code = lowered[*code as usize];
    }
    dictionary.into_levels()
}

const _: () = assert!(
    BOOLEANS.len() < 8,
    "each spelling of yes and no is a bit of a byte"
);
