//! Natural cubic splines of a number.

use serde::{Deserialize, Serialize};

use super::quantile::Quantiles;

/// A cubic polynomial between each two neighbouring knots, twice continuously differentiable, and
/// linear beyond the first and the last knot.
///
/// With the knots `ξ₁ < … < ξ_K` and `u = (x − ξ₁) / (ξ_K − ξ₁)`, likewise `u_j` of `ξ_j`, the
/// functions are `x` and, for `j = 1, …, K − 2`,
///
/// ```text
/// (ξ_K − ξ₁)·[ (u − u_j)³₊ − (u − u_{K−1})³₊·(1 − u_j)/(1 − u_{K−1}) + (u − 1)³₊·(u_{K−1} − u_j)/(1 − u_{K−1}) ]
/// ```
///
/// (Harrell 2015, Regression Modeling Strategies, §2.4.5, as `rcs` in R; Hastie, Tibshirani,
/// Friedman 2009, §5.2.1, have the same functions up to factors). Each is 0 up to its knot and has
/// the unit of `x`. Beyond the last knot the line is taken and not the cubes that cancel in it.
///
/// Knots that are not given are put at quantiles of the training rows that are as far from each
/// other as from the outer ones: 0.1 and 0.9 for 3 knots, 0.05 and 0.95 for 4 to 6, 0.025 and 0.975
/// for more (Harrell 2015, table 2.3). Where many cells are equal, quantiles fall together and there
/// are fewer knots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spline {
    /// The knots, ascending; three at least.
    pub knots: Vec<f64>,
}

impl Spline {
    /// Knots at quantiles; `None` where fewer than three are distinct.
    pub(super) fn at_quantiles(quantiles: &Quantiles, knots: usize) -> Option<Self> {
        let outer = match knots {
            0..=3 => 0.1,
            4..=6 => 0.05,
            _ => 0.025,
        };
        let share = |knot: usize| outer + (1.0 - 2.0 * outer) * knot as f64 / (knots - 1) as f64;
        let mut knots: Vec<f64> = (0..knots).map(|knot| quantiles.at(share(knot))).collect();
        knots.dedup();
        let spline = Self { knots };
        spline.is_sound().then_some(spline)
    }

    pub(super) fn functions(&self) -> usize {
        self.knots.len() - 1
    }

    /// The number itself, and the functions that are not linear.
    pub(super) fn evaluate(&self, number: f64, values: &mut Vec<f64>) {
        values.push(number);
        let [first, .., before, last] = self.knots[..] else {
            return;
        };
        let width = last - first;
        let unit = |x: f64| (x - first) / width;
        let (u, inner) = (unit(number), unit(before));
        let cube = |difference: f64| difference.max(0.0).powi(3);
        for &knot in &self.knots[..self.knots.len() - 2] {
            let knot = unit(knot);
            let value = if u <= 1.0 {
                cube(u - knot) - cube(u - inner) * (1.0 - knot) / (1.0 - inner)
            } else {
                // The value and the slope at the last knot.
                let (left, gap) = (1.0 - knot, 1.0 - inner);
                left * (left * left - gap * gap) + 3.0 * left * (inner - knot) * (u - 1.0)
            };
            values.push(value * width);
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        let outer = self.knots.first().zip(self.knots.last());
        self.knots.len() >= 3
            && self.knots.windows(2).all(|pair| pair[0] < pair[1])
            && outer.is_some_and(|(first, last)| (last - first).is_finite())
    }
}
