//! Applying a fitted pipeline: cells to the numbers of a design matrix.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::dense::Overflow;
use super::term::Rows;
use super::{Feature, MISSING_LEVEL, MissingPolicy, Pipeline, PipelineError};
use crate::design::{DesignMatrix, Element};
use crate::schema::ColumnSchema;
use crate::table::Table;

/// What is unusual about a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RowFlags {
    /// A category has a level, or lacks one, as in no training row. It is scored as one of the
    /// [`OTHER_LEVEL`](super::OTHER_LEVEL) where the training rows have them, as that is what rare
    /// levels are; otherwise all its dummies are 0, as for the reference level.
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
    /// The level that no training row had, of a date with its part, `month=3`; `None` when the cell
    /// is missing.
    pub level: Option<String>,
}

/// Rows that one thread encodes at a time.
const BLOCK: usize = 1024;

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
        let encoder = self.dense_encoder(table)?;
        let columns = encoder.columns();
        let mut values = self.zeros::<T>(rows.len())?;
        let mut flags = vec![RowFlags::default(); rows.len()];
        let outcomes: Vec<Result<(), Overflow>> = values
            .par_chunks_mut(BLOCK * columns)
            .zip(flags.par_chunks_mut(BLOCK))
            .zip(rows.par_chunks(BLOCK))
            .map(|((values, flags), rows)| encoder.encode(rows, values, Some(flags)))
            .collect();
        if let Some(overflow) = outcomes.into_iter().find_map(Result::err) {
            return Err(overflow.error::<T>(table));
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
            // The last of those that are equally wide.
            let sources = self.columns.iter().rev();
            let widest = sources.max_by_key(|column| counts[&*column.source]);
            let interaction = widest.is_some_and(|column| column.factors.is_some());
            let widest = widest
                .map(|column| column.source.clone())
                .unwrap_or_default();
            return Err(PipelineError::OutOfMemory {
                rows,
                columns,
                widest,
                interaction,
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
        for (feature, term) in self.features.iter().zip(self.terms(table)?) {
            let mut flags = [RowFlags::default()];
            term.write(Rows::new(&[row]), &mut Vec::new(), &mut flags);
            let [flags] = flags;
            let parts = term.unseen_parts(row);
            if flags.missing || (flags.unseen && parts.is_empty()) {
                let cell = table.column(&feature.name);
                unusual.push(UnusualCell {
                    column: feature.name.clone(),
                    level: cell.and_then(|column| column.cell(row)),
                });
            }
            unusual.extend(parts.into_iter().map(|part| UnusualCell {
                column: feature.name.clone(),
                level: Some(part),
            }));
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
                path: table.file(row).to_owned(),
                line: table.line(row),
                column: column.clone(),
                level: level.clone().unwrap_or_else(|| MISSING_LEVEL.to_owned()),
            }),
            None => Ok(()),
        }
    }

    /// The features as a schema.
    pub(super) fn schema(&self) -> crate::schema::Schema {
        let role = crate::schema::Role::Feature;
        let column = |feature: &Feature| ColumnSchema::new(&*feature.name, feature.kind, role);
        crate::schema::Schema {
            columns: self.features.iter().map(column).collect(),
        }
    }
}
