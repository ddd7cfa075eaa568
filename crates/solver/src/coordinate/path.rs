//! The whole penalty path, from the smallest penalty with no coefficient downwards.

use std::time::Instant;

use dataset::{DesignMatrix, Element};

use super::covariance::{Coordinate, CoordinateState};
use super::entry::{by_columns, exists, lost_class};
use super::gap::{DualityGap, duality_gap};
use super::stored::{Stored, StoredState};
use super::trail::Trail;
use super::wide::{Wide, WideState};
use crate::lbfgs::Lbfgs;
use crate::minimize::{Solution, SolveError, Status, Stop, descend, minimize};
use crate::newton::Newton;
use crate::objective::{HostObjective, Layout, Objective, Penalty, Problem};
use crate::tolerance::{
    NEWTON_PATH_PARAMETERS, SATURATED_DEVIANCE, SATURATED_GAIN, SMALLEST_PATH_RATIO,
};

/// Which penalties a [`path`] visits.
#[derive(Debug, Clone, PartialEq)]
pub enum Lambdas {
    /// `count` of them from `λmax` down to `ratio · λmax`, evenly spaced in the logarithm; without a ratio
    /// `1e-4` where there are more rows than columns, else `1e-2`.
    Auto {
        /// How many.
        count: usize,
        /// The last over the first, above 0 and below 1.
        ratio: Option<f64>,
    },
    /// These, in this order; warm starts need them to fall.
    Given(Vec<f64>),
}

/// How a [`path`] is followed.
#[derive(Debug, Clone)]
pub struct PathOptions<'a> {
    /// The penalties.
    pub lambdas: Lambdas,
    /// `α`, from 0 (ridge) to 1 (lasso).
    pub l1_ratio: f64,
    /// Bounds for every point's fit; the time limit is for the whole path.
    pub stop: Stop<'a>,
    /// Whether to end where a point explains 99.9% of the deviance or gains less than a hundred-thousandth of
    /// it over the one before, as glmnet does.
    pub saturation: bool,
    /// Whether to measure every point's duality gap, about three passes each.
    pub gaps: bool,
}

impl Default for PathOptions<'_> {
    /// A hundred penalties, lasso, glmnet's range, no early end, no gaps.
    fn default() -> Self {
        Self {
            lambdas: Lambdas::Auto {
                count: 100,
                ratio: None,
            },
            l1_ratio: 1.0,
            stop: Stop::default(),
            saturation: false,
            gaps: false,
        }
    }
}

/// One penalty's solution.
#[derive(Debug, Clone, PartialEq)]
pub struct PathPoint {
    /// `λ`.
    pub lambda: f64,
    /// The solution; its `gradient_max` is that of the subgradient of least size.
    pub solution: Solution,
    /// Columns with a coefficient that is not zero, in any class.
    pub nonzero: usize,
    /// `1 − loss / null loss`: the share of the null model's deviance that the point explains.
    pub deviance_ratio: f64,
    /// How far the objective is from its minimum, where it was asked for.
    pub gap: Option<DualityGap>,
}

/// Solutions along the penalties.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// One for each penalty, as far as the path went.
    pub points: Vec<PathPoint>,
    /// The smallest penalty with every coefficient zero (for ridge, glmnet's convention: that of
    /// `α = 0.001`).
    pub lambda_max: f64,
    /// The mean loss of the null model: intercepts and offsets alone.
    pub null_loss: f64,
    /// Whether every penalty was visited; not if the path was interrupted, ran out of time or saturated,
    /// or its objective has no minimum.
    pub complete: bool,
}

/// Follows the elastic net's solutions along a sequence of penalties, each from the one before.
///
/// With the gradient `∇L` of the mean loss at the null model, the first penalty is
/// `λmax = maxⱼ|∇ⱼL| / max(α, 0.001)` (Friedman, Hastie and Tibshirani 2010, §2.5).
///
/// The working set of a point begins with the columns that the sequential strong rule keeps,
/// `|∇ⱼL| ≥ α(2λ − λ₋)` at the solution for the penalty `λ₋` before (Tibshirani et al. 2012). The rule
/// can be wrong, so every column's gradient is looked at before a point counts as solved, and columns beyond
/// the threshold come back: every point meets the optimality conditions of the whole problem.
///
/// The penalty within `objective` is not used. For `α = 0` the points are found by Newton, or by L-BFGS where
/// there are many columns.
///
/// # Errors
/// As [`coordinate`](super::coordinate()), and
/// [`ObjectiveError::Lambda`](crate::ObjectiveError::Lambda) for a penalty or a ratio that makes no sense.
///
/// # Examples
/// Two uncorrelated columns of squared length `n`: each coefficient is the soft-thresholded mean product.
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Lambdas, PathOptions, Problem, TargetValues, path};
///
/// let design = DesignMatrix::new(4, 2, vec![1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0])?;
/// let target = [3.0, 2.0, -2.0, -3.0]; // mean products 2.5 and 0.5
/// let objective = HostObjective::new(Problem::new(&design, TargetValues::Linear(&target)))?;
/// let options = PathOptions { lambdas: Lambdas::Given(vec![3.0, 1.0, 0.25]), ..Default::default() };
/// let path = path(&objective, &options)?;
/// let found: Vec<&[f64]> = path.points.iter().map(|p| &p.solution.theta[..2]).collect();
/// assert_eq!(found, [[0.0, 0.0], [1.5, 0.0], [2.25, 0.25]]);
/// assert_eq!(path.lambda_max, 2.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn path<T: Element>(
    objective: &HostObjective<'_, T>,
    options: &PathOptions<'_>,
) -> Result<Path, SolveError> {
    let started = Instant::now();
    let penalty = |lambda: f64| Penalty {
        lambda,
        l1_ratio: options.l1_ratio,
    };
    let first = objective.with_penalty(penalty(1.0))?;
    // 1. The null model and the first penalty.
    let lost = lost_class(&first).is_some();
    let theta = if lost {
        vec![0.0; objective.dimension()]
    } else {
        null_model(objective, &options.stop)?
    };
    let loss = objective.with_penalty(Penalty::NONE)?;
    let mut gradient = vec![0.0; theta.len()];
    let null_loss = loss.gradient(&theta, &mut gradient)?;
    let layout = objective.layout();
    let lambda_max = first_lambda(layout, &gradient, options.l1_ratio);
    let mut path = Path {
        points: Vec::new(),
        lambda_max,
        null_loss,
        complete: false,
    };
    if lost {
        return Ok(path);
    }
    // 2. Every penalty from the solution before.
    let lambdas = sequence(&options.lambdas, lambda_max, objective)?;
    let mut walk = Walk {
        theta,
        trail: Trail::default(),
        before: lambda_max,
        stored: None,
        wide: None,
        covariance: None,
    };
    for lambda in lambdas {
        let objective = objective.with_penalty(penalty(lambda))?;
        let mut stop = options.stop;
        stop.time_limit = (stop.time_limit).map(|limit| limit.saturating_sub(started.elapsed()));
        let solution = walk.next(&objective, &stop)?;
        let value: f64 = (0..layout.outputs)
            .map(|k| {
                let penalty = objective.problem().penalty;
                penalty.value(layout.coefficients(&solution.theta, k))
            })
            .sum();
        let explained = 1.0 - (solution.objective - value) / null_loss;
        let gap = options
            .gaps
            .then(|| duality_gap(&objective, &solution.theta))
            .transpose()?;
        let status = solution.status;
        let gain = explained
            - path
                .points
                .last()
                .map_or(f64::NEG_INFINITY, |p| p.deviance_ratio);
        path.points.push(PathPoint {
            lambda,
            nonzero: nonzero(&objective, &solution.theta),
            deviance_ratio: if null_loss > 0.0 { explained } else { 0.0 },
            gap,
            solution,
        });
        let late = (options.stop.time_limit).is_some_and(|limit| started.elapsed() >= limit);
        let saturated = options.saturation
            && path.points.len() > 5
            && (explained > SATURATED_DEVIANCE || gain < SATURATED_GAIN * explained);
        let lost = matches!(
            status,
            Status::Interrupted | Status::Diverged | Status::Separated
        );
        if lost || late || saturated {
            return Ok(path);
        }
    }
    path.complete = true;
    Ok(path)
}

/// `λmax`, from the gradient of the mean loss at the null model.
pub(crate) fn first_lambda(layout: Layout, gradient: &[f64], l1_ratio: f64) -> f64 {
    let steepest = (0..gradient.len())
        .filter(|at| at % layout.stride() < layout.columns)
        .fold(0.0, |most: f64, at| most.max(gradient[at].abs()));
    steepest / l1_ratio.max(SMALLEST_PATH_RATIO)
}

/// What goes from one penalty to the next.
struct Walk {
    theta: Vec<f64>,
    trail: Trail,
    before: f64,
    stored: Option<StoredState>,
    wide: Option<WideState>,
    covariance: Option<(CoordinateState, Penalty)>,
}

impl Walk {
    fn next<T: Element>(
        &mut self,
        objective: &HostObjective<'_, T>,
        stop: &Stop<'_>,
    ) -> Result<Solution, SolveError> {
        let penalty = objective.problem().penalty;
        let strong = penalty.l1_ratio * (2.0 * penalty.lambda - self.before);
        self.before = penalty.lambda;
        let solution = if penalty.l1_ratio == 0.0 {
            let ahead = self.trail.ahead(penalty.lambda);
            let start = ahead.as_ref().unwrap_or(&self.theta);
            let solution = if objective.dimension() <= NEWTON_PATH_PARAMETERS {
                minimize(&Newton::default(), objective, start, stop)?
            } else {
                let lbfgs = Lbfgs::sized(objective.dimension());
                minimize(&lbfgs, objective, start, stop)?
            };
            self.trail.add(penalty.lambda, &solution.theta);
            solution
        } else if let Some(solver) =
            Stored::new(objective, stop.gradient_tolerance, exists(objective))
        {
            let state = match self.stored.take() {
                Some(state) => solver.carry(state),
                None => crate::Solver::init(&solver, objective, &self.theta)?,
            };
            let (solution, state) = descend(&solver, objective, state, stop, &mut |_| ())?;
            self.stored = Some(state);
            solution
        } else if by_columns(objective) {
            let mut solver = Wide::new(objective, stop.gradient_tolerance, exists(objective))?;
            solver.strong = strong;
            let state = match self.wide.take() {
                Some(state) => solver.carry(state),
                None => crate::Solver::init(&solver, objective, &self.theta)?,
            };
            let (solution, state) = descend(&solver, objective, state, stop, &mut |_| ())?;
            self.wide = Some(state);
            solution
        } else {
            let solver = Coordinate {
                selected: Some(objective),
                exists: exists(objective),
                strong,
            };
            let state = match self.covariance.take() {
                Some((state, before)) => state.carry(objective, objective, before, penalty),
                None => crate::Solver::init(&solver, objective, &self.theta)?,
            };
            let (solution, state) = descend(&solver, objective, state, stop, &mut |_| ())?;
            self.covariance = Some((state, penalty));
            solution
        };
        self.theta.clone_from(&solution.theta);
        Ok(solution)
    }
}

/// Intercepts alone, beside the offsets; zero without an intercept.
pub(crate) fn null_model<T: Element>(
    objective: &HostObjective<'_, T>,
    stop: &Stop<'_>,
) -> Result<Vec<f64>, SolveError> {
    let (problem, layout) = (objective.problem(), objective.layout());
    let mut theta = vec![0.0; layout.dimension()];
    if layout.intercept {
        let empty = DesignMatrix::<f64>::new(problem.design.rows(), 0, Vec::new());
        if let Ok(empty) = &empty {
            let intercepts = HostObjective::new(Problem {
                design: empty,
                target: problem.target,
                weights: problem.weights,
                offsets: problem.offsets,
                intercept: true,
                penalty: Penalty::NONE,
            })?;
            let start = vec![0.0; layout.outputs];
            let stop = Stop {
                gradient_tolerance: 0.0,
                ..*stop
            };
            let found = minimize(&Newton::default(), &intercepts, &start, &stop)?;
            for (k, intercept) in found.theta.iter().enumerate() {
                theta[k * layout.stride() + layout.columns] = *intercept;
            }
        }
    }
    Ok(theta)
}

fn sequence<T: Element>(
    lambdas: &Lambdas,
    lambda_max: f64,
    objective: &HostObjective<'_, T>,
) -> Result<Vec<f64>, SolveError> {
    match lambdas {
        Lambdas::Given(lambdas) => Ok(lambdas.clone()),
        Lambdas::Auto { count, ratio } => {
            let ratio = ratio.unwrap_or_else(|| usual_ratio(objective));
            if !(ratio > 0.0 && ratio < 1.0) {
                let error = crate::ObjectiveError::Lambda { lambda: ratio };
                return Err(error.into());
            }
            if lambda_max == 0.0 {
                // no column has anything to say at any penalty
                return Ok(vec![0.0; usize::from(*count > 0)]);
            }
            Ok(evenly(lambda_max, ratio, *count))
        }
    }
}

/// The last penalty over the first when nothing is said, as in glmnet.
pub(crate) fn usual_ratio<T: Element>(objective: &HostObjective<'_, T>) -> f64 {
    let rows = objective.rows();
    if rows.len() > rows.columns() {
        1e-4
    } else {
        1e-2
    }
}

/// Penalties that fall evenly in the logarithm, from the first to `ratio` of it.
pub(crate) fn evenly(first: f64, ratio: f64, count: usize) -> Vec<f64> {
    let last = count.saturating_sub(1).max(1) as f64;
    (0..count)
        .map(|i| first * ratio.powf(i as f64 / last))
        .collect()
}

fn nonzero<T: Element>(objective: &HostObjective<'_, T>, theta: &[f64]) -> usize {
    let layout = objective.layout();
    (0..layout.columns)
        .filter(|&j| (0..layout.outputs).any(|k| theta[k * layout.stride() + j] != 0.0))
        .count()
}
