//! Separation: directions along which the likelihood grows for ever.

mod alone;
mod cone;
mod multipliers;
mod stored;

use dataset::Element;
use serde::{Deserialize, Serialize};

pub use alone::Alone;

use crate::objective::{HostObjective, ObjectiveError, TargetValues, dot};
use crate::tolerance::{DIRECTION_SHARE, UNIT_ROUNDOFF};
use cone::{Cone, Recession};

/// What is known about separation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The classes overlap in every direction: no direction separates a row without putting
    /// another on the wrong side.
    Overlap,
    /// Some direction separates; no finite coefficients exist.
    Separated(Separation),
    /// The search ran out of steps.
    Undecided,
}

/// A direction along which no row's fit gets worse and some rows' gets better for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Separation {
    /// Whether every row is determined; otherwise the separation is quasi-complete.
    pub complete: bool,
    /// The direction, laid out as the parameters and on the design matrix's scale; its largest
    /// component per standard deviation is one.
    pub direction: Vec<f64>,
    /// Rows whose class the direction determines: their probabilities tend to 0 or 1.
    pub rows: usize,
    /// Columns of the direction, the largest share (per standard deviation) first.
    pub columns: Vec<usize>,
    /// Columns that separate all by themselves.
    pub alone: Vec<Alone>,
}

/// Decides exactly whether an unpenalised classification is separated.
///
/// Sign each row by its class, `aᵢ = (2yᵢ − 1)(xᵢ, 1)`; for the multinomial take
/// `(e_y − eₗ) ⊗ (xᵢ, 1)` for every other class `l`. No finite optimum exists if and only if some `d`
/// has `aᵢ·d ≥ 0` for all rows and `> 0` for one (Albert and Anderson 1984). Then among the vectors
/// `b + Σ eᵢaᵢ`, `e ≥ 0`, `b = Σ aᵢ/‖aᵢ‖`, the shortest one `w` tells:
///
/// - `w ≠ 0`: the optimality conditions say `aᵢ·w ≥ 0` for every row, and `Σ(eᵢ + 1/‖aᵢ‖)aᵢ·w =
///   ‖w‖² > 0` says that one is positive: `w` separates;
/// - `w = 0`: all rows, with positive multipliers, add up to zero, so that no `d` can be `≥ 0` on all
///   of them and positive on one (Stiemke's theorem): the rows overlap.
///
/// The shortest vector is found by non-negative least squares (Lawson and Hanson 1974), in about as
/// many steps as parameters, many of them per pass over the rows. Rows found positive are taken out
/// and the search goes on among the others, so that in the end every row that can be separated is.
///
/// `theta` may be the end of an unpenalised fit: where it puts every row on its right side beyond
/// rounding, that alone proves complete separation. With a penalty only the intercept is free to
/// grow, and only it is looked at. Squared loss never separates. Of sparse rows with more than
/// [`SPARSE_DIAGNOSIS_COLUMNS`](crate::tolerance::SPARSE_DIAGNOSIS_COLUMNS) columns only what `theta` proves is found.
///
/// # Examples
/// Both rows with `x > 1` are positive, and no other:
/// ```
/// use dataset::DesignMatrix;
/// use solver::{HostObjective, Problem, TargetValues, Verdict, separation};
///
/// let design = DesignMatrix::new(4, 1, vec![0.0, 1.0, 2.0, 3.0])?;
/// let separated = TargetValues::Binary(&[0.0, 0.0, 1.0, 1.0]);
/// let verdict = separation(&HostObjective::new(Problem::new(&design, separated))?, None)?;
/// let Verdict::Separated(found) = verdict else { panic!() };
/// assert!(found.complete && found.rows == 4 && found.columns == [0]);
///
/// let overlapping = TargetValues::Binary(&[0.0, 1.0, 0.0, 1.0]);
/// let verdict = separation(&HostObjective::new(Problem::new(&design, overlapping))?, None)?;
/// assert_eq!(verdict, Verdict::Overlap);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Albert and Anderson (1984); Konis (2007); Lawson and Hanson (1974), chapter 23.
///
/// # Errors
/// [`ObjectiveError::Rows`] where the source of the rows fails.
pub fn separation<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: Option<&[f64]>,
) -> Result<Verdict, ObjectiveError> {
    if matches!(objective.problem().target, TargetValues::Linear(_)) {
        return Ok(Verdict::Overlap);
    }
    let penalised = objective.problem().penalty.lambda > 0.0;
    if penalised && !objective.problem().intercept {
        return Ok(Verdict::Overlap);
    }
    if let Some(sparse) = objective.sparse()
        && !objective.is_searchable()
    {
        return stored::verdict(objective, sparse, theta);
    }
    let cone = Cone::new(objective, !penalised)?;
    let proof = match theta {
        Some(theta) if !penalised && proves_separation(objective, theta)? => Some(theta),
        _ => None,
    };
    let (direction, rows, complete) = match proof {
        Some(theta) => (theta.to_vec(), objective.rows().len(), true),
        None => match cone.recession()? {
            Recession::Zero => return Ok(Verdict::Overlap),
            Recession::Undecided => return Ok(Verdict::Undecided),
            Recession::Direction {
                direction,
                rows,
                complete,
            } => (direction, rows, complete),
        },
    };
    let (direction, columns) = normalise(objective, &cone, direction);
    let alone = if penalised {
        Vec::new()
    } else {
        alone::columns(objective)?
    };
    Ok(Verdict::Separated(Separation {
        complete,
        direction,
        rows,
        columns,
        alone,
    }))
}

/// Whether the parameters, without offsets, put every row on its right side beyond rounding.
fn proves_separation<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
) -> Result<bool, ObjectiveError> {
    let (layout, rows) = (objective.layout(), objective.rows());
    if theta.len() != layout.dimension() {
        return Ok(false);
    }
    let unit = 4.0 * (layout.columns as f64 + 4.0) * UNIT_ROUNDOFF;
    let score = |row: &[T], k: usize| {
        let coefficients = layout.coefficients(theta, k);
        let bias = layout.bias(theta, k);
        let size = crate::objective::dot_absolute(row, coefficients) + bias.abs();
        (dot(row, coefficients) + bias, unit * size)
    };
    let right = |at: usize, row: &[T]| {
        let index = rows.index(at);
        match objective.problem().target {
            TargetValues::Linear(_) => false,
            TargetValues::Binary(y) => {
                let (z, rounding) = score(row, 0);
                (2.0 * y[index] - 1.0) * z > rounding
            }
            TargetValues::Multinomial { codes, classes } => {
                let own = codes[index] as usize;
                let (z, rounding) = score(row, own);
                (0..classes).filter(|&l| l != own).all(|l| {
                    let (other, more) = score(row, l);
                    z - other > rounding + more
                })
            }
        }
    };
    rows.fold_rows(
        1,
        || true,
        |all, at, row| *all = *all && right(at, row),
        |all, next| *all = *all && next,
    )
}

/// Scales a direction so that its largest component per deviation is one, and lists its columns.
fn normalise<T: Element>(
    objective: &HostObjective<'_, T>,
    cone: &Cone<'_, '_, T>,
    mut direction: Vec<f64>,
) -> (Vec<f64>, Vec<usize>) {
    let layout = objective.layout();
    let share = |direction: &[f64], column: usize| {
        let parts =
            (0..layout.outputs).map(|k| direction[layout.penalised(k).start + column].abs());
        parts.fold(0.0, f64::max) * cone.deviation(column)
    };
    let shares: Vec<f64> = (0..layout.columns).map(|j| share(&direction, j)).collect();
    let biases = (0..layout.outputs).map(|k| layout.bias(&direction, k).abs());
    let most = shares.iter().copied().fold(0.0, f64::max);
    let most = if most > 0.0 {
        most
    } else {
        biases.fold(0.0, f64::max)
    };
    if most > 0.0 && most.is_finite() {
        for d in &mut direction {
            *d /= most;
        }
    }
    let mut columns: Vec<usize> = (0..layout.columns)
        .filter(|&j| shares[j] > DIRECTION_SHARE * most)
        .collect();
    columns.sort_by(|&i, &j| shares[j].total_cmp(&shares[i]));
    (direction, columns)
}
