//! Products of the dual numbers with the columns.

use dataset::Element;

use super::{Cells, Centring, add, class, visit};
use crate::objective::{HostObjective, ObjectiveError, SparseRows, sparse};

/// `Σ w aₖ xⱼ` and `Σ w |aₖ xⱼ|`, class after class.
pub(super) fn products<T: Element>(
    objective: &HostObjective<'_, T>,
    theta: &[f64],
    centring: &Centring,
) -> Result<(Vec<f64>, Vec<f64>), ObjectiveError> {
    let (layout, target) = (objective.layout(), objective.problem().target);
    let length = layout.outputs * layout.columns;
    if let Some(stored) = objective.sparse() {
        return sparse_products(objective, stored, theta, centring);
    }
    visit(
        objective,
        theta,
        2 * length,
        || (vec![0.0; length], vec![0.0; length]),
        |(products, absolute): &mut (Vec<f64>, Vec<f64>), one, row, index| {
            let Cells::All(row) = row else { return };
            let mut dual = vec![0.0; layout.outputs];
            centring.dual(one, class(&target, index), 1.0, &mut dual);
            for (k, a) in dual.iter().enumerate() {
                let range = k * layout.columns..(k + 1) * layout.columns;
                let a = one.weight * a;
                for ((v, s), x) in (products[range.clone()].iter_mut())
                    .zip(&mut absolute[range])
                    .zip(row)
                {
                    let term = a * x.to_f64();
                    *v += term;
                    *s += term.abs();
                }
            }
        },
        |total, next| {
            add(&mut total.0, &next.0);
            add(&mut total.1, &next.1);
        },
    )
}

/// [`products`] of sparse rows: the dual numbers of all rows, then column by column.
fn sparse_products<T: Element>(
    objective: &HostObjective<'_, T>,
    stored: &SparseRows,
    theta: &[f64],
    centring: &Centring,
) -> Result<(Vec<f64>, Vec<f64>), ObjectiveError> {
    let (layout, target) = (objective.layout(), objective.problem().target);
    let duals = visit(
        objective,
        theta,
        1024 * layout.outputs,
        Vec::new,
        |duals: &mut Vec<f64>, one, _, index| {
            let start = duals.len();
            duals.resize(start + layout.outputs, 0.0);
            let dual = &mut duals[start..];
            centring.dual(one, class(&target, index), 1.0, dual);
            for a in &mut *dual {
                *a *= one.weight;
            }
        },
        |total, next| total.extend(next),
    )?;
    let length = layout.outputs * layout.columns;
    let (mut products, mut absolute) = (vec![0.0; length], vec![0.0; length]);
    for k in 0..layout.outputs {
        let range = k * layout.columns..(k + 1) * layout.columns;
        let own: Vec<f64> = (duals.iter().skip(k))
            .step_by(layout.outputs)
            .copied()
            .collect();
        let sum = sparse::total(&own);
        stored.multiply_transposed(&own, sum, &mut products[range.clone()]);
        let sizes: Vec<f64> = own.iter().map(|a| a.abs()).collect();
        let sum = sparse::total(&sizes);
        stored.each_column(&mut absolute[range], |column, rows, values| {
            let terms = rows.iter().zip(values);
            let sizes: f64 = terms.map(|(&row, x)| sizes[row as usize] * x.abs()).sum();
            sizes + stored.shift(column).abs() * sum
        });
    }
    Ok((products, absolute))
}
