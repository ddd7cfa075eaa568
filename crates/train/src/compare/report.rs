//! What a comparison found, as plain data: the text, the JSON and the picture are made from it.

use model::file::{Penalty, Versions};
use serde::Serialize;
use solver::Status;

use crate::report::{CertificateReport, TableReport};

/// Everything that `train compare` says; its JSON is what `--format json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct CompareReport {
    /// The table.
    pub table: TableReport,
    /// `binary`, `multinomial` or `linear`.
    pub task: model::Task,
    /// The labels of the classes, in the order of the outputs.
    pub labels: Vec<String>,
    /// Rows of the design matrix: all that have a target.
    pub rows: usize,
    /// Columns of the design matrix.
    pub columns: usize,
    /// Parameters of the objective, intercepts included.
    pub parameters: usize,
    /// `f32` or `f64`: what the compared rows are kept in.
    pub precision: String,
    /// The penalty in both conventions.
    pub penalty: Penalty,
    /// Whether columns were standardised.
    pub standardized: bool,
    /// The solver of every fit.
    pub solver: String,
    /// Threads of the host's passes.
    pub threads: usize,
    /// Seconds for reading the design matrix once from memory: the yardstick.
    pub read_seconds: f64,
    /// The fit that all others are compared with.
    pub certified: Certified,
    /// A line for each backend and gradient.
    pub comparison: Vec<Line>,
    /// The gradient by formula, by tape and by differences, all in `f64`.
    pub textbook: Textbook,
    /// What the figures say, in a sentence.
    pub explanation: String,
    /// What was decided on the way, in sentences.
    pub notes: Vec<String>,
    /// The picture's file, where one was drawn.
    pub picture: Option<String>,
    /// The programs that ran.
    pub versions: Versions,
}

/// The optimum by Newton's method on the `f64` rows, with its proof.
#[derive(Debug, Clone, Serialize)]
pub struct Certified {
    /// How the fit ended.
    pub status: Status,
    /// Why, where that is not plain.
    pub detail: Option<String>,
    /// Newton's steps.
    pub iterations: usize,
    /// The minimised function there.
    pub objective: f64,
    /// How far from the optimum it can be.
    pub certificate: CertificateReport,
    /// Seconds for the fit and its certificate.
    pub seconds: f64,
}

/// A backend with a way to compute gradients.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// `host` for the fused pass over rows in host memory, otherwise a backend's name.
    pub backend: String,
    /// `fused`, `analytic` or `autodiff`.
    pub gradient: String,
    /// The adapter's name, on a GPU backend.
    pub adapter: Option<String>,
    /// Whether that adapter is a GPU emulated by the CPU.
    pub software: bool,
    /// What was measured; null where the line failed.
    pub measured: Option<Measured>,
    /// Why nothing was measured.
    pub reason: Option<String>,
    /// What would change that.
    pub remedy: Option<String>,
}

/// What was measured of a line.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// One value and gradient, until its numbers are on the host.
    pub evaluation: Timing,
    /// The same for a single row: what an evaluation costs before it sees the data.
    pub single_row: Timing,
    /// The largest difference from the host's `f64` gradient at a common point (half the certified
    /// solution), as a share of that gradient's largest component.
    pub gradient_error: f64,
    /// A whole fit, as far as these rows and this gradient lead.
    pub fit: Fitted,
}

/// Repeated measurements of a time.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Timing {
    /// The median, in seconds.
    pub median_seconds: f64,
    /// The shortest, in seconds.
    pub least_seconds: f64,
    /// How many there were, after a warm-up.
    pub repetitions: usize,
}

/// Where a fit ended.
#[derive(Debug, Clone, Serialize)]
pub struct Fitted {
    /// How it ended.
    pub status: Status,
    /// Why, where that is not plain.
    pub detail: Option<String>,
    /// Its steps.
    pub iterations: usize,
    /// How long it took, the rows being where they are evaluated.
    pub time: Timing,
    /// The minimised function at its end, by its own evaluation.
    pub objective: f64,
    /// Largest component of its own gradient there, in absolute value.
    pub gradient_max: f64,
    /// Largest difference from a coefficient (or intercept) of the certified fit, on the scale of the
    /// design matrix; null where that fit has no certificate.
    pub coefficient_difference: Option<f64>,
}

/// The textbook's comparisons, in `f64` at the point of [`Measured::gradient_error`].
#[derive(Debug, Clone, Serialize)]
pub struct Textbook {
    /// Ways to compute the gradient.
    pub gradients: Vec<Derivative>,
    /// Ways to compute the loss of two classes; none for other tasks.
    pub formulations: Vec<Formulation>,
}

/// A way to compute the gradient.
#[derive(Debug, Clone, Serialize)]
pub struct Derivative {
    /// `by hand`, `autodiff`, `forward differences` or `central differences`.
    pub method: String,
    /// Where it ran: `host` or a backend's name.
    pub backend: String,
    /// Evaluations of the objective, each a pass over the rows.
    pub evaluations: usize,
    /// Components computed: all of the parameters, or a number that keeps the time bounded.
    pub components: usize,
    /// Seconds for all of them.
    pub seconds: f64,
    /// Largest difference from the gradient by hand on the host, in absolute value.
    pub difference: f64,
}

/// A way to compute the mean log loss of two classes.
#[derive(Debug, Clone, Serialize)]
pub struct Formulation {
    /// The formula.
    pub formula: String,
    /// The numbers it is computed in; sums are always `f64`.
    pub precision: String,
    /// The point, in words.
    pub point: String,
    /// The mean loss; null where it is not finite.
    pub loss: Option<f64>,
    /// Difference from the stable formula in `f64`; null where it is not finite.
    pub difference: Option<f64>,
    /// Rows whose loss is not finite.
    pub infinite_rows: usize,
}
