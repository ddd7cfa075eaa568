//! Missing cells: which rows have them, and what stands in for them.

use super::{MissingPolicy, PipelineError};
use crate::columns::ColumnSource;
use crate::schema::{ColumnSchema, Schema};
use crate::table::{Cells, Table};

/// Rows that can be used under a [`MissingPolicy`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteRows {
    /// The rows that are kept, in the order given.
    pub rows: Vec<usize>,
    /// The features because of which rows were dropped, and in how many of the given rows each is
    /// missing.
    pub missing: Vec<(String, usize)>,
}

/// The rows to go on with: all of them where missing cells are imputed, otherwise those in which
/// no feature is missing.
///
/// # Errors
/// [`PipelineError::MissingCell`] under [`MissingPolicy::Error`] when a cell is missing;
/// [`PipelineError::NoCompleteRow`] under [`MissingPolicy::Drop`] when no row is left;
/// [`PipelineError::AbsentColumn`] when `schema` is not that of `table`; [`PipelineError::Storage`].
///
/// # Panics
/// When a row is out of range.
///
/// # Examples
/// ```
/// use dataset::pipeline::{MissingPolicy, complete_rows};
/// use dataset::{CsvOptions, Input, SchemaOptions, read_table};
///
/// let input = Input::bytes("t.csv", b"a,b\n1,x\nNA,y\n3,z\n".as_slice());
/// let (table, schema, _) =
///     read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
/// let complete = complete_rows(&table, &schema, &[0, 1, 2], MissingPolicy::Drop)?;
/// assert_eq!(complete.rows, [0, 2]);
/// assert_eq!(complete.missing, [("a".to_string(), 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn complete_rows(
    table: &dyn ColumnSource,
    schema: &Schema,
    rows: &[usize],
    policy: MissingPolicy,
) -> Result<CompleteRows, PipelineError> {
    match policy {
        MissingPolicy::Impute => {}
        MissingPolicy::Error => refuse_missing(table, schema, rows)?,
        MissingPolicy::Drop => return drop_incomplete(table, schema, rows),
    }
    Ok(CompleteRows {
        rows: rows.to_vec(),
        missing: Vec::new(),
    })
}

fn drop_incomplete(
    table: &dyn ColumnSource,
    schema: &Schema,
    rows: &[usize],
) -> Result<CompleteRows, PipelineError> {
    let mut complete = vec![true; rows.len()];
    let mut missing = Vec::new();
    for column in schema.features() {
        let loaded = table.load(&[&column.name])?;
        let cells = cells(&loaded, column)?;
        if !cells.any_missing() {
            continue;
        }
        let mut count = 0;
        for (complete, &row) in complete.iter_mut().zip(rows) {
            if cells.is_missing(row) {
                *complete = false;
                count += 1;
            }
        }
        if count > 0 {
            missing.push((column.name.clone(), count));
        }
    }
    let kept: Vec<usize> = rows
        .iter()
        .zip(complete)
        .filter_map(|(&row, complete)| complete.then_some(row))
        .collect();
    if kept.is_empty()
        && let Some((column, rows)) = missing.iter().rev().max_by_key(|(_, count)| *count)
    {
        return Err(PipelineError::NoCompleteRow {
            column: column.clone(),
            rows: *rows,
        });
    }
    Ok(CompleteRows {
        rows: kept,
        missing,
    })
}

/// Fails on the earliest row in which a feature is missing.
pub(super) fn refuse_missing(
    table: &dyn ColumnSource,
    schema: &Schema,
    rows: &[usize],
) -> Result<(), PipelineError> {
    let mut earliest: Option<(usize, &ColumnSchema, usize)> = None;
    for column in schema.features() {
        let loaded = table.load(&[&column.name])?;
        let cells = cells(&loaded, column)?;
        if !cells.any_missing() {
            continue;
        }
        let missing = || rows.iter().copied().filter(|&row| cells.is_missing(row));
        if let Some(row) = missing().min()
            && earliest.is_none_or(|(earlier, ..)| row < earlier)
        {
            earliest = Some((row, column, missing().count()));
        }
    }
    match earliest {
        Some((row, column, rows)) => Err(PipelineError::MissingCell {
            path: table.file(row).to_owned(),
            line: table.line(row),
            column: column.name.clone(),
            rows,
        }),
        None => Ok(()),
    }
}

fn cells<'a>(table: &'a Table, column: &ColumnSchema) -> Result<&'a Cells, PipelineError> {
    match table.column(&column.name) {
        Some(found) => Ok(&found.cells),
        None => Err(PipelineError::AbsentColumn {
            column: column.name.clone(),
        }),
    }
}

/// The median of values that are not missing; with weights, the median of each value repeated as
/// often as its weight says. `None` when there is no value.
///
/// That is the mean of the smallest value up to which the weights make at least half of their sum,
/// and the smallest up to which they make more than half.
pub(super) fn median(mut values: Vec<f64>, weights: Option<Vec<f64>>) -> Option<f64> {
    let middle = values.len() / 2;
    let Some(weights) = weights else {
        if values.is_empty() {
            return None;
        }
        let even = values.len().is_multiple_of(2);
        let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
        let lower = below
            .iter()
            .copied()
            .max_by(f64::total_cmp)
            .filter(|_| even);
        return Some(lower.map_or(upper, |lower| f64::midpoint(lower, upper)));
    };
    let mut pairs: Vec<(f64, f64)> = values.into_iter().zip(weights).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let half = pairs.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    let mut lower = None;
    for &(value, weight) in &pairs {
        sum += weight;
        if lower.is_none() && sum >= half {
            lower = Some(value);
        }
        if sum > half {
            return lower.map(|lower| f64::midpoint(lower, value));
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn medians_by_hand() {
        assert_eq!(median(vec![], None), None);
        assert_eq!(median(vec![], Some(vec![])), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0], None), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0], None), Some(2.5));
        assert_eq!(
            median(vec![1.0, 5.0, 9.0], Some(vec![1.0, 1.0, 2.0])),
            Some(7.0)
        );
        assert_eq!(median(vec![1.0, 5.0], Some(vec![0.5, 0.25])), Some(1.0));
        assert_eq!(median(vec![f64::MAX, f64::MAX], None), Some(f64::MAX));
    }

    proptest! {
        #[test]
        fn the_weighted_median_is_that_of_the_repeated_values(
            pairs in proptest::collection::vec((-5i32..5, 1usize..4), 1..40),
        ) {
            let (values, weights): (Vec<f64>, Vec<f64>) =
                pairs.iter().map(|&(value, count)| (f64::from(value), count as f64)).unzip();
            let mut repeated: Vec<f64> = pairs
                .iter()
                .flat_map(|&(value, count)| std::iter::repeat_n(f64::from(value), count))
                .collect();
            let weighted = median(values, Some(weights));
            prop_assert_eq!(weighted, median(repeated.clone(), None));
            repeated.sort_by(f64::total_cmp);
            let n = repeated.len();
            let textbook = f64::midpoint(repeated[(n - 1) / 2], repeated[n / 2]);
            prop_assert_eq!(weighted, Some(textbook));
        }
    }
}
