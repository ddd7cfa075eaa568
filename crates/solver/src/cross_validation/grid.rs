//! The penalties to try.

use dataset::Element;

use crate::coordinate::{evenly, first_lambda, null_model, usual_ratio};
use crate::minimize::{SolveError, Stop};
use crate::objective::{
    HostObjective, Objective, ObjectiveError, Penalty, Problem, TargetValues, squared_length,
};
use crate::tolerance::{RIDGE_GRID_RATIO, RIDGE_GRID_WEIGHT};

/// `count` penalties for a problem, falling evenly in the logarithm.
///
/// With an L1 part, glmnet's: from `λmax`, the smallest at which every coefficient is zero, to `ratio` of
/// it (`1e-4`, or `1e-2` where there are not more rows than columns).
///
/// For ridge no penalty makes coefficients zero. The first is the trace of the mean loss's curvature where
/// every row has the classes' shares as its probabilities, `Σ_k s_k(1 − s_k) · Σⱼ mean(xⱼ²)` (for numbers, and
/// for two classes, one output): the effective degrees of freedom, `Σ dⱼ/(dⱼ + λ)` over the curvature's
/// eigenvalues `dⱼ`, are below one there. The last is `1e-4` of it, or scikit-learn's `C = 100` (`λ = 0.01/W`) where that is
/// smaller: a prior with a spread of ten for each coefficient, hardly a penalty at all. (glmnet takes the `λmax`
/// of `α = 0.001`, which leaves out the small penalties that a ridge regression is best at.)
///
/// The penalty within `problem` is not looked at.
///
/// # Errors
/// [`SolveError`] where the problem is none; [`ObjectiveError::Lambda`](crate::ObjectiveError::Lambda) for a ratio
/// that is not above 0 and below 1.
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{Problem, TargetValues, penalties};
///
/// let design = DesignMatrix::new(4, 2, vec![1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0])?;
/// let problem = Problem::new(&design, TargetValues::Linear(&[3.0, 2.0, -2.0, -3.0]));
/// // the mean products are 2.5 and 0.5, the mean squares of both columns 1
/// assert_eq!(penalties(problem, 1.0, 3, Some(0.01))?, [2.5, 0.25, 0.025]);
/// assert_eq!(penalties(problem, 0.0, 2, Some(0.5))?, [2.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn penalties<T: Element>(
    problem: Problem<'_, T>,
    l1_ratio: f64,
    count: usize,
    ratio: Option<f64>,
) -> Result<Vec<f64>, SolveError> {
    let objective = HostObjective::new(Problem {
        penalty: Penalty::NONE,
        ..problem
    })?;
    if let Some(ratio) = ratio.filter(|ratio| !(*ratio > 0.0 && *ratio < 1.0)) {
        return Err(ObjectiveError::Lambda { lambda: ratio }.into());
    }
    let (first, usual) = if l1_ratio > 0.0 {
        let theta = null_model(&objective, &Stop::default())?;
        let mut gradient = vec![0.0; theta.len()];
        objective.gradient(&theta, &mut gradient)?;
        let first = first_lambda(objective.layout(), &gradient, l1_ratio);
        (first, usual_ratio(&objective))
    } else {
        let first = trace(&objective)?;
        let weak = RIDGE_GRID_WEIGHT / objective.total_weight();
        (first, RIDGE_GRID_RATIO.min(weak / first))
    };
    if first == 0.0 {
        // no column says anything at any penalty
        return Ok(vec![0.0; count.min(1)]);
    }
    Ok(evenly(first, ratio.unwrap_or(usual), count))
}

/// The trace of the curvature at the classes' shares.
fn trace<T: Element>(objective: &HostObjective<'_, T>) -> Result<f64, SolveError> {
    let problem = objective.problem();
    let rows = objective.rows();
    let weight = |at: usize| {
        problem
            .weights
            .map_or(1.0, |weights| weights[rows.index(at)])
    };
    let (columns, total) = (rows.columns(), objective.total_weight());
    let class = |at: usize| match problem.target {
        TargetValues::Linear(_) => 0,
        TargetValues::Binary(y) => usize::from(y[rows.index(at)] > 0.5),
        TargetValues::Multinomial { codes, .. } => codes[rows.index(at)] as usize,
    };
    let mut shares = vec![0.0; problem.target.outputs().max(2)];
    (0..rows.len()).for_each(|at| shares[class(at)] += weight(at) / total);
    let curvature: f64 = match problem.target {
        TargetValues::Linear(_) => 1.0,
        TargetValues::Binary(_) => shares[0] * shares[1],
        TargetValues::Multinomial { .. } => shares.iter().map(|s| s * (1.0 - s)).sum(),
    };
    if columns == 0 {
        return Ok(0.0);
    }
    let squares = rows.fold_rows(
        size_of::<f64>(),
        || 0.0,
        |sum, at, cells| *sum += weight(at) * squared_length(cells),
        |total, next| *total += next,
    )?;
    Ok(curvature * squares / total)
}
