//! What a fit found, as plain data: the text, the JSON and the manifest are written from it.

use dataset::leak::Leak;
use dataset::recognition::Notice;
use evaluate::{BinaryReport, MulticlassReport, RegressionReport};
use model::file::{Penalty, RowCounts, Versions};
use serde::Serialize;
use solver::{Basis, Certificate, DualityGap, Status};

use crate::diagnosis::DiagnosisReport;

/// Everything that `train fit` says; its JSON is what `--format json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct FitReport {
    /// How the fit ended.
    pub status: Status,
    /// Why, where that is not plain, in a sentence.
    pub detail: Option<String>,
    /// `binary`, `multinomial` or `linear`.
    pub task: model::Task,
    /// The positive label of a binary target.
    pub positive: Option<String>,
    /// The labels of the classes, in the order of the outputs.
    pub labels: Vec<String>,
    /// The table.
    pub table: TableReport,
    /// How many rows went where.
    pub rows: RowCounts,
    /// How the rows of the fit were laid out.
    pub design: DesignReport,
    /// The solver that ran.
    pub solver: String,
    /// Why this solver.
    pub solver_reason: String,
    /// How gradients were computed.
    pub gradient: String,
    /// The backend that ran.
    pub backend: String,
    /// Why this backend.
    pub backend_reason: String,
    /// The adapter's name, on a GPU.
    pub adapter: Option<String>,
    /// `f32` or `f64`.
    pub precision: String,
    /// The penalty in both conventions.
    pub penalty: Penalty,
    /// Whether columns were standardised inside the fit.
    pub standardized: bool,
    /// Seed of the split and of every shuffle.
    pub seed: u64,
    /// What the mini-batch loop ran with, when it ran.
    pub stochastic: Option<crate::stochastic::StochasticConfig>,
    /// Iterations of a full-batch solver, or epochs.
    pub iterations: usize,
    /// Steps on a sample of the rows before the first iteration; 0 for most solvers.
    pub sample_steps: usize,
    /// The condition number of least squares, where they were solved in one step; null, too, where
    /// columns are dependent and it is infinite.
    pub condition_number: Option<f64>,
    /// The minimised function at the solution.
    pub objective: f64,
    /// How far from the optimum the solution can be.
    pub certificate: CertificateReport,
    /// How far from the optimum the solution can be by duality; null without an L1 penalty.
    pub duality_gap: Option<DualityGap>,
    /// Coefficients that are exactly zero; null without an L1 penalty.
    pub zero_coefficients: Option<usize>,
    /// What stands in the way of a unique, finite optimum.
    pub diagnosis: DiagnosisReport,
    /// On the original scale; null for several classes (see `intercepts`) and without one.
    pub intercept: Option<f64>,
    /// The intercept of each class, for several classes.
    pub intercepts: Vec<Intercept>,
    /// A line for each column of the design matrix (and each class).
    pub coefficients: Vec<Coefficient>,
    /// Columns that were left out, and why.
    pub dropped: Vec<Dropped>,
    /// What was decided on the way, in sentences.
    pub notes: Vec<String>,
    /// Columns that are not what they look like, and features that alone tell the target.
    pub notices: Vec<NoticeReport>,
    /// How well it does.
    pub metrics: Parts<Metrics>,
    /// Where the time went.
    pub seconds: Seconds,
    /// The programs that ran.
    pub versions: Versions,
    /// The run's folder.
    pub out: Option<String>,
}

/// The table as it was read.
#[derive(Debug, Clone, Serialize)]
pub struct TableReport {
    /// Its short name.
    pub name: String,
    /// Its path, or the catalog's name.
    pub source: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its rows, before any was dropped.
    pub rows: usize,
    /// Feature columns that hold numbers.
    pub numeric: usize,
    /// Feature columns that hold categories.
    pub categorical: usize,
    /// Feature columns that hold dates.
    pub dates: usize,
    /// Name of the target column.
    pub target: String,
    /// Rows of each class, in the order of `labels`; empty for a number.
    pub counts: Vec<usize>,
}

/// How the rows of a fit were laid out.
#[derive(Debug, Clone, Serialize)]
pub struct DesignReport {
    /// Columns of the design matrix.
    pub columns: usize,
    /// Whether only those numbers were stored that are not 0 before they are standardised.
    pub sparse: bool,
    /// How many these are in the training rows; null where all were.
    pub stored: Option<usize>,
    /// Their share of all numbers; null where all were.
    pub fill: Option<f64>,
}

/// How far from the optimum a solution can be.
#[derive(Debug, Clone, Serialize)]
pub struct CertificateReport {
    /// Largest component of the gradient, in absolute value.
    pub gradient_max: f64,
    /// Norm of the gradient in the inverse of the curvature.
    pub newton_decrement: Option<f64>,
    /// No fitted probability is further than this from the optimum's.
    pub probability_error: Option<f64>,
    /// No fitted score is further than this from the optimum's.
    pub score_error: Option<f64>,
    /// Why there is none, when there is none.
    pub reason: Option<String>,
    /// What distances were measured with: less than the whole curvature where there are very many columns.
    pub basis: Basis,
}

impl CertificateReport {
    /// What people are told of a certificate.
    pub(crate) fn new(certificate: &Certificate) -> Self {
        Self {
            gradient_max: certificate.gradient_max,
            newton_decrement: certificate.newton_decrement,
            probability_error: certificate.probability_error,
            score_error: certificate.score_error,
            reason: certificate.reason.clone(),
            basis: certificate.basis,
        }
    }
}

/// One coefficient.
#[derive(Debug, Clone, Serialize)]
pub struct Coefficient {
    /// Name of the design column.
    pub name: String,
    /// The column of the table that it comes from.
    pub source: String,
    /// The level that it stands for, of a category.
    pub level: Option<String>,
    /// The class, for several classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Change of the score for one unit of the column.
    pub estimate: f64,
    /// Change of the score for one standard deviation of the column.
    pub standardized: f64,
}

/// The intercept of one class.
#[derive(Debug, Clone, Serialize)]
pub struct Intercept {
    /// The class.
    pub class: String,
    /// On the original scale.
    pub estimate: f64,
    /// On the standardised scale.
    pub standardized: f64,
}

/// A column that was left out.
#[derive(Debug, Clone, Serialize)]
pub struct Dropped {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A column that is probably not what it looks like.
#[derive(Debug, Clone, Serialize)]
pub struct NoticeReport {
    /// Its name.
    pub column: String,
    /// What was recognised, in a sentence.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl From<&Notice> for NoticeReport {
    fn from(notice: &Notice) -> Self {
        Self {
            column: notice.column.clone(),
            message: notice.to_string(),
            remedy: notice.remedy(),
        }
    }
}

impl From<&Leak> for NoticeReport {
    fn from(leak: &Leak) -> Self {
        Self {
            column: leak.column.clone(),
            message: leak.to_string(),
            remedy: leak.remedy(),
        }
    }
}

/// Something for each part of the rows; absent where the part has none.
#[derive(Debug, Clone, Serialize)]
pub struct Parts<T> {
    /// On the rows of the fit.
    pub train: Option<T>,
    /// On the rows looked at during the fit.
    pub validation: Option<T>,
    /// On the rows held out.
    pub test: Option<T>,
}

/// The metrics of a task.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Metrics {
    /// Yes or no.
    Binary(BinaryReport),
    /// One of several classes.
    Multinomial(MulticlassReport),
    /// A number.
    Linear(RegressionReport),
}

/// Where the time went.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Seconds {
    /// From the file to typed columns.
    pub read: f64,
    /// Split, preprocessing, design matrix.
    pub prepare: f64,
    /// The solver.
    pub fit: f64,
    /// The certificate.
    pub certify: f64,
    /// The metrics.
    pub evaluate: f64,
}
