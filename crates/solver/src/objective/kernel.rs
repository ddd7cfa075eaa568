//! The passes of one output over a block of rows, as vector instructions.
//!
//! The loops are plain Rust in fixed lanes, compiled twice, for the processor's widest vectors and for
//! the least that the target has, and chosen between at run time. Every product is fused with its sum
//! (rounded once, IEEE 754's fusedMultiplyAdd) and added in a fixed order that does not depend on the
//! width, so every processor gives the same digits; x86 processors from before 2013, which lack the
//! instruction, get them from the C library, slowly.
//!
//! Cells of `f32` are widened as they are read, which is exact, and costs less than the memory that
//! they come from: a sum over `f32` rows has the same digits as one over the same numbers in `f64`.

#![expect(
    clippy::inline_always,
    reason = "a call from code compiled for wider vectors would leave them"
)]

use std::ops::Range;
use std::sync::LazyLock;

use dataset::Element;
use pulp::{Arch, Simd, WithSimd};

/// Sums kept apart in a dot product and in a sum over rows.
pub(super) const LANES: usize = 4;

/// Rows whose dot products are computed together: four chains of additions. Eight would be too many for
/// the compiler to keep in vectors.
const ROWS: usize = 4;

/// Columns from which dot products are computed row by row: memory hands out one long row faster than
/// several in turns.
const LONG: usize = 64;

/// Groups of [`LANES`] columns whose sums fit into registers.
const TILE: usize = 8;

/// What the processor has, asked once.
pub(super) static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// A block of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'b, T> {
    /// `[rows × columns]`
    pub(crate) cells: &'b [T],
    pub(crate) columns: usize,
}

impl<'b, T: Element> Block<'b, T> {
    #[inline(always)]
    pub(super) fn row(&self, at: usize) -> &'b [T] {
        &self.cells[at * self.columns..][..self.columns]
    }

    #[inline(always)]
    pub(super) fn rows(&self, rows: Range<usize>) -> Self {
        Self {
            cells: &self.cells[rows.start * self.columns..rows.end * self.columns],
            columns: self.columns,
        }
    }

    #[inline(always)]
    fn some<const N: usize>(&self, at: usize) -> [&'b [T]; N] {
        std::array::from_fn(|i| self.row(at + i))
    }
}

/// What is added up along a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Term {
    /// `xⱼβⱼ`
    Product,
    /// `|xⱼβⱼ|`
    Absolute,
    /// `xⱼ²βⱼ`
    Square,
}

/// Writes `xᵢ·β + b` for every row of a block, or the sum of other [terms](Term).
pub(super) fn scores<T: Element>(
    block: Block<'_, T>,
    coefficients: &[f64],
    bias: f64,
    term: Term,
    scores: &mut [f64],
) {
    ARCH.dispatch(Multiply {
        block,
        coefficients,
        bias,
        term,
        scores,
    });
}

/// Adds `Σ rᵢxᵢ` to `gradient`, and `Σ rᵢ` to its last component where there is one more than columns;
/// where `absolute`, of absolute values.
pub(super) fn add_gradient<T: Element>(
    block: Block<'_, T>,
    residuals: &[f64],
    absolute: bool,
    gradient: &mut [f64],
) {
    ARCH.dispatch(Accumulate {
        block,
        residuals,
        absolute,
        gradient,
    });
}

/// The larger of two numbers; unlike [`f64::max`], a NaN is not lost.
#[inline(always)]
pub(crate) fn larger(most: f64, next: f64) -> f64 {
    if next > most || next.is_nan() {
        next
    } else {
        most
    }
}

/// [`scores`].
pub(super) struct Multiply<'b, T> {
    pub(super) block: Block<'b, T>,
    pub(super) coefficients: &'b [f64],
    pub(super) bias: f64,
    pub(super) term: Term,
    pub(super) scores: &'b mut [f64],
}

impl<T: Element> WithSimd for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.term {
            Term::Product => self.visit(f64::mul_add),
            Term::Absolute => self.visit(|x, b, sum| x.abs().mul_add(b.abs(), sum)),
            Term::Square => self.visit(|x, b, sum| (x * b).mul_add(x, sum)),
        }
    }
}

impl<T: Element> Multiply<'_, T> {
    #[inline(always)]
    fn visit(self, add: impl Fn(f64, f64, f64) -> f64 + Copy) {
        let bias = match self.term {
            Term::Absolute => self.bias.abs(),
            Term::Product | Term::Square => self.bias,
        };
        if self.block.columns >= LONG {
            for (i, score) in self.scores.iter_mut().enumerate() {
                *score = long_dot(self.block.row(i), self.coefficients, add) + bias;
            }
            return;
        }
        let (some, rest) = self.scores.as_chunks_mut::<ROWS>();
        let done = ROWS * some.len();
        for (i, scores) in some.iter_mut().enumerate() {
            let dots = dots(self.block.some::<ROWS>(ROWS * i), self.coefficients, add);
            for (score, dot) in scores.iter_mut().zip(dots) {
                *score = dot + bias;
            }
        }
        for (i, score) in rest.iter_mut().enumerate() {
            let [dot] = dots(self.block.some::<1>(done + i), self.coefficients, add);
            *score = dot + bias;
        }
    }
}

/// The dot products of a few rows with `b`, each in [`LANES`] interleaved sums.
#[inline(always)]
fn dots<T: Element, const N: usize>(
    rows: [&[T]; N],
    b: &[f64],
    add: impl Fn(f64, f64, f64) -> f64,
) -> [f64; N] {
    let mut sums = [[0.0; LANES]; N];
    let whole = b.len() / LANES * LANES;
    let chunks = rows.map(|row| row[..whole].as_chunks::<LANES>().0);
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (at, b) in b_chunks.iter().enumerate() {
        for (sums, chunks) in sums.iter_mut().zip(&chunks) {
            let x = &chunks[at];
            for lane in 0..LANES {
                sums[lane] = add(x[lane].to_f64(), b[lane], sums[lane]);
            }
        }
    }
    for (sums, row) in sums.iter_mut().zip(rows) {
        for (sum, (x, b)) in sums.iter_mut().zip(row[whole..].iter().zip(b_rest)) {
            *sum = add(x.to_f64(), *b, *sum);
        }
    }
    sums.map(total)
}

/// The dot product of one row with `b`, in [`ROWS`] times [`LANES`] interleaved sums.
#[inline(always)]
fn long_dot<T: Element>(row: &[T], b: &[f64], add: impl Fn(f64, f64, f64) -> f64) -> f64 {
    let mut sums = [[0.0; LANES]; ROWS];
    let whole = b.len() / (ROWS * LANES) * (ROWS * LANES);
    let (x_chunks, b_chunks) = (
        row[..whole].as_chunks::<{ ROWS * LANES }>().0,
        b[..whole].as_chunks::<{ ROWS * LANES }>().0,
    );
    for (x, b) in x_chunks.iter().zip(b_chunks) {
        for (part, sums) in sums.iter_mut().enumerate() {
            for lane in 0..LANES {
                let at = part * LANES + lane;
                sums[lane] = add(x[at].to_f64(), b[at], sums[lane]);
            }
        }
    }
    for (at, (x, b)) in row[whole..].iter().zip(&b[whole..]).enumerate() {
        let sum = &mut sums[at / LANES][at % LANES];
        *sum = add(x.to_f64(), *b, *sum);
    }
    total(sums.map(total))
}

#[inline(always)]
pub(super) fn total([a, b, c, d]: [f64; LANES]) -> f64 {
    (a + b) + (c + d)
}

/// [`add_gradient`].
pub(super) struct Accumulate<'b, T> {
    pub(super) block: Block<'b, T>,
    pub(super) residuals: &'b [f64],
    pub(super) absolute: bool,
    pub(super) gradient: &'b mut [f64],
}

impl<T: Element> WithSimd for Accumulate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        if self.absolute {
            self.visit(f64::abs);
        } else {
            self.visit(|x| x);
        }
    }
}

impl<T: Element> Accumulate<'_, T> {
    #[inline(always)]
    fn visit(self, size: impl Fn(f64) -> f64 + Copy) {
        let (slopes, intercept) = self.gradient.split_at_mut(self.block.columns);
        let mut from = 0;
        // Sums stay in registers while the rows go by, so columns are taken in tiles.
        while slopes.len() - from >= LANES {
            let width = ((slopes.len() - from) / LANES).min(TILE);
            let tile = &mut slopes[from..from + width * LANES];
            let (block, r) = (self.block, self.residuals);
            match width {
                8 => add_tile::<T, 8>(block, from, r, size, tile),
                7 => add_tile::<T, 7>(block, from, r, size, tile),
                6 => add_tile::<T, 6>(block, from, r, size, tile),
                5 => add_tile::<T, 5>(block, from, r, size, tile),
                4 => add_tile::<T, 4>(block, from, r, size, tile),
                3 => add_tile::<T, 3>(block, from, r, size, tile),
                2 => add_tile::<T, 2>(block, from, r, size, tile),
                _ => add_tile::<T, 1>(block, from, r, size, tile),
            }
            from += width * LANES;
        }
        let rest = &mut slopes[from..];
        let mut sums = [0.0; LANES];
        for (i, &r) in self.residuals.iter().enumerate() {
            let cells = &self.block.row(i)[from..];
            for (sum, x) in sums.iter_mut().zip(cells) {
                *sum = size(r).mul_add(size(x.to_f64()), *sum);
            }
        }
        for (slope, sum) in rest.iter_mut().zip(sums) {
            *slope += sum;
        }
        if let [slope] = intercept {
            let mut sums = [0.0; LANES];
            let (fours, rest) = self.residuals.as_chunks::<LANES>();
            for four in fours {
                for (sum, r) in sums.iter_mut().zip(four) {
                    *sum += size(*r);
                }
            }
            for (sum, r) in sums.iter_mut().zip(rest) {
                *sum += size(*r);
            }
            *slope += total(sums);
        }
    }
}

/// Adds `Σ rᵢxᵢ` for `W` times [`LANES`] columns, row after row.
#[inline(always)]
fn add_tile<T: Element, const W: usize>(
    block: Block<'_, T>,
    from: usize,
    residuals: &[f64],
    size: impl Fn(f64) -> f64,
    slopes: &mut [f64],
) {
    let mut sums = [[0.0; LANES]; W];
    for (i, &r) in residuals.iter().enumerate() {
        let r = size(r);
        let cells = &block.cells[i * block.columns + from..][..W * LANES];
        let cells = cells.as_chunks::<LANES>().0;
        for (sums, cells) in sums.iter_mut().zip(cells) {
            for lane in 0..LANES {
                sums[lane] = r.mul_add(size(cells[lane].to_f64()), sums[lane]);
            }
        }
    }
    for (slopes, sums) in slopes.as_chunks_mut::<LANES>().0.iter_mut().zip(sums) {
        for (slope, sum) in slopes.iter_mut().zip(sums) {
            *slope += sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dot;
    use super::*;

    fn cells(count: usize, seed: f64) -> Vec<f32> {
        let cell = |i: usize| (3.0 * ((i as f64 + 1.0) * seed).sin()) as f32;
        (0..count).map(cell).collect()
    }

    /// Scores and gradient through `simd`, plain and of absolute values.
    fn run<T: Element, S: Simd>(simd: S, block: Block<'_, T>) -> Vec<f64> {
        let rows = block.cells.len() / block.columns;
        let theta: Vec<f64> = (0..block.columns).map(|j| 0.2 * (j as f64).cos()).collect();
        let residuals: Vec<f64> = (0..rows).map(|i| (1.3 * i as f64).sin()).collect();
        let mut found = Vec::new();
        for (absolute, term) in [(false, Term::Product), (true, Term::Absolute)] {
            let mut scores = vec![0.0; rows];
            let mut gradient = vec![0.0; block.columns + 1];
            simd.vectorize(Multiply {
                block,
                coefficients: &theta,
                bias: -0.3,
                term,
                scores: &mut scores,
            });
            simd.vectorize(Accumulate {
                block,
                residuals: &residuals,
                absolute,
                gradient: &mut gradient,
            });
            found.extend(scores);
            found.extend(gradient);
        }
        found
    }

    struct Dispatched<'b, T>(Block<'b, T>);

    impl<T: Element> WithSimd for Dispatched<'_, T> {
        type Output = Vec<f64>;

        fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
            run(simd, self.0)
        }
    }

    const SHAPES: [(usize, usize); 8] = [
        (1, 1),
        (3, 2),
        (4, 4),
        (37, 7),
        (64, 28),
        (9, 130),
        (8, 41),
        (17, 63),
    ];

    #[test]
    fn width_and_type_change_no_bit() {
        for (rows, columns) in SHAPES {
            let narrow = cells(rows * columns, 0.7);
            let wide: Vec<f64> = narrow.iter().map(|&x| f64::from(x)).collect();
            let narrow = Block {
                cells: &narrow,
                columns,
            };
            let wide = Block {
                cells: &wide,
                columns,
            };
            let plain = run(pulp::Scalar, narrow);
            assert_eq!(plain, ARCH.dispatch(Dispatched(narrow)));
            assert_eq!(plain, ARCH.dispatch(Dispatched(wide)));
        }
    }

    #[test]
    fn the_sums_are_those_of_the_plain_loop() {
        for (rows, columns) in SHAPES {
            let cells = cells(rows * columns, 1.3);
            let block = Block {
                cells: &cells,
                columns,
            };
            let theta: Vec<f64> = (0..columns).map(|j| 0.2 * (j as f64).cos()).collect();
            let found = ARCH.dispatch(Dispatched(block));
            let (plain, absolute) = found.split_at(found.len() / 2);
            let mut gradient = vec![[0.0; 2]; columns + 1];
            for i in 0..rows {
                let row = block.row(i);
                assert!((dot(row, &theta) - 0.3 - plain[i]).abs() < 1e-13);
                let sizes = row
                    .iter()
                    .zip(&theta)
                    .map(|(x, b)| (f64::from(*x) * b).abs());
                assert!((sizes.sum::<f64>() + 0.3 - absolute[i]).abs() < 1e-13);
                let r = (1.3 * i as f64).sin();
                for (g, x) in gradient.iter_mut().zip(row.iter().chain(&[1.0])) {
                    g[0] += r * f64::from(*x);
                    g[1] += (r * f64::from(*x)).abs();
                }
            }
            for (j, g) in gradient.iter().enumerate() {
                assert!((g[0] - plain[rows + j]).abs() < 1e-12);
                assert!((g[1] - absolute[rows + j]).abs() < 1e-12);
            }
        }
    }
}
