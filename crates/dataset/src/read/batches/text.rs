//! Rows to score from text.

use std::collections::BTreeMap;
use std::io::Read;

use super::{Batch, BatchOptions};
use crate::notation::Notation;
use crate::read::blocks::{Blocks, Rows};
use crate::read::builder::{Builder, Refusal};
use crate::read::csv::MissingCells;
use crate::read::grid::Grid;
use crate::read::header::Header;
use crate::read::{Format, ReadError};
use crate::schema::{Kind, Mention};
use crate::table::{Column, Lines, Table};

/// The rows of a text.
pub(super) struct TextRows<R> {
    blocks: Blocks<R>,
    header: Header,
    /// The block that rows are taken from, and how many were.
    grid: Grid,
    taken: usize,
    /// What is wrong behind the last row of the block.
    failure: Option<ReadError>,
    /// For each column of the batch its position in the block, if the block has it.
    needed: Vec<(Option<usize>, String, Kind)>,
    /// The columns that no block has had so far, each with the option that mentions it; none for
    /// those that the model needs.
    missing: Vec<(String, Option<Mention>)>,
    notations: BTreeMap<String, Notation>,
    kept: Vec<(Option<usize>, String)>,
    na: MissingCells,
    rows_per_batch: usize,
}

impl<R: Read> TextRows<R> {
    /// Finds the columns by their names.
    pub(super) fn new(
        blocks: Blocks<R>,
        na: MissingCells,
        options: &BatchOptions,
    ) -> Result<Self, ReadError> {
        let name = blocks.path().to_owned();
        let header = blocks.header().cloned();
        let mut rows = Self {
            header: header.unwrap_or_else(|| Header::of_names(&name, Vec::new())),
            blocks,
            grid: Grid::default(),
            taken: 0,
            failure: None,
            needed: Vec::new(),
            missing: Vec::new(),
            notations: options.notations.clone(),
            kept: Vec::new(),
            na,
            rows_per_batch: options.rows_per_batch.max(1),
        };
        if rows.blocks.header().is_none() {
            // The first rows say which columns there are.
            rows.next_block()?;
            if let Some(names) = &rows.grid.names {
                rows.header = Header::of_names(&name, names.clone());
            }
            if rows.grid.rows() == 0 {
                let path = name;
                let failure = rows.failure.take();
                return Err(failure.unwrap_or(ReadError::Empty { path }));
            }
        }
        for (name, kind) in &options.columns {
            let position = rows.place(name, None)?;
            rows.needed.push((position, name.clone(), *kind));
        }
        for name in &options.keep {
            let position = rows.place(name, Some(Mention::Keep))?;
            rows.kept.push((position, name.clone()));
        }
        Ok(rows)
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// Where a column is that is needed or mentioned. In JSON lines it may be in a later row.
    fn place(&mut self, name: &str, mention: Option<Mention>) -> Result<Option<usize>, ReadError> {
        let found = self.header.find(name);
        if found.is_none() && self.blocks.format() == Format::JsonLines {
            self.missing.push((name.to_owned(), mention));
            return Ok(None);
        }
        match mention {
            None => self.header.needed(name).map(Some),
            Some(mention) => self.header.position(name, mention).map(Some),
        }
    }

    /// Fails on a column that no row has had.
    fn refuse_absent(&self) -> Result<(), ReadError> {
        let Some((name, mention)) = self.missing.first() else {
            return Ok(());
        };
        match mention {
            None => self.header.needed(name),
            Some(mention) => self.header.position(name, *mention),
        }
        .map(drop)
    }

    /// Takes the next block with a row; `false` at the end of the file.
    fn next_block(&mut self) -> Result<bool, ReadError> {
        loop {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let Some(block) = self.blocks.next()? else {
                return Ok(false);
            };
            let (rows, failure) = self.blocks.layout().cut(self.blocks.path(), block);
            self.failure = failure;
            self.taken = 0;
            self.grid = match rows {
                Rows::Cells(grid) => grid,
                Rows::Pairs(_) => Grid::default(),
            };
            if let Some(names) = &self.grid.names {
                let header = Header::of_names(self.blocks.path(), names.clone());
                let place = |name: &String| header.find(name);
                self.missing.retain(|(name, _)| place(name).is_none());
                for (position, name, _) in &mut self.needed {
                    *position = place(name);
                }
                for (position, name) in &mut self.kept {
                    *position = place(name);
                }
            }
            if self.grid.rows() > 0 {
                return Ok(true);
            }
        }
    }

    /// Appends rows of the block to the columns of a batch.
    fn push(&self, builders: &mut [Builder], rows: usize) -> Result<(), ReadError> {
        let mut first: Option<(usize, usize, Refusal)> = None;
        for (own, (builder, (position, ..))) in builders.iter_mut().zip(&self.needed).enumerate() {
            // A refusal further up counts before this one.
            let end = first.map_or(self.taken + rows, |(row, ..)| row);
            for row in self.taken..end {
                let cell = match position {
                    Some(position) => self.grid.cell(row, *position),
                    None => None,
                };
                let cell = cell.filter(|cell| !self.na.contains(cell));
                if let Err(refusal) = builder.push(cell) {
                    first = Some((row, own, refusal));
                    break;
                }
            }
        }
        let Some((row, own, refusal)) = first else {
            return Ok(());
        };
        let (position, name, _) = &self.needed[own];
        let position = position.unwrap_or_default();
        let cell = self.grid.cell(row, position).unwrap_or_default();
        let line = self.grid.line(row, position);
        Err(refusal.error(self.blocks.path(), line, name, cell))
    }

    /// The next rows, `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Batch>, ReadError> {
        let mut builders: Vec<_> = self
            .needed
            .iter()
            .map(|(_, name, kind)| Builder::new(*kind, self.notations.get(name).copied(), 0))
            .collect();
        let (mut kept, mut lines) = (Vec::new(), Lines::default());
        while lines.len() < self.rows_per_batch {
            if self.taken == self.grid.rows() && !self.next_block()? {
                self.refuse_absent()?;
                break;
            }
            let left = self.grid.rows() - self.taken;
            let rows = left.min(self.rows_per_batch - lines.len());
            self.push(&mut builders, rows)?;
            for row in self.taken..self.taken + rows {
                let raw = |(position, _): &(Option<usize>, String)| {
                    position.map_or_else(String::new, |position| {
                        self.grid.text(row, position).to_owned()
                    })
                };
                kept.push(self.kept.iter().map(raw).collect());
                lines.push(self.grid.lines.get(row));
            }
            self.taken += rows;
        }
        if lines.len() == 0 {
            return Ok(None);
        }
        let path = self.blocks.path().to_owned();
        let columns = builders
            .into_iter()
            .zip(&self.needed)
            .map(|(builder, (_, name, _))| Column {
                name: name.clone(),
                cells: builder.finish(),
            })
            .collect();
        let table = Table::read(path, columns, lines);
        Ok(Some(Batch { table, kept }))
    }
}
