//! Preprocessing that is fitted on the training rows and then never changes.
//!
//! Numbers: missing cells become the median. Categories: one dummy column per level but the first,
//! levels in code-point order, missing cells as a level of their own. Dates: columns for their
//! parts, a missing one as a date near the median. All columns of the design matrix, dummies
//! included, are then shifted to mean 0 and scaled to a population standard deviation of 1.

mod apply;
mod consistency;
mod dates;
mod encode;
mod encoded;
mod error;
mod impute;
mod scale;
mod steps;

pub use apply::{RowFlags, UnusualCell};
pub use dates::FittedPart;
pub use encoded::EncodedRows;
pub use error::PipelineError;
pub use impute::{CompleteRows, complete_rows};

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::notation::Notation;
use crate::schema::{ColumnSchema, Kind, Schema};
use crate::table::{Cells, Table};
use encode::FittedFeature;

/// The level that stands for a missing cell.
pub const MISSING_LEVEL: &str = "(missing)";

/// What to do with a missing cell of a feature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingPolicy {
    /// Numbers: the median. Categories: a level of its own.
    #[default]
    Impute,
    /// Leave the row out; when scoring, give it no probability.
    Drop,
    /// Stop.
    Error,
}

/// How to preprocess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PipelineOptions {
    /// What to do with missing cells.
    pub missing: MissingPolicy,
    /// Whether the columns of the design matrix are scaled.
    pub standardize: bool,
    /// Whether standardised columns are shifted to mean 0, too. A model without an intercept must
    /// not have them shifted: the shift would be an intercept by another name.
    pub center: bool,
}

impl Default for PipelineOptions {
    /// Imputes and standardises.
    fn default() -> Self {
        Self {
            missing: MissingPolicy::Impute,
            standardize: true,
            center: true,
        }
    }
}

/// A column of the table that the model uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The name in the header.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
    /// How a cell becomes numbers.
    pub encoding: Encoding,
}

/// How a cell becomes numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// One column: the number itself.
    Numeric {
        /// What a missing cell becomes; `None` where missing cells are not imputed.
        median: Option<f64>,
        /// The smallest training value.
        min: f64,
        /// The largest training value.
        max: f64,
    },
    /// One column per level but the first: 1 where the cell is that level, otherwise 0.
    Categorical {
        /// The levels of the training rows in code-point order, the first being the reference;
        /// [`MISSING_LEVEL`] is the last if training rows had missing cells.
        levels: Vec<String>,
    },
    /// The columns of each part.
    Date {
        /// What a missing date becomes, in seconds since 1970: the last training date that is not
        /// after their median. `None` where missing cells are not imputed.
        fill: Option<f64>,
        /// The first training date.
        min: f64,
        /// The last training date.
        max: f64,
        /// The parts that differ between training rows.
        parts: Vec<FittedPart>,
    },
}

/// A column of the design matrix: `(number − mean) / scale`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignColumn {
    /// The source, `source=level`, or `source:part` and `source:part=level` of a date.
    pub name: String,
    /// The column of the table.
    pub source: String,
    /// The level that a dummy stands for; of a date with its part, `month=3`.
    pub level: Option<String>,
    /// The weighted mean of the training rows; 0 if columns are not shifted.
    pub mean: f64,
    /// Their weighted population standard deviation; 1 if columns are not standardised.
    pub scale: f64,
}

/// A feature that cannot tell rows apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedColumn {
    /// The column of the table.
    pub name: String,
    /// Why it was dropped.
    pub reason: String,
}

/// Fitted preprocessing: it saves and loads without loss, and knows for every column of the design
/// matrix where it comes from.
///
/// # Examples
/// ```
/// use dataset::{CsvOptions, Input, Pipeline, PipelineOptions, SchemaOptions, read_table};
///
/// let input = Input::bytes("pets.csv", b"age,animal\n1,cat\n3,dog\n8,\n".as_slice());
/// let (table, schema, _) =
///     read_table(&input, &CsvOptions::default(), &SchemaOptions::default())?;
/// let pipeline = Pipeline::fit(&table, &schema, &[0, 1, 2], None, &PipelineOptions::default())?;
/// let names: Vec<_> = pipeline.columns.iter().map(|column| column.name.as_str()).collect();
/// assert_eq!(names, ["age", "animal=dog", "animal=(missing)"]);
/// assert_eq!(pipeline.columns[0].mean, 4.0);
///
/// let (design, flags) = pipeline.design::<f64>(&table, &[2])?;
/// assert!((design.row(0)[0] - 4.0 / (26.0_f64 / 3.0).sqrt()).abs() < 1e-15);
/// assert!(flags[0].missing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The columns of the table that are used, in file order.
    pub features: Vec<Feature>,
    /// The columns of the design matrix, in order.
    pub columns: Vec<DesignColumn>,
    /// Features that are not used, and why.
    pub dropped: Vec<DroppedColumn>,
    /// Whether columns have standard deviation 1 over the training rows (and mean 0, if shifted).
    pub standardized: bool,
    /// What happens to missing cells.
    pub missing: MissingPolicy,
    /// How features of numbers and dates are written in the file, where that is not plainly: what
    /// [`BatchOptions::notations`](crate::BatchOptions::notations) wants.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notations: BTreeMap<String, Notation>,
}

impl Pipeline {
    /// Fits on the given rows; nothing else in the table has any influence.
    ///
    /// `weights` is aligned with `rows`. A row of weight 2 counts as two rows, in medians, means
    /// and standard deviations, and a row of weight 0 as none: its levels are not known either.
    /// Features with one distinct value are [dropped](Self::dropped); without an intercept, where columns
    /// are not shifted, one that is not zero stays, as it can serve as one.
    ///
    /// # Errors
    /// [`PipelineError::NoRows`], [`PipelineError::WeightCount`], [`PipelineError::Weight`],
    /// [`PipelineError::MissingCell`] where missing cells are not imputed,
    /// [`PipelineError::NoFeatureLeft`], and [`PipelineError::AbsentColumn`] or
    /// [`PipelineError::Kind`] when `schema` is not that of `table`.
    ///
    /// # Panics
    /// When a row is out of range.
    pub fn fit(
        table: &Table,
        schema: &Schema,
        rows: &[usize],
        weights: Option<&[f64]>,
        options: &PipelineOptions,
    ) -> Result<Self, PipelineError> {
        let (rows, weights) = rows_that_count(rows, weights)?;
        if options.missing != MissingPolicy::Impute {
            impute::refuse_missing(table, schema, &rows)?;
        }
        let features: Vec<&ColumnSchema> = schema.features().collect();
        let fitted: Vec<Result<FittedFeature, PipelineError>> = features
            .par_iter()
            .map(|column| {
                let cells = cells(table, &column.name, column.kind)?;
                Ok(encode::fit(
                    column,
                    cells,
                    &rows,
                    weights.as_deref(),
                    *options,
                ))
            })
            .collect();
        let mut pipeline = Self {
            features: Vec::new(),
            columns: Vec::new(),
            dropped: Vec::new(),
            standardized: options.standardize,
            missing: options.missing,
            notations: BTreeMap::new(),
        };
        for fitted in fitted {
            match fitted? {
                FittedFeature::Used(feature, columns) => {
                    if let Some(notation) = schema.column(&feature.name).and_then(|c| c.notation) {
                        pipeline.notations.insert(feature.name.clone(), notation);
                    }
                    pipeline.features.push(feature);
                    pipeline.columns.extend(columns);
                }
                FittedFeature::Dropped(dropped) => pipeline.dropped.push(dropped),
            }
        }
        if !options.center {
            for column in &mut pipeline.columns {
                column.mean = 0.0;
            }
        }
        if pipeline.columns.is_empty() {
            return Err(PipelineError::NoFeatureLeft {
                dropped: pipeline.dropped,
            });
        }
        Ok(pipeline)
    }

    /// The columns that a table to score must have: what
    /// [`BatchOptions::columns`](crate::BatchOptions::columns) wants.
    pub fn inputs(&self) -> Vec<(String, Kind)> {
        self.features
            .iter()
            .map(|feature| (feature.name.clone(), feature.kind))
            .collect()
    }

    /// Coefficients and intercept on the original scale, from those of the standardised columns:
    /// `β = b / scale`, `β₀ = b₀ − Σ b · mean / scale`.
    ///
    /// # Panics
    /// When there is not one coefficient per column.
    pub fn unstandardize(&self, standardized: &[f64], intercept: f64) -> (Vec<f64>, f64) {
        assert_eq!(
            standardized.len(),
            self.columns.len(),
            "one coefficient per column"
        );
        let columns = standardized.iter().zip(&self.columns);
        let original: Vec<f64> = columns.map(|(b, column)| b / column.scale).collect();
        let shift: f64 = original
            .iter()
            .zip(&self.columns)
            .map(|(b, column)| b * column.mean)
            .sum();
        (original, intercept - shift)
    }

    /// The inverse of [`unstandardize`](Self::unstandardize).
    ///
    /// # Panics
    /// When there is not one coefficient per column.
    pub fn standardize(&self, original: &[f64], intercept: f64) -> (Vec<f64>, f64) {
        assert_eq!(
            original.len(),
            self.columns.len(),
            "one coefficient per column"
        );
        let columns = || original.iter().zip(&self.columns);
        let shift: f64 = columns().map(|(b, column)| b * column.mean).sum();
        (
            columns().map(|(b, column)| b * column.scale).collect(),
            intercept + shift,
        )
    }
}

/// The rows whose weight is not 0, and their weights as fractions of the largest power of two that
/// is not above any of them, so that sums cannot overflow.
fn rows_that_count(
    rows: &[usize],
    weights: Option<&[f64]>,
) -> Result<(Vec<usize>, Option<Vec<f64>>), PipelineError> {
    let Some(weights) = weights else {
        return if rows.is_empty() {
            Err(PipelineError::NoRows)
        } else {
            Ok((rows.to_vec(), None))
        };
    };
    if weights.len() != rows.len() {
        return Err(PipelineError::WeightCount {
            rows: rows.len(),
            weights: weights.len(),
        });
    }
    if let Some(position) = weights
        .iter()
        .position(|&weight| !(0.0..f64::INFINITY).contains(&weight))
    {
        return Err(PipelineError::Weight {
            row: rows[position],
            weight: weights[position],
        });
    }
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let unit = scale::power_of_two(largest);
    let (rows, weights): (Vec<usize>, Vec<f64>) = rows
        .iter()
        .zip(weights)
        .map(|(&row, &weight)| (row, weight / unit))
        .filter(|&(_, weight)| weight > 0.0)
        .unzip();
    if rows.is_empty() {
        return Err(PipelineError::NoRows);
    }
    Ok((rows, Some(weights)))
}

/// The cells of a column that must be there and of that kind.
fn cells<'a>(table: &'a Table, name: &str, kind: Kind) -> Result<&'a Cells, PipelineError> {
    let column = table
        .column(name)
        .ok_or_else(|| PipelineError::AbsentColumn {
            column: name.to_owned(),
        })?;
    match (&column.cells, kind) {
        (Cells::Numeric(_), Kind::Numeric | Kind::Date)
        | (Cells::Text { .. }, Kind::Categorical | Kind::Boolean) => Ok(&column.cells),
        _ => Err(PipelineError::Kind {
            column: name.to_owned(),
            expected: kind,
        }),
    }
}

#[cfg(test)]
mod tests;
