//! The certificate of problems with so many columns that products of all rows with a matrix cost far
//! more than the fit: the curvature is bounded from below by a diagonal.

use dataset::Element;
use faer::Mat;

use super::{
    Basis, Certificate, component_rounding, conclude, score_rounding, subgradient,
    summation_rounding,
};
use crate::factor::Factor;
use crate::minimize::largest;
use crate::objective::{
    HostObjective, Layout, Objective, ObjectiveError, SparseRows, Sums, Wanted, larger, submatrix,
    weighted_squares,
};
use crate::tolerance::{
    CERTIFIED_SCORE_ERROR, FULL_CERTIFICATE_PARAMETERS, FULL_CERTIFICATE_WORK,
    SAMPLED_CERTIFICATE_PARAMETERS, SAMPLED_CERTIFICATE_ROWS, SCORE_ROUNDING, TRACE_ROUNDING,
    UNIT_ROUNDOFF,
};

/// Whether the whole curvature costs too much.
pub(super) fn is_wide<T: Element>(objective: &HostObjective<'_, T>) -> bool {
    let layout = objective.layout();
    if objective.sparse().is_some() && layout.dimension() > SAMPLED_CERTIFICATE_PARAMETERS {
        return true; // few rows of very many columns
    }
    let products = (objective.rows().len() * layout.pairs()) as f64;
    layout.dimension() > FULL_CERTIFICATE_PARAMETERS
        && products * (layout.stride() as f64).powi(2) > FULL_CERTIFICATE_WORK
}

/// The better of the two certificates; the cheaper one alone where it is good enough.
pub(super) fn certify<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    kept: &[usize],
    free: &[usize],
) -> Result<Certificate, ObjectiveError> {
    let sums = objective.sums(theta, Wanted::Rounding)?;
    let found = bounded(objective, theta, &sums, kept, free, Basis::Penalty)?;
    let enough = |error: f64| error <= CERTIFIED_SCORE_ERROR;
    if found.score_error.is_some_and(enough) || free.len() > SAMPLED_CERTIFICATE_PARAMETERS {
        return Ok(found);
    }
    let sampled = bounded(objective, theta, &sums, kept, free, Basis::SampledCurvature)?;
    let size = |certificate: &Certificate| certificate.precondition.unwrap_or(f64::INFINITY);
    Ok(if size(&found) < size(&sampled) {
        found
    } else {
        sampled
    })
}

/// The certificate by one lower bound of the curvature, from sums with [`Wanted::Rounding`].
pub(super) fn bounded<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    sums: &Sums,
    kept: &[usize],
    free: &[usize],
    basis: Basis,
) -> Result<Certificate, ObjectiveError> {
    // 1. The gradient, with what bounds its rounding.
    let gradient = subgradient(objective, theta, sums, free);
    let gradient_max = largest(&gradient);
    let none = |gradient_max: f64, reason: &str| {
        Ok(Certificate {
            basis,
            ..Certificate::none(gradient_max, reason)
        })
    };
    if !(gradient_max.is_finite() && sums.loss.is_finite()) {
        return none(f64::MAX, "the objective is not finite");
    }
    if sums.audit.largest > SCORE_ROUNDING {
        return none(gradient_max, "the scores are too large for their rounding");
    }
    // 2. The diagonal matrix B.
    let squares = match basis {
        Basis::Penalty => penalty(objective, sums, free),
        _ => sampled(objective, theta, sums, free)?,
    };
    let Some(squares) = squares else {
        let reason = match basis {
            Basis::Penalty => "the penalty alone gives no bound",
            _ => "the curvature of a sample of the rows is not positive definite beyond rounding",
        };
        return none(gradient_max, reason);
    };
    // 3. The decrement and the radius in the norm of B⁻¹, whose diagonal is `squares`.
    let room = 1.0 + 4.0 * (free.len() as f64 + 8.0) * UNIT_ROUNDOFF;
    let rounding = component_rounding(objective, theta, sums, free);
    let terms = gradient.iter().zip(&rounding).zip(&squares);
    let squared: f64 = terms.map(|((g, e), s)| s * (g.abs() + e).powi(2)).sum();
    let decrement = room * (squared.sqrt() + score_rounding(objective, sums));
    let radius = room * radius(objective, kept, &squares)?;
    Ok(Certificate {
        basis,
        ..conclude(&objective.problem().target, gradient_max, decrement, radius)
    })
}

/// `B⁻¹` by the penalty, for a single output, or for several without intercepts.
fn penalty<T: Element>(
    objective: &HostObjective<'_, T>,
    sums: &Sums,
    free: &[usize],
) -> Option<Vec<f64>> {
    let (layout, total) = (objective.layout(), objective.total_weight());
    let l2 = objective.problem().penalty.l2();
    if layout.outputs > 1 && layout.intercept || l2 <= 0.0 {
        return None;
    }
    let intercept = |at: &usize| layout.intercept && *at == layout.columns;
    if !free.iter().any(intercept) {
        return Some(vec![1.0 / l2; free.len()]);
    }
    let trace = (1.0 + TRACE_ROUNDING) * sums.audit.trace / total;
    let curvature = (1.0 - TRACE_ROUNDING) * sums.audit.curvature / total;
    let odds = 0.5 * l2 / trace;
    let kappa = if odds.is_finite() {
        odds / (1.0 + odds)
    } else {
        0.5
    };
    let squares: Vec<f64> = (free.iter())
        .map(|at| {
            if intercept(at) {
                1.0 / (kappa * curvature)
            } else {
                2.0 / l2
            }
        })
        .collect();
    squares.iter().all(|s| s.is_finite()).then_some(squares)
}

/// `B⁻¹` by the curvature of some of the rows.
fn sampled<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    sums: &Sums,
    free: &[usize],
) -> Result<Option<Vec<f64>>, ObjectiveError> {
    let some = objective.some(SAMPLED_CERTIFICATE_ROWS * free.len())?;
    let mut curvature = Mat::new();
    let sampled = some.sums(theta, Wanted::Curvature)?;
    some.finish_curvature(sampled.grams, &mut curvature);
    if let Some(gauge) = objective.gauge() {
        gauge.fix(&mut curvature);
    }
    if free.len() < curvature.nrows() {
        curvature = submatrix(&curvature, free);
    }
    let Some(factor) = Factor::exact(curvature) else {
        return Ok(None);
    };
    let scale = factor.scale().to_vec();
    let Some(smallest) = factor.smallest_eigenvalue() else {
        return Ok(None);
    };
    // rounding of the sums and of two factorisations; then that of the scores
    let outputs = objective.layout().outputs as f64;
    let factored = 4.0 * sums.audit.largest + (2.0 * outputs + 16.0) * UNIT_ROUNDOFF;
    let summed = 2.0 * sampled.audit.magnified * summation_rounding(&some, free.len() as f64);
    let smallest = (smallest - summed) * (1.0 - factored);
    let squares = scale.iter().map(|s| s * s / smallest);
    Ok((smallest > 0.0).then(|| squares.collect()))
}

/// `R` in the norm of a diagonal matrix.
fn radius<T: Element>(
    objective: &HostObjective<'_, T>,
    kept: &[usize],
    squares: &[f64],
) -> Result<f64, ObjectiveError> {
    let layout = objective.layout();
    // squares of all columns, class after class, zero for those that are held; and the intercepts'
    let mut slopes = vec![0.0; layout.outputs * layout.columns];
    let mut intercepts = vec![0.0; layout.outputs];
    for (at, square) in squares.iter().enumerate() {
        let (k, column) = (at / kept.len(), kept[at % kept.len()]);
        if column < layout.columns {
            slopes[k * layout.columns + column] = *square;
        } else {
            intercepts[k] = *square;
        }
    }
    if let Some(sparse) = objective.sparse() {
        return Ok(sparse_radius(sparse, layout, &slopes, &intercepts));
    }
    let largest = objective.rows().fold_rows(
        8,
        || 0.0_f64,
        |most, _, row| {
            // a difference of two classes has the squares of both
            let (mut first, mut second) = (0.0_f64, 0.0_f64);
            for (k, intercept) in intercepts.iter().enumerate() {
                let slopes = &slopes[k * layout.columns..(k + 1) * layout.columns];
                let square = intercept + weighted_squares(row, slopes);
                second = second.max(square.min(first));
                first = first.max(square);
            }
            *most = larger(*most, first + second);
        },
        |most, next| *most = larger(*most, next),
    )?;
    Ok(largest.sqrt())
}

/// [`radius`] of sparse rows, from squares of all columns, class after class, and of the intercepts.
fn sparse_radius(sparse: &SparseRows, layout: Layout, slopes: &[f64], intercepts: &[f64]) -> f64 {
    let mut first = vec![0.0_f64; sparse.rows()];
    let mut second = first.clone();
    for (k, intercept) in intercepts.iter().enumerate() {
        let slopes = &slopes[k * layout.columns..(k + 1) * layout.columns];
        let squares = sparse.weighted_squares(|column| slopes[column]);
        for (at, square) in squares.iter().enumerate() {
            let square = intercept + square;
            second[at] = second[at].max(square.min(first[at]));
            first[at] = first[at].max(square);
        }
    }
    let rows = first.iter().zip(&second);
    rows.fold(0.0, |most, (a, b)| larger(most, a + b)).sqrt()
}

#[cfg(test)]
mod tests;
