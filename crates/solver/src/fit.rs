//! A whole fit: minimise, certify, and explain where there is no certificate.

use dataset::Element;
use serde::{Deserialize, Serialize};

use crate::certificate::{Certificate, certify_held};
use crate::coordinate::duality_gap;
use crate::minimize::{Record, Solution, SolveError, Solver, Status, Stop, minimize_observed};
use crate::near_collinear::fit_on_rests;
use crate::newton::Newton;
use crate::objective::{HostObjective, Objective, Problem, Restricted, TargetValues};
use crate::rank::{Dependence, dependences};
use crate::separation::{Verdict, separation};
use crate::tolerance::{CERTIFIED_SCORE_ERROR, CONVERGED_SCORE_ERROR, CONVERGED_TARGET_SHARE};

/// A solution with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The solution; its status is final.
    pub solution: Solution,
    /// How far it can be from the optimum.
    pub certificate: Certificate,
    /// What is wrong with the data, where there is no certificate.
    pub diagnosis: Diagnosis,
}

/// What stands in the way of a unique, finite optimum.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Columns that are combinations of others, looked for in unpenalised fits without a
    /// certificate.
    pub dependences: Vec<Dependence>,
    /// Columns whose coefficients were held at zero because of that.
    pub held: Vec<usize>,
    /// Columns that are nearly combinations of others, looked for where nothing else explains that there was
    /// no certificate: their coefficients are hardly determined.
    #[serde(default)]
    pub near_dependences: Vec<Dependence>,
    /// Separation, looked for where a parameter is unpenalised and there is no certificate.
    pub separation: Option<Verdict>,
}

/// [`minimize`](crate::minimize()), then [`conclude`].
///
/// # Errors
/// As [`minimize`](crate::minimize()).
///
/// # Examples
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Newton, Problem, Status, Stop, TargetValues, fit};
///
/// let design = DesignMatrix::new(4, 1, vec![0.0, 1.0, 2.0, 3.0])?;
/// let newton = Newton::default();
/// let stop = Stop::default();
///
/// let overlapping = Problem::new(&design, TargetValues::Binary(&[0.0, 1.0, 0.0, 1.0]));
/// let found = fit(&HostObjective::new(overlapping)?, &newton, &[0.0; 2], &stop)?;
/// assert_eq!(found.solution.status, Status::Converged);
/// assert!(found.certificate.probability_error.unwrap() < 1e-8);
///
/// let separated = Problem::new(&design, TargetValues::Binary(&[0.0, 0.0, 1.0, 1.0]));
/// let found = fit(&HostObjective::new(separated)?, &newton, &[0.0; 2], &stop)?;
/// assert_eq!(found.solution.status, Status::Separated);
/// assert_eq!(found.certificate.probability_error, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit<T: Element, S: Solver>(
    objective: &HostObjective<'_, T>,
    solver: &S,
    initial: &[f64],
    stop: &Stop<'_>,
) -> Result<Fit, SolveError> {
    fit_observed(objective, solver, initial, stop, &mut |_| ())
}

/// [`fit`], telling `observe` of every iteration as it happens.
///
/// # Errors
/// As [`fit`].
pub fn fit_observed<T: Element, S: Solver>(
    objective: &HostObjective<'_, T>,
    solver: &S,
    initial: &[f64],
    stop: &Stop<'_>,
    observe: &mut dyn FnMut(&Record),
) -> Result<Fit, SolveError> {
    let solution = minimize_observed(solver, objective, initial, stop, observe)?;
    conclude(objective, solution, stop)
}

/// Certifies a solution, wherever it was found, and settles its status.
///
/// 1. A certificate means that the optimum exists, is unique, and is near: the status stands, and a
///    solver that merely ran out of progress within a millionth of a logit has converged after all (for
///    numbers: of the targets' standard deviation); one that stopped more than a tenth of a logit away has
///    not (for numbers: a thousandth of the largest target).
/// 2. Without one, an unpenalised fit is looked at: separation makes it *separated*; collinear
///    columns make it *collinear*, and it is fitted again by Newton with the dependent columns' coefficients
///    at zero, from parameters that give the same scores.
/// 3. Where nothing is found, and columns are nearly combinations of others, it is fitted again by Newton
///    on what they differ by, from a copy of the rows; with a certificate there, it has converged.
/// 4. Otherwise a fit that claimed to have converged no longer does, unless its columns are sparse and very many and the
///    [duality gap](crate::duality_gap()) proves as much.
///
/// Collinear columns, and separation but for what the solution itself proves, are not looked for among more than
/// [`SPARSE_DIAGNOSIS_COLUMNS`](crate::tolerance::SPARSE_DIAGNOSIS_COLUMNS) sparse columns, and the solution's detail
/// says so.
///
/// Solutions that diverged or were interrupted keep their status.
///
/// # Errors
/// [`SolveError::Objective`] for a solution of another length.
pub fn conclude<T: Element>(
    objective: &HostObjective<'_, T>,
    mut solution: Solution,
    stop: &Stop<'_>,
) -> Result<Fit, SolveError> {
    let problem = objective.problem();
    let certificate = certify_held(objective, &solution.theta, &[])?;
    let mut diagnosis = Diagnosis::default();
    let decided = matches!(solution.status, Status::Diverged | Status::Interrupted);
    let stalled = solution.status == Status::IterationLimit
        && solution.iterations() < stop.max_iterations
        && stop.time_limit.is_none();
    // 1. With a certificate.
    settle(objective, &mut solution, &certificate, stalled);
    if decided || certificate.holds() || problem.penalty.l1() > 0.0 {
        return Ok(Fit {
            solution,
            certificate,
            diagnosis,
        });
    }
    // 2. Without one.
    if !matches!(problem.target, TargetValues::Linear(_))
        && (problem.penalty.lambda == 0.0 || problem.intercept)
    {
        diagnosis.separation = Some(separation(objective, Some(&solution.theta))?);
    }
    let searchable = objective.is_searchable();
    if problem.penalty.lambda == 0.0 && searchable {
        diagnosis.dependences = dependences(objective)?;
    }
    if matches!(diagnosis.separation, Some(Verdict::Separated(_))) {
        (solution.status, solution.detail) = (Status::Separated, None);
    } else if !diagnosis.dependences.is_empty() {
        return without_dependent_columns(objective, &solution, diagnosis, stop);
    } else {
        // 3. Nothing found: columns may be too near each other.
        let undecided = diagnosis.separation == Some(Verdict::Undecided);
        let singular = certificate.newton_decrement.is_none() && stop.time_limit.is_none();
        if singular
            && searchable
            && !undecided
            && problem.penalty.lambda == 0.0
            && let Some((mut again, certificate, near)) =
                fit_on_rests(objective, &solution.theta, stop)?
        {
            again.history = joined(&solution.history, &again.history);
            settle(objective, &mut again, &certificate, true);
            diagnosis.near_dependences = near;
            return Ok(Fit {
                solution: again,
                certificate,
                diagnosis,
            });
        }
        // 4. Nothing helped.
        let proven = !searchable && proven_by_gap(objective, &solution.theta)?;
        if solution.status == Status::Converged && !proven || stalled {
            solution.status = Status::IterationLimit;
            solution.detail.clone_from(&certificate.reason);
        }
        if !searchable && problem.penalty.lambda == 0.0 {
            let said = solution
                .detail
                .take()
                .map_or(String::new(), |said| said + "; ");
            solution.detail = Some(said + NOT_SEARCHED);
        }
    }
    Ok(Fit {
        solution,
        certificate,
        diagnosis,
    })
}

/// Whether the duality gap proves what a certificate would have to: of several classes with intercepts and very many
/// columns there is none.
fn proven_by_gap<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
) -> Result<bool, SolveError> {
    if objective.problem().penalty.lambda == 0.0 {
        return Ok(false);
    }
    let gap = duality_gap(objective, theta)?;
    Ok(gap
        .probability_error
        .is_some_and(|error| error <= 0.25 * CONVERGED_SCORE_ERROR))
}

/// What is said where columns are too many to be looked at beside each other.
const NOT_SEARCHED: &str =
    "collinear columns and separation were not looked for among so many sparse columns";

/// Settles what a certificate says of a status.
fn settle<T: Element>(
    objective: &HostObjective<'_, T>,
    solution: &mut Solution,
    certificate: &Certificate,
    stalled: bool,
) {
    let Some(error) = certificate.score_error else {
        return;
    };
    let problem = objective.problem();
    let (near, far) = match problem.target {
        TargetValues::Linear(_) => (
            CERTIFIED_SCORE_ERROR * objective.scale(),
            CONVERGED_TARGET_SHARE * largest_target(problem),
        ),
        _ => (CERTIFIED_SCORE_ERROR, CONVERGED_SCORE_ERROR),
    };
    if stalled && solution.status == Status::IterationLimit && error <= near {
        (solution.status, solution.detail) = (Status::Converged, None);
    } else if solution.status == Status::Converged && error > far {
        solution.status = Status::IterationLimit;
        solution.detail = Some(format!("a score may be {error:.1e} from the optimum's"));
    }
}

/// The largest distance of a target from its offset.
fn largest_target<T: Element>(problem: &Problem<'_, T>) -> f64 {
    let TargetValues::Linear(targets) = problem.target else {
        return 1.0;
    };
    let counts = |&row: &usize| problem.weights.is_none_or(|w| w[row] > 0.0);
    let distance = |row: usize| targets[row] - problem.offsets.map_or(0.0, |o| o[row]);
    let rows = (0..targets.len()).filter(counts);
    rows.fold(0.0, |most: f64, row| most.max(distance(row).abs()))
}

fn joined(first: &[Record], then: &[Record]) -> Vec<Record> {
    let again = then.iter().map(|record| Record {
        iteration: record.iteration + first.len(),
        ..*record
    });
    first.iter().copied().chain(again).collect()
}

/// Fits again with the dependent columns' coefficients at zero.
fn without_dependent_columns<T: Element>(
    objective: &HostObjective<'_, T>,
    solution: &Solution,
    mut diagnosis: Diagnosis,
    stop: &Stop<'_>,
) -> Result<Fit, SolveError> {
    let layout = objective.layout();
    // 1. The same scores without the dependent columns.
    let mut theta = solution.theta.clone();
    for dependence in &diagnosis.dependences {
        for k in 0..layout.outputs {
            let start = layout.penalised(k).start;
            let moved = std::mem::take(&mut theta[start + dependence.column]);
            for &(column, coefficient) in &dependence.terms {
                theta[start + column] += moved * coefficient;
            }
            if layout.intercept {
                theta[start + layout.columns] += moved * dependence.intercept;
            }
        }
    }
    // 2. The optimum of what is left.
    diagnosis.held = diagnosis.dependences.iter().map(|d| d.column).collect();
    let restricted = Restricted::new(objective, layout.stride(), &diagnosis.held);
    let start = restricted.restrict(&theta);
    let mut again = crate::minimize(&Newton::default(), &restricted, &start, stop)?;
    again.theta = restricted.expand(&again.theta);
    // 3. One history.
    again.history = joined(&solution.history, &again.history);
    let certificate = certify_held(objective, &again.theta, &diagnosis.held)?;
    if again.status == Status::Converged {
        again.status = Status::Collinear;
        again.detail.clone_from(&certificate.reason);
    }
    Ok(Fit {
        solution: again,
        certificate,
        diagnosis,
    })
}
