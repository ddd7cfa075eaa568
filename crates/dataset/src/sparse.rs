//! Rows of which most cells are zero: only the others are stored.

mod scores;

use std::ops::Range;

use thiserror::Error;

use crate::rows::{RowSource, RowSourceError};

/// Numbers in compressed sparse rows (CSR): of every row, the columns that are stored and their values.
///
/// Memory is 12 bytes a stored number and 8 a row. A stored number may be zero.
///
/// # Examples
/// ```
/// use dataset::SparseMatrix;
///
/// // [ 0 2 0 ]
/// // [ 0 0 0 ]
/// // [ 3 0 4 ]
/// let matrix = SparseMatrix::new(3, vec![0, 1, 1, 3], vec![1, 0, 2], vec![2.0, 3.0, 4.0])?;
/// assert_eq!((matrix.rows(), matrix.columns(), matrix.stored()), (3, 3, 3));
/// assert_eq!(matrix.row(2), (&[0, 2][..], &[3.0, 4.0][..]));
/// # Ok::<(), dataset::SparseError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SparseMatrix {
    columns: usize,
    offsets: Vec<usize>,
    positions: Vec<u32>,
    values: Vec<f64>,
}

/// Why numbers do not make a sparse matrix.
#[derive(Debug, Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum SparseError {
    /// More columns than a position can name.
    #[error("{columns} columns are more than the 4294967296 that a sparse matrix can have")]
    TooManyColumns {
        /// Columns asked for.
        columns: usize,
    },
    /// The offsets do not begin at 0, do not end at the number of values, or descend.
    #[error("offset {index} of the sparse rows is {offset}, where {expected} is needed")]
    Offset {
        /// Which of the offsets.
        index: usize,
        /// What it is; 0 where there is none.
        offset: usize,
        /// What it should be.
        expected: OffsetRule,
    },
    /// Not as many positions as values.
    #[error("{positions} positions for {values} values in a sparse matrix")]
    Lengths {
        /// Number of positions.
        positions: usize,
        /// Number of values.
        values: usize,
    },
    /// A position that is no column.
    #[error(
        "row {row} of the sparse matrix names column {column}, but there are {columns} columns"
    )]
    Column {
        /// Row, from 0.
        row: usize,
        /// Column named, from 0.
        column: usize,
        /// Number of columns.
        columns: usize,
    },
    /// Positions of a row that do not ascend: unsorted, or the same column twice.
    #[error("row {row} of the sparse matrix names column {column} after column {previous}")]
    Order {
        /// Row, from 0.
        row: usize,
        /// The column before, from 0.
        previous: usize,
        /// Column named, from 0.
        column: usize,
    },
    /// A value that is not finite.
    #[error("row {row}, column {column} of the sparse matrix is {value}, not a finite number")]
    Value {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// Not one mean and one scale for each column.
    #[error("{means} means and {scales} scales for {columns} columns")]
    Moments {
        /// Number of means.
        means: usize,
        /// Number of scales.
        scales: usize,
        /// Number of columns.
        columns: usize,
    },
    /// A mean that is not finite, or a scale that is not finite and above 0.
    #[error(
        "column {column} has mean {mean} and scale {scale}: the mean must be finite, the scale finite and above 0"
    )]
    Standardisation {
        /// Column, from 0.
        column: usize,
        /// Its mean.
        mean: f64,
        /// Its scale.
        scale: f64,
    },
}

/// What an offset of sparse rows should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetRule {
    /// Exactly this number.
    Exactly(usize),
    /// This number or more.
    AtLeast(usize),
}

impl std::fmt::Display for OffsetRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(number) => write!(formatter, "{number}"),
            Self::AtLeast(number) => write!(formatter, "{number} or more"),
        }
    }
}

impl SparseMatrix {
    /// Takes the parts of a matrix in compressed sparse rows.
    ///
    /// Row `i` stores `values[offsets[i]..offsets[i + 1]]` in the columns `positions` at the same places, so
    /// `offsets` has one number more than there are rows.
    ///
    /// # Errors
    /// [`SparseError`] unless the offsets ascend from 0 to the number of values, the positions of every row
    /// ascend strictly and are below `columns`, and all values are finite.
    pub fn new(
        columns: usize,
        offsets: Vec<usize>,
        positions: Vec<u32>,
        values: Vec<f64>,
    ) -> Result<Self, SparseError> {
        if columns as u64 > u64::from(u32::MAX) + 1 {
            return Err(SparseError::TooManyColumns { columns });
        }
        if positions.len() != values.len() {
            return Err(SparseError::Lengths {
                positions: positions.len(),
                values: values.len(),
            });
        }
        check_offsets(&offsets, values.len())?;
        for (row, ends) in offsets.windows(2).enumerate() {
            check_row(
                row,
                columns,
                &positions[ends[0]..ends[1]],
                &values[ends[0]..ends[1]],
            )?;
        }
        Ok(Self {
            columns,
            offsets,
            positions,
            values,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Number of stored numbers.
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// The columns that a row stores, ascending, and their values.
    ///
    /// # Panics
    /// When `row` is not below [`rows`](Self::rows).
    pub fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let stored = self.offsets[row]..self.offsets[row + 1];
        (&self.positions[stored.clone()], &self.values[stored])
    }

    /// The given rows, in the given order.
    ///
    /// # Panics
    /// When a row is not below [`rows`](Self::rows).
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let stored = rows
            .iter()
            .map(|&row| self.offsets[row + 1] - self.offsets[row])
            .sum();
        let mut offsets = Vec::with_capacity(rows.len() + 1);
        let mut positions = Vec::with_capacity(stored);
        let mut values = Vec::with_capacity(stored);
        offsets.push(0);
        for &row in rows {
            let (columns, numbers) = self.row(row);
            positions.extend_from_slice(columns);
            values.extend_from_slice(numbers);
            offsets.push(values.len());
        }
        Self {
            columns: self.columns,
            offsets,
            positions,
            values,
        }
    }
}

/// Offsets must ascend from 0 to the number of values.
fn check_offsets(offsets: &[usize], values: usize) -> Result<(), SparseError> {
    let wrong = |index: usize, expected| {
        Err(SparseError::Offset {
            index,
            offset: offsets.get(index).copied().unwrap_or(0),
            expected,
        })
    };
    if offsets.first() != Some(&0) {
        return wrong(0, OffsetRule::Exactly(0));
    }
    for (index, pair) in offsets.windows(2).enumerate() {
        if pair[1] < pair[0] {
            return wrong(index + 1, OffsetRule::AtLeast(pair[0]));
        }
    }
    if offsets.last() != Some(&values) {
        return wrong(offsets.len() - 1, OffsetRule::Exactly(values));
    }
    Ok(())
}

/// Positions must ascend and be columns; values must be finite.
fn check_row(
    row: usize,
    columns: usize,
    positions: &[u32],
    values: &[f64],
) -> Result<(), SparseError> {
    let mut previous = None;
    for (&position, &value) in positions.iter().zip(values) {
        let column = position as usize;
        if column >= columns {
            return Err(SparseError::Column {
                row,
                column,
                columns,
            });
        }
        if let Some(previous) = previous.filter(|&previous| previous >= column) {
            return Err(SparseError::Order {
                row,
                previous,
                column,
            });
        }
        if !value.is_finite() {
            return Err(SparseError::Value { row, column, value });
        }
        previous = Some(column);
    }
    Ok(())
}

/// A sparse matrix as a model sees it: the cell in column `j` is `(v − meanⱼ) / scaleⱼ`, with `v` 0 where
/// nothing is stored.
///
/// The standardised cells are never all there: whoever sums over them works on what is stored and accounts for
/// the means by themselves (*implicit centring*). A mean of 0 only scales.
///
/// As a [`RowSource`] it writes standardised dense rows on demand, which serves tables of modest width.
///
/// # Examples
/// ```
/// use dataset::{RowSource, SparseDesign, SparseMatrix};
///
/// let matrix = SparseMatrix::new(2, vec![0, 1, 2], vec![0, 1], vec![4.0, 6.0])?;
/// let design = SparseDesign::new(matrix, vec![2.0, 0.0], vec![1.0, 3.0])?;
/// assert_eq!(design.cells(0..2, &mut Vec::new())?, [2.0, 0.0, -2.0, 2.0]);
/// assert!(design.sparse().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SparseDesign {
    matrix: SparseMatrix,
    means: Vec<f64>,
    scales: Vec<f64>,
}

impl SparseDesign {
    /// The matrix with what is taken from every column and what it is then divided by.
    ///
    /// # Errors
    /// [`SparseError`] when there is not one finite mean and one finite scale above 0 for every column.
    pub fn new(
        matrix: SparseMatrix,
        means: Vec<f64>,
        scales: Vec<f64>,
    ) -> Result<Self, SparseError> {
        let columns = matrix.columns();
        if means.len() != columns || scales.len() != columns {
            return Err(SparseError::Moments {
                means: means.len(),
                scales: scales.len(),
                columns,
            });
        }
        for (column, (&mean, &scale)) in means.iter().zip(&scales).enumerate() {
            if !mean.is_finite() || !scale.is_finite() || scale <= 0.0 {
                return Err(SparseError::Standardisation {
                    column,
                    mean,
                    scale,
                });
            }
        }
        Ok(Self {
            matrix,
            means,
            scales,
        })
    }

    /// The matrix as it is: means 0 and scales 1.
    pub fn unscaled(matrix: SparseMatrix) -> Self {
        let columns = matrix.columns();
        Self {
            matrix,
            means: vec![0.0; columns],
            scales: vec![1.0; columns],
        }
    }

    /// What is stored.
    pub fn matrix(&self) -> &SparseMatrix {
        &self.matrix
    }

    /// What is taken from every column; 0 where nothing is.
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// What every column is divided by.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// The given rows, in the given order, with the same means and scales.
    ///
    /// # Panics
    /// When a row is not below the number of rows.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            matrix: self.matrix.select(rows),
            means: self.means.clone(),
            scales: self.scales.clone(),
        }
    }

    /// Appends the standardised cells of a row.
    fn write_row(&self, row: usize, empty: &[f64], cells: &mut Vec<f64>) {
        let start = cells.len();
        cells.extend_from_slice(empty);
        let (positions, values) = self.matrix.row(row);
        for (&position, &value) in positions.iter().zip(values) {
            let column = position as usize;
            cells[start + column] = (value - self.means[column]) / self.scales[column];
        }
    }

    /// The cells of a row that stores nothing.
    fn empty_row(&self) -> Vec<f64> {
        self.means
            .iter()
            .zip(&self.scales)
            .map(|(mean, scale)| (0.0 - mean) / scale)
            .collect()
    }
}

impl RowSource<f64> for SparseDesign {
    fn rows(&self) -> usize {
        self.matrix.rows()
    }

    fn columns(&self) -> usize {
        self.matrix.columns()
    }

    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Vec<f64>,
    ) -> Result<&'s [f64], RowSourceError> {
        let empty = self.empty_row();
        scratch.clear();
        rows.for_each(|row| self.write_row(row, &empty, scratch));
        Ok(scratch)
    }

    fn gather<'s>(
        &'s self,
        rows: &[usize],
        scratch: &'s mut Vec<f64>,
    ) -> Result<&'s [f64], RowSourceError> {
        let empty = self.empty_row();
        scratch.clear();
        for &row in rows {
            self.write_row(row, &empty, scratch);
        }
        Ok(scratch)
    }

    fn sparse(&self) -> Option<&SparseDesign> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(
        columns: usize,
        offsets: &[usize],
        positions: &[u32],
        values: &[f64],
    ) -> Result<SparseMatrix, SparseError> {
        SparseMatrix::new(
            columns,
            offsets.to_vec(),
            positions.to_vec(),
            values.to_vec(),
        )
    }

    #[test]
    fn offsets_must_ascend_from_nothing_to_everything() {
        for (offsets, index, offset, expected) in [
            (&[][..], 0, 0, OffsetRule::Exactly(0)),
            (&[1, 2], 0, 1, OffsetRule::Exactly(0)),
            (&[0, 2, 1, 2], 2, 1, OffsetRule::AtLeast(2)),
            (&[0, 1], 1, 1, OffsetRule::Exactly(2)),
            (&[0, 3], 1, 3, OffsetRule::Exactly(2)),
        ] {
            assert_eq!(
                matrix(2, offsets, &[0, 1], &[1.0, 1.0]).unwrap_err(),
                SparseError::Offset {
                    index,
                    offset,
                    expected
                }
            );
        }
        let error = matrix(2, &[0, 2, 1, 2], &[0, 1], &[1.0, 1.0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "offset 2 of the sparse rows is 1, where 2 or more is needed"
        );
    }

    #[test]
    fn a_wrong_cell_is_named() {
        let lengths = matrix(2, &[0, 1], &[0], &[]).unwrap_err();
        assert_eq!(
            lengths,
            SparseError::Lengths {
                positions: 1,
                values: 0
            }
        );
        let column = matrix(2, &[0, 0, 1], &[2], &[1.0]).unwrap_err();
        assert_eq!(
            column.to_string(),
            "row 1 of the sparse matrix names column 2, but there are 2 columns"
        );
        for positions in [[1, 0], [1, 1]] {
            assert_eq!(
                matrix(2, &[0, 2], &positions, &[1.0, 1.0]).unwrap_err(),
                SparseError::Order {
                    row: 0,
                    previous: 1,
                    column: positions[1] as usize
                }
            );
        }
        let value = matrix(2, &[0, 1], &[1], &[f64::INFINITY]).unwrap_err();
        assert_eq!(
            value.to_string(),
            "row 0, column 1 of the sparse matrix is inf, not a finite number"
        );
        #[cfg(target_pointer_width = "64")]
        assert_eq!(
            matrix(1 << 33, &[0], &[], &[]).unwrap_err(),
            SparseError::TooManyColumns { columns: 1 << 33 }
        );
    }

    #[test]
    fn positions_may_begin_again_in_the_next_row_and_rows_may_be_empty() {
        let matrix = matrix(3, &[0, 1, 1, 3], &[2, 0, 2], &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(matrix.row(0), (&[2][..], &[1.0][..]));
        assert_eq!(matrix.row(1), (&[][..], &[][..]));
        assert_eq!(
            matrix.select(&[2, 1, 2]).row(2),
            (&[0, 2][..], &[2.0, 3.0][..])
        );
        assert_eq!(matrix.select(&[]).rows(), 0);
    }

    #[test]
    fn every_column_needs_a_mean_and_a_scale() {
        let one = matrix(1, &[0], &[], &[]).unwrap();
        assert_eq!(
            SparseDesign::new(one.clone(), vec![], vec![1.0]).unwrap_err(),
            SparseError::Moments {
                means: 0,
                scales: 1,
                columns: 1
            }
        );
        for (mean, scale) in [(0.0, 0.0), (0.0, -1.0), (0.0, f64::NAN), (f64::NAN, 1.0)] {
            assert!(matches!(
                SparseDesign::new(one.clone(), vec![mean], vec![scale]).unwrap_err(),
                SparseError::Standardisation { column: 0, .. }
            ));
        }
        assert_eq!(
            SparseDesign::unscaled(one.clone()),
            SparseDesign::new(one, vec![0.0], vec![1.0]).unwrap()
        );
    }

    #[test]
    fn dense_rows_are_standardised_cell_by_cell() {
        let stored = matrix(2, &[0, 1, 1, 3], &[1, 0, 1], &[5.0, 2.0, 3.0]).unwrap();
        let design = SparseDesign::new(stored, vec![1.0, -1.0], vec![2.0, 4.0]).unwrap();
        let dense = [-0.5, 1.5, -0.5, 0.25, 0.5, 1.0];
        let mut scratch = Vec::new();
        assert_eq!(design.cells(0..3, &mut scratch).unwrap(), dense);
        assert_eq!(
            design.gather(&[2, 0], &mut scratch).unwrap(),
            [&dense[4..6], &dense[0..2]].concat()
        );
        let all: Vec<usize> = (0..3).collect();
        assert_eq!(design.select(&all), design);
        assert_eq!(
            design.select(&[1]).cells(0..1, &mut scratch).unwrap(),
            &dense[2..4]
        );
    }
}
