//! Rows of a table that are encoded as they are asked for.

use std::ops::Range;

use super::dense::DenseEncoder;
use super::{MissingPolicy, Pipeline, PipelineError};
use crate::design::Element;
use crate::rows::{RowSource, RowSourceError};
use crate::table::Table;

/// The design matrix of some rows of a table, encoded block by block whenever a block is asked for.
///
/// Every number has the same bits as in [`Pipeline::design`], and none of them stays in memory: a pass
/// over the rows costs the encoding instead. [`Pipeline::encoded_rows`] makes one.
#[derive(Debug)]
pub struct EncodedRows<'a> {
    table: &'a Table,
    rows: &'a [usize],
    encoder: DenseEncoder<'a>,
}

impl Pipeline {
    /// The design matrix of the given rows as a [`RowSource`], of `f32` or `f64`.
    ///
    /// # Errors
    /// Those of [`design`](Self::design), but [`PipelineError::TooLarge`], which a number causes when
    /// its row is asked for, and [`PipelineError::OutOfMemory`].
    ///
    /// # Examples
    /// ```
    /// use dataset::{CsvOptions, Input, Pipeline, RowSource, SchemaOptions, read_table};
    ///
    /// let input = Input::bytes("pets.csv", b"age,animal\n1,cat\n3,dog\n8,\n".as_slice());
    /// let (table, schema, _) =
    ///     read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
    /// let rows = [0, 1, 2];
    /// let pipeline = Pipeline::fit(&table, &schema, &rows, None, &Default::default())?;
    /// let encoded = pipeline.encoded_rows(&table, &rows)?;
    /// let (design, _) = pipeline.design::<f32>(&table, &rows)?;
    /// assert_eq!(encoded.cells(1..3, &mut Vec::<f32>::new())?, &design.values()[3..]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encoded_rows<'a>(
        &'a self,
        table: &'a Table,
        rows: &'a [usize],
    ) -> Result<EncodedRows<'a>, PipelineError> {
        self.validate()?;
        if self.missing == MissingPolicy::Error {
            super::impute::refuse_missing(table, &self.schema(), rows)?;
        }
        Ok(EncodedRows {
            table,
            rows,
            encoder: self.dense_encoder(table)?,
        })
    }
}

impl EncodedRows<'_> {
    fn encode<'s, T: Element>(
        &self,
        rows: &[usize],
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError> {
        scratch.resize(rows.len() * self.encoder.columns(), T::from_f64(0.0));
        self.encoder
            .encode(rows, scratch, None)
            .map_err(|overflow| overflow.error::<T>(self.table))?;
        Ok(scratch)
    }
}

impl<T: Element> RowSource<T> for EncodedRows<'_> {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn columns(&self) -> usize {
        self.encoder.columns()
    }

    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError> {
        self.encode(&self.rows[rows], scratch)
    }

    fn gather<'s>(
        &'s self,
        rows: &[usize],
        scratch: &'s mut Vec<T>,
    ) -> Result<&'s [T], RowSourceError> {
        let rows: Vec<usize> = rows.iter().map(|&row| self.rows[row]).collect();
        self.encode(&rows, scratch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::PipelineOptions;
    use crate::pipeline::tests::{table, text};
    use crate::table::Column;

    /// Missing cells, levels, a column far from zero, more rows than a tile.
    fn example() -> (Table, crate::schema::Schema) {
        let number = |row: usize, step: usize| ((row * step) % 211) as f64 / 7.0;
        let levels = ["a", "b", "c", ""];
        let cells: Vec<&str> = (0..300).map(|row| levels[row * row % 7 % 4]).collect();
        table(vec![
            Column::numeric("x", (0..300).map(|row| number(row, 17)).collect()),
            text("c", &cells),
            Column::numeric(
                "y",
                (0..300)
                    .map(|row| {
                        if row % 97 == 5 {
                            f64::NAN
                        } else {
                            1e9 + number(row, 5)
                        }
                    })
                    .collect(),
            ),
        ])
    }

    fn check<T: Element + PartialEq>(rows: &[usize]) {
        let (table, schema) = example();
        let options = PipelineOptions::default();
        let pipeline = Pipeline::fit(&table, &schema, rows, None, &options).unwrap();
        let (design, _) = pipeline.design::<T>(&table, rows).unwrap();
        let encoded = pipeline.encoded_rows(&table, rows).unwrap();
        let source: &dyn RowSource<T> = &encoded;
        assert_eq!(source.rows(), rows.len());
        assert_eq!(source.columns(), design.columns());
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for range in [0..rows.len(), 3..3, 5..70, 100..101] {
            let expected = RowSource::cells(&design, range.clone(), &mut other).unwrap();
            assert!(source.cells(range, &mut one).unwrap() == expected);
        }
        let some = [0, 7, 8, 9, 120, 3];
        let expected = RowSource::gather(&design, &some, &mut other).unwrap();
        assert!(source.gather(&some, &mut one).unwrap() == expected);
    }

    #[test]
    fn encoded_rows_are_those_of_the_design_matrix() {
        let all: Vec<usize> = (0..300).collect();
        let some: Vec<usize> = (0..300).filter(|row| row % 5 != 2).collect();
        let turned: Vec<usize> = (0..300).rev().collect();
        for rows in [&all, &some, &turned] {
            check::<f32>(rows);
            check::<f64>(rows);
        }
    }

    #[test]
    fn a_number_that_does_not_fit_is_an_error_when_its_row_is_asked_for() {
        let mut cells = vec![1.0; 100];
        cells[1] = 2.0;
        cells[90] = 1e300;
        let (table, schema) = table(vec![Column::numeric("x", cells)]);
        let (fitted, all): (Vec<usize>, Vec<usize>) = ((0..90).collect(), (0..100).collect());
        let options = PipelineOptions::default();
        let pipeline = Pipeline::fit(&table, &schema, &fitted, None, &options).unwrap();
        let encoded = pipeline.encoded_rows(&table, &all).unwrap();
        let mut narrow: Vec<f32> = Vec::new();
        assert!(encoded.cells(0..90, &mut narrow).is_ok());
        let error = encoded.cells(80..100, &mut narrow).unwrap_err();
        let same = pipeline.design::<f32>(&table, &all).unwrap_err();
        assert_eq!(error.to_string(), same.to_string());
        assert_eq!(error.remedy(), same.remedy());
        assert!(encoded.cells(80..100, &mut Vec::<f64>::new()).is_ok());
    }
}
