//! Fitting the encoding of one feature.

use super::{DesignColumn, DroppedColumn, Feature, PipelineOptions, categorical, numeric};
use crate::schema::ColumnSchema;
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
        Cells::Numeric(values) => numeric::fit(column, values, rows, weights, options),
        Cells::Text { codes, levels } => {
            categorical::fit(column, codes, levels, rows, weights, options.standardize)
        }
    }
}

pub(super) fn dropped(column: &ColumnSchema, reason: String) -> FittedFeature {
    FittedFeature::Dropped(DroppedColumn {
        name: column.name.clone(),
        reason,
    })
}
