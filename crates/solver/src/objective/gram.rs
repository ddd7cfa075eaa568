//! Gram matrices of rows, and the curvatures that they make up.

use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Mat, MatRef, Par};

/// The pairs of outputs whose Gram matrices make up a curvature, in the order in which sums hold them:
/// `k < l` of several outputs, `(0, 0)` of a single one.
pub(crate) fn pairs(outputs: usize) -> Vec<(usize, usize)> {
    if outputs == 1 {
        return vec![(0, 0)];
    }
    (0..outputs)
        .flat_map(|k| (k + 1..outputs).map(move |l| (k, l)))
        .collect()
}

/// `roots[i] ·` row `i`, for rows of the same number of cells as of `scaled` and `cells`, row after row.
pub(crate) fn scale_rows(scaled: &mut [f64], cells: &[f64], roots: &[f64]) {
    let columns = (cells.len() / roots.len().max(1)).max(1);
    let rows = (scaled.chunks_exact_mut(columns)).zip(cells.chunks_exact(columns));
    for ((scaled, cells), root) in rows.zip(roots) {
        for (scaled, x) in scaled.iter_mut().zip(cells) {
            *scaled = root * x;
        }
    }
}

/// Adds `CᵀC` to the lower triangle of a Gram matrix, for cells `C` of `[rows × columns]`.
pub(crate) fn add_gram(gram: &mut Mat<f64>, cells: MatRef<'_, f64>) {
    matmul(
        gram.as_mut(),
        BlockStructure::TriangularLower,
        Accum::Add,
        cells.transpose(),
        BlockStructure::Rectangular,
        cells,
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
}

/// Adds a pair's Gram matrix `G`, of which the lower triangle is there, over `total` to the blocks of its
/// outputs: `(eₖ−eₗ)(eₖ−eₗ)ᵀ ⊗ G/total`, or `G/total` of a single output.
pub(crate) fn scatter(
    curvature: &mut Mat<f64>,
    gram: &Mat<f64>,
    (k, l): (usize, usize),
    total: f64,
) {
    let width = gram.nrows();
    for j in 0..width {
        for i in 0..width {
            let g = gram[(i.max(j), i.min(j))] / total;
            curvature[(k * width + i, k * width + j)] += g;
            if k != l {
                curvature[(l * width + i, l * width + j)] += g;
                curvature[(k * width + i, l * width + j)] -= g;
                curvature[(l * width + i, k * width + j)] -= g;
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_gram_matrix_by_hand() {
        let mut scaled = [0.0; 4];
        scale_rows(&mut scaled, &[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0]);
        assert_eq!(scaled, [2.0, 4.0, 3.0, 4.0]);
        let mut gram = Mat::zeros(2, 2);
        let cells = MatRef::from_row_major_slice(&scaled, 2, 2);
        add_gram(&mut gram, cells);
        add_gram(&mut gram, cells);
        assert_eq!(
            [gram[(0, 0)], gram[(1, 0)], gram[(1, 1)]],
            [26.0, 40.0, 64.0]
        );
        let mut curvature = Mat::zeros(2, 2);
        scatter(&mut curvature, &gram, (0, 0), 2.0);
        assert_eq!([curvature[(0, 1)], curvature[(1, 0)]], [20.0, 20.0]);
    }

    #[test]
    fn pairs_of_outputs_cancel_along_what_they_share() {
        assert_eq!(pairs(1), [(0, 0)]);
        assert_eq!(pairs(3), [(0, 1), (0, 2), (1, 2)]);
        let mut curvature = Mat::zeros(3, 3);
        for (pair, g) in pairs(3).into_iter().zip([1.0, 2.0, 4.0]) {
            scatter(&mut curvature, &Mat::from_fn(1, 1, |_, _| g), pair, 1.0);
        }
        for i in 0..3 {
            assert_eq!((0..3).map(|j| curvature[(i, j)]).sum::<f64>(), 0.0);
        }
        assert_eq!(curvature[(1, 2)], -4.0);
    }
}
