//! The table, and which of its rows are for what.

use dataset::split::folds::Fold;
use dataset::{Input, PreparedRows, ReadError, Role, Split, split};

use super::fold_plan::{FoldOptions, FoldPlan};
use super::report::FoldsReport;
use super::trial::Tried;
use super::{SearchConfig, SearchError};
use crate::config::FitConfig;
use crate::error::FitError;
use crate::prepare::{self, Source};

/// Reads the table with the column that rows are grouped or ordered by.
pub(super) fn read(
    input: &Input,
    base: &FitConfig,
    folds: &FoldOptions,
) -> Result<Source, FitError> {
    let Some((option, name)) = folds.column() else {
        return prepare::read(input, base);
    };
    let mut config = base.clone();
    let schema = &mut config.schema;
    let named = [&schema.target, &schema.weight, &schema.offset];
    let has_a_role = named.iter().any(|one| one.as_deref() == Some(name));
    let left_out = !has_a_role
        && (schema.drop.iter().any(|one| one == name)
            || (schema.features.as_ref()).is_some_and(|list| !list.iter().any(|one| one == name)));
    let asked_for = schema.keep.iter().any(|one| one == name)
        || (schema.features.as_ref()).is_some_and(|list| list.iter().any(|one| one == name));
    if !has_a_role {
        schema.drop.retain(|one| one != name);
        schema.keep.push(name.to_owned());
        if let Some(features) = &mut schema.features
            && left_out
        {
            features.push(name.to_owned());
        }
    }
    let mut source = prepare::read(input, &config).map_err(|error| match error {
        FitError::Read(ReadError::UnknownColumn {
            name: unknown,
            nearest,
            columns,
            ..
        }) if unknown == name => SearchError::NoColumn {
            option,
            name: unknown,
            nearest,
            columns,
        }
        .into(),
        other => other,
    })?;
    // A group is known by its rows: as a feature it would say nothing of others.
    let is_group = folds.group.is_some() && !asked_for;
    if !has_a_role && (left_out || is_group) {
        for column in &mut source.schema.columns {
            if column.name == name {
                column.role = Role::Ignored;
            }
        }
    }
    Ok(source)
}

/// Which rows are for what.
pub(super) struct Division {
    /// All that can be used.
    pub(super) all: PreparedRows,
    /// Positions among them.
    pub(super) parts: Split,
    /// Those to search on.
    pub(super) rows: PreparedRows,
    pub(super) plan: FoldPlan,
    /// Positions among the rows to search on.
    pub(super) folds: Vec<Fold>,
    /// The same for a nested search; empty without one.
    pub(super) outer: Vec<Fold>,
}

impl Division {
    pub(super) fn new(source: &Source, config: &SearchConfig) -> Result<Self, FitError> {
        let base = &config.trials[0].fit;
        let settings = &base.hyperparameters;
        let all = prepare::rows(source, base)?;
        let strata = all.target.codes();
        let parts = split(
            all.rows.len(),
            strata.as_deref(),
            settings.validation,
            settings.test,
            settings.seed,
        )?;
        let mut searched: Vec<usize> = [&parts.train[..], &parts.validation].concat();
        searched.sort_unstable();
        let rows = all.select(&searched);
        let plan = FoldPlan::new(&config.folds, settings.seed, source, &rows)?;
        let folds = plan.folds(&rows, config.folds.count)?;
        let outer = match config.nested {
            Some(count) => plan.folds(&rows, count)?,
            None => Vec::new(),
        };
        Ok(Self {
            all,
            parts,
            rows,
            plan,
            folds,
            outer,
        })
    }

    pub(super) fn report(&self, tried: &[Tried]) -> FoldsReport {
        FoldsReport {
            kind: self.plan.kind(),
            column: self.plan.column(),
            sizes: self.folds.iter().map(|fold| fold.held_out.len()).collect(),
            unseen: tried.iter().map(|one| one.found.unseen).max().unwrap_or(0),
        }
    }
}
