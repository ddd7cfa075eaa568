//! Proximal Newton on working sets: many columns, or few rows.

use dataset::Element;

use super::columns::{Packed, sparse_scores};
use super::subgradient::subgradient;
use super::working::{Ground, Model, Observations, Point, Proposal};
use crate::minimize::{Iterate, Outlook, SolveError, Solver, confirmed_change};
use crate::objective::{HostObjective, Objective, ObjectiveError, Penalty};
use crate::tolerance::{
    ARMIJO, BACKTRACK, FLOOR_SCORE_CHANGE, LAGGED_CONTRACTION, MAX_BACKTRACKS, NEAR_THRESHOLD,
    PACKED_BYTES, PACKED_SHARE, POLISH_SHRINK, WORKING_STEPS,
};

/// Proximal Newton on copies of the columns that matter.
///
/// A step of this solver is one look at all columns:
///
/// 1. The working set is the nonzero coefficients' columns and those whose gradient is near or above the
///    threshold `λα`. They are copied column after column.
/// 2. Proximal Newton on them alone, to the tolerance, as [`Coordinate`](super::Coordinate) does it, with
///    the rows' scores kept up to date.
/// 3. One pass over all rows finds the gradient of all columns; columns beyond the threshold are new in
///    the next working set.
#[derive(Debug)]
pub(super) struct Wide<'a, T> {
    /// The loss alone.
    pub(super) loss: HostObjective<'a, T>,
    pub(super) observations: Observations,
    pub(super) penalty: Penalty,
    /// Where the working set's subgradient may stop.
    pub(super) tolerance: f64,
    /// Whether a minimum is known to exist.
    pub(super) exists: bool,
    /// Size of the gradient from which on a column is in the first working set; zero for the default.
    pub(super) strong: f64,
}

/// What [`Wide`] carries from step to step.
#[derive(Debug, Clone)]
pub(super) struct WideState {
    pub(super) iterate: Iterate,
    /// Of the loss.
    pub(super) gradient: Vec<f64>,
    loss: f64,
    packed: Packed,
    model: Option<Model>,
    started: bool,
}

/// How work on one set ended.
#[derive(Debug, Default)]
struct Ending {
    /// The largest subgradient in the set.
    residual: f64,
    /// Length of the last step.
    length: f64,
    /// Set where rounding, or a step that nobody can take, ended it: whether the scores nearly stand still.
    stuck: Option<bool>,
}

impl<'a, T: Element> Wide<'a, T> {
    pub(super) fn new(
        objective: &HostObjective<'a, T>,
        tolerance: f64,
        exists: bool,
    ) -> Result<Self, ObjectiveError> {
        Ok(Self {
            loss: objective.with_penalty(Penalty::NONE)?,
            observations: Observations::new(objective),
            penalty: objective.problem().penalty,
            tolerance: tolerance * objective.scale(),
            exists,
            strong: 0.0,
        })
    }

    /// The state of another penalty's solution, for this one.
    pub(super) fn carry(&self, mut state: WideState) -> WideState {
        let (value, loss) = (self.penalty_value(&state.iterate.theta), state.loss);
        state.iterate.objective = loss + value;
        state.iterate.gradient_max = self.gradient_max(&state.iterate.theta, &state.gradient);
        state.iterate.outlook = Outlook::Descending;
        state.iterate.step = 0.0;
        state.started = false;
        state
    }

    fn penalty_value(&self, theta: &[f64]) -> f64 {
        let layout = self.loss.layout();
        (0..layout.outputs)
            .map(|k| self.penalty.value(layout.coefficients(theta, k)))
            .sum()
    }

    fn l1_at(&self, at: usize) -> (f64, f64) {
        let layout = self.loss.layout();
        if at % layout.stride() < layout.columns {
            (self.penalty.l1(), self.penalty.l2())
        } else {
            (0.0, 0.0)
        }
    }

    /// The subgradient of every parameter.
    fn slope(&self, theta: &[f64], gradient: &[f64], at: usize) -> f64 {
        let (l1, l2) = self.l1_at(at);
        subgradient(gradient[at] + l2 * theta[at], theta[at], l1)
    }

    fn gradient_max(&self, theta: &[f64], gradient: &[f64]) -> f64 {
        (0..theta.len()).fold(0.0, |most: f64, at| {
            let size = self.slope(theta, gradient, at).abs();
            if size.is_nan() { size } else { most.max(size) }
        })
    }

    fn evaluate(
        &self,
        objective: &dyn Objective,
        mut theta: Vec<f64>,
        step: f64,
    ) -> Result<(Iterate, Vec<f64>, f64), SolveError> {
        if let Some(gauge) = objective.gauge() {
            gauge.project(&mut theta); // nothing else holds what is the same for all classes
        }
        let mut gradient = vec![0.0; theta.len()];
        let loss = self.loss.gradient(&theta, &mut gradient)?;
        let iterate = Iterate {
            objective: loss + self.penalty_value(&theta),
            gradient_max: self.gradient_max(&theta, &gradient),
            theta,
            step,
            outlook: Outlook::Descending,
        };
        Ok((iterate, gradient, loss))
    }

    /// Columns whose copies fit.
    fn capacity(&self) -> usize {
        let rows = self.loss.rows();
        let design = rows.len() * rows.columns() * size_of::<T>();
        let bytes = PACKED_BYTES + design / PACKED_SHARE;
        (bytes / (8 * rows.len().max(1))).max(2)
    }

    /// The columns to work on, in order.
    fn working_set(&self, state: &WideState) -> Vec<usize> {
        let (layout, theta) = (self.loss.layout(), &state.iterate.theta);
        let stride = layout.stride();
        let l1 = self.penalty.l1();
        let threshold = if !state.started && self.strong > 0.0 {
            self.strong.min(l1)
        } else {
            NEAR_THRESHOLD * l1
        };
        let parameters = |j: usize| (j..theta.len()).step_by(stride);
        let mut wanted: Vec<usize> = (0..stride)
            .filter(|&j| {
                j == layout.columns
                    || parameters(j)
                        .any(|at| theta[at] != 0.0 || state.gradient[at].abs() >= threshold)
            })
            .collect();
        let capacity = self.capacity();
        if wanted.len() > capacity {
            // as many as fit, of those that are furthest from where they should be
            let urgency = |j: usize| {
                parameters(j).fold(0.0, |most: f64, at| {
                    most.max(self.slope(theta, &state.gradient, at).abs())
                })
            };
            let mut order: Vec<(bool, f64, usize)> = (wanted.iter())
                .map(|&j| (j < layout.columns, -urgency(j), j))
                .collect();
            order.sort_by(|a, b| {
                (a.0.cmp(&b.0))
                    .then(a.1.total_cmp(&b.1))
                    .then(a.2.cmp(&b.2))
            });
            wanted = order[..capacity].iter().map(|&(_, _, j)| j).collect();
            wanted.sort_unstable();
        }
        wanted
    }

    fn ground<'w>(&'w self, objective: &dyn Objective, packed: &'w Packed) -> Ground<'w> {
        Ground {
            layout: self.loss.layout(),
            penalty: self.penalty,
            gauge: objective.gauge(),
            observations: &self.observations,
            packed,
        }
    }

    /// Columns of a working set that may move, given its subgradients.
    fn movable(&self, theta: &[f64], columns: &[usize], slopes: &[f64]) -> Vec<usize> {
        let layout = self.loss.layout();
        let moves = |i: usize, j: usize| {
            (0..layout.outputs).any(|k| {
                theta[k * layout.stride() + j] != 0.0 || slopes[k * columns.len() + i] != 0.0
            })
        };
        (columns.iter().enumerate())
            .filter(|&(i, &j)| j == layout.columns || moves(i, j))
            .map(|(_, &j)| j)
            .collect()
    }

    /// Minimises over a working set, whose columns are there.
    fn work(
        &self,
        objective: &dyn Objective,
        state: &mut WideState,
        columns: &[usize],
    ) -> Result<Ending, ObjectiveError> {
        let mut ending = Ending::default();
        let (packed, mut model) = (&state.packed, state.model.take());
        let ground = self.ground(objective, packed);
        let mut theta = state.iterate.theta.clone();
        let mut point = Point::new(&self.observations, sparse_scores(&self.loss, &theta)?);
        let mut value = point.loss + self.penalty_value(&theta);
        let mut slow = false;
        if let Some(model) = &mut model {
            model.fresh = false;
        }
        for _ in 0..WORKING_STEPS {
            // 1. Where the set stands.
            let slopes = ground.subgradients(&point, &theta, columns);
            ending.residual = (slopes.iter()).fold(0.0, |most: f64, s| most.max(s.abs()));
            if ending.residual <= self.tolerance {
                break;
            }
            // 2. A model's minimum.
            let movable = self.movable(&theta, columns, &slopes);
            let naive = !ground.holds(movable.len());
            let proposal = if naive {
                ground.propose_naively(&movable, &point, &theta)
            } else {
                let model = renew(&mut model, slow, &movable, || {
                    Model::measure(&self.observations, packed, &point, movable.clone())
                });
                ground.propose(model, &point, &theta)
            };
            if !proposal.change.is_finite() {
                ending.stuck = Some(false);
                break;
            }
            let fresh = naive || model.as_ref().is_some_and(|model| model.fresh);
            // 3. As far as the objective falls, or, where rounding hides that, the residual.
            let noise = objective.rounding() * value.abs();
            let near = -proposal.change <= objective.rounding().sqrt() * value.abs();
            let visible = -proposal.change > noise;
            let names = if naive {
                &movable
            } else {
                model.as_ref().map_or(&movable, |model| &model.columns)
            };
            let trial = Point::new(&self.observations, moved(&point, &proposal, 1.0));
            let then = trial.loss + self.penalty_value(&proposal.theta);
            let after = ground.residual(&trial, &proposal.theta, names, &proposal);
            let falls = then <= value + ARMIJO * proposal.change;
            if visible && falls || near && after < POLISH_SHRINK * proposal.residual {
                slow = after > LAGGED_CONTRACTION * proposal.residual;
                (point, theta, value, ending.length) = (trial, proposal.theta, then, 1.0);
            } else if !fresh {
                slow = true;
                continue;
            } else if visible
                && let Some((length, next, at)) =
                    self.backtrack(&point, &theta, value, noise, &proposal)
            {
                value = next.loss + self.penalty_value(&at);
                (point, theta, ending.length) = (next, at, length);
                slow = true;
            } else {
                ending.stuck =
                    Some(near && proposal.is_small(FLOOR_SCORE_CHANGE * objective.scale()));
                if near && after < proposal.residual {
                    theta = proposal.theta;
                }
                break;
            }
            if let Some(model) = &mut model {
                model.fresh = false;
            }
        }
        state.model = model;
        state.iterate.theta = theta;
        Ok(ending)
    }

    /// Halves a step until the objective falls enough: its length, and what is there.
    fn backtrack(
        &self,
        point: &Point,
        theta: &[f64],
        value: f64,
        noise: f64,
        proposal: &Proposal,
    ) -> Option<(f64, Point, Vec<f64>)> {
        let mut length = 1.0;
        for _ in 0..MAX_BACKTRACKS {
            length *= BACKTRACK.1;
            if -length * proposal.change <= noise {
                return None;
            }
            let trial = Point::new(&self.observations, moved(point, proposal, length));
            let at: Vec<f64> = (theta.iter().zip(&proposal.theta))
                .map(|(from, to)| from + length * (to - from))
                .collect();
            let then = trial.loss + self.penalty_value(&at);
            if then <= value + ARMIJO * length * proposal.change {
                return Some((length, trial, at));
            }
        }
        None
    }
}

/// The model, measured again where it is missing, slow, far too wide, or lacks a column.
fn renew<'m>(
    model: &'m mut Option<Model>,
    slow: bool,
    movable: &[usize],
    measure: impl FnOnce() -> Model,
) -> &'m Model {
    let serves = model.as_ref().is_some_and(|model| {
        let covers = (movable.iter()).all(|j| model.columns.binary_search(j).is_ok());
        (model.fresh || !slow) && covers && model.columns.len() <= 2 * movable.len() + 8
    });
    if !serves {
        *model = None;
    }
    model.get_or_insert_with(measure)
}

fn moved(point: &Point, proposal: &Proposal, length: f64) -> Vec<Vec<f64>> {
    let pairs = point.scores.iter().zip(&proposal.scores);
    pairs
        .map(|(from, change)| {
            (from.iter().zip(change))
                .map(|(z, change)| z + length * change)
                .collect()
        })
        .collect()
}

impl<T: Element> Solver for Wide<'_, T> {
    type State = WideState;

    fn init(&self, objective: &dyn Objective, initial: &[f64]) -> Result<WideState, SolveError> {
        let (iterate, gradient, loss) = self.evaluate(objective, initial.to_vec(), 0.0)?;
        let rows = self.loss.rows();
        Ok(WideState {
            iterate,
            gradient,
            loss,
            packed: Packed::new(rows.len(), rows.columns()),
            model: None,
            started: false,
        })
    }

    fn step(
        &self,
        objective: &dyn Objective,
        mut state: WideState,
    ) -> Result<WideState, SolveError> {
        // 1. The working set: with what the last model holds, so that it can serve again.
        let mut columns = self.working_set(&state);
        let capacity = self.capacity();
        if let Some(model) = &state.model {
            let mut both = columns.clone();
            both.extend(&model.columns);
            both.sort_unstable();
            both.dedup();
            if both.len() <= capacity.min(2 * columns.len()) {
                columns = both;
            } else {
                state.model = None;
            }
        }
        state.packed.pack(&self.loss, &columns, capacity)?;
        state.started = true;
        // 2. Work on it.
        let before = state.iterate.gradient_max;
        let ending = self.work(objective, &mut state, &columns)?;
        // 3. All columns.
        let theta = std::mem::take(&mut state.iterate.theta);
        (state.iterate, state.gradient, state.loss) =
            self.evaluate(objective, theta, ending.length)?;
        let layout = self.loss.layout();
        let outside = (0..state.gradient.len())
            .filter(|at| columns.binary_search(&(at % layout.stride())).is_err())
            .fold(0.0, |most: f64, at| {
                most.max(self.slope(&state.iterate.theta, &state.gradient, at).abs())
            });
        if let Some(still) = ending.stuck
            && outside <= ending.residual
            && state.iterate.gradient_max > POLISH_SHRINK * before
        {
            state.iterate.outlook = if still {
                Outlook::Floor
            } else {
                Outlook::Stalled
            };
        }
        Ok(state)
    }

    fn iterate(state: &WideState) -> &Iterate {
        &state.iterate
    }

    fn confirm(
        &self,
        objective: &dyn Objective,
        state: &mut WideState,
        tolerance: f64,
    ) -> Result<bool, SolveError> {
        if self.exists {
            return Ok(true);
        }
        let columns = self.working_set(state);
        state.packed.pack(&self.loss, &columns, self.capacity())?;
        let theta = &state.iterate.theta;
        let ground = self.ground(objective, &state.packed);
        let point = Point::new(&self.observations, sparse_scores(&self.loss, theta)?);
        let slopes = ground.subgradients(&point, theta, &columns);
        let movable = self.movable(theta, &columns, &slopes);
        let proposal = if ground.holds(movable.len()) {
            let model = Model::measure(&self.observations, &state.packed, &point, movable);
            ground.propose(&model, &point, theta)
        } else {
            ground.propose_naively(&movable, &point, theta)
        };
        let limit = confirmed_change(objective, tolerance);
        Ok(proposal.is_small(limit))
    }
}
