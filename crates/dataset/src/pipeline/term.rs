//! The one interface between a fitted pipeline and whoever lays rows out.

use std::collections::HashMap;
use std::fmt::Debug;

use super::bins::BinTerm;
use super::categorical::{self, LevelTerm};
use super::dates::DateTerm;
use super::numeric::{NumberTerm, Numbers, Plain};
use super::{
    Basis, DesignColumn, Encoding, Feature, Pipeline, PipelineError, RowFlags, cells, hashing,
};
use crate::table::{Cells, SparseCells, Table};

/// A number of the design matrix before it is standardised: that of a design column in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry {
    /// The position among the rows asked for.
    pub(crate) row: usize,
    /// The design column.
    pub(crate) column: usize,
    /// The number, which is not 0; 1 for a dummy.
    pub(crate) value: f64,
}

/// Rows of a table that terms are asked for, and their order: found out once for all terms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'r> {
    rows: &'r [usize],
    order: Order,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Consecutive,
    Ascending,
    Any,
}

impl<'r> Rows<'r> {
    pub(crate) fn new(rows: &'r [usize]) -> Self {
        let order = if rows.windows(2).all(|pair| pair[0] + 1 == pair[1]) {
            Order::Consecutive
        } else if rows.windows(2).all(|pair| pair[0] < pair[1]) {
            Order::Ascending
        } else {
            Order::Any
        };
        Self { rows, order }
    }

    /// The rows, in the order asked for.
    pub(crate) fn iter(&self) -> std::slice::Iter<'r, usize> {
        self.rows.iter()
    }

    /// The row of the table at a position.
    pub(crate) fn get(&self, position: usize) -> usize {
        self.rows[position]
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The first of rows that stand one below the other in the table.
    pub(crate) fn consecutive(&self) -> Option<usize> {
        let first = self.rows.first().copied();
        first.filter(|_| self.order == Order::Consecutive)
    }

    /// Calls `each` with the position among these rows and the number of every cell that is stored,
    /// rows in the order asked for.
    pub(crate) fn stored(&self, cells: &SparseCells, mut each: impl FnMut(usize, f64)) {
        let (Some(&first), Some(&last)) = (self.rows.first(), self.rows.last()) else {
            return;
        };
        if self.order == Order::Any {
            for (position, &row) in self.rows.iter().enumerate() {
                let value = cells.get(row);
                if value != 0.0 {
                    each(position, value);
                }
            }
            return;
        }
        let begin = cells.rows().partition_point(|&row| (row as usize) < first);
        for (&row, &value) in cells.rows()[begin..].iter().zip(&cells.values()[begin..]) {
            let row = row as usize;
            if row > last {
                break;
            }
            let position = match self.order {
                Order::Consecutive => Some(row - first),
                _ => self.rows.binary_search(&row).ok(),
            };
            if let Some(position) = position {
                each(position, value);
            }
        }
    }
}

/// A part of the fitted pipeline over the cells of one table: what a feature, or an
/// interaction of two, becomes.
///
/// Every design column belongs to exactly one term. Whoever lays rows out asks each term for its
/// entries, knows that all other cells of its columns are 0 before they are standardised, and
/// standardises with the mean and the scale of the [`DesignColumn`].
pub(crate) trait Term: Debug + Send + Sync {
    /// The design columns that it writes, in ascending order.
    fn columns(&self) -> &[usize];

    /// Appends what the rows of the table have in these columns and is not 0, row after row in the
    /// order given, each column at most once in a row. `flags` has one place for each row, or none
    /// at all; what is unusual is added to it.
    fn write(&self, rows: Rows<'_>, entries: &mut Vec<Entry>, flags: &mut [RowFlags]);

    /// What no training row had in a row of the table, where that is less than the whole cell: the
    /// levels of the parts of a date.
    fn unseen_parts(&self, _row: usize) -> Vec<String> {
        Vec::new()
    }

    /// The cells behind [`write`](Self::write), where they are the numbers of one column as they
    /// stand and at most whether they are missing is in another: for those who lay out many at once.
    fn plain(&self) -> Option<Plain<'_>> {
        None
    }
}

/// A term of any kind.
pub(crate) type AnyTerm<'a> = Box<dyn Term + 'a>;

impl Pipeline {
    /// What this pipeline writes for the rows of a table: a term for each feature, in their order,
    /// and then one for each interaction.
    ///
    /// # Errors
    /// [`PipelineError::AbsentColumn`], [`PipelineError::Kind`]; [`PipelineError::Inconsistent`]
    /// where [`validate`](Self::validate) fails.
    pub(crate) fn terms<'a>(&'a self, table: &'a Table) -> Result<Vec<AnyTerm<'a>>, PipelineError> {
        let mut design: HashMap<&str, Vec<(usize, &DesignColumn)>> = HashMap::new();
        for (position, column) in self.columns.iter().enumerate() {
            if column.factors.is_none() {
                let own = design.entry(&column.source).or_default();
                own.push((position, column));
            }
        }
        let mut terms = Vec::with_capacity(self.features.len());
        for feature in &self.features {
            let columns = design.remove(feature.name.as_str()).unwrap_or_default();
            terms.push(term(feature, &columns, table, false)?);
        }
        terms.extend(self.product_terms(table)?);
        Ok(terms)
    }
}

/// What a feature writes into these design columns, which are its own; `shifted` as the factor of a
/// product.
pub(super) fn term<'a>(
    feature: &'a Feature,
    columns: &[(usize, &'a DesignColumn)],
    table: &'a Table,
    shifted: bool,
) -> Result<AnyTerm<'a>, PipelineError> {
    let inconsistent = || PipelineError::Inconsistent {
        column: feature.name.clone(),
    };
    let cells = cells(table, &feature.name, feature.kind)?;
    match (cells, &feature.encoding) {
        (
            Cells::Numeric(_) | Cells::Sparse(_),
            Encoding::Numeric {
                median,
                basis: Basis::Bins(bins),
                ..
            },
        ) => {
            let cells = cells.numbers().ok_or_else(inconsistent)?;
            Ok(Box::new(BinTerm::new(cells, bins, *median, columns)))
        }
        (Cells::Sparse(cells), Encoding::Numeric { median, basis, .. }) => {
            let numbers = if shifted || !basis.is_identity() {
                Numbers::Dense(cells.to_dense().into())
            } else {
                Numbers::Sparse(cells)
            };
            Ok(Box::new(NumberTerm::new(
                numbers, basis, *median, columns, shifted,
            )))
        }
        (Cells::Numeric(cells), Encoding::Numeric { median, basis, .. }) => {
            let numbers = Numbers::Dense(cells.into());
            Ok(Box::new(NumberTerm::new(
                numbers, basis, *median, columns, shifted,
            )))
        }
        (
            Cells::Text {
                codes,
                levels: texts,
            },
            Encoding::Categorical { levels, grouped },
        ) => {
            let places = categorical::places(texts, levels, grouped.as_ref(), columns);
            Ok(Box::new(LevelTerm::new(codes, places, columns)))
        }
        (
            Cells::Text {
                codes,
                levels: texts,
            },
            Encoding::Hashed {
                bits, reference, ..
            },
        ) => {
            let places = hashing::places(texts, *bits, *reference, columns);
            Ok(Box::new(LevelTerm::new(codes, places, columns)))
        }
        (Cells::Numeric(_) | Cells::Sparse(_), Encoding::Date { fill, parts, .. }) => {
            let cells = cells.numbers().ok_or_else(inconsistent)?;
            let term = DateTerm::new(cells, *fill, parts, columns, shifted);
            term.map_or_else(
                || Err(inconsistent()),
                |term| Ok(Box::new(term) as AnyTerm<'a>),
            )
        }
        _ => Err(inconsistent()),
    }
}
