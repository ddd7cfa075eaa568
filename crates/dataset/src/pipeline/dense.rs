//! Rows laid out with every number in its place, a tile of rows at a time.

use super::numeric::Plain;
use super::scale::standardize;
use super::term::{AnyTerm, Entry, Rows, Term};
use super::{DesignColumn, Pipeline, PipelineError, RowFlags};
use crate::design::Element;
use crate::table::Table;

/// Rows encoded together. Cells come column by column and go row by row; the rows of a tile stay in
/// the cache meanwhile. Of 28 columns, 64 rows would stay in the first level, but 256 are faster by a
/// tenth: so many cells of a column in a row are fetched ahead.
const TILE: usize = 256;
/// Cells that are computed side by side; a divisor of [`TILE`].
const LANES: usize = 8;

/// A fitted pipeline over one table, ready to write rows.
#[derive(Debug)]
pub(super) struct DenseEncoder<'a> {
    terms: Vec<AnyTerm<'a>>,
    columns: &'a [DesignColumn],
    /// What 0 and 1 become when they are standardised, for each column.
    zeros: Vec<f64>,
    ones: Vec<f64>,
    /// Whether there are columns that are not written in every row.
    zeros_first: bool,
}

/// A number that does not fit.
#[derive(Debug)]
pub(super) struct Overflow {
    column: String,
    row: usize,
    value: f64,
}

impl Overflow {
    pub(super) fn new(column: &DesignColumn, row: usize, value: f64) -> Self {
        Self {
            column: column.name.clone(),
            row,
            value,
        }
    }

    pub(super) fn error<T: Element>(self, table: &Table) -> PipelineError {
        PipelineError::TooLarge {
            path: table.file(self.row).to_owned(),
            line: table.line(self.row),
            column: self.column,
            value: self.value,
            precision: T::NAME,
        }
    }
}

impl Pipeline {
    /// How to write the rows of a table.
    pub(super) fn dense_encoder<'a>(
        &'a self,
        table: &'a Table,
    ) -> Result<DenseEncoder<'a>, PipelineError> {
        let standardized = |value: f64| {
            let columns = self.columns.iter();
            let column = |column: &DesignColumn| standardize(value, column.mean, column.scale);
            columns.map(column).collect()
        };
        let terms = self.terms(table)?;
        let whole = |term: &AnyTerm<'_>| term.plain().is_some() && term.columns().len() == 1;
        Ok(DenseEncoder {
            zeros_first: !terms.iter().all(whole),
            terms,
            columns: &self.columns,
            zeros: standardized(0.0),
            ones: standardized(1.0),
        })
    }
}

impl DenseEncoder<'_> {
    /// Numbers in a row.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Writes the numbers of some rows of the table, `[rows × columns]`, and flags what is unusual.
    pub(super) fn encode<T: Element>(
        &self,
        rows: &[usize],
        values: &mut [T],
        mut flags: Option<&mut [RowFlags]>,
    ) -> Result<(), Overflow> {
        let mut entries = Vec::new();
        let zeros: Vec<T> = self.zeros.iter().copied().map(T::from_f64).collect();
        let tiles = rows
            .chunks(TILE)
            .zip(values.chunks_mut(TILE * self.columns()));
        for (at, (rows, values)) in tiles.enumerate() {
            let mut none = [];
            let flags = match &mut flags {
                Some(flags) => &mut flags[at * TILE..][..rows.len()],
                None => &mut none[..],
            };
            let mut tile = Tile {
                rows: Rows::new(rows),
                encoder: self,
                values,
                flags,
            };
            if self.zeros_first {
                for row in tile.values.chunks_mut(self.columns()) {
                    row.copy_from_slice(&zeros);
                }
            }
            for term in &self.terms {
                tile.encode(&**term, &mut entries)?;
            }
        }
        Ok(())
    }
}

/// Standardises the cells of a tile; whether none is missing and none overflows.
fn standardize_tile<T: Element>(
    cells: &[f64; TILE],
    mean: f64,
    scale: f64,
    numbers: &mut [T; TILE],
) -> bool {
    // Zero times anything finite is zero, times anything else NaN: no branch for each cell. Each
    // lane has a sum of its own, so that no cell waits for the one before it.
    let mut finite = [0.0; LANES];
    let lanes = numbers.chunks_exact_mut(LANES);
    for (numbers, cells) in lanes.zip(cells.chunks_exact(LANES)) {
        for lane in 0..LANES {
            numbers[lane] = T::from_f64((cells[lane] - mean) / scale);
            finite[lane] += 0.0 * numbers[lane].to_f64();
        }
    }
    finite.iter().all(|&sum| sum == 0.0)
}

/// A few rows of the design matrix in the making.
struct Tile<'t, T> {
    rows: Rows<'t>,
    encoder: &'t DenseEncoder<'t>,
    values: &'t mut [T],
    /// One for each row, or none at all.
    flags: &'t mut [RowFlags],
}

impl<T: Element> Tile<'_, T> {
    fn encode(&mut self, term: &dyn Term, entries: &mut Vec<Entry>) -> Result<(), Overflow> {
        if let Some(plain) = term.plain() {
            if self.plain(plain) {
                return Ok(());
            }
            self.zeros(term.columns());
        }
        entries.clear();
        term.write(self.rows, entries, self.flags);
        self.scatter(entries)
    }

    /// Standardises the cells of a column; false where one overflows.
    fn plain(&mut self, plain: Plain<'_>) -> bool {
        let Plain { cells, column, .. } = plain;
        let DesignColumn { mean, scale, .. } = self.encoder.columns[column];
        let mut cells_of_tile = [mean; TILE];
        let tile = &mut cells_of_tile[..self.rows.len()];
        if let Some(first) = self.rows.consecutive() {
            tile.copy_from_slice(&cells[first..first + tile.len()]);
        } else {
            for (cell, &row) in tile.iter_mut().zip(self.rows.iter()) {
                *cell = cells[row];
            }
        }
        let mut numbers = [T::from_f64(0.0); TILE];
        if !standardize_tile(&cells_of_tile, mean, scale, &mut numbers) {
            let tile = &mut cells_of_tile[..self.rows.len()];
            self.fill(tile, plain);
            if !standardize_tile(&cells_of_tile, mean, scale, &mut numbers) {
                return false;
            }
        }
        let places = self.values[column..]
            .iter_mut()
            .step_by(self.encoder.columns());
        for (place, number) in places.zip(numbers) {
            *place = number;
        }
        true
    }

    /// Puts in what missing cells become, and says that they are missing.
    fn fill(&mut self, tile: &mut [f64], plain: Plain<'_>) {
        for (row, cell) in tile.iter_mut().enumerate() {
            if !cell.is_nan() {
                continue;
            }
            *cell = plain.fill;
            if let Some(flags) = self.flags.get_mut(row) {
                flags.missing = true;
            }
            if let Some(indicator) = plain.indicator {
                let one = T::from_f64(self.encoder.ones[indicator]);
                self.values[row * self.encoder.columns() + indicator] = one;
            }
        }
    }

    /// Writes what 0 becomes into these columns.
    fn zeros(&mut self, columns: &[usize]) {
        for row in self.values.chunks_mut(self.encoder.columns()) {
            for &column in columns {
                row[column] = T::from_f64(self.encoder.zeros[column]);
            }
        }
    }

    /// Writes what the entries become.
    #[expect(clippy::float_cmp, reason = "a dummy is exactly 1")]
    fn scatter(&mut self, entries: &[Entry]) -> Result<(), Overflow> {
        let width = self.encoder.columns();
        for &Entry { row, column, value } in entries {
            let number = if value == 1.0 {
                self.encoder.ones[column]
            } else {
                let DesignColumn { mean, scale, .. } = self.encoder.columns[column];
                standardize(value, mean, scale)
            };
            let number = T::from_f64(number);
            if !number.to_f64().is_finite() {
                let column = &self.encoder.columns[column];
                return Err(Overflow::new(column, self.rows.get(row), value));
            }
            self.values[row * width + column] = number;
        }
        Ok(())
    }
}
