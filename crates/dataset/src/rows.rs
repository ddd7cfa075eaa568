//! Rows of numbers in blocks, wherever they live.

use std::fmt::Debug;
use std::ops::Range;

use thiserror::Error;

use crate::design::{DesignMatrix, Element};
use crate::pipeline::PipelineError;
use crate::sparse::SparseDesign;
use crate::storage::StorageError;

/// Bytes that memory hands out at once, on most processors.
const LINE: usize = 64;

/// Rows of a design matrix, handed out in blocks: from memory, or made as they are asked for.
///
/// Whoever sums over rows visits them in blocks and needs no more of them at a time. A source that keeps
/// its rows elsewhere (in a table, in a file) writes a block into the caller's scratch memory; one that
/// has them at hand lends them. Several threads ask at once, and the same rows have the same bits every
/// time.
///
/// # Examples
/// ```
/// use dataset::{DesignMatrix, RowSource};
///
/// let design = DesignMatrix::new(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// let source: &dyn RowSource<f64> = &design;
/// let mut scratch = Vec::new();
/// assert_eq!(source.cells(1..3, &mut scratch)?, [3.0, 4.0, 5.0, 6.0]);
/// assert_eq!(source.gather(&[0, 2], &mut scratch)?, [1.0, 2.0, 5.0, 6.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait RowSource<T: Element>: Debug + Sync {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// Number of columns.
    fn columns(&self) -> usize;

    /// The cells of consecutive rows, `[rows × columns]` row after row.
    ///
    /// # Errors
    /// [`RowSourceError`] where a row cannot be had.
    ///
    /// # Panics
    /// When a row is not below [`rows`](Self::rows).
    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError>;

    /// The cells of any rows, in the order given, `[rows × columns]`.
    ///
    /// # Errors
    /// As [`cells`](Self::cells).
    ///
    /// # Panics
    /// As [`cells`](Self::cells).
    fn gather<'s>(
        &'s self,
        rows: &[usize],
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError> {
        scratch.clear();
        let mut run = Vec::new();
        for rows in rows.chunk_by(|row, next| row + 1 == *next) {
            let rows = rows[0]..rows[0] + rows.len();
            scratch.extend_from_slice(self.cells(rows, &mut run)?);
        }
        Ok(scratch)
    }

    /// The rows as what is stored of them, where most of their cells are not.
    fn sparse(&self) -> Option<&SparseDesign> {
        None
    }
}

/// Why rows cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RowSourceError {
    /// Cells of the table do not become numbers.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// Rows cannot be read back from the disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl RowSourceError {
    /// What to do next, where there is something to do.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Pipeline(error) => error.remedy(),
            Self::Storage(error) => error.remedy(),
        }
    }
}

impl<T: Element> RowSource<T> for DesignMatrix<T> {
    fn rows(&self) -> usize {
        self.rows()
    }

    fn columns(&self) -> usize {
        self.columns()
    }

    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        _: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError> {
        let columns = self.columns();
        Ok(&self.values()[rows.start * columns..rows.end * columns])
    }

    fn gather<'s>(
        &'s self,
        rows: &[usize],
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError> {
        // Rows of a shuffled table are far apart. Every cache line is asked for before any is copied, so
        // that the processor waits for many at once: half the time of copying alone.
        let line = LINE / size_of::<T>();
        let mut sum = 0.0;
        for &row in rows {
            let cells = self.row(row);
            sum += cells.iter().step_by(line).map(|x| x.to_f64()).sum::<f64>();
            sum += cells.last().map_or(0.0, |x| x.to_f64());
        }
        std::hint::black_box(sum);
        let columns = self.columns();
        scratch.resize(rows.len() * columns, T::from_f64(0.0));
        for (place, &row) in scratch.chunks_exact_mut(columns.max(1)).zip(rows) {
            place.copy_from_slice(self.row(row));
        }
        Ok(scratch)
    }
}

impl<T: Element, S: RowSource<T> + ?Sized> RowSource<T> for &S {
    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn columns(&self) -> usize {
        (**self).columns()
    }

    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError> {
        (**self).cells(rows, scratch)
    }

    fn gather<'s>(
        &'s self,
        rows: &[usize],
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError> {
        (**self).gather(rows, scratch)
    }

    fn sparse(&self) -> Option<&SparseDesign> {
        (**self).sparse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that lends nothing and leaves gathering to the trait.
    #[derive(Debug)]
    struct Copied(DesignMatrix<f64>);

    impl RowSource<f64> for Copied {
        fn rows(&self) -> usize {
            self.0.rows()
        }

        fn columns(&self) -> usize {
            self.0.columns()
        }

        fn cells<'s>(
            &'s self,
            rows: Range<usize>,
            scratch: &'s mut Vec<f64>,
        ) -> Result<&'s [f64], RowSourceError> {
            scratch.clear();
            rows.for_each(|row| scratch.extend_from_slice(self.0.row(row)));
            Ok(scratch)
        }
    }

    #[test]
    fn gathering_by_runs_is_gathering_row_by_row() {
        let design = DesignMatrix::new(6, 2, (0..12).map(f64::from).collect()).unwrap();
        let copied = Copied(design.clone());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for rows in [&[][..], &[3], &[0, 1, 2, 5], &[4, 5, 0, 2, 1, 1]] {
            let found = copied.gather(rows, &mut one).unwrap();
            assert_eq!(found, design.gather(rows, &mut other).unwrap());
            assert_eq!(found.len(), 2 * rows.len());
        }
    }
}
