//! Sums over sparse rows: scores by rows, losses, gradients by columns.

use dataset::Element;
use rayon::prelude::*;

use super::super::losses::{self, Loss, Losses};
use super::super::pass::{Audit, Sums, Wanted};
use super::super::{HostObjective, Layout, TargetValues, pairs};
use super::gram::add_grams;
use super::stored::SparseRows;
use crate::tolerance::UNIT_ROUNDOFF;

/// Rows whose losses are added up in one go.
const BLOCK: usize = 128;

/// Losses at some scores, with what their derivatives by the scores follow from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Point {
    /// The sum of the losses, weighted.
    pub(crate) loss: f64,
    /// `[outputs][rows]`: residuals, weighted.
    pub(crate) residuals: Vec<Vec<f64>>,
    /// `[outputs][rows]`: the weighted curvature of a single output, or the probabilities of several.
    pub(crate) shapes: Vec<Vec<f64>>,
}

/// `[outputs][rows]`: scores with their offsets.
pub(crate) fn scores<T: Element>(
    objective: &HostObjective<'_, T>,
    sparse: &SparseRows,
    theta: &[f64],
) -> Vec<Vec<f64>> {
    let (layout, rows) = (objective.layout(), objective.rows());
    let mut scores: Vec<Vec<f64>> = (0..layout.outputs)
        .map(|k| sparse.multiply(layout.coefficients(theta, k), layout.bias(theta, k)))
        .collect();
    if let Some(offsets) = objective.problem().offsets {
        for (k, scores) in scores.iter_mut().enumerate() {
            for (at, score) in scores.iter_mut().enumerate() {
                *score += offsets[rows.index(at) * layout.outputs + k];
            }
        }
    }
    scores
}

/// The losses at scores, `[outputs][rows]`, in blocks of fixed size and order.
pub(crate) fn evaluate<T: Element>(objective: &HostObjective<'_, T>, scores: &[Vec<f64>]) -> Point {
    let (outputs, count) = (scores.len(), objective.rows().len());
    let blocks = count.div_ceil(BLOCK);
    let visit = |block: usize| {
        let rows = block * BLOCK..((block + 1) * BLOCK).min(count);
        let mut own: Vec<f64> = (scores.iter())
            .flat_map(|scores| scores[rows.clone()].iter().copied())
            .collect();
        let mut residuals = vec![0.0; own.len()];
        let mut curvatures = vec![0.0; if outputs == 1 { rows.len() } else { 0 }];
        let loss = visit(objective, rows, &mut own, &mut residuals, &mut curvatures);
        (loss, residuals, if outputs == 1 { curvatures } else { own })
    };
    // eight blocks a task: a block alone takes a microsecond
    let found: Vec<_> = (0..blocks)
        .into_par_iter()
        .with_min_len(8)
        .map(visit)
        .collect();
    let mut point = Point {
        loss: 0.0,
        residuals: (0..outputs).map(|_| Vec::with_capacity(count)).collect(),
        shapes: (0..outputs).map(|_| Vec::with_capacity(count)).collect(),
    };
    for (loss, residuals, shapes) in found {
        point.loss += loss;
        let rows = residuals.len() / outputs;
        for k in 0..outputs {
            point.residuals[k].extend_from_slice(&residuals[k * rows..(k + 1) * rows]);
            point.shapes[k].extend_from_slice(&shapes[k * rows..(k + 1) * rows]);
        }
    }
    point
}

/// One block: residuals, and curvatures of a single output; the scores of several become probabilities.
fn visit<T: Element>(
    objective: &HostObjective<'_, T>,
    block: std::ops::Range<usize>,
    scores: &mut [f64],
    residuals: &mut [f64],
    curvatures: &mut [f64],
) -> f64 {
    let (problem, rows) = (objective.problem(), objective.rows());
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let weights = problem.weights.map_or(&[][..], |weights| {
        rows.pick(block.clone(), weights, &mut first)
    });
    let mut scratch = vec![0.0; 4 * block.len()];
    let (loss, targets) = match problem.target {
        TargetValues::Binary(y) => (Loss::Log, y),
        TargetValues::Linear(y) => (Loss::Squared, y),
        TargetValues::Multinomial { codes, .. } => {
            second.extend(block.map(|at| f64::from(codes[rows.index(at)])));
            return losses::softmax(&second, weights, scores, residuals, &mut scratch);
        }
    };
    losses::single(Losses {
        loss,
        targets: rows.pick(block, targets, &mut second),
        weights,
        scores,
        residuals,
        curvatures,
        scratch: &mut scratch,
    })
}

/// The sum in parts of [`BLOCK`].
pub(crate) fn total(numbers: &[f64]) -> f64 {
    numbers
        .chunks(BLOCK)
        .map(|part| part.iter().sum::<f64>())
        .sum()
}

/// Adds up what is wanted, as [`HostObjective::sums`] does of dense rows.
pub(crate) fn sums<T: Element>(
    objective: &HostObjective<'_, T>,
    sparse: &SparseRows,
    theta: &[f64],
    wanted: Wanted,
) -> Sums {
    let layout = objective.layout();
    let point = evaluate(objective, &scores(objective, sparse, theta));
    let mut sums = Sums {
        loss: point.loss,
        gradient: Vec::new(),
        grams: Vec::new(),
        points: Vec::new(),
        audit: Audit::default(),
    };
    if wanted >= Wanted::Gradient {
        sums.gradient = vec![0.0; layout.dimension()];
        for (k, residuals) in point.residuals.iter().enumerate() {
            let sum = total(residuals);
            let gradient = &mut sums.gradient[layout.parameters(k)];
            sparse.multiply_transposed(residuals, sum, &mut gradient[..layout.columns]);
            if layout.intercept {
                gradient[layout.columns] = sum;
            }
        }
    }
    if wanted >= Wanted::Curvature {
        let curvatures: Vec<Vec<f64>> = (pairs(layout.outputs).into_iter())
            .map(|pair| pair_curvatures(objective, &point, pair))
            .collect();
        (sums.grams, sums.audit.magnified) = add_grams(sparse, layout, &curvatures);
    }
    if wanted.audits() {
        audit(objective, sparse, theta, &point, &mut sums.audit);
    }
    if wanted == Wanted::Points {
        let row = |at: usize| point.shapes.iter().map(move |shapes| shapes[at]);
        sums.points = (0..sparse.rows()).flat_map(row).collect();
    }
    sums
}

/// `w c` of every row for a pair of outputs.
fn pair_curvatures<T: Element>(
    objective: &HostObjective<'_, T>,
    point: &Point,
    (k, l): (usize, usize),
) -> Vec<f64> {
    if point.shapes.len() == 1 {
        return point.shapes[0].clone();
    }
    let (problem, rows) = (objective.problem(), objective.rows());
    let pairs = point.shapes[k].iter().zip(&point.shapes[l]).enumerate();
    pairs
        .map(|(at, (p, q))| problem.weights.map_or(1.0, |w| w[rows.index(at)]) * p * q)
        .collect()
}

/// Bounds the rounding of the scores, and adds up what that of the sums follows from.
///
/// A score is a sum over the stored numbers of its row, the same for the rows that store nothing, and a few terms:
/// `δᵢ ≤ (stored + 8)u(Σ|xᵢⱼβⱼ| + |b| + |offset|) + (columns + 8)u Σ|shiftⱼβⱼ|` (Higham 2002, §3.1).
fn audit<T: Element>(
    objective: &HostObjective<'_, T>,
    sparse: &SparseRows,
    theta: &[f64],
    point: &Point,
    audit: &mut Audit,
) {
    let (layout, rows, problem) = (objective.layout(), objective.rows(), objective.problem());
    let mut largest = vec![0.0_f64; rows.len()];
    let mut sizes = vec![0.0; rows.len()];
    audit.absolute = vec![0.0; layout.dimension()];
    for (k, residuals) in point.residuals.iter().enumerate() {
        let coefficients = layout.coefficients(theta, k);
        let shifted: f64 = sparse.shifts().map_or(0.0, |shifts| {
            (shifts.iter().zip(coefficients))
                .map(|(s, b)| (s * b).abs())
                .sum()
        });
        let bias = layout.bias(theta, k).abs() + shifted;
        let whole = (layout.columns as f64 + 8.0) * shifted;
        sparse.each_row(&mut sizes, |at, positions, values| {
            let terms = positions.iter().zip(values);
            let sum: f64 = terms
                .map(|(&j, x)| (x * coefficients[j as usize]).abs())
                .sum();
            let offset = problem
                .offsets
                .map_or(0.0, |o| o[rows.index(at) * layout.outputs + k].abs());
            (positions.len() as f64 + 8.0) * (sum + bias + offset) + whole
        });
        for (largest, size) in largest.iter_mut().zip(&sizes) {
            *largest = largest.max(UNIT_ROUNDOFF * size);
        }
        let sizes: Vec<f64> = residuals.iter().map(|r| r.abs()).collect();
        let sum = total(&sizes);
        let absolute = &mut audit.absolute[layout.parameters(k)];
        sparse.each_column(
            &mut absolute[..layout.columns],
            |column, positions, values| {
                let terms = positions.iter().zip(values);
                let stored: f64 = terms.map(|(&at, x)| sizes[at as usize] * x.abs()).sum();
                stored + sparse.shift(column).abs() * sum
            },
        );
        if layout.intercept {
            absolute[layout.columns] = sum;
        }
    }
    let single = layout.outputs == 1;
    for (at, rounding) in largest.iter().enumerate() {
        let curvature = if single {
            point.shapes[0][at]
        } else {
            problem.weights.map_or(1.0, |w| w[rows.index(at)])
        };
        audit.squares += curvature * rounding * rounding;
        if !matches!(problem.target, TargetValues::Linear(_)) {
            audit.largest = audit.largest.max(*rounding);
        }
    }
    if single {
        let lengths = sparse.weighted_squares(|_| 1.0);
        audit.curvature = total(&point.shapes[0]);
        audit.trace = (lengths.iter().zip(&point.shapes[0]))
            .map(|(length, curvature)| length * curvature)
            .sum();
    }
}

/// The largest change of a row's score, or of a difference between its scores, along a direction.
pub(crate) fn score_change(sparse: &SparseRows, layout: Layout, direction: &[f64]) -> f64 {
    let mut low = vec![f64::INFINITY; sparse.rows()];
    let mut high = vec![f64::NEG_INFINITY; sparse.rows()];
    for k in 0..layout.outputs {
        let coefficients = layout.coefficients(direction, k);
        let changes = sparse.multiply(coefficients, layout.bias(direction, k));
        for (at, change) in changes.iter().enumerate() {
            low[at] = low[at].min(*change);
            high[at] = high[at].max(*change);
        }
    }
    let ends = low.iter().zip(&high);
    ends.fold(0.0, |most: f64, (low, high)| {
        most.max(if layout.outputs == 1 {
            high.abs()
        } else {
            high - low
        })
    })
}
