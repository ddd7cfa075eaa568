//! Numbers of which most are zero: fitted in time for those that are stored.

use super::categorical::dummy;
use super::encode::{FittedFeature, dropped};
use super::impute::median;
use super::numeric::constant;
use super::scale::{Sum, power_of_two};
use super::training::TrainingRows;
use super::{Basis, DesignColumn, Encoding, MISSING_LEVEL, MissingPolicy, PipelineOptions};
use crate::schema::ColumnSchema;
use crate::table::SparseCells;

/// Fits a number as [`numeric::fit`](super::numeric::fit) does, to the last digits of mean and
/// standard deviation: the zeros are added all at once rather than one by one.
pub(super) fn fit(
    column: &ColumnSchema,
    cells: &SparseCells,
    training: &TrainingRows,
    options: &PipelineOptions,
) -> FittedFeature {
    let by_row = training.by_row();
    let mut stored: Vec<(f64, f64)> = Vec::with_capacity(cells.stored());
    let (mut missing, mut missing_rows) = (Sum::default(), 0);
    let mut weight_of_stored = Sum::default();
    let mut rows = 0;
    for (row, value) in cells.iter() {
        let weight = by_row.weight(row);
        if weight == 0.0 {
            continue;
        }
        if value.is_nan() {
            missing.add(weight);
            missing_rows += 1;
        } else {
            weight_of_stored.add(weight);
            stored.push((value, weight));
        }
        rows += 1;
    }
    let missing = missing.value();
    let all_stored = rows == by_row.rows;
    let zeros = if all_stored {
        0.0
    } else {
        by_row.total - missing - weight_of_stored.value()
    };
    if stored.is_empty() && all_stored {
        return dropped(column, "is missing in every row to fit on".to_owned());
    }
    let zero = (!all_stored).then_some(0.0);
    let numbers = || stored.iter().map(|&(value, _)| value).chain(zero);
    let min = numbers().fold(f64::INFINITY, f64::min);
    let max = numbers().fold(f64::NEG_INFINITY, f64::max);
    let middle = (options.missing == MissingPolicy::Impute)
        .then(|| {
            let pairs = stored.iter().copied().chain(zero.map(|zero| (zero, zeros)));
            let (values, weights) = pairs.unzip();
            median(values, Some(weights))
        })
        .flatten();
    let is_constant = min >= max;
    let mut columns = Vec::new();
    // Without an intercept a constant column can serve as one.
    if !is_constant || (!options.center && min != 0.0) {
        let imputed = middle.filter(|_| missing_rows > 0);
        stored.extend(imputed.map(|median| (median, missing)));
        let (mean, scale) = moments(&stored, zeros, is_constant, options);
        columns.push(DesignColumn {
            name: column.name.clone(),
            source: column.name.clone(),
            level: None,
            function: None,
            factors: None,
            mean,
            scale,
        });
    }
    if missing_rows > 0 && options.missing_indicators {
        let (name, total) = (&column.name, by_row.total);
        columns.push(dummy(
            name,
            MISSING_LEVEL,
            missing,
            total,
            options.standardize,
        ));
    }
    columns.retain(|column| column.scale > 0.0);
    if columns.is_empty() {
        return dropped(column, constant(is_constant.then_some(min)));
    }
    let encoding = Encoding::Numeric {
        median: middle,
        min,
        max,
        basis: Basis::Identity,
    };
    let share = rows as f64 / by_row.rows as f64;
    FittedFeature::used(column, encoding, columns).in_share_of_rows(share)
}

/// Mean and scale of numbers with their weights, beside zeros of a weight in all.
fn moments(
    stored: &[(f64, f64)],
    zeros: f64,
    is_constant: bool,
    options: &PipelineOptions,
) -> (f64, f64) {
    if !options.standardize {
        return (0.0, 1.0);
    }
    if is_constant {
        return (0.0, stored.first().map_or(0.0, |(value, _)| value.abs()));
    }
    let largest = stored
        .iter()
        .fold(0.0, |largest: f64, (value, _)| largest.max(value.abs()));
    let unit = power_of_two(largest);
    let scaled = || stored.iter().map(|&(value, weight)| (value / unit, weight));
    let stored_weight = scaled().map(|(_, weight)| weight).collect::<Sum>();
    let total = zeros + stored_weight.value();
    let first = scaled().map(|(x, w)| w * x).collect::<Sum>().value() / total;
    let (mut off, mut squares) = (Sum::default(), Sum::default());
    for (x, w) in scaled().chain([(0.0, zeros)]) {
        let difference = x - first;
        off.add(w * difference);
        squares.add(w * difference * difference);
    }
    let off = off.value() / total;
    let variance = squares.value() / total - off * off;
    ((first + off) * unit, variance.max(0.0).sqrt() * unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::{Kind, Role};

    fn close(sparse: f64, dense: f64) -> bool {
        (sparse - dense).abs() <= 4.0 * f64::EPSILON * dense.abs().max(f64::MIN_POSITIVE)
    }

    proptest! {
        /// The dense fit of the same cells is the reference: it visits the zeros one by one.
        #[test]
        fn fitted_as_the_dense_column(
            cells in proptest::collection::vec(
                prop_oneof![5 => Just(0.0), 2 => -9.0..9.0_f64, 1 => Just(f64::NAN), 1 => Just(2.5)], 1..40),
            weights in proptest::option::of(proptest::collection::vec(0u8..3, 40)),
            indicators in any::<bool>(),
            standardize in any::<bool>(),
            center in any::<bool>(),
        ) {
            let rows: Vec<usize> = (0..cells.len()).filter(|row| row % 4 != 1).collect();
            let weights: Option<Vec<f64>> =
                weights.map(|w| rows.iter().map(|&row| f64::from(w[row])).collect());
            let Ok(training) = TrainingRows::new(&rows, weights.as_deref()) else {
                return Ok(());
            };
            let options = PipelineOptions {
                missing_indicators: indicators,
                standardize,
                center,
                ..PipelineOptions::default()
            };
            let stored: Vec<(u32, f64)> =
                (0..).zip(cells.iter().copied()).filter(|(_, cell)| *cell != 0.0).collect();
            let (places, values) = stored.into_iter().unzip();
            let sparse = SparseCells::new(cells.len(), places, values).unwrap();
            let column = ColumnSchema::new("x", Kind::Numeric, Role::Feature);
            let found = fit(&column, &sparse, &training, &options);
            let expected = super::super::numeric::fit(&column, &cells, &training, &options).unwrap();
            match (found, expected) {
                (FittedFeature::Used(found, own, _), FittedFeature::Used(expected, others, _)) => {
                    prop_assert_eq!(found, expected);
                    prop_assert_eq!(own.len(), others.len());
                    for (own, other) in own.iter().zip(&others) {
                        prop_assert_eq!((&own.name, &own.level), (&other.name, &other.level));
                        prop_assert!(close(own.mean, other.mean), "{own:?} {other:?}");
                        prop_assert!(close(own.scale, other.scale), "{own:?} {other:?}");
                    }
                }
                (FittedFeature::Dropped(found), FittedFeature::Dropped(expected)) => {
                    prop_assert_eq!(found, expected);
                }
                _ => prop_assert!(false, "only one of them is dropped"),
            }
        }
    }
}
