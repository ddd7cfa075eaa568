//! Rows laid out with every number in its place, a tile of rows at a time.

use super::numeric::Plain;
use super::scale::standardize;
use super::term::{AnyTerm, Entry, Term};
use super::{DesignColumn, Pipeline, PipelineError, RowFlags};
use crate::design::Element;
use crate::table::Table;

/// Rows encoded together. Cells come column by column and go row by row; the rows of a tile stay in
/// the first-level cache meanwhile.
const TILE: usize = 64;

/// A fitted pipeline over one table, ready to write rows.
#[derive(Debug)]
pub(super) struct DenseEncoder<'a> {
    terms: Vec<AnyTerm<'a>>,
    columns: &'a [DesignColumn],
    /// What 0 and 1 become when they are standardised, for each column.
    zeros: Vec<f64>,
    ones: Vec<f64>,
}

/// A number that does not fit.
#[derive(Debug)]
pub(super) struct Overflow {
    column: String,
    row: usize,
    value: f64,
}

impl Overflow {
    pub(super) fn error<T: Element>(self, table: &Table) -> PipelineError {
        PipelineError::TooLarge {
            path: table.source().to_owned(),
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
        Ok(DenseEncoder {
            terms: self.terms(table)?,
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
                rows,
                consecutive: rows.windows(2).all(|pair| pair[0] + 1 == pair[1]),
                encoder: self,
                values,
                flags,
            };
            for term in &self.terms {
                tile.encode(&**term, &mut entries)?;
            }
        }
        Ok(())
    }
}

/// A few rows of the design matrix in the making.
struct Tile<'t, T> {
    rows: &'t [usize],
    consecutive: bool,
    encoder: &'t DenseEncoder<'t>,
    values: &'t mut [T],
    /// One for each row, or none at all.
    flags: &'t mut [RowFlags],
}

impl<T: Element> Tile<'_, T> {
    fn encode(&mut self, term: &dyn Term, entries: &mut Vec<Entry>) -> Result<(), Overflow> {
        if let Some(plain) = term.plain()
            && self.plain(plain)
        {
            for &column in term.columns() {
                if column != plain.column {
                    self.zeros(&[column]);
                }
            }
            return Ok(());
        }
        entries.clear();
        term.write(self.rows, entries, self.flags);
        self.zeros(term.columns());
        self.scatter(entries)
    }

    /// Standardises cells of which none is missing and none overflows; false where that is not so.
    fn plain(&mut self, Plain { cells, column }: Plain<'_>) -> bool {
        let DesignColumn { mean, scale, .. } = self.encoder.columns[column];
        let mut numbers = [0.0; TILE];
        let numbers = &mut numbers[..self.rows.len()];
        if self.consecutive {
            let first = self.rows.first().copied().unwrap_or_default();
            numbers.copy_from_slice(&cells[first..first + numbers.len()]);
        } else {
            for (number, &row) in numbers.iter_mut().zip(self.rows) {
                *number = cells[row];
            }
        }
        // Zero times anything finite is zero, times anything else NaN: no branch for each cell.
        let mut finite = 0.0;
        for number in numbers.iter_mut() {
            *number = (*number - mean) / scale;
            finite += 0.0 * T::from_f64(*number).to_f64();
        }
        if finite != 0.0 {
            return false;
        }
        let places = self.values[column..]
            .iter_mut()
            .step_by(self.encoder.columns());
        for (place, number) in places.zip(numbers) {
            *place = T::from_f64(*number);
        }
        true
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
                return Err(Overflow {
                    column: self.encoder.columns[column].name.clone(),
                    row: self.rows[row],
                    value,
                });
            }
            self.values[row * width + column] = number;
        }
        Ok(())
    }
}
