//! Mini-batch training: one loop for every loss, device and optimizer.
//!
//! The textbook's gradient descent is this loop with [`Rule::Sgd`] and batches of all rows.
//!
//! - [`batches`]: which rows, in which order
//! - [`update`]: how a gradient becomes a step; [`schedule`]: how long it is
//! - [`state`]: everything that a run remembers
//! - [`steepness`]: which learning rates are safe, from the curvature; [`verdict`]: what became of one

pub mod batches;
pub mod schedule;
pub mod state;
pub mod steepness;
pub mod update;
pub mod verdict;

use std::sync::atomic::{AtomicBool, Ordering};

use dataset::Element;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{HostObjective, ObjectiveError, Status};

pub use schedule::{Pace, Position, Schedule};
pub use state::State;
pub use update::{Moments, Rule};

use state::Best;
pub use steepness::{SpectrumBasis, Steepness};
pub use verdict::Verdict;

/// What a person sets of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How a gradient becomes a step.
    #[serde(flatten)]
    pub rule: Rule,
    /// Passes over the rows.
    pub epochs: usize,
    /// Rows in a batch; the last batch of an epoch has what is left.
    pub batch_size: usize,
    /// The full learning rate.
    pub learning_rate: f64,
    /// How it changes.
    #[serde(flatten)]
    pub pace: Pace,
    /// Seed of the shuffles.
    pub seed: u64,
    /// The longest gradient, over all parameters: a longer one is shortened to it.
    pub clip: Option<f64>,
    /// Batches whose gradients make one step.
    pub accumulate: usize,
    /// The last epochs, over whose steps the parameters are averaged; 0 for none.
    pub average: usize,
    /// When to stop early.
    pub stopping: Option<Stopping>,
}

/// When a run stops before its last epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stopping {
    /// Epochs without an improvement that it waits.
    pub patience: usize,
    /// What an improvement must be more than.
    pub change: f64,
}

impl Settings {
    /// Settings with no schedule, no clipping, no averaging and no early stop.
    pub fn new(rule: Rule, learning_rate: f64) -> Self {
        Self {
            rule,
            epochs: 30,
            batch_size: 256,
            learning_rate,
            pace: Pace::default(),
            seed: 0,
            clip: None,
            accumulate: 1,
            average: 0,
            stopping: None,
        }
    }

    /// Refuses settings that make no sense for so many rows.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn check(&self, rows: usize) -> Result<(), SettingError> {
        let refuse = |setting, value: String, reason, remedy| {
            Err(SettingError {
                setting,
                value,
                reason,
                remedy,
            })
        };
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !positive(self.learning_rate) {
            return refuse(
                "learning-rate",
                self.learning_rate.to_string(),
                "it must be a number above 0",
                "--learning-rate auto",
            );
        }
        if self.epochs == 0 {
            return refuse(
                "epochs",
                "0".to_owned(),
                "it must be at least 1",
                "--epochs 30",
            );
        }
        if self.batch_size == 0 {
            return refuse(
                "batch-size",
                "0".to_owned(),
                "it must be at least 1",
                "--batch-size 256",
            );
        }
        if self.batch_size > rows {
            return refuse(
                "batch-size",
                self.batch_size.to_string(),
                "a batch has no more rows than there are to fit on",
                "--batch-size all for every row at each step",
            );
        }
        if let Some(clip) = self.clip
            && !positive(clip)
        {
            return refuse(
                "clip-norm",
                clip.to_string(),
                "it must be a number above 0",
                "--clip-norm 1, or leave it out",
            );
        }
        if self.accumulate == 0 {
            return refuse(
                "accumulate",
                "0".to_owned(),
                "a step needs the gradient of at least 1 batch",
                "--accumulate 1",
            );
        }
        if self.average > self.epochs {
            return refuse(
                "average",
                self.average.to_string(),
                "no more epochs can be averaged than are made",
                "fewer epochs in --average, or more --epochs",
            );
        }
        if let Some(stopping) = self.stopping {
            if stopping.patience == 0 {
                return refuse(
                    "patience",
                    "0".to_owned(),
                    "a run has to wait for at least 1 epoch without improvement",
                    "--patience 10",
                );
            }
            if !(stopping.change.is_finite() && stopping.change >= 0.0) {
                return refuse(
                    "min-change",
                    stopping.change.to_string(),
                    "it must be a number from 0 upwards",
                    "--min-change 0.0001",
                );
            }
        }
        self.rule.check()?;
        self.pace.check(self.epochs)
    }
}

/// A setting that makes no sense; the names are those of the program's options.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("{setting}{gap}{value}: {reason}", gap = if value.is_empty() { "" } else { " " })]
pub struct SettingError {
    /// Its name.
    pub setting: &'static str,
    /// What it was set to; empty for one that is on or off.
    pub value: String,
    /// What it should be.
    pub reason: &'static str,
    /// What to type instead.
    pub remedy: &'static str,
}

/// Where loss and gradient of a batch come from: rows on the host, or on a device.
pub trait BatchGradient {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// Writes the gradient of a batch's loss, without the penalty, and returns the loss, both divided
    /// as in [`HostObjective::batch`].
    ///
    /// # Shapes
    /// - `theta`, `gradient`: `[parameters]`; `batch`: some of the rows; all of them in their own order
    ///
    /// # Errors
    /// Whatever keeps rows from being read.
    fn gradient(
        &mut self,
        theta: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, ObjectiveError>;
}

impl<T: Element> BatchGradient for HostObjective<'_, T> {
    fn rows(&self) -> usize {
        self.problem().design.rows()
    }

    fn gradient(
        &mut self,
        theta: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> Result<f64, ObjectiveError> {
        self.batch(theta, batch, gradient)
    }
}

/// What is measured after each epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The minimised function over all training rows, penalty included.
    pub objective: f64,
    /// Largest component of its gradient, in absolute value.
    pub gradient_max: f64,
    /// Mean loss on the validation rows, without the penalty.
    pub validation_loss: Option<f64>,
    /// What early stopping and the plateau look at, lower is better; none for the validation loss, or
    /// without one for the objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watched: Option<f64>,
}

impl Measured {
    /// What early stopping and the plateau look at.
    fn watched(&self) -> f64 {
        self.watched
            .or(self.validation_loss)
            .unwrap_or(self.objective)
    }
}

/// A line of the history.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: usize,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Mean loss over its batches, as the parameters moved.
    pub batch_loss: f64,
    /// The state at its end.
    #[serde(flatten)]
    pub measured: Measured,
}

/// Who looks on while a run goes: the loop asks it to measure, and tells it what happens.
pub trait Watch<E> {
    /// Looks at the parameters after an epoch.
    ///
    /// # Errors
    /// Whatever goes wrong; it ends the run.
    fn measure(&mut self, theta: &[f64]) -> Result<Measured, E>;

    /// Is told of a finished epoch.
    fn epoch(&mut self, _: &Epoch) {}

    /// Is shown the state after every batch, and after every epoch: [`State::batch`] is 0 then.
    ///
    /// # Errors
    /// Whatever goes wrong; it ends the run.
    fn keep(&mut self, _: &State) -> Result<(), E> {
        Ok(())
    }
}

/// Where a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// The answer: the best epoch's parameters with early stopping, the average where one was asked
    /// for, otherwise those of the last epoch whose objective was finite.
    pub theta: Vec<f64>,
    /// `completed`, `diverged` or `interrupted`.
    pub status: Status,
    /// A line for each epoch that this call made.
    pub history: Vec<Epoch>,
    /// The epoch of `theta`, where early stopping chose it.
    pub best: Option<usize>,
    /// The state at the end, from which an interrupted run goes on.
    pub state: State,
}

/// Trains by mini-batches, from a state on: [`State::new`], or one that was kept.
///
/// `decay` holds each parameter's weight in the penalty `½ Σ decayⱼ θⱼ²`, 0 for intercepts.
///
/// # Shapes
/// - `decay`: `[parameters]`
///
/// # Errors
/// What `source` and `watch` return.
///
/// # Examples
/// Least squares of two rows on the line `y = 2x`.
/// ```
/// use std::sync::atomic::AtomicBool;
///
/// use dataset::DesignMatrix;
/// use solver::stochastic::{Measured, Rule, Settings, State, Watch, train};
/// use solver::{HostObjective, Objective, ObjectiveError, Problem, TargetValues};
///
/// struct Nothing;
///
/// impl Watch<ObjectiveError> for Nothing {
///     fn measure(&mut self, _: &[f64]) -> Result<Measured, ObjectiveError> {
///         Ok(Measured { objective: 0.0, gradient_max: 0.0, validation_loss: None, watched: None })
///     }
/// }
///
/// let design = DesignMatrix::new(2, 1, vec![1.0, -1.0])?;
/// let problem = Problem::new(&design, TargetValues::Linear(&[2.0, -2.0]));
/// let mut objective = HostObjective::new(problem)?;
/// let settings = Settings { epochs: 50, batch_size: 1, ..Settings::new(Rule::Sgd, 0.5) };
/// let start = State::new(vec![0.0; 2]);
/// let never = AtomicBool::new(false);
/// let trained = train(&mut objective, &settings, &[0.0; 2], start, &never, &mut Nothing)?;
/// assert!((trained.theta[0] - 2.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn train<E: From<ObjectiveError>>(
    source: &mut dyn BatchGradient,
    settings: &Settings,
    decay: &[f64],
    mut state: State,
    interrupted: &AtomicBool,
    watch: &mut dyn Watch<E>,
) -> Result<Trained, E> {
    let rows = source.rows();
    let batch_size = settings.batch_size.clamp(1, rows.max(1));
    let batches = rows.div_ceil(batch_size);
    let accumulate = settings.accumulate.clamp(1, batches.max(1));
    let per_epoch = batches.div_ceil(accumulate) as u64;
    let mut gradient = vec![0.0; state.theta.len()];
    let mut history = Vec::new();
    let mut status = Status::Completed;

    while state.epoch < settings.epochs && !state.has_stopped(settings) {
        let epoch = state.epoch + 1;
        let order = batches::order(rows, batch_size, settings.seed, epoch as u64);
        for batch in order.chunks(batch_size).skip(state.batch) {
            if interrupted.load(Ordering::Relaxed) {
                status = Status::Interrupted;
                break;
            }
            // 1. The gradient of a batch, or of several.
            let loss = source.gradient(&state.theta, batch, &mut gradient)?;
            state.loss += loss * batch.len() as f64;
            state.batch += 1;
            let ends = state.batch == batches;
            if accumulate > 1 && !state.add(&mut gradient, accumulate, ends) {
                watch.keep(&state)?;
                continue;
            }
            // 2. Shortened where it is too long.
            if let Some(clip) = settings.clip {
                shorten(&mut gradient, clip);
            }
            // 3. A step.
            let at = Position {
                step: state.moments.steps,
                per_epoch,
                epochs: settings.epochs as u64,
            };
            state.learning_rate =
                settings.learning_rate * settings.pace.share(at) * state.plateau.share;
            let rate = state.learning_rate;
            let (moments, theta) = (&mut state.moments, &mut state.theta);
            (settings.rule).step(rate, decay, &mut gradient, moments, theta);
            if epoch + settings.average > settings.epochs {
                state.add_to_average();
            }
            if !ends {
                watch.keep(&state)?;
            }
        }
        if status == Status::Interrupted {
            break;
        }
        // 4. What the epoch has reached.
        let finite = state.theta.iter().all(|value| value.is_finite());
        let measured = if finite {
            Some(watch.measure(state.answer())?)
        } else {
            None
        };
        let Some(measured) = measured.filter(|measured| measured.objective.is_finite()) else {
            status = Status::Diverged;
            break;
        };
        state.measured = state.answer().to_vec();
        let line = Epoch {
            epoch,
            learning_rate: state.learning_rate,
            batch_loss: state.loss / rows as f64,
            measured,
        };
        state.epoch = epoch;
        state.batch = 0;
        state.loss = 0.0;
        watch.epoch(&line);
        history.push(line);
        // 5. Whether to go on, and how fast.
        if settings.pace.schedule == Schedule::Plateau {
            let pace = &settings.pace;
            let (patience, factor, floor) =
                (pace.plateau_patience, pace.decay_factor, pace.floor());
            (state.plateau).look(measured.watched(), patience, factor, floor);
        }
        if let Some(stopping) = settings.stopping {
            let value = measured.watched();
            Best::look(
                &mut state.stopping,
                value,
                epoch,
                &state.measured,
                stopping.change,
            );
        }
        watch.keep(&state)?;
    }
    let best = state.stopping.as_ref().map(|best| best.epoch);
    let theta = match &state.stopping {
        Some(best) => best.theta.clone(),
        None => state.measured.clone(),
    };
    Ok(Trained {
        theta,
        status,
        history,
        best,
        state,
    })
}

impl State {
    /// Adds the gradient of a batch to those that wait; when there are enough, or the epoch `ends`, their
    /// mean takes its place.
    fn add(&mut self, gradient: &mut [f64], enough: usize, ends: bool) -> bool {
        let (sum, count) = self
            .waiting
            .get_or_insert_with(|| (vec![0.0; gradient.len()], 0));
        for (sum, slope) in sum.iter_mut().zip(&*gradient) {
            *sum += slope;
        }
        *count += 1;
        if *count < enough && !ends {
            return false;
        }
        for (slope, sum) in gradient.iter_mut().zip(&*sum) {
            *slope = sum / *count as f64;
        }
        self.waiting = None;
        true
    }
}

/// Shortens a gradient to a length, over all of its components.
fn shorten(gradient: &mut [f64], length: f64) {
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    if norm > length {
        let share = length / norm;
        for g in &mut *gradient {
            *g *= share;
        }
    }
}
