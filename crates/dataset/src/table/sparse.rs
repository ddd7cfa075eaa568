//! Numbers of which most are zero.

use super::TableError;

/// A column is worth storing as sparse cells where at most one cell in so many is not zero: sparse
/// cells take 12 bytes for each that is stored, others 8 for each that is there.
const RARE: usize = 4;

/// The cells of a column of which most are zero: the others, with their rows.
///
/// # Examples
/// ```
/// use dataset::SparseCells;
///
/// let cells = SparseCells::new(1000, vec![7, 900], vec![2.5, f64::NAN])?;
/// assert_eq!((cells.get(7), cells.get(8)), (2.5, 0.0));
/// assert!(cells.get(900).is_nan());
/// assert_eq!((cells.len(), cells.stored()), (1000, 2));
/// # Ok::<(), dataset::TableError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SparseCells {
    len: usize,
    rows: Vec<u32>,
    values: Vec<f64>,
}

impl SparseCells {
    /// `len` cells: those of the given rows have the given values, `NaN` being a missing cell, and
    /// all others are 0.
    ///
    /// # Errors
    /// [`TableError::SparseRows`] unless there is a value for every row, and the rows ascend and are
    /// below `len`; [`TableError::Infinite`] for an infinite value.
    pub fn new(len: usize, rows: Vec<u32>, values: Vec<f64>) -> Result<Self, TableError> {
        let ascending = rows.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = rows.last().is_none_or(|&last| (last as usize) < len);
        if !ascending || !inside || rows.len() != values.len() {
            return Err(TableError::SparseRows {
                column: String::new(),
                len,
                rows: rows.len(),
                values: values.len(),
            });
        }
        if let Some(place) = values.iter().position(|value| value.is_infinite()) {
            return Err(TableError::Infinite {
                column: String::new(),
                row: rows[place] as usize,
            });
        }
        Ok(Self { len, rows, values })
    }

    /// Cells that a reader has checked.
    pub(crate) fn read(len: usize, rows: Vec<u32>, values: Vec<f64>) -> Self {
        debug_assert_eq!(rows.len(), values.len(), "a value for every row");
        Self { len, rows, values }
    }

    /// Whether a column of `len` cells of which `stored` are not zero takes clearly less memory this
    /// way.
    pub(crate) fn pays(stored: usize, len: usize) -> bool {
        stored <= len / RARE
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of cells that are stored.
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// The rows whose cells are stored, ascending.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The stored cells.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The stored cells with their rows.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f64)> {
        let rows = self.rows.iter().map(|&row| row as usize);
        rows.zip(self.values.iter().copied())
    }

    /// The cell of a row.
    ///
    /// # Panics
    /// When the row is out of range.
    pub fn get(&self, row: usize) -> f64 {
        assert!(row < self.len, "row {row} of {} cells", self.len);
        let place = self.rows.binary_search(&(row as u32)); // Rows are below 2^32.
        place.map_or(0.0, |place| self.values[place])
    }

    /// The given rows, in the given order.
    ///
    /// # Panics
    /// When a row is out of range.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut selected = Self {
            len: rows.len(),
            ..Self::default()
        };
        for (place, &row) in (0..).zip(rows) {
            let value = self.get(row);
            if value != 0.0 {
                selected.rows.push(place);
                selected.values.push(value);
            }
        }
        selected
    }

    /// Every cell in its place.
    pub fn to_dense(&self) -> Vec<f64> {
        let mut cells = vec![0.0; self.len];
        for (row, value) in self.iter() {
            cells[row] = value;
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_must_ascend_and_be_there() {
        for (rows, values) in [
            (vec![1, 0], vec![1.0, 2.0]),
            (vec![1, 1], vec![1.0, 2.0]),
            (vec![3], vec![1.0]),
            (vec![1], vec![]),
        ] {
            let error = SparseCells::new(3, rows, values).unwrap_err();
            assert!(matches!(error, TableError::SparseRows { .. }), "{error}");
        }
        let error = SparseCells::new(3, vec![2], vec![f64::NEG_INFINITY]).unwrap_err();
        assert!(matches!(error, TableError::Infinite { row: 2, .. }));
    }

    #[test]
    fn selected_cells_are_those_of_the_dense_column() {
        let cells = SparseCells::new(5, vec![1, 4], vec![2.0, -3.0]).unwrap();
        let rows = [4, 0, 1, 1];
        assert_eq!(cells.to_dense(), [0.0, 2.0, 0.0, 0.0, -3.0]);
        assert_eq!(cells.select(&rows).to_dense(), [-3.0, 0.0, 2.0, 2.0]);
    }
}
