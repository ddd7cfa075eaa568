//! The passes of one output over a block of rows, as vector instructions.
//!
//! The loops are plain Rust in fixed lanes, compiled twice, for the processor's widest vectors and for
//! the least that the target has, and chosen between at run time. Products and sums are rounded
//! separately and added in a fixed order that does not depend on the width, so every processor gives
//! the same digits.
//!
//! Cells of `f32` are widened as they are read, which is exact, and costs less than the memory that
//! they come from: a sum over `f32` rows has the same digits as one over the same numbers in `f64`.

#![expect(
    clippy::inline_always,
    reason = "a call from code compiled for wider vectors would leave them"
)]

use std::sync::LazyLock;

use dataset::Element;
use pulp::{Arch, Simd, WithSimd};

use super::pointwise::{Pointwise, log_loss, squared_loss};

/// Sums kept apart in a dot product and in a sum over rows.
const LANES: usize = 4;

/// What the processor has, asked once.
static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// The loss of one output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    Log,
    Squared,
}

/// A block of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'b, T> {
    /// `[rows × columns]`
    pub(super) cells: &'b [T],
    pub(super) columns: usize,
}

impl<'b, T: Element> Block<'b, T> {
    #[inline(always)]
    pub(super) fn row(&self, at: usize) -> &'b [T] {
        &self.cells[at * self.columns..][..self.columns]
    }

    #[inline(always)]
    fn four(&self, at: usize) -> [&'b [T]; 4] {
        [
            self.row(at),
            self.row(at + 1),
            self.row(at + 2),
            self.row(at + 3),
        ]
    }
}

/// Writes `xᵢ·β + b` for every row.
pub(super) fn scores<T: Element>(
    block: Block<'_, T>,
    coefficients: &[f64],
    bias: f64,
    scores: &mut [f64],
) {
    ARCH.dispatch(Multiply {
        block,
        coefficients,
        bias,
        scores,
    });
}

/// Turns scores into weighted losses, and writes weighted residuals and curvatures; returns the sum of
/// the losses.
///
/// # Shapes
/// All `[rows]`.
pub(super) fn losses(
    loss: Loss,
    targets: &[f64],
    weights: &[f64],
    scores: &mut [f64],
    residuals: &mut [f64],
    curvatures: &mut [f64],
) -> f64 {
    ARCH.dispatch(Losses {
        loss,
        targets,
        weights,
        scores,
        residuals,
        curvatures,
    })
}

/// Adds `Σ rᵢxᵢ` to `gradient`, and `Σ rᵢ` to its last component where there is one more than columns.
pub(super) fn add_gradient<T: Element>(
    block: Block<'_, T>,
    residuals: &[f64],
    gradient: &mut [f64],
) {
    ARCH.dispatch(Accumulate {
        block,
        residuals,
        gradient,
    });
}

struct Multiply<'b, T> {
    block: Block<'b, T>,
    coefficients: &'b [f64],
    bias: f64,
    scores: &'b mut [f64],
}

impl<T: Element> WithSimd for Multiply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (fours, rest) = self.scores.as_chunks_mut::<4>();
        let done = 4 * fours.len();
        for (i, scores) in fours.iter_mut().enumerate() {
            let dots = dots(self.block.four(4 * i), self.coefficients);
            for (score, dot) in scores.iter_mut().zip(dots) {
                *score = dot + self.bias;
            }
        }
        for (i, score) in rest.iter_mut().enumerate() {
            let [dot] = dots([self.block.row(done + i)], self.coefficients);
            *score = dot + self.bias;
        }
    }
}

/// The dot products of a few rows with `b`, each in [`LANES`] interleaved sums.
#[inline(always)]
fn dots<T: Element, const N: usize>(rows: [&[T]; N], b: &[f64]) -> [f64; N] {
    let mut sums = [[0.0; LANES]; N];
    let whole = b.len() / LANES * LANES;
    let chunks = rows.map(|row| row[..whole].as_chunks::<LANES>().0);
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (at, b) in b_chunks.iter().enumerate() {
        for (sums, chunks) in sums.iter_mut().zip(&chunks) {
            let x = &chunks[at];
            for lane in 0..LANES {
                sums[lane] += x[lane].to_f64() * b[lane];
            }
        }
    }
    for (sums, row) in sums.iter_mut().zip(rows) {
        for (sum, (x, b)) in sums.iter_mut().zip(row[whole..].iter().zip(b_rest)) {
            *sum += x.to_f64() * b;
        }
    }
    sums.map(total)
}

#[inline(always)]
fn total([a, b, c, d]: [f64; LANES]) -> f64 {
    (a + b) + (c + d)
}

struct Losses<'b> {
    loss: Loss,
    targets: &'b [f64],
    weights: &'b [f64],
    scores: &'b mut [f64],
    residuals: &'b mut [f64],
    curvatures: &'b mut [f64],
}

impl WithSimd for Losses<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        match self.loss {
            Loss::Log => self.visit(log_loss),
            Loss::Squared => self.visit(squared_loss),
        }
    }
}

impl Losses<'_> {
    #[inline(always)]
    fn visit(self, loss: impl Fn(f64, f64) -> Pointwise) -> f64 {
        let rows = self.scores.len();
        let (targets, weights) = (&self.targets[..rows], &self.weights[..rows]);
        let (residuals, curvatures) = (&mut self.residuals[..rows], &mut self.curvatures[..rows]);
        let scores = self.scores;
        for i in 0..rows {
            let point = loss(scores[i], targets[i]);
            residuals[i] = weights[i] * point.residual;
            curvatures[i] = weights[i] * point.curvature;
            scores[i] = weights[i] * point.loss;
        }
        let mut sums = [0.0; LANES];
        let (fours, rest) = scores.as_chunks::<LANES>();
        for four in fours {
            for (sum, loss) in sums.iter_mut().zip(four) {
                *sum += loss;
            }
        }
        for (sum, loss) in sums.iter_mut().zip(rest) {
            *sum += loss;
        }
        total(sums)
    }
}

struct Accumulate<'b, T> {
    block: Block<'b, T>,
    residuals: &'b [f64],
    gradient: &'b mut [f64],
}

impl<T: Element> WithSimd for Accumulate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (slopes, intercept) = self.gradient.split_at_mut(self.block.columns);
        let (fours, rest) = self.residuals.as_chunks::<4>();
        let mut sums = [0.0; LANES];
        for (i, r) in fours.iter().enumerate() {
            let [a, b, c, d] = self.block.four(4 * i);
            for ((((g, a), b), c), d) in slopes.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *g += (r[0] * a.to_f64() + r[1] * b.to_f64())
                    + (r[2] * c.to_f64() + r[3] * d.to_f64());
            }
            for lane in 0..LANES {
                sums[lane] += r[lane];
            }
        }
        for (i, &r) in rest.iter().enumerate() {
            for (g, x) in slopes.iter_mut().zip(self.block.row(4 * fours.len() + i)) {
                *g += r * x.to_f64();
            }
            sums[i] += r;
        }
        if let [g] = intercept {
            *g += total(sums);
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

    /// Scores, loss, residuals, curvatures and gradient through `simd`.
    fn run<T: Element, S: Simd>(simd: S, block: Block<'_, T>, loss: Loss) -> Vec<f64> {
        let rows = block.cells.len() / block.columns;
        let theta: Vec<f64> = (0..block.columns).map(|j| 0.2 * (j as f64).cos()).collect();
        let targets: Vec<f64> = (0..rows).map(|i| f64::from(i % 3 == 0)).collect();
        let weights: Vec<f64> = (0..rows).map(|i| 0.5 + (i % 4) as f64).collect();
        let mut scores = vec![0.0; rows];
        let (mut residuals, mut curvatures) = (scores.clone(), scores.clone());
        let mut gradient = vec![0.0; block.columns + 1];
        simd.vectorize(Multiply {
            block,
            coefficients: &theta,
            bias: 0.3,
            scores: &mut scores,
        });
        let dots = scores.clone();
        let value = simd.vectorize(Losses {
            loss,
            targets: &targets,
            weights: &weights,
            scores: &mut scores,
            residuals: &mut residuals,
            curvatures: &mut curvatures,
        });
        simd.vectorize(Accumulate {
            block,
            residuals: &residuals,
            gradient: &mut gradient,
        });
        [vec![value], dots, residuals, curvatures, gradient].concat()
    }

    struct Dispatched<'b, T>(Block<'b, T>, Loss);

    impl<T: Element> WithSimd for Dispatched<'_, T> {
        type Output = Vec<f64>;

        fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
            run(simd, self.0, self.1)
        }
    }

    #[test]
    fn width_and_type_change_no_bit() {
        for (rows, columns) in [(1, 1), (3, 2), (4, 4), (37, 7), (64, 28), (9, 130)] {
            let narrow = cells(rows * columns, 0.7);
            let wide: Vec<f64> = narrow.iter().map(|&x| f64::from(x)).collect();
            for loss in [Loss::Log, Loss::Squared] {
                let narrow = Block {
                    cells: &narrow,
                    columns,
                };
                let wide = Block {
                    cells: &wide,
                    columns,
                };
                let plain = run(pulp::Scalar, narrow, loss);
                assert_eq!(plain, ARCH.dispatch(Dispatched(narrow, loss)));
                assert_eq!(plain, ARCH.dispatch(Dispatched(wide, loss)));
            }
        }
    }

    #[test]
    fn the_sums_are_those_of_the_plain_loop() {
        let (rows, columns) = (101, 13);
        let cells = cells(rows * columns, 1.3);
        let block = Block {
            cells: &cells,
            columns,
        };
        let theta: Vec<f64> = (0..columns).map(|j| 0.2 * (j as f64).cos()).collect();
        let found = ARCH.dispatch(Dispatched(block, Loss::Log));
        let (mut value, mut gradient) = (0.0, vec![0.0; columns + 1]);
        for i in 0..rows {
            let score = dot(block.row(i), &theta) + 0.3;
            assert!((score - found[1 + i]).abs() < 1e-14);
            let point = log_loss(score, f64::from(i % 3 == 0));
            let weight = 0.5 + (i % 4) as f64;
            value += weight * point.loss;
            for (g, x) in gradient.iter_mut().zip(block.row(i)) {
                *g += weight * point.residual * f64::from(*x);
            }
            gradient[columns] += weight * point.residual;
        }
        assert!((value / found[0] - 1.0).abs() < 1e-14);
        let slopes = &found[1 + 3 * rows..];
        assert!(
            slopes
                .iter()
                .zip(&gradient)
                .all(|(a, b)| (a - b).abs() < 1e-12)
        );
    }
}
