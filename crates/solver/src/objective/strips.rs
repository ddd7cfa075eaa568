//! Gram matrices of long rows: all threads share one matrix.
//!
//! A matrix of its own for every thread, and the adding up of them, would cost more than the products
//! themselves where rows are long and few. Here panels of rows follow each other, and the threads divide
//! the matrix among them in strips.

use dataset::Element;
use faer::linalg::matmul::triangular::BlockStructure;
use faer::linalg::matmul::{matmul, triangular};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::gram::pairs;
use super::panel::PANEL;
use super::{HostObjective, ObjectiveError};

/// Columns, the intercept's included, from which rows count as long.
pub(super) const LONG: usize = 384;

/// Columns of the matrix that one thread adds to at a time.
const STRIP: usize = 128;

/// Adds `Σ c xxᵀ` to the lower triangle of the Gram matrix of each pair of outputs.
///
/// `points` has, for each row that counts, what its curvatures follow from: the weighted curvature of a
/// single output, or the probabilities of all.
///
/// # Errors
/// [`ObjectiveError`] where the source of rows fails.
pub(super) fn add_grams<T: Element>(
    objective: &HostObjective<'_, T>,
    points: &[f64],
    grams: &mut [Mat<f64>],
) -> Result<(), ObjectiveError> {
    let (rows, layout) = (objective.rows(), objective.layout());
    let (stride, outputs) = (layout.stride(), layout.outputs);
    let mut cells = vec![0.0; PANEL.min(rows.len()) * stride];
    for from in (0..rows.len()).step_by(PANEL) {
        let to = (from + PANEL).min(rows.len());
        for (gram, (k, l)) in grams.iter_mut().zip(pairs(outputs)) {
            let root = |at: usize| {
                let point = &points[at * outputs..(at + 1) * outputs];
                if outputs == 1 {
                    return point[0].sqrt();
                }
                let weight = objective
                    .problem()
                    .weights
                    .map_or(1.0, |w| w[rows.index(at)]);
                (weight * point[k] * point[l]).sqrt()
            };
            let cells = &mut cells[..(to - from) * stride];
            fill(objective, from, root, cells)?;
            let cells = MatRef::from_row_major_slice(&*cells, to - from, stride);
            let mut strips = Vec::new();
            let mut rest = gram.as_mut();
            while rest.ncols() > STRIP {
                let (strip, behind) = rest.split_at_col_mut(STRIP);
                strips.push(strip);
                rest = behind;
            }
            strips.push(rest);
            (strips.into_par_iter().enumerate())
                .for_each(|(at, strip)| add_strip(strip, at * STRIP, cells));
        }
    }
    Ok(())
}

/// The cells of a panel, with their one for the intercept, each row times its root.
fn fill<T: Element>(
    objective: &HostObjective<'_, T>,
    from: usize,
    root: impl Fn(usize) -> f64 + Sync,
    cells: &mut [f64],
) -> Result<(), ObjectiveError> {
    let (rows, layout) = (objective.rows(), objective.layout());
    let (stride, columns, block) = (layout.stride(), layout.columns, rows.block());
    let blocks = cells.par_chunks_mut(block * stride).enumerate();
    blocks.try_for_each(|(at, cells)| {
        let first = from + at * block;
        let mut scratch = Vec::new();
        let source = rows.cells(first..first + cells.len() / stride, &mut scratch)?;
        for (i, cells) in cells.chunks_exact_mut(stride).enumerate() {
            let root = root(first + i);
            let row = &source[i * columns..(i + 1) * columns];
            for (cell, x) in cells.iter_mut().zip(row) {
                *cell = root * x.to_f64();
            }
            if stride > columns {
                cells[columns] = root;
            }
        }
        Ok(())
    })
}

/// Adds a panel's products to some columns of the lower triangle, from column `from` on.
fn add_strip(strip: MatMut<'_, f64>, from: usize, cells: MatRef<'_, f64>) {
    let width = strip.ncols();
    let (_, lower) = strip.split_at_row_mut(from);
    let (diagonal, below) = lower.split_at_row_mut(width);
    let own = cells.subcols(from, width);
    triangular::matmul(
        diagonal,
        BlockStructure::TriangularLower,
        Accum::Add,
        own.transpose(),
        BlockStructure::Rectangular,
        own,
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
    let behind = cells.subcols(from + width, cells.ncols() - from - width);
    matmul(below, Accum::Add, behind.transpose(), own, 1.0, Par::Seq);
}
