//! Products of rows of few columns, whose sums stay in registers.
//!
//! Libraries of matrix products pack their operands, which pays from about a hundred columns on. Here a
//! handful of rows at a time, wide enough for the first-level cache, meets tiles of sums.

#![expect(
    clippy::inline_always,
    reason = "a call from code compiled for wider vectors would leave them"
)]

use dataset::Element;
use faer::Mat;
use pulp::{Simd, WithSimd};

use super::kernel::{ARCH, Block, Multiply, Term, larger};

/// Columns, the intercept's included, up to which rows count as narrow.
pub(crate) const NARROW: usize = 64;

/// Rows whose cells, as `f64`, fill half of a first-level cache.
const ROWS: usize = 64;

/// Columns of the one side of a tile, and rows whose images are worked out together. With [`TILE`] vectors of
/// the other side that is ten sums, which leaves room for the factors in sixteen registers.
const HEIGHT: usize = 5;

/// Vectors of the other side of a tile.
const TILE: usize = 2;

/// The most numbers in a vector.
const WIDEST: usize = 8;

/// Adds `Σ sᵢ² xᵢxᵢᵀ` over a block of rows to the lower triangle of a Gram matrix, with a one behind each
/// row if the matrix has one more column; what is above the triangle is undefined.
///
/// `scratch` is grown as needed.
pub(super) fn add_gram<T: Element>(
    gram: &mut Mat<f64>,
    block: Block<'_, T>,
    scales: &[f64],
    scratch: &mut Vec<f64>,
) {
    ARCH.dispatch(Gram {
        gram,
        block,
        scales,
        scratch,
    });
}

/// The largest squared length of `Mx` over a block of so many rows, with a one behind each row if the map
/// has one more column; `most` where none is above it.
///
/// Only rows whose length under the map's [bound](Map::new) is above what was found so far are multiplied.
pub(crate) fn longest_image<T: Element>(
    map: &Map,
    block: Block<'_, T>,
    rows: usize,
    most: f64,
) -> f64 {
    ARCH.dispatch(Images {
        map,
        block,
        rows,
        most,
    })
}

/// A lower triangular matrix, laid out for [`longest_image`].
#[derive(Debug, Clone)]
pub(crate) struct Map {
    width: usize,
    /// `[width × stride]`: column after column, zeros behind each.
    columns: Vec<f64>,
    /// `[width]`: `bⱼ` with `‖Mx‖² ≤ Σ bⱼxⱼ²`.
    bounds: Vec<f64>,
}

impl Map {
    /// The map `M` with numbers `bⱼ` such that `‖Mx‖² ≤ Σ bⱼxⱼ²` for every `x`, rounding included.
    ///
    /// # Panics
    /// When there is not one number for each column.
    pub(crate) fn new(lower: &Mat<f64>, bounds: Vec<f64>) -> Self {
        let width = lower.nrows();
        assert_eq!(bounds.len(), width, "one bound for each column");
        let stride = width.next_multiple_of(WIDEST);
        let mut columns = vec![0.0; width * stride];
        for j in 0..width {
            for i in j..width {
                columns[j * stride + i] = lower[(i, j)];
            }
        }
        Self {
            width,
            columns,
            bounds,
        }
    }
}

struct Gram<'b, T> {
    gram: &'b mut Mat<f64>,
    block: Block<'b, T>,
    scales: &'b [f64],
    scratch: &'b mut Vec<f64>,
}

impl<T: Element> WithSimd for Gram<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (width, columns) = (self.gram.nrows(), self.block.columns);
        let stride = width.next_multiple_of(HEIGHT).next_multiple_of(WIDEST);
        self.scratch.clear();
        self.scratch.resize(ROWS * stride, 0.0);
        for (part, scales) in self.scales.chunks(ROWS).enumerate() {
            let cells = &mut self.scratch[..scales.len() * stride];
            for (i, (cells, &scale)) in cells.chunks_exact_mut(stride).zip(scales).enumerate() {
                let row = self.block.row(part * ROWS + i);
                for (cell, x) in cells.iter_mut().zip(row) {
                    *cell = scale * x.to_f64();
                }
                if width > columns {
                    cells[columns] = scale;
                }
            }
            let vectors = width.div_ceil(S::F64_LANES);
            for first in (0..width).step_by(HEIGHT) {
                let mut at = first / S::F64_LANES;
                while at < vectors {
                    let count = (vectors - at).min(TILE);
                    match count {
                        2 => add_tile::<S, 2>(simd, self.gram, cells, stride, first, at),
                        _ => add_tile::<S, 1>(simd, self.gram, cells, stride, first, at),
                    }
                    at += count;
                }
            }
        }
    }
}

/// Adds the sums of products of [`HEIGHT`] columns with `W` vectors of them.
#[inline(always)]
fn add_tile<S: Simd, const W: usize>(
    simd: S,
    gram: &mut Mat<f64>,
    cells: &[f64],
    stride: usize,
    first: usize,
    at: usize,
) {
    let mut sums = [[simd.splat_f64s(0.0); W]; HEIGHT];
    for row in cells.chunks_exact(stride) {
        let one = &row[first..first + HEIGHT];
        let other = &S::as_simd_f64s(row).0[at..at + W];
        for (sums, x) in sums.iter_mut().zip(one) {
            let x = simd.splat_f64s(*x);
            for (sum, y) in sums.iter_mut().zip(other) {
                *sum = simd.mul_add_f64s(x, *y, *sum);
            }
        }
    }
    let columns = first..gram.ncols().min(first + HEIGHT);
    for (j, sums) in columns.zip(&sums) {
        let mut numbers = [0.0; TILE * WIDEST];
        S::as_mut_simd_f64s(&mut numbers).0[..W].copy_from_slice(sums);
        let column = &mut gram.col_as_slice_mut(j)[at * S::F64_LANES..];
        let numbers = &numbers[..W * S::F64_LANES];
        for (g, sum) in column.iter_mut().zip(numbers) {
            *g += sum;
        }
    }
}

struct Images<'b, T> {
    map: &'b Map,
    block: Block<'b, T>,
    rows: usize,
    most: f64,
}

impl<T: Element> WithSimd for Images<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let mut most = self.most;
        for from in (0..self.rows).step_by(ROWS) {
            // 1. The bound of every row; the row with the largest comes first.
            let rows = from..(from + ROWS).min(self.rows);
            let mut bounds = [0.0; ROWS];
            let bounds = &mut bounds[..rows.len()];
            let (slopes, intercept) = self.map.bounds.split_at(self.block.columns);
            Multiply {
                block: self.block.rows(rows.clone()),
                coefficients: slopes,
                bias: intercept.iter().sum(),
                term: Term::Square,
                scores: &mut *bounds,
            }
            .with_simd(simd);
            let largest = bounds.iter().copied().fold(most, larger);
            if largest <= most {
                continue;
            }
            let first = bounds.iter().position(|&b| b >= largest || b.is_nan());
            most = self.images(simd, [from + first.unwrap_or(0); HEIGHT], most);
            // 2. Those that may be longer than any so far. A bound that is not a number is no bound.
            let mut waiting = [from; HEIGHT];
            let mut count = 0;
            for (row, bound) in rows.zip(bounds) {
                if *bound > most || bound.is_nan() {
                    waiting[count] = row;
                    count += 1;
                    if count == HEIGHT {
                        most = self.images(simd, waiting, most);
                        count = 0;
                    }
                }
            }
            if count > 0 {
                most = self.images(simd, waiting, most);
            }
        }
        most
    }
}

impl<T: Element> Images<'_, T> {
    /// The largest squared length among the images of a few rows, or `most`.
    #[inline(always)]
    fn images<S: Simd>(&self, simd: S, rows: [usize; HEIGHT], most: f64) -> f64 {
        let width = self.map.width;
        let vectors = width.div_ceil(S::F64_LANES);
        let mut cells = [[1.0; HEIGHT]; NARROW];
        for (lane, row) in rows.into_iter().enumerate() {
            for (cells, x) in cells.iter_mut().zip(self.block.row(row)) {
                cells[lane] = x.to_f64();
            }
        }
        let cells = &cells[..width];
        let mut squares = [0.0; HEIGHT];
        let mut at = 0;
        while at < vectors {
            let count = (vectors - at).min(TILE);
            match count {
                2 => add_squares::<S, 2>(simd, self.map, cells, at, &mut squares),
                _ => add_squares::<S, 1>(simd, self.map, cells, at, &mut squares),
            }
            at += count;
        }
        squares.into_iter().fold(most, larger)
    }
}

/// Adds the squares of some components of a few rows' images.
#[inline(always)]
fn add_squares<S: Simd, const W: usize>(
    simd: S,
    map: &Map,
    cells: &[[f64; HEIGHT]],
    at: usize,
    squares: &mut [f64; HEIGHT],
) {
    let stride = map.width.next_multiple_of(WIDEST);
    let mut sums = [[simd.splat_f64s(0.0); W]; HEIGHT];
    // columns behind these components are zero in them
    let used = ((at + W) * S::F64_LANES).min(map.width);
    let columns = map.columns.chunks_exact(stride);
    for (x, column) in cells[..used].iter().zip(columns) {
        let column = &S::as_simd_f64s(column).0[at..at + W];
        for (sums, x) in sums.iter_mut().zip(x) {
            let x = simd.splat_f64s(*x);
            for (sum, m) in sums.iter_mut().zip(column) {
                *sum = simd.mul_add_f64s(x, *m, *sum);
            }
        }
    }
    for (square, sums) in squares.iter_mut().zip(&sums) {
        let mut numbers = [0.0; TILE * WIDEST];
        S::as_mut_simd_f64s(&mut numbers).0[..W].copy_from_slice(sums);
        // the order of a sum must not depend on the width of vectors
        for number in &numbers[..W * S::F64_LANES] {
            *square = number.mul_add(*number, *square);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| (3.0 * (0.7 * (i as f64 + 1.0)).sin()) as f32)
            .collect()
    }

    const SHAPES: [(usize, usize); 7] = [
        (1, 1),
        (3, 2),
        (70, 4),
        (130, 28),
        (65, 11),
        (128, 63),
        (9, 30),
    ];

    #[test]
    fn gram_matrices_are_sums_of_products() {
        for (rows, columns) in SHAPES {
            let cells = cells(rows * columns);
            let block = Block {
                cells: &cells,
                columns,
            };
            let scales: Vec<f64> = (0..rows).map(|i| 0.5 + (i % 3) as f64).collect();
            for width in [columns, columns + 1] {
                let mut gram = Mat::zeros(width, width);
                add_gram(&mut gram, block, &scales, &mut Vec::new());
                let cell = |i: usize, j: usize| block.row(i).get(j).map_or(1.0, |x| f64::from(*x));
                for j in 0..width {
                    for k in j..width {
                        let product = |i: usize| scales[i].powi(2) * cell(i, j) * cell(i, k);
                        let sum: f64 = (0..rows).map(product).sum();
                        assert!((gram[(k, j)] - sum).abs() < 1e-9, "{rows} x {width}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_longest_image_is_that_of_some_row() {
        for (rows, columns) in SHAPES {
            let cells = cells(rows * columns);
            let block = Block {
                cells: &cells,
                columns,
            };
            for width in [columns, columns + 1] {
                let entry = |i: usize, j: usize| (1.1 * (i * width + j) as f64).cos();
                let lower = Mat::from_fn(width, width, entry);
                let length = |i: usize| {
                    let row = block.row(i);
                    let cell = |j: usize| row.get(j).map_or(1.0, |x| f64::from(*x));
                    let image = |k: usize| (0..=k).map(|j| entry(k, j) * cell(j)).sum::<f64>();
                    (0..width).map(|k| image(k).powi(2)).sum::<f64>()
                };
                let longest = (0..rows).map(length).fold(0.0, f64::max);
                // a matrix of norm `n` in the sense of Frobenius stretches no vector by more
                let norm = lower.squared_norm_l2();
                for bound in [norm, f64::NAN] {
                    let map = Map::new(&lower, vec![bound; width]);
                    let found = longest_image(&map, block, rows, 0.0);
                    assert!(
                        (found - longest).abs() <= 1e-12 * longest,
                        "{rows} x {width}"
                    );
                    assert_eq!(
                        longest_image(&map, block, rows, 2.0 * longest),
                        2.0 * longest
                    );
                }
            }
        }
    }

    #[test]
    fn an_image_that_is_not_a_number_is_not_lost() {
        let lower = Mat::from_fn(2, 2, |_, _| f64::NAN);
        let block = Block {
            cells: &[1.0, 2.0, 3.0, 4.0],
            columns: 2,
        };
        assert!(longest_image(&Map::new(&lower, vec![1.0; 2]), block, 2, 0.0).is_nan());
    }
}
