//! Numbers: the encoding of one feature, fitted and applied.

use super::encode::{FittedFeature, dropped};
use super::impute::median;
use super::scale::moments;
use super::term::{Entry, Term};
use super::{DesignColumn, Encoding, Feature, MissingPolicy, PipelineOptions, RowFlags};
use crate::number::text;
use crate::schema::ColumnSchema;

pub(super) fn fit(
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

/// Cells that are the numbers of one design column, unless they are missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain<'a> {
    /// All cells of the column of the table.
    pub(crate) cells: &'a [f64],
    /// The design column.
    pub(crate) column: usize,
}

/// A number of the table, written into one design column.
#[derive(Debug)]
pub(super) struct NumberTerm<'a> {
    cells: &'a [f64],
    /// What a missing cell becomes.
    fill: f64,
    columns: Vec<usize>,
}

impl<'a> NumberTerm<'a> {
    /// A missing cell becomes the median; the mean where nothing is imputed, in rows that get no score.
    pub(super) fn new(
        cells: &'a [f64],
        median: Option<f64>,
        columns: &[(usize, &DesignColumn)],
    ) -> Self {
        let mean = columns.first().map_or(0.0, |(_, column)| column.mean);
        Self {
            cells,
            fill: median.unwrap_or(mean),
            columns: columns.iter().map(|&(position, _)| position).collect(),
        }
    }
}

impl Term for NumberTerm<'_> {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn write(&self, rows: &[usize], entries: &mut Vec<Entry>, flags: &mut [RowFlags]) {
        for (row, &place) in rows.iter().enumerate() {
            let mut value = self.cells[place];
            if value.is_nan() {
                value = self.fill;
                if let Some(flags) = flags.get_mut(row) {
                    flags.missing = true;
                }
            }
            if value != 0.0 {
                entries.extend(
                    self.columns
                        .iter()
                        .map(|&column| Entry { row, column, value }),
                );
            }
        }
    }

    fn plain(&self) -> Option<Plain<'_>> {
        match self.columns[..] {
            [column] => Some(Plain {
                cells: self.cells,
                column,
            }),
            _ => None,
        }
    }
}
