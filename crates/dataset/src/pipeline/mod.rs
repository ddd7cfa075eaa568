//! Preprocessing that is fitted on the training rows and then never changes.
//!
//! Numbers: missing cells become the median. Categories: one dummy column per level but the first,
//! levels in code-point order, missing cells as a level of their own. Dates: columns for their
//! parts, a missing one as a date near the median. All columns of the design matrix, dummies
//! included, are then shifted to mean 0 and scaled to a population standard deviation of 1.
//!
//! On request ([`PipelineOptions`]): rare levels as one ([`OTHER_LEVEL`]), levels hashed to buckets
//! ([`Encoding::Hashed`]), a column for missing numbers, [polynomials](Polynomial), natural cubic
//! [splines](Spline), [intervals](Bins), and products of features ([`Interaction`]). Every column
//! names the feature, or the pair of features, that it comes from ([`DesignColumn`]).
//!
//! A feature of a new kind is an [`Encoding`], a function that fits it and a `Term` (`term.rs`) that
//! writes its entries; dense rows, rows on demand and products follow from these.

mod apply;
mod basis;
mod bins;
mod cached;
mod categorical;
mod column_encoding;
mod consistency;
mod dates;
mod dense;
mod encode;
mod encoded;
mod error;
mod feature;
mod hashing;
mod impute;
mod notes;
pub(crate) mod numeric;
mod options;
mod polynomial;
mod product;
mod quantile;
mod scale;
mod sparse;
mod sparse_number;
mod spline;
pub(crate) mod term;
mod training;

pub use apply::{RowFlags, UnusualCell};
pub use basis::Basis;
pub use bins::Bins;
pub use column_encoding::{ColumnEncoding, EncodingError};
pub use dates::FittedPart;
pub use encoded::EncodedRows;
pub use error::PipelineError;
pub use feature::{
    DesignColumn, DroppedColumn, Encoding, Feature, Grouped, MISSING_LEVEL, OTHER_LEVEL,
};
pub use hashing::bucket;
pub use impute::{CompleteRows, complete_rows};
pub use options::{Interaction, LevelThreshold, Partner, PipelineOptions};
pub use polynomial::Polynomial;
pub use spline::Spline;

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::columns::ColumnSource;
use crate::notation::Notation;
use crate::schema::{ColumnSchema, Kind, Schema};
use crate::suggestion::nearest;
use crate::table::{Cells, Table};
use encode::FittedFeature;
use training::TrainingRows;

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
    /// How full the training rows are before they are standardised: the share of their numbers that
    /// are not 0, or a little more.
    #[serde(default = "full", skip_serializing_if = "is_full")]
    pub fill: f64,
}

/// The fill of a pipeline that does not say it.
fn full() -> f64 {
    1.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_full(fill: &f64) -> bool {
    *fill >= full()
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
    /// [`PipelineError::Kind`] when `schema` is not that of `table`; [`PipelineError::Storage`] where
    /// its cells cannot be had.
    ///
    /// # Panics
    /// When a row is out of range.
    pub fn fit(
        table: &dyn ColumnSource,
        schema: &Schema,
        rows: &[usize],
        weights: Option<&[f64]>,
        options: &PipelineOptions,
    ) -> Result<Self, PipelineError> {
        check(options, schema)?;
        let pairs = product::pairs(options, schema)?;
        let training = TrainingRows::new(rows, weights)?;
        if options.missing != MissingPolicy::Impute {
            impute::refuse_missing(table, schema, &training.rows)?;
        }
        let features: Vec<&ColumnSchema> = schema.features().collect();
        let one = |column: &&ColumnSchema| {
            let loaded = table.load(&[&column.name])?;
            let cells = cells(&loaded, &column.name, column.kind)?;
            encode::fit(column, cells, &training, options)
        };
        let mut fitted: Vec<Result<FittedFeature, PipelineError>> = Vec::new();
        for some in features.chunks(table.columns_at_once()?) {
            fitted.par_extend(some.par_iter().map(one));
        }
        let mut pipeline = Self {
            features: Vec::new(),
            columns: Vec::new(),
            dropped: Vec::new(),
            standardized: options.standardize,
            missing: options.missing,
            notations: BTreeMap::new(),
            fill: full(),
        };
        let mut numbers = HashMap::new();
        for (column, fitted) in features.into_iter().zip(fitted) {
            match fitted? {
                FittedFeature::Used(feature, columns, own) => {
                    numbers.insert(feature.name.clone(), own);
                    if let Some(notation) = column.notation {
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
        let own = pipeline
            .features
            .iter()
            .map(|feature| numbers[&feature.name]);
        let mut total: f64 = own.sum();
        total += pipeline.fit_products(&pairs, &numbers, table, &training, options)?;
        if pipeline.columns.is_empty() {
            return Err(PipelineError::NoFeatureLeft {
                dropped: pipeline.dropped,
            });
        }
        pipeline.fill = (total / pipeline.columns.len() as f64).min(1.0);
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
    /// A product `(x − x̄)(y − ȳ)` is multiplied out, so that its coefficient is that of `x·y`, and
    /// those of `x` and `y` take their parts: `β_x −= β_xy·ȳ`, `β_y −= β_xy·x̄`, `β₀ += β_xy·x̄·ȳ`.
    /// The score is therefore `β₀` plus, for every column, its coefficient times its number: the
    /// cell's, 1 or 0, that of the function of a basis, or the product of two of these.
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
        let mut original: Vec<f64> = columns.map(|(b, column)| b / column.scale).collect();
        let shift: f64 = original
            .iter()
            .zip(&self.columns)
            .map(|(b, column)| b * column.mean)
            .sum();
        let mut intercept = intercept - shift;
        for (column, [first, second]) in self.products() {
            let (x, y) = (self.columns[first].shift(), self.columns[second].shift());
            let b = original[column];
            original[first] -= b * y;
            original[second] -= b * x;
            intercept += b * x * y;
        }
        (original, intercept)
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
        let mut own = original.to_vec();
        let mut intercept = intercept;
        for (column, [first, second]) in self.products() {
            let (x, y) = (self.columns[first].shift(), self.columns[second].shift());
            let b = original[column];
            own[first] += b * y;
            own[second] += b * x;
            intercept -= b * x * y;
        }
        let columns = || own.iter().zip(&self.columns);
        let shift: f64 = columns().map(|(b, column)| b * column.mean).sum();
        (
            columns().map(|(b, column)| b * column.scale).collect(),
            intercept + shift,
        )
    }

    /// The columns that are products, with their factors.
    fn products(&self) -> impl Iterator<Item = (usize, [usize; 2])> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(|(position, column)| Some((position, column.factors?)))
    }
}

/// Refuses options that say nothing about these features.
fn check(options: &PipelineOptions, schema: &Schema) -> Result<(), PipelineError> {
    if let Some(levels) = options.max_levels.filter(|&levels| levels < 2) {
        return Err(PipelineError::TooFewLevels { levels });
    }
    if options.missing_indicators && options.missing != MissingPolicy::Impute {
        return Err(PipelineError::IndicatorWithoutImputation);
    }
    for (name, encoding) in &options.encodings {
        let column = feature(schema, name, "--encode")?;
        let suits = match column.kind {
            Kind::Numeric => !encoding.is_for_text(),
            Kind::Categorical | Kind::Boolean => encoding.is_for_text(),
            Kind::Date => false,
        };
        if !suits {
            return Err(PipelineError::EncodingKind {
                column: name.clone(),
                kind: column.kind,
                encoding: encoding.to_string(),
            });
        }
    }
    Ok(())
}

/// The feature of that name.
fn feature<'s>(
    schema: &'s Schema,
    name: &str,
    option: &'static str,
) -> Result<&'s ColumnSchema, PipelineError> {
    let mut features = schema.features();
    features.find(|column| column.name == name).ok_or_else(|| {
        let names = schema.features().map(|column| column.name.as_str());
        PipelineError::NotAFeature {
            column: name.to_owned(),
            nearest: nearest(name, names).map(str::to_owned),
            option,
        }
    })
}

/// The cells of a column that must be there and of that kind.
fn cells<'a>(table: &'a Table, name: &str, kind: Kind) -> Result<&'a Cells, PipelineError> {
    let column = table
        .column(name)
        .ok_or_else(|| PipelineError::AbsentColumn {
            column: name.to_owned(),
        })?;
    match (&column.cells, kind) {
        (Cells::Numeric(_) | Cells::Sparse(_), Kind::Numeric | Kind::Date)
        | (Cells::Text { .. }, Kind::Categorical | Kind::Boolean) => Ok(&column.cells),
        _ => Err(PipelineError::Kind {
            column: name.to_owned(),
            expected: kind,
        }),
    }
}

#[cfg(test)]
mod tests;
