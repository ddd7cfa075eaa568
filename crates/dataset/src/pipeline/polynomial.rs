//! Polynomials of a number that have nothing to do with each other.

use serde::{Deserialize, Serialize};

use super::scale::{Sum, moments};

/// Polynomials that are orthogonal over the training rows.
///
/// With `u = (x − center) / scale`, centred and scaled by the training rows,
///
/// ```text
/// p₀ = 1,   p₁ = u,   p_{d+1} = (u − α_d)·p_d − β_d·p_{d−1},
/// α_d = Σw·u·p_d² / Σw·p_d²,   β_d = Σw·p_d² / Σw·p_{d−1}²
/// ```
///
/// (Forsythe 1957, J. SIAM 5, 74–88; the same up to factors as `poly` in R). Powers of a number are
/// nearly collinear; these are uncorrelated, whatever the number's unit and zero, and span the same
/// functions. The column of degree 1 is the number itself; that of degree d is `p_d`, whose
/// coefficient is therefore one of `p_d` and not of `xᵈ`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Polynomial {
    /// The weighted mean of the training rows.
    pub center: f64,
    /// Their standard deviation.
    pub scale: f64,
    /// `α₁` and so on, up to one less than the degree.
    pub alpha: Vec<f64>,
    /// `β₁` and so on.
    pub beta: Vec<f64>,
}

impl Polynomial {
    /// Fits polynomials up to a degree, of numbers with at least `degree + 1` distinct values.
    pub(super) fn fit(numbers: &[f64], weights: Option<&[f64]>, degree: usize) -> Self {
        let (center, scale) = moments(numbers, weights);
        let mut polynomial = Self {
            center,
            scale,
            alpha: Vec::new(),
            beta: Vec::new(),
        };
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let units: Vec<f64> = numbers.iter().map(|&x| polynomial.unit(x)).collect();
        let mut before = vec![1.0; units.len()];
        let mut last = units.clone();
        let norm = |values: &[f64]| {
            let squares = values.iter().enumerate();
            let square = |(row, value): (usize, &f64)| weight(row) * value * value;
            squares.map(square).collect::<Sum>().value()
        };
        let mut norm_before = norm(&before);
        for _ in 1..degree {
            let norm_last = norm(&last);
            let rows = last.iter().zip(&units).enumerate();
            let moment = rows.map(|(row, (p, u))| weight(row) * u * p * p);
            let alpha = moment.collect::<Sum>().value() / norm_last;
            let beta = norm_last / norm_before;
            polynomial.alpha.push(alpha);
            polynomial.beta.push(beta);
            let next = units
                .iter()
                .zip(&last)
                .zip(&before)
                .map(|((u, last), before)| (u - alpha) * last - beta * before)
                .collect();
            (before, last) = (last, next);
            norm_before = norm_last;
        }
        polynomial
    }

    fn unit(&self, number: f64) -> f64 {
        super::scale::standardize(number, self.center, self.scale)
    }

    pub(super) fn degree(&self) -> usize {
        self.alpha.len() + 1
    }

    /// The number itself, and the polynomials of degree 2 and higher.
    pub(super) fn evaluate(&self, number: f64, values: &mut Vec<f64>) {
        let unit = self.unit(number);
        values.push(number);
        let (mut before, mut last) = (1.0, unit);
        for (alpha, beta) in self.alpha.iter().zip(&self.beta) {
            (before, last) = (last, (unit - alpha) * last - beta * before);
            values.push(last);
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        self.center.is_finite()
            && self.scale.is_finite()
            && self.scale > 0.0
            && self.alpha.len() == self.beta.len()
            && finite(&self.alpha)
            && finite(&self.beta)
    }
}
