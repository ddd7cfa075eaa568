//! Least squares in one step: by Householder QR, and as the textbook has it.

pub(crate) mod compensated;
pub(crate) mod system;
mod textbook;
mod triangle;

use dataset::Element;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::objective::{HostObjective, ObjectiveError, Problem, TargetValues};
use crate::tolerance::{ACCURATE, CORRECTED_CELLS, CORRECTION_RATE, CORRECTIONS, UNIT_ROUNDOFF};
use compensated::gradient;
use system::System;
use textbook::{normal_equations, simple_regression};
use triangle::{Triangle, condense};

/// How [`least_squares`] computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeastSquaresMethod {
    /// Householder QR with column pivoting, and then corrections from residuals in twice the working
    /// precision: nearly all digits, while the condition stays below about 1e12.
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
    /// The solution is beyond the largest `f64`.
    #[error("the coefficients are too large for 64-bit numbers")]
    Overflow,
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
            Self::Overflow => Some("use units in which numbers are nearer to one".into()),
            Self::NotSmooth => Some("use a ridge penalty (an L1 ratio of 0)".into()),
            Self::Classes | Self::Condition => None,
        }
    }
}

/// Minimises `(1/W) Σ wᵢ ½(yᵢ − zᵢ)² + λ/2 ‖β‖²` without iterations.
///
/// 1. Rows of positive weight, scaled by `√w`, with a one for the intercept; offsets are subtracted from
///    the targets; a ridge adds the rows `√(λW) eⱼ` with targets of zero. Columns are scaled by powers of
///    two, so that no digit is lost.
/// 2. [`LeastSquaresMethod::Qr`]: `XP = QR`, and `Rβ = Qᵀy` by substitution. The rows are read once, a chunk at
///    a time: the triangles of chunks are stacked and factored again (Demmel and others 2012), always
///    in the same order, so that the bits do not depend on the number of threads.
/// 3. Corrections `RᵀRδ = Xᵀ(y − Xβ)` with the right side in twice the working precision, until it stops
///    shrinking: the result is then nearly that of exact arithmetic. Problems of many rows skip this where
///    the condition and the residual leave 11 digits anyway.
///
/// Columns that are combinations of earlier ones up to rounding are [dropped](LeastSquares::dropped): their
/// coefficients are zero, and the scores are still the best. So are all columns that rows are too few for.
///
/// # Errors
/// [`LeastSquaresError`], every variant.
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{LeastSquaresMethod, Problem, TargetValues, least_squares};
///
/// // y = 1 + 2x
/// let design = DesignMatrix::new(3, 1, vec![0.0, 1.0, 2.0])?;
/// let problem = Problem::new(&design, TargetValues::Linear(&[1.0, 3.0, 5.0]));
/// for method in [
///     LeastSquaresMethod::Qr,
///     LeastSquaresMethod::NormalEquations,
///     LeastSquaresMethod::SimpleRegression,
/// ] {
///     let found = least_squares(&problem, method)?;
///     assert!((found.theta[0] - 2.0).abs() < 1e-14 && (found.theta[1] - 1.0).abs() < 1e-14);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Golub and Van Loan (2013), §5.3 and §5.4; Björck (1996), §6.6.5, for the corrections; Demmel, Grigori,
/// Hoemmen and Langou (2012), for the chunks.
pub fn least_squares<T: Element>(
    problem: &Problem<'_, T>,
    method: LeastSquaresMethod,
) -> Result<LeastSquares, LeastSquaresError> {
    let TargetValues::Linear(targets) = problem.target else {
        return Err(LeastSquaresError::Classes);
    };
    // Weights, offsets, cells and penalty are checked as for every objective.
    let objective = HostObjective::new(*problem)?;
    if problem.penalty.l1() > 0.0 {
        return Err(LeastSquaresError::NotSmooth);
    }
    let columns = problem.design.columns();
    let simple = columns == 1 && problem.intercept && problem.penalty.lambda == 0.0;
    if method == LeastSquaresMethod::SimpleRegression && !simple {
        return Err(LeastSquaresError::NotSimple { columns });
    }
    let system = System::new(&objective, targets)?;
    let condensed = condense(&system)?;
    if (0..condensed.ncols()).any(|j| condensed.col(j).iter().any(|x| !x.is_finite())) {
        return Err(LeastSquaresError::Overflow);
    }
    let triangle = Triangle::new(&condensed, problem.intercept)?;
    let mut found = LeastSquares {
        theta: Vec::new(),
        condition: triangle.condition,
        dropped: Vec::new(),
    };
    let x = match method {
        LeastSquaresMethod::Qr => {
            found.dropped.clone_from(&triangle.dropped);
            corrected(&system, &triangle)?
        }
        LeastSquaresMethod::NormalEquations => {
            let condition = triangle.condition * triangle.condition;
            // rounding may leave a positive pivot where there is none
            if !triangle.dropped.is_empty() {
                return Err(LeastSquaresError::Singular { condition });
            }
            found.condition = condition;
            normal_equations(&system, condition)?
        }
        LeastSquaresMethod::SimpleRegression => simple_regression(&system)?,
    };
    found.theta = system.unscale(&x);
    if found.theta.iter().any(|t| !t.is_finite()) {
        return Err(LeastSquaresError::Overflow);
    }
    Ok(found)
}

/// The solution, corrected until what is left of the gradient is rounding.
fn corrected<T: Element>(
    system: &System<'_, '_, T>,
    triangle: &Triangle,
) -> Result<Vec<f64>, ObjectiveError> {
    let mut x = triangle.solve();
    let cells = system.rows().len().saturating_mul(system.parameters());
    if cells > CORRECTED_CELLS && triangle.error(&x) < ACCURATE * triangle.length(&x) {
        return Ok(x);
    }
    // Each correction must be at most half as long as the last; the first, as what there is to correct.
    let mut longest = triangle.length(&x).max(triangle.error(&x));
    for _ in 0..CORRECTIONS {
        let step = triangle.backward(&triangle.forward(&gradient(system, &x)?));
        let size = triangle.length(&step);
        if size.is_nan() || size >= 0.5 * longest {
            break;
        }
        x.iter_mut().zip(&step).for_each(|(x, d)| *x += d);
        longest = size;
        // what this correction's own rounding leaves
        if size * triangle.condition * CORRECTION_RATE <= UNIT_ROUNDOFF * triangle.length(&x) {
            break;
        }
    }
    Ok(x)
}
