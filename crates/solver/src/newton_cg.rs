//! Truncated Newton: Newton's step by conjugate gradients, for as many columns as there may be.

use crate::line_search::{Trial, inner, strong_wolfe};
use crate::minimize::{Iterate, Outlook, SolveError, Solver, confirmed_change, largest};
use crate::newton::moved;
use crate::objective::{CurvatureProduct, Gauge, Objective};
use crate::tolerance::{
    CONFIRMED_RESIDUAL, FLOOR_SCORE_CHANGE, LARGEST_RESIDUAL, MAX_PRODUCTS, POLISH_SHRINK,
    SMALLEST_RESIDUAL,
};

/// Newton's method with inexact steps (scikit-learn's `newton-cg`).
///
/// 1. `H h = −g` is solved by conjugate gradients from products with the curvature alone, preconditioned by its
///    diagonal `D`, until the residual is at most `η‖g‖` in the norm of `D⁻¹`, with
///    `η = √‖g‖` between 0.02 and ¼: hardly solved far from the optimum, more exactly near it.
/// 2. A line search for the strong Wolfe conditions tries the full step first.
/// 3. Where the decrease that a step promises is below the objective's rounding, the full step is taken as long as
///    it halves the gradient, and then this is the rounding floor.
///
/// No matrix of parameters by parameters is held, and where rows are sparse a product costs one read of what is
/// stored. As in [`Newton`](crate::Newton), a gradient within the tolerance is not taken as convergence until the
/// coming step is seen to leave every score nearly as it is.
///
/// # Examples
/// ```
/// use dataset::{SparseDesign, SparseMatrix};
/// use solver::{HostObjective, NewtonCg, Penalty, Problem, Status, Stop, TargetValues, minimize};
///
/// let matrix = SparseMatrix::new(2, vec![0, 1, 2, 3, 4], vec![0, 1, 0, 1], vec![1.0; 4])?;
/// let design = SparseDesign::unscaled(matrix);
/// let objective = HostObjective::new(Problem {
///     penalty: Penalty::ridge(0.1),
///     ..Problem::new(&design, TargetValues::Binary(&[1.0, 0.0, 1.0, 0.0]))
/// })?;
/// let found = minimize(&NewtonCg::default(), &objective, &[0.0; 3], &Stop::default())?;
/// assert_eq!(found.status, Status::Converged);
/// assert!((found.theta[0] + found.theta[1]).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Nocedal and Wright (2006), algorithm 7.1; Dembo, Eisenstat and Steihaug (1982); Lin, Weng and Keerthi (2008).
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct NewtonCg {}

/// What [`NewtonCg`] carries from step to step.
#[derive(Debug, Clone)]
pub struct NewtonCgState {
    iterate: Iterate,
    gradient: Vec<f64>,
    /// The coming step, where it is known already.
    step: Option<Step>,
}

/// An inexact step of Newton's method.
#[derive(Debug, Clone)]
struct Step {
    direction: Vec<f64>,
    /// The inverse of the diagonal that norms are measured with.
    inverse: Vec<f64>,
}

impl Solver for NewtonCg {
    type State = NewtonCgState;

    fn init(&self, objective: &dyn Objective, initial: &[f64]) -> Result<Self::State, SolveError> {
        if objective.l1() > 0.0 {
            return Err(SolveError::NotSmooth {
                solver: "newton-cg",
            });
        }
        let mut theta = initial.to_vec();
        if let Some(gauge) = objective.gauge() {
            // gradients sum to zero over classes, and so do the steps
            Gauge { from: 0, ..gauge }.project(&mut theta);
        }
        let (iterate, gradient) = Iterate::start(objective, theta)?;
        Ok(NewtonCgState {
            iterate,
            gradient,
            step: None,
        })
    }

    fn step(
        &self,
        objective: &dyn Objective,
        mut state: Self::State,
    ) -> Result<Self::State, SolveError> {
        let step = match state.step.take() {
            Some(step) => step,
            None => state.solve(objective, None)?,
        };
        let slope = inner(&state.gradient, &step.direction);
        if slope.is_nan() || slope >= 0.0 {
            state.iterate.outlook = Outlook::Stalled;
            return Ok(state);
        }
        let Iterate {
            theta,
            objective: value,
            ..
        } = &state.iterate;
        let rounding = objective.rounding();
        // 1. Far from the optimum: the objective must fall.
        if -0.5 * slope > rounding * value.abs() {
            let start = Trial::start(theta, *value, &state.gradient, &step.direction);
            if let Some(trial) = strong_wolfe(objective, &start, &step.direction, 1.0)? {
                return Ok(NewtonCgState {
                    iterate: Iterate::new(trial.theta, trial.value, &trial.gradient, trial.length),
                    gradient: trial.gradient,
                    step: None,
                });
            }
        }
        // 2. Near it: the gradient must shrink.
        let full = moved(theta, &step.direction, 1.0);
        let mut gradient = vec![0.0; full.len()];
        let then = objective.gradient(&full, &mut gradient)?;
        let near = -0.5 * slope <= rounding.sqrt() * value.abs();
        let now = norm(&state.gradient, &step.inverse);
        let after = norm(&gradient, &step.inverse);
        let floor = near && {
            let change = objective.score_change(&step.direction)?;
            change.unwrap_or(largest(&step.direction)) <= FLOOR_SCORE_CHANGE * objective.scale()
        };
        let gained = near && after < POLISH_SHRINK * now;
        if near && after < now {
            state = NewtonCgState {
                iterate: Iterate::new(full, then, &gradient, 1.0),
                gradient,
                step: None,
            };
        }
        if !gained {
            state.iterate.outlook = if floor {
                Outlook::Floor
            } else {
                Outlook::Stalled
            };
        }
        Ok(state)
    }

    fn iterate(state: &Self::State) -> &Iterate {
        &state.iterate
    }

    fn confirm(
        &self,
        objective: &dyn Objective,
        state: &mut Self::State,
        tolerance: f64,
    ) -> Result<bool, SolveError> {
        let step = state.solve(objective, Some(CONFIRMED_RESIDUAL))?;
        let change = objective.score_change(&step.direction)?;
        let change = change.unwrap_or(largest(&step.direction));
        state.step = Some(step);
        Ok(change <= confirmed_change(objective, tolerance))
    }
}

impl NewtonCgState {
    /// The step from here, to a residual of at most this part of the gradient, or one by the gradient's own size.
    fn solve(&self, objective: &dyn Objective, part: Option<f64>) -> Result<Step, SolveError> {
        let Some(curvature) = objective.curvature_product(&self.iterate.theta)? else {
            return Err(SolveError::NoCurvatureProduct {
                solver: "newton-cg",
            });
        };
        let diagonal = curvature.diagonal()?;
        let mean = diagonal.iter().sum::<f64>() / diagonal.len().max(1) as f64;
        let least = f64::EPSILON * mean;
        // a column of zeros has no curvature, and nothing moves along it
        let inverse = |d: &f64| if *d > least { 1.0 / d } else { 0.0 };
        let inverse: Vec<f64> = diagonal.iter().map(inverse).collect();
        let forcing = (norm(&self.gradient, &inverse) / objective.scale()).sqrt();
        let part = part.unwrap_or(forcing.clamp(SMALLEST_RESIDUAL, LARGEST_RESIDUAL));
        let target: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        let mut direction = conjugate_gradients(curvature.as_ref(), &target, &inverse, part)?;
        if let Some(gauge) = objective.gauge() {
            gauge.project(&mut direction);
        }
        Ok(Step { direction, inverse })
    }
}

/// `√(Σ aᵢ²dᵢ)`.
fn norm(a: &[f64], inverse: &[f64]) -> f64 {
    let terms = a.iter().zip(inverse);
    terms.map(|(a, d)| a * a * d).sum::<f64>().sqrt()
}

/// Solves `H x = b`, from zero, until the residual is at most this part of `b` in the norm of the preconditioner.
///
/// Along a direction without curvature it stops with what it has.
fn conjugate_gradients(
    curvature: &dyn CurvatureProduct,
    b: &[f64],
    inverse: &[f64],
    part: f64,
) -> Result<Vec<f64>, SolveError> {
    let mut x = vec![0.0; b.len()];
    let mut r = b.to_vec();
    let mut p: Vec<f64> = r.iter().zip(inverse).map(|(r, d)| r * d).collect();
    let mut product = vec![0.0; b.len()];
    let mut squared = inner(&r, &p);
    let enough = squared * part * part;
    for _ in 0..MAX_PRODUCTS.min(2 * b.len() + 8) {
        if squared <= enough {
            break;
        }
        curvature.multiply(&p, &mut product)?;
        let bend = inner(&p, &product);
        if !(bend > 0.0 && bend.is_finite()) {
            break;
        }
        let length = squared / bend;
        let mut next = 0.0;
        for i in 0..x.len() {
            x[i] += length * p[i];
            r[i] -= length * product[i];
            next += r[i] * r[i] * inverse[i];
        }
        let keep = next / squared;
        for i in 0..x.len() {
            p[i] = r[i] * inverse[i] + keep * p[i];
        }
        squared = next;
    }
    Ok(x)
}
