//! Rows to score from a file of columns.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef};
use rayon::prelude::*;

use super::array::{self, Texts};
use super::{ColumnFile, Group, Groups};
use crate::notation::Notation;
use crate::read::column::{Looked, Part, Task, lower};
use crate::read::csv::MissingCells;
use crate::read::header::Header;
use crate::read::{Batch, BatchOptions, ReadError, conversion};
use crate::schema::{Kind, Mention};
use crate::table::{Cells, Column, Lines, MISSING, SparseCells, Table};

/// The rows of a file of columns, group after group.
pub(in crate::read) struct Scored {
    file: ColumnFile,
    groups: Groups,
    /// The columns that are read, in file order.
    wanted: Vec<usize>,
    /// For each column of a batch its position among the wanted.
    needed: Vec<(usize, String, Kind)>,
    notations: BTreeMap<String, Notation>,
    kept: Vec<usize>,
    /// The cells of the wanted columns in the rows that are handed out, array after array.
    arrays: Vec<Vec<ArrayRef>>,
    /// The lengths of the arrays, which are the same for every column.
    lengths: Vec<usize>,
    /// Rows of the first array that were handed out.
    taken: usize,
    /// The line of the first row that was not.
    line: u64,
    na: MissingCells,
    rows_per_batch: usize,
}

impl Scored {
    /// Finds the columns by their names.
    pub(in crate::read) fn new(
        file: ColumnFile,
        na: MissingCells,
        options: &BatchOptions,
    ) -> Result<Self, ReadError> {
        let header = file.header();
        let mut needed = Vec::new();
        for (name, kind) in &options.columns {
            needed.push((header.needed(name)?, name.clone(), *kind));
        }
        let mut kept = Vec::new();
        for name in &options.keep {
            kept.push(header.position(name, Mention::Keep)?);
        }
        let all = needed
            .iter()
            .map(|(column, ..)| *column)
            .chain(kept.iter().copied());
        let mut wanted: Vec<usize> = all.collect();
        wanted.sort_unstable();
        wanted.dedup();
        for &column in &wanted {
            file.readable(column)?;
        }
        // Every column that is looked for is among the wanted.
        let place = |column: usize| wanted.partition_point(|&other| other < column);
        for (column, ..) in &mut needed {
            *column = place(*column);
        }
        for column in &mut kept {
            *column = place(*column);
        }
        Ok(Self {
            groups: file.groups(&wanted)?,
            file,
            wanted,
            needed,
            notations: options.notations.clone(),
            kept,
            arrays: Vec::new(),
            lengths: Vec::new(),
            taken: 0,
            line: 1,
            na,
            rows_per_batch: options.rows_per_batch.max(1),
        })
    }

    pub(in crate::read) fn header(&self) -> &Header {
        self.file.header()
    }

    /// The next rows, `None` at the end of the file.
    pub(in crate::read) fn next(&mut self) -> Result<Option<Batch>, ReadError> {
        while self.left() == 0 {
            self.taken = 0;
            if self.lengths.len() > 1 {
                self.lengths.remove(0);
                for arrays in &mut self.arrays {
                    arrays.remove(0);
                }
            } else if let Some(group) = self.file.next(&mut self.groups)? {
                self.arrays = self.read_group(&group)?;
                self.lengths = super::lengths(&group);
            } else {
                return Ok(None);
            }
        }
        let rows = self.left().min(self.rows_per_batch);
        let cells: Vec<ArrayRef> = self
            .arrays
            .iter()
            .map(|arrays| arrays[0].slice(self.taken, rows))
            .collect();
        let batch = self.batch(&cells, rows)?;
        self.taken += rows;
        self.line += rows as u64;
        Ok(Some(batch))
    }

    /// Rows of the first array that are still to be handed out.
    fn left(&self) -> usize {
        self.lengths.first().map_or(0, |rows| rows - self.taken)
    }

    fn read_group(&self, group: &Group) -> Result<Vec<Vec<ArrayRef>>, ReadError> {
        let (file, wanted) = (&self.file, &self.wanted);
        let chunks: Vec<_> = (0..wanted.len())
            .into_par_iter()
            .map(|own| file.chunk(group, own, wanted[own]))
            .collect();
        chunks.into_iter().collect()
    }

    fn batch(&self, cells: &[ArrayRef], rows: usize) -> Result<Batch, ReadError> {
        let mut columns = Vec::with_capacity(self.needed.len());
        for (own, name, kind) in &self.needed {
            // Numbers and dates in a notation come as text; dates without one are stored as numbers.
            let notation = self.notations.get(name).copied();
            let kind = match (kind, notation) {
                (Kind::Numeric | Kind::Date, Some(_)) => Kind::Categorical,
                (Kind::Date, None) => Kind::Numeric,
                (kind, _) => *kind,
            };
            let task = Task {
                kind: Some(kind),
                keep: true,
                dates: false,
                known: None,
            };
            let (looked, part) = array::read(cells[*own].clone(), self.line, task, &self.na)
                .map_err(|fault| self.file.fault(&fault, self.line, self.wanted[*own]))?;
            self.refuse(name, kind, looked)?;
            let cells = match (part, kind) {
                (Part::Numbers(values), _) => Cells::Numeric(values),
                (Part::Sparse { len, rows, values }, _) => {
                    Cells::Sparse(SparseCells::read(len, rows, values))
                }
                (Part::Missing(rows), Kind::Numeric) => Cells::Numeric(vec![f64::NAN; rows]),
                (Part::Missing(rows), _) => Cells::Text {
                    codes: vec![MISSING; rows],
                    levels: Vec::new(),
                },
                (
                    Part::Text {
                        mut codes, levels, ..
                    },
                    Kind::Boolean,
                ) => Cells::Text {
                    levels: lower(&mut codes, levels),
                    codes,
                },
                (Part::Text { codes, levels, .. }, _) => Cells::Text { codes, levels },
            };
            let cells = match (cells, notation) {
                (Cells::Text { codes, levels }, Some(notation)) => {
                    let place = |row| (self.file.path.clone(), self.line + row as u64);
                    conversion::read_in(notation, &codes, &levels, name, place)?
                }
                (cells, _) => cells,
            };
            let name = name.clone();
            columns.push(Column { name, cells });
        }
        let mut kept = vec![Vec::with_capacity(self.kept.len()); rows];
        for &own in &self.kept {
            let texts = Texts::new(&cells[own], self.line)
                .map_err(|fault| self.file.fault(&fault, self.line, self.wanted[own]))?;
            for (row, kept) in kept.iter_mut().enumerate() {
                let cell = texts.cell(row).unwrap_or_default();
                kept.push(String::from_utf8_lossy(cell).into_owned());
            }
        }
        let lines = Lines::consecutive(self.line, rows);
        let table = Table::read(self.file.path.clone(), columns, lines);
        Ok(Batch { table, kept })
    }

    /// The error for the first cell that does not fit a column of numbers.
    fn refuse(&self, name: &str, kind: Kind, looked: Looked) -> Result<(), ReadError> {
        if kind != Kind::Numeric {
            return Ok(());
        }
        let (path, column) = (self.file.path.clone(), name.to_owned());
        match (looked.first_word, looked.first_not_finite) {
            (Some((line, value)), other) if other.as_ref().is_none_or(|other| line < other.0) => {
                Err(ReadError::NotANumber {
                    path,
                    line,
                    column,
                    value,
                    numeric_cells: 0,
                    cells: 0,
                })
            }
            (_, Some((line, value))) => Err(ReadError::NotFinite {
                path,
                line,
                column,
                value,
            }),
            _ => Ok(()),
        }
    }
}
