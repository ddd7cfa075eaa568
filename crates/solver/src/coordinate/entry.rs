//! One penalty: which regime, and is there a minimum at all?

use dataset::Element;

use super::covariance::Coordinate;
use super::stored::Stored;
use super::wide::Wide;
use crate::minimize::{Record, Solution, SolveError, Status, Stop, check, minimize_observed};
use crate::objective::{HostObjective, TargetValues};
use crate::tolerance::SMALL_CELLS;

/// Minimises an objective over host rows by proximal Newton with coordinate descent.
///
/// This is the solver for penalties with an L1 part; coefficients that the penalty puts at zero are exactly
/// zero. It also takes ridge penalties, and none.
///
/// Three regimes, chosen by the design matrix:
///
/// - *rows* ([`Coordinate`] on the curvature of a working set of columns, measured in passes over the rows),
///   where there are more rows than columns: nothing is copied; memory is one square matrix of the working
///   set for each pair of classes and thread.
/// - *columns*, where there are at least as many columns as rows, or the whole matrix has at most
///   [`SMALL_CELLS`] cells: copies of the working set's columns, never more
///   than 24 MB and 4% of the design matrix. A working set that does not fit is worked on in parts, those columns
///   first that are furthest from where they should be. The curvature of up to a thousand coordinates
///   is held; beyond, residuals are updated.
///
/// - *stored columns*, where the rows are sparse: nothing is copied and no matrix held.
///
/// A step of the first is one model and a pass; of the second, one working set solved and a pass over all
/// columns. Under a penalty a minimum exists unless there is an intercept and a class without rows, which
/// is told at once as [`Status::Separated`].
///
/// # Errors
/// As [`minimize`](crate::minimize()).
///
/// # Examples
/// Of two columns that say the same, in different units, the lasso takes the larger, and the other is exactly
/// zero:
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Penalty, Problem, Status, Stop, TargetValues, coordinate};
///
/// let design = DesignMatrix::new(4, 2, vec![0.0, 0.0, 2.0, 1.0, 4.0, 2.0, 6.0, 3.0])?;
/// let objective = HostObjective::new(Problem {
///     penalty: Penalty { lambda: 0.01, l1_ratio: 1.0 },
///     ..Problem::new(&design, TargetValues::Binary(&[0.0, 1.0, 0.0, 1.0]))
/// })?;
/// let found = coordinate(&objective, &[0.0; 3], &Stop::default())?;
/// assert_eq!(found.status, Status::Converged);
/// assert!(found.theta[0] > 0.0 && found.theta[1] == 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn coordinate<T: Element>(
    objective: &HostObjective<'_, T>,
    initial: &[f64],
    stop: &Stop<'_>,
) -> Result<Solution, SolveError> {
    coordinate_observed(objective, initial, stop, &mut |_| ())
}

/// [`coordinate()`], telling `observe` of every step as it happens.
///
/// # Errors
/// As [`coordinate()`].
pub fn coordinate_observed<T: Element>(
    objective: &HostObjective<'_, T>,
    initial: &[f64],
    stop: &Stop<'_>,
    observe: &mut dyn FnMut(&Record),
) -> Result<Solution, SolveError> {
    check(objective, initial, stop)?;
    if let Some(class) = lost_class(objective) {
        return without_minimum(objective, initial, stop, class, observe);
    }
    let exists = exists(objective);
    if let Some(solver) = Stored::new(objective, stop.gradient_tolerance, exists) {
        minimize_observed(&solver, objective, initial, stop, observe)
    } else if by_columns(objective) {
        let solver = Wide::new(objective, stop.gradient_tolerance, exists)?;
        minimize_observed(&solver, objective, initial, stop, observe)
    } else {
        let solver = Coordinate {
            selected: Some(objective),
            exists,
            strong: 0.0,
        };
        minimize_observed(&solver, objective, initial, stop, observe)
    }
}

/// Whether columns are copied.
pub(super) fn by_columns<T: Element>(objective: &HostObjective<'_, T>) -> bool {
    let (rows, columns) = (objective.rows().len(), objective.rows().columns());
    columns >= rows || rows * columns <= SMALL_CELLS
}

/// Whether a minimum is known to exist: where all coefficients are penalised the loss can only fall
/// for ever along the intercepts, and [`lost_class`] rules that out.
pub(super) fn exists<T: Element>(objective: &HostObjective<'_, T>) -> bool {
    let problem = objective.problem();
    problem.penalty.lambda > 0.0 && lost_class(objective).is_none()
}

/// A class without rows of positive weight, where there is an intercept and a penalty: the intercept
/// then has no optimum.
pub(crate) fn lost_class<T: Element>(objective: &HostObjective<'_, T>) -> Option<usize> {
    let (problem, rows) = (objective.problem(), objective.rows());
    if !problem.intercept || problem.penalty.lambda == 0.0 {
        return None;
    }
    let mut present = match problem.target {
        TargetValues::Linear(_) => return None,
        TargetValues::Binary(_) => vec![false; 2],
        TargetValues::Multinomial { classes, .. } => vec![false; classes],
    };
    for at in 0..rows.len() {
        let class = match problem.target {
            TargetValues::Multinomial { codes, .. } => codes[rows.index(at)] as usize,
            TargetValues::Binary(y) | TargetValues::Linear(y) => {
                usize::from(y[rows.index(at)] > 0.5)
            }
        };
        present[class] = true;
    }
    present.iter().position(|present| !present)
}

/// The start, evaluated, with the reason why nothing better is sought.
fn without_minimum<T: Element>(
    objective: &HostObjective<'_, T>,
    initial: &[f64],
    stop: &Stop<'_>,
    class: usize,
    observe: &mut dyn FnMut(&Record),
) -> Result<Solution, SolveError> {
    let stop = Stop {
        max_iterations: 0,
        confirm: false,
        ..*stop
    };
    let mut solution =
        minimize_observed(&Coordinate::default(), objective, initial, &stop, observe)?;
    if solution.status != Status::Diverged {
        solution.status = Status::Separated;
        solution.detail = Some(format!(
            "no row has the class {class}: its intercept falls for ever"
        ));
    }
    Ok(solution)
}
