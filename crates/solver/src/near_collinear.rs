//! Fits on differences of nearly equal columns.
//!
//! Where a column is nearly a combination of others, `x = a + Σ cₖxₖ + r` with a small rest `r`, the curvature
//! is too near singular for its rounding and no certificate can be given. The scores are the same functions of
//! the data with `r` in the place of `x`, and there the curvature is as good as any.

use std::ops::Range;

use dataset::{Element, RowSource, RowSourceError};

use crate::certificate::{Certificate, certify_held};
use crate::least_squares::compensated::{two_product, two_sum};
use crate::least_squares::system::unit;
use crate::minimize::{Solution, SolveError, Stop, largest, minimize};
use crate::newton::Newton;
use crate::objective::{HostObjective, Layout, Objective, Problem, TargetValues};
use crate::rank::{Dependence, near_dependences};
use crate::spread::Spread;
use crate::tolerance::UNIT_ROUNDOFF;

/// Fits an unpenalised problem with nearly dependent columns replaced by their rests; none where there are no
/// such columns, or where that yields no certificate either.
///
/// The rests are computed in twice the working precision and rounded once, as cells are, whenever a pass
/// asks for them. What rounding the parameters back to the original columns costs is added to the certificate.
pub(crate) fn fit_on_rests<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    stop: &Stop<'_>,
) -> Result<Option<(Solution, Certificate, Vec<Dependence>)>, SolveError> {
    // 1. The rows with rests in the place of columns.
    let near = near_dependences(objective)?;
    if near.is_empty() {
        return Ok(None);
    }
    let units: Vec<f64> = near.iter().map(|d| unit(d.residual)).collect();
    let problem = objective.problem();
    let rests = Rests {
        rows: problem.design,
        near: &near,
        units: &units,
    };
    let other = Problem {
        design: &rests,
        target: problem.target,
        weights: problem.weights,
        offsets: problem.offsets,
        intercept: problem.intercept,
        penalty: problem.penalty,
    };
    // a rest may be too large a number
    let Ok(other) = HostObjective::new(other) else {
        return Ok(None);
    };
    // 2. The optimum there.
    let map = Map {
        layout: objective.layout(),
        near: &near,
        units: &units,
    };
    let mut solution = minimize(&Newton::default(), &other, &map.there(theta), stop)?;
    let mut certificate = certify_held(&other, &solution.theta, &[])?;
    let Some(error) = certificate.score_error else {
        return Ok(None);
    };
    // 3. Back on the columns themselves.
    let spread = Spread::measure(objective.rows(), problem.intercept)?;
    let (theta, rounding) = map.back(&solution.theta, &spread.largest);
    let mut gradient = vec![0.0; theta.len()];
    solution.objective = objective.gradient(&theta, &mut gradient)?;
    solution.gradient_max = largest(&gradient);
    solution.theta = theta;
    let error = error + rounding;
    certificate.score_error = Some(error);
    certificate.gradient_max = solution.gradient_max;
    if !matches!(problem.target, TargetValues::Linear(_)) {
        certificate.probability_error = Some((0.25 * error).min(1.0));
    }
    let finite = solution.gradient_max.is_finite() && error.is_finite();
    Ok(finite.then_some((solution, certificate, near)))
}

/// The rows with `(x − a − Σ cₖxₖ) · unit` in the place of each column that is nearly dependent, computed
/// whenever they are asked for.
#[derive(Debug)]
struct Rests<'a, T> {
    rows: &'a dyn RowSource<T>,
    near: &'a [Dependence],
    units: &'a [f64],
}

impl<T: Element> RowSource<f64> for Rests<'_, T> {
    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn columns(&self) -> usize {
        self.rows.columns()
    }

    fn cells<'s>(
        &'s self,
        rows: Range<usize>,
        scratch: &'s mut Vec<f64>,
    ) -> Result<&'s [f64], RowSourceError> {
        let mut own = Vec::new();
        let cells = self.rows.cells(rows, &mut own)?;
        scratch.clear();
        scratch.extend(cells.iter().map(|x| x.to_f64()));
        for row in scratch.chunks_exact_mut(self.columns().max(1)) {
            for (dependence, unit) in self.near.iter().zip(self.units) {
                // no term is itself such a column, so all still hold what they held
                let (mut rest, mut error) = two_sum(row[dependence.column], -dependence.intercept);
                for &(k, c) in &dependence.terms {
                    let (product, low) = two_product(c, row[k]);
                    let (sum, left) = two_sum(rest, -product);
                    rest = sum;
                    error += left - low;
                }
                row[dependence.column] = (rest + error) * unit;
            }
        }
        Ok(scratch)
    }
}

/// Parameters of the columns from parameters of the rests, and the other way.
struct Map<'m> {
    layout: Layout,
    near: &'m [Dependence],
    units: &'m [f64],
}

impl Map<'_> {
    fn there(&self, theta: &[f64]) -> Vec<f64> {
        let mut theta = theta.to_vec();
        for theta in theta.chunks_exact_mut(self.layout.stride()) {
            for (dependence, unit) in self.near.iter().zip(self.units) {
                let moved = theta[dependence.column];
                for &(k, c) in &dependence.terms {
                    theta[k] += c * moved;
                }
                if self.layout.intercept {
                    theta[self.layout.columns] += dependence.intercept * moved;
                }
                theta[dependence.column] = moved / unit;
            }
        }
        theta
    }

    /// The parameters of the columns, and how far their rounding can move a score (or a difference of a
    /// row's scores), given the largest cells of the columns.
    fn back(&self, theta: &[f64], largest: &[f64]) -> (Vec<f64>, f64) {
        let mut theta = theta.to_vec();
        let mut worst = 0.0_f64;
        for theta in theta.chunks_exact_mut(self.layout.stride()) {
            // sizes of the terms that each parameter is the sum of
            let mut sizes: Vec<f64> = theta.iter().map(|t| t.abs()).collect();
            for (dependence, unit) in self.near.iter().zip(self.units) {
                let moved = theta[dependence.column] * unit;
                for &(k, c) in &dependence.terms {
                    theta[k] -= c * moved;
                    sizes[k] += (c * moved).abs();
                }
                if self.layout.intercept {
                    theta[self.layout.columns] -= dependence.intercept * moved;
                    sizes[self.layout.columns] += (dependence.intercept * moved).abs();
                }
                theta[dependence.column] = moved;
                sizes[dependence.column] = 0.0; // a power of two rounds nothing
            }
            let cells = largest.iter().copied().chain([1.0]);
            let moved: f64 = sizes.iter().zip(cells).map(|(size, x)| size * x).sum();
            worst = worst.max(moved);
        }
        let operations = 2.0 * self.near.len() as f64;
        let classes = if self.layout.outputs > 1 { 2.0 } else { 1.0 };
        (theta, classes * operations * UNIT_ROUNDOFF * worst)
    }
}
