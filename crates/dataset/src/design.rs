//! The design matrix: the numbers that a model sees, row after row.

use std::fmt::Debug;

use thiserror::Error;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A number that a design matrix can hold: `f32` or `f64`.
///
/// Values are computed in `f64` and rounded once, when they are stored.
pub trait Element: sealed::Sealed + Copy + Debug + Send + Sync + 'static {
    /// The name people use for it: `f32` or `f64`.
    const NAME: &str;

    /// Rounds to this type.
    fn from_f64(value: f64) -> Self;

    /// Widens without loss.
    fn to_f64(self) -> f64;
}

impl Element for f32 {
    const NAME: &str = "f32";

    fn from_f64(value: f64) -> Self {
        value as f32
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Element for f64 {
    const NAME: &str = "f64";

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }
}

/// Why numbers do not make a design matrix.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DesignError {
    /// The number of values is not `rows * columns`.
    #[error("a design matrix of {rows} rows and {columns} columns needs {expected} values, not {actual}",
        expected = rows.saturating_mul(*columns))]
    Shape {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
        /// Values given.
        actual: usize,
    },
}

/// Rows of numbers in row-major order; the intercept is not a column of it.
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
///
/// let design = DesignMatrix::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
/// assert_eq!(design.row(1), [4.0, 5.0, 6.0]);
/// # Ok::<(), dataset::DesignError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DesignMatrix<T> {
    rows: usize,
    columns: usize,
    values: Vec<T>,
}

impl<T: Element> DesignMatrix<T> {
    /// Takes `values`, row after row.
    ///
    /// # Errors
    /// [`DesignError::Shape`] when there are not `rows * columns` of them.
    pub fn new(rows: usize, columns: usize, values: Vec<T>) -> Result<Self, DesignError> {
        if rows.checked_mul(columns) != Some(values.len()) {
            return Err(DesignError::Shape {
                rows,
                columns,
                actual: values.len(),
            });
        }
        Ok(Self {
            rows,
            columns,
            values,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One row.
    ///
    /// # Panics
    /// When `row` is not below [`rows`](Self::rows).
    pub fn row(&self, row: usize) -> &[T] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// All values, row after row.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values, without a copy.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// The given rows, in the given order.
    ///
    /// # Panics
    /// When a row is not below [`rows`](Self::rows).
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut values = Vec::with_capacity(rows.len() * self.columns);
        for &row in rows {
            values.extend_from_slice(self.row(row));
        }
        Self {
            rows: rows.len(),
            columns: self.columns,
            values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_number_of_values_is_an_error() {
        let error = DesignMatrix::new(2, 2, vec![1.0_f64; 3]).unwrap_err();
        assert_eq!(
            error,
            DesignError::Shape {
                rows: 2,
                columns: 2,
                actual: 3
            }
        );
        assert_eq!(
            error.to_string(),
            "a design matrix of 2 rows and 2 columns needs 4 values, not 3"
        );
    }

    #[test]
    fn rows_are_selected_in_the_order_given() {
        let design = DesignMatrix::new(3, 1, vec![1.0_f32, 2.0, 3.0]).unwrap();
        assert_eq!(design.select(&[2, 0]).values(), [3.0, 1.0]);
    }
}
