//! What is found of separation among very many sparse columns, where the search would make rows dense.

use dataset::Element;

use super::{Separation, Verdict};
use crate::coordinate::lost_class;
use crate::objective::sparse::{scores, total};
use crate::objective::{HostObjective, ObjectiveError, Problem, SparseRows, TargetValues};
use crate::tolerance::{DIRECTION_SHARE, UNIT_ROUNDOFF};

/// The verdict by what one pass over the stored numbers proves.
///
/// - With a penalty only intercepts can grow, and they do exactly where a class has no rows.
/// - Without, parameters that put every row on its right side beyond rounding prove complete separation; where they do
///   not, nothing is known.
pub(super) fn verdict<T: Element>(
    objective: &HostObjective<'_, T>,
    sparse: &SparseRows,
    theta: Option<&[f64]>,
) -> Result<Verdict, ObjectiveError> {
    let layout = objective.layout();
    if objective.problem().penalty.lambda > 0.0 {
        let Some(class) = lost_class(objective) else {
            return Ok(Verdict::Overlap);
        };
        let mut direction = vec![0.0; layout.dimension()];
        let single = layout.outputs == 1;
        let at = layout.penalised(if single { 0 } else { class }).end;
        // away from the class that no row has
        direction[at] = if single && class == 0 { 1.0 } else { -1.0 };
        return Ok(Verdict::Separated(Separation {
            complete: single || layout.outputs == 2,
            direction,
            rows: sparse.rows(),
            columns: Vec::new(),
            alone: Vec::new(),
        }));
    }
    let Some(theta) = theta.filter(|theta| theta.len() == layout.dimension()) else {
        return Ok(Verdict::Undecided);
    };
    if !is_right(objective, sparse, theta)? {
        return Ok(Verdict::Undecided);
    }
    let (direction, columns) = normalise(objective, sparse, theta);
    Ok(Verdict::Separated(Separation {
        complete: true,
        direction,
        rows: sparse.rows(),
        columns,
        alone: Vec::new(),
    }))
}

/// Whether the parameters, without offsets, put every row on its right side beyond rounding.
fn is_right<T: Element>(
    objective: &HostObjective<'_, T>,
    sparse: &SparseRows,
    theta: &[f64],
) -> Result<bool, ObjectiveError> {
    let (layout, problem) = (objective.layout(), objective.problem());
    let plain = HostObjective::new(Problem {
        offsets: None,
        ..*problem
    })?;
    let scores = scores(&plain, sparse, theta);
    let sizes: Vec<Vec<f64>> = (0..layout.outputs)
        .map(|k| {
            let coefficients = layout.coefficients(theta, k);
            let shifted = sparse.shifts().map_or(0.0, |shifts| {
                crate::objective::dot_absolute(shifts, coefficients)
            });
            let rest = layout.bias(theta, k).abs() + shifted;
            let mut sizes = vec![0.0; sparse.rows()];
            sparse.each_row(&mut sizes, |_, positions, values| {
                let terms = positions.iter().zip(values);
                let sum: f64 = terms
                    .map(|(&j, x)| (x * coefficients[j as usize]).abs())
                    .sum();
                4.0 * (layout.columns as f64 + 8.0) * UNIT_ROUNDOFF * (sum + rest)
            });
            sizes
        })
        .collect();
    let rows = objective.rows();
    Ok((0..sparse.rows()).all(|at| {
        let index = rows.index(at);
        match problem.target {
            TargetValues::Linear(_) => false,
            TargetValues::Binary(y) => (2.0 * y[index] - 1.0) * scores[0][at] > sizes[0][at],
            TargetValues::Multinomial { codes, classes } => {
                let own = codes[index] as usize;
                (0..classes)
                    .filter(|&l| l != own)
                    .all(|l| scores[own][at] - scores[l][at] > sizes[own][at] + sizes[l][at])
            }
        }
    }))
}

/// Scales a direction so that its largest component per deviation is one, and lists its columns.
fn normalise<T: Element>(
    objective: &HostObjective<'_, T>,
    sparse: &SparseRows,
    direction: &[f64],
) -> (Vec<f64>, Vec<usize>) {
    let (layout, rows) = (objective.layout(), sparse.rows() as f64);
    // deviations around the mean, or around zero without an intercept
    let ones = vec![1.0; sparse.rows()];
    let (mut sums, mut squares) = (vec![0.0; layout.columns], vec![0.0; layout.columns]);
    sparse.multiply_transposed(&ones, total(&ones), &mut sums);
    sparse.curvatures(&ones, rows, &mut squares);
    let shares: Vec<f64> = (0..layout.columns)
        .map(|j| {
            let mean = if layout.intercept {
                sums[j] / rows
            } else {
                0.0
            };
            let deviation = (squares[j] / rows - mean * mean).max(0.0).sqrt();
            let parts = (0..layout.outputs).map(|k| layout.coefficients(direction, k)[j].abs());
            parts.fold(0.0, f64::max) * deviation
        })
        .collect();
    let most = shares.iter().copied().fold(0.0, f64::max);
    let mut direction = direction.to_vec();
    if most > 0.0 && most.is_finite() {
        for d in &mut *direction {
            *d /= most;
        }
    }
    let mut columns: Vec<usize> = (0..layout.columns)
        .filter(|&j| shares[j] > DIRECTION_SHARE * most)
        .collect();
    columns.sort_by(|&i, &j| shares[j].total_cmp(&shares[i]));
    (direction, columns)
}
