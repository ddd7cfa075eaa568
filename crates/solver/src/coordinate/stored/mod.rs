//! Proximal Newton on sparse rows: nothing is copied, no matrix is held.

mod face;
mod model;

use dataset::Element;

use super::subgradient::{l1_change, subgradient};
use crate::minimize::{Iterate, Outlook, SolveError, Solver, confirmed_change};
use crate::objective::sparse::{Point, evaluate, scores, total};
use crate::objective::{HostObjective, Layout, Objective, ObjectiveError, Penalty, SparseRows};
use crate::tolerance::{
    ARMIJO, BACKTRACK, FLOOR_SCORE_CHANGE, LARGEST_MODEL_RESIDUAL, MAX_BACKTRACKS, MODEL_SWEEPS,
    POLISH_SHRINK, SMALLEST_MODEL_RESIDUAL,
};
use model::Model;

/// Proximal Newton on the stored numbers of sparse rows, for an L1 part over as many columns as there may be.
///
/// 1. The columns that may move are those whose coefficient is not zero or whose gradient is beyond the threshold `λα`.
/// 2. On them the quadratic model is minimised, to a part of the residual that falls as the optimum comes nearer:
///    sweeps of coordinate descent find the support, and steps of conjugate gradients within it, as long as no
///    coefficient changes its sign, do what sweeps do slowly where columns are correlated.
/// 3. The step is halved until the objective falls enough, as in [`Coordinate`](super::Coordinate). Scores are kept,
///    so that a trial costs no read of the columns.
/// 4. One pass over what is stored finds every column's gradient.
///
/// # References
/// Yuan, Ho and Lin (2012), "newGLMNET"; Lee, Sun and Saunders (2014); for conjugate gradients within a face Moré and
/// Toraldo (1991).
#[derive(Debug)]
pub(super) struct Stored<'a, T> {
    objective: HostObjective<'a, T>,
    tolerance: f64,
    /// Whether a minimum is known to exist.
    exists: bool,
}

/// What [`Stored`] carries from step to step.
#[derive(Debug, Clone)]
pub(super) struct StoredState {
    iterate: Iterate,
    /// `[outputs][rows]`
    scores: Vec<Vec<f64>>,
    point: Point,
    /// Of the loss.
    gradient: Vec<f64>,
    /// The largest subgradient before the last step; infinite at the start.
    before: f64,
    /// Sweeps that the coming model is worth.
    sweeps: usize,
}

/// Where a model leads.
struct Proposal {
    theta: Vec<f64>,
    /// `[outputs][rows]`: how the scores move.
    changes: Vec<Vec<f64>>,
    /// `Δ`: the slope along the step and the change of the L1 part.
    change: f64,
}

impl<'a, T: Element> Stored<'a, T> {
    /// For an objective over sparse rows; none for others.
    pub(super) fn new(
        objective: &HostObjective<'a, T>,
        tolerance: f64,
        exists: bool,
    ) -> Option<Self> {
        objective.sparse()?;
        Some(Self {
            objective: objective.clone(),
            tolerance: tolerance * objective.scale(),
            exists,
        })
    }

    /// The state of another penalty's solution, for this one.
    pub(super) fn carry(&self, mut state: StoredState) -> StoredState {
        state.iterate.objective = self.value(&state.iterate.theta, state.point.loss);
        state.iterate.gradient_max = self.gradient_max(&state.iterate.theta, &state.gradient);
        state.iterate.outlook = Outlook::Descending;
        state.iterate.step = 0.0;
        state.before = f64::INFINITY;
        state.sweeps = MODEL_SWEEPS.0;
        state
    }

    fn ground(&self) -> Result<Ground<'_>, ObjectiveError> {
        Ground::new(&self.objective)
    }

    fn value(&self, theta: &[f64], loss: f64) -> f64 {
        self.objective.finish_value(theta, loss)
    }

    fn gradient_max(&self, theta: &[f64], gradient: &[f64]) -> f64 {
        let weights = Weights::new(&self.objective);
        (0..theta.len()).fold(0.0, |most: f64, at| {
            let size = weights.slope(theta, gradient, at).abs();
            if size.is_nan() { size } else { most.max(size) }
        })
    }

    fn state(
        &self,
        ground: &Ground<'_>,
        theta: Vec<f64>,
        scores: Vec<Vec<f64>>,
        point: Point,
        step: f64,
    ) -> StoredState {
        let gradient = ground.gradient(&point);
        StoredState {
            iterate: Iterate {
                objective: self.value(&theta, point.loss),
                gradient_max: self.gradient_max(&theta, &gradient),
                theta,
                step,
                outlook: Outlook::Descending,
            },
            scores,
            point,
            gradient,
            before: f64::INFINITY,
            sweeps: MODEL_SWEEPS.0,
        }
    }

    /// The model's minimum, to a part of the residual.
    fn propose(
        &self,
        ground: &Ground<'_>,
        state: &StoredState,
        part: f64,
        sweeps: usize,
    ) -> Proposal {
        let from = &state.iterate.theta;
        let mut model = Model::new(ground, &state.point, &state.gradient, from);
        let tolerance = (part * state.iterate.gradient_max).max(0.25 * self.tolerance);
        let mut theta = model.minimize(tolerance, sweeps);
        if let Some(gauge) = self.objective.gauge() {
            gauge.project(&mut theta); // nothing else holds what is the same for all classes
        }
        let moved: Vec<f64> = theta.iter().zip(from).map(|(to, from)| to - from).collect();
        let weights = &ground.weights;
        let change = (0..theta.len())
            .filter(|&at| moved[at] != 0.0)
            .map(|at| {
                let (l1, l2) = weights.at(at);
                let slope = state.gradient[at] + l2 * from[at];
                slope * moved[at] + l1_change(from[at], theta[at], l1)
            })
            .sum();
        let layout = ground.layout;
        let changes = (0..layout.outputs)
            .map(|k| {
                let sparse = ground.sparse;
                sparse.multiply(layout.coefficients(&moved, k), layout.bias(&moved, k))
            })
            .collect();
        Proposal {
            theta,
            changes,
            change,
        }
    }

    /// Halves a step until the objective falls enough.
    fn backtrack(
        &self,
        ground: &Ground<'_>,
        state: &StoredState,
        proposal: &Proposal,
        noise: f64,
    ) -> Option<StoredState> {
        let value = state.iterate.objective;
        let mut length = 1.0;
        for _ in 0..MAX_BACKTRACKS {
            length *= BACKTRACK.1;
            if -length * proposal.change <= noise {
                return None;
            }
            let scores = moved(&state.scores, &proposal.changes, length);
            let point = evaluate(&self.objective, &scores);
            let theta: Vec<f64> = (state.iterate.theta.iter().zip(&proposal.theta))
                .map(|(from, to)| from + length * (to - from))
                .collect();
            if self.value(&theta, point.loss) <= value + ARMIJO * length * proposal.change {
                return Some(self.state(ground, theta, scores, point, length));
            }
        }
        None
    }
}

fn moved(scores: &[Vec<f64>], changes: &[Vec<f64>], length: f64) -> Vec<Vec<f64>> {
    let classes = scores.iter().zip(changes);
    classes
        .map(|(scores, changes)| {
            let rows = scores.iter().zip(changes);
            rows.map(|(z, change)| z + length * change).collect()
        })
        .collect()
}

/// The largest change of a score, or of a difference between a row's scores.
fn spread(changes: &[Vec<f64>]) -> f64 {
    let rows = changes.first().map_or(0, Vec::len);
    (0..rows).fold(0.0, |most: f64, at| {
        let first = changes[0][at];
        let (low, high) = changes.iter().fold((first, first), |(low, high), k| {
            (low.min(k[at]), high.max(k[at]))
        });
        most.max(if changes.len() == 1 {
            first.abs()
        } else {
            high - low
        })
    })
}

/// The penalty's weights by parameter.
#[derive(Debug, Clone, Copy)]
struct Weights {
    layout: Layout,
    penalty: Penalty,
}

impl Weights {
    fn new<T: Element>(objective: &HostObjective<'_, T>) -> Self {
        Self {
            layout: objective.layout(),
            penalty: objective.problem().penalty,
        }
    }

    /// Of the L1 and the L2 part, both zero for an intercept.
    fn at(&self, at: usize) -> (f64, f64) {
        if at % self.layout.stride() < self.layout.columns {
            (self.penalty.l1(), self.penalty.l2())
        } else {
            (0.0, 0.0)
        }
    }

    /// The subgradient of a parameter, from the gradient of the loss.
    fn slope(&self, theta: &[f64], gradient: &[f64], at: usize) -> f64 {
        let (l1, l2) = self.at(at);
        subgradient(gradient[at] + l2 * theta[at], theta[at], l1)
    }
}

/// What models are made of.
struct Ground<'o> {
    sparse: &'o SparseRows,
    layout: Layout,
    weights: Weights,
    /// `w/W` of the rows of several classes.
    shares: Vec<f64>,
    /// `W`
    total: f64,
}

impl<'o> Ground<'o> {
    fn new<T: Element>(objective: &'o HostObjective<'_, T>) -> Result<Self, ObjectiveError> {
        let (rows, total) = (objective.rows(), objective.total_weight());
        let share = |at: usize| {
            let weights = objective.problem().weights;
            weights.map_or(1.0, |w| w[rows.index(at)]) / total
        };
        let several = objective.layout().outputs > 1;
        Ok(Self {
            sparse: objective.sparse().ok_or(ObjectiveError::NoRows)?,
            layout: objective.layout(),
            weights: Weights::new(objective),
            shares: (0..if several { rows.len() } else { 0 })
                .map(share)
                .collect(),
            total,
        })
    }

    /// The gradient of the loss.
    fn gradient(&self, point: &Point) -> Vec<f64> {
        let layout = self.layout;
        let mut gradient = vec![0.0; layout.dimension()];
        for (k, residuals) in point.residuals.iter().enumerate() {
            let sum = total(residuals);
            let gradient = &mut gradient[layout.parameters(k)];
            let (columns, intercept) = gradient.split_at_mut(layout.columns);
            self.sparse.multiply_transposed(residuals, sum, columns);
            intercept.fill(sum);
        }
        for g in &mut *gradient {
            *g /= self.total;
        }
        gradient
    }
}

impl<T: Element> Solver for Stored<'_, T> {
    type State = StoredState;

    fn init(&self, objective: &dyn Objective, initial: &[f64]) -> Result<StoredState, SolveError> {
        let ground = self.ground()?;
        let mut theta = initial.to_vec();
        if let Some(gauge) = objective.gauge() {
            gauge.project(&mut theta);
        }
        let scores = scores(&self.objective, ground.sparse, &theta);
        let point = evaluate(&self.objective, &scores);
        Ok(self.state(&ground, theta, scores, point, 0.0))
    }

    fn step(
        &self,
        objective: &dyn Objective,
        mut state: StoredState,
    ) -> Result<StoredState, SolveError> {
        let ground = self.ground()?;
        let (value, now) = (state.iterate.objective, state.iterate.gradient_max);
        // 1. The model's minimum: the more exact, the more the last step gained.
        let part = (now / state.before).clamp(SMALLEST_MODEL_RESIDUAL, LARGEST_MODEL_RESIDUAL);
        let proposal = self.propose(&ground, &state, part, state.sweeps);
        let follows = |next: StoredState| StoredState {
            before: now,
            sweeps: (2 * state.sweeps).min(MODEL_SWEEPS.1),
            ..next
        };
        if !proposal.change.is_finite() || proposal.change > 0.0 {
            state.iterate.outlook = Outlook::Stalled;
            return Ok(state);
        }
        // 2. As far as the objective falls, or, where rounding hides that, the residual.
        let noise = objective.rounding() * value.abs();
        let near = -proposal.change <= objective.rounding().sqrt() * value.abs();
        let visible = -proposal.change > noise;
        let scores = moved(&state.scores, &proposal.changes, 1.0);
        let point = evaluate(&self.objective, &scores);
        let falls = self.value(&proposal.theta, point.loss) <= value + ARMIJO * proposal.change;
        if !(near || (visible && falls)) {
            if let Some(next) = self.backtrack(&ground, &state, &proposal, noise) {
                return Ok(follows(next));
            }
            state.iterate.outlook = Outlook::Stalled;
            return Ok(state);
        }
        let theta = proposal.theta.clone();
        let full = self.state(&ground, theta, scores, point, 1.0);
        let after = full.iterate.gradient_max;
        let full = follows(full);
        if visible && falls || after < POLISH_SHRINK * now {
            return Ok(full);
        }
        if visible && let Some(next) = self.backtrack(&ground, &state, &proposal, noise) {
            return Ok(follows(next));
        }
        let floor = spread(&proposal.changes) <= FLOOR_SCORE_CHANGE * objective.scale();
        if after < now {
            state = full;
        }
        state.iterate.outlook = if floor {
            Outlook::Floor
        } else {
            Outlook::Stalled
        };
        Ok(state)
    }

    fn iterate(state: &StoredState) -> &Iterate {
        &state.iterate
    }

    fn confirm(
        &self,
        objective: &dyn Objective,
        state: &mut StoredState,
        tolerance: f64,
    ) -> Result<bool, SolveError> {
        if self.exists {
            return Ok(true);
        }
        let ground = self.ground()?;
        let proposal = self.propose(&ground, state, SMALLEST_MODEL_RESIDUAL, MODEL_SWEEPS.1);
        Ok(spread(&proposal.changes) <= confirmed_change(objective, tolerance))
    }
}
