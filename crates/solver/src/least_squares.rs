//! Least squares in one step: by Householder QR, and as the textbook has it.

use dataset::Element;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_sequence_transpose_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_transpose_on_the_left_in_place_with_conj as apply,
};
use faer::linalg::solvers::ColPivQr;
use faer::{Conj, Mat, Par};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::factor::Factor;
use crate::objective::{ObjectiveError, Problem, TargetValues};

/// How [`least_squares`] computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Householder QR with column pivoting: an error near the condition of the columns times the unit
    /// roundoff, for small residuals.
    #[default]
    Qr,
    /// `XᵀXβ = Xᵀy` by Cholesky factorisation, the textbook's method: an error near the *square* of that
    /// condition.
    NormalEquations,
    /// The textbook's formulas for one column, `β = Σ(x − x̄)(y − ȳ)/Σ(x − x̄)²` and `b = ȳ − βx̄`.
    SimpleRegression,
}

/// Coefficients by least squares.
#[derive(Debug, Clone, PartialEq)]
pub struct LeastSquares {
    /// The coefficients and the intercept last, as in [`Problem`].
    pub theta: Vec<f64>,
    /// Condition of what was solved, columns scaled to the same length: largest over smallest singular
    /// value. It is squared where normal equations were solved. Infinite for dependent columns.
    pub condition: f64,
    /// Parameters left at zero because their columns are combinations of others up to rounding.
    pub dropped: Vec<usize>,
}

/// Why there are no least squares.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LeastSquaresError {
    /// The problem makes no sense.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// The targets are classes.
    #[error("least squares need numbers as targets, not classes")]
    Classes,
    /// The penalty has an L1 part.
    #[error("least squares in one step allow no L1 penalty")]
    NotSmooth,
    /// The textbook's simple regression was asked for something else.
    #[error(
        "simple regression is for one column with an intercept and no penalty, not {columns} columns"
    )]
    NotSimple {
        /// Columns of the problem.
        columns: usize,
    },
    /// The normal equations are singular up to rounding.
    #[error(
        "the normal equations are singular up to rounding: their condition number is {condition:.1e}"
    )]
    Singular {
        /// Their condition.
        condition: f64,
    },
    /// The singular values could not be computed.
    #[error("the condition number could not be computed")]
    Condition,
}

impl LeastSquaresError {
    /// What to do next, where there is something to do.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Objective(error) => error.remedy(),
            Self::NotSimple { .. } | Self::Singular { .. } => Some("use QR".into()),
            Self::NotSmooth => Some("use a ridge penalty (an L1 ratio of 0)".into()),
            Self::Classes | Self::Condition => None,
        }
    }
}

/// Minimises `(1/W) Σ wᵢ ½(yᵢ − zᵢ)² + λ/2 ‖β‖²` without iterations.
///
/// 1. Rows of positive weight, scaled by `√w`, with a one for the intercept; offsets are subtracted from
///    the targets; a ridge adds the rows `√(λW) eⱼ` with targets of zero.
/// 2. Columns are scaled to about the same length, by powers of two so that no digit is lost.
/// 3. [`Method::Qr`]: `XP = QR`, and `Rβ = Qᵀy` by substitution. Columns whose diagonal element of `R` is
///    rounding are dropped.
///
/// The rows are copied, in `f64`.
///
/// # Errors
/// [`LeastSquaresError`], every variant.
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{Method, Problem, TargetValues, least_squares};
///
/// // y = 1 + 2x
/// let design = DesignMatrix::new(3, 1, vec![0.0, 1.0, 2.0])?;
/// let problem = Problem::new(&design, TargetValues::Linear(&[1.0, 3.0, 5.0]));
/// for method in [Method::Qr, Method::NormalEquations, Method::SimpleRegression] {
///     let found = least_squares(&problem, method)?;
///     assert!((found.theta[0] - 2.0).abs() < 1e-14 && (found.theta[1] - 1.0).abs() < 1e-14);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Golub and Van Loan (2013), §5.3 and §5.4; Higham (2002), chapter 20.
pub fn least_squares<T: Element>(
    problem: &Problem<'_, T>,
    method: Method,
) -> Result<LeastSquares, LeastSquaresError> {
    let TargetValues::Linear(targets) = problem.target else {
        return Err(LeastSquaresError::Classes);
    };
    // Weights, offsets, cells and penalty are checked as for every objective.
    crate::HostObjective::new(*problem)?;
    if problem.penalty.l1() > 0.0 {
        return Err(LeastSquaresError::NotSmooth);
    }
    let columns = problem.design.columns();
    let simple = columns == 1 && problem.intercept && problem.penalty.lambda == 0.0;
    if method == Method::SimpleRegression && !simple {
        return Err(LeastSquaresError::NotSimple { columns });
    }
    let mut scratch = Vec::new();
    let cells = problem.design.cells(0..targets.len(), &mut scratch);
    let cells = cells.map_err(ObjectiveError::from)?;
    let system = System::new(problem, cells, targets);
    let qr = ColPivQr::new(system.matrix.as_ref());
    let condition = condition(&qr)?;
    match method {
        Method::Qr => Ok(system.by_qr(&qr, condition)),
        Method::NormalEquations => system.by_normal_equations(condition * condition),
        Method::SimpleRegression => Ok(LeastSquares {
            theta: simple_regression(problem, cells, targets),
            condition,
            dropped: Vec::new(),
        }),
    }
}

/// Largest over smallest singular value of what was factored.
fn condition(qr: &ColPivQr<f64>) -> Result<f64, LeastSquaresError> {
    let values = qr.thin_R().to_owned().singular_values();
    let values = values.map_err(|_| LeastSquaresError::Condition)?;
    let most = values.iter().fold(0.0_f64, |a, &b| a.max(b));
    let least = values.iter().fold(f64::INFINITY, |a, &b| a.min(b));
    let full = qr.R().ncols() <= values.len();
    Ok(if full && least > 0.0 {
        most / least
    } else {
        f64::INFINITY
    })
}

/// `Xβ ≈ y` with scaled columns.
struct System {
    matrix: Mat<f64>,
    targets: Mat<f64>,
    /// Powers of two by which the columns were multiplied.
    scales: Vec<f64>,
}

impl System {
    fn new<T: Element>(problem: &Problem<'_, T>, cells: &[T], targets: &[f64]) -> Self {
        let layout = problem.layout();
        let weight = |row: usize| problem.weights.map_or(1.0, |w| w[row]);
        let rows: Vec<usize> = (0..problem.design.rows())
            .filter(|&row| weight(row) > 0.0)
            .collect();
        let total: f64 = rows.iter().map(|&row| weight(row)).sum();
        let ridge = (problem.penalty.l2() * total).sqrt();
        let extra = if ridge > 0.0 { layout.columns } else { 0 };
        let mut matrix = Mat::zeros(rows.len() + extra, layout.stride());
        let mut values = Mat::zeros(rows.len() + extra, 1);
        for (i, &row) in rows.iter().enumerate() {
            let root = weight(row).sqrt();
            let cells = &cells[row * layout.columns..(row + 1) * layout.columns];
            for (j, x) in cells.iter().enumerate() {
                matrix[(i, j)] = root * x.to_f64();
            }
            if layout.intercept {
                matrix[(i, layout.columns)] = root;
            }
            let offset = problem.offsets.map_or(0.0, |o| o[row]);
            values[(i, 0)] = root * (targets[row] - offset);
        }
        for j in 0..extra {
            matrix[(rows.len() + j, j)] = ridge;
        }
        let scale = |j: usize| {
            let length = matrix.col(j).norm_l2();
            let power = -length.log2().round();
            if power.is_finite() { power.exp2() } else { 1.0 }
        };
        let scales: Vec<f64> = (0..layout.stride()).map(scale).collect();
        for (j, scale) in scales.iter().enumerate() {
            for i in 0..matrix.nrows() {
                matrix[(i, j)] *= scale;
            }
        }
        Self {
            matrix,
            targets: values,
            scales,
        }
    }

    fn by_qr(&self, qr: &ColPivQr<f64>, condition: f64) -> LeastSquares {
        let mut rhs = self.targets.clone();
        let scratch = apply_scratch::<f64>(rhs.nrows(), qr.Q_coeff().nrows(), 1);
        apply(
            qr.Q_basis(),
            qr.Q_coeff(),
            Conj::No,
            rhs.as_mut(),
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
        // Pivoting orders the diagonal, so the columns that are rounding come last.
        let r = qr.thin_R();
        let (rows, columns) = self.matrix.shape();
        let smallest = rows.max(columns) as f64 * f64::EPSILON;
        let largest = if r.nrows() > 0 { r[(0, 0)].abs() } else { 0.0 };
        let kept = |&at: &usize| r[(at, at)].abs() > smallest * largest;
        let rank = (0..r.nrows()).take_while(kept).count();
        let mut solution = vec![0.0; rank];
        for at in (0..rank).rev() {
            let sum: f64 = (at + 1..rank).map(|j| r[(at, j)] * solution[j]).sum();
            solution[at] = (rhs[(at, 0)] - sum) / r[(at, at)];
        }
        let (order, _) = qr.P().arrays();
        let mut theta = vec![0.0; columns];
        for (value, &column) in solution.iter().zip(order) {
            theta[column] = value * self.scales[column];
        }
        let mut dropped = order[rank..].to_vec();
        dropped.sort_unstable();
        let condition = if dropped.is_empty() {
            condition
        } else {
            f64::INFINITY
        };
        LeastSquares {
            theta,
            condition,
            dropped,
        }
    }

    fn by_normal_equations(&self, condition: f64) -> Result<LeastSquares, LeastSquaresError> {
        let gram = self.matrix.transpose() * &self.matrix;
        let moments = self.matrix.transpose() * &self.targets;
        let factor = Factor::exact(&gram).ok_or(LeastSquaresError::Singular { condition })?;
        let moments: Vec<f64> = (0..moments.nrows()).map(|j| moments[(j, 0)]).collect();
        let solution = factor.solve(&moments);
        let theta = solution.iter().zip(&self.scales).map(|(t, s)| t * s);
        Ok(LeastSquares {
            theta: theta.collect(),
            condition,
            dropped: Vec::new(),
        })
    }
}

/// The textbook's slope and intercept, with weighted means. A constant column has a slope of zero.
fn simple_regression<T: Element>(
    problem: &Problem<'_, T>,
    cells: &[T],
    targets: &[f64],
) -> Vec<f64> {
    let rows = || {
        (0..targets.len()).filter_map(|row| {
            let weight = problem.weights.map_or(1.0, |w| w[row]);
            let y = targets[row] - problem.offsets.map_or(0.0, |o| o[row]);
            (weight > 0.0).then(|| (weight, cells[row].to_f64(), y))
        })
    };
    let total: f64 = rows().map(|(w, _, _)| w).sum();
    let x_mean = rows().map(|(w, x, _)| w * x).sum::<f64>() / total;
    let y_mean = rows().map(|(w, _, y)| w * y).sum::<f64>() / total;
    let products: f64 = rows()
        .map(|(w, x, y)| w * (x - x_mean) * (y - y_mean))
        .sum();
    let squares: f64 = rows().map(|(w, x, _)| w * (x - x_mean).powi(2)).sum();
    let slope = if squares > 0.0 {
        products / squares
    } else {
        0.0
    };
    vec![slope, y_mean - slope * x_mean]
}
