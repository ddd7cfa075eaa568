//! Gram matrices of sparse rows, for a modest number of columns.

use faer::{Mat, MatMut};
use rayon::prelude::*;

use super::super::Layout;
use super::pass::total;
use super::stored::SparseRows;

/// Lower triangles of `Σ c xxᵀ`, intercept last, one for each list of curvatures `c`; and by how much the centring
/// may magnify their rounding.
///
/// Column `j` of a triangle is a sum over the rows that store something in column `j`: so the cost is that of the
/// stored numbers of each row squared, all threads share one matrix, and every sum has its order. Shifts `s` take
/// `sᵢaⱼ + aᵢsⱼ − c̄sᵢsⱼ` away, with `a = Σ c x` and `c̄ = Σ c`. What that magnifies rounding by is at most the
/// largest `Σ c(|xⱼ| + |sⱼ|)²` over the diagonal entry that is left.
pub(super) fn add_grams(
    sparse: &SparseRows,
    layout: Layout,
    curvatures: &[Vec<f64>],
) -> (Vec<Mat<f64>>, f64) {
    let mut magnified = 1.0_f64;
    let mut grams = Vec::with_capacity(curvatures.len());
    for curvatures in curvatures {
        let sum = total(curvatures);
        let mut sums = vec![0.0; layout.columns];
        sparse.multiply_transposed(curvatures, 0.0, &mut sums);
        let mut gram = Mat::zeros(layout.stride(), layout.stride());
        let columns = split(gram.as_mut(), layout.columns);
        columns.into_par_iter().enumerate().for_each(|(j, mut to)| {
            let to = &mut to;
            let (rows, values) = sparse.column(j);
            for (&row, x) in rows.iter().zip(values) {
                let factor = curvatures[row as usize] * x;
                let (positions, values) = sparse.row(row as usize);
                let from = positions.partition_point(|&column| (column as usize) < j);
                for (&column, x) in positions[from..].iter().zip(&values[from..]) {
                    to[(column as usize, 0)] += factor * x;
                }
            }
            if let Some(shifts) = sparse.shifts() {
                for i in j..layout.columns {
                    let cross = shifts[i] * sums[j] + shifts[j] * sums[i];
                    to[(i, 0)] -= cross - sum * shifts[i] * shifts[j];
                }
            }
            if layout.intercept {
                to[(layout.columns, 0)] = sums[j] - sum * sparse.shift(j);
            }
        });
        if layout.intercept {
            gram[(layout.columns, layout.columns)] = sum;
        }
        if sparse.shifts().is_some() {
            let mut sizes = vec![0.0; layout.columns];
            sparse.each_column(&mut sizes, |column, rows, values| {
                let shift = sparse.shift(column).abs();
                let stored = rows.iter().zip(values);
                let beyond: f64 = stored
                    .map(|(&row, x)| curvatures[row as usize] * x.abs() * (x.abs() + 2.0 * shift))
                    .sum();
                beyond + sum * shift * shift
            });
            for (j, size) in sizes.iter().enumerate() {
                let left = gram[(j, j)];
                if *size > 0.0 {
                    magnified = magnified.max(if left > 0.0 {
                        size / left
                    } else {
                        f64::INFINITY
                    });
                }
            }
        }
        grams.push(gram);
    }
    (grams, magnified)
}

/// The first columns of a matrix, one by one.
fn split(mut rest: MatMut<'_, f64>, count: usize) -> Vec<MatMut<'_, f64>> {
    let mut columns = Vec::with_capacity(count);
    for _ in 0..count {
        let (column, behind) = rest.split_at_col_mut(1);
        columns.push(column);
        rest = behind;
    }
    columns
}
