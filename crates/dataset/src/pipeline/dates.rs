//! Dates: their parts as columns of the design matrix.
//!
//! A part that is a number is one column, `date:year`; one of levels has a dummy for each level but
//! the first, `date:month=3`; a cycle has two columns, `date:year-cycle:sin` and `:cos`.

use serde::{Deserialize, Serialize};

use super::encode::FittedFeature;
use super::impute::median;
use super::scale::{Sum, dummy_moments, moments, standardize};
use super::{
    DesignColumn, DroppedColumn, Encoding, Feature, MissingPolicy, PipelineOptions, RowFlags,
};
use crate::date::{DatePart, Moment, PartForm};
use crate::design::Element;
use crate::schema::ColumnSchema;

/// More than the positions of any part that has levels.
const POSITIONS: usize = 32;

/// A part of a date that differs between the training rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FittedPart {
    /// The part.
    pub part: DatePart,
    /// Of a part with levels those of the training rows, ascending, the first being the reference:
    /// months from 1, weekdays (Monday is 0) and hours from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<u8>,
}

impl FittedPart {
    /// Whether fitting could have made it.
    pub(super) fn is_sound(&self) -> bool {
        match self.part.form() {
            PartForm::Number | PartForm::Cycle => self.levels.is_empty(),
            PartForm::Levels => {
                self.levels.len() > 1
                    && self.levels.is_sorted_by(|a, b| a < b)
                    && self.levels.iter().all(|&level| self.part.has_level(level))
            }
        }
    }

    /// What the names of its design columns have behind the colon.
    pub(super) fn labels(&self) -> Vec<String> {
        let part = self.part;
        match part.form() {
            PartForm::Number => vec![part.name().to_owned()],
            PartForm::Cycle => ["sin", "cos"].map(|f| format!("{part}:{f}")).to_vec(),
            PartForm::Levels => self
                .levels
                .iter()
                .skip(1)
                .map(|&level| label(part, level))
                .collect(),
        }
    }
}

/// A level and the part that it belongs to: `month=3`.
fn label(part: DatePart, level: u8) -> String {
    format!("{part}={}", part.level(level))
}

/// Fits the parts of a date on rows that all count.
pub(super) fn fit(
    column: &ColumnSchema,
    seconds: &[f64],
    rows: &[usize],
    weights: Option<&[f64]>,
    options: PipelineOptions,
) -> FittedFeature {
    let dropped = |reason: &str| {
        FittedFeature::Dropped(DroppedColumn {
            name: column.name.clone(),
            reason: reason.to_owned(),
        })
    };
    let present = || rows.iter().map(|&row| seconds[row]).filter(|s| !s.is_nan());
    let min = present().fold(f64::INFINITY, f64::min);
    let max = present().fold(f64::NEG_INFINITY, f64::max);
    if !min.is_finite() {
        return dropped("is missing in every row to fit on");
    }
    // A missing date becomes the last one up to the median: one that there is.
    let fill = (options.missing == MissingPolicy::Impute).then(|| {
        let pairs = |weights: &[f64]| {
            let pairs = rows.iter().zip(weights);
            pairs
                .filter(|(row, _)| !seconds[**row].is_nan())
                .map(|(_, &weight)| weight)
                .collect()
        };
        let middle = median(present().collect(), weights.map(pairs)).unwrap_or(max);
        present().filter(|&date| date <= middle).fold(min, f64::max)
    });
    let moments_of_rows: Vec<Moment> = rows
        .iter()
        .map(|&row| match seconds[row] {
            missing if missing.is_nan() => Moment::new(fill.unwrap_or(min)),
            date => Moment::new(date),
        })
        .collect();
    let mut fitting = Fitting {
        name: &column.name,
        moments: &moments_of_rows,
        weights,
        standardized: options.standardize,
        parts: Vec::new(),
        columns: Vec::new(),
    };
    let mut parts: Vec<DatePart> = Vec::new();
    let said = if column.parts.is_empty() {
        &DatePart::DEFAULT[..]
    } else {
        &column.parts
    };
    for &part in said {
        if !parts.contains(&part) {
            parts.push(part);
            fitting.fit(part);
        }
    }
    if fitting.columns.is_empty() {
        return dropped("has no part that differs between the rows to fit on");
    }
    let feature = Feature {
        name: column.name.clone(),
        kind: column.kind,
        encoding: Encoding::Date {
            fill,
            min,
            max,
            parts: fitting.parts,
        },
    };
    FittedFeature::Used(feature, fitting.columns)
}

/// The parts of one date column in the making.
struct Fitting<'a> {
    name: &'a str,
    moments: &'a [Moment],
    weights: Option<&'a [f64]>,
    standardized: bool,
    parts: Vec<FittedPart>,
    columns: Vec<DesignColumn>,
}

impl Fitting<'_> {
    /// Adds the columns of a part, if it differs between rows.
    fn fit(&mut self, part: DatePart) {
        let mut fitted = FittedPart {
            part,
            levels: Vec::new(),
        };
        match part.form() {
            PartForm::Levels => {
                let Some(columns) = self.dummies(&mut fitted) else {
                    return;
                };
                self.columns.extend(columns);
            }
            PartForm::Number => {
                let values = self.moments.iter().map(|moment| moment.number(part));
                let Some(column) = self.number(part.name(), &values.collect::<Vec<_>>()) else {
                    return;
                };
                self.columns.push(column);
            }
            PartForm::Cycle => {
                // A time that differs has another sine or another cosine; both are kept then.
                let both = [0, 1].map(|i| {
                    let values = self.moments.iter().map(|moment| moment.cycle(part)[i]);
                    values.collect::<Vec<_>>()
                });
                let labels = fitted.labels();
                let columns: Vec<_> = labels.iter().zip(&both).collect();
                let columns: Vec<_> = columns
                    .into_iter()
                    .filter_map(|(label, values)| self.number(label, values))
                    .collect();
                if columns.len() < 2 {
                    return;
                }
                self.columns.extend(columns);
            }
        }
        self.parts.push(fitted);
    }

    fn number(&self, label: &str, values: &[f64]) -> Option<DesignColumn> {
        let (mean, scale) = moments(values, self.weights);
        let constant = values
            .windows(2)
            .all(|pair| pair[0].to_bits() == pair[1].to_bits());
        if constant || scale == 0.0 {
            return None;
        }
        let (mean, scale) = if self.standardized {
            (mean, scale)
        } else {
            (0.0, 1.0)
        };
        Some(self.column(label, None, mean, scale))
    }

    fn column(&self, label: &str, level: Option<&str>, mean: f64, scale: f64) -> DesignColumn {
        DesignColumn {
            name: format!("{}:{label}", self.name),
            source: self.name.to_owned(),
            level: level.map(str::to_owned),
            mean,
            scale,
        }
    }

    fn dummies(&self, fitted: &mut FittedPart) -> Option<Vec<DesignColumn>> {
        let mut sums: [Option<Sum>; POSITIONS] = [None; POSITIONS];
        for (row, moment) in self.moments.iter().enumerate() {
            let level = moment.level(fitted.part);
            sums[usize::from(level)]
                .get_or_insert_default()
                .add(self.weights.map_or(1.0, |weights| weights[row]));
        }
        let levels = || {
            let levels = (0_u8..).zip(&sums);
            levels.filter_map(|(level, sum)| Some((level, sum.as_ref()?.value())))
        };
        fitted.levels = levels().map(|(level, _)| level).collect();
        if fitted.levels.len() < 2 {
            return None;
        }
        let total = levels().map(|(_, ones)| ones).collect::<Sum>().value();
        let columns: Vec<_> = levels()
            .skip(1)
            .map(|(level, ones)| {
                let (mean, scale) = if self.standardized {
                    dummy_moments(ones, total - ones)
                } else {
                    (0.0, 1.0)
                };
                let label = label(fitted.part, level);
                self.column(&label, Some(&label), mean, scale)
            })
            .filter(|column| column.scale > 0.0)
            .collect();
        (!columns.is_empty()).then_some(columns)
    }
}

/// How to encode the dates of one table.
#[derive(Debug)]
pub(super) struct DateStep<'a> {
    cells: &'a [f64],
    fill: f64,
    parts: Vec<PartStep>,
}

#[derive(Debug)]
enum PartStep {
    Number(DatePart, Standard),
    Cycle(DatePart, [Standard; 2]),
    Levels {
        part: DatePart,
        known: [bool; POSITIONS],
        /// For each position its dummy, with the value that it has there.
        dummies: Vec<Option<(usize, f64)>>,
        off: Vec<(usize, f64)>,
    },
}

/// A column of the design matrix.
#[derive(Debug, Clone, Copy)]
struct Standard {
    column: usize,
    mean: f64,
    scale: f64,
}

impl<'a> DateStep<'a> {
    /// `design` has the columns of this feature with their positions; `None` when they are not those
    /// of its parts.
    pub(super) fn new(
        cells: &'a [f64],
        fill: f64,
        parts: &[FittedPart],
        design: &[(usize, &DesignColumn)],
    ) -> Option<Self> {
        let find = |label: &str| {
            let mut columns = design.iter().filter(|(_, column)| {
                let behind = column.name.strip_prefix(column.source.as_str());
                behind.and_then(|behind| behind.strip_prefix(':')) == Some(label)
            });
            columns.next().map(|&(position, column)| Standard {
                column: position,
                mean: column.mean,
                scale: column.scale,
            })
        };
        let step = |fitted: &FittedPart| {
            let part = fitted.part;
            let labels = fitted.labels();
            Some(match part.form() {
                PartForm::Number => PartStep::Number(part, find(labels.first()?)?),
                PartForm::Cycle => {
                    PartStep::Cycle(part, [find(labels.first()?)?, find(labels.last()?)?])
                }
                PartForm::Levels => {
                    let mut known = [false; POSITIONS];
                    let mut dummies = vec![None; POSITIONS];
                    let mut off = Vec::new();
                    for &level in &fitted.levels {
                        let position = usize::from(level);
                        *known.get_mut(position)? = true;
                        if let Some(Standard {
                            column,
                            mean,
                            scale,
                        }) = find(&label(part, level))
                        {
                            dummies[position] = Some((column, standardize(1.0, mean, scale)));
                            off.push((column, standardize(0.0, mean, scale)));
                        }
                    }
                    PartStep::Levels {
                        part,
                        known,
                        dummies,
                        off,
                    }
                }
            })
        };
        let parts = parts.iter().map(step).collect::<Option<Vec<_>>>()?;
        Some(Self { cells, fill, parts })
    }

    /// Writes the columns of some rows of the design matrix, `[rows × columns]`. Fails with the row
    /// and its value where a number is too large.
    pub(super) fn encode<T: Element>(
        &self,
        rows: &[usize],
        columns: usize,
        values: &mut [T],
        flags: &mut [RowFlags],
    ) -> Result<(), (usize, f64)> {
        for (i, &row) in rows.iter().enumerate() {
            let seconds = self.cells[row];
            let missing = seconds.is_nan();
            let moment = Moment::new(if missing { self.fill } else { seconds });
            let values = &mut values[i * columns..][..columns];
            let mut unseen = false;
            let mut put = |value: f64, to: Standard| {
                let number = T::from_f64(standardize(value, to.mean, to.scale));
                values[to.column] = number;
                number.to_f64().is_finite()
            };
            for part in &self.parts {
                let fits = match *part {
                    PartStep::Number(part, to) => put(moment.number(part), to),
                    PartStep::Cycle(part, [to_sine, to_cosine]) => {
                        let [sine, cosine] = moment.cycle(part);
                        put(sine, to_sine) && put(cosine, to_cosine)
                    }
                    PartStep::Levels { .. } => true,
                };
                if !fits {
                    return Err((row, seconds));
                }
            }
            for part in &self.parts {
                if let PartStep::Levels {
                    part,
                    known,
                    dummies,
                    off,
                } = part
                {
                    for &(column, value) in off {
                        values[column] = T::from_f64(value);
                    }
                    let level = usize::from(moment.level(*part));
                    unseen |= !known[level];
                    if let Some((column, value)) = dummies[level] {
                        values[column] = T::from_f64(value);
                    }
                }
            }
            if let Some(flags) = flags.get_mut(i) {
                flags.missing |= missing;
                flags.unseen |= unseen;
            }
        }
        Ok(())
    }

    /// Whether the date of a row is missing, and the levels of it that no training row had.
    pub(super) fn unusual(&self, row: usize) -> (bool, Vec<String>) {
        let seconds = self.cells[row];
        let missing = seconds.is_nan();
        let moment = Moment::new(if missing { self.fill } else { seconds });
        let unseen = |part: &PartStep| match part {
            PartStep::Levels { part, known, .. } => {
                let level = moment.level(*part);
                (!known[usize::from(level)]).then(|| label(*part, level))
            }
            PartStep::Number(..) | PartStep::Cycle(..) => None,
        };
        (missing, self.parts.iter().filter_map(unseen).collect())
    }
}

#[cfg(test)]
mod tests;
