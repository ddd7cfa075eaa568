//! Fitting the encoding of one feature.

use super::impute::median;
use super::scale::{Sum, dummy_moments, moments};
use super::{
    DesignColumn, DroppedColumn, Encoding, Feature, MISSING_LEVEL, MissingPolicy, PipelineOptions,
    dates,
};
use crate::number::text;
use crate::schema::{ColumnSchema, Kind};
use crate::table::Cells;

/// One feature, fitted.
pub(super) enum FittedFeature {
    Used(Feature, Vec<DesignColumn>),
    Dropped(DroppedColumn),
}

/// Fits one feature on rows that all count.
pub(super) fn fit(
    column: &ColumnSchema,
    cells: &Cells,
    rows: &[usize],
    weights: Option<&[f64]>,
    options: PipelineOptions,
) -> FittedFeature {
    match cells {
        Cells::Numeric(seconds) if column.kind == Kind::Date => {
            dates::fit(column, seconds, rows, weights, options)
        }
        Cells::Numeric(values) => fit_numeric(column, values, rows, weights, options),
        Cells::Text { codes, levels } => {
            fit_categorical(column, codes, levels, rows, weights, options.standardize)
        }
    }
}

fn dropped(column: &ColumnSchema, reason: String) -> FittedFeature {
    FittedFeature::Dropped(DroppedColumn {
        name: column.name.clone(),
        reason,
    })
}

fn fit_numeric(
    column: &ColumnSchema,
    values: &[f64],
    rows: &[usize],
    weights: Option<&[f64]>,
    options: PipelineOptions,
) -> FittedFeature {
    let mut filled: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
    let present = |value: &f64| !value.is_nan();
    let min = filled
        .iter()
        .copied()
        .filter(present)
        .fold(f64::INFINITY, f64::min);
    let max = filled
        .iter()
        .copied()
        .filter(present)
        .fold(f64::NEG_INFINITY, f64::max);
    if !min.is_finite() {
        return dropped(column, "is missing in every row to fit on".to_owned());
    }
    let constant = min >= max;
    // Without an intercept a constant column can serve as one.
    if constant && (options.center || min == 0.0) {
        return dropped(column, format!("is {} in every row to fit on", text(min)));
    }
    let mut middle = None;
    if options.missing == MissingPolicy::Impute {
        let of_present = |weights: &[f64]| {
            let pairs = weights.iter().zip(&filled);
            pairs
                .filter(|(_, value)| present(value))
                .map(|(&weight, _)| weight)
                .collect()
        };
        let values = filled.iter().copied().filter(present).collect();
        middle = median(values, weights.map(of_present));
        if let Some(median) = middle {
            for value in filled.iter_mut().filter(|value| value.is_nan()) {
                *value = median;
            }
        }
    }
    let (mut mean, mut scale) = (0.0, 1.0);
    if options.standardize && constant {
        scale = min.abs();
    } else if options.standardize {
        (mean, scale) = moments(&filled, weights);
        if scale == 0.0 {
            return dropped(column, "has no spread that an f64 can hold".to_owned());
        }
    }
    let encoding = Encoding::Numeric {
        median: middle,
        min,
        max,
    };
    let name = column.name.clone();
    let design = DesignColumn {
        name: name.clone(),
        source: name.clone(),
        level: None,
        mean,
        scale,
    };
    FittedFeature::Used(
        Feature {
            name,
            kind: column.kind,
            encoding,
        },
        vec![design],
    )
}

fn fit_categorical(
    column: &ColumnSchema,
    codes: &[u32],
    texts: &[String],
    rows: &[usize],
    weights: Option<&[f64]>,
    standardized: bool,
) -> FittedFeature {
    // The weight of each level; the last is that of missing cells.
    let mut sums = vec![(false, Sum::default()); texts.len() + 1];
    for (position, &row) in rows.iter().enumerate() {
        let level = match texts.get(codes[row] as usize) {
            Some(text) if text != MISSING_LEVEL => codes[row] as usize,
            _ => texts.len(),
        };
        let (seen, sum) = &mut sums[level];
        *seen = true;
        sum.add(weights.map_or(1.0, |weights| weights[position]));
    }
    let mut levels: Vec<(&str, f64)> = texts
        .iter()
        .zip(&sums)
        .filter(|(_, (seen, _))| *seen)
        .map(|(text, (_, sum))| (text.as_str(), sum.value()))
        .collect();
    levels.sort_by(|a, b| a.0.cmp(b.0));
    if let Some((true, sum)) = sums.last() {
        levels.push((MISSING_LEVEL, sum.value()));
    }
    match levels[..] {
        [] => return dropped(column, "is missing in every row to fit on".to_owned()),
        [(MISSING_LEVEL, _)] => {
            return dropped(column, "is missing in every row to fit on".to_owned());
        }
        [(level, _)] => return dropped(column, format!("is {level:?} in every row to fit on")),
        _ => {}
    }
    let total = levels
        .iter()
        .map(|(_, weight)| *weight)
        .collect::<Sum>()
        .value();
    let design = levels[1..]
        .iter()
        .map(|&(level, ones)| {
            let (mean, scale) = if standardized {
                dummy_moments(ones, total - ones)
            } else {
                (0.0, 1.0)
            };
            DesignColumn {
                name: format!("{}={level}", column.name),
                source: column.name.clone(),
                level: Some(level.to_owned()),
                mean,
                scale,
            }
        })
        .filter(|design| design.scale > 0.0)
        .collect();
    let levels = levels
        .iter()
        .map(|(level, _)| (*level).to_owned())
        .collect();
    let encoding = Encoding::Categorical { levels };
    FittedFeature::Used(
        Feature {
            name: column.name.clone(),
            kind: column.kind,
            encoding,
        },
        design,
    )
}
