//! Tables with known properties, made from a seed.
//!
//! The parameters and their meaning are those of scikit-learn's `make_classification` and
//! `make_regression`; its random stream is not reproduced.

mod classification;
mod error;
mod random;
mod regression;

pub use classification::Classification;
pub use error::SyntheticError;
pub use regression::Regression;

use std::io::Write;

use crate::schema::Kind;
use crate::table::{Column, Table, TableError};
use crate::write::{OutputFormat, TableWriter, WriteError};

/// Rows that are written together.
const ROWS: usize = 1 << 14;

/// What a column of a synthetic table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// It has an effect of its own on the target.
    Informative,
    /// It is a linear combination of the informative ones.
    Redundant,
    /// It is a copy of another column.
    Repeated {
        /// The column that it is a copy of.
        of: usize,
    },
    /// It has nothing to do with the target.
    Noise,
}

/// A synthetic table: features `x1`, `x2`, … and the target `y` (`y1`, `y2`, … if there are
/// several).
#[derive(Debug, Clone, PartialEq)]
pub struct Synthetic {
    /// Number of rows.
    pub rows: usize,
    /// Number of features.
    pub columns: usize,
    /// Number of targets.
    pub targets: usize,
    /// Features, row after row.
    pub values: Vec<f64>,
    /// Targets, row after row; classes are 0, 1, ….
    pub target: Vec<f64>,
    /// What each feature is.
    pub provenance: Vec<Provenance>,
    /// For a regression the coefficients that made the target, feature after feature (the shape is
    /// features × targets); empty for a classification.
    pub coefficients: Vec<f64>,
}

impl Synthetic {
    /// The names of the features.
    pub fn feature_names(&self) -> impl Iterator<Item = String> {
        (1..=self.columns).map(|position| format!("x{position}"))
    }

    /// The names of the targets.
    pub fn target_names(&self) -> impl Iterator<Item = String> {
        let several = self.targets > 1;
        (1..=self.targets).map(move |position| {
            if several {
                format!("y{position}")
            } else {
                "y".to_owned()
            }
        })
    }

    /// The cells of one feature.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> {
        self.values
            .iter()
            .skip(column)
            .step_by(self.columns.max(1))
            .copied()
    }

    /// Features, then targets, as a table.
    ///
    /// # Errors
    /// [`TableError::Infinite`] when parameters were so large that a number overflowed.
    pub fn table(&self) -> Result<Table, TableError> {
        let features = self
            .feature_names()
            .enumerate()
            .map(|(position, name)| Column::numeric(name, self.column(position).collect()));
        let targets = self.target_names().enumerate().map(|(position, name)| {
            let values = self.target.iter().skip(position).step_by(self.targets);
            Column::numeric(name, values.copied().collect())
        });
        Table::new("synthetic", features.chain(targets).collect())
    }

    /// Writes the table, and hands the writer back; in CSV every number in the shortest form that
    /// reads back as the same number.
    ///
    /// # Errors
    /// Those of [`TableWriter`].
    pub fn write<W: Write + Send>(&self, writer: W, format: OutputFormat) -> Result<W, WriteError> {
        let names: Vec<_> = self.feature_names().chain(self.target_names()).collect();
        let columns: Vec<_> = names
            .iter()
            .map(|name| (name.clone(), Kind::Numeric))
            .collect();
        let mut writer = TableWriter::new(writer, format, &columns)?;
        for first in (0..self.rows).step_by(ROWS) {
            let rows = first..self.rows.min(first + ROWS);
            let cells = |values: &[f64], width: usize, position: usize| -> Vec<f64> {
                rows.clone()
                    .map(|row| values[row * width + position])
                    .collect()
            };
            let features =
                (0..self.columns).map(|position| cells(&self.values, self.columns, position));
            let targets =
                (0..self.targets).map(|position| cells(&self.target, self.targets, position));
            let columns: Vec<Column> = names
                .iter()
                .zip(features.chain(targets))
                .map(|(name, cells)| Column::numeric(name, cells))
                .collect();
            writer.write(&columns)?;
        }
        writer.finish()
    }
}

/// Brings the features into another order.
fn reorder(synthetic: &mut Synthetic, order: &[usize]) {
    let columns = synthetic.columns;
    let mut old = vec![0.0; columns];
    for row in synthetic.values.chunks_exact_mut(columns) {
        old.copy_from_slice(row);
        for (value, &source) in row.iter_mut().zip(order) {
            *value = old[source];
        }
    }
    let mut position = vec![0; columns];
    for (new, &source) in order.iter().enumerate() {
        position[source] = new;
    }
    let moved = |provenance| match provenance {
        Provenance::Repeated { of } => Provenance::Repeated { of: position[of] },
        other => other,
    };
    synthetic.provenance = order
        .iter()
        .map(|&source| moved(synthetic.provenance[source]))
        .collect();
    if !synthetic.coefficients.is_empty() {
        let targets = synthetic.targets;
        let rows = |&source: &usize| {
            synthetic.coefficients[source * targets..(source + 1) * targets].to_vec()
        };
        synthetic.coefficients = order.iter().flat_map(rows).collect();
    }
}

/// Brings the rows into another order.
fn reorder_rows(synthetic: &mut Synthetic, order: &[usize]) {
    let rows = |values: &[f64], width: usize| -> Vec<f64> {
        order
            .iter()
            .flat_map(|&row| values[row * width..(row + 1) * width].iter().copied())
            .collect()
    };
    synthetic.values = rows(&synthetic.values, synthetic.columns);
    synthetic.target = rows(&synthetic.target, synthetic.targets);
}

#[cfg(test)]
mod tests;
