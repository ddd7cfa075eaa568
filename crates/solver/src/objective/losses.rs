//! Losses of a block of rows, with residuals and curvatures, as vector instructions.
//!
//! Loops over rows without branches, compiled for the processor's widest vectors as in
//! [`kernel`](super::kernel): every processor gives the same digits.

#![expect(
    clippy::inline_always,
    reason = "a call from code compiled for wider vectors would leave them"
)]
#![expect(
    clippy::float_cmp,
    reason = "codes of classes are whole numbers, kept as floats so that they share the lanes"
)]

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::elementary::{exp_negative, ln_1p};
use super::kernel::{ARCH, LANES, total};

/// The loss of one output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    Log,
    Squared,
}

/// The losses of one output, with residuals and curvatures: a block in pieces, then its total.
///
/// See [`log_loss`](super::pointwise::log_loss) for the formulas. Without weights, the log loss needs one
/// logarithm for eight rows: `log(1 + a) + log(1 + b) = log(1 + q)` with `q = a + b + ab`, a sum of
/// positive terms, so that small losses keep their digits.
///
/// # Shapes
/// All `[rows]`; `scores` and `scratch` are overwritten. `weights` is empty where all are 1.
pub(super) struct Losses<'b> {
    pub(super) loss: Loss,
    pub(super) targets: &'b [f64],
    pub(super) weights: &'b [f64],
    pub(super) scores: &'b mut [f64],
    pub(super) residuals: &'b mut [f64],
    pub(super) curvatures: &'b mut [f64],
    pub(super) scratch: &'b mut [f64],
}

impl Losses<'_> {
    /// Turns the scores of some of the rows into residuals and curvatures, weighted.
    #[inline(always)]
    pub(super) fn visit(&mut self, rows: Range<usize>) {
        let (targets, scores) = (&self.targets[rows.clone()], &mut self.scores[rows.clone()]);
        let residuals = &mut self.residuals[rows.clone()];
        let curvatures = &mut self.curvatures[rows.clone()];
        let scratch = &mut self.scratch[rows.clone()];
        match self.loss {
            Loss::Log => log(targets, scores, residuals, curvatures, scratch),
            Loss::Squared => squared(targets, scores, residuals, curvatures, scratch),
        }
        if !self.weights.is_empty() {
            let weights = &self.weights[rows];
            multiply(residuals, weights);
            multiply(curvatures, weights);
        }
    }

    /// The weighted sum of the losses of all rows, each of which has been visited.
    #[inline(always)]
    pub(super) fn total(self) -> f64 {
        let rows = self.scores.len();
        let (scores, scratch) = (self.scores, &mut self.scratch[..rows]);
        if self.loss == Loss::Squared {
            if !self.weights.is_empty() {
                multiply(scratch, self.weights);
            }
            return sum(scratch);
        }
        if !self.weights.is_empty() {
            let weights = &self.weights[..rows];
            for i in 0..rows {
                scratch[i] = weights[i] * (scratch[i] + ln_1p(scores[i]));
            }
            return sum(scratch);
        }
        let hinges = sum(scratch);
        let mut left = rows;
        for _ in 0..3 {
            if left % 2 == 1 {
                // an odd one waits for the next round with a partner of 1 + 0
                left += 1;
                if left > rows {
                    break;
                }
                scores[left - 1] = 0.0;
            }
            left /= 2;
            let (one, other) = scores.split_at_mut(left);
            let other = &other[..left];
            for (a, b) in one.iter_mut().zip(other) {
                *a = a.mul_add(*b, *a + *b);
            }
        }
        let products = &mut scores[..left.min(rows)];
        for q in products.iter_mut() {
            *q = ln_1p(*q);
        }
        hinges + sum(products)
    }
}

/// The weighted sum of the losses of a block of rows, in one go.
pub(super) fn single(losses: Losses<'_>) -> f64 {
    ARCH.dispatch(losses)
}

impl WithSimd for Losses<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> f64 {
        self.visit(0..self.scores.len());
        self.total()
    }
}

/// The log loss but for its logarithm: `scores` becomes `e^-|m|` for the margin `m`, `hinges` its negative
/// part.
#[inline(always)]
fn log(
    targets: &[f64],
    scores: &mut [f64],
    residuals: &mut [f64],
    curvatures: &mut [f64],
    hinges: &mut [f64],
) {
    for i in 0..scores.len() {
        let sign = 2.0 * targets[i] - 1.0;
        let m = sign * scores[i];
        let e = exp_negative(-m.abs());
        let near = 1.0 / (1.0 + e);
        let far = e * near;
        let wrong = if m >= 0.0 { far } else { near };
        residuals[i] = -sign * wrong;
        curvatures[i] = near * far;
        hinges[i] = if m >= 0.0 { 0.0 } else { -m };
        scores[i] = e;
    }
}

#[inline(always)]
fn squared(
    targets: &[f64],
    scores: &[f64],
    residuals: &mut [f64],
    curvatures: &mut [f64],
    losses: &mut [f64],
) {
    for i in 0..scores.len() {
        let residual = scores[i] - targets[i];
        residuals[i] = residual;
        losses[i] = 0.5 * residual * residual;
    }
    curvatures.fill(1.0);
}

/// Turns the scores of several classes into probabilities and weighted residuals, and returns the
/// weighted sum of the losses.
///
/// See [`softmax_loss`](super::pointwise::softmax_loss) for the formulas.
///
/// # Shapes
/// - `scores`, `residuals`: `[classes × rows]`, class after class
/// - `codes`: `[rows]`, the classes as numbers; `weights`: `[rows]`, empty where all are 1
/// - `scratch`: `[4 × rows]`
pub(super) fn softmax(
    codes: &[f64],
    weights: &[f64],
    scores: &mut [f64],
    residuals: &mut [f64],
    scratch: &mut [f64],
) -> f64 {
    ARCH.dispatch(Softmax {
        codes,
        weights,
        scores,
        residuals,
        scratch,
    })
}

struct Softmax<'b> {
    codes: &'b [f64],
    weights: &'b [f64],
    scores: &'b mut [f64],
    residuals: &'b mut [f64],
    scratch: &'b mut [f64],
}

impl WithSimd for Softmax<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let rows = self.codes.len();
        let codes = self.codes;
        let (top, rest) = self.scratch.split_at_mut(rows);
        let (best, rest) = rest.split_at_mut(rows);
        let (own, others) = rest.split_at_mut(rows);
        let others = &mut others[..rows];
        // 1. The largest score of each row, whose it is, and that of the row's own class.
        top.fill(f64::NEG_INFINITY);
        best.fill(0.0);
        own.fill(0.0);
        for (k, scores) in self.scores.chunks_exact(rows).enumerate() {
            let k = k as f64;
            for i in 0..rows {
                let z = scores[i];
                best[i] = if z > top[i] { k } else { best[i] };
                top[i] = if z > top[i] { z } else { top[i] };
                own[i] = if codes[i] == k { z } else { own[i] };
            }
        }
        // 2. Exponentials, and the sum of all but the largest.
        others.fill(0.0);
        for (k, scores) in self.scores.chunks_exact_mut(rows).enumerate() {
            let k = k as f64;
            for i in 0..rows {
                let e = exp_negative(scores[i] - top[i]);
                scores[i] = e;
                others[i] += if best[i] == k { 0.0 } else { e };
            }
        }
        // 3. Losses; one over the sum of the exponentials.
        for i in 0..rows {
            own[i] = (top[i] - own[i]) + ln_1p(others[i]);
            top[i] = 1.0 / (1.0 + others[i]);
        }
        if !self.weights.is_empty() {
            multiply(own, self.weights);
        }
        // 4. Probabilities. A row's own residual is minus the sum of the others.
        others.fill(0.0);
        for (k, scores) in self.scores.chunks_exact_mut(rows).enumerate() {
            let k = k as f64;
            for i in 0..rows {
                let p = scores[i] * top[i];
                scores[i] = p;
                others[i] += if codes[i] == k { 0.0 } else { p };
            }
        }
        let classes = self.residuals.chunks_exact_mut(rows);
        for (k, (residuals, scores)) in classes.zip(self.scores.chunks_exact(rows)).enumerate() {
            let k = k as f64;
            for i in 0..rows {
                residuals[i] = if codes[i] == k { -others[i] } else { scores[i] };
            }
            if !self.weights.is_empty() {
                multiply(residuals, self.weights);
            }
        }
        sum(own)
    }
}

#[inline(always)]
fn multiply(values: &mut [f64], factors: &[f64]) {
    for (value, factor) in values.iter_mut().zip(factors) {
        *value *= factor;
    }
}

/// The sum in [`LANES`] interleaved parts.
#[inline(always)]
fn sum(values: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (fours, rest) = values.as_chunks::<LANES>();
    for four in fours {
        for (sum, value) in sums.iter_mut().zip(four) {
            *sum += value;
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += value;
    }
    total(sums)
}

#[cfg(test)]
mod tests {
    use super::super::pointwise::{log_loss, softmax_loss, squared_loss};
    use super::*;

    /// Loss, residuals and curvatures, in pieces of five rows.
    #[inline(always)]
    fn run(loss: Loss, scores: &[f64], targets: &[f64], weights: &[f64]) -> Vec<f64> {
        let rows = scores.len();
        let (mut scores, mut scratch) = (scores.to_vec(), vec![0.0; 4 * rows]);
        let (mut residuals, mut curvatures) = (vec![0.0; rows], vec![0.0; rows]);
        let mut losses = Losses {
            loss,
            targets,
            weights,
            scores: &mut scores,
            residuals: &mut residuals,
            curvatures: &mut curvatures,
            scratch: &mut scratch,
        };
        for from in (0..rows).step_by(5) {
            losses.visit(from..(from + 5).min(rows));
        }
        let total = losses.total();
        [vec![total], residuals, curvatures].concat()
    }

    /// Loss, residuals and probabilities.
    fn run_softmax<S: Simd>(simd: S, codes: &[f64], scores: &[f64], weights: &[f64]) -> Vec<f64> {
        let (mut scores, mut scratch) = (scores.to_vec(), vec![0.0; 4 * codes.len()]);
        let mut residuals = scores.clone();
        let total = simd.vectorize(Softmax {
            codes,
            weights,
            scores: &mut scores,
            residuals: &mut residuals,
            scratch: &mut scratch,
        });
        [vec![total], residuals, scores].concat()
    }

    struct Dispatched<'b>(Loss, &'b [f64], &'b [f64], &'b [f64]);

    impl WithSimd for Dispatched<'_> {
        type Output = Vec<f64>;

        fn with_simd<S: Simd>(self, _: S) -> Vec<f64> {
            run(self.0, self.1, self.2, self.3)
        }
    }

    struct DispatchedSoftmax<'b>(&'b [f64], &'b [f64], &'b [f64]);

    impl WithSimd for DispatchedSoftmax<'_> {
        type Output = Vec<f64>;

        fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
            run_softmax(simd, self.0, self.1, self.2)
        }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-15 * 16.0 * a.abs().max(b.abs())
    }

    #[test]
    fn one_output_is_the_formula_row_by_row() {
        for rows in [1, 2, 3, 6, 7, 8, 12, 20, 37, 128] {
            // near and far, right and wrong, and all of them nearly certain
            for (size, shift) in [(1.0, 0.0), (40.0, 0.0), (3.0, 45.0), (3.0, -45.0)] {
                let targets: Vec<f64> =
                    (0..rows).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
                let score =
                    |i: usize| (2.0 * targets[i] - 1.0) * (shift + size * (1.7 * i as f64).sin());
                let scores: Vec<f64> = (0..rows).map(score).collect();
                let all: Vec<f64> = (0..rows).map(|i| 0.5 + (i % 4) as f64).collect();
                for weights in [&[][..], &all] {
                    for loss in [Loss::Log, Loss::Squared] {
                        let found = run(loss, &scores, &targets, weights);
                        let wide = Dispatched(loss, &scores, &targets, weights);
                        assert_eq!(found, ARCH.dispatch(wide));
                        let mut total = 0.0;
                        for i in 0..rows {
                            let point = match loss {
                                Loss::Log => log_loss(scores[i], targets[i]),
                                Loss::Squared => squared_loss(scores[i], targets[i]),
                            };
                            let weight = weights.get(i).copied().unwrap_or(1.0);
                            total += weight * point.loss;
                            assert!(close(found[1 + i], weight * point.residual));
                            assert!(close(found[1 + rows + i], weight * point.curvature));
                        }
                        assert!(close(found[0], total), "{rows} {size} {shift} {loss:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn softmax_is_the_formula_row_by_row() {
        for (rows, classes) in [(1, 2), (7, 3), (16, 5), (128, 10)] {
            for size in [1.0, 30.0, 300.0] {
                let codes: Vec<f64> = (0..rows).map(|i| (i * 7 % classes) as f64).collect();
                let score = |at: usize| size * (0.9 * at as f64).sin();
                let scores: Vec<f64> = (0..rows * classes).map(score).collect();
                let all: Vec<f64> = (0..rows).map(|i| 0.5 + (i % 4) as f64).collect();
                for weights in [&[][..], &all] {
                    let found = run_softmax(pulp::Scalar, &codes, &scores, weights);
                    let wide = DispatchedSoftmax(&codes, &scores, weights);
                    assert_eq!(found, ARCH.dispatch(wide));
                    let mut total = 0.0;
                    for i in 0..rows {
                        let mut own: Vec<f64> =
                            (0..classes).map(|k| scores[k * rows + i]).collect();
                        let mut residuals = vec![0.0; classes];
                        let loss = softmax_loss(&mut own, i * 7 % classes, &mut residuals);
                        let weight = weights.get(i).copied().unwrap_or(1.0);
                        total += weight * loss;
                        for k in 0..classes {
                            assert!(close(found[1 + k * rows + i], weight * residuals[k]));
                            assert!(close(found[1 + (classes + k) * rows + i], own[k]));
                        }
                    }
                    assert!(close(found[0], total));
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        for rows in [1, 9] {
            let targets = vec![0.0; rows];
            let mut scores = vec![1.0; rows];
            for bad in [f64::NAN, f64::INFINITY] {
                scores[0] = bad;
                for loss in [Loss::Log, Loss::Squared] {
                    let found = Dispatched(loss, &scores, &targets, &[]);
                    assert!(!ARCH.dispatch(found)[0].is_finite());
                }
                let both = [scores.clone(), vec![0.0; rows]].concat();
                let found = ARCH.dispatch(DispatchedSoftmax(&targets, &both, &[]));
                assert!(found[..=2 * rows].iter().any(|x| !x.is_finite()));
            }
        }
    }
}
