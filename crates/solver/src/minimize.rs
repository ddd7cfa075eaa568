//! The one loop: every full-batch solver runs under it, and it alone decides when a fit stops.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::objective::{Objective, ObjectiveError};
use crate::tolerance;

/// A method that computes one step; [`minimize`] owns the loop.
pub trait Solver {
    /// What the method carries from step to step.
    type State;

    /// Evaluates the initial parameters.
    ///
    /// # Errors
    /// [`SolveError`] where the objective fails or does not suit the method.
    fn init(&self, objective: &dyn Objective, initial: &[f64]) -> Result<Self::State, SolveError>;

    /// Takes one step.
    ///
    /// # Errors
    /// [`SolveError`] where the objective fails.
    fn step(
        &self,
        objective: &dyn Objective,
        state: Self::State,
    ) -> Result<Self::State, SolveError>;

    /// Where the method stands.
    fn iterate(state: &Self::State) -> &Iterate;

    /// Asked when the gradient is within its tolerance: is this a minimum, and not just a flat
    /// place on the way to infinity? The tolerance is that of [`Stop`], a part of the objective's
    /// [`scale`](Objective::scale).
    ///
    /// # Errors
    /// [`SolveError`] where the objective fails.
    fn confirm(
        &self,
        objective: &dyn Objective,
        state: &mut Self::State,
        tolerance: f64,
    ) -> Result<bool, SolveError> {
        let _ = (objective, state, tolerance);
        Ok(true)
    }
}

/// Where a solver stands after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Iterate {
    /// The parameters.
    pub theta: Vec<f64>,
    /// The objective there.
    pub objective: f64,
    /// The largest absolute component of the gradient there.
    pub gradient_max: f64,
    /// Length of the step that led there, as a fraction of the method's full step; zero at the
    /// start.
    pub step: f64,
    /// What the method expects of further steps.
    pub outlook: Outlook,
}

impl Iterate {
    /// Where a step led, with the objective and its gradient there.
    pub(crate) fn new(theta: Vec<f64>, objective: f64, gradient: &[f64], step: f64) -> Self {
        Self {
            theta,
            objective,
            gradient_max: largest(gradient),
            step,
            outlook: Outlook::Descending,
        }
    }

    /// A start, and the gradient there: one pass.
    pub(crate) fn start(
        objective: &dyn Objective,
        theta: Vec<f64>,
    ) -> Result<(Self, Vec<f64>), SolveError> {
        let mut gradient = vec![0.0; theta.len()];
        let value = objective.gradient(&theta, &mut gradient)?;
        Ok((Self::new(theta, value, &gradient, 0.0), gradient))
    }

    fn record(&self, iteration: usize) -> Record {
        Record {
            iteration,
            objective: self.objective,
            gradient_max: self.gradient_max,
            step: self.step,
        }
    }
}

/// The largest change of a score by the coming step at which a small gradient is taken as a minimum.
pub(crate) fn confirmed_change(objective: &dyn Objective, tolerance: f64) -> f64 {
    let share = tolerance.max(objective.rounding());
    objective.scale() * share.powf(tolerance::SCORE_CHANGE_EXPONENT)
}

/// What a method expects of further steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// The method is still at work on samples of the rows: the point is no iterate of the objective yet,
    /// and the other fields say nothing of it. Such steps are limited as the others are, and leave no
    /// record.
    Preparing,
    /// Further steps should help.
    Descending,
    /// This is the minimum up to rounding: further steps would be noise.
    Floor,
    /// Further steps cannot help, and this is no proven minimum.
    Stalled,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Stop<'a> {
    /// Largest absolute component of the gradient at which a fit has converged, in units of the objective's
    /// [`scale`](Objective::scale).
    pub gradient_tolerance: f64,
    /// Steps to take at most; as many again on samples of the rows, by a method that has such.
    pub max_iterations: usize,
    /// Time to take at most, looked at between steps.
    pub time_limit: Option<Duration>,
    /// Set to true from elsewhere to stop after the current step.
    pub interrupted: Option<&'a AtomicBool>,
    /// Whether the solver is asked to [confirm](Solver::confirm) a small gradient. A first solution,
    /// on rounded rows, that another goes on from needs no confirmation.
    pub confirm: bool,
}

impl Default for Stop<'_> {
    /// A gradient of 1e-10, 100 iterations, no time limit.
    fn default() -> Self {
        Self {
            gradient_tolerance: tolerance::GRADIENT,
            max_iterations: tolerance::MAX_ITERATIONS,
            time_limit: None,
            interrupted: None,
            confirm: true,
        }
    }
}

impl Stop<'_> {
    /// The limit that is reached after so many steps, and how to say it of the gradient.
    fn limit(&self, start: Instant, steps: usize) -> Option<(Status, Option<&'static str>)> {
        let interrupted = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        let late = |limit: Duration| start.elapsed() >= limit;
        if self.interrupted.is_some_and(interrupted) {
            Some((Status::Interrupted, None))
        } else if steps >= self.max_iterations {
            Some((Status::IterationLimit, Some("the gradient is still")))
        } else if self.time_limit.is_some_and(late) {
            Some((
                Status::IterationLimit,
                Some("out of time with a gradient of"),
            ))
        } else {
            None
        }
    }
}

/// How a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At the minimum, within the tolerance or as near as rounding allows.
    Converged,
    /// A stochastic fit ran its epochs.
    Completed,
    /// Out of iterations, time or progress, short of the minimum.
    #[serde(rename = "iteration limit")]
    IterationLimit,
    /// No minimum exists: the classes are separated.
    Separated,
    /// The minimum is not unique: some columns are combinations of others.
    Collinear,
    /// The objective is no longer finite.
    Diverged,
    /// Stopped from outside.
    Interrupted,
}

impl Status {
    /// Whether the answer can be trusted as it stands.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Converged | Self::Completed)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Converged => "converged",
            Self::Completed => "completed",
            Self::IterationLimit => "iteration limit",
            Self::Separated => "separated",
            Self::Collinear => "collinear",
            Self::Diverged => "diverged",
            Self::Interrupted => "interrupted",
        })
    }
}

/// One line of a fit's history.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Steps taken so far; 0 describes the initial parameters, or where steps on samples led from them.
    pub iteration: usize,
    /// The objective.
    pub objective: f64,
    /// The largest absolute component of the gradient.
    pub gradient_max: f64,
    /// The step's length, as a fraction of the method's full step.
    pub step: f64,
}

/// The outcome of a fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// The parameters: the last finite ones.
    pub theta: Vec<f64>,
    /// How the fit ended.
    pub status: Status,
    /// Objective, gradient and step after every iteration, the initial parameters first.
    pub history: Vec<Record>,
    /// The objective at `theta`.
    pub objective: f64,
    /// The largest absolute component of the gradient at `theta`.
    pub gradient_max: f64,
    /// Steps on samples of the rows before iteration 0.
    pub sample_steps: usize,
    /// What a reader should know beyond the status, in a sentence.
    pub detail: Option<String>,
}

impl Solution {
    /// Steps taken.
    pub fn iterations(&self) -> usize {
        self.history.len().saturating_sub(1)
    }
}

/// Why a fit could not be made at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SolveError {
    /// The objective cannot be built or evaluated.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// The initial parameters are not as many as the objective has.
    #[error("{actual} initial parameters for an objective of {expected}")]
    InitialLength {
        /// Parameters of the objective.
        expected: usize,
        /// Parameters given.
        actual: usize,
    },
    /// An initial parameter is infinite or NaN.
    #[error("initial parameter {index} is not finite")]
    InitialNotFinite {
        /// Which parameter, from zero.
        index: usize,
    },
    /// The gradient's tolerance is negative or not a number.
    #[error("the gradient tolerance {tolerance} is not a number from 0 upwards")]
    Tolerance {
        /// The value given.
        tolerance: f64,
    },
    /// The penalty has an L1 part, which this method cannot follow.
    #[error("{solver} needs a smooth objective, and the penalty has an L1 part")]
    NotSmooth {
        /// The method.
        solver: &'static str,
    },
    /// The objective cannot multiply its curvature with vectors, which this method needs.
    #[error("{solver} needs products with the curvature, which rows on a device do not have")]
    NoCurvatureProduct {
        /// The method.
        solver: &'static str,
    },
}

impl SolveError {
    /// What to do next, where there is something to do.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Objective(error) => error.remedy(),
            Self::InitialNotFinite { .. } => Some("start from zeros".into()),
            Self::Tolerance { .. } => Some("use a tolerance from 0 upwards, such as 1e-10".into()),
            Self::NotSmooth { .. } => {
                Some("use coordinate descent, or a ridge penalty (an L1 ratio of 0)".into())
            }
            Self::NoCurvatureProduct { .. } => Some("use lbfgs, or rows in host memory".into()),
            Self::InitialLength { .. } => None,
        }
    }
}

/// Minimises an objective from the initial parameters.
///
/// # Errors
/// [`SolveError`] for input that makes no sense; a fit that does not get there is no error but a
/// [`Status`].
///
/// # Examples
/// The O-ring failures before Challenger's last flight, by temperature in °F (Dalal, Fowlkes and
/// Hoadley 1989):
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Newton, Problem, Status, Stop, TargetValues, minimize};
///
/// let temperature: Vec<f64> = vec![
///     66., 70., 69., 68., 67., 72., 73., 70., 57., 63., 70., 78., 67., 53., 67., 75., 70., 81.,
///     76., 79., 75., 76., 58.,
/// ];
/// let distress = [
///     0., 1., 0., 0., 0., 0., 0., 0., 1., 1., 1., 0., 0., 1., 0., 0., 0., 0., 0., 0., 1., 0., 1.,
/// ];
/// let design = DesignMatrix::new(23, 1, temperature)?;
/// let objective = HostObjective::new(Problem::new(&design, TargetValues::Binary(&distress)))?;
/// let solution = minimize(&Newton::default(), &objective, &[0.0, 0.0], &Stop::default())?;
/// assert_eq!(solution.status, Status::Converged);
/// assert!((solution.theta[0] + 0.2322).abs() < 1e-4 && (solution.theta[1] - 15.0429).abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn minimize<S: Solver>(
    solver: &S,
    objective: &dyn Objective,
    initial: &[f64],
    stop: &Stop<'_>,
) -> Result<Solution, SolveError> {
    minimize_observed(solver, objective, initial, stop, &mut |_| ())
}

/// [`minimize`], telling `observe` of every iteration as it happens.
///
/// # Errors
/// As [`minimize`].
pub fn minimize_observed<S: Solver>(
    solver: &S,
    objective: &dyn Objective,
    initial: &[f64],
    stop: &Stop<'_>,
    observe: &mut dyn FnMut(&Record),
) -> Result<Solution, SolveError> {
    check(objective, initial, stop)?;
    let state = solver.init(objective, initial)?;
    Ok(descend(solver, objective, state, stop, observe)?.0)
}

/// The loop from a state on; also returns the last state, from which a neighbouring fit can go on.
pub(crate) fn descend<S: Solver>(
    solver: &S,
    objective: &dyn Objective,
    mut state: S::State,
    stop: &Stop<'_>,
    observe: &mut dyn FnMut(&Record),
) -> Result<(Solution, S::State), SolveError> {
    let start = Instant::now();
    let mut history: Vec<Record> = Vec::new();
    let mut last_finite: Option<Iterate> = None;
    let mut sample_steps = 0;
    loop {
        if S::iterate(&state).outlook == Outlook::Preparing {
            if let Some(limit) = stop.limit(start, sample_steps) {
                let theta = S::iterate(&state).theta.clone();
                let solution = unprepared(objective, theta, limit, sample_steps, observe)?;
                return Ok((solution, state));
            }
            sample_steps += 1;
            state = solver.step(objective, state)?;
            continue;
        }
        let point = S::iterate(&state);
        let iteration = history.len();
        let record = point.record(iteration);
        history.push(record);
        observe(&record);
        let (outlook, gradient_max) = (point.outlook, point.gradient_max);
        let separated = objective.proves_separation(point.objective);
        let finite = point.objective.is_finite() && gradient_max.is_finite();
        let small = finite && gradient_max <= stop.gradient_tolerance * objective.scale();
        let minimum = outlook == Outlook::Floor
            || small
                && !separated
                && (!stop.confirm
                    || solver.confirm(objective, &mut state, stop.gradient_tolerance)?);
        let ended = if !finite {
            Some((
                Status::Diverged,
                Some("the objective is not finite".to_owned()),
            ))
        } else if separated {
            Some((Status::Separated, None))
        } else if minimum {
            Some((Status::Converged, None))
        } else if outlook == Outlook::Stalled {
            Some((Status::IterationLimit, Some(stalled(gradient_max))))
        } else if let Some((status, text)) = stop.limit(start, iteration) {
            let detail = text.map(|text| format!("{text} {gradient_max:.1e}"));
            Some((status, detail))
        } else {
            None
        };
        let point = S::iterate(&state);
        if let Some((status, detail)) = ended {
            let last = last_finite
                .filter(|_| !finite)
                .unwrap_or_else(|| point.clone());
            let solution = Solution {
                theta: last.theta,
                status,
                history,
                objective: last.objective,
                gradient_max: last.gradient_max,
                sample_steps,
                detail,
            };
            return Ok((solution, state));
        }
        last_finite = Some(point.clone());
        state = solver.step(objective, state)?;
    }
}

/// The outcome of a fit that ended at work on samples: the objective is measured where that led.
fn unprepared(
    objective: &dyn Objective,
    theta: Vec<f64>,
    (status, text): (Status, Option<&str>),
    sample_steps: usize,
    observe: &mut dyn FnMut(&Record),
) -> Result<Solution, SolveError> {
    let (point, _) = Iterate::start(objective, theta)?;
    let record = point.record(0);
    observe(&record);
    Ok(Solution {
        theta: point.theta,
        status,
        history: vec![record],
        objective: point.objective,
        gradient_max: point.gradient_max,
        sample_steps,
        detail: text.map(|text| format!("{text} {:.1e}", point.gradient_max)),
    })
}

fn stalled(gradient_max: f64) -> String {
    format!("no step lowers the objective any more, yet the gradient is {gradient_max:.1e}")
}

pub(crate) fn check(
    objective: &dyn Objective,
    initial: &[f64],
    stop: &Stop<'_>,
) -> Result<(), SolveError> {
    let tolerance = stop.gradient_tolerance;
    if tolerance.is_nan() || tolerance < 0.0 {
        return Err(SolveError::Tolerance { tolerance });
    }
    let (expected, actual) = (objective.dimension(), initial.len());
    if expected != actual {
        return Err(SolveError::InitialLength { expected, actual });
    }
    match initial.iter().position(|x| !x.is_finite()) {
        Some(index) => Err(SolveError::InitialNotFinite { index }),
        None => Ok(()),
    }
}

/// The largest absolute component; NaN where one is.
pub(crate) fn largest(gradient: &[f64]) -> f64 {
    gradient.iter().fold(
        0.0,
        |most: f64, g| if g.is_nan() { *g } else { most.max(g.abs()) },
    )
}
