//! Mini-batch training of a problem: the settings by the names people type, and batches on a device.
//!
//! The loop itself is [`solver::stochastic`], which needs no Burn.
//!
//! - [`options`]: what a person sets, and the optimizers' rules with it
//! - [`device`]: loss and gradient of a batch by Burn's tensors

pub mod device;
pub mod options;

use dataset::PreparedRows;
use model::device::Choice;
use model::{LinearRegression, LogisticRegression, SoftmaxRegression};
use serde::{Deserialize, Serialize};
use solver::stochastic::{BatchGradient, Settings};
use solver::{HostObjective, ObjectiveError, Problem, TargetValues};

pub use options::{BatchSize, Options, Watched};
pub use solver::stochastic::{Epoch, Measured, Pace, Schedule, State};

use crate::measure;
use crate::method::{Gradient, SolverChoice};
use crate::report::Metrics;
use crate::rows::Number;
use device::DeviceBatches;

/// What a stochastic fit ran with; nothing in it is `auto`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StochasticConfig {
    /// The optimizer, by the name that people type.
    pub solver: SolverChoice,
    /// How the gradient of a batch is computed.
    pub gradient: Gradient,
    /// Everything else.
    #[serde(flatten)]
    pub settings: Settings,
}

/// Loss and gradient of batches by the way asked for: over rows on the host where it is fused, otherwise
/// by tensors on the device, which holds all rows where it is a GPU.
///
/// # Errors
/// [`ObjectiveError`] for a problem that makes no sense.
pub fn batches<'a, T: Number>(
    problem: &Problem<'a, T>,
    gradient: Gradient,
    choice: &Choice,
) -> Result<Box<dyn BatchGradient + 'a>, ObjectiveError> {
    // The host's objective checks the problem, wherever its rows will be.
    let host = HostObjective::new(*problem)?;
    Ok(match (gradient, problem.target) {
        (Gradient::Auto | Gradient::Fused, _) => Box::new(host),
        (_, TargetValues::Binary(_)) => Box::new(DeviceBatches::<LogisticRegression, T>::new(
            problem, gradient, choice,
        )?),
        (_, TargetValues::Multinomial { .. }) => Box::new(
            DeviceBatches::<SoftmaxRegression, T>::new(problem, gradient, choice)?,
        ),
        (_, TargetValues::Linear(_)) => Box::new(DeviceBatches::<LinearRegression, T>::new(
            problem, gradient, choice,
        )?),
    })
}

/// Weight of each parameter in the penalty `½ Σ decayⱼ θⱼ²`: none for intercepts.
pub fn decay<T: Number>(problem: &Problem<'_, T>) -> Vec<f64> {
    let columns = problem.design.columns();
    let mut own = vec![problem.penalty.l2(); columns];
    own.extend(problem.intercept.then_some(0.0));
    own.repeat(problem.target.outputs())
}

impl Watched {
    /// What early stopping looks at, of scores of held-out rows: lower is better. None where the metric is
    /// not defined there, or not for this task.
    pub(crate) fn value(self, part: &PreparedRows, scores: &[f64]) -> Option<f64> {
        let metrics = measure::metrics(part, scores).ok()?;
        match (self, metrics) {
            (Self::Accuracy, Metrics::Binary(report)) => Some(-report.accuracy),
            (Self::Accuracy, Metrics::Multinomial(report)) => Some(-report.accuracy),
            (Self::Auc, Metrics::Binary(report)) => report.auc.map(|auc| -auc),
            (Self::Auc, Metrics::Multinomial(report)) => report.auc.map(|auc| -auc),
            (Self::F1, Metrics::Binary(report)) => report.f1.map(|f1| -f1),
            (Self::Brier, Metrics::Binary(report)) => Some(report.brier),
            (Self::Mae, Metrics::Linear(report)) => Some(report.mae),
            (Self::R2, Metrics::Linear(report)) => report.r2.map(|r2| -r2),
            _ => None,
        }
    }
}
