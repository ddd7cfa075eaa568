//! The mini-batch solvers, measured on all rows after each epoch.

use std::time::Instant;

use dataset::{PreparedRows, RowSource};
use model::Parameters;
use model::device::Precision;
use solver::stochastic::steepness::{batch_rate, steepest};
use solver::stochastic::{self, Measured, Rule, SettingError, State, Trained, Watch};
use solver::{Diagnosis, HostObjective, Objective, ObjectiveError, Problem, certify_held};

use super::illness::Course;
use super::{History, RESIDENT_BYTES, Setting, Solved, largest};
use crate::error::FitError;
use crate::fit::Event;
use crate::measure;
use crate::method::Gradient;
use crate::plan::Plan;
use crate::rows::Number;
use crate::stochastic::options::default_rate;
use crate::stochastic::{Epoch, StochasticConfig, Watched, batches, decay};

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
        let config = self.stochastic_config(problem, plan)?;
        let trained = self.train(problem, exact, &config, observe)?;
        let solved = started.elapsed().as_secs_f64();
        let objective = exact.value(&trained.theta)?;
        let certificate = certify_held(exact, &trained.theta, &[])?;
        // Half the squared decrement is what a Newton step promises to gain.
        let gain = certificate.newton_decrement.map(|nu| 0.5 * nu * nu);
        let course = Course {
            start: exact.value(&vec![0.0; trained.theta.len()])?,
            objective,
            optimum: gain.map(|gain| objective - gain),
        };
        let status = course.status(&trained);
        let detail = match course.illness(&trained, status, &config.settings) {
            Some(illness) => {
                let safe = safe_rate(problem, config.settings.batch_size)?;
                Some(illness.words(&config.settings, safe))
            }
            None => best(&trained, &config),
        };
        Ok(Solved {
            objective,
            certificate,
            theta: trained.theta,
            status,
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

    /// What the loop runs with, checked.
    fn stochastic_config<T: Number>(
        &self,
        problem: &Problem<'_, T>,
        plan: &Plan,
    ) -> Result<StochasticConfig, FitError> {
        let (settings, options) = (self.hyperparameters, &self.hyperparameters.stochastic);
        let rows = problem.design.rows();
        let rule = options.rule(plan.solver).unwrap_or(Rule::Sgd);
        let rate = match options.learning_rate {
            Some(rate) => rate,
            None => default_rate(rule, safe_rate(problem, options.batch_size.of(rows))?),
        };
        let config = StochasticConfig {
            solver: plan.solver,
            gradient: plan.gradient,
            settings: options.settings(rule, rows, rate, settings.seed),
        };
        config.settings.check(rows)?;
        if !options.watch.suits(self.prepared.task()) {
            return Err(SettingError {
                setting: "watch",
                value: options.watch.to_string(),
                reason: "it is no metric of this target",
                remedy: "--watch loss",
            }
            .into());
        }
        if self.device.adapter.is_some()
            && config.gradient != Gradient::Fused
            && config.settings.batch_size > LARGEST_GPU_BATCH
        {
            return Err(FitError::Setting {
                option: "--batch-size",
                value: config.settings.batch_size.to_string(),
                reason: "wgpu sums no more than 65536 rows of a batch rightly; for all rows at \
                         once take --solver newton or lbfgs",
            });
        }
        Ok(config)
    }

    fn train<T: Number>(
        &self,
        problem: &Problem<'_, T>,
        exact: &HostObjective<'_, f64>,
        config: &StochasticConfig,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Trained, FitError> {
        let mut source = batches(problem, config.gradient, self.device)?;
        // The f64 rows where they are at hand; where they would be encoded anew for every look, those of the
        // fit, which differ from them by no more than their rounding.
        let rounded;
        let bytes = problem.design.rows() * problem.design.columns() * size_of::<f64>();
        let rows: &dyn Objective = if bytes <= RESIDENT_BYTES {
            exact
        } else {
            rounded = HostObjective::new(*problem)?;
            &rounded
        };
        let mut watch = Eye {
            rows,
            columns: problem.design.columns(),
            outputs: problem.target.outputs(),
            intercept: problem.intercept,
            validation: (self.prepared.parts.validation.as_ref())
                .zip(self.prepared.designs.validation.as_deref()),
            metric: self.hyperparameters.stochastic.watch,
            epochs: config.settings.epochs,
            precision: self.hyperparameters.precision,
            observe,
        };
        stochastic::train(
            source.as_mut(),
            &config.settings,
            &decay(problem),
            State::new(vec![0.0; problem.dimension()]),
            self.interrupted,
            &mut watch,
        )
    }
}

/// What looks at a run after each epoch: all training rows, and the validation rows.
struct Eye<'a, 'o> {
    rows: &'a dyn Objective,
    columns: usize,
    outputs: usize,
    intercept: bool,
    validation: Option<(&'a PreparedRows, &'a dyn RowSource<f64>)>,
    metric: Watched,
    epochs: usize,
    precision: Precision,
    observe: &'o mut dyn FnMut(Event<'_>),
}

impl Watch<FitError> for Eye<'_, '_> {
    fn measure(&mut self, theta: &[f64]) -> Result<Measured, FitError> {
        let mut gradient = vec![0.0; theta.len()];
        let mut objective = self.rows.gradient(theta, &mut gradient)?;
        // A module in this precision could not hold them.
        if self.precision == Precision::F32 && theta.iter().any(|&t| !(t as f32).is_finite()) {
            objective = f64::INFINITY;
        }
        let mut measured = Measured {
            objective,
            gradient_max: largest(&gradient),
            validation_loss: None,
            watched: None,
        };
        if let Some((part, design)) = self.validation {
            let (columns, outputs) = (self.columns, self.outputs);
            let parameters = Parameters::from_flat(theta, columns, outputs, self.intercept);
            let scores = measure::scores(&parameters, design, part.offsets.as_deref())?;
            measured.validation_loss = Some(measure::loss(part, &scores)?);
            measured.watched = self.metric.value(part, &scores);
        }
        Ok(measured)
    }

    fn epoch(&mut self, epoch: &Epoch) {
        (self.observe)(Event::Epoch(*epoch, self.epochs));
    }
}

/// Which epoch is kept, where early stopping chose it.
fn best(trained: &Trained, config: &StochasticConfig) -> Option<String> {
    let (done, best) = (trained.state.epoch, trained.best?);
    Some(if done < config.settings.epochs {
        format!("stopped after epoch {done} without improvement; epoch {best} is the best and kept")
    } else {
        format!("epoch {best} is the best and kept")
    })
}

/// The rate at which descent by batches of so many rows is sure to approach the optimum: `1/L` where they
/// are all rows, for which every step is sure to gain most; [`batch_rate`] where they are not.
pub(crate) fn safe_rate<T: Number>(
    problem: &Problem<'_, T>,
    batch_size: usize,
) -> Result<f64, ObjectiveError> {
    let rows = HostObjective::new(*problem)?;
    let steepest = steepest(&rows)?;
    if batch_size >= problem.design.rows() {
        return Ok(0.5 * steepest.safe_rate());
    }
    batch_rate(&rows, &steepest, batch_size)
}
