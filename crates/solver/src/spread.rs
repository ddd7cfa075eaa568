//! Centre and spread of the columns over the rows that count.

use dataset::Element;

use crate::objective::Rows;

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
    pub(crate) fn measure<T: Element>(rows: &Rows<'_, T>, intercept: bool) -> Self {
        let (n, columns) = (rows.len() as f64, rows.columns());
        let first: Vec<f64> = rows.row(0).iter().map(|x| x.to_f64()).collect();
        let mut center = vec![0.0; columns];
        if intercept {
            let sums = column_sums(rows, columns, |j, x| x - first[j]);
            center = (sums.iter().zip(&first))
                .map(|(sum, first)| first + sum / n)
                .collect();
        }
        let largest = rows.fold(
            8 * columns,
            || vec![0.0_f64; columns],
            |largest, chunk| {
                for at in chunk {
                    for (most, x) in largest.iter_mut().zip(rows.row(at)) {
                        *most = most.max(x.to_f64().abs());
                    }
                }
            },
            |largest, next| {
                for (most, x) in largest.iter_mut().zip(next) {
                    *most = most.max(x);
                }
            },
        );
        let size = |j: usize| if largest[j] > 0.0 { largest[j] } else { 1.0 };
        let squares = column_sums(rows, columns, |j, x| ((x - center[j]) / size(j)).powi(2));
        let deviation = (squares.iter().enumerate())
            .map(|(j, sum)| size(j) * (sum / n).sqrt())
            .collect();
        Self {
            center,
            deviation,
            largest,
        }
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
) -> Vec<f64> {
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
            for block in rows.blocks(chunk) {
                let mut part = vec![0.0; columns];
                for at in block {
                    for (j, x) in rows.row(at).iter().enumerate() {
                        part[j] += term(j, x.to_f64());
                    }
                }
                add(sums, &part);
            }
        },
        |total, next| add(total, &next),
    )
}
