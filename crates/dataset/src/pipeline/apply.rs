//! Applying a fitted pipeline: cells to the numbers of a design matrix.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::scale::standardize;
use super::{
    DesignColumn, Encoding, Feature, MISSING_LEVEL, MissingPolicy, Pipeline, PipelineError, cells,
};
use crate::design::{DesignMatrix, Element};
use crate::schema::ColumnSchema;
use crate::table::{Cells, MISSING, Table};

/// What is unusual about a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RowFlags {
    /// A category has a level, or lacks one, as in no training row: all its dummies are 0.
    pub unseen: bool,
    /// A feature is missing.
    pub missing: bool,
    /// The pipeline does not impute and a feature is missing: the row must get no score.
    pub unscored: bool,
}

/// A cell because of which a row is [flagged](RowFlags).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusualCell {
    /// The column of the table.
    pub column: String,
    /// The level that no training row had; `None` when the cell is missing.
    pub level: Option<String>,
}

/// Rows encoded together, so that a block of the matrix stays in the processor's cache.
const BLOCK: usize = 1024;

/// How to encode one feature of one table.
enum Step<'a> {
    Numeric {
        name: &'a str,
        cells: &'a [f64],
        median: Option<f64>,
        column: usize,
        mean: f64,
        scale: f64,
    },
    Categorical {
        codes: &'a [u32],
        places: Vec<Place>,
        missing: Place,
        off: Vec<(usize, f64)>,
    },
}

/// Where a level goes.
#[derive(Clone, Copy)]
enum Place {
    /// The reference level: no dummy is 1.
    Reference,
    /// The dummy in this column, with this value.
    Dummy(usize, f64),
    /// A level that no training row had.
    Unseen,
}

impl Pipeline {
    /// The design matrix of the given rows, and what is unusual about each of them.
    ///
    /// Columns of `table` are found by name, whatever their order. Numbers are computed in `f64`
    /// and rounded once to `T`. A row without a score (see [`RowFlags::unscored`]) has means in
    /// place of its missing numbers.
    ///
    /// # Errors
    /// [`PipelineError::AbsentColumn`], [`PipelineError::Kind`], [`PipelineError::TooLarge`],
    /// [`PipelineError::OutOfMemory`], [`PipelineError::MissingCell`] under
    /// [`MissingPolicy::Error`], and those of
    /// [`validate`](Self::validate).
    ///
    /// # Panics
    /// When a row is out of range.
    pub fn design<T: Element>(
        &self,
        table: &Table,
        rows: &[usize],
    ) -> Result<(DesignMatrix<T>, Vec<RowFlags>), PipelineError> {
        self.validate()?;
        if self.missing == MissingPolicy::Error {
            super::impute::refuse_missing(table, &self.schema(), rows)?;
        }
        let steps = self.steps(table)?;
        let columns = self.columns.len();
        let mut values = self.zeros::<T>(rows.len())?;
        let mut flags = vec![RowFlags::default(); rows.len()];
        let outcomes: Vec<Result<(), Overflow>> = values
            .par_chunks_mut(BLOCK * columns)
            .zip(flags.par_chunks_mut(BLOCK))
            .zip(rows.par_chunks(BLOCK))
            .map(|((values, flags), rows)| {
                steps
                    .iter()
                    .try_for_each(|step| encode_block(step, rows, columns, values, flags))
            })
            .collect();
        if let Some(Overflow { column, row, value }) = outcomes.into_iter().find_map(Result::err) {
            return Err(PipelineError::TooLarge {
                path: table.source().to_owned(),
                line: table.line(row),
                column,
                value,
                precision: T::NAME,
            });
        }
        if self.missing != MissingPolicy::Impute {
            for flags in &mut flags {
                flags.unscored = flags.missing;
            }
        }
        let actual = values.len();
        let design = DesignMatrix::new(rows.len(), columns, values);
        let design = design.map_err(|_| PipelineError::Inconsistent {
            column: actual.to_string(),
        })?;
        Ok((design, flags))
    }

    /// Room for the design matrix.
    pub(super) fn zeros<T: Element>(&self, rows: usize) -> Result<Vec<T>, PipelineError> {
        let columns = self.columns.len();
        let mut values = Vec::new();
        let cells = rows.checked_mul(columns);
        if cells.is_none_or(|cells| values.try_reserve_exact(cells).is_err()) {
            let mut counts: HashMap<&str, usize> = HashMap::new();
            for column in &self.columns {
                *counts.entry(&column.source).or_default() += 1;
            }
            let widest = self
                .features
                .iter()
                .rev()
                .max_by_key(|feature| counts[&*feature.name]);
            let widest = widest
                .map(|feature| feature.name.clone())
                .unwrap_or_default();
            return Err(PipelineError::OutOfMemory {
                rows,
                columns,
                widest,
            });
        }
        values.resize(rows * columns, T::from_f64(0.0));
        Ok(values)
    }

    /// The cells because of which a row is flagged, in the order of the features.
    ///
    /// # Errors
    /// Those of [`design`](Self::design) but [`PipelineError::TooLarge`].
    ///
    /// # Panics
    /// When the row is out of range.
    pub fn unusual_cells(
        &self,
        table: &Table,
        row: usize,
    ) -> Result<Vec<UnusualCell>, PipelineError> {
        let mut unusual = Vec::new();
        for (feature, step) in self.features.iter().zip(self.steps(table)?) {
            let missing = match step {
                Step::Numeric { cells, .. } => cells[row].is_nan(),
                Step::Categorical {
                    codes,
                    places,
                    missing,
                    ..
                } => {
                    let place = places.get(codes[row] as usize).copied().unwrap_or(missing);
                    if matches!(place, Place::Unseen) && codes[row] != MISSING {
                        let cell = table
                            .column(&feature.name)
                            .and_then(|column| column.cell(row));
                        unusual.push(UnusualCell {
                            column: feature.name.clone(),
                            level: cell,
                        });
                    }
                    codes[row] == MISSING
                }
            };
            if missing {
                unusual.push(UnusualCell {
                    column: feature.name.clone(),
                    level: None,
                });
            }
        }
        Ok(unusual)
    }

    /// Refuses rows with a level that no training row had, for those who want no row flagged.
    ///
    /// # Errors
    /// [`PipelineError::UnseenLevel`] for the first such row, and those of
    /// [`unusual_cells`](Self::unusual_cells).
    ///
    /// # Panics
    /// When a row is out of range, or there are fewer flags than rows.
    pub fn refuse_unseen(
        &self,
        table: &Table,
        rows: &[usize],
        flags: &[RowFlags],
    ) -> Result<(), PipelineError> {
        let Some(position) = flags.iter().position(|flags| flags.unseen) else {
            return Ok(());
        };
        let row = rows[position];
        let cells = self.unusual_cells(table, row)?;
        let unseen = cells
            .iter()
            .find(|cell| cell.level.is_some())
            .or(cells.first());
        match unseen {
            Some(UnusualCell { column, level }) => Err(PipelineError::UnseenLevel {
                path: table.source().to_owned(),
                line: table.line(row),
                column: column.clone(),
                level: level.clone().unwrap_or_else(|| MISSING_LEVEL.to_owned()),
            }),
            None => Ok(()),
        }
    }

    /// The features as a schema.
    fn schema(&self) -> crate::schema::Schema {
        let role = crate::schema::Role::Feature;
        let column = |feature: &Feature| ColumnSchema {
            name: feature.name.clone(),
            kind: feature.kind,
            role,
        };
        crate::schema::Schema {
            columns: self.features.iter().map(column).collect(),
        }
    }

    fn steps<'a>(&'a self, table: &'a Table) -> Result<Vec<Step<'a>>, PipelineError> {
        let mut design: HashMap<&str, Vec<(usize, &DesignColumn)>> = HashMap::new();
        for (position, column) in self.columns.iter().enumerate() {
            design
                .entry(&column.source)
                .or_default()
                .push((position, column));
        }
        self.features
            .iter()
            .map(|feature| {
                let inconsistent = || PipelineError::Inconsistent {
                    column: feature.name.clone(),
                };
                let design = design.get(feature.name.as_str()).ok_or_else(inconsistent)?;
                match (
                    cells(table, &feature.name, feature.kind)?,
                    &feature.encoding,
                ) {
                    (Cells::Numeric(cells), Encoding::Numeric { median, .. }) => {
                        let &(column, &DesignColumn { mean, scale, .. }) =
                            design.first().ok_or_else(inconsistent)?;
                        let (name, median) = (feature.name.as_str(), *median);
                        Ok(Step::Numeric {
                            name,
                            cells,
                            median,
                            column,
                            mean,
                            scale,
                        })
                    }
                    (
                        Cells::Text {
                            codes,
                            levels: texts,
                        },
                        Encoding::Categorical { levels },
                    ) => Ok(categorical_step(codes, texts, levels, design)),
                    _ => Err(inconsistent()),
                }
            })
            .collect()
    }
}

fn categorical_step<'a>(
    codes: &'a [u32],
    texts: &[String],
    levels: &[String],
    design: &[(usize, &DesignColumn)],
) -> Step<'a> {
    let mut known: HashMap<&str, Place> = levels
        .iter()
        .map(|level| (level.as_str(), Place::Reference))
        .collect();
    for &(position, column) in design {
        if let Some(level) = &column.level {
            let on = standardize(1.0, column.mean, column.scale);
            known.insert(level, Place::Dummy(position, on));
        }
    }
    let place = |text: &str| known.get(text).copied().unwrap_or(Place::Unseen);
    let off = |&(position, column): &(usize, &DesignColumn)| {
        (position, standardize(0.0, column.mean, column.scale))
    };
    Step::Categorical {
        codes,
        places: texts.iter().map(|text| place(text)).collect(),
        missing: place(MISSING_LEVEL),
        off: design.iter().map(off).collect(),
    }
}

/// A number that does not fit.
struct Overflow {
    column: String,
    row: usize,
    value: f64,
}

fn encode_block<T: Element>(
    step: &Step<'_>,
    rows: &[usize],
    columns: usize,
    values: &mut [T],
    flags: &mut [RowFlags],
) -> Result<(), Overflow> {
    let lines = rows.iter().zip(values.chunks_exact_mut(columns)).zip(flags);
    match step {
        Step::Numeric {
            name,
            cells,
            median,
            column,
            mean,
            scale,
        } => {
            for ((&row, values), flags) in lines {
                let mut value = cells[row];
                if value.is_nan() {
                    flags.missing = true;
                    value = median.unwrap_or(*mean);
                }
                let number = T::from_f64(standardize(value, *mean, *scale));
                if !number.to_f64().is_finite() {
                    return Err(Overflow {
                        column: (*name).to_owned(),
                        row,
                        value,
                    });
                }
                values[*column] = number;
            }
        }
        Step::Categorical {
            codes,
            places,
            missing,
            off,
        } => {
            for ((&row, values), flags) in lines {
                for &(column, value) in off {
                    values[column] = T::from_f64(value);
                }
                flags.missing |= codes[row] == MISSING;
                match places.get(codes[row] as usize).copied().unwrap_or(*missing) {
                    Place::Reference => {}
                    Place::Dummy(column, value) => values[column] = T::from_f64(value),
                    Place::Unseen => flags.unseen = true,
                }
            }
        }
    }
    Ok(())
}
