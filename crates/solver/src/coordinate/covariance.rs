//! Proximal Newton over any objective: a quadratic model, coordinate descent on it, a line search.

use std::fmt;

use faer::Mat;

use super::quadratic::Quadratic;
use super::subgradient::{l1_change, subgradient};
use super::within;
use crate::minimize::{Iterate, Outlook, SolveError, Solver, confirmed_change};
use crate::objective::{Objective, ObjectiveError, Penalty};
use crate::tolerance::{
    ARMIJO, BACKTRACK, FIRST_WORKING_COLUMNS, FLOOR_SCORE_CHANGE, LAGGED_CONTRACTION,
    MAX_BACKTRACKS, NEAR_THRESHOLD, POLISH_SHRINK, WORKING_COLUMNS,
};

/// Proximal Newton with coordinate descent, for objectives with an L1 part (and those without).
///
/// 1. At `θ` the smooth part of the objective (loss and ridge) is replaced by `g·h + ½hᵀHh`; the L1 part
///    stays as it is. Coordinate descent minimises that, to a thousandth of the residual at `θ`. Coefficients
///    that it puts at zero are exactly zero.
/// 2. With `Δ = g·h + λα(‖β + h‖₁ − ‖β‖₁)`, negative and the model of the decrease, the step is halved
///    until the objective falls by `10⁻⁴Δ` a length (Tseng and Yun 2009). The full step is tried first.
/// 3. `H` is measured again only where the last step left more than [`LAGGED_CONTRACTION`] of the residual
///    or did not lower the objective: most steps cost one pass for the gradient.
/// 4. Where `Δ` is below the objective's rounding, steps are taken as long as they halve the residual, and
///    then this is the rounding floor.
///
/// `gradient_max` is the largest component of the subgradient of least size: for a coefficient at zero
/// `max(|g| − λα, 0)`. The curvature is held whole, `[dimension × dimension]`, unless the rows are in host
/// memory ([`coordinate`](super::coordinate())), where it is that of a working set of columns.
///
/// Under a pure L1 penalty a multinomial with an even number of classes leaves some freedom: a number added to a
/// column's coefficient in every class changes no probability, and the penalty only asks that zero lies
/// between the two middle ones of them. An odd number of classes has its median at zero; a ridge part makes it
/// unique. Intercepts sum to zero over classes.
///
/// # Examples
/// With one column, `x = ±1` and `y = 0, 1`, the optimum is known: `½(1 − tanh(β/2)) = λ`.
/// ```
/// use dataset::DesignMatrix;
/// use solver::{Coordinate, HostObjective, Penalty, Problem, Status, Stop, TargetValues, minimize};
///
/// let design = DesignMatrix::new(2, 1, vec![-1.0, 1.0])?;
/// let objective = HostObjective::new(Problem {
///     penalty: Penalty { lambda: 0.1, l1_ratio: 1.0 },
///     ..Problem::new(&design, TargetValues::Binary(&[0.0, 1.0]))
/// })?;
/// let found = minimize(&Coordinate::default(), &objective, &[0.0; 2], &Stop::default())?;
/// assert_eq!(found.status, Status::Converged);
/// assert!((0.5 * (1.0 - (0.5 * found.theta[0]).tanh()) - 0.1).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Lee, Sun and Saunders (2014); Friedman, Hastie and Tibshirani (2010).
#[derive(Clone, Copy, Default)]
pub struct Coordinate<'s> {
    /// Measures the curvature of some columns; without it, that of all is measured.
    pub(super) selected: Option<&'s dyn Selected>,
    /// Whether a minimum is known to exist.
    pub(super) exists: bool,
    /// Size of the gradient from which on a column is in the first working set; zero for the default.
    pub(super) strong: f64,
}

impl fmt::Debug for Coordinate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coordinate")
            .field("selected", &self.selected.is_some())
            .field("exists", &self.exists)
            .finish_non_exhaustive()
    }
}

/// Curvatures of some columns.
pub(super) trait Selected {
    /// Parameters per class.
    fn stride(&self) -> usize;

    /// Columns, without the intercept.
    fn columns(&self) -> usize;

    /// The curvature over the given columns (the number of columns itself stands for the intercept) of
    /// every class, class after class, ridge part included.
    ///
    /// # Errors
    /// [`ObjectiveError::Rows`] where the source of the rows fails.
    fn curvature(&self, theta: &[f64], columns: &[usize]) -> Result<Mat<f64>, ObjectiveError>;
}

/// What [`Coordinate`] carries from step to step.
#[derive(Debug, Clone)]
pub struct CoordinateState {
    iterate: Iterate,
    /// Of the smooth part.
    pub(super) gradient: Vec<f64>,
    model: Option<Model>,
    /// Whether the last step left too much.
    slow: bool,
    /// Whether the first working set is behind it.
    started: bool,
}

#[derive(Debug, Clone)]
struct Model {
    /// The parameters that can move.
    coordinates: Vec<usize>,
    curvature: Mat<f64>,
    /// Whether it was measured at the current parameters.
    fresh: bool,
}

/// The model's minimiser.
struct Step {
    theta: Vec<f64>,
    /// `Δ`, at most zero.
    change: f64,
    /// Whether this is the model's minimum, and not just where work on it ended.
    solved: bool,
}

impl Solver for Coordinate<'_> {
    type State = CoordinateState;

    fn init(&self, objective: &dyn Objective, initial: &[f64]) -> Result<Self::State, SolveError> {
        evaluate(objective, initial.to_vec(), 0.0)
    }

    fn step(
        &self,
        objective: &dyn Objective,
        mut state: Self::State,
    ) -> Result<Self::State, SolveError> {
        if state.slow || !state.covers(objective) {
            state.refresh(self, objective)?;
        }
        loop {
            // 1. The model's minimum.
            let Some((step, before)) = state.model_step(objective) else {
                state.iterate.outlook = Outlook::Stalled;
                return Ok(state);
            };
            let mut next = evaluate(objective, step.theta.clone(), 1.0)?;
            next.model = state.model.take();
            let after = next.residual(objective);
            // 2. Does the objective fall, or, where its rounding hides that, the residual?
            let value = state.iterate.objective;
            let finite = next.iterate.gradient_max.is_finite();
            let visible = -step.change > objective.rounding() * value.abs();
            let falls = finite && next.iterate.objective <= value + ARMIJO * step.change;
            let near = -step.change <= objective.rounding().sqrt() * value.abs();
            if visible && falls || near && finite && after < POLISH_SHRINK * before {
                next.slow = after > LAGGED_CONTRACTION * before;
                next.age();
                return Ok(next);
            }
            state.model = next.model.take();
            // 3. Perhaps the curvature is an old one.
            if !state.is_fresh() {
                state.refresh(self, objective)?;
                continue;
            }
            // 4. A shorter step.
            if visible && let Some(next) = backtrack(objective, &state, &step)? {
                return Ok(next);
            }
            let floor = near
                && small(
                    objective,
                    &state,
                    &step,
                    FLOOR_SCORE_CHANGE * objective.scale(),
                )?;
            if near && finite && after < before {
                next.model = state.model.take();
                next.age();
                state = next;
            }
            state.iterate.outlook = if floor {
                Outlook::Floor
            } else {
                Outlook::Stalled
            };
            return Ok(state);
        }
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
        if self.exists {
            return Ok(true);
        }
        if !state.is_fresh() {
            state.refresh(self, objective)?;
        }
        let limit = confirmed_change(objective, tolerance);
        match state.model_step(objective) {
            Some((step, _)) => small(objective, state, &step, limit),
            None => Ok(false),
        }
    }
}

impl CoordinateState {
    /// The state of one penalty's solution, for another penalty, which `objective` has.
    pub(super) fn carry(
        mut self,
        objective: &dyn Objective,
        selected: &dyn Selected,
        before: Penalty,
        penalty: Penalty,
    ) -> Self {
        let ridge = penalty.l2() - before.l2();
        let penalised = |at: usize| at % selected.stride() < selected.columns();
        self.iterate.gradient_max = 0.0;
        let mut change = 0.0;
        for (at, (g, &t)) in self
            .gradient
            .iter_mut()
            .zip(&self.iterate.theta)
            .enumerate()
        {
            if penalised(at) {
                *g += ridge * t;
                change += 0.5 * ridge * t * t + (penalty.l1() - before.l1()) * t.abs();
            }
            let size = subgradient(*g, t, objective.l1_at(at)).abs();
            self.iterate.gradient_max = self.iterate.gradient_max.max(size);
        }
        if let Some(model) = &mut self.model {
            for (i, &at) in model.coordinates.iter().enumerate() {
                if penalised(at) {
                    model.curvature[(i, i)] += ridge;
                }
            }
        }
        self.started = false;
        self.iterate.objective += change;
        self.iterate.outlook = Outlook::Descending;
        self.iterate.step = 0.0;
        self
    }

    fn age(&mut self) {
        if let Some(model) = &mut self.model {
            model.fresh = false;
        }
    }

    fn is_fresh(&self) -> bool {
        self.model.as_ref().is_some_and(|model| model.fresh)
    }

    /// Whether everything that should move can.
    fn covers(&self, objective: &dyn Objective) -> bool {
        self.model.as_ref().is_some_and(|model| {
            let mut within = vec![false; self.gradient.len()];
            model.coordinates.iter().for_each(|&at| within[at] = true);
            (0..within.len()).all(|at| {
                let theta = self.iterate.theta[at];
                within[at]
                    || theta == 0.0
                        && subgradient(self.gradient[at], theta, objective.l1_at(at)) == 0.0
            })
        })
    }

    /// Measures the curvature here, of all columns or of those that can matter: coefficients that are not
    /// zero, and gradients near the threshold.
    fn refresh(
        &mut self,
        solver: &Coordinate<'_>,
        objective: &dyn Objective,
    ) -> Result<(), SolveError> {
        let threshold = if !self.started && solver.strong > 0.0 {
            solver.strong
        } else {
            NEAR_THRESHOLD * objective.l1()
        };
        self.started = true;
        let theta = &self.iterate.theta;
        let working = solver
            .selected
            .filter(|selected| selected.columns() > WORKING_COLUMNS)
            .map(|selected| {
                let stride = selected.stride();
                let wanted = |column: &usize| {
                    (*column..theta.len()).step_by(stride).any(|at| {
                        theta[at] != 0.0
                            || objective.l1_at(at) == 0.0
                            || self.gradient[at].abs() >= threshold.min(objective.l1_at(at))
                    })
                };
                let mut columns: Vec<usize> = (0..stride).filter(wanted).collect();
                if solver.strong == 0.0 {
                    self.keep_urgent(objective, stride, &mut columns);
                }
                (selected, columns)
            })
            .filter(|(selected, columns)| 4 * columns.len() < 3 * selected.stride());
        let (coordinates, mut curvature) = if let Some((selected, columns)) = working {
            let stride = selected.stride();
            let coordinates = (0..theta.len() / stride)
                .flat_map(|k| columns.iter().map(move |column| k * stride + column))
                .collect();
            (coordinates, selected.curvature(theta, &columns)?)
        } else {
            let mut curvature = Mat::new();
            let mut gradient = vec![0.0; theta.len()];
            objective.curvature(theta, &mut gradient, &mut curvature)?;
            ((0..theta.len()).collect::<Vec<_>>(), curvature)
        };
        if let Some(gauge) = objective.gauge() {
            within(gauge, coordinates.len() / gauge.classes).fix(&mut curvature);
        }
        self.model = Some(Model {
            coordinates,
            curvature,
            fresh: true,
        });
        self.slow = false;
        Ok(())
    }

    /// Leaves out the columns that are nearest to where they should be, of a set that is far larger than the
    /// support: they may turn out to be zero, and come back if not.
    fn keep_urgent(&self, objective: &dyn Objective, stride: usize, columns: &mut Vec<usize>) {
        let theta = &self.iterate.theta;
        let parameters = |column: usize| (column..theta.len()).step_by(stride);
        let stays = |column: usize| {
            parameters(column).any(|at| theta[at] != 0.0 || objective.l1_at(at) == 0.0)
        };
        let support = columns.iter().filter(|&&column| stays(column)).count();
        let room = FIRST_WORKING_COLUMNS.max(2 * support);
        if columns.len() <= room {
            return;
        }
        let urgency = |column: usize| {
            if stays(column) {
                return f64::INFINITY;
            }
            parameters(column).fold(0.0, |most: f64, at| most.max(self.gradient[at].abs()))
        };
        let mut order: Vec<(f64, usize)> = columns.iter().map(|&j| (urgency(j), j)).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        *columns = order[..room].iter().map(|&(_, j)| j).collect();
        columns.sort_unstable();
    }

    /// The largest scaled subgradient over the model's coordinates.
    fn residual(&self, objective: &dyn Objective) -> f64 {
        let Some(model) = &self.model else {
            return f64::INFINITY;
        };
        let (theta, gradient, l1) = self.gather(model, objective);
        let model = Quadratic {
            curvature: &model.curvature,
            l1: &l1,
        };
        model.residual(&theta, &gradient)
    }

    fn gather(&self, model: &Model, objective: &dyn Objective) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let pick = |values: &[f64]| model.coordinates.iter().map(|&at| values[at]).collect();
        let l1 = (model.coordinates.iter())
            .map(|&at| objective.l1_at(at))
            .collect();
        (pick(&self.iterate.theta), pick(&self.gradient), l1)
    }

    /// Minimises the model; also the residual before. None where there is no finite model.
    fn model_step(&self, objective: &dyn Objective) -> Option<(Step, f64)> {
        let model = self.model.as_ref()?;
        let (from, gradient, l1) = self.gather(model, objective);
        let (mut to, mut slopes) = (from.clone(), gradient.clone());
        let quadratic = Quadratic {
            curvature: &model.curvature,
            l1: &l1,
        };
        let before = quadratic.residual(&from, &gradient);
        let solved = quadratic.minimize(&mut to, &mut slopes);
        let change = (0..to.len())
            .map(|i| gradient[i] * (to[i] - from[i]) + l1_change(from[i], to[i], l1[i]))
            .sum::<f64>();
        let mut theta = self.iterate.theta.clone();
        for (&at, to) in model.coordinates.iter().zip(&to) {
            theta[at] = *to;
        }
        let finite = change.is_finite() && before.is_finite();
        let step = Step {
            theta,
            change,
            solved,
        };
        finite.then_some((step, before))
    }
}

/// Evaluates the objective, of equivalent parameters at those that sum to zero over classes, and takes the L1 part out of its gradient.
fn evaluate(
    objective: &dyn Objective,
    mut theta: Vec<f64>,
    step: f64,
) -> Result<CoordinateState, SolveError> {
    if let Some(gauge) = objective.gauge() {
        gauge.project(&mut theta); // nothing else holds what is the same for all classes
    }
    let mut gradient = vec![0.0; theta.len()];
    let value = objective.gradient(&theta, &mut gradient)?;
    let mut gradient_max = 0.0_f64;
    for (at, (g, &t)) in gradient.iter_mut().zip(&theta).enumerate() {
        let l1 = objective.l1_at(at);
        let size = if t == 0.0 {
            subgradient(*g, t, l1).abs()
        } else {
            let size = g.abs(); // the L1 part is in it
            *g -= l1 * t.signum();
            size
        };
        gradient_max = if size.is_nan() {
            size
        } else {
            gradient_max.max(size)
        };
    }
    let iterate = Iterate {
        theta,
        objective: value,
        gradient_max,
        step,
        outlook: Outlook::Descending,
    };
    Ok(CoordinateState {
        iterate,
        gradient,
        model: None,
        slow: false,
        started: step > 0.0,
    })
}

/// Shortens a step until the objective falls enough; none where that would be less than its rounding.
fn backtrack(
    objective: &dyn Objective,
    state: &CoordinateState,
    step: &Step,
) -> Result<Option<CoordinateState>, SolveError> {
    let value = state.iterate.objective;
    let mut length = 1.0;
    for _ in 0..MAX_BACKTRACKS {
        length *= BACKTRACK.1;
        if -length * step.change <= objective.rounding() * value.abs() {
            break;
        }
        let theta: Vec<f64> = (state.iterate.theta.iter().zip(&step.theta))
            .map(|(from, to)| from + length * (to - from))
            .collect();
        if objective.value(&theta)? <= value + ARMIJO * length * step.change {
            let mut next = evaluate(objective, theta, length)?;
            if next.iterate.gradient_max.is_finite() {
                next.model.clone_from(&state.model);
                next.slow = true;
                next.age();
                return Ok(Some(next));
            }
        }
    }
    Ok(None)
}

/// Whether a step to the model's minimum changes no score by more than `limit`.
fn small(
    objective: &dyn Objective,
    state: &CoordinateState,
    step: &Step,
    limit: f64,
) -> Result<bool, SolveError> {
    if !step.solved {
        return Ok(false);
    }
    let direction: Vec<f64> = (step.theta.iter().zip(&state.iterate.theta))
        .map(|(to, from)| to - from)
        .collect();
    let change = objective.score_change(&direction)?;
    Ok(change.unwrap_or(step.change.abs().sqrt()) <= limit)
}
