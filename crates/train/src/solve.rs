//! The solver of choice on the gradient of choice.

use std::sync::atomic::AtomicBool;

use dataset::{DesignMatrix, PreparedRows};
use model::device::Choice;
use model::{LinearRegression, LogisticRegression, Parameters, SoftmaxRegression, Supervised};
use solver::{
    Certificate, HostObjective, Newton, Objective, Penalty, Problem, Record, Solution, Status,
    Stop, TargetValues, certify, minimize_observed,
};

use crate::config::Hyperparameters;
use crate::error::FitError;
use crate::fit::Event;
use crate::measure;
use crate::method::Gradient;
use crate::objective::DeviceObjective;
use crate::prepare::{Prepared, target_values};
use crate::rows::Number;
use crate::stochastic::optimizer::default_rate;
use crate::stochastic::{self, Epoch, Measured, StochasticConfig};

/// Where a solver ended.
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

    /// Solves with rows kept as `T`.
    ///
    /// A full-batch solution of `f32` rows is only as good as their rounding, so it is carried on
    /// to the optimum of the `f64` rows on the host.
    ///
    /// # Errors
    /// Any [`FitError`] of the solver.
    pub fn solve<T: Number>(&self, observe: &mut dyn FnMut(Event)) -> Result<Solved, FitError> {
        let part = self.prepared.train();
        let design = self.prepared.design::<T>(part)?;
        let problem = self.problem(&design, part);
        if !self.hyperparameters.solver.is_full_batch() {
            return match problem.target {
                TargetValues::Binary(_) => self.train::<LogisticRegression, T>(&problem, observe),
                TargetValues::Multinomial { .. } => {
                    self.train::<SoftmaxRegression, T>(&problem, observe)
                }
                TargetValues::Linear(_) => self.train::<LinearRegression, T>(&problem, observe),
            };
        }
        let start = vec![0.0; problem.dimension()];
        let first = match self.hyperparameters.gradient.resolve(self.device) {
            Gradient::Auto | Gradient::Fused => {
                self.minimize(&HostObjective::new(problem)?, &start, observe)?
            }
            gradient => match problem.target {
                TargetValues::Binary(_) => {
                    let objective = self.device_objective::<LogisticRegression, T>(&problem, gradient);
                    self.minimize(&objective, &start, observe)?
                }
                TargetValues::Multinomial { .. } => {
                    let objective = self.device_objective::<SoftmaxRegression, T>(&problem, gradient);
                    self.minimize(&objective, &start, observe)?
                }
                TargetValues::Linear(_) => {
                    let objective = self.device_objective::<LinearRegression, T>(&problem, gradient);
                    self.minimize(&objective, &start, observe)?
                }
            },
        };
        let penalty = problem.penalty;
        let carry_on = T::PRECISION != model::device::Precision::F64
            && matches!(first.status, Status::Converged | Status::IterationLimit);
        let solution = if carry_on { self.polish(first, observe)? } else { first };
        Ok(Solved {
            theta: solution.theta,
            status: solution.status,
            detail: solution.detail,
            history: History::Iterations(solution.history),
            stochastic: None,
            penalty,
        })
    }

    fn device_objective<M: Supervised, T: Number>(
        &self,
        problem: &Problem<'_, T>,
        gradient: Gradient,
    ) -> DeviceObjective<M> {
        DeviceObjective::new(problem, gradient, &self.device.device)
    }

    fn minimize(
        &self,
        objective: &dyn Objective,
        start: &[f64],
        observe: &mut dyn FnMut(Event),
    ) -> Result<Solution, FitError> {
        let stop = Stop {
            gradient_tolerance: self.hyperparameters.tolerance,
            max_iterations: self.hyperparameters.max_iterations,
            time_limit: None,
            interrupted: Some(self.interrupted),
        };
        Ok(minimize_observed(&Newton::default(), objective, start, &stop, &mut |record| {
            observe(Event::Iteration(*record));
        })?)
    }

    /// Carries a solution on to the optimum of the `f64` rows.
    fn polish(
        &self,
        first: Solution,
        observe: &mut dyn FnMut(Event),
    ) -> Result<Solution, FitError> {
        let part = self.prepared.train();
        let design = self.prepared.design::<f64>(part)?;
        let objective = HostObjective::new(self.problem(&design, part))?;
        let mut solution = self.minimize(&objective, &first.theta, observe)?;
        // Its first record is the point that it started from: the last of the history so far.
        let done = first.history.len();
        let polished = solution.history.into_iter().skip(1).map(|mut record| {
            record.iteration += done - 1;
            record
        });
        solution.history = first.history.into_iter().chain(polished).collect();
        Ok(solution)
    }

    fn train<M: Supervised, T: Number>(
        &self,
        problem: &Problem<'_, T>,
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
        let (columns, outputs) = (problem.design.columns(), problem.target.outputs());
        let start = Parameters::zeros(columns, outputs, problem.intercept);
        let objective = HostObjective::new(*problem)?;
        let validation = match &self.prepared.parts.validation {
            Some(part) => Some((part, self.prepared.design::<f64>(part)?)),
            None => None,
        };
        let measure = |theta: &[f64]| -> Result<Measured, FitError> {
            let mut gradient = vec![0.0; theta.len()];
            let value = objective.gradient(theta, &mut gradient)?;
            let validation_loss = match &validation {
                None => None,
                Some((part, design)) => {
                    let parameters =
                        Parameters::from_flat(theta, columns, outputs, problem.intercept);
                    let scores = measure::scores(&parameters, design, part.offsets.as_deref());
                    Some(measure::loss(part, &scores)?)
                }
            };
            let gradient_max = gradient.iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
            Ok(Measured { objective: value, gradient_max, validation_loss })
        };
        let mut report = |epoch: &Epoch| observe(Event::Epoch(*epoch, config.epochs));
        let trained = stochastic::train::<M, T>(
            problem,
            start,
            &config,
            &self.device.device,
            self.interrupted,
            &measure,
            &mut report,
        )?;
        let detail = (trained.status == Status::Diverged).then(|| {
            let done = trained.history.len();
            format!(
                "the loss is no longer finite after epoch {done}: take a learning rate well below {}",
                config.learning_rate
            )
        });
        Ok(Solved {
            theta: trained.parameters.to_flat(),
            status: trained.status,
            detail,
            history: History::Epochs(trained.history),
            stochastic: Some(config),
            penalty: problem.penalty,
        })
    }

    /// The objective of the `f64` training rows at a solution, and the certificate.
    ///
    /// # Errors
    /// [`FitError::Objective`] when the rows make no sense.
    pub fn certify(&self, theta: &[f64]) -> Result<(f64, Certificate), FitError> {
        let part = self.prepared.train();
        let design = self.prepared.design::<f64>(part)?;
        let problem = self.problem(&design, part);
        let objective = HostObjective::new(problem)?.value(theta)?;
        Ok((objective, certify(&problem, theta)?))
    }
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
        let square: f64 = problem.design.row(row).iter().map(|x| x.to_f64() * x.to_f64()).sum();
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
