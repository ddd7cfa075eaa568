//! Which rows are held out together.

use std::collections::HashMap;

use dataset::split::folds::Fold;
use dataset::{Cells, MISSING, PreparedRows, folds, grouped_folds, ordered_folds};

use super::SearchError;
use crate::config::Hyperparameters;
use crate::error::FitError;
use crate::prepare::Source;

/// How rows are held out.
#[derive(Debug, Clone)]
pub struct FoldOptions {
    /// How many folds.
    pub count: usize,
    /// A column: rows with the same cell are held out together.
    pub group: Option<String>,
    /// A column: no fold is fitted on rows that are later than those held out.
    pub time: Option<String>,
}

impl FoldOptions {
    /// The option and the column that rows are grouped or ordered by.
    pub(super) fn column(&self) -> Option<(&'static str, &str)> {
        let group = self.group.as_deref().map(|name| ("--group", name));
        group.or_else(|| self.time.as_deref().map(|name| ("--time", name)))
    }

    /// Refuses to hold rows out twice in ways that contradict each other.
    pub(super) fn check(&self, settings: &Hyperparameters) -> Result<(), SearchError> {
        let Some((option, _)) = self.column() else {
            return Ok(());
        };
        if settings.test == 0.0 {
            return Ok(());
        }
        Err(SearchError::RandomTest {
            test: settings.test,
            option,
            reason: if self.group.is_some() {
                "have others of their group among the rows to fit on"
            } else {
                "are older than some rows to fit on"
            },
        })
    }
}

/// The folds of any of the table's rows.
pub(super) struct FoldPlan {
    seed: u64,
    keys: Keys,
}

/// What rows are grouped or ordered by: one for each row of the table.
enum Keys {
    None { strata: bool },
    Groups { column: String, codes: Vec<u32> },
    Times { column: String, times: Vec<f64> },
}

impl FoldPlan {
    pub(super) fn new(
        options: &FoldOptions,
        seed: u64,
        source: &Source,
        rows: &PreparedRows,
    ) -> Result<Self, FitError> {
        let strata = rows.target.codes().is_some();
        let Some((option, name)) = options.column() else {
            let keys = Keys::None { strata };
            return Ok(Self { seed, keys });
        };
        let table = source.table.load(&[name])?;
        let Some(column) = table.column(name) else {
            return Err(SearchError::NoColumn {
                option,
                name: name.to_owned(),
                nearest: None,
                columns: source
                    .schema
                    .columns
                    .iter()
                    .map(|one| one.name.clone())
                    .collect(),
            }
            .into());
        };
        if let Some(&row) = rows.rows.iter().find(|&&row| column.cells.is_missing(row)) {
            return Err(SearchError::NoCell {
                path: source.table.file(row).to_owned(),
                line: source.table.line(row),
                column: name.to_owned(),
                option,
            }
            .into());
        }
        let column = name.to_owned();
        let cells = table.column(&column).map(|column| &column.cells);
        let keys = match (cells, options.group.is_some()) {
            (Some(Cells::Text { codes, .. }), true) => Keys::Groups {
                column,
                codes: codes.clone(),
            },
            (Some(Cells::Numeric(values)), true) => Keys::Groups {
                column,
                codes: numbered(values),
            },
            (Some(Cells::Numeric(values)), false) => Keys::Times {
                column,
                times: values.clone(),
            },
            _ => return Err(SearchError::NotATime { column }.into()),
        };
        Ok(Self { seed, keys })
    }

    /// Folds of some rows; positions are those in `rows`.
    pub(super) fn folds(&self, rows: &PreparedRows, count: usize) -> Result<Vec<Fold>, FitError> {
        let strata = rows.target.codes();
        Ok(match &self.keys {
            Keys::None { .. } => folds(rows.rows.len(), strata.as_deref(), count, self.seed)?,
            Keys::Groups { codes, .. } => {
                let groups: Vec<u32> = rows.rows.iter().map(|&row| codes[row]).collect();
                grouped_folds(&groups, strata.as_deref(), count, self.seed)?
            }
            Keys::Times { times, .. } => {
                let times: Vec<f64> = rows.rows.iter().map(|&row| times[row]).collect();
                ordered_folds(&times, count)?
            }
        })
    }

    /// The kind of folds, in a word.
    pub(super) fn kind(&self) -> &'static str {
        match self.keys {
            Keys::None { strata: true } => "stratified",
            Keys::None { strata: false } => "random",
            Keys::Groups { .. } => "grouped",
            Keys::Times { .. } => "ordered",
        }
    }

    /// The column that rows are grouped or ordered by.
    pub(super) fn column(&self) -> Option<String> {
        match &self.keys {
            Keys::None { .. } => None,
            Keys::Groups { column, .. } | Keys::Times { column, .. } => Some(column.clone()),
        }
    }
}

/// Codes for numbers, in the order in which they first appear.
fn numbered(values: &[f64]) -> Vec<u32> {
    let mut known = HashMap::new();
    values
        .iter()
        .map(|value| {
            let next = u32::try_from(known.len()).unwrap_or(MISSING);
            // -0 is 0
            *known.entry((value + 0.0).to_bits()).or_insert(next)
        })
        .collect()
}
