//! What is predicted: on which rows, with which labels, weights and offsets.

mod classes;
mod encode;
mod error;
mod threshold;

pub use error::TargetError;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::columns::ColumnSource;
use crate::number::{counted, grouped};
use crate::pipeline::{MissingPolicy, PipelineError, complete_rows};
use crate::schema::{ColumnSchema, Schema};
use crate::table::{Column, Table};
use encode::encode;

/// The kind of prediction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskChoice {
    /// Decided by the target: two values are binary, more texts multinomial, more numbers linear.
    #[default]
    Auto,
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multinomial,
    /// A number.
    Linear,
}

/// How to understand the target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetOptions {
    /// The kind of prediction.
    pub task: TaskChoice,
    /// The label of the positive class, or a comparison such as `>15` that makes a yes/no target
    /// of a number. A label among more than two makes a target of that class against the rest.
    pub positive: Option<String>,
    /// What to do with rows in which a feature is missing.
    pub missing: MissingPolicy,
}

/// The values to predict, one per kept row.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// Two classes.
    Binary {
        /// The negative label, then the positive one.
        labels: [String; 2],
        /// 0 or 1.
        values: Vec<f64>,
    },
    /// Several classes.
    Multinomial {
        /// In code-point order.
        labels: Vec<String>,
        /// Positions in `labels`.
        codes: Vec<u32>,
    },
    /// A number.
    Linear {
        /// The numbers.
        values: Vec<f64>,
    },
}

impl Target {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Binary { values, .. } | Self::Linear { values } => values.len(),
            Self::Multinomial { codes, .. } => codes.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `binary`, `multinomial` or `linear`.
    pub fn task(&self) -> &'static str {
        match self {
            Self::Binary { .. } => "binary",
            Self::Multinomial { .. } => "multinomial",
            Self::Linear { .. } => "linear",
        }
    }

    /// The labels of the classes, in the order of [`codes`](Self::codes); none for numbers.
    pub fn labels(&self) -> &[String] {
        match self {
            Self::Binary { labels, .. } => labels,
            Self::Multinomial { labels, .. } => labels,
            Self::Linear { .. } => &[],
        }
    }

    /// The class of every row, as strata of a [`split`](fn@crate::split); `None` for numbers.
    pub fn codes(&self) -> Option<Vec<u32>> {
        match self {
            Self::Binary { values, .. } => {
                Some(values.iter().map(|&value| u32::from(value > 0.5)).collect())
            }
            Self::Multinomial { codes, .. } => Some(codes.clone()),
            Self::Linear { .. } => None,
        }
    }

    /// Rows of each class, in the order of [`labels`](Self::labels).
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.labels().len()];
        for code in self.codes().into_iter().flatten() {
            counts[code as usize] += 1;
        }
        counts
    }

    /// The given rows, in the given order; all labels are kept.
    ///
    /// # Panics
    /// When a position is not below [`len`](Self::len).
    #[must_use]
    pub fn select(&self, positions: &[usize]) -> Self {
        let numbers = |values: &[f64]| positions.iter().map(|&position| values[position]).collect();
        match self {
            Self::Binary { labels, values } => Self::Binary {
                labels: labels.clone(),
                values: numbers(values),
            },
            Self::Multinomial { labels, codes } => Self::Multinomial {
                labels: labels.clone(),
                codes: positions.iter().map(|&position| codes[position]).collect(),
            },
            Self::Linear { values } => Self::Linear {
                values: numbers(values),
            },
        }
    }
}

/// The rows that can be used, and what is known about each.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedRows {
    /// Rows of the table, ascending; everything else here is aligned with it.
    pub rows: Vec<usize>,
    /// The values to predict.
    pub target: Target,
    /// Row weights above 0, if a column of weights was named.
    pub weights: Option<Vec<f64>>,
    /// Offsets, if a column of offsets was named.
    pub offsets: Option<Vec<f64>>,
    /// Rows left out because their weight is 0.
    pub dropped_zero_weight: usize,
    /// Rows left out because their target is missing.
    pub dropped_missing_target: usize,
    /// Rows left out because a feature is missing.
    pub dropped_missing_cells: usize,
    /// What a person should be told.
    pub notes: Vec<String>,
}

impl PreparedRows {
    /// Some of these rows, given by their positions in [`rows`](Self::rows): one part of a
    /// [`split`](fn@crate::split). Counts and notes stay those of the whole.
    ///
    /// # Panics
    /// When a position is out of range.
    #[must_use]
    pub fn select(&self, positions: &[usize]) -> Self {
        let numbers = |values: &Option<Vec<f64>>| {
            let values = values.as_ref()?;
            Some(positions.iter().map(|&position| values[position]).collect())
        };
        Self {
            rows: positions
                .iter()
                .map(|&position| self.rows[position])
                .collect(),
            target: self.target.select(positions),
            weights: numbers(&self.weights),
            offsets: numbers(&self.offsets),
            notes: self.notes.clone(),
            ..*self
        }
    }
}

/// Finds the rows that can be used and encodes their target.
///
/// Rows of weight 0 count as absent; rows without a target are left out, and so are rows with a
/// missing feature if `options.missing` says so. A negative weight, or a missing weight or offset
/// in a row that has a target, is an error.
///
/// The positive label of two is `1`, `true`, `yes`, `y` or `t` against its opposite (in any case),
/// otherwise the last in code-point order. Numbers as labels are written in their shortest form,
/// and `options.positive` is compared with them as a number.
///
/// # Errors
/// Every variant of [`TargetError`].
///
/// # Examples
/// ```
/// use dataset::{
///     CsvOptions, Input, SchemaOptions, Target, TargetOptions, prepare, read_table,
/// };
///
/// let input = Input::bytes("penguins.csv", b"mass,sex\n3750,male\n3800,female\n3250,NA\n".as_slice());
/// let options = SchemaOptions { target: Some("sex".into()), ..SchemaOptions::default() };
/// let (table, schema, _) = read_table(&input, &CsvOptions::default(), &options)?;
/// let prepared = prepare(&table, &schema, &TargetOptions::default())?;
/// assert_eq!(prepared.notes, ["1 row without sex dropped"]);
/// let labels = ["female".to_string(), "male".to_string()];
/// assert_eq!(prepared.target, Target::Binary { labels, values: vec![1.0, 0.0] });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn prepare(
    table: &dyn ColumnSource,
    schema: &Schema,
    options: &TargetOptions,
) -> Result<PreparedRows, TargetError> {
    let target = schema.target().ok_or_else(|| TargetError::NoTarget {
        columns: schema
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
    })?;
    let (weight, offset) = (schema.weight(), schema.offset());
    let named = [Some(target), weight, offset];
    let named: Vec<&str> = named.iter().flatten().map(|column| &*column.name).collect();
    let loaded = table.load(&named).map_err(PipelineError::from)?;
    let target = find(&loaded, target)?;
    let weight = weight.map(|weight| numbers(&loaded, weight)).transpose()?;
    let offset = offset.map(|offset| numbers(&loaded, offset)).transpose()?;
    let mut notes = Vec::new();

    let mut rows: Vec<usize> = (0..table.rows()).collect();
    if let Some((name, weights)) = &weight {
        rows.retain(|&row| weights[row] != 0.0);
        if rows.is_empty() {
            return Err(TargetError::AllZeroWeights {
                column: (*name).to_owned(),
            });
        }
    }
    let dropped_zero_weight = table.rows() - rows.len();
    if dropped_zero_weight > 0 {
        notes.push(format!(
            "{} of weight 0 left out",
            counted(dropped_zero_weight, "row")
        ));
    }

    let before = rows.len();
    rows.retain(|&row| !target.cells.is_missing(row));
    let dropped_missing_target = before - rows.len();
    if rows.is_empty() {
        return Err(TargetError::AllMissing {
            column: target.name.clone(),
        });
    }
    if dropped_missing_target > 0 {
        let dropped = counted(dropped_missing_target, "row");
        notes.push(format!("{dropped} without {} dropped", target.name));
    }

    if let Some((name, values)) = &weight {
        checked_weights(table, name, values, &rows)?;
    }
    let complete = complete_rows(table, schema, &rows, options.missing)?;
    let dropped_missing_cells = rows.len() - complete.rows.len();
    if dropped_missing_cells > 0 {
        let columns: Vec<_> = complete
            .missing
            .iter()
            .map(|(name, count)| format!("{name} {}", grouped(*count)))
            .collect();
        let dropped = counted(dropped_missing_cells, "row");
        notes.push(format!(
            "{dropped} with missing cells dropped ({})",
            columns.join(", ")
        ));
    }
    let rows = complete.rows;

    let offsets = offset.map(|(name, values)| checked_offsets(table, name, &values, &rows));
    let offsets = offsets.transpose()?;
    let weights = weight.map(|(_, values)| rows.iter().map(|&row| values[row]).collect());
    let target = encode(target, &rows, options)?;
    Ok(PreparedRows {
        rows,
        target,
        weights,
        offsets,
        dropped_zero_weight,
        dropped_missing_target,
        dropped_missing_cells,
        notes,
    })
}

fn find<'a>(table: &'a Table, column: &ColumnSchema) -> Result<&'a Column, TargetError> {
    let absent = || TargetError::AbsentColumn {
        column: column.name.clone(),
    };
    table.column(&column.name).ok_or_else(absent)
}

fn numbers<'a>(
    table: &'a Table,
    column: &ColumnSchema,
) -> Result<(&'a str, Cow<'a, [f64]>), TargetError> {
    let column = find(table, column)?;
    match column.cells.numbers() {
        Some(values) => Ok((&column.name, values)),
        None => Err(TargetError::NotNumeric {
            column: column.name.clone(),
        }),
    }
}

fn checked_weights(
    table: &dyn ColumnSource,
    name: &str,
    values: &[f64],
    rows: &[usize],
) -> Result<(), TargetError> {
    let Some(&row) = rows
        .iter()
        .find(|&&row| values[row].is_nan() || values[row] < 0.0)
    else {
        return Ok(());
    };
    let (path, line, column) = (table.file(row).to_owned(), table.line(row), name.to_owned());
    Err(if values[row].is_nan() {
        TargetError::MissingWeight { path, line, column }
    } else {
        TargetError::NegativeWeight {
            path,
            line,
            column,
            value: values[row],
        }
    })
}

fn checked_offsets(
    table: &dyn ColumnSource,
    name: &str,
    values: &[f64],
    rows: &[usize],
) -> Result<Vec<f64>, TargetError> {
    rows.iter()
        .map(|&row| match values[row] {
            value if value.is_nan() => Err(TargetError::MissingOffset {
                path: table.file(row).to_owned(),
                line: table.line(row),
                column: name.to_owned(),
            }),
            value => Ok(value),
        })
        .collect()
}

#[cfg(test)]
mod tests;
