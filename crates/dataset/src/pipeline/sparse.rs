//! Rows of which only the numbers that are not zero are laid out.

use rayon::prelude::*;

use super::dense::Overflow;
use super::term::{AnyTerm, Entry, Rows};
use super::{MissingPolicy, Pipeline, PipelineError, RowFlags};
use crate::sparse::{SparseDesign, SparseMatrix};
use crate::table::Table;

/// Parts that the rows are cut into, at most: each looks every column up once.
const PARTS: usize = 32;

/// Rows of a part, at least.
const FEWEST_ROWS: usize = 1024;

/// What a pass costs for a number of a sparse row, where one of a dense row costs 1: sums over dense
/// rows go 8 at a time, sparse ones look each place up.
const COST: f64 = 10.0;

/// Columns below which dense rows are small enough whatever they hold.
const FEWEST_COLUMNS: usize = 1000;

/// Rows of the design matrix that have all their numbers, one behind the other.
#[derive(Debug, Default)]
struct Part {
    /// For each row how many numbers it has.
    counts: Vec<usize>,
    positions: Vec<u32>,
    values: Vec<f64>,
}

impl Pipeline {
    /// Whether rows are better laid out [sparse](Self::sparse_design) than dense: there are so many
    /// columns, and so few of the numbers are not 0, that passes over those alone are quicker.
    ///
    /// The answer is the same for every table: it follows from the training rows.
    pub fn is_sparse(&self) -> bool {
        self.columns.len() >= FEWEST_COLUMNS && self.fill * COST <= 1.0
    }

    /// The rows of [`design`](Self::design) with only those numbers stored that are not 0 before they
    /// are standardised, in memory for these alone: 12 bytes each, and about 24 more on the way.
    ///
    /// Every cell that the sparse design stands for has the bits that [`design`](Self::design) gives
    /// it as `f64` (but for the sign of a zero).
    ///
    /// # Errors
    /// Those of [`design`](Self::design) but [`PipelineError::OutOfMemory`].
    ///
    /// # Panics
    /// When a row is out of range.
    ///
    /// # Examples
    /// ```
    /// use dataset::{CsvOptions, Input, Pipeline, RowSource, SchemaOptions, read_table};
    ///
    /// let input = Input::bytes("pets.csv", b"age,animal\n1,cat\n3,dog\n8,\n".as_slice());
    /// let (table, schema, _) =
    ///     read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
    /// let pipeline = Pipeline::fit(&table, &schema, &[0, 1, 2], None, &Default::default())?;
    /// let (sparse, flags) = pipeline.sparse_design(&table, &[2, 0])?;
    /// // An age of 8, and a missing animal; an age of 1, and a cat, which is the reference.
    /// assert_eq!(sparse.matrix().row(0), (&[0, 2][..], &[8.0, 1.0][..]));
    /// assert_eq!(sparse.matrix().row(1), (&[0][..], &[1.0][..]));
    /// let (dense, _) = pipeline.design::<f64>(&table, &[2, 0])?;
    /// assert_eq!(sparse.cells(0..2, &mut Vec::new())?, dense.values());
    /// assert!(flags[0].missing);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sparse_design(
        &self,
        table: &Table,
        rows: &[usize],
    ) -> Result<(SparseDesign, Vec<RowFlags>), PipelineError> {
        self.validate()?;
        if self.missing == MissingPolicy::Error {
            super::impute::refuse_missing(table, &self.schema(), rows)?;
        }
        let terms = self.terms(table)?;
        let mut flags = vec![RowFlags::default(); rows.len()];
        let size = rows.len().div_ceil(PARTS).max(FEWEST_ROWS);
        let parts: Vec<Result<Part, Overflow>> = rows
            .par_chunks(size)
            .zip(flags.par_chunks_mut(size))
            .map(|(rows, flags)| self.part(&terms, rows, flags))
            .collect();
        if self.missing != MissingPolicy::Impute {
            for flags in &mut flags {
                flags.unscored = flags.missing;
            }
        }
        let (mut positions, mut values) = (Vec::new(), Vec::new());
        let mut offsets = Vec::with_capacity(rows.len() + 1);
        offsets.push(0);
        for part in parts {
            let part = part.map_err(|overflow| overflow.error::<f64>(table))?;
            let mut end = values.len();
            for count in part.counts {
                end += count;
                offsets.push(end);
            }
            if values.is_empty() {
                (positions, values) = (part.positions, part.values);
            } else {
                positions.extend_from_slice(&part.positions);
                values.extend_from_slice(&part.values);
            }
        }
        let inconsistent = |error: crate::sparse::SparseError| PipelineError::Inconsistent {
            column: error.to_string(),
        };
        let matrix = SparseMatrix::new(self.columns.len(), offsets, positions, values);
        let means = self.columns.iter().map(|column| column.mean).collect();
        let scales = self.columns.iter().map(|column| column.scale).collect();
        let design = SparseDesign::new(matrix.map_err(inconsistent)?, means, scales);
        Ok((design.map_err(inconsistent)?, flags))
    }

    /// The numbers of some rows: the entries of all terms, sorted into rows.
    fn part(
        &self,
        terms: &[AnyTerm<'_>],
        rows: &[usize],
        flags: &mut [RowFlags],
    ) -> Result<Part, Overflow> {
        let mut entries = Vec::new();
        let asked = Rows::new(rows);
        for term in terms {
            term.write(asked, &mut entries, flags);
        }
        let mut counts = vec![0_usize; rows.len()];
        for &Entry { row, column, value } in &entries {
            let own = &self.columns[column];
            if !((value - own.mean) / own.scale).is_finite() {
                return Err(Overflow::new(own, rows[row], value));
            }
            counts[row] += 1;
        }
        let mut ends: Vec<usize> = counts
            .iter()
            .scan(0, |end, count| {
                let start = *end;
                *end += count;
                Some(start)
            })
            .collect();
        let mut positions = vec![0; entries.len()];
        let mut values = vec![0.0; entries.len()];
        for &Entry { row, column, value } in &entries {
            positions[ends[row]] = column as u32; // A sparse matrix checks how many there are.
            values[ends[row]] = value;
            ends[row] += 1;
        }
        // Terms have their columns in order, unless a file says otherwise.
        let mut start = 0;
        for &end in &ends {
            if !positions[start..end].is_sorted() {
                let mut pairs: Vec<(u32, f64)> = (start..end)
                    .map(|place| (positions[place], values[place]))
                    .collect();
                pairs.sort_by_key(|&(position, _)| position);
                for (place, (position, value)) in (start..end).zip(pairs) {
                    positions[place] = position;
                    values[place] = value;
                }
            }
            start = end;
        }
        Ok(Part {
            counts,
            positions,
            values,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::pipeline::tests::table;
    use crate::pipeline::{Pipeline, PipelineOptions};
    use crate::rows::RowSource;
    use crate::table::{Cells, Column, SparseCells};

    #[test]
    fn a_file_may_have_its_columns_in_any_order() {
        let (table, schema) = table(vec![
            Column::numeric("a", vec![1.0, 0.0, 2.0]),
            Column::numeric("b", vec![0.0, 3.0, 4.0]),
        ]);
        let rows = [0, 1, 2];
        let options = PipelineOptions::default();
        let mut pipeline = Pipeline::fit(&table, &schema, &rows, None, &options).unwrap();
        pipeline.columns.swap(0, 1);
        let (sparse, _) = pipeline.sparse_design(&table, &rows).unwrap();
        assert_eq!(sparse.matrix().row(2), (&[0, 1][..], &[4.0, 2.0][..]));
        let (dense, _) = pipeline.design::<f64>(&table, &rows).unwrap();
        let cells = sparse.cells(0..3, &mut Vec::new()).unwrap().to_vec();
        assert_eq!(cells, dense.values());
    }

    #[test]
    fn a_number_that_overflows_is_an_error_as_in_dense_rows() {
        let (table, schema) = table(vec![Column {
            name: "x".to_owned(),
            cells: Cells::Sparse(SparseCells::new(9, vec![1, 8], vec![1e-300, f64::MAX]).unwrap()),
        }]);
        let options = PipelineOptions::default();
        let train: Vec<usize> = (0..8).collect();
        let pipeline = Pipeline::fit(&table, &schema, &train, None, &options).unwrap();
        let error = pipeline.sparse_design(&table, &[7, 8]).unwrap_err();
        let same = pipeline.design::<f64>(&table, &[7, 8]).unwrap_err();
        assert_eq!(error.to_string(), same.to_string());
        assert_eq!(error.to_string(), "x");
    }

    #[test]
    fn no_rows_are_no_rows() {
        let (table, schema) = table(vec![Column::numeric("a", vec![1.0, 0.0, 2.0])]);
        let options = PipelineOptions::default();
        let pipeline = Pipeline::fit(&table, &schema, &[0, 1], None, &options).unwrap();
        let (sparse, flags) = pipeline.sparse_design(&table, &[]).unwrap();
        assert_eq!((sparse.matrix().rows(), flags.len()), (0, 0));
        assert!(pipeline.fill == 1.0 && !pipeline.is_sparse());
    }
}
