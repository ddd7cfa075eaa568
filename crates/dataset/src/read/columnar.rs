//! Formats of columns (Parquet, Arrow IPC): arrays instead of text.
//!
//! A table comes out as it would from the same cells in CSV: texts are trimmed, the spellings of a
//! missing cell count, and a column of texts that are all numbers is numeric. Rows count from 1
//! where a text has lines.

mod array;
mod calendar;
mod ipc;
mod parquet;
mod scored;
mod stored;
mod types;

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use rayon::prelude::*;

use super::assembly::{Assembly, Columns};
use super::column::{Looked, Part, Task};
use super::csv::MissingCells;
use super::header::Header;
use super::{DECODING, Format, ReadError, ReadProgress};
use crate::fingerprint::Checksum;
use crate::schema::Role;
use crate::table::Lines;
use array::Fault;
pub(super) use scored::Scored;
pub(super) use stored::Stored;
use types::Class;

/// Tasks for each thread at a time: enough that none waits long for the last of them.
const TASKS_PER_THREAD: usize = 4;

/// A file of columns whose description was read.
pub(super) struct ColumnFile {
    path: String,
    stored: Stored,
    layout: Layout,
    header: Header,
    types: Vec<DataType>,
}

enum Layout {
    Parquet(parquet::Description),
    Arrow(ipc::Description),
}

/// The arrays of some rows of one column, one behind the other.
type Chunk = Vec<ArrayRef>;

/// Rows that are stored together.
struct Group {
    rows: usize,
    bytes: u64,
    cells: GroupCells,
}

enum GroupCells {
    /// The position of a row group of Parquet, which is still to be read.
    Stored(usize),
    /// A batch of Arrow IPC, of the wanted columns alone.
    Batch(RecordBatch),
}

/// The groups of a file, one after the other.
struct Groups {
    next: usize,
    records: Option<ipc::Records>,
}

impl ColumnFile {
    /// Reads the description of the columns.
    ///
    /// # Errors
    /// [`ReadError::Damaged`], [`ReadError::Io`], and names that are empty or stand twice.
    pub(super) fn open(path: &str, stored: Stored, format: Format) -> Result<Self, ReadError> {
        let (layout, fields) = decoded(path, format, || {
            Ok(if format == Format::Parquet {
                let (description, fields) = parquet::Description::read(path, &stored)?;
                (Layout::Parquet(description), fields)
            } else {
                let (description, fields) = ipc::Description::read(path, &stored)?;
                (Layout::Arrow(description), fields)
            })
        })?;
        let names = fields.iter().map(|field| field.name().clone()).collect();
        Ok(Self {
            path: path.to_owned(),
            stored,
            layout,
            header: Header::distinct(path, names)?,
            types: fields
                .iter()
                .map(|field| field.data_type().clone())
                .collect(),
        })
    }

    pub(super) fn format(&self) -> Format {
        match self.layout {
            Layout::Parquet(_) => Format::Parquet,
            Layout::Arrow(_) => Format::Arrow,
        }
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.stored.length()
    }

    /// Checks that a column can be read.
    fn readable(&self, column: usize) -> Result<Class, ReadError> {
        types::class(&self.types[column]).map_err(|what| ReadError::ColumnType {
            path: self.path.clone(),
            column: self.header.names[column].clone(),
            what,
        })
    }

    /// Checks that every column holds cells of the same class as in the first file.
    pub(super) fn check(&self, first: &Self) -> Result<(), ReadError> {
        for (column, (own, other)) in self.types.iter().zip(&first.types).enumerate() {
            if !types::agree(own, other) {
                return Err(ReadError::OtherType {
                    path: self.path.clone(),
                    first: first.path.clone(),
                    column: self.header.names[column].clone(),
                    found: types::name(own),
                    expected: types::name(other),
                });
            }
        }
        Ok(())
    }

    /// Reads the rows into the columns of a table, and their bytes into the checksum.
    pub(super) fn read(
        &self,
        file: usize,
        assembly: &mut Assembly<'_>,
        na: &MissingCells,
        checksum: &mut Checksum,
        progress: Option<&ReadProgress>,
    ) -> Result<(), ReadError> {
        let mut wanted = Vec::new();
        for (position, column) in assembly.columns.iter_mut().enumerate() {
            if column.role == Role::Ignored {
                // Its cells are not looked at, so its kind is that of its type.
                let kind = types::class(&self.types[position]).map(Class::kind);
                column.declared = column.declared.or(kind.ok());
            } else {
                self.readable(position)?;
                wanted.push(position);
            }
        }
        let stamp = self.stored.stamp();
        let (hashed, read) = rayon::join(
            || self.stored.hash(checksum),
            || self.read_rows(file, assembly, &wanted, na, progress),
        );
        read?;
        hashed.map_err(|error| super::input::failure(&self.path, error))?;
        if self.stored.stamp() != stamp {
            let path = self.path.clone();
            return Err(ReadError::Changed { path });
        }
        Ok(())
    }

    fn read_rows(
        &self,
        file: usize,
        assembly: &mut Assembly<'_>,
        wanted: &[usize],
        na: &MissingCells,
        progress: Option<&ReadProgress>,
    ) -> Result<(), ReadError> {
        let tasks = TASKS_PER_THREAD * rayon::current_num_threads();
        let at_a_time = if assembly.is_bounded() {
            1
        } else {
            tasks.div_ceil(wanted.len().max(1))
        };
        let mut groups = self.groups(wanted)?;
        let mut line = 1;
        loop {
            let mut wave = Vec::with_capacity(at_a_time);
            while wave.len() < at_a_time
                && let Some(group) = self.next(&mut groups)?
            {
                assembly.fits(group.rows, wanted.len())?;
                wave.push((line, group));
                line += wave.last().map_or(0, |(_, group)| group.rows as u64);
            }
            if wave.is_empty() {
                return Ok(());
            }
            let read = self.read_wave(&wave, &assembly.tasks(None), wanted, na)?;
            assembly.append(file, read, &mut Vec::new());
            assembly.spill()?;
            if let Some(progress) = progress {
                progress.add_rows(wave.iter().map(|(_, group)| group.rows).sum());
                progress.add_bytes(wave.iter().map(|(_, group)| group.bytes).sum());
            }
            if let (0, Layout::Parquet(description)) = (file, &self.layout) {
                assembly.reserve(description.all_rows());
            }
        }
    }

    /// Reads all columns of some groups, each with the line of its first row.
    fn read_wave(
        &self,
        wave: &[(u64, Group)],
        tasks: &[Task<'_>],
        wanted: &[usize],
        na: &MissingCells,
    ) -> Result<Vec<Columns>, ReadError> {
        let pieces: Vec<(usize, usize)> = (0..wave.len())
            .flat_map(|group| (0..wanted.len()).map(move |own| (group, own)))
            .collect();
        let read: Vec<Result<Vec<(Looked, Part)>, ReadError>> = pieces
            .par_iter()
            .map(|&(group, own)| {
                let (line, group) = &wave[group];
                let column = wanted[own];
                let chunk = self.chunk(group, own, column)?;
                let mut line = *line;
                let mut parts = Vec::with_capacity(chunk.len());
                for array in chunk {
                    let rows = array.len();
                    let read = array::read(array, line, tasks[column], na);
                    parts.push(read.map_err(|fault| self.fault(&fault, line, column))?);
                    line += rows as u64;
                }
                Ok(parts)
            })
            .collect();
        let mut read = read.into_iter();
        let mut blocks = Vec::new();
        for (line, group) in wave {
            // The arrays of all columns end at the same rows.
            let lengths = lengths(group);
            let first = blocks.len();
            let mut line = *line;
            for &rows in &lengths {
                let missing = || (Looked::default(), Part::Missing(rows));
                blocks.push(Columns {
                    lines: Lines::consecutive(line, rows),
                    names: None,
                    parts: tasks.iter().map(|_| missing()).collect(),
                    spare: Default::default(),
                });
                line += rows as u64;
            }
            for (&column, parts) in wanted.iter().zip(&mut read) {
                for (block, part) in blocks[first..].iter_mut().zip(parts?) {
                    block.parts[column] = part;
                }
            }
        }
        Ok(blocks)
    }

    /// Begins to read groups of these columns.
    fn groups(&self, wanted: &[usize]) -> Result<Groups, ReadError> {
        let records = match &self.layout {
            Layout::Parquet(_) => None,
            Layout::Arrow(description) => Some(decoded(&self.path, Format::Arrow, || {
                description.records(&self.path, &self.stored, wanted)
            })?),
        };
        Ok(Groups { next: 0, records })
    }

    fn next(&self, groups: &mut Groups) -> Result<Option<Group>, ReadError> {
        groups.next += 1;
        match (&self.layout, &mut groups.records) {
            (Layout::Parquet(description), _) => Ok(description.group(groups.next - 1)),
            (Layout::Arrow(_), records) => {
                let batch = decoded(&self.path, Format::Arrow, || {
                    let batch = records.as_mut().and_then(Iterator::next).transpose();
                    batch.map_err(|error| damaged(&self.path, Format::Arrow, &error))
                })?;
                let Some(batch) = batch else {
                    return Ok(None);
                };
                Ok(Some(Group {
                    rows: batch.num_rows(),
                    bytes: batch.get_array_memory_size() as u64,
                    cells: GroupCells::Batch(batch),
                }))
            }
        }
    }

    /// The cells of a column, which is the wanted one at position `own`.
    fn chunk(&self, group: &Group, own: usize, column: usize) -> Result<Chunk, ReadError> {
        let chunk = match (&self.layout, &group.cells) {
            (Layout::Parquet(description), GroupCells::Stored(position)) => {
                decoded(&self.path, Format::Parquet, || {
                    description.chunk(&self.path, &self.stored, *position, column)
                })?
            }
            (_, GroupCells::Batch(_)) if group.rows == 0 => Chunk::new(),
            (_, GroupCells::Batch(batch)) => {
                batch.columns().get(own).cloned().into_iter().collect()
            }
            (Layout::Arrow(_), GroupCells::Stored(_)) => Chunk::new(),
        };
        let expected = lengths(group);
        if chunk.iter().map(Array::len).ne(expected) {
            let reason = "a column has more or fewer cells than there are rows";
            return Err(damaged(&self.path, self.format(), &reason));
        }
        Ok(chunk)
    }

    fn fault(&self, fault: &Fault, line: u64, column: usize) -> ReadError {
        ReadError::UnreadableCell {
            path: self.path.clone(),
            line: line + fault.row as u64,
            column: self.header.names[column].clone(),
            reason: fault.reason,
        }
    }
}

/// The lengths of the arrays in which the cells of a group are read.
fn lengths(group: &Group) -> Vec<usize> {
    let most = match group.cells {
        GroupCells::Stored(_) => parquet::ROWS,
        GroupCells::Batch(_) => group.rows.max(1),
    };
    let full = vec![most; group.rows / most];
    let rest = group.rows % most;
    full.into_iter().chain((rest > 0).then_some(rest)).collect()
}

/// What a decoder makes of a file. The libraries give up with a panic on some damaged files; that is
/// an error like their others here.
fn decoded<T>(
    path: &str,
    format: Format,
    decode: impl FnOnce() -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    DECODING.set(true);
    // After a panic nothing of the decoder is used again.
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(false);
    decoded.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(damaged(
            path,
            format,
            &text.unwrap_or("the decoder gave up"),
        ))
    })
}

/// The error for a file that is not what its first bytes say.
fn damaged(path: &str, format: Format, reason: &dyn std::fmt::Display) -> ReadError {
    ReadError::Damaged {
        path: path.to_owned(),
        format,
        reason: reason.to_string(),
    }
}
