//! The solver of choice on the gradient of choice.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dataset::{DesignMatrix, PreparedRows};
use model::device::{Choice, Precision};
use model::{LinearRegression, LogisticRegression, Parameters, SoftmaxRegression, Supervised};
use solver::{
    Certificate, Diagnosis, HostObjective, Lbfgs, Method, Newton, Objective, Penalty, Problem,
    Record, Solution, Status, Stop, TargetValues, certify_held, conclude, least_squares,
    minimize_observed,
};

use crate::config::Hyperparameters;
use crate::error::FitError;
use crate::fit::Event;
use crate::measure;
use crate::method::{Gradient, SolverChoice};
use crate::objective::DeviceObjective;
use crate::prepare::{Prepared, target_values};
use crate::rows::Number;
use crate::stochastic::optimizer::default_rate;
use crate::stochastic::{self, Epoch, Measured, StochasticConfig, Trained};

/// Where the first solution on rounded rows ends, relative to the gradient at its start: some ten
/// units of `f32`. The `f64` rows do the rest, in one or two steps of Newton.
const FIRST_TOLERANCE: f64 = 1e-6;

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
    /// What the mini-batch loop ran with, when it ran.
    pub stochastic: Option<StochasticConfig>,
    /// The penalty of the objective.
    pub penalty: Penalty,
    /// The objective of the `f64` rows at `theta`.
    pub objective: f64,
    /// How far from the optimum that is.
    pub certificate: Certificate,
    /// What stands in the way of a unique, finite optimum.
    pub diagnosis: Diagnosis,
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
        design: &'a DesignMatrix<T>,
        part: &'a PreparedRows,
    ) -> Problem<'a, T> {
        let weights = part.weights.as_deref();
        let total = weights.map_or(design.rows() as f64, |weights| weights.iter().sum());
        let classes = !matches!(part.target, dataset::Target::Linear { .. });
        Problem {
            design,
            target: target_values(&part.target),
            weights,
            offsets: part.offsets.as_deref(),
            intercept: self.hyperparameters.intercept,
            penalty: self.hyperparameters.penalty.resolve(classes, total),
        }
    }

    /// Solves with rows kept as `T`, and certifies the solution on the `f64` rows.
    ///
    /// A full-batch solution of rounded rows, or of sums in another precision, is only as good as
    /// their rounding, so it is carried on to the optimum of the `f64` rows on the host.
    ///
    /// # Errors
    /// Any [`FitError`] of the solver.
    pub fn solve<T: Number>(&self, observe: &mut dyn FnMut(Event)) -> Result<Solved, FitError> {
        let started = Instant::now();
        let part = self.prepared.train();
        let exact = self.prepared.design::<f64>(part)?;
        let exact = HostObjective::new(self.problem(&exact, part))?;
        if !self.hyperparameters.solver.is_full_batch() {
            let design = self.prepared.design::<T>(part)?;
            let problem = self.problem(&design, part);
            return self.solve_stochastic(&problem, &exact, started, observe);
        }
        let gradient = self.hyperparameters.gradient.resolve(self.device);
        let rounded = T::PRECISION != Precision::F64;
        let solution = if self.hyperparameters.solver == SolverChoice::LeastSquares {
            in_one_step(&exact, gradient)?
        } else if rounded || gradient != Gradient::Fused {
            let design = self.prepared.design::<T>(part)?;
            let problem = self.problem(&design, part);
            let first = self.first::<T>(&problem, gradient, observe)?;
            self.carry_on(&exact, first, observe)?
        } else {
            let stop = self.stop(0);
            self.minimize(&exact, &vec![0.0; exact.dimension()], &stop, observe)?
        };
        let solved = started.elapsed().as_secs_f64();
        let fit = conclude(&exact, solution, &self.stop(0))?;
        Ok(Solved {
            objective: fit.solution.objective,
            theta: fit.solution.theta,
            status: fit.solution.status,
            detail: fit.solution.detail,
            history: History::Iterations(fit.solution.history),
            stochastic: None,
            penalty: exact.problem().penalty,
            certificate: fit.certificate,
            diagnosis: fit.diagnosis,
            seconds: [solved, started.elapsed().as_secs_f64() - solved],
        })
    }

    /// Minimises over the rows as they were asked for, by the gradient that was asked for.
    fn first<T: Number>(
        &self,
        problem: &Problem<'_, T>,
        gradient: Gradient,
        observe: &mut dyn FnMut(Event),
    ) -> Result<Solution, FitError> {
        let device = &self.device.device;
        let objective: Box<dyn Objective + '_> = match (gradient, problem.target) {
            (Gradient::Auto | Gradient::Fused, _) => Box::new(HostObjective::new(*problem)?),
            (_, TargetValues::Binary(_)) => Box::new(DeviceObjective::<LogisticRegression>::new(
                problem, gradient, device,
            )),
            (_, TargetValues::Multinomial { .. }) => Box::new(
                DeviceObjective::<SoftmaxRegression>::new(problem, gradient, device),
            ),
            (_, TargetValues::Linear(_)) => Box::new(DeviceObjective::<LinearRegression>::new(
                problem, gradient, device,
            )),
        };
        let start = vec![0.0; problem.dimension()];
        let mut gradient = start.clone();
        objective.gradient(&start, &mut gradient)?;
        let mut stop = self.stop(0);
        stop.gradient_tolerance = stop
            .gradient_tolerance
            .max(FIRST_TOLERANCE * largest(&gradient));
        stop.confirm = false;
        self.minimize(objective.as_ref(), &start, &stop, observe)
    }

    /// Carries a solution on to the optimum of the `f64` rows.
    fn carry_on(
        &self,
        exact: &HostObjective<'_, f64>,
        first: Solution,
        observe: &mut dyn FnMut(Event),
    ) -> Result<Solution, FitError> {
        let done = first.iterations();
        let ended = matches!(first.status, Status::Diverged | Status::Interrupted);
        if ended || done >= self.hyperparameters.max_iterations {
            return Ok(first);
        }
        let mut solution = self.minimize(exact, &first.theta, &self.stop(done), observe)?;
        // Its first record is the point that it started from: the last of the history so far.
        let more = solution.history.into_iter().skip(1).map(|mut record| {
            record.iteration += done;
            record
        });
        solution.history = first.history.into_iter().chain(more).collect();
        Ok(solution)
    }

    /// Runs the full-batch solver of choice.
    fn minimize(
        &self,
        objective: &dyn Objective,
        start: &[f64],
        stop: &Stop<'_>,
        observe: &mut dyn FnMut(Event),
    ) -> Result<Solution, FitError> {
        let mut observe = |record: &Record| observe(Event::Iteration(*record));
        Ok(match self.hyperparameters.solver {
            SolverChoice::Lbfgs => {
                minimize_observed(&Lbfgs::default(), objective, start, stop, &mut observe)?
            }
            _ => minimize_observed(&Newton::default(), objective, start, stop, &mut observe)?,
        })
    }

    fn stop(&self, done: usize) -> Stop<'_> {
        Stop {
            gradient_tolerance: self.hyperparameters.tolerance,
            max_iterations: self.hyperparameters.max_iterations - done,
            time_limit: None,
            interrupted: Some(self.interrupted),
            confirm: true,
        }
    }

    /// Trains by mini-batches, and measures how far that got.
    fn solve_stochastic<T: Number>(
        &self,
        problem: &Problem<'_, T>,
        exact: &HostObjective<'_, f64>,
        started: Instant,
        observe: &mut dyn FnMut(Event),
    ) -> Result<Solved, FitError> {
        let settings = self.hyperparameters;
        let config = StochasticConfig {
            solver: settings.solver,
            gradient: settings.gradient.resolve(self.device),
            epochs: settings.epochs,
            batch_size: settings.batch_size.min(problem.design.rows()),
            learning_rate: settings
                .learning_rate
                .unwrap_or_else(|| default_rate(settings.solver, curvature_bound(problem))),
            schedule: settings.schedule,
            seed: settings.seed,
        };
        let trained = match problem.target {
            TargetValues::Binary(_) => {
                self.train::<LogisticRegression, T>(problem, &config, exact, observe)?
            }
            TargetValues::Multinomial { .. } => {
                self.train::<SoftmaxRegression, T>(problem, &config, exact, observe)?
            }
            TargetValues::Linear(_) => {
                self.train::<LinearRegression, T>(problem, &config, exact, observe)?
            }
        };
        let detail = (trained.status == Status::Diverged).then(|| {
            let done = trained.history.len();
            let rate = config.learning_rate;
            format!(
                "the loss is no longer finite after epoch {done}: \
                 take a learning rate well below {rate}"
            )
        });
        let solved = started.elapsed().as_secs_f64();
        let theta = trained.parameters.to_flat();
        Ok(Solved {
            objective: exact.value(&theta)?,
            certificate: certify_held(exact, &theta, &[])?,
            theta,
            status: trained.status,
            detail,
            history: History::Epochs(trained.history),
            stochastic: Some(config),
            penalty: problem.penalty,
            diagnosis: Diagnosis::default(),
            seconds: [solved, started.elapsed().as_secs_f64() - solved],
        })
    }

    fn train<M: Supervised, T: Number>(
        &self,
        problem: &Problem<'_, T>,
        config: &StochasticConfig,
        exact: &HostObjective<'_, f64>,
        observe: &mut dyn FnMut(Event),
    ) -> Result<Trained, FitError> {
        let (columns, outputs) = (problem.design.columns(), problem.target.outputs());
        let validation = match &self.prepared.parts.validation {
            Some(part) => Some((part, self.prepared.design::<f64>(part)?)),
            None => None,
        };
        let measure = |parameters: &Parameters| -> Result<Measured, FitError> {
            let theta = parameters.to_flat();
            let mut gradient = vec![0.0; theta.len()];
            let objective = exact.gradient(&theta, &mut gradient)?;
            let validation_loss = match &validation {
                None => None,
                Some((part, design)) => {
                    let scores = measure::scores(parameters, design, part.offsets.as_deref());
                    Some(measure::loss(part, &scores)?)
                }
            };
            let gradient_max = largest(&gradient);
            Ok(Measured {
                objective,
                gradient_max,
                validation_loss,
            })
        };
        stochastic::train::<M, T>(
            problem,
            Parameters::zeros(columns, outputs, problem.intercept),
            config,
            &self.device.device,
            self.interrupted,
            &measure,
            &mut |epoch: &Epoch| observe(Event::Epoch(*epoch, config.epochs)),
        )
    }
}

/// Solves in one step, on the `f64` rows, which needs no gradient.
fn in_one_step(exact: &HostObjective<'_, f64>, gradient: Gradient) -> Result<Solution, FitError> {
    if gradient != Gradient::Fused {
        return Err(FitError::Setting {
            option: "--gradient",
            value: gradient.to_string(),
            reason: "--solver least-squares works on rows in host memory and needs no gradient",
        });
    }
    let solved = least_squares(exact.problem(), Method::Qr)?;
    let mut history = Vec::new();
    for (iteration, theta) in [&vec![0.0; solved.theta.len()], &solved.theta]
        .into_iter()
        .enumerate()
    {
        let mut gradient = vec![0.0; theta.len()];
        history.push(Record {
            iteration,
            objective: exact.gradient(theta, &mut gradient)?,
            gradient_max: largest(&gradient),
            step: if iteration == 0 { 0.0 } else { 1.0 },
        });
    }
    let last = history[history.len() - 1];
    Ok(Solution {
        theta: solved.theta,
        status: Status::Converged,
        objective: last.objective,
        gradient_max: last.gradient_max,
        sample_steps: 0,
        detail: Some(format!("condition number {:.1e}", solved.condition)),
        history,
    })
}

/// The largest component in absolute value.
fn largest(gradient: &[f64]) -> f64 {
    gradient.iter().fold(0.0, |most, part| most.max(part.abs()))
}

/// An upper bound of the objective's curvature in any direction: the loss's own, times the mean
/// squared norm of a row with its intercept, plus the penalty's.
fn curvature_bound<T: Number>(problem: &Problem<'_, T>) -> f64 {
    let loss = match problem.target {
        TargetValues::Binary(_) => 0.25,
        TargetValues::Multinomial { .. } => 0.5,
        TargetValues::Linear(_) => 1.0,
    };
    let intercept = f64::from(u8::from(problem.intercept));
    let (mut squares, mut total) = (0.0, 0.0);
    for row in 0..problem.design.rows() {
        let weight = problem.weights.map_or(1.0, |weights| weights[row]);
        let square: f64 = problem
            .design
            .row(row)
            .iter()
            .map(|x| x.to_f64() * x.to_f64())
            .sum();
        squares += weight * (square + intercept);
        total += weight;
    }
    loss * squares / total + problem.penalty.l2()
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
