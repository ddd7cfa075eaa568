//! Everything that a person sets.

use dataset::{CsvOptions, PipelineOptions, SchemaOptions, TargetOptions};
use model::device::{Backend, Precision};
use serde::{Deserialize, Serialize};
use solver::Penalty;

use crate::memory::Memory;
use crate::method::{Gradient, SolverChoice};
use crate::stochastic::Options;

/// What to fit, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FitConfig {
    /// How the table is read.
    pub csv: CsvOptions,
    /// The roles and kinds of its columns.
    pub schema: SchemaOptions,
    /// The question that is asked of the target, and what happens to missing cells.
    pub target: TargetOptions,
    /// How features become numbers. Its `missing`, `standardize` and `center` are not looked at:
    /// `target` and `hyperparameters` have them.
    pub encoding: PipelineOptions,
    /// The settings of the fit.
    pub hyperparameters: Hyperparameters,
    /// What the process may hold in memory; none is all that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
}

/// The settings of a fit, as the model file and the manifest keep them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hyperparameters {
    /// Whether a level without training rows is an error in held-out rows.
    pub strict: bool,
    /// Whether columns are standardised inside the fit.
    pub standardize: bool,
    /// Whether there is an intercept.
    pub intercept: bool,
    /// Share of rows to look at during the fit.
    pub validation: f64,
    /// Share of rows to hold out.
    pub test: f64,
    /// Seed of the split and of every shuffle.
    pub seed: u64,
    /// Where it runs.
    pub backend: Backend,
    /// How gradients are computed.
    pub gradient: Gradient,
    /// Which algorithm looks for the optimum.
    pub solver: SolverChoice,
    /// The numbers that the rows and the module are kept in.
    pub precision: Precision,
    /// What is added to the mean loss.
    pub penalty: PenaltyChoice,
    /// L1's part of it, `α`: 0 is ridge, 1 is lasso.
    pub l1_ratio: f64,
    /// A full-batch solver stops when no component of the gradient is larger.
    pub tolerance: f64,
    /// A full-batch solver stops after so many steps; `None` is the solver's own default.
    pub max_iterations: Option<usize>,
    /// Seconds that a full-batch solver may take.
    pub time_limit: Option<f64>,
    /// The settings of the mini-batch loop.
    #[serde(flatten)]
    pub stochastic: Options,
}

impl Default for Hyperparameters {
    fn default() -> Self {
        Self {
            strict: false,
            standardize: true,
            intercept: true,
            validation: 0.0,
            test: 0.2,
            seed: 0,
            backend: Backend::Auto,
            gradient: Gradient::Auto,
            solver: SolverChoice::Auto,
            precision: Precision::F32,
            penalty: PenaltyChoice::Default,
            l1_ratio: 0.0,
            tolerance: solver::tolerance::GRADIENT,
            max_iterations: None,
            time_limit: None,
            stochastic: Options::default(),
        }
    }
}

impl Hyperparameters {
    /// The penalty for rows of a total weight.
    pub fn penalty(&self, classes: bool, total_weight: f64) -> Penalty {
        let ridge = match self.penalty {
            PenaltyChoice::Default if classes => Penalty::from_c(1.0, total_weight),
            PenaltyChoice::Default | PenaltyChoice::None => Penalty::NONE,
            PenaltyChoice::Lambda(lambda) => Penalty::ridge(lambda),
            PenaltyChoice::C(c) => Penalty::from_c(c, total_weight),
        };
        Penalty {
            l1_ratio: self.l1_ratio,
            ..ridge
        }
    }

    /// Whether rows must be dense: a device and mini-batches take no others.
    pub fn needs_dense_rows(&self) -> bool {
        let host = matches!(self.gradient, Gradient::Auto | Gradient::Fused);
        !host || !self.solver.is_full_batch()
    }

    /// Whether the penalty has an L1 part, whatever the rows.
    pub fn has_l1(&self) -> bool {
        let weighs = match self.penalty {
            PenaltyChoice::None => false,
            PenaltyChoice::Lambda(lambda) => lambda > 0.0,
            PenaltyChoice::Default | PenaltyChoice::C(_) => true,
        };
        weighs && self.l1_ratio > 0.0
    }
}

/// The weight of what is added to the mean loss, in the convention in which it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PenaltyChoice {
    /// `C = 1` for classes, none for a number.
    Default,
    /// None.
    None,
    /// glmnet's λ.
    Lambda(f64),
    /// scikit-learn's C.
    C(f64),
}
