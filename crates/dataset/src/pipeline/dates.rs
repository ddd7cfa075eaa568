//! Dates: their parts as columns of the design matrix.
//!
//! A part that is a number is one column, `date:year`; one of levels has a dummy for each level but
//! the first, `date:month=3`; a cycle has two columns, `date:year-cycle:sin` and `:cos`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::categorical::{Place, dummy, place_of_missing};
use super::encode::{FittedFeature, dropped};
use super::impute::median;
use super::scale::{Sum, dummy_moments, moments};
use super::term::{Entry, Rows, Term};
use super::training::TrainingRows;
use super::{DesignColumn, Encoding, MISSING_LEVEL, MissingPolicy, PipelineOptions, RowFlags};
use crate::date::{DatePart, Moment, PartForm};
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

/// Fits the parts of a date.
pub(super) fn fit(
    column: &ColumnSchema,
    seconds: &[f64],
    training: &TrainingRows,
    options: &PipelineOptions,
) -> FittedFeature {
    let rows = &training.rows;
    let present = || rows.iter().map(|&row| seconds[row]).filter(|s| !s.is_nan());
    let min = present().fold(f64::INFINITY, f64::min);
    let max = present().fold(f64::NEG_INFINITY, f64::max);
    if !min.is_finite() {
        return dropped(column, "is missing in every row to fit on".to_owned());
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
        let middle = median(present().collect(), training.weights().map(pairs)).unwrap_or(max);
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
        weights: training.weights(),
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
    if options.missing_indicators {
        fitting.indicator(|position| seconds[rows[position]].is_nan());
    }
    if fitting.columns.is_empty() {
        let reason = "has no part that differs between the rows to fit on";
        return dropped(column, reason.to_owned());
    }
    let encoding = Encoding::Date {
        fill,
        min,
        max,
        parts: fitting.parts,
    };
    FittedFeature::used(column, encoding, fitting.columns)
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
            function: None,
            factors: None,
            mean,
            scale,
        }
    }

    /// Adds a column for missing dates, if there are any.
    fn indicator(&mut self, is_missing: impl Fn(usize) -> bool) {
        let (mut ones, mut total) = (Sum::default(), Sum::default());
        for position in 0..self.moments.len() {
            let weight = self.weights.map_or(1.0, |weights| weights[position]);
            total.add(weight);
            if is_missing(position) {
                ones.add(weight);
            }
        }
        let (ones, total) = (ones.value(), total.value());
        if ones > 0.0 {
            let column = dummy(self.name, MISSING_LEVEL, ones, total, self.standardized);
            self.columns.extend((column.scale > 0.0).then_some(column));
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

impl DesignColumn {
    /// What the name of a column of a date has behind the colon.
    pub(super) fn date_part(&self) -> Option<&str> {
        let behind = self.name.strip_prefix(self.source.as_str())?;
        behind.strip_prefix(':')
    }
}

/// Dates of the table, written into the columns of their parts.
#[derive(Debug)]
pub(super) struct DateTerm<'a> {
    cells: Cow<'a, [f64]>,
    fill: Option<f64>,
    parts: Vec<PartColumns>,
    /// The dummy of missing cells.
    indicator: Option<usize>,
    columns: Vec<usize>,
}

/// The columns of a part of a date.
#[derive(Debug)]
enum PartColumns {
    Number(DatePart, Target),
    Cycle(DatePart, [Target; 2]),
    Levels {
        part: DatePart,
        /// For each position of the part.
        places: Box<[Place; POSITIONS]>,
    },
}

/// A column for numbers.
#[derive(Debug, Clone, Copy)]
struct Target {
    column: usize,
    /// What a number that is a factor of a product is reduced by, and what stands for a missing one
    /// where missing cells are not imputed.
    shift: f64,
    mean: f64,
}

impl<'a> DateTerm<'a> {
    /// `columns` has the columns of this feature with their positions; `None` when they are not those
    /// of its parts. Numbers are `shifted` to mean 0 as the factor of a product.
    pub(super) fn new(
        cells: Cow<'a, [f64]>,
        fill: Option<f64>,
        parts: &[FittedPart],
        columns: &[(usize, &DesignColumn)],
        shifted: bool,
    ) -> Option<Self> {
        let find = |label: &str| {
            let found = |column: &DesignColumn| column.date_part() == Some(label);
            let column = columns.iter().find(|(_, column)| found(column));
            column.map(|&(position, column)| Target {
                column: position,
                shift: if shifted { column.shift() } else { 0.0 },
                mean: column.mean,
            })
        };
        let columns_of = |fitted: &FittedPart| {
            let part = fitted.part;
            let labels = fitted.labels();
            Some(match part.form() {
                PartForm::Number => PartColumns::Number(part, find(labels.first()?)?),
                PartForm::Cycle => {
                    PartColumns::Cycle(part, [find(labels.first()?)?, find(labels.last()?)?])
                }
                PartForm::Levels => {
                    let mut places = [Place::UNSEEN; POSITIONS];
                    for &level in &fitted.levels {
                        let dummy = find(&label(part, level));
                        *places.get_mut(usize::from(level))? =
                            dummy.map_or(Place::REFERENCE, |target| Place::dummy(target.column));
                    }
                    PartColumns::Levels {
                        part,
                        places: Box::new(places),
                    }
                }
            })
        };
        let parts = parts.iter().map(columns_of);
        Some(Self {
            cells,
            fill,
            parts: parts.collect::<Option<Vec<_>>>()?,
            indicator: place_of_missing(columns).and_then(Place::column),
            columns: columns.iter().map(|&(position, _)| position).collect(),
        })
    }
}

impl Term for DateTerm<'_> {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn write(&self, rows: Rows<'_>, entries: &mut Vec<Entry>, flags: &mut [RowFlags]) {
        for (row, &place) in rows.iter().enumerate() {
            let seconds = self.cells[place];
            let missing = seconds.is_nan();
            let moment = match (missing, self.fill) {
                (false, _) => Some(Moment::new(seconds)),
                (true, fill) => fill.map(Moment::new),
            };
            let mut put = |to: Target, value: Option<f64>| {
                let value = value.unwrap_or(to.mean) - to.shift;
                if value != 0.0 {
                    let column = to.column;
                    entries.push(Entry { row, column, value });
                }
            };
            for columns in &self.parts {
                match *columns {
                    PartColumns::Number(part, to) => {
                        put(to, moment.map(|moment| moment.number(part)));
                    }
                    PartColumns::Cycle(part, [to_sine, to_cosine]) => {
                        let cycle = moment.map(|moment| moment.cycle(part));
                        put(to_sine, cycle.map(|[sine, _]| sine));
                        put(to_cosine, cycle.map(|[_, cosine]| cosine));
                    }
                    PartColumns::Levels { .. } => {}
                }
            }
            for columns in &self.parts {
                if let (PartColumns::Levels { part, places }, Some(moment)) = (columns, moment) {
                    places[usize::from(moment.level(*part))].write(row, false, entries, flags);
                }
            }
            if let (true, Some(column)) = (missing, self.indicator) {
                let value = 1.0;
                entries.push(Entry { row, column, value });
            }
            if let Some(flags) = flags.get_mut(row) {
                flags.missing |= missing;
            }
        }
    }

    fn unseen_parts(&self, row: usize) -> Vec<String> {
        let seconds = self.cells[row];
        if seconds.is_nan() {
            return Vec::new();
        }
        let moment = Moment::new(seconds);
        let unseen = |columns: &PartColumns| match columns {
            PartColumns::Levels { part, places } => {
                let level = moment.level(*part);
                places[usize::from(level)]
                    .is_unseen()
                    .then(|| label(*part, level))
            }
            PartColumns::Number(..) | PartColumns::Cycle(..) => None,
        };
        self.parts.iter().filter_map(unseen).collect()
    }
}

#[cfg(test)]
mod tests;
