//! Mini-batch training: one loop for every task, device and optimizer.
//!
//! The textbook's gradient descent is this loop with `--solver sgd --batch-size N` and N rows.

pub mod batches;
pub mod optimizer;
pub mod schedule;

use std::sync::atomic::{AtomicBool, Ordering};

use burn::module::Param;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use dataset::DesignMatrix;
use model::{Parameters, Supervised};
use serde::{Deserialize, Serialize};
use solver::{HostObjective, Objective, Penalty, Problem, Status, TargetValues};

pub use schedule::Schedule;

use crate::FitError;
use crate::method::{Gradient, SolverChoice};
use crate::rows::{Number, Slope, Upload, mean_weight};

/// What a person sets of a stochastic fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StochasticConfig {
    /// The optimizer.
    pub solver: SolverChoice,
    /// How the gradient of a batch is computed; never `auto`.
    pub gradient: Gradient,
    /// Passes over the rows.
    pub epochs: usize,
    /// Rows in a step; the last batch of an epoch has what is left.
    pub batch_size: usize,
    /// Learning rate of the first step.
    pub learning_rate: f64,
    /// How it changes.
    pub schedule: Schedule,
    /// Seed of the shuffles.
    pub seed: u64,
}

/// What is measured after each epoch, over all training rows at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The minimised function, penalty included.
    pub objective: f64,
    /// Largest component of its gradient, in absolute value.
    pub gradient_max: f64,
    /// Mean loss on the validation rows, without the penalty.
    pub validation_loss: Option<f64>,
}

/// A line of the history.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1; 0 is the start.
    pub epoch: usize,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Mean loss over its batches, as the parameters moved.
    pub batch_loss: f64,
    /// The state at its end.
    #[serde(flatten)]
    pub measured: Measured,
}

/// Where a stochastic fit ended.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The last finite parameters.
    pub parameters: Parameters,
    /// `completed`, `diverged` or `interrupted`.
    pub status: Status,
    /// A line for each epoch.
    pub history: Vec<Epoch>,
}

/// Trains a module by mini-batches.
///
/// `measure` looks at the parameters after each epoch; `observe` is told of each finished epoch.
///
/// # Errors
/// [`FitError`] when the full-batch solver's objective refuses the rows.
pub fn train<M: Supervised, T: Number>(
    problem: &Problem<'_, T>,
    start: Parameters,
    config: &StochasticConfig,
    device: &Device,
    interrupted: &AtomicBool,
    measure: &dyn Fn(&Parameters) -> Result<Measured, FitError>,
    observe: &mut dyn FnMut(&Epoch),
) -> Result<Trained, FitError> {
    let mut optimizer = optimizer::optimizer(config.solver, problem.penalty.l2()).ok_or(
        FitError::NotStochastic {
            solver: config.solver,
        },
    )?;
    let rows = problem.design.rows();
    let batch_size = config.batch_size.clamp(1, rows);
    let steps = rows.div_ceil(batch_size) as u64 * config.epochs as u64;
    let mut module = M::from_parameters(&start, &device.clone().autodiff(), T::PRECISION);
    let mut trained = Trained {
        parameters: start,
        status: Status::Completed,
        history: Vec::new(),
    };
    let mut step = 0;
    let mean = mean_weight(problem.weights);

    for epoch in 1..=config.epochs {
        let order = batches::order(rows, config.seed, epoch as u64);
        let mut learning_rate = config.learning_rate;
        let mut total = Total::default();
        for batch in order.chunks(batch_size) {
            if interrupted.load(Ordering::Relaxed) {
                trained.status = Status::Interrupted;
                return Ok(trained);
            }
            learning_rate = config.schedule.rate(config.learning_rate, step, steps);
            let slope = slope(problem, batch, mean, &module, config.gradient, device)?;
            total.add(slope.loss, batch.len());
            let mut gradients = GradientsParams::new();
            let linear = module.linear();
            gradients.register(linear.weight.id, slope.weight);
            if let (Some(bias), Some(slope)) = (&linear.bias, slope.bias) {
                gradients.register(bias.id, slope);
            }
            module = optimizer.step(learning_rate, module, gradients);
            step += 1;
        }

        let parameters = Parameters::from_linear(module.linear());
        let finite = parameters.to_flat().iter().all(|value| value.is_finite());
        let measured = if finite {
            Some(measure(&parameters)?)
        } else {
            None
        };
        let Some(measured) = measured.filter(|measured| measured.objective.is_finite()) else {
            trained.status = Status::Diverged;
            return Ok(trained);
        };
        trained.parameters = parameters;
        let line = Epoch {
            epoch,
            learning_rate,
            batch_loss: total.mean(rows),
            measured,
        };
        observe(&line);
        trained.history.push(line);
    }
    Ok(trained)
}

/// Loss and gradient of one batch, by the way asked for, without the penalty.
fn slope<M: Supervised, T: Number>(
    problem: &Problem<'_, T>,
    batch: &[usize],
    mean: Option<f64>,
    module: &M,
    gradient: Gradient,
    device: &Device,
) -> Result<Slope, FitError> {
    match gradient {
        Gradient::Autodiff => Ok(problem.upload_batch(batch, mean, device)?.autodiff(module)),
        Gradient::Analytic => Ok(problem
            .upload_batch(batch, mean, device)?
            .analytic(&module.valid())),
        Gradient::Auto | Gradient::Fused => fused(problem, batch, mean, module, device),
    }
}

/// The host's pass over a gathered batch.
fn fused<M: Supervised, T: Number>(
    problem: &Problem<'_, T>,
    batch: &[usize],
    mean: Option<f64>,
    module: &M,
    device: &Device,
) -> Result<Slope, FitError> {
    let pick = |values: &[f64]| batch.iter().map(|&row| values[row]).collect::<Vec<f64>>();
    let columns = problem.design.columns();
    let values = batches::gather(problem.design, batch)?;
    let design = DesignMatrix::new(batch.len(), columns, values)?;
    let (numbers, codes);
    let target = match problem.target {
        TargetValues::Binary(values) => {
            numbers = pick(values);
            TargetValues::Binary(&numbers)
        }
        TargetValues::Linear(values) => {
            numbers = pick(values);
            TargetValues::Linear(&numbers)
        }
        TargetValues::Multinomial {
            codes: all,
            classes,
        } => {
            codes = batch.iter().map(|&row| all[row]).collect::<Vec<u32>>();
            TargetValues::Multinomial {
                codes: &codes,
                classes,
            }
        }
    };
    let weights = problem.weights.map(pick);
    let outputs = problem.target.outputs();
    let offsets = problem.offsets.map(|offsets| {
        let own = |&row: &usize| offsets[row * outputs..(row + 1) * outputs].iter().copied();
        batch.iter().flat_map(own).collect::<Vec<f64>>()
    });
    let theta = Parameters::from_linear(module.linear()).to_flat();
    let (mut loss, mut gradient) = (0.0, vec![0.0; theta.len()]);
    // A batch of rows without weight has no mean, and no slope.
    if weights
        .as_ref()
        .is_none_or(|weights| weights.iter().any(|&weight| weight > 0.0))
    {
        let objective = HostObjective::new(Problem {
            design: &design,
            target,
            weights: weights.as_deref(),
            offsets: offsets.as_deref(),
            intercept: problem.intercept,
            penalty: Penalty::NONE,
        })?;
        loss = objective.gradient(&theta, &mut gradient)?;
    }
    // The objective divides by the batch's own weight, the mean over batches by all rows'.
    if let (Some(all), Some(own)) = (mean, mean_weight(weights.as_deref())) {
        let share = own / all;
        loss *= share;
        for part in &mut gradient {
            *part *= share;
        }
    }
    let gradient = Parameters::from_flat(&gradient, columns, outputs, problem.intercept)
        .to_linear(device, T::PRECISION);
    let loss = TensorData::new(vec![loss], [1]);
    Ok(Slope {
        loss: Tensor::from_data(loss, (device, T::PRECISION.dtype())),
        weight: gradient.weight.into_value(),
        bias: gradient.bias.map(Param::into_value),
    })
}

/// The sum of the batches' losses, kept on the device so that no step waits for it.
#[derive(Default)]
struct Total(Option<Tensor<1>>);

impl Total {
    fn add(&mut self, loss: Tensor<1>, rows: usize) {
        let sum = loss.mul_scalar(rows as f64);
        self.0 = Some(match self.0.take() {
            None => sum,
            Some(total) => total + sum,
        });
    }

    fn mean(self, rows: usize) -> f64 {
        self.0
            .map_or(f64::NAN, |total| total.into_scalar::<f64>() / rows as f64)
    }
}
