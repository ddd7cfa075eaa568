//! The elastic-net penalty and its two conventions.

use serde::{Deserialize, Serialize};

use super::ObjectiveError;

/// `λ[(1−α)/2 · ‖β‖² + α · ‖β‖₁]` beside the *mean* loss; the intercept is never penalised.
///
/// This is glmnet's convention. scikit-learn minimises `Σ w ℓ + ½‖β‖²/C`, which is the same
/// problem for `λ = 1/(C·W)` with `W` the sum of the weights.
///
/// # Examples
/// ```
/// use solver::Penalty;
///
/// // scikit-learn's default C = 1 on 455 rows
/// let penalty = Penalty::from_c(1.0, 455.0);
/// assert_eq!(penalty.lambda, 1.0 / 455.0);
/// assert!((penalty.c(455.0).unwrap() - 1.0).abs() < 1e-15);
/// assert_eq!(Penalty::NONE.c(455.0), None);
/// ```
///
/// # References
/// Zou and Hastie (2005); Friedman, Hastie and Tibshirani (2010), equation 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Penalty {
    /// `λ`, from zero upwards.
    pub lambda: f64,
    /// `α`: 0 is ridge, 1 is lasso.
    pub l1_ratio: f64,
}

impl Penalty {
    /// No penalty.
    pub const NONE: Self = Self {
        lambda: 0.0,
        l1_ratio: 0.0,
    };

    /// A ridge penalty `λ/2 · ‖β‖²`.
    pub fn ridge(lambda: f64) -> Self {
        Self {
            lambda,
            l1_ratio: 0.0,
        }
    }

    /// The ridge penalty of scikit-learn's `C`, for rows of total weight `total_weight`:
    /// `λ = 1/(C·W)`.
    pub fn from_c(c: f64, total_weight: f64) -> Self {
        Self::ridge(1.0 / (c * total_weight))
    }

    /// scikit-learn's `C = 1/(λ·W)`; none without a penalty, where `C` would be infinite.
    pub fn c(&self, total_weight: f64) -> Option<f64> {
        (self.lambda > 0.0).then(|| 1.0 / (self.lambda * total_weight))
    }

    /// Weight of `½‖β‖²`: `λ(1−α)`.
    pub fn l2(&self) -> f64 {
        self.lambda * (1.0 - self.l1_ratio)
    }

    /// Weight of `‖β‖₁`: `λα`.
    pub fn l1(&self) -> f64 {
        self.lambda * self.l1_ratio
    }

    pub(crate) fn check(&self) -> Result<(), ObjectiveError> {
        if !(self.lambda.is_finite() && self.lambda >= 0.0) {
            return Err(ObjectiveError::Lambda {
                lambda: self.lambda,
            });
        }
        if !(0.0..=1.0).contains(&self.l1_ratio) {
            return Err(ObjectiveError::L1Ratio {
                l1_ratio: self.l1_ratio,
            });
        }
        Ok(())
    }

    /// The penalty of penalised coefficients.
    pub fn value(&self, coefficients: &[f64]) -> f64 {
        let squares: f64 = coefficients.iter().map(|b| b * b).sum();
        let absolute: f64 = coefficients.iter().map(|b| b.abs()).sum();
        0.5 * self.l2() * squares + self.l1() * absolute
    }

    /// Adds the penalty's gradient; at a coefficient of zero the L1 part adds zero, a subgradient.
    pub fn add_gradient(&self, coefficients: &[f64], gradient: &mut [f64]) {
        let (l1, l2) = (self.l1(), self.l2());
        for (g, &b) in gradient.iter_mut().zip(coefficients) {
            let sign = if b == 0.0 { 0.0 } else { b.signum() };
            *g += l2 * b + l1 * sign;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_computed_by_hand() {
        let penalty = Penalty {
            lambda: 0.5,
            l1_ratio: 0.2,
        };
        // 0.5 * (0.8/2 * (9 + 4) + 0.2 * 5) = 3.1
        assert!((penalty.value(&[3.0, -2.0]) - 3.1).abs() < 1e-15);
        let mut gradient = [0.0; 3];
        penalty.add_gradient(&[3.0, -2.0, 0.0], &mut gradient);
        assert!((gradient[0] - 1.3).abs() < 1e-15);
        assert!((gradient[1] + 0.9).abs() < 1e-15);
        assert!(gradient[2].abs() < 1e-300);
    }

    #[test]
    fn impossible_penalties_are_errors() {
        for lambda in [-1.0, f64::NAN, f64::INFINITY] {
            let error = Penalty::ridge(lambda).check().unwrap_err();
            assert!(matches!(error, ObjectiveError::Lambda { .. }));
        }
        for l1_ratio in [-0.1, 1.1, f64::NAN] {
            let error = Penalty {
                lambda: 1.0,
                l1_ratio,
            }
            .check()
            .unwrap_err();
            assert!(matches!(error, ObjectiveError::L1Ratio { .. }));
        }
    }
}
