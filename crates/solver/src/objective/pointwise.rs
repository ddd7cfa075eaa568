//! The loss of one row, with its derivatives by the score.
//!
//! Everything is written in terms of the margin or of differences of scores, so that no finite
//! score overflows, no probability needs an ε, and small losses and residuals keep their digits. The
//! losses of one output have no branches, so that loops over them become vector instructions.

#![expect(
    clippy::inline_always,
    reason = "a call from code compiled for wider vectors would leave them"
)]

use super::elementary::{exp_negative, ln_1p_fraction};

/// Loss of one row and its first two derivatives by the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pointwise {
    /// The loss, in nats (log loss) or squared target units (squared loss).
    pub loss: f64,
    /// First derivative: `p − y`, or `z − y`.
    pub residual: f64,
    /// Second derivative: `p(1 − p)`, or 1.
    pub curvature: f64,
}

/// `1/(1 + e⁻ᶻ)` without overflow.
///
/// # Examples
/// ```
/// use solver::objective::pointwise::sigmoid;
///
/// assert_eq!(sigmoid(0.0), 0.5);
/// assert_eq!(sigmoid(1000.0), 1.0);
/// assert_eq!(sigmoid(-1000.0), 0.0);
/// ```
pub fn sigmoid(z: f64) -> f64 {
    let e = (-z.abs()).exp();
    if z >= 0.0 {
        1.0 / (1.0 + e)
    } else {
        e / (1.0 + e)
    }
}

/// `log(1 + eᶻ)` without overflow.
pub fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// Binary log loss `log(1 + eᶻ) − y·z` of a score `z` and a target `y` of 0 or 1.
///
/// With the margin `m = (2y − 1)z` this is `softplus(−m)`, the residual `p − y` is
/// `−(2y − 1)·sigmoid(−m)` and the curvature `p(1 − p)` is `sigmoid(m)·sigmoid(−m)`: no
/// subtraction of nearly equal numbers in any of them.
///
/// # Examples
/// ```
/// use solver::objective::pointwise::log_loss;
///
/// let row = log_loss(0.0, 1.0);
/// assert_eq!(row.loss, 2.0_f64.ln());
/// assert_eq!((row.residual, row.curvature), (-0.5, 0.25));
/// ```
#[inline(always)]
pub fn log_loss(z: f64, y: f64) -> Pointwise {
    let sign = 2.0 * y - 1.0;
    let m = sign * z;
    let e = exp_negative(-m.abs());
    let near = 1.0 / (1.0 + e);
    let far = e * near;
    let wrong = if m >= 0.0 { far } else { near };
    Pointwise {
        loss: (-m).max(0.0) + ln_1p_fraction(e),
        residual: -sign * wrong,
        curvature: near * far,
    }
}

/// Squared loss `½(y − z)²`.
///
/// # Examples
/// ```
/// use solver::objective::pointwise::squared_loss;
///
/// let row = squared_loss(3.0, 1.0);
/// assert_eq!((row.loss, row.residual, row.curvature), (2.0, 2.0, 1.0));
/// ```
#[inline(always)]
pub fn squared_loss(z: f64, y: f64) -> Pointwise {
    let residual = z - y;
    Pointwise {
        loss: 0.5 * residual * residual,
        residual,
        curvature: 1.0,
    }
}

/// Softmax log loss `log Σₖ e^{zₖ} − z_y`: turns `scores` into the probabilities `pₖ`, and writes
/// the residuals `pₖ − [k = y]`.
///
/// The largest score of the row is taken out first. The residual of the row's own class is minus
/// the sum of the other probabilities, so that it keeps its digits when the row is nearly certain.
///
/// # Shapes
/// - `scores`, `residuals`: `[classes]`; `class` is below `classes`
/// - returns: the loss, in nats
///
/// # Panics
/// When `class` is not an index of `scores`, or `residuals` is shorter.
///
/// # Examples
/// ```
/// use solver::objective::pointwise::softmax_loss;
///
/// let (mut scores, mut residuals) = ([1000.0, 1000.0], [0.0; 2]);
/// let loss = softmax_loss(&mut scores, 0, &mut residuals);
/// assert_eq!(loss, 2.0_f64.ln());
/// assert_eq!((scores, residuals), ([0.5, 0.5], [-0.5, 0.5]));
/// ```
#[inline]
pub fn softmax_loss(scores: &mut [f64], class: usize, residuals: &mut [f64]) -> f64 {
    let (mut top, mut largest) = (0, scores[0]);
    for (k, &z) in scores.iter().enumerate() {
        if z > largest {
            (top, largest) = (k, z);
        }
    }
    let gap = largest - scores[class];
    let mut rest = 0.0;
    for (k, z) in scores.iter_mut().enumerate() {
        *z = (*z - largest).exp();
        if k != top {
            rest += *z;
        }
    }
    let total = 1.0 + rest;
    let mut others = 0.0;
    for (k, p) in scores.iter_mut().enumerate() {
        *p /= total;
        residuals[k] = *p;
        if k != class {
            others += *p;
        }
    }
    residuals[class] = -others;
    gap + rest.ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_finite_score_overflows() {
        for z in [0.0, 1e-300, 1.0, 36.0, 710.0, 1e300, f64::MAX] {
            for z in [z, -z] {
                for y in [0.0, 1.0] {
                    let row = log_loss(z, y);
                    assert!(row.loss.is_finite() && row.loss >= 0.0, "{z} {y}");
                    assert!(row.residual.abs() <= 1.0 && row.curvature <= 0.25);
                }
                assert!(softplus(z).is_finite() && (0.0..=1.0).contains(&sigmoid(z)));
            }
        }
    }

    #[test]
    fn tails_keep_their_digits() {
        // mpmath 1.3: log(1 + exp(-40)) and 1/(1 + exp(40))
        let row = log_loss(40.0, 1.0);
        assert!((row.loss / 4.248_354_255_291_589e-18 - 1.0).abs() < 1e-14);
        assert!((row.residual / -4.248_354_255_291_589e-18 - 1.0).abs() < 1e-14);
        // e^-40 = 4.248354255291589e-18, and log1p of it differs only in the 18th digit
        let (mut scores, mut residuals) = ([40.0, 0.0, 0.0], [0.0; 3]);
        let loss = softmax_loss(&mut scores, 0, &mut residuals);
        assert!((loss / 8.496_708_510_583_178e-18 - 1.0).abs() < 1e-14);
        assert!((residuals[0] / -8.496_708_510_583_178e-18 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn softmax_of_two_classes_is_the_binary_loss() {
        for z in [-30.0, -1.5, 0.0, 0.3, 8.0] {
            let (mut scores, mut residuals) = ([5.0, 5.0 + z], [0.0; 2]);
            let loss = softmax_loss(&mut scores, 1, &mut residuals);
            let row = log_loss(z, 1.0);
            assert!((loss - row.loss).abs() <= 1e-14 * row.loss);
            assert!((residuals[1] - row.residual).abs() <= 1e-14 * row.residual.abs());
            assert!((scores[0] * scores[1] - row.curvature).abs() <= 1e-14 * row.curvature);
        }
    }

    #[test]
    fn the_largest_score_is_taken_per_row() {
        // the mistake of a global maximum gives 965.5 here
        let (mut scores, mut residuals) = ([0.0, 0.0], [0.0; 2]);
        assert!(
            (softmax_loss(&mut scores, 0, &mut residuals) - std::f64::consts::LN_2).abs() < 1e-16
        );
    }

    #[test]
    fn derivatives_agree_with_central_differences() {
        for z in [-3.0, -0.2, 0.0, 1.7] {
            for y in [0.0, 1.0] {
                let h = 1e-5;
                let (up, down) = (log_loss(z + h, y), log_loss(z - h, y));
                let row = log_loss(z, y);
                assert!(((up.loss - down.loss) / (2.0 * h) - row.residual).abs() < 1e-9);
                assert!(((up.residual - down.residual) / (2.0 * h) - row.curvature).abs() < 1e-9);
            }
        }
    }
}
