//! The names in the first row.

use std::collections::HashMap;

use super::ReadError;
use super::grid::Grid;
use crate::schema::Mention;
use crate::suggestion::nearest;

/// The names of the columns, without blanks around them, in file order.
#[derive(Debug, Clone)]
pub(super) struct Header {
    path: String,
    pub(super) names: Vec<String>,
    positions: HashMap<String, usize>,
}

impl Header {
    /// The names in the one row of a grid; every column has a name of its own.
    pub(super) fn of_cells(path: &str, grid: &Grid) -> Result<Self, ReadError> {
        if grid.rows() == 0 || (grid.columns == 1 && grid.cell(0, 0) == Some(b"")) {
            let path = path.to_owned();
            return Err(ReadError::Empty { path });
        }
        let names: Vec<String> = (0..grid.columns)
            .map(|position| grid.text(0, position).trim().to_owned())
            .collect();
        Self::unique(path, names, |position| grid.line(0, position))
    }

    /// The names of a file that says them apart from its rows; every column has a name of its own.
    #[cfg(feature = "parquet")]
    pub(super) fn distinct(path: &str, names: Vec<String>) -> Result<Self, ReadError> {
        Self::unique(path, names, |_| 1)
    }

    fn unique(
        path: &str,
        names: Vec<String>,
        line: impl Fn(usize) -> u64,
    ) -> Result<Self, ReadError> {
        let mut positions = HashMap::with_capacity(names.len());
        for (position, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(ReadError::EmptyName {
                    path: path.to_owned(),
                    line: line(position),
                    position: position + 1,
                });
            }
            if let Some(first) = positions.insert(name.clone(), position) {
                return Err(ReadError::DuplicateName {
                    path: path.to_owned(),
                    line: line(position),
                    column: name.clone(),
                    first: first + 1,
                    second: position + 1,
                });
            }
        }
        let path = path.to_owned();
        Ok(Self {
            path,
            names,
            positions,
        })
    }

    /// Names that a file has; of two equal ones the first counts.
    pub(super) fn of_names(path: &str, names: Vec<String>) -> Self {
        let mut positions = HashMap::with_capacity(names.len());
        for (position, name) in names.iter().enumerate() {
            positions.entry(name.clone()).or_insert(position);
        }
        let path = path.to_owned();
        Self {
            path,
            names,
            positions,
        }
    }

    /// The column of a name, if there is one.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// The column of a name that a person gave.
    pub(super) fn position(&self, name: &str, mention: Mention) -> Result<usize, ReadError> {
        self.positions
            .get(name)
            .copied()
            .ok_or_else(|| ReadError::UnknownColumn {
                path: self.path.clone(),
                name: name.to_owned(),
                mention,
                nearest: self.nearest(name),
                columns: self.names.clone(),
            })
    }

    /// The column of a name that a model needs.
    pub(super) fn needed(&self, name: &str) -> Result<usize, ReadError> {
        self.positions
            .get(name)
            .copied()
            .ok_or_else(|| ReadError::MissingColumn {
                path: self.path.clone(),
                name: name.to_owned(),
                nearest: self.nearest(name),
            })
    }

    fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.names.iter().map(String::as_str)).map(str::to_owned)
    }
}
