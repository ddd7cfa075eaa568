//! Cholesky factors of curvatures, scaled to a unit diagonal.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{
    LltParams, LltRegularization, cholesky_in_place, cholesky_in_place_scratch,
};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Auto, Mat, Par, Spec};

use crate::tolerance::{
    EIGENVALUE_SHARE, EIGENVALUE_STEPS, EIGENVALUE_TRIALS, FIRST_DAMPING, LAST_DAMPING,
    smallest_pivot,
};

/// `S M S + τI = L Lᵀ` with `S` the inverse root of the diagonal of `M`.
///
/// The scaling makes pivots comparable whatever the units of the columns: it is within a factor
/// of the dimension of the best diagonal scaling (van der Sluis 1969).
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    scale: Vec<f64>,
    /// `L` in the lower triangle; above the diagonal still `S M S`, as one matrix of many columns is all
    /// that may be held.
    lower: Mat<f64>,
    /// The diagonal of `S M S`: one, but for components without curvature.
    diagonal: Vec<f64>,
    /// `τ`; zero where the matrix is positive definite beyond rounding.
    pub(crate) damping: f64,
}

impl Factor {
    /// Factors a symmetric matrix as it stands; `None` where it is not positive definite beyond
    /// rounding, or not finite.
    pub(crate) fn exact(matrix: Mat<f64>) -> Option<Self> {
        let mut factor = Self::scaled(matrix)?;
        factor.factorise(0.0).then_some(factor)
    }

    /// Factors a symmetric matrix with as little damping as it takes; `None` where it is not
    /// finite.
    pub(crate) fn damped(matrix: Mat<f64>) -> Option<Self> {
        let mut factor = Self::scaled(matrix)?;
        let mut damping = 0.0;
        while damping < LAST_DAMPING {
            if factor.factorise(damping) {
                return Some(factor);
            }
            damping = if damping == 0.0 {
                FIRST_DAMPING
            } else {
                10.0 * damping
            };
        }
        None
    }

    /// `S M S`, not yet factored; `None` where it is not finite.
    fn scaled(mut matrix: Mat<f64>) -> Option<Self> {
        let dimension = matrix.nrows();
        let root = |at: usize| {
            let d = matrix[(at, at)];
            if d > 0.0 { 1.0 / d.sqrt() } else { 1.0 }
        };
        let scale: Vec<f64> = (0..dimension).map(root).collect();
        for j in 0..dimension {
            for (m, s) in matrix.col_as_slice_mut(j).iter_mut().zip(&scale) {
                *m = *m * s * scale[j];
                if !m.is_finite() {
                    return None;
                }
            }
        }
        Some(Self {
            diagonal: (0..dimension).map(|at| matrix[(at, at)]).collect(),
            scale,
            lower: matrix,
            damping: 0.0,
        })
    }

    /// Factors `S M S + τI`, whatever was factored before; false where it is not positive definite beyond
    /// rounding.
    fn factorise(&mut self, damping: f64) -> bool {
        let dimension = self.scale.len();
        let smallest = smallest_pivot(dimension);
        self.damping = damping;
        self.cholesky(damping) && (0..dimension).all(|at| self.lower[(at, at)].powi(2) > smallest)
    }

    /// Puts the Cholesky factor of `S M S + τI` into the lower triangle; false where there is none.
    fn cholesky(&mut self, damping: f64) -> bool {
        let dimension = self.scale.len();
        for j in 0..dimension {
            self.lower[(j, j)] = self.diagonal[j] + damping;
            for i in j + 1..dimension {
                self.lower[(i, j)] = self.lower[(j, i)];
            }
        }
        let params: Spec<LltParams, f64> = <LltParams as Auto<f64>>::auto().into();
        let scratch = cholesky_in_place_scratch::<f64>(dimension, Par::Seq, params);
        cholesky_in_place(
            self.lower.as_mut(),
            LltRegularization::default(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            params,
        )
        .is_ok()
    }

    /// A number at most the smallest eigenvalue of `S M S` but for the rounding of a factorisation; none
    /// where that is not positive. `self` is the undamped factor of `M`, and is used up.
    ///
    /// Inverse iteration estimates the eigenvalue from above; a part of it is a lower bound if `S M S`
    /// less so much on the diagonal still has a Cholesky factor (Rump 2006).
    pub(crate) fn smallest_eigenvalue(mut self) -> Option<f64> {
        let mut x: Vec<f64> = (0..self.scale.len())
            .map(|at| (1.0 + at as f64).sin())
            .collect();
        let mut estimate = f64::INFINITY;
        for _ in 0..EIGENVALUE_STEPS {
            let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            // solve() is of M: S⁻¹ on both sides makes it that of S M S
            x.iter_mut()
                .zip(&self.scale)
                .for_each(|(x, s)| *x /= length * s);
            x = self.solve(&x);
            x.iter_mut().zip(&self.scale).for_each(|(x, s)| *x /= s);
            estimate = 1.0 / x.iter().map(|x| x * x).sum::<f64>().sqrt();
        }
        let tries = (1..=EIGENVALUE_TRIALS).map(|at| estimate * EIGENVALUE_SHARE.powi(at));
        let mut tries = tries.filter(|bound| bound.is_finite() && *bound > 0.0);
        tries.find(|bound| self.cholesky(-bound))
    }

    /// `(M + τS⁻²)⁻¹ rhs`.
    pub(crate) fn solve(&self, rhs: &[f64]) -> Vec<f64> {
        let mut x = self.half_solve(rhs);
        for at in (0..x.len()).rev() {
            let column = self.lower.col(at);
            let sum: f64 = (at + 1..x.len()).map(|i| column[i] * x[i]).sum();
            x[at] = (x[at] - sum) / column[at];
        }
        x.iter_mut().zip(&self.scale).for_each(|(x, s)| *x *= s);
        x
    }

    /// `L⁻¹ S rhs`, whose squared length is `rhsᵀ (M + τS⁻²)⁻¹ rhs`.
    pub(crate) fn half_solve(&self, rhs: &[f64]) -> Vec<f64> {
        let mut x: Vec<f64> = rhs.iter().zip(&self.scale).map(|(r, s)| r * s).collect();
        for at in 0..x.len() {
            let column = self.lower.col(at);
            x[at] /= column[at];
            for i in at + 1..x.len() {
                x[i] -= column[i] * x[at];
            }
        }
        x
    }

    /// `rhsᵀ (M + τS⁻²)⁻¹ rhs`.
    pub(crate) fn squared_norm(&self, rhs: &[f64]) -> f64 {
        self.half_solve(rhs).iter().map(|x| x * x).sum()
    }

    /// `L⁻¹`, of the scaled matrix.
    pub(crate) fn inverse_lower(&self) -> Mat<f64> {
        let mut inverse = Mat::zeros(self.lower.nrows(), self.lower.ncols());
        invert_lower_triangular(inverse.as_mut(), self.lower.as_ref(), Par::Seq);
        inverse
    }

    /// The diagonal of `S`.
    pub(crate) fn scale(&self) -> &[f64] {
        &self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_a_system_of_wildly_different_units() {
        // M = diag(1e6, 1e-6) [[2, 1], [1, 2]] diag(1e6, 1e-6); M x = rhs with x = (1e-6, 2e6)
        let matrix = Mat::from_fn(2, 2, |i, j| [[2e12, 1.0], [1.0, 2e-12]][i][j]);
        let factor = Factor::exact(matrix).unwrap();
        let x = factor.solve(&[4e6, 5e-6]);
        assert!((x[0] / 1e-6 - 1.0).abs() < 1e-14 && (x[1] / 2e6 - 1.0).abs() < 1e-14);
        assert!((factor.squared_norm(&[4e6, 5e-6]) - 14.0).abs() < 1e-12);
        let inverse = factor.inverse_lower();
        assert!((inverse[(0, 0)] - 1.0).abs() < 1e-15 && inverse[(0, 1)].abs() < 1e-300);
        assert!((factor.scale()[0] - 0.5_f64.sqrt() * 1e-6).abs() < 1e-20);
    }

    #[test]
    fn the_smallest_eigenvalue_is_bounded_from_below() {
        for correlation in [0.0, 0.5, 0.999, 1.0 - 1e-9] {
            let matrix = Mat::from_fn(3, 3, |i, j| {
                let units = [1e3, 1.0, 1e-5];
                units[i] * units[j] * if i == j { 1.0 } else { correlation }
            });
            let factor = Factor::exact(matrix).unwrap();
            let bound = factor.smallest_eigenvalue().unwrap();
            let exact = 1.0 - correlation;
            assert!(bound <= exact && bound > 0.4 * exact, "{bound:e} {exact:e}");
        }
    }

    #[test]
    fn a_singular_matrix_is_damped_and_a_broken_one_refused() {
        let ones = Mat::from_fn(3, 3, |_, _| 1.0);
        assert!(Factor::exact(ones.clone()).is_none());
        assert!(Factor::damped(ones).unwrap().damping > 0.0);
        assert!(Factor::damped(Mat::zeros(2, 2)).is_some());
        assert!(Factor::damped(Mat::from_fn(2, 2, |_, _| f64::NAN)).is_none());
    }
}
