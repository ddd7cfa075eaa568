//! The names in the first row.

use std::collections::HashMap;
use std::io::Read;

use super::ReadError;
use super::csv::{Record, Records};
use crate::schema::Mention;
use crate::suggestion::nearest;

/// The names of the columns, without blanks around them, in file order.
#[derive(Debug)]
pub(super) struct Header {
    path: String,
    pub(super) names: Vec<String>,
    positions: HashMap<String, usize>,
}

impl Header {
    /// Reads the first record and checks that every column has a name of its own.
    pub(super) fn read<R: Read>(
        records: &mut Records<R>,
        record: &mut Record,
    ) -> Result<Self, ReadError> {
        let path = records.path().to_owned();
        if !records.next(record)? || (record.len() == 1 && record.cell(0).is_empty()) {
            return Err(ReadError::Empty { path });
        }
        let names: Vec<String> = (0..record.len())
            .map(|position| record.text(position).trim().to_owned())
            .collect();
        let mut positions = HashMap::with_capacity(names.len());
        for (position, name) in names.iter().enumerate() {
            let line = record.cell_line(position);
            if name.is_empty() {
                return Err(ReadError::EmptyName {
                    path,
                    line,
                    position: position + 1,
                });
            }
            if let Some(first) = positions.insert(name.clone(), position) {
                return Err(ReadError::DuplicateName {
                    path,
                    line,
                    column: name.clone(),
                    first: first + 1,
                    second: position + 1,
                });
            }
        }
        Ok(Self {
            path,
            names,
            positions,
        })
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

    /// Checks that a row has as many cells as the header.
    pub(super) fn check(&self, record: &Record) -> Result<(), ReadError> {
        if record.len() == self.names.len() {
            return Ok(());
        }
        Err(ReadError::Ragged {
            path: self.path.clone(),
            line: record.line(),
            expected: self.names.len(),
            found: record.len(),
        })
    }

    fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.names.iter().map(String::as_str)).map(str::to_owned)
    }
}
