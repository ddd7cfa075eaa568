//! The solver of choice on the gradient of choice.

mod coordinates;
mod illness;
mod mini_batches;
mod one_step;

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use dataset::{PreparedRows, RowSource};
use model::Parameters;
use model::device::{Choice, Precision};
use solver::{
    Certificate, Diagnosis, DualityGap, HostObjective, Objective, Penalty, Problem, Record, Shape,
    Solution, Status, Stop, conclude, duality_gap,
};

use crate::config::Hyperparameters;
use crate::error::FitError;
use crate::fit::Event;
use crate::measure;
use crate::method::{Gradient, SolverChoice};
use crate::objective::objective;
use crate::plan::Plan;
use crate::prepare::{Prepared, target_values};
use crate::rows::Number;
use crate::stochastic::{Epoch, StochasticConfig};

/// Where the first solution on rounded rows ends, relative to the gradient at its start: some ten
/// units of `f32`. The `f64` rows do the rest, in one or two steps of Newton.
const FIRST_TOLERANCE: f64 = 1e-6;

/// Exact rows that are kept beside the rounded ones: passes over them are then quicker, and nobody
/// misses the memory.
const RESIDENT_BYTES: usize = 32 << 20;

/// Where a solver ended, with its evidence.
#[derive(Debug, Clone)]
pub struct Solved {
    /// On the design matrix's scale, in the solvers' flat order.
    pub theta: Vec<f64>,
    /// How it ended.
    pub status: Status,
    /// Why, where that is not plain.
    pub detail: Option<String>,
    /// A line for each iteration or epoch.
    pub history: History,
    /// Steps on samples of the rows before the first iteration.
    pub sample_steps: usize,
    /// What the mini-batch loop ran with, when it ran.
    pub stochastic: Option<StochasticConfig>,
    /// Which solver ran, and why.
    pub plan: Plan,
    /// The condition number of least squares, where they were solved in one step.
    pub condition: Option<f64>,
    /// The penalty of the objective.
    pub penalty: Penalty,
    /// The objective of the `f64` rows at `theta`.
    pub objective: f64,
    /// How far from the optimum that is.
    pub certificate: Certificate,
    /// The same by duality, under an L1 penalty.
    pub gap: Option<DualityGap>,
    /// What stands in the way of a unique, finite optimum.
    pub diagnosis: Diagnosis,
    /// Numbers that the training rows store, where they are sparse.
    pub stored: Option<usize>,
    /// Scores of the training rows at `theta`, from the `f64` rows: `[rows, outputs]`.
    pub train_scores: Vec<f64>,
    /// Seconds spent by the solver, and on the certificate.
    pub seconds: [f64; 2],
}

/// The way to the solution.
#[derive(Debug, Clone)]
pub enum History {
    /// Iterations of a full-batch solver.
    Iterations(Vec<Record>),
    /// Epochs of a stochastic one.
    Epochs(Vec<Epoch>),
}

/// What stays the same for every solver of a fit.
pub struct Setting<'a> {
    /// The rows.
    pub prepared: &'a Prepared,
    /// What a person set.
    pub hyperparameters: &'a Hyperparameters,
    /// Where it runs.
    pub device: &'a Choice,
    /// Set by Ctrl-C.
    pub interrupted: &'a AtomicBool,
}

impl Setting<'_> {
    /// The problem over rows of the training part.
    fn problem<'a, T: Number>(
        &'a self,
        design: &'a dyn RowSource<T>,
        part: &'a PreparedRows,
    ) -> Problem<'a, T> {
        problem(design, part, self.hyperparameters)
    }

    /// Solves with the rows and the gradient that were asked for, and certifies the solution on the
    /// `f64` rows.
    ///
    /// A full-batch solution of rounded rows, or of sums in another precision, is only as good as
    /// their rounding, so it is carried on to the optimum of the `f64` rows on the host.
    ///
    /// # Errors
    /// Any [`FitError`] of the solver.
    pub fn solve(&self, observe: &mut dyn FnMut(Event<'_>)) -> Result<Solved, FitError> {
        let part = self.prepared.train();
        // 1. One matrix: that of the precision asked for. Beside one of f32 the exact rows are encoded
        //    whenever a pass asks for them, unless they are few. Where memory is bounded, both are read
        //    from a file. Sparse rows are kept as they are.
        let bytes = part.rows.len() * self.prepared.pipeline.columns.len() * size_of::<f64>();
        let resident = !self.prepared.sparse
            && self.prepared.cached.is_none()
            && (self.hyperparameters.precision == Precision::F64 || bytes <= RESIDENT_BYTES);
        let design: Box<dyn RowSource<f64> + '_> = if resident {
            Box::new(self.prepared.design::<f64>(part)?)
        } else {
            self.prepared.streamed()?
        };
        let design = &*design;
        let exact = HostObjective::new(self.problem(design, part))?;
        let shape = Shape::of(exact.problem());
        let mut plan = Plan::new(self.hyperparameters, self.device, &shape)?;
        if self.prepared.sparse && plan.solver.is_full_batch() {
            plan.gradient = Gradient::Fused;
        }
        let mut solved = if plan.solver.is_full_batch() {
            self.in_full_batches(&exact, part, &plan, observe)?
        } else {
            let started = Instant::now();
            match self.hyperparameters.precision {
                Precision::F32 => {
                    let rounded = self.prepared.rounded()?;
                    let problem = self.problem(&*rounded, part);
                    self.in_mini_batches(&problem, &exact, &plan, started, observe)?
                }
                Precision::F64 => {
                    self.in_mini_batches(exact.problem(), &exact, &plan, started, observe)?
                }
            }
        };
        let outputs = exact.problem().target.outputs();
        let parameters = Parameters::from_flat(
            &solved.theta,
            design.columns(),
            outputs,
            self.hyperparameters.intercept,
        );
        solved.stored = design.sparse().map(|rows| rows.matrix().stored());
        solved.train_scores = measure::scores(&parameters, design, part.offsets.as_deref())?;
        Ok(solved)
    }

    fn in_full_batches(
        &self,
        exact: &HostObjective<'_, f64>,
        part: &PreparedRows,
        plan: &Plan,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Solved, FitError> {
        let started = Instant::now();
        let rounded = self.rounded();
        let mut condition = None;
        let solution = if let Some(method) = plan.solver.least_squares() {
            let (solution, number) = one_step::in_one_step(exact, method)?;
            condition = Some(number);
            solution
        } else if plan.solver == SolverChoice::Coordinate {
            self.by_coordinates(exact, part, plan, started, observe)?
        } else if rounded {
            let design = self.prepared.rounded()?;
            let first = self.first(&self.problem(&*design, part), plan, started, observe)?;
            self.carry_on(exact, first, plan, started, observe)?
        } else if plan.gradient != Gradient::Fused {
            let first = self.first(exact.problem(), plan, started, observe)?;
            self.carry_on(exact, first, plan, started, observe)?
        } else {
            let stop = self.stop(plan, 0, started);
            minimize(exact, &vec![0.0; exact.dimension()], plan, &stop, observe)?
        };
        let solved = started.elapsed().as_secs_f64();
        let fit = conclude(exact, solution, &self.stop(plan, 0, started))?;
        let gap = if exact.problem().penalty.l1() > 0.0 {
            Some(duality_gap(exact, &fit.solution.theta)?)
        } else {
            None
        };
        Ok(Solved {
            objective: fit.solution.objective,
            theta: fit.solution.theta,
            status: fit.solution.status,
            detail: fit.solution.detail,
            history: History::Iterations(fit.solution.history),
            sample_steps: fit.solution.sample_steps,
            stochastic: None,
            plan: plan.clone(),
            condition,
            penalty: exact.problem().penalty,
            certificate: fit.certificate,
            gap,
            diagnosis: fit.diagnosis,
            stored: None,
            train_scores: Vec::new(),
            seconds: [solved, started.elapsed().as_secs_f64() - solved],
        })
    }

    /// Whether a first solution comes from rounded rows. Sparse rows are kept as they are.
    fn rounded(&self) -> bool {
        self.hyperparameters.precision == Precision::F32 && !self.prepared.sparse
    }

    /// Minimises over the rows as they were asked for, by the gradient that was asked for.
    fn first<T: Number>(
        &self,
        problem: &Problem<'_, T>,
        plan: &Plan,
        started: Instant,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Solution, FitError> {
        let objective = objective(problem, plan.gradient, &self.device.device)?;
        let start = vec![0.0; problem.dimension()];
        let stop = first_stop(objective.as_ref(), &self.stop(plan, 0, started))?;
        minimize(objective.as_ref(), &start, plan, &stop, observe)
    }

    /// Carries a solution on to the optimum of the `f64` rows.
    fn carry_on(
        &self,
        exact: &HostObjective<'_, f64>,
        first: Solution,
        plan: &Plan,
        started: Instant,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Solution, FitError> {
        let stop = self.stop(plan, first.iterations(), started);
        if ended(&first, &stop) {
            return Ok(first);
        }
        let solution = minimize(exact, &first.theta, plan, &stop, observe)?;
        Ok(joined(first, solution))
    }

    /// When to stop, after `done` steps of a fit that began at `started`.
    fn stop(&self, plan: &Plan, done: usize, started: Instant) -> Stop<'_> {
        let settings = self.hyperparameters;
        let limit = settings
            .max_iterations
            .unwrap_or_else(|| plan.solver.default_iterations());
        Stop {
            gradient_tolerance: settings.tolerance,
            max_iterations: limit.saturating_sub(done),
            time_limit: settings
                .time_limit
                .map(|seconds| duration(seconds).saturating_sub(started.elapsed())),
            interrupted: Some(self.interrupted),
            confirm: true,
        }
    }
}

/// The problem over rows of a part.
pub(crate) fn problem<'a, T: Number>(
    design: &'a dyn RowSource<T>,
    part: &'a PreparedRows,
    settings: &Hyperparameters,
) -> Problem<'a, T> {
    let weights = part.weights.as_deref();
    let total = weights.map_or(design.rows() as f64, |weights| weights.iter().sum());
    let classes = !matches!(part.target, dataset::Target::Linear { .. });
    Problem {
        design,
        target: target_values(&part.target),
        weights,
        offsets: part.offsets.as_deref(),
        intercept: settings.intercept,
        penalty: settings.penalty(classes, total),
    }
}

/// When a first solution, on rounded rows or by rounded sums, is as good as it gets.
pub(crate) fn first_stop<'a>(
    objective: &dyn Objective,
    stop: &Stop<'a>,
) -> Result<Stop<'a>, FitError> {
    let start = vec![0.0; objective.dimension()];
    let mut gradient = start.clone();
    objective.gradient(&start, &mut gradient)?;
    Ok(Stop {
        gradient_tolerance: stop
            .gradient_tolerance
            .max(FIRST_TOLERANCE * largest(&gradient)),
        confirm: false,
        ..*stop
    })
}

/// Runs the full-batch solver of a plan.
fn minimize(
    objective: &dyn Objective,
    start: &[f64],
    plan: &Plan,
    stop: &Stop<'_>,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Solution, FitError> {
    let mut observe = |record: &Record| observe(Event::Iteration(*record));
    Ok(plan.method.minimize(objective, start, stop, &mut observe)?)
}

/// Whether a first solution is the last: it failed, or nothing is left to go on with.
fn ended(first: &Solution, stop: &Stop<'_>) -> bool {
    matches!(first.status, Status::Diverged | Status::Interrupted)
        || stop.max_iterations == 0
        || stop.time_limit.is_some_and(|left| left.is_zero())
}

/// A solution with the history that led to it.
fn joined(first: Solution, mut solution: Solution) -> Solution {
    let done = first.iterations();
    solution.sample_steps += first.sample_steps;
    // Its first record is the point that it started from: the last of the history so far.
    let more = solution.history.into_iter().skip(1).map(|mut record| {
        record.iteration += done;
        record
    });
    solution.history = first.history.into_iter().chain(more).collect();
    solution
}

/// Seconds as the system counts them; too many for it are no limit.
pub(crate) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// The largest component in absolute value.
pub(crate) fn largest(gradient: &[f64]) -> f64 {
    gradient.iter().fold(0.0, |most, part| most.max(part.abs()))
}

impl History {
    /// Iterations or epochs made.
    pub fn len(&self) -> usize {
        match self {
            Self::Iterations(records) => records.len().saturating_sub(1),
            Self::Epochs(epochs) => epochs.len(),
        }
    }

    /// Whether none was made.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
