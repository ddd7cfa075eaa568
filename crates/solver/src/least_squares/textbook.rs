//! Least squares as the textbook has it: normal equations, and the formulas for one column.

use dataset::Element;
use faer::{Accum, Mat, Par};

use super::LeastSquaresError;
use super::system::System;
use crate::factor::Factor;
use crate::objective::ObjectiveError;

/// `(AᵀA)⁻¹Aᵀy` by Cholesky factorisation; `condition` is that of `AᵀA`.
pub(super) fn normal_equations<T: Element>(
    system: &System<'_, '_, T>,
    condition: f64,
) -> Result<Vec<f64>, LeastSquaresError> {
    let (rows, parameters) = (system.rows(), system.parameters());
    // 1. The products of all columns and of the targets.
    let mut products = rows.fold(
        8 * (parameters + 1) * (parameters + 1),
        || Mat::<f64>::zeros(parameters + 1, parameters + 1),
        |sum, chunk| {
            for block in rows.blocks(chunk) {
                let cells = system.weighted(block)?;
                faer::linalg::matmul::matmul(
                    sum.as_mut(),
                    Accum::Add,
                    cells.transpose(),
                    cells.as_ref(),
                    1.0,
                    Par::Seq,
                );
            }
            Ok(())
        },
        |total, next| *total += &next,
    )?;
    for (j, ridge) in system.ridge().into_iter().enumerate() {
        products[(j, j)] += ridge;
    }
    // 2. The solution.
    let gram = products
        .as_ref()
        .submatrix(0, 0, parameters, parameters)
        .to_owned();
    let moments: Vec<f64> = (0..parameters).map(|j| products[(j, parameters)]).collect();
    let factor = Factor::exact(gram).ok_or(LeastSquaresError::Singular { condition })?;
    Ok(factor.solve(&moments))
}

/// The textbook's slope and intercept, with weighted means. A constant column has a slope of zero.
pub(super) fn simple_regression<T: Element>(
    system: &System<'_, '_, T>,
) -> Result<Vec<f64>, ObjectiveError> {
    let rows = system.rows();
    let sum = |term: &(dyn Fn(f64, f64, f64) -> f64 + Sync)| {
        rows.fold(
            8,
            || 0.0,
            |sum, chunk| {
                let mut cells = vec![0.0; 2 * rows.block()];
                for block in rows.blocks(chunk) {
                    system.copy(block.clone(), &mut cells, rows.block())?;
                    let of = |(i, at): (usize, usize)| {
                        let (target, offset) = system.target(at);
                        term(system.weight(at), cells[i], target - offset)
                    };
                    *sum += block.enumerate().map(of).sum::<f64>();
                }
                Ok(())
            },
            |total, next| *total += next,
        )
    };
    let total = sum(&|w, _, _| w)?;
    let x_mean = sum(&|w, x, _| w * x)? / total;
    let y_mean = sum(&|w, _, y| w * y)? / total;
    let products = sum(&|w, x, y| w * (x - x_mean) * (y - y_mean))?;
    let squares = sum(&|w, x, _| w * (x - x_mean).powi(2))?;
    let slope = if squares > 0.0 {
        products / squares
    } else {
        0.0
    };
    Ok(vec![slope, y_mean - slope * x_mean])
}
