//! The mini-batch solvers, measured on the `f64` rows after each epoch.

use std::time::Instant;

use model::device::Backend;
use model::{LinearRegression, LogisticRegression, Parameters, SoftmaxRegression, Supervised};
use solver::{
    Diagnosis, HostObjective, Objective, ObjectiveError, Problem, Status, TargetValues,
    certify_held,
};

use super::{History, Setting, Solved, largest};
use crate::error::FitError;
use crate::fit::Event;
use crate::measure;
use crate::method::Gradient;
use crate::plan::Plan;
use crate::rows::Number;
use crate::stochastic::optimizer::default_rate;
use crate::stochastic::{self, Epoch, Measured, StochasticConfig, Trained};

/// Rows looked at together.
const BLOCK: usize = 1024;

/// Rows of a batch on a GPU: wgpu's sums over a million rows were seen to leave most of them out, those over
/// this many were not, and a batch is no place to find out.
const LARGEST_GPU_BATCH: usize = 65_536;

impl Setting<'_> {
    /// Trains by mini-batches, and measures how far that got.
    pub(super) fn in_mini_batches<T: Number>(
        &self,
        problem: &Problem<'_, T>,
        exact: &HostObjective<'_, f64>,
        plan: &Plan,
        started: Instant,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Solved, FitError> {
        let settings = self.hyperparameters;
        let config = StochasticConfig {
            solver: plan.solver,
            gradient: plan.gradient,
            epochs: settings.epochs,
            batch_size: settings.batch_size.min(problem.design.rows()),
            learning_rate: match settings.learning_rate {
                Some(rate) => rate,
                None => default_rate(plan.solver, curvature_bound(problem)?),
            },
            schedule: settings.schedule,
            seed: settings.seed,
        };
        if self.device.backend == Backend::Wgpu
            && config.gradient != Gradient::Fused
            && config.batch_size > LARGEST_GPU_BATCH
        {
            return Err(FitError::Setting {
                option: "--batch-size",
                value: config.batch_size.to_string(),
                reason: "wgpu sums no more than 65536 rows of a batch rightly; for all rows at \
                         once take --solver newton or lbfgs",
            });
        }
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
            sample_steps: 0,
            stochastic: Some(config),
            condition: None,
            gap: None,
            plan: plan.clone(),
            stored: None,
            train_scores: Vec::new(),
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
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Trained, FitError> {
        let (columns, outputs) = (problem.design.columns(), problem.target.outputs());
        let validation = self
            .prepared
            .parts
            .validation
            .as_ref()
            .zip(self.prepared.designs.validation.as_deref());
        let measure = |parameters: &Parameters| -> Result<Measured, FitError> {
            let theta = parameters.to_flat();
            let mut gradient = vec![0.0; theta.len()];
            let objective = exact.gradient(&theta, &mut gradient)?;
            let validation_loss = match validation {
                None => None,
                Some((part, design)) => {
                    let scores = measure::scores(parameters, design, part.offsets.as_deref())?;
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

/// An upper bound of the objective's curvature in any direction: the loss's own, times the mean
/// squared norm of a row with its intercept, plus the penalty's.
fn curvature_bound<T: Number>(problem: &Problem<'_, T>) -> Result<f64, ObjectiveError> {
    let loss = match problem.target {
        TargetValues::Binary(_) => 0.25,
        TargetValues::Multinomial { .. } => 0.5,
        TargetValues::Linear(_) => 1.0,
    };
    let intercept = f64::from(u8::from(problem.intercept));
    let (mut squares, mut total) = (0.0, 0.0);
    let (rows, columns) = (problem.design.rows(), problem.design.columns());
    let mut scratch = Vec::new();
    for start in (0..rows).step_by(BLOCK) {
        let end = (start + BLOCK).min(rows);
        let cells = problem.design.cells(start..end, &mut scratch)?;
        for row in start..end {
            let weight = problem.weights.map_or(1.0, |weights| weights[row]);
            let cells = &cells[(row - start) * columns..(row - start + 1) * columns];
            let square: f64 = cells.iter().map(|x| x.to_f64() * x.to_f64()).sum();
            squares += weight * (square + intercept);
            total += weight;
        }
    }
    Ok(loss * squares / total + problem.penalty.l2())
}
