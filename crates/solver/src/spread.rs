//! Centre and spread of the columns over the rows that count.

use dataset::Element;

use crate::objective::{ObjectiveError, Rows};

/// Mean, standard deviation and largest absolute value of every column.
///
/// Without an intercept the centre is zero and the deviation is measured from there.
#[derive(Debug, Clone)]
pub(crate) struct Spread {
    pub(crate) center: Vec<f64>,
    pub(crate) deviation: Vec<f64>,
    pub(crate) largest: Vec<f64>,
}

impl Spread {
    /// Two passes; numbers are taken relative to the first row, so that a constant column has a
    /// deviation of exactly zero.
    pub(crate) fn measure<T: Element>(
        rows: &Rows<'_, T>,
        intercept: bool,
    ) -> Result<Self, ObjectiveError> {
        let (n, columns) = (rows.len() as f64, rows.columns());
        let mut scratch = Vec::new();
        let first = rows.cells(0..1, &mut scratch)?;
        let first: Vec<f64> = first.iter().map(|x| x.to_f64()).collect();
        let mut center = vec![0.0; columns];
        if intercept {
            let sums = column_sums(rows, columns, |j, x| x - first[j])?;
            center = (sums.iter().zip(&first))
                .map(|(sum, first)| first + sum / n)
                .collect();
        }
        let largest = rows.fold_rows(
            8 * columns,
            || vec![0.0_f64; columns],
            |largest, _, row| {
                for (most, x) in largest.iter_mut().zip(row) {
                    *most = most.max(x.to_f64().abs());
                }
            },
            |largest, next| {
                for (most, x) in largest.iter_mut().zip(next) {
                    *most = most.max(x);
                }
            },
        )?;
        let size = |j: usize| if largest[j] > 0.0 { largest[j] } else { 1.0 };
        let squares = column_sums(rows, columns, |j, x| ((x - center[j]) / size(j)).powi(2))?;
        let deviation = (squares.iter().enumerate())
            .map(|(j, sum)| size(j) * (sum / n).sqrt())
            .collect();
        Ok(Self {
            center,
            deviation,
            largest,
        })
    }

    /// One over the deviation; zero for a constant column, which so drops out.
    pub(crate) fn inverse(&self, column: usize) -> f64 {
        let deviation = self.deviation[column];
        if deviation > 0.0 {
            1.0 / deviation
        } else {
            0.0
        }
    }
}

fn column_sums<T: Element>(
    rows: &Rows<'_, T>,
    columns: usize,
    term: impl Fn(usize, f64) -> f64 + Sync,
) -> Result<Vec<f64>, ObjectiveError> {
    let add = |total: &mut Vec<f64>, next: &[f64]| {
        total
            .iter_mut()
            .zip(next)
            .for_each(|(total, next)| *total += next);
    };
    rows.fold(
        8 * columns,
        || vec![0.0; columns],
        |sums, chunk| {
            let (mut scratch, mut part) = (Vec::new(), vec![0.0; columns]);
            for block in rows.blocks(chunk) {
                part.fill(0.0);
                let cells = rows.cells(block, &mut scratch)?;
                for row in cells.chunks_exact(columns.max(1)) {
                    for (j, x) in row.iter().enumerate() {
                        part[j] += term(j, x.to_f64());
                    }
                }
                add(sums, &part);
            }
            Ok(())
        },
        |total, next| add(total, &next),
    )
}
