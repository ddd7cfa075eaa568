//! Numbers: the encoding of one feature, fitted and applied.

use std::borrow::Cow;

use super::basis::Basis;
use super::bins::Bins;
use super::categorical::{Place, dummy, place_of_missing};
use super::encode::{FittedFeature, dropped};
use super::impute::median;
use super::polynomial::Polynomial;
use super::quantile::Quantiles;
use super::scale::{Sum, moments};
use super::spline::Spline;
use super::term::{Entry, Rows, Term};
use super::training::TrainingRows;
use super::{
    ColumnEncoding, DesignColumn, Encoding, MISSING_LEVEL, MissingPolicy, PipelineError,
    PipelineOptions, RowFlags,
};
use crate::number::text;
use crate::schema::ColumnSchema;
use crate::table::SparseCells;

pub(super) fn fit(
    column: &ColumnSchema,
    cells: &[f64],
    training: &TrainingRows,
    options: &PipelineOptions,
) -> Result<FittedFeature, PipelineError> {
    let name = column.name.as_str();
    let mut numbers: Vec<f64> = training.rows.iter().map(|&row| cells[row]).collect();
    let (present, weights) = present(&numbers, training);
    let min = present.iter().copied().fold(f64::INFINITY, f64::min);
    let max = present.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !min.is_finite() {
        return Ok(dropped(
            column,
            "is missing in every row to fit on".to_owned(),
        ));
    }
    let constant = min >= max;
    let mut basis = match options.encodings.get(name) {
        Some(encoding) if !constant => chosen(name, encoding, &present, weights.as_deref())?,
        _ => Basis::Identity,
    };
    let missing = missing(&numbers, training);
    let indicator = missing.filter(|_| options.missing_indicators);
    let mut middle = None;
    if options.missing == MissingPolicy::Impute {
        middle = median(present, weights);
    }
    let mut columns = Vec::new();
    if let Basis::Bins(bins) = &mut basis {
        match bins.fit(name, &numbers, training, options.standardize) {
            Some(dummies) => columns = dummies,
            None => {
                return Ok(dropped(
                    column,
                    "is in one interval in every row to fit on".to_owned(),
                ));
            }
        }
    } else {
        if let Some(median) = middle {
            for number in numbers.iter_mut().filter(|number| number.is_nan()) {
                *number = median;
            }
        }
        if let Basis::Polynomial(polynomial) = &mut basis {
            *polynomial = Polynomial::fit(&numbers, training.weights(), polynomial.degree());
        }
        // Without an intercept a constant column can serve as one.
        if !constant || (!options.center && min != 0.0) {
            columns = functions(name, &basis, &numbers, training, options);
        }
        if let Some((ones, total)) = indicator {
            columns.push(dummy(name, MISSING_LEVEL, ones, total, options.standardize));
        }
    }
    columns.retain(|column| column.scale > 0.0);
    if columns.is_empty() {
        return Ok(dropped(column, self::constant(constant.then_some(min))));
    }
    let encoding = Encoding::Numeric {
        median: middle,
        min,
        max,
        basis,
    };
    Ok(FittedFeature::used(column, encoding, columns))
}

/// Why a number is of no use: its only value, if there is one.
pub(super) fn constant(value: Option<f64>) -> String {
    match value {
        Some(value) => format!("is {} in every row to fit on", text(value)),
        None => "has no spread that an f64 can hold".to_owned(),
    }
}

/// The numbers that are not missing, with their weights.
fn present(numbers: &[f64], training: &TrainingRows) -> (Vec<f64>, Option<Vec<f64>>) {
    let present = |number: &f64| !number.is_nan();
    let weights = training.weights().map(|weights| {
        let pairs = weights.iter().zip(numbers);
        pairs
            .filter(|(_, number)| present(number))
            .map(|(&weight, _)| weight)
            .collect()
    });
    (numbers.iter().copied().filter(present).collect(), weights)
}

/// The weight of the rows in which the number is missing, if there are any, and that of all rows.
fn missing(numbers: &[f64], training: &TrainingRows) -> Option<(f64, f64)> {
    let (mut missing, mut total) = (Sum::default(), Sum::default());
    for (position, number) in numbers.iter().enumerate() {
        let weight = training.weight(position);
        total.add(weight);
        if number.is_nan() {
            missing.add(weight);
        }
    }
    let missing = missing.value();
    (missing > 0.0).then_some((missing, total.value()))
}

/// The basis that a person asked for, from the numbers that are not missing. What a polynomial takes
/// from the numbers is still to come.
fn chosen(
    column: &str,
    encoding: &ColumnEncoding,
    numbers: &[f64],
    weights: Option<&[f64]>,
) -> Result<Basis, PipelineError> {
    let quantiles = Quantiles::new(numbers, weights);
    let too_few = |needed: usize| PipelineError::TooFewValues {
        column: column.to_owned(),
        encoding: encoding.to_string(),
        distinct: quantiles.distinct(),
        needed,
    };
    match encoding {
        ColumnEncoding::Polynomial { degree } => {
            if quantiles.distinct() <= *degree {
                return Err(too_few(degree + 1));
            }
            let coefficients = vec![0.0; degree - 1];
            Ok(Basis::Polynomial(Polynomial {
                center: 0.0,
                scale: 1.0,
                alpha: coefficients.clone(),
                beta: coefficients,
            }))
        }
        ColumnEncoding::Spline { knots } => {
            let spline = Spline::at_quantiles(&quantiles, *knots);
            spline.map(Basis::Spline).ok_or_else(|| too_few(3))
        }
        ColumnEncoding::SplineAt { knots } => Ok(Basis::Spline(Spline {
            knots: knots.clone(),
        })),
        ColumnEncoding::Bins { bins } => {
            let bins = Bins::at_quantiles(&quantiles, *bins);
            bins.map(Basis::Bins).ok_or_else(|| too_few(2))
        }
        ColumnEncoding::BinsAt { edges } => Ok(Basis::Bins(Bins::new(edges.clone()))),
        // Refused before, for numbers.
        ColumnEncoding::Hash { .. } => Ok(Basis::Identity),
    }
}

/// The columns of the functions of a number that has no missing cell left; those that are the same in
/// every row have scale 0.
fn functions(
    source: &str,
    basis: &Basis,
    numbers: &[f64],
    training: &TrainingRows,
    options: &PipelineOptions,
) -> Vec<DesignColumn> {
    let mut values = Vec::new();
    let mut column = |function: usize| {
        let (mean, scale) = if function == 0 {
            moments_of(numbers, training, options, true)
        } else {
            let expanded: Vec<f64> = numbers
                .iter()
                .map(|&number| {
                    basis.evaluate(number, &mut values);
                    values[function]
                })
                .collect();
            moments_of(&expanded, training, options, false)
        };
        let number = function + 1;
        DesignColumn {
            name: if number == 1 {
                source.to_owned()
            } else {
                basis.name(source, number)
            },
            source: source.to_owned(),
            level: None,
            function: (number > 1).then_some(number),
            factors: None,
            mean,
            scale,
        }
    };
    (0..basis.functions()).map(&mut column).collect()
}

/// Mean and scale of a column, or scale 0 where it is constant; a number that serves as the
/// intercept is kept all the same.
fn moments_of(
    numbers: &[f64],
    training: &TrainingRows,
    options: &PipelineOptions,
    may_be_intercept: bool,
) -> (f64, f64) {
    let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let constant = min >= max;
    if constant && (options.center || !may_be_intercept) {
        (0.0, 0.0)
    } else if !options.standardize {
        (0.0, 1.0)
    } else if constant {
        (0.0, min.abs())
    } else {
        moments(numbers, training.weights())
    }
}

/// Cells that are the numbers of one design column as they stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain<'a> {
    /// All cells of the column of the table.
    pub(crate) cells: &'a [f64],
    /// The design column.
    pub(crate) column: usize,
    /// What a missing cell becomes.
    pub(crate) fill: f64,
    /// The design column that is 1 where the cell is missing, and 0 otherwise.
    pub(crate) indicator: Option<usize>,
}

/// The cells behind a number.
#[derive(Debug)]
pub(super) enum Numbers<'a> {
    Dense(Cow<'a, [f64]>),
    /// As they stand, where what is not stored writes nothing.
    Sparse(&'a SparseCells),
}

/// A number of the table, written into the columns of its functions and of its being missing.
#[derive(Debug)]
pub(super) struct NumberTerm<'a> {
    cells: Numbers<'a>,
    basis: &'a Basis,
    /// What a missing cell becomes.
    fill: f64,
    /// The design column of each function that has one, and what is subtracted from it.
    functions: Vec<(usize, usize, f64)>,
    /// The design column that is 1 where the cell is missing.
    indicator: Option<usize>,
    columns: Vec<usize>,
    shifted: bool,
}

impl<'a> NumberTerm<'a> {
    /// A missing cell becomes the median; the mean where nothing is imputed, in rows that get no score.
    /// `shifted` numbers are those less the means of their columns, as products take them.
    pub(super) fn new(
        cells: Numbers<'a>,
        basis: &'a Basis,
        median: Option<f64>,
        columns: &[(usize, &DesignColumn)],
        shifted: bool,
    ) -> Self {
        let mean = columns.first().map_or(0.0, |(_, column)| column.mean);
        let functions = columns.iter().filter(|(_, column)| column.level.is_none());
        let shift = |column: &DesignColumn| if shifted { column.mean } else { 0.0 };
        Self {
            cells,
            basis,
            fill: median.unwrap_or(mean),
            functions: functions
                .map(|(position, column)| {
                    let function = column.function.map_or(0, |number| number - 1);
                    (*position, function, shift(column))
                })
                .collect(),
            indicator: place_of_missing(columns).and_then(Place::column),
            columns: columns.iter().map(|&(position, _)| position).collect(),
            shifted,
        }
    }
}

impl NumberTerm<'_> {
    fn say_missing(&self, row: usize, entries: &mut Vec<Entry>, flags: &mut [RowFlags]) {
        if let Some(column) = self.indicator {
            let value = 1.0;
            entries.push(Entry { row, column, value });
        }
        if let Some(flags) = flags.get_mut(row) {
            flags.missing = true;
        }
    }
}

impl Term for NumberTerm<'_> {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn write(&self, rows: Rows<'_>, entries: &mut Vec<Entry>, flags: &mut [RowFlags]) {
        match &self.cells {
            Numbers::Sparse(cells) => rows.stored(cells, |row, cell| {
                let number = if cell.is_nan() { self.fill } else { cell };
                for &(column, ..) in &self.functions {
                    if number != 0.0 {
                        let value = number;
                        entries.push(Entry { row, column, value });
                    }
                }
                if cell.is_nan() {
                    self.say_missing(row, entries, flags);
                }
            }),
            Numbers::Dense(cells) => {
                let mut values = Vec::new();
                for (row, &place) in rows.iter().enumerate() {
                    let cell = cells[place];
                    let number = if cell.is_nan() { self.fill } else { cell };
                    self.basis.evaluate(number, &mut values);
                    for &(column, function, shift) in &self.functions {
                        let value = values[function] - shift;
                        if value != 0.0 {
                            entries.push(Entry { row, column, value });
                        }
                    }
                    if cell.is_nan() {
                        self.say_missing(row, entries, flags);
                    }
                }
            }
        }
    }

    fn plain(&self) -> Option<Plain<'_>> {
        match (&self.cells, &self.functions[..]) {
            (Numbers::Dense(cells), &[(column, 0, _)]) if !self.shifted => Some(Plain {
                cells,
                column,
                fill: self.fill,
                indicator: self.indicator,
            }),
            _ => None,
        }
    }
}
