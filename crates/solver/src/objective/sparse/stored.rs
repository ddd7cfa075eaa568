//! The stored numbers of sparse rows, row after row and column after column.

use std::ops::Range;

use dataset::{Element, SparseDesign};
use rayon::prelude::*;

use super::super::{ObjectiveError, Rows};
use crate::tolerance::UNIT_ROUNDOFF;

/// Stored numbers, and as many again for each row or column, that a piece of parallel work has.
const PIECE: usize = 1 << 14;

/// The rows that count of a sparse design, scaled: the cell of column `j` is `x − shiftⱼ`, with `x` 0 where nothing is
/// stored.
///
/// They are held twice, by rows for scores and by columns for gradients: a product with either is one sum of
/// fixed order for each of its results, so that nothing has to be added up over threads. Beside the design
/// that takes 24 bytes for each stored number.
///
/// `shiftⱼ = meanⱼ/scaleⱼ` is left to whoever sums over cells. That cancels where the mean is far larger than the
/// deviation, which needs a column that is mostly stored; such columns, more than half full, are centred number by
/// number instead, their shift is zero, and their empty cells are stored, too. Of a column that is at most half full,
/// scaled by its standard deviation, the shift is at most one.
#[derive(Debug)]
pub(crate) struct SparseRows {
    by_row: Compressed,
    by_column: Compressed,
    shifts: Vec<f64>,
    shifted: bool,
}

/// Lists of positions and values: of each row, or of each column.
#[derive(Debug, Default)]
struct Compressed {
    offsets: Vec<usize>,
    positions: Vec<u32>,
    values: Vec<f64>,
    /// Consecutive lists with about [`PIECE`] numbers together.
    pieces: Vec<Range<usize>>,
}

impl Compressed {
    fn list(&self, at: usize) -> (&[u32], &[f64]) {
        let range = self.offsets[at]..self.offsets[at + 1];
        (&self.positions[range.clone()], &self.values[range])
    }

    fn lists(&self) -> usize {
        self.offsets.len() - 1
    }

    fn longest(&self) -> usize {
        let lengths = self.offsets.windows(2).map(|ends| ends[1] - ends[0]);
        lengths.max().unwrap_or(0)
    }

    fn cut(&mut self) {
        let mut from = 0;
        for at in 0..self.lists() {
            let numbers = self.offsets[at + 1] - self.offsets[from] + 8 * (at + 1 - from);
            if numbers >= PIECE {
                self.pieces.push(from..at + 1);
                from = at + 1;
            }
        }
        if from < self.lists() {
            self.pieces.push(from..self.lists());
        }
    }

    /// The same numbers, the other way round.
    fn transposed(&self, lists: usize) -> Self {
        let mut offsets = vec![0; lists + 1];
        for &position in &self.positions {
            offsets[position as usize + 1] += 1;
        }
        for at in 0..lists {
            offsets[at + 1] += offsets[at];
        }
        let mut next = offsets.clone();
        let mut positions = vec![0; self.positions.len()];
        let mut values = vec![0.0; self.values.len()];
        for at in 0..self.lists() {
            let (list, numbers) = self.list(at);
            for (&position, &value) in list.iter().zip(numbers) {
                let slot = &mut next[position as usize];
                positions[*slot] = at as u32;
                values[*slot] = value;
                *slot += 1;
            }
        }
        Self {
            offsets,
            positions,
            values,
            pieces: Vec::new(),
        }
    }

    /// Writes one number for each list, in parallel.
    fn each(&self, numbers: &mut [f64], number: impl Fn(usize, &[u32], &[f64]) -> f64 + Sync) {
        let one = |(piece, numbers): (&Range<usize>, &mut [f64])| {
            for (at, slot) in piece.clone().zip(numbers) {
                let (positions, values) = self.list(at);
                *slot = number(at, positions, values);
            }
        };
        if let [piece] = &self.pieces[..] {
            one((piece, numbers));
            return;
        }
        let mut parts = Vec::with_capacity(self.pieces.len());
        let mut rest = numbers;
        for piece in &self.pieces {
            let (part, behind) = rest.split_at_mut(piece.len());
            parts.push((piece, part));
            rest = behind;
        }
        parts.into_par_iter().for_each(one);
    }
}

/// `Σ xₖ bₚₖ` over the stored numbers of a list, in four interleaved sums.
#[inline]
pub(crate) fn gathered(positions: &[u32], values: &[f64], b: &[f64]) -> f64 {
    if values.len() < 8 {
        let terms = positions.iter().zip(values);
        return terms.map(|(&at, x)| x * b[at as usize]).sum();
    }
    let (fours, rest) = values.as_chunks::<4>();
    let (fours_at, rest_at) = positions.as_chunks::<4>();
    let mut lanes = [0.0; 4];
    for (x, at) in fours.iter().zip(fours_at) {
        for lane in 0..4 {
            lanes[lane] += x[lane] * b[at[lane] as usize];
        }
    }
    let mut last = 0.0;
    for (x, &at) in rest.iter().zip(rest_at) {
        last += x * b[at as usize];
    }
    ((lanes[0] + lanes[2]) + (lanes[1] + lanes[3])) + last
}

impl SparseRows {
    /// Takes the rows that count out of a design.
    ///
    /// # Errors
    /// [`ObjectiveError::CellNotFinite`] where scaling overflows.
    pub(crate) fn new<T: Element>(
        design: &SparseDesign,
        rows: &Rows<'_, T>,
    ) -> Result<Self, ObjectiveError> {
        let (matrix, means, scales) = (design.matrix(), design.means(), design.scales());
        // 1. Columns that are centred number by number.
        let mut counts = vec![0_usize; matrix.columns()];
        for at in 0..rows.len() {
            for &column in matrix.row(rows.index(at)).0 {
                counts[column as usize] += 1;
            }
        }
        let filled = |column: usize| means[column] != 0.0 && 2 * counts[column] > rows.len();
        let explicit: Vec<u32> = (0..matrix.columns() as u32)
            .filter(|&j| filled(j as usize))
            .collect();
        // 2. Rows.
        let stored = counts.iter().sum::<usize>();
        let mut by_row = Compressed {
            offsets: Vec::with_capacity(rows.len() + 1),
            positions: Vec::with_capacity(stored),
            values: Vec::with_capacity(stored),
            pieces: Vec::new(),
        };
        by_row.offsets.push(0);
        for at in 0..rows.len() {
            let row = rows.index(at);
            let (positions, values) = matrix.row(row);
            let mut push = |column: u32, value: f64| {
                let j = column as usize;
                let centred = if filled(j) { value - means[j] } else { value };
                let cell = centred / scales[j];
                if !cell.is_finite() {
                    return Err(ObjectiveError::CellNotFinite { row, column: j });
                }
                if cell != 0.0 {
                    by_row.positions.push(column);
                    by_row.values.push(cell);
                }
                Ok(())
            };
            let mut missing = explicit.iter().copied().peekable();
            for (&column, &value) in positions.iter().zip(values) {
                while let Some(empty) = missing.next_if(|&empty| empty < column) {
                    push(empty, 0.0)?;
                }
                missing.next_if_eq(&column);
                push(column, value)?;
            }
            missing.try_for_each(|empty| push(empty, 0.0))?;
            by_row.offsets.push(by_row.values.len());
        }
        // 3. Columns, and what their cells are short of.
        let mut by_column = by_row.transposed(matrix.columns());
        by_row.cut();
        by_column.cut();
        let shift = |column: usize| {
            if filled(column) {
                0.0
            } else {
                means[column] / scales[column]
            }
        };
        let shifts: Vec<f64> = (0..matrix.columns()).map(shift).collect();
        if let Some(column) = shifts.iter().position(|shift| !shift.is_finite()) {
            let row = rows.index(0);
            return Err(ObjectiveError::CellNotFinite { row, column });
        }
        Ok(Self {
            by_row,
            by_column,
            shifted: shifts.iter().any(|&shift| shift != 0.0),
            shifts,
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.by_row.lists()
    }

    pub(crate) fn columns(&self) -> usize {
        self.by_column.lists()
    }

    /// Columns and scaled numbers of a row.
    pub(crate) fn row(&self, at: usize) -> (&[u32], &[f64]) {
        self.by_row.list(at)
    }

    /// Rows and scaled numbers of a column.
    pub(crate) fn column(&self, column: usize) -> (&[u32], &[f64]) {
        self.by_column.list(column)
    }

    /// What is taken from every cell of a column.
    pub(crate) fn shift(&self, column: usize) -> f64 {
        self.shifts[column]
    }

    /// What is taken from every cell, by column; none where nothing is.
    pub(crate) fn shifts(&self) -> Option<&[f64]> {
        self.shifted.then_some(&self.shifts)
    }

    /// Additions in a row that a sum over the rows of a column goes through, at most.
    pub(crate) fn depth(&self) -> usize {
        self.by_column.longest().div_ceil(4) + 8
    }

    /// `X b + bias`, one number for each row.
    pub(crate) fn multiply(&self, b: &[f64], bias: f64) -> Vec<f64> {
        let shift: f64 = self
            .shifts()
            .map_or(0.0, |shifts| super::super::dot(shifts, b));
        let constant = bias - shift;
        let mut scores = vec![0.0; self.rows()];
        self.by_row.each(&mut scores, |_, positions, values| {
            gathered(positions, values, b) + constant
        });
        scores
    }

    /// `Xᵀ r`, one number for each column, for `r` whose sum is `total`.
    pub(crate) fn multiply_transposed(&self, r: &[f64], total: f64, products: &mut [f64]) {
        self.by_column.each(products, |column, positions, values| {
            gathered(positions, values, r) - self.shifts[column] * total
        });
    }

    /// One number for each column from its stored rows and numbers, in parallel.
    pub(crate) fn each_column(
        &self,
        numbers: &mut [f64],
        number: impl Fn(usize, &[u32], &[f64]) -> f64 + Sync,
    ) {
        self.by_column.each(numbers, number);
    }

    /// One number for each row from its stored columns and numbers, in parallel.
    pub(crate) fn each_row(
        &self,
        numbers: &mut [f64],
        number: impl Fn(usize, &[u32], &[f64]) -> f64 + Sync,
    ) {
        self.by_row.each(numbers, number);
    }

    /// `Σ cᵢ xᵢⱼ²` over the cells of every column, the shifts included, for curvatures `c` whose sum is `total`.
    pub(crate) fn curvatures(&self, c: &[f64], total: f64, sums: &mut [f64]) {
        self.each_column(sums, |column, rows, values| {
            let shift = self.shifts[column];
            let stored = rows.iter().zip(values);
            // (x − s)² − s², without the cancellation
            let beyond: f64 = stored
                .map(|(&row, x)| c[row as usize] * x * (x - 2.0 * shift))
                .sum();
            (beyond + total * shift * shift).max(0.0)
        });
    }

    /// At least `Σ bⱼ x²` over the cells of every row, the shifts included, and hardly more, for `b ≥ 0`.
    ///
    /// Nothing cancels but what the shifts bring; what rounding may hide is added.
    pub(crate) fn weighted_squares(&self, b: impl Fn(usize) -> f64 + Sync) -> Vec<f64> {
        let empty: f64 = match self.shifts() {
            Some(shifts) => (shifts.iter().enumerate())
                .map(|(j, shift)| b(j) * shift * shift)
                .sum(),
            None => 0.0,
        };
        let whole = (self.columns() as f64 + 8.0) * UNIT_ROUNDOFF * empty;
        let mut squares = vec![0.0; self.rows()];
        self.each_row(&mut squares, |_, positions, values| {
            let (mut sum, mut size) = (empty, empty);
            for (&column, x) in positions.iter().zip(values) {
                let column = column as usize;
                let (b, shift) = (b(column), self.shifts[column]);
                sum += b * x * (x - 2.0 * shift); // (x − s)² − s²
                size += b * x.abs() * (x.abs() + 2.0 * shift.abs());
            }
            sum.max(0.0) + (positions.len() as f64 + 8.0) * UNIT_ROUNDOFF * size + whole
        });
        squares
    }
}
