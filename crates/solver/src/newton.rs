//! Newton's method: quadratic convergence from the exact curvature.

use faer::Mat;

use crate::factor::Factor;
use crate::line_search::{Trial, strong_wolfe};
use crate::minimize::{Iterate, Outlook, SolveError, Solver, confirmed_change};
use crate::objective::{Gauge, Objective};
use crate::tolerance::{
    ARMIJO, BACKTRACK, FLOOR_SCORE_CHANGE, MAX_BACKTRACKS, POLISH_SHRINK, SHORT_STEP,
};

/// Damped Newton with a backtracking line search.
///
/// 1. Solve `H h = −g` by Cholesky factorisation; where `H` is not positive definite, damp it.
/// 2. While the predicted decrease `½ν²`, `ν² = gᵀH⁻¹g`, stands above the objective's rounding:
///    halve the step until Armijo's condition holds. The full step is tried first, with its
///    gradient and curvature, since it is nearly always taken. Where less than [`SHORT_STEP`] of it is left,
///    the search goes on from there for the strong Wolfe conditions.
/// 3. Below that, or where rounding of the scores hides a decrease that is small anyway (its square
///    below the objective's rounding), differences of the objective are noise: take the full step as
///    long as it shrinks the gradient in the norm of `H⁻¹`, and then stop at the rounding floor.
///
/// A gradient within the tolerance is not taken as convergence until the coming step is seen to
/// leave every score nearly as it is: on separated data it would change some score by about one.
///
/// # References
/// Nocedal and Wright (2006), §3.1 and §3.4; Boyd and Vandenberghe (2004), §9.5.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Newton {}

/// What [`Newton`] carries from step to step.
#[derive(Debug, Clone)]
pub struct NewtonState {
    pub(crate) iterate: Iterate,
    pub(crate) gradient: Vec<f64>,
    curvature: Mat<f64>,
    direction: Option<Direction>,
}

/// The full step from the current point.
#[derive(Debug, Clone)]
pub(crate) struct Direction {
    pub(crate) step: Vec<f64>,
    /// `ν²`, also the negative slope along the step.
    pub(crate) squared_decrement: f64,
    pub(crate) factor: Factor,
}

impl Solver for Newton {
    type State = NewtonState;

    fn init(&self, objective: &dyn Objective, initial: &[f64]) -> Result<NewtonState, SolveError> {
        if objective.l1() > 0.0 {
            return Err(SolveError::NotSmooth { solver: "newton" });
        }
        let mut theta = initial.to_vec();
        if let Some(gauge) = objective.gauge() {
            // of all parameters with the same scores, those that sum to zero over classes have the
            // smallest ridge penalty, and steps from there stay there
            Gauge { from: 0, ..gauge }.project(&mut theta);
        }
        evaluate(objective, theta, 0.0)
    }

    fn step(
        &self,
        objective: &dyn Objective,
        mut state: NewtonState,
    ) -> Result<NewtonState, SolveError> {
        // 1. The direction.
        let Some(direction) = state.take_direction(objective) else {
            state.iterate.outlook = Outlook::Stalled;
            return Ok(state);
        };
        let full = evaluate(
            objective,
            moved(&state.iterate.theta, &direction.step, 1.0),
            1.0,
        )?;
        // 2. Far from the optimum: the objective must fall.
        if direction.predicted() > objective.rounding() * state.iterate.objective.abs()
            && let Some(next) = line_search(objective, &state, &direction, &full)?
        {
            return Ok(next);
        }
        // 3. Near it, or where the objective's noise hides the way: the gradient must shrink.
        polish(objective, state, &direction, full)
    }

    fn iterate(state: &NewtonState) -> &Iterate {
        &state.iterate
    }

    fn confirm(
        &self,
        objective: &dyn Objective,
        state: &mut NewtonState,
        tolerance: f64,
    ) -> Result<bool, SolveError> {
        if state.direction.is_none() {
            state.direction = state.direction(objective);
        }
        let limit = confirmed_change(objective, tolerance);
        match &state.direction {
            Some(direction) => direction.is_small(objective, limit),
            None => Ok(false),
        }
    }
}

impl NewtonState {
    /// The full step from here, computed once; none where the curvature is not finite.
    pub(crate) fn take_direction(&mut self, objective: &dyn Objective) -> Option<Direction> {
        self.direction.take().or_else(|| self.direction(objective))
    }

    /// Keeps a direction for the next step.
    pub(crate) fn keep_direction(&mut self, direction: Direction) {
        self.direction = Some(direction);
    }

    fn direction(&self, objective: &dyn Objective) -> Option<Direction> {
        let (mut curvature, mut gradient) = (self.curvature.clone(), self.gradient.clone());
        let gauge = objective.gauge();
        if let Some(gauge) = gauge {
            gauge.fix(&mut curvature);
            gauge.project(&mut gradient);
        }
        let factor = Factor::damped(&curvature)?;
        let mut step: Vec<f64> = factor.solve(&gradient).iter().map(|h| -h).collect();
        if let Some(gauge) = gauge {
            // where there is hardly any curvature, rounding would run away along the flat directions
            gauge.project(&mut step);
        }
        let squared_decrement = factor.squared_norm(&gradient);
        Some(Direction {
            step,
            squared_decrement,
            factor,
        })
    }
}

impl Direction {
    /// The decrease of the objective that its quadratic model predicts for the full step.
    fn predicted(&self) -> f64 {
        0.5 * self.squared_decrement
    }

    /// Whether the step, taken with an undamped curvature, changes no score by more than `limit`.
    pub(crate) fn is_small(
        &self,
        objective: &dyn Objective,
        limit: f64,
    ) -> Result<bool, SolveError> {
        if self.factor.damping > 0.0 {
            return Ok(false);
        }
        let change = objective.score_change(&self.step)?;
        Ok(change.unwrap_or(self.squared_decrement.sqrt()) <= limit)
    }
}

/// Value, gradient and curvature at `theta`.
pub(crate) fn evaluate(
    objective: &dyn Objective,
    theta: Vec<f64>,
    step: f64,
) -> Result<NewtonState, SolveError> {
    let mut gradient = vec![0.0; theta.len()];
    let mut curvature = Mat::new();
    let value = objective.curvature(&theta, &mut gradient, &mut curvature)?;
    Ok(NewtonState {
        iterate: Iterate::new(theta, value, &gradient, step),
        gradient,
        curvature,
        direction: None,
    })
}

pub(crate) fn moved(theta: &[f64], step: &[f64], length: f64) -> Vec<f64> {
    theta
        .iter()
        .zip(step)
        .map(|(t, h)| t + length * h)
        .collect()
}

/// Shortens the step until the objective falls by a part of what its slope promises; none where that
/// would be less than the objective's rounding.
fn line_search(
    objective: &dyn Objective,
    state: &NewtonState,
    direction: &Direction,
    full: &NewtonState,
) -> Result<Option<NewtonState>, SolveError> {
    let start = state.iterate.objective;
    let slope = -direction.squared_decrement;
    let noise = objective.rounding() * start.abs();
    let falls = |value: f64, length: f64| value <= start + ARMIJO * length * slope;
    if full.iterate.gradient_max.is_finite() && falls(full.iterate.objective, 1.0) {
        return Ok(Some(full.clone()));
    }
    let (mut length, mut value) = (1.0, full.iterate.objective);
    for _ in 0..MAX_BACKTRACKS {
        // the minimum of the parabola through the start, its slope and the last trial
        let parabola = -slope * length * length / (2.0 * (value - start - slope * length));
        let (shortest, longest) = (BACKTRACK.0 * length, BACKTRACK.1 * length);
        length = if parabola.is_finite() {
            parabola.clamp(shortest, longest)
        } else {
            shortest
        };
        if length * direction.predicted() <= noise {
            break;
        }
        let theta = moved(&state.iterate.theta, &direction.step, length);
        value = objective.value(&theta)?;
        if falls(value, length) {
            let (length, theta) = if length < SHORT_STEP {
                on_from(objective, state, direction, length)?.unwrap_or((length, theta))
            } else {
                (length, theta)
            };
            let next = evaluate(objective, theta, length)?;
            if next.iterate.gradient_max.is_finite() {
                return Ok(Some(next));
            }
        }
    }
    Ok(None)
}

/// A step of about this length to where the slope has changed.
///
/// Where every row is saturated the curvature is almost nothing and the step almost endless; a fall of the
/// objective at a tiny part of it may be far on either side of the rows that the step is about.
fn on_from(
    objective: &dyn Objective,
    state: &NewtonState,
    direction: &Direction,
    length: f64,
) -> Result<Option<(f64, Vec<f64>)>, SolveError> {
    let Iterate {
        theta,
        objective: value,
        ..
    } = &state.iterate;
    let start = Trial::start(theta, *value, &state.gradient, &direction.step);
    let found = strong_wolfe(objective, &start, &direction.step, length)?;
    Ok(found.map(|trial| (trial.length, trial.theta)))
}

/// Takes the full step if it shrinks the gradient; otherwise decides what the standstill means.
fn polish(
    objective: &dyn Objective,
    mut state: NewtonState,
    direction: &Direction,
    full: NewtonState,
) -> Result<NewtonState, SolveError> {
    let near = objective.rounding().sqrt() * state.iterate.objective.abs();
    let near = direction.predicted() <= near;
    let now = direction.squared_decrement;
    let then = direction.factor.squared_norm(&full.gradient);
    if near && then < POLISH_SHRINK * POLISH_SHRINK * now {
        return Ok(full);
    }
    let floor = near && direction.is_small(objective, FLOOR_SCORE_CHANGE * objective.scale())?;
    if near && then < now {
        state = full;
    }
    state.iterate.outlook = if floor {
        Outlook::Floor
    } else {
        Outlook::Stalled
    };
    Ok(state)
}
