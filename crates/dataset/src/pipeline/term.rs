//! The one interface between a fitted pipeline and whoever lays rows out.

use std::collections::HashMap;
use std::fmt::Debug;

use super::categorical::LevelTerm;
use super::numeric::{NumberTerm, Plain};
use super::{DesignColumn, Encoding, Feature, Pipeline, PipelineError, RowFlags, cells};
use crate::table::{Cells, Table};

/// A number of the design matrix before it is standardised: that of a design column in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry {
    /// The position among the rows asked for.
    pub(crate) row: usize,
    /// The design column.
    pub(crate) column: usize,
    /// The number: of the cell, or 1 for a dummy.
    pub(crate) value: f64,
}

/// A part of the fitted pipeline over the cells of one table: what a feature becomes.
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
    fn write(&self, rows: &[usize], entries: &mut Vec<Entry>, flags: &mut [RowFlags]);

    /// Cells that are the numbers of one column as they stand, unless they are missing: these can
    /// be had without [`write`](Self::write).
    fn plain(&self) -> Option<Plain<'_>> {
        None
    }
}

/// A term of any kind.
pub(crate) type AnyTerm<'a> = Box<dyn Term + 'a>;

impl Pipeline {
    /// What this pipeline writes for the rows of a table: a term for each feature, in their order.
    ///
    /// # Errors
    /// [`PipelineError::AbsentColumn`], [`PipelineError::Kind`]; [`PipelineError::Inconsistent`]
    /// where [`validate`](Self::validate) fails.
    pub(crate) fn terms<'a>(&'a self, table: &'a Table) -> Result<Vec<AnyTerm<'a>>, PipelineError> {
        let mut design: HashMap<&str, Vec<(usize, &DesignColumn)>> = HashMap::new();
        for (position, column) in self.columns.iter().enumerate() {
            let own = design.entry(&column.source).or_default();
            own.push((position, column));
        }
        self.features
            .iter()
            .map(|feature| {
                let columns = design.remove(feature.name.as_str()).unwrap_or_default();
                term(feature, &columns, table)
            })
            .collect()
    }
}

/// What a feature writes into these design columns, which are its own.
fn term<'a>(
    feature: &'a Feature,
    columns: &[(usize, &'a DesignColumn)],
    table: &'a Table,
) -> Result<AnyTerm<'a>, PipelineError> {
    match (
        cells(table, &feature.name, feature.kind)?,
        &feature.encoding,
    ) {
        (Cells::Numeric(cells), Encoding::Numeric { median, .. }) => {
            Ok(Box::new(NumberTerm::new(cells, *median, columns)))
        }
        (Cells::Text { codes, levels }, Encoding::Categorical { levels: known }) => {
            Ok(Box::new(LevelTerm::new(codes, levels, known, columns)))
        }
        _ => Err(PipelineError::Inconsistent {
            column: feature.name.clone(),
        }),
    }
}
