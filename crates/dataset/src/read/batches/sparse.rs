//! Rows to score from svmlight, whose columns are as wide as the model and hold what is written.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;

use super::{Batch, BatchOptions};
use crate::notation::Notation;
use crate::read::ReadError;
use crate::read::blocks::{Blocks, Rows};
use crate::read::builder::{Builder, Refusal};
use crate::read::csv::MissingCells;
use crate::read::header::Header;
use crate::read::svmlight::{self, Pairs, ZERO};
use crate::schema::{Kind, Mention};
use crate::table::{Cells, Column, Lines, SparseCells, Table};

/// A part of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Label,
    Index(u32),
}

impl Place {
    fn of(name: &str) -> Option<Self> {
        if name == svmlight::LABEL {
            return Some(Self::Label);
        }
        svmlight::index(name).map(Self::Index)
    }
}

/// A column that the model needs.
struct Needed {
    name: String,
    kind: Kind,
    notation: Option<Notation>,
}

impl Needed {
    fn growing(&self, label: bool) -> Growing {
        if self.kind == Kind::Numeric && self.notation.is_none() && !label {
            return Growing::Sparse(Vec::new(), Vec::new());
        }
        Growing::Written(Builder::new(self.kind, self.notation, 0))
    }
}

/// Its cells so far.
enum Growing {
    /// The numbers that are not 0, with their rows.
    Sparse(Vec<u32>, Vec<f64>),
    /// What is read as text, the zeros up to now included.
    Written(Builder),
}

/// The rows of a text of svmlight.
pub(super) struct SparseRows<R> {
    blocks: Blocks<R>,
    header: Header,
    block: Pairs,
    taken: usize,
    /// What is wrong behind the last row of the block.
    failure: Option<ReadError>,
    needed: Vec<Needed>,
    label: Option<usize>,
    /// The needed column of an index.
    places: HashMap<u32, usize>,
    kept: Vec<Place>,
    /// Indices that no needed column has.
    others: BTreeSet<u32>,
    na: MissingCells,
    rows_per_batch: usize,
}

impl<R: Read> SparseRows<R> {
    /// Any index may be needed, wherever it is written.
    pub(super) fn new(
        blocks: Blocks<R>,
        na: MissingCells,
        options: &BatchOptions,
    ) -> Result<Self, ReadError> {
        let path = blocks.path().to_owned();
        let mut rows = Self {
            header: Header::of_names(&path, Vec::new()),
            blocks,
            block: Pairs::default(),
            taken: 0,
            failure: None,
            needed: Vec::new(),
            label: None,
            places: HashMap::new(),
            kept: Vec::new(),
            others: BTreeSet::new(),
            na,
            rows_per_batch: options.rows_per_batch.max(1),
        };
        if !rows.next_block()? {
            return Err(ReadError::Empty { path });
        }
        let indices = rows.block.indices().into_iter().map(svmlight::name);
        let names = [svmlight::LABEL.to_owned()].into_iter().chain(indices);
        rows.header = Header::of_names(&path, names.collect());
        for (own, (name, kind)) in options.columns.iter().enumerate() {
            match Place::of(name) {
                Some(Place::Label) => rows.label = Some(own),
                Some(Place::Index(index)) => {
                    rows.places.insert(index, own);
                }
                None => {
                    rows.header.needed(name)?;
                }
            }
            rows.needed.push(Needed {
                name: name.clone(),
                kind: *kind,
                notation: options.notations.get(name).copied(),
            });
        }
        for name in &options.keep {
            match Place::of(name) {
                Some(place) => rows.kept.push(place),
                None => {
                    rows.header.position(name, Mention::Keep)?;
                }
            }
        }
        Ok(rows)
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The columns so far that were not asked for.
    pub(super) fn others(&self) -> impl Iterator<Item = String> {
        let kept = |index: &u32| self.kept.contains(&Place::Index(*index));
        let others = self.others.iter().copied();
        others.filter(move |index| !kept(index)).map(svmlight::name)
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
            self.block = match rows {
                Rows::Pairs(pairs) => pairs,
                Rows::Cells(_) => Pairs::default(),
            };
            if self.block.rows() > 0 {
                return Ok(true);
            }
        }
    }

    /// The next rows, `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Batch>, ReadError> {
        let mut columns: Vec<Growing> = self
            .needed
            .iter()
            .enumerate()
            .map(|(own, needed)| needed.growing(self.label == Some(own)))
            .collect();
        let (mut kept, mut lines) = (Vec::new(), Lines::default());
        while lines.len() < self.rows_per_batch {
            if self.taken == self.block.rows() && !self.next_block()? {
                break;
            }
            let left = self.block.rows() - self.taken;
            let rows = left.min(self.rows_per_batch - lines.len());
            for row in self.taken..self.taken + rows {
                self.push(&mut columns, row, lines.len())?;
                kept.push(
                    self.kept
                        .iter()
                        .map(|&place| self.text(row, place))
                        .collect(),
                );
                lines.push(self.block.lines.get(row));
            }
            self.taken += rows;
        }
        if lines.len() == 0 {
            return Ok(None);
        }
        let rows = lines.len();
        let columns = columns.into_iter().zip(&self.needed);
        let columns: Result<Vec<Column>, ReadError> = columns
            .map(|(column, needed)| {
                let cells = match column {
                    Growing::Written(mut builder) => {
                        self.pad(&mut builder, rows, needed)?;
                        builder.finish()
                    }
                    Growing::Sparse(places, values) => {
                        let pays = SparseCells::pays(values.len(), rows);
                        let cells = SparseCells::read(rows, places, values);
                        if pays {
                            Cells::Sparse(cells)
                        } else {
                            Cells::Numeric(cells.to_dense())
                        }
                    }
                };
                let name = needed.name.clone();
                Ok(Column { name, cells })
            })
            .collect();
        let table = Table::read(self.blocks.path().to_owned(), columns?, lines);
        Ok(Some(Batch { table, kept }))
    }

    /// Appends a row of the block, which is that one of the batch.
    fn push(&mut self, columns: &mut [Growing], row: usize, place: usize) -> Result<(), ReadError> {
        if let Some(label) = self.label {
            self.write(
                &mut columns[label],
                label,
                row,
                place,
                self.block.label(row),
            )?;
        }
        for pair in self.block.row(row) {
            let Some(&own) = self.places.get(&pair.index) else {
                self.others.insert(pair.index);
                continue;
            };
            match &mut columns[own] {
                Growing::Sparse(rows, values) => {
                    let value = self.block.number(pair, &self.na);
                    if value != 0.0 {
                        rows.push(place as u32); // Batches are of fewer rows than 2^32.
                        values.push(value);
                    }
                }
                column @ Growing::Written(_) => {
                    self.write(column, own, row, place, self.block.written(pair))?;
                }
            }
        }
        Ok(())
    }

    /// Appends a cell that is read as text.
    fn write(
        &self,
        column: &mut Growing,
        own: usize,
        row: usize,
        place: usize,
        cell: &[u8],
    ) -> Result<(), ReadError> {
        let Growing::Written(builder) = column else {
            return Ok(());
        };
        let needed = &self.needed[own];
        self.pad(builder, place, needed)?;
        let there = (!self.na.contains(cell)).then_some(cell);
        let line = self.block.lines.get(row);
        let pushed = builder.push(there);
        pushed.map_err(|refusal| self.refused(refusal, line, needed, cell))
    }

    /// Appends zeros up to so many cells.
    fn pad(&self, builder: &mut Builder, rows: usize, needed: &Needed) -> Result<(), ReadError> {
        while builder.len() < rows {
            let pushed = builder.push(Some(ZERO));
            pushed.map_err(|refusal| self.refused(refusal, 0, needed, ZERO))?;
        }
        Ok(())
    }

    fn refused(&self, refusal: Refusal, line: u64, needed: &Needed, cell: &[u8]) -> ReadError {
        refusal.error(self.blocks.path(), line, &needed.name, cell)
    }

    /// A part of a row as it stands.
    fn text(&self, row: usize, place: Place) -> String {
        let cell = match place {
            Place::Label => self.block.label(row),
            Place::Index(index) => {
                let pair = self.block.row(row).iter().find(|pair| pair.index == index);
                pair.map_or(ZERO, |pair| self.block.written(pair))
            }
        };
        String::from_utf8_lossy(cell).into_owned()
    }
}
