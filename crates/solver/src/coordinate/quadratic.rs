//! Coordinate descent on a quadratic model whose curvature is held as a matrix.

use faer::Mat;

use super::subgradient::{l1_change, soft_threshold, subgradient};
use crate::factor::Factor;
use crate::objective::submatrix;
use crate::tolerance::{FIRST_SWEEPS, INNER, MODEL_FACTORS, MODEL_ROUNDS, UNIT_ROUNDOFF};

/// `g·(t − t₀) + ½(t − t₀)ᵀH(t − t₀) + Σ l1ⱼ|tⱼ|` over some coordinates.
///
/// The minimiser is approached by cyclic coordinate descent with the gradient kept up to date
/// ("covariance updates", Friedman, Hastie and Tibshirani 2010, §2.2): an update costs one column of `H`.
/// Sweeps over all coordinates alternate with sweeps over those that are not zero. Where sweeps are slow, as
/// they are for correlated columns, the nonzero coordinates are solved for at once, with their signs held.
#[derive(Debug)]
pub(super) struct Quadratic<'m> {
    /// `H`, both triangles.
    pub(super) curvature: &'m Mat<f64>,
    /// `l1ⱼ`; zero for an intercept.
    pub(super) l1: &'m [f64],
}

impl Quadratic<'_> {
    /// The largest subgradient, each in units of the root of its coordinate's curvature, so that the
    /// columns' units do not matter.
    pub(super) fn residual(&self, theta: &[f64], gradient: &[f64]) -> f64 {
        (0..theta.len()).fold(0.0, |most: f64, at| {
            most.max(self.scaled(theta, gradient, at))
        })
    }

    fn scaled(&self, theta: &[f64], gradient: &[f64], at: usize) -> f64 {
        let h = self.curvature[(at, at)];
        if h > 0.0 {
            subgradient(gradient[at], theta[at], self.l1[at]).abs() / h.sqrt()
        } else {
            0.0 // nothing moves along a column of zeros
        }
    }

    /// Moves `theta`, and the model's gradient there, to where every subgradient is at most [`INNER`] of what
    /// the largest was, or rounding. Whether it got there.
    pub(super) fn minimize(&self, theta: &mut [f64], gradient: &mut [f64]) -> bool {
        let tolerance = INNER * self.residual(theta, gradient);
        if tolerance == 0.0 {
            return true;
        }
        let everything: Vec<usize> = (0..theta.len()).collect();
        for _ in 0..MODEL_ROUNDS {
            self.sweep(&everything, theta, gradient);
            if self.is_settled(&everything, theta, gradient, tolerance) {
                return true;
            }
            let support: Vec<usize> = (everything.iter().copied())
                .filter(|&at| theta[at] != 0.0 || self.l1[at] == 0.0)
                .collect();
            // as many sweeps as a factorisation costs
            let sweeps = FIRST_SWEEPS + support.len() / 6;
            let settled = (0..sweeps).any(|_| {
                self.sweep(&support, theta, gradient);
                self.is_settled(&support, theta, gradient, tolerance)
            });
            if !settled {
                let support: Vec<usize> = (support.into_iter())
                    .filter(|&at| theta[at] != 0.0 || self.l1[at] == 0.0)
                    .collect();
                self.solve(&support, theta, gradient);
            }
        }
        self.is_settled(&everything, theta, gradient, tolerance)
    }

    /// Whether no subgradient of some coordinates is above the tolerance and its own rounding.
    ///
    /// Rounding is judged one coordinate at a time: that of one with hardly any curvature is huge in units of its
    /// curvature's root, and says nothing of the others. What all share is what moving coordinates leaves in
    /// each other's gradients.
    fn is_settled(
        &self,
        coordinates: &[usize],
        theta: &[f64],
        gradient: &[f64],
        tolerance: f64,
    ) -> bool {
        let shared = (0..theta.len()).fold(0.0, |most: f64, at| {
            most.max(self.curvature[(at, at)].max(0.0).sqrt() * theta[at].abs())
        });
        coordinates.iter().all(|&at| {
            let found = self.scaled(theta, gradient, at);
            let own = (gradient[at].abs() + self.l1[at]) / self.curvature[(at, at)].sqrt();
            found <= tolerance || found <= 4.0 * UNIT_ROUNDOFF * (own + shared)
        })
    }

    /// Minimises over each of the coordinates in turn.
    fn sweep(&self, coordinates: &[usize], theta: &mut [f64], gradient: &mut [f64]) {
        for &at in coordinates {
            let h = self.curvature[(at, at)];
            if h > 0.0 {
                let to = soft_threshold(h * theta[at] - gradient[at], self.l1[at]) / h;
                self.shift(at, to, theta, gradient);
            }
        }
    }

    fn shift(&self, at: usize, to: f64, theta: &mut [f64], gradient: &mut [f64]) {
        let change = to - theta[at];
        if change != 0.0 && to.is_finite() {
            theta[at] = to;
            let column = self.curvature.col_as_slice(at);
            for (g, h) in gradient.iter_mut().zip(column) {
                *g += h * change;
            }
        }
    }

    /// Solves for the coordinates of the support as if their signs were known, and goes there, with those
    /// that would change sign put at zero: the whole way if that lowers the model; else to the first zero, which
    /// does, or beyond as long as that lowers it further, and on from there with those that are left.
    fn solve(&self, support: &[usize], theta: &mut [f64], gradient: &mut [f64]) {
        let mut support = support.to_vec();
        for _ in 0..MODEL_FACTORS {
            let Some(factor) = Factor::damped(&submatrix(self.curvature, &support)) else {
                return;
            };
            let slopes: Vec<f64> = (support.iter())
                .map(|&at| subgradient(gradient[at], theta[at], self.l1[at]))
                .collect();
            let step = factor.solve(&slopes);
            let crosses = |at: usize, to: f64| self.l1[at] > 0.0 && to * theta[at] <= 0.0;
            let clipped = |length: f64| -> Vec<f64> {
                (support.iter().zip(&step))
                    .map(|(&at, s)| {
                        let to = theta[at] - length * s;
                        if crosses(at, to) { 0.0 } else { to }
                    })
                    .collect()
            };
            // 1. The whole way.
            let whole = clipped(1.0);
            if self.change(&support, &whole, theta, gradient) <= 0.0 {
                self.move_to(&support, &whole, theta, gradient);
                return;
            }
            // 2. To the first zero, and beyond.
            let first = (support.iter().zip(&step)).fold(1.0, |least: f64, (&at, s)| {
                let length = theta[at] / s;
                let within = crosses(at, theta[at] - s) && length < least;
                if within { length } else { least }
            });
            let mut length = first * (1.0 + 4.0 * UNIT_ROUNDOFF); // so that the first is past zero
            let mut to = clipped(length);
            let mut lowest = self.change(&support, &to, theta, gradient);
            while length < 0.5 {
                length *= 2.0;
                let further = clipped(length);
                let change = self.change(&support, &further, theta, gradient);
                if change >= lowest {
                    break;
                }
                (to, lowest) = (further, change);
            }
            if lowest > 0.0 {
                return;
            }
            self.move_to(&support, &to, theta, gradient);
            let left = |&at: &usize| theta[at] != 0.0 || self.l1[at] == 0.0;
            support.retain(left);
        }
    }

    fn move_to(&self, support: &[usize], to: &[f64], theta: &mut [f64], gradient: &mut [f64]) {
        for (&at, &to) in support.iter().zip(to) {
            self.shift(at, to, theta, gradient);
        }
    }

    /// What the model changes by when the support moves.
    fn change(&self, support: &[usize], to: &[f64], theta: &[f64], gradient: &[f64]) -> f64 {
        let moves: Vec<(usize, f64)> = (support.iter().zip(to))
            .map(|(&at, to)| (at, to - theta[at]))
            .filter(|&(_, d)| d != 0.0)
            .collect();
        let corner: f64 = (support.iter().zip(to))
            .map(|(&at, &to)| l1_change(theta[at], to, self.l1[at]))
            .sum();
        let smooth: f64 = (moves.iter())
            .map(|&(i, d)| {
                let column = self.curvature.col_as_slice(i);
                let bend: f64 = moves.iter().map(|&(j, e)| column[j] * e).sum();
                d * (gradient[i] + 0.5 * bend)
            })
            .sum();
        let change = smooth + corner;
        if change.is_nan() {
            f64::INFINITY
        } else {
            change
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_diagonal_model_is_soft_thresholding() {
        let curvature = Mat::from_fn(3, 3, |i, j| if i == j { [2.0, 1.0, 0.0][i] } else { 0.0 });
        let model = Quadratic {
            curvature: &curvature,
            l1: &[0.5, 0.5, 0.5],
        };
        let (mut theta, mut gradient) = ([0.0; 3], [-2.5, 0.25, 0.0]);
        model.minimize(&mut theta, &mut gradient);
        assert_eq!(theta, [1.0, 0.0, 0.0]);
        assert_eq!(gradient, [-0.5, 0.25, 0.0]);
    }

    #[test]
    fn a_coordinate_of_hardly_any_curvature_loosens_no_other() {
        // the first holds still, and its slopes are rounded at 2e-9 in units of its curvature's root
        let curvature = Mat::from_fn(3, 3, |i, j| match (i, j) {
            (0, 0) => 1e-18,
            (0, _) | (_, 0) => 0.0,
            _ if i == j => 1.0,
            _ => 0.9,
        });
        let model = Quadratic {
            curvature: &curvature,
            l1: &[0.005, 0.0, 0.0],
        };
        let (mut theta, mut gradient) = ([0.0; 3], [1e-3, 1e-10, -1e-10]);
        assert!(model.minimize(&mut theta, &mut gradient));
        assert_eq!(theta[0], 0.0);
        assert!(gradient[1].abs().max(gradient[2].abs()) <= 1e-13);
    }

    #[test]
    fn nearly_equal_columns_are_solved_at_once() {
        // correlation 1 - 1e-9: plain sweeps would need billions
        let r = 1.0 - 1e-9;
        let curvature = Mat::from_fn(2, 2, |i, j| if i == j { 1.0 } else { r });
        let model = Quadratic {
            curvature: &curvature,
            l1: &[0.1, 0.1],
        };
        let solution = [3.0, 2.0];
        let mut gradient = [0.0; 2];
        for i in 0..2 {
            let bend: f64 = (0..2).map(|j| curvature[(i, j)] * solution[j]).sum();
            gradient[i] = -0.1 - bend;
        }
        let mut theta = [0.0; 2];
        // each call leaves a thousandth of the residual, as each step of the outer loop asks for
        for _ in 0..4 {
            model.minimize(&mut theta, &mut gradient);
        }
        for (found, expected) in theta.iter().zip(solution) {
            assert!((found - expected).abs() < 1e-5, "{theta:?}");
        }
    }
}
