//! Fitting the encoding of one feature.

use super::training::TrainingRows;
use super::{
    ColumnEncoding, DesignColumn, DroppedColumn, Encoding, Feature, PipelineError, PipelineOptions,
    categorical, dates, hashing, numeric, sparse_number,
};
use crate::schema::{ColumnSchema, Kind};
use crate::table::Cells;

/// One feature, fitted.
pub(super) enum FittedFeature {
    /// With how many of its columns have a number that is not 0 in a training row: the mean, or more.
    Used(Feature, Vec<DesignColumn>, f64),
    Dropped(DroppedColumn),
}

impl FittedFeature {
    /// A column of the table with its encoding and its columns of the design matrix.
    pub(super) fn used(
        column: &ColumnSchema,
        encoding: Encoding,
        columns: Vec<DesignColumn>,
    ) -> Self {
        let feature = Feature {
            name: column.name.clone(),
            kind: column.kind,
            encoding,
        };
        let numbers = feature.encoding.numbers(&columns);
        Self::Used(feature, columns, numbers)
    }

    /// The same, with a number only in so large a share of the training rows.
    pub(super) fn in_share_of_rows(self, share: f64) -> Self {
        match self {
            Self::Used(feature, columns, numbers) => Self::Used(feature, columns, share * numbers),
            dropped @ Self::Dropped(_) => dropped,
        }
    }
}

/// Fits one feature.
pub(super) fn fit(
    column: &ColumnSchema,
    cells: &Cells,
    training: &TrainingRows,
    options: &PipelineOptions,
) -> Result<FittedFeature, PipelineError> {
    match (cells, options.encodings.get(&column.name)) {
        (Cells::Numeric(seconds), _) if column.kind == Kind::Date => {
            Ok(dates::fit(column, seconds, training, options))
        }
        (Cells::Sparse(cells), _) if column.kind == Kind::Date => {
            Ok(dates::fit(column, &cells.to_dense(), training, options))
        }
        (Cells::Sparse(cells), None) => Ok(sparse_number::fit(column, cells, training, options)),
        (Cells::Sparse(cells), Some(_)) => {
            numeric::fit(column, &cells.to_dense(), training, options)
        }
        (Cells::Numeric(values), _) => numeric::fit(column, values, training, options),
        (Cells::Text { codes, levels }, Some(ColumnEncoding::Hash { bits })) => {
            let standardized = options.standardize;
            Ok(hashing::fit(
                column,
                codes,
                levels,
                training,
                *bits,
                standardized,
            ))
        }
        (Cells::Text { codes, levels }, _) => {
            Ok(categorical::fit(column, codes, levels, training, options))
        }
    }
}

pub(super) fn dropped(column: &ColumnSchema, reason: String) -> FittedFeature {
    FittedFeature::Dropped(DroppedColumn {
        name: column.name.clone(),
        reason,
    })
}
