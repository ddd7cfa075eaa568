//! Interactions: products of the columns of two features.

use std::collections::{BTreeMap, HashMap, HashSet};

use hashbrown::HashMap as FastMap;
use rayon::prelude::*;

use super::options::Partner;
use super::scale::{Sum, dummy_moments, power_of_two};
use super::term::{AnyTerm, Entry, Rows, Term, term};
use super::training::TrainingRows;
use super::{
    DesignColumn, DroppedColumn, Feature, MISSING_LEVEL, Pipeline, PipelineError, PipelineOptions,
    RowFlags,
};
use crate::columns::ColumnSource;
use crate::schema::{ColumnSchema, Schema};
use crate::table::Table;

/// Rows whose entries are held at a time.
const BLOCK: usize = 1024;

/// A pair of features, fitted.
type FittedPair = Result<Vec<DesignColumn>, DroppedColumn>;

/// The pairs of features that the options ask for, each once, in the order asked for.
pub(super) fn pairs(
    options: &PipelineOptions,
    schema: &Schema,
) -> Result<Vec<(String, String)>, PipelineError> {
    let features: Vec<&ColumnSchema> = schema.features().collect();
    let find = |name: &str| super::feature(schema, name, "--interact").map(|column| &column.name);
    let mut pairs = Vec::new();
    for interaction in &options.interactions {
        let first = find(&interaction.first)?;
        let seconds: Vec<&String> = match &interaction.second {
            Partner::Column(second) => vec![find(second)?],
            Partner::Every => features.iter().map(|column| &column.name).collect(),
        };
        pairs.extend(
            seconds
                .into_iter()
                .filter(|second| *second != first)
                .map(|second| (first.clone(), second.clone())),
        );
    }
    let mut seen = HashSet::new();
    pairs.retain(|(a, b)| seen.insert((a.clone().min(b.clone()), a.max(b).clone())));
    Ok(pairs)
}

impl Pipeline {
    /// Adds the products of pairs of features, whose own columns are fitted; returns how many of them
    /// are not 0 in a training row, or more, from the `numbers` of each feature.
    pub(super) fn fit_products(
        &mut self,
        pairs: &[(String, String)],
        numbers: &HashMap<String, f64>,
        table: &dyn ColumnSource,
        training: &TrainingRows,
        options: &PipelineOptions,
    ) -> Result<f64, PipelineError> {
        let one = |(first, second): &(String, String)| {
            let loaded = table.load(&[first, second])?;
            self.fit_pair([first, second], &loaded, training, options)
        };
        let mut fitted: Vec<Result<FittedPair, PipelineError>> = Vec::new();
        for some in pairs.chunks(table.columns_at_once()?.div_ceil(2)) {
            fitted.par_extend(some.par_iter().map(one));
        }
        let mut total = 0.0;
        for ((first, second), fitted) in pairs.iter().zip(fitted) {
            match fitted? {
                Ok(columns) => {
                    total += (numbers[first] * numbers[second]).min(columns.len() as f64);
                    self.columns.extend(columns);
                }
                Err(dropped) => self.dropped.push(dropped),
            }
        }
        Ok(total)
    }

    fn fit_pair(
        &self,
        pair: [&String; 2],
        table: &Table,
        training: &TrainingRows,
        options: &PipelineOptions,
    ) -> Result<FittedPair, PipelineError> {
        let source = format!("{}:{}", pair[0], pair[1]);
        let dropped = |reason: String| {
            let name = source.clone();
            Ok(Err(DroppedColumn { name, reason }))
        };
        if self.features.iter().any(|feature| feature.name == source) {
            return dropped("has the name of a column".to_owned());
        }
        let mut factors = Vec::new();
        for name in pair {
            match self.features.iter().find(|feature| feature.name == *name) {
                Some(feature) => factors.push(self.factor(feature, table)?),
                None => return dropped(format!("needs `{name}`, which is not used")),
            }
        }
        let products = Products::sum(&factors, training);
        let columns: Vec<DesignColumn> = products
            .columns(training, options)
            .into_iter()
            .map(|(factors, mean, scale)| self.product(&source, factors, mean, scale))
            .collect();
        if columns.is_empty() {
            return dropped("is the same in every row to fit on".to_owned());
        }
        Ok(Ok(columns))
    }

    fn product(&self, source: &str, factors: [usize; 2], mean: f64, scale: f64) -> DesignColumn {
        let [first, second] = factors.map(|factor| &self.columns[factor]);
        let levels: Vec<&str> = [&first.level, &second.level]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        DesignColumn {
            name: format!("{}:{}", first.name, second.name),
            source: source.to_owned(),
            level: (!levels.is_empty()).then(|| levels.join(":")),
            function: None,
            factors: Some(factors),
            mean,
            scale,
        }
    }

    /// A feature as products take it: numbers less the means of their columns.
    fn factor<'a>(
        &'a self,
        feature: &'a Feature,
        table: &'a Table,
    ) -> Result<AnyTerm<'a>, PipelineError> {
        let own = |column: &DesignColumn| {
            column.factors.is_none()
                && column.source == feature.name
                && !is_indicator(feature, column)
        };
        let columns: Vec<(usize, &DesignColumn)> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| own(column))
            .collect();
        term(feature, &columns, table, true)
    }

    /// The terms of the products, in the order of their columns.
    pub(super) fn product_terms<'a>(
        &'a self,
        table: &'a Table,
    ) -> Result<Vec<AnyTerm<'a>>, PipelineError> {
        let features: HashMap<&str, &Feature> = self
            .features
            .iter()
            .map(|feature| (feature.name.as_str(), feature))
            .collect();
        // The products of a pair, by the position of their first column.
        let mut pairs: BTreeMap<usize, Vec<(usize, [usize; 2])>> = BTreeMap::new();
        let mut firsts: HashMap<[&str; 2], usize> = HashMap::new();
        for (position, column) in self.columns.iter().enumerate() {
            if let Some(factors) = column.factors {
                let key = factors.map(|factor| self.columns[factor].source.as_str());
                let first = *firsts.entry(key).or_insert(position);
                pairs.entry(first).or_default().push((position, factors));
            }
        }
        let mut terms: Vec<AnyTerm<'a>> = Vec::new();
        for products in pairs.into_values() {
            let [first, second] = products[0].1.map(|factor| {
                let source = self.columns[factor].source.as_str();
                let inconsistent = || PipelineError::Inconsistent {
                    column: source.to_owned(),
                };
                let feature = features.get(source).ok_or_else(inconsistent)?;
                self.factor(feature, table)
            });
            terms.push(Box::new(ProductTerm {
                factors: [first?, second?],
                columns: products.iter().map(|&(position, _)| position).collect(),
                places: products
                    .into_iter()
                    .map(|(position, factors)| (factors, position))
                    .collect(),
            }));
        }
        Ok(terms)
    }
}

/// Whether a column says of a number or a date that it is missing: these have no part in products.
pub(super) fn is_indicator(feature: &Feature, column: &DesignColumn) -> bool {
    use super::{Basis, Encoding};
    let number = match &feature.encoding {
        Encoding::Numeric { basis, .. } => !matches!(basis, Basis::Bins(_)),
        Encoding::Date { .. } => true,
        _ => false,
    };
    number && column.level.as_deref() == Some(MISSING_LEVEL)
}

/// Calls `each` with the row, the columns and the product of every pair of entries of the same row.
fn products(first: &[Entry], second: &[Entry], mut each: impl FnMut(usize, [usize; 2], f64)) {
    let mut others = second;
    for of_row in first.chunk_by(|a, b| a.row == b.row) {
        let row = of_row[0].row;
        let skipped = others.partition_point(|entry| entry.row < row);
        let end = others.partition_point(|entry| entry.row <= row);
        for a in of_row {
            for b in &others[skipped..end] {
                each(row, [a.column, b.column], a.value * b.value);
            }
        }
        others = &others[end..];
    }
}

/// What the training rows have in the products of a pair.
struct Products {
    sums: BTreeMap<[usize; 2], ProductSums>,
    total: f64,
}

/// Sums of one product over the rows in which it is not 0.
struct ProductSums {
    rows: usize,
    weight: Sum,
    sum: Sum,
    min: f64,
    max: f64,
    squares: Sum,
    off: Sum,
}

impl ProductSums {
    fn new() -> Self {
        Self {
            rows: 0,
            weight: Sum::default(),
            sum: Sum::default(),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            squares: Sum::default(),
            off: Sum::default(),
        }
    }

    fn unit(&self) -> f64 {
        power_of_two(self.min.abs().max(self.max.abs()))
    }

    fn is_dummy(&self) -> bool {
        self.min.to_bits() == 1.0_f64.to_bits() && self.max.to_bits() == 1.0_f64.to_bits()
    }
}

impl Products {
    fn sum(factors: &[AnyTerm<'_>], training: &TrainingRows) -> Self {
        let total = (0..training.rows.len()).map(|position| training.weight(position));
        let total: f64 = total.collect::<Sum>().value();
        let mut sums: FastMap<[usize; 2], ProductSums, foldhash::fast::FixedState> =
            FastMap::default();
        visit(factors, training, |position, columns, value| {
            let weight = training.weight(position);
            let own = sums.entry(columns).or_insert_with(ProductSums::new);
            own.rows += 1;
            own.weight.add(weight);
            own.sum.add(weight * value);
            own.min = own.min.min(value);
            own.max = own.max.max(value);
        });
        // Products of dummies are 1 where they are not 0; the others need their mean before squares
        // about it can be summed.
        if sums.values().any(|own| !own.is_dummy()) {
            visit(factors, training, |position, columns, value| {
                let weight = training.weight(position);
                if let Some(own) = sums.get_mut(&columns) {
                    let difference = (value - own.sum.value() / total) / own.unit();
                    own.off.add(weight * difference);
                    own.squares.add(weight * difference * difference);
                }
            });
        }
        Self {
            sums: sums.into_iter().collect(),
            total,
        }
    }

    /// The factors, the mean and the scale of every product that is not the same in all rows.
    fn columns(
        &self,
        training: &TrainingRows,
        options: &PipelineOptions,
    ) -> Vec<([usize; 2], f64, f64)> {
        let rows = training.rows.len();
        let moments = |sums: &ProductSums| {
            let constant = sums.rows == rows && sums.min >= sums.max;
            if constant || !(sums.min.is_finite() && sums.max.is_finite()) {
                return (0.0, 0.0);
            }
            if !options.standardize {
                return (0.0, 1.0);
            }
            let weight = sums.weight.value();
            // In all rows there are no zeros, whatever rounding makes of the difference.
            let zeros = if sums.rows == rows {
                0.0
            } else {
                self.total - weight
            };
            let (mean, scale) = if sums.is_dummy() {
                dummy_moments(weight, zeros)
            } else {
                let unit = sums.unit();
                let first = sums.sum.value() / self.total;
                let at_zero = -first / unit;
                let off = (sums.off.value() + zeros * at_zero) / self.total;
                let squares = (sums.squares.value() + zeros * at_zero * at_zero) / self.total;
                let variance = (squares - off * off).max(0.0);
                (first + off * unit, variance.sqrt() * unit)
            };
            (if options.center { mean } else { 0.0 }, scale)
        };
        self.sums
            .iter()
            .map(|(&factors, sums)| {
                let (mean, scale) = moments(sums);
                (factors, mean, scale)
            })
            .filter(|&(_, mean, scale)| mean.is_finite() && scale.is_finite() && scale > 0.0)
            .collect()
    }
}

/// Calls `each` with the position of the training row, the columns and the product.
fn visit(
    factors: &[AnyTerm<'_>],
    training: &TrainingRows,
    mut each: impl FnMut(usize, [usize; 2], f64),
) {
    let [first, second] = factors else { return };
    let mut entries = [Vec::new(), Vec::new()];
    for (block, rows) in training.rows.chunks(BLOCK).enumerate() {
        for (factor, entries) in [first, second].into_iter().zip(&mut entries) {
            entries.clear();
            factor.write(Rows::new(rows), entries, &mut []);
        }
        products(&entries[0], &entries[1], |row, columns, value| {
            each(block * BLOCK + row, columns, value);
        });
    }
}

/// Two features, written into the products of their columns.
#[derive(Debug)]
struct ProductTerm<'a> {
    factors: [AnyTerm<'a>; 2],
    /// The product of each two columns that has one.
    places: FastMap<[usize; 2], usize, foldhash::fast::FixedState>,
    columns: Vec<usize>,
}

impl Term for ProductTerm<'_> {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// What is unusual about a row is said by the features themselves.
    fn write(&self, rows: Rows<'_>, entries: &mut Vec<Entry>, _: &mut [RowFlags]) {
        let mut own = [Vec::new(), Vec::new()];
        for (factor, entries) in self.factors.iter().zip(&mut own) {
            factor.write(rows, entries, &mut []);
        }
        products(&own[0], &own[1], |row, columns, value| {
            if let Some(&column) = self.places.get(&columns)
                && value != 0.0
            {
                entries.push(Entry { row, column, value });
            }
        });
    }
}
