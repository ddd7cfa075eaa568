//! Intervals of a number.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::categorical::{Place, dummies, place_of_missing};
use super::quantile::Quantiles;
use super::scale::Sum;
use super::term::{Entry, Rows, Term};
use super::training::TrainingRows;
use super::{DesignColumn, MISSING_LEVEL, RowFlags};
use crate::number::text;

/// Intervals that a number is in: one dummy for each that training rows are in, but the first.
///
/// An interval has its lower edge and not its upper. The first has no lower end and the last no
/// upper, so that every number is in one. Missing training cells are a level of their own; where no
/// training cell was missing, a missing cell is in the interval of the median.
///
/// Edges that are not given are quantiles of the training rows; where many cells are equal,
/// quantiles fall together and there are fewer intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    /// The edges between the intervals, ascending.
    pub edges: Vec<f64>,
    /// The interval without a dummy: the first, from 0, that a training row is in.
    pub reference: usize,
}

impl Bins {
    pub(super) fn new(edges: Vec<f64>) -> Self {
        let reference = 0;
        Self { edges, reference }
    }

    /// Edges at quantiles; `None` where all of them are the smallest number.
    pub(super) fn at_quantiles(quantiles: &Quantiles, bins: usize) -> Option<Self> {
        let edge = |bin: usize| quantiles.at(bin as f64 / bins as f64);
        let mut edges: Vec<f64> = (1..bins)
            .map(edge)
            .filter(|&edge| edge > quantiles.smallest())
            .collect();
        edges.dedup();
        (!edges.is_empty()).then(|| Self::new(edges))
    }

    /// The interval, from 0, that a number is in.
    fn interval(&self, number: f64) -> usize {
        self.edges.partition_point(|&edge| edge <= number)
    }

    /// The interval as a level: `[18,65)`.
    pub(super) fn level(&self, interval: usize) -> String {
        let below = interval
            .checked_sub(1)
            .and_then(|edge| self.edges.get(edge));
        match (below, self.edges.get(interval)) {
            (None, Some(above)) => format!("(-inf,{})", text(*above)),
            (Some(below), Some(above)) => format!("[{},{})", text(*below), text(*above)),
            (Some(below), None) => format!("[{},inf)", text(*below)),
            (None, None) => "(-inf,inf)".to_owned(),
        }
    }

    /// Fits the dummies; missing numbers are NaN. `None` where all rows are in one interval.
    pub(super) fn fit(
        &mut self,
        source: &str,
        numbers: &[f64],
        training: &TrainingRows,
        standardized: bool,
    ) -> Option<Vec<DesignColumn>> {
        let missing = self.edges.len() + 1;
        let mut sums = vec![(false, Sum::default()); missing + 1];
        for (position, &number) in numbers.iter().enumerate() {
            let level = if number.is_nan() {
                missing
            } else {
                self.interval(number)
            };
            let (seen, sum) = &mut sums[level];
            *seen = true;
            sum.add(training.weight(position));
        }
        let seen: Vec<(usize, f64)> = sums
            .iter()
            .enumerate()
            .filter(|(_, (seen, _))| *seen)
            .map(|(level, (_, sum))| (level, sum.value()))
            .collect();
        self.reference = seen.first()?.0;
        let name = |level: usize| {
            if level == missing {
                MISSING_LEVEL.to_owned()
            } else {
                self.level(level)
            }
        };
        let levels: Vec<(String, f64)> = seen
            .into_iter()
            .map(|(level, weight)| (name(level), weight))
            .collect();
        let columns = dummies(source, &levels, standardized);
        (!columns.is_empty()).then_some(columns)
    }

    /// Every level that a file may name but the reference.
    pub(super) fn levels(&self) -> impl Iterator<Item = String> {
        (0..=self.edges.len())
            .filter(|&interval| interval != self.reference)
            .map(|interval| self.level(interval))
            .chain([MISSING_LEVEL.to_owned()])
    }

    pub(super) fn is_sound(&self) -> bool {
        !self.edges.is_empty()
            && self.edges.iter().all(|edge| edge.is_finite())
            && self.edges.windows(2).all(|pair| pair[0] < pair[1])
            && self.reference <= self.edges.len()
    }
}

/// Numbers of the table, written into the dummies of their intervals.
#[derive(Debug)]
pub(super) struct BinTerm<'a> {
    cells: Cow<'a, [f64]>,
    bins: &'a Bins,
    /// For each interval.
    places: Vec<Place>,
    missing: Place,
    columns: Vec<usize>,
}

impl<'a> BinTerm<'a> {
    pub(super) fn new(
        cells: Cow<'a, [f64]>,
        bins: &'a Bins,
        median: Option<f64>,
        columns: &[(usize, &DesignColumn)],
    ) -> Self {
        let place = |interval: usize| {
            if interval == bins.reference {
                return Place::REFERENCE;
            }
            let level = bins.level(interval);
            let own = |column: &DesignColumn| column.level.as_deref() == Some(level.as_str());
            let dummy = columns.iter().find(|(_, column)| own(column));
            dummy.map_or(Place::UNSEEN, |&(position, _)| Place::dummy(position))
        };
        let places: Vec<Place> = (0..=bins.edges.len()).map(place).collect();
        let missing = place_of_missing(columns).unwrap_or_else(|| {
            median.map_or(Place::UNSEEN, |median| places[bins.interval(median)])
        });
        Self {
            cells,
            bins,
            places,
            missing,
            columns: columns.iter().map(|&(position, _)| position).collect(),
        }
    }
}

impl Term for BinTerm<'_> {
    fn columns(&self) -> &[usize] {
        &self.columns
    }

    fn write(&self, rows: Rows<'_>, entries: &mut Vec<Entry>, flags: &mut [RowFlags]) {
        for (row, &place) in rows.iter().enumerate() {
            let number = self.cells[place];
            let missing = number.is_nan();
            let level = if missing {
                self.missing
            } else {
                self.places[self.bins.interval(number)]
            };
            level.write(row, missing, entries, flags);
        }
    }
}
