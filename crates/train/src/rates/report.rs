//! What the doctor found, as plain data: the text, the JSON and the picture are made from it.

use model::file::{Penalty, Versions};
use serde::Serialize;
use solver::Status;
use solver::stochastic::{Steepness, Verdict};

use crate::report::TableReport;

/// Everything that `train rates` says; its JSON is what `--format json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct RatesReport {
    /// The table.
    pub table: TableReport,
    /// `binary`, `multinomial` or `linear`.
    pub task: model::Task,
    /// Rows of the design matrix: all that have a target.
    pub rows: usize,
    /// Columns of the design matrix.
    pub columns: usize,
    /// `f32` or `f64`: what the rows are kept in.
    pub precision: String,
    /// The penalty in both conventions.
    pub penalty: Penalty,
    /// Whether columns were standardised.
    pub standardized: bool,
    /// What the curvature says.
    pub theory: Theory,
    /// The objective where every run starts, at zero.
    pub start: f64,
    /// The lowest objective, and how it was found.
    pub optimum: Optimum,
    /// What was tried.
    pub sweeps: Vec<Sweep>,
    /// What was decided on the way, in sentences.
    pub notes: Vec<String>,
    /// The picture's file, where one was drawn.
    pub picture: Option<String>,
    /// The programs that ran.
    pub versions: Versions,
}

/// The optimum by the solver that `train fit` would take.
#[derive(Debug, Clone, Serialize)]
pub struct Optimum {
    /// How that fit ended.
    pub status: Status,
    /// The objective there.
    pub objective: f64,
    /// The solver.
    pub solver: String,
}

/// What the curvature of the objective on these rows says of learning rates.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Theory {
    /// The steepest that the objective gets anywhere.
    pub anywhere: Steepness,
    /// Gradient descent never increases the objective below this rate: `2/L`.
    pub safe_rate: f64,
    /// The rate that is sure to gain most in a step: `1/L`.
    pub best_sure_rate: f64,
    /// How steep it is at the start.
    pub start: Option<Steepness>,
    /// And at the optimum.
    pub optimum: Option<Steepness>,
    /// Above this rate descent cannot stay at the optimum: `2/λ` there.
    pub limit_at_optimum: Option<f64>,
    /// Mini-batches are sure to come near the optimum below this rate.
    pub batch_rate: f64,
}

/// One method at several rates.
#[derive(Debug, Clone, Serialize)]
pub struct Sweep {
    /// The solver.
    pub solver: String,
    /// Rows in a batch.
    pub batch_size: usize,
    /// Whether that is every row.
    pub full_batch: bool,
    /// Epochs of each run.
    pub epochs: usize,
    /// The runs, by rising rate.
    pub runs: Vec<Run>,
    /// The rate to take; none where every run diverged.
    pub recommended: Option<f64>,
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct Run {
    /// The learning rate.
    pub rate: f64,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What theory says of the rate; none where it says nothing.
    pub theory: Option<Promise>,
    /// Whether the run did what theory says; none where theory says nothing.
    pub agrees: Option<bool>,
    /// Distance from the optimum's objective, at the start and after each epoch; null where that is not a
    /// number.
    pub distances: Vec<Option<f64>>,
}

/// What theory promises of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Promise {
    /// The objective never increases.
    Descends,
    /// It approaches the optimum.
    Approaches,
    /// It does not settle at the optimum.
    Leaves,
}

impl Promise {
    /// In a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Descends => "never increases",
            Self::Approaches => "approaches",
            Self::Leaves => "cannot settle",
        }
    }
}
