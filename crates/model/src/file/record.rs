use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a model comes from: enough to judge it, and to find the run again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRecord {
    /// The table.
    pub data: DataRecord,
    /// How many rows went where.
    pub rows: RowCounts,
    /// Seed of the split and of every shuffle.
    pub seed: u64,
    /// The solver that ran.
    pub solver: String,
    /// How gradients were computed.
    pub gradient: String,
    /// The backend that ran.
    pub backend: String,
    /// The adapter's name, on a GPU.
    pub adapter: Option<String>,
    /// What was added to the loss.
    pub penalty: Penalty,
    /// How the fit ended.
    pub status: String,
    /// Iterations of a full-batch solver, or epochs.
    pub iterations: usize,
    /// The minimised function at the solution.
    pub objective: f64,
    /// How far from the optimum the solution can be.
    pub certificate: Option<Certificate>,
    /// Metrics on the training, validation and test rows.
    pub metrics: Value,
    /// Everything that a person set.
    pub hyperparameters: Value,
    /// The programs that made it.
    pub versions: Versions,
    /// When, in UTC, as RFC 3339.
    pub created: String,
}

/// The table that a model was fitted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Its path or catalog name.
    pub source: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its rows, before any was dropped.
    pub rows: usize,
}

/// How many rows went where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows that the coefficients were fitted on.
    pub train: usize,
    /// Rows that were looked at during the fit.
    pub validation: usize,
    /// Rows that the fit never saw.
    pub test: usize,
}

/// The penalty in both of the field's conventions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Penalty {
    /// glmnet's λ: weight of the penalty beside the mean loss.
    pub lambda: f64,
    /// glmnet's α: share of the L1 part.
    pub l1_ratio: f64,
    /// scikit-learn's `C = 1 / (λ·W)`; absent without a penalty.
    pub c: Option<f64>,
}

/// How far from the optimum a solution can be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Largest component of the gradient, in absolute value.
    pub gradient_max: f64,
    /// Norm of the gradient in the inverse of the curvature.
    pub newton_decrement: Option<f64>,
    /// No fitted probability is further than this from the optimum's.
    pub probability_error: Option<f64>,
    /// No fitted score is further than this from the optimum's.
    pub score_error: Option<f64>,
}

/// The programs that made a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// This workspace.
    pub kindling: String,
    /// Burn.
    pub burn: String,
}
