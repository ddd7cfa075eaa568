//! Cells to numbers: fitting the encoding of a feature, and applying it.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::impute::median;
use super::scale::{Sum, dummy_moments, moments, standardize};
use super::{
    DesignColumn, DroppedColumn, Encoding, Feature, MISSING_LEVEL, MissingPolicy, Pipeline,
    PipelineError, PipelineOptions, cells,
};
use crate::design::{DesignMatrix, Element};
use crate::number::text;
use crate::schema::{ColumnSchema, Kind};
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
    if min >= max {
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
    if options.standardize {
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
    /// Checks what fitting guarantees and a file might not: every design column belongs to a
    /// feature, levels are known, means and scales are finite and no scale is 0.
    ///
    /// # Errors
    /// [`PipelineError::Inconsistent`]; [`PipelineError::NoFeatureLeft`] without any column.
    pub fn validate(&self) -> Result<(), PipelineError> {
        if self.columns.is_empty() {
            return Err(PipelineError::NoFeatureLeft {
                dropped: self.dropped.clone(),
            });
        }
        let fail = |name: &str| {
            Err(PipelineError::Inconsistent {
                column: name.to_owned(),
            })
        };
        // What each feature may have: `None` for the number itself, or its levels.
        let mut open: HashMap<&str, HashSet<Option<&str>>> = HashMap::new();
        for feature in &self.features {
            let (sound, columns) = match &feature.encoding {
                Encoding::Numeric { median, min, max } => {
                    let finite = min.is_finite() && max.is_finite() && min <= max;
                    let imputed =
                        median.map_or(self.missing != MissingPolicy::Impute, f64::is_finite);
                    let numeric = feature.kind == Kind::Numeric;
                    (numeric && finite && imputed, HashSet::from([None]))
                }
                Encoding::Categorical { levels } => (
                    feature.kind != Kind::Numeric,
                    levels.iter().map(|level| Some(level.as_str())).collect(),
                ),
            };
            if !sound || open.insert(&feature.name, columns).is_some() {
                return fail(&feature.name);
            }
        }
        let mut used = HashSet::new();
        for column in &self.columns {
            let sound = column.mean.is_finite() && column.scale.is_finite() && column.scale > 0.0;
            let known = open
                .get_mut(column.source.as_str())
                .is_some_and(|columns| columns.remove(&column.level.as_deref()));
            if !sound || !known {
                return fail(&column.name);
            }
            used.insert(column.source.as_str());
        }
        match self
            .features
            .iter()
            .find(|feature| !used.contains(feature.name.as_str()))
        {
            Some(feature) => fail(&feature.name),
            None => Ok(()),
        }
    }

    /// The design matrix of the given rows, and what is unusual about each of them.
    ///
    /// Columns of `table` are found by name, whatever their order. Numbers are computed in `f64`
    /// and rounded once to `T`. A row without a score (see [`RowFlags::unscored`]) has means in
    /// place of its missing numbers.
    ///
    /// # Errors
    /// [`PipelineError::AbsentColumn`], [`PipelineError::Kind`], [`PipelineError::TooLarge`],
    /// [`PipelineError::MissingCell`] under [`MissingPolicy::Error`], and those of
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
        let mut values = vec![T::from_f64(0.0); rows.len() * columns];
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
