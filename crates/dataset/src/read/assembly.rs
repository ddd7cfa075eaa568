//! The columns of a table as its blocks arrive.

use std::collections::HashMap;
use std::mem;

use rayon::prelude::*;

use super::column::{Looked, Part, Task, lower};
use super::grid::Span;
use super::infer::Seen;
use super::{Format, svmlight};
use crate::schema::{Kind, Role, Told};
use crate::storage::{Segments, Spill, Storage, StorageError};
use crate::table::{Cells, Dictionary, Lines, MISSING, SparseCells};

/// A column that grows from block to block.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) name: String,
    pub(super) declared: Option<Kind>,
    pub(super) role: Role,
    pub(super) seen: Seen,
    cells: State,
    /// Where the cells are that were moved to the disk, if they are moved there.
    spilled: Option<Spilled>,
}

/// The cells of a column that come before those in memory.
#[derive(Debug, Default)]
struct Spilled {
    /// Missing cells before the first that is there.
    missing: usize,
    segments: Segments,
}

/// What a column consists of so far.
#[derive(Debug)]
enum State {
    /// Nothing but missing cells.
    Missing(usize),
    Numbers(Vec<f64>),
    /// Numbers of which only those that are not 0 are stored, with their rows.
    Sparse {
        len: usize,
        rows: Vec<u32>,
        values: Vec<f64>,
    },
    Text {
        codes: Vec<u32>,
        dictionary: Dictionary,
    },
    /// There were blocks of numbers before blocks of text: if the column is text, the text of the
    /// numbers must be read again.
    Mixed,
}

/// A block of which every column is read.
pub(super) struct Columns {
    pub(super) lines: Lines,
    /// Names of the columns, where the file does not say them once for all.
    pub(super) names: Option<Vec<String>>,
    pub(super) parts: Vec<(Looked, Part)>,
    /// The memory of the block, to be used again.
    pub(super) spare: (Vec<u8>, Vec<Span>),
}

/// The columns of a table, the rows of its blocks one below the other.
pub(super) struct Assembly<'a> {
    plan: &'a Plan<'a>,
    format: Format,
    pub(super) lines: Lines,
    pub(super) columns: Vec<Growing>,
    positions: HashMap<String, usize>,
    disk: Option<Disk>,
}

/// Where cells go that are too many for memory.
pub(super) struct Disk {
    storage: Storage,
    pub(super) spill: Spill,
}

/// Which columns are read, and as what.
pub(super) enum Plan<'a> {
    /// All columns, to find out what they are.
    First(&'a Told<'a>),
    /// The text of these columns.
    Text(&'a [String]),
}

impl Disk {
    pub(super) fn new(storage: &Storage) -> Result<Self, StorageError> {
        Ok(Self {
            storage: storage.clone(),
            spill: Spill::new(&storage.folder)?,
        })
    }
}

impl Plan<'_> {
    fn kind_and_role(&self, name: &str) -> (Option<Kind>, Role) {
        match self {
            Self::First(told) => (told.kind_to_read(name), told.role(name)),
            Self::Text(names) => {
                let wanted = names.iter().any(|wanted| wanted == name);
                let role = if wanted { Role::Feature } else { Role::Ignored };
                (Some(Kind::Categorical), role)
            }
        }
    }

    /// What is wanted of a column that no block had yet.
    fn task(&self, name: &str) -> Task<'static> {
        let (kind, role) = self.kind_and_role(name);
        Task {
            kind,
            keep: role != Role::Ignored,
            dates: kind.is_none() && role == Role::Feature,
            known: None,
        }
    }

    fn column(&self, name: &str) -> Growing {
        let (declared, role) = self.kind_and_role(name);
        Growing {
            name: name.to_owned(),
            declared,
            role,
            seen: Seen::default(),
            cells: State::Missing(0),
            spilled: None,
        }
    }
}

impl Growing {
    fn task(&self) -> Task<'_> {
        Task {
            kind: self.declared,
            keep: self.role != Role::Ignored && !self.mixed(),
            dates: self.declared.is_none() && self.role == Role::Feature,
            known: self.dictionary(),
        }
    }

    /// Makes room for so many rows.
    fn reserve(&mut self, rows: usize) {
        // Without room for all of them the column grows as it needs to.
        let _ = match &mut self.cells {
            State::Numbers(values) => values.try_reserve_exact(rows.saturating_sub(values.len())),
            State::Text { codes, .. } => codes.try_reserve_exact(rows.saturating_sub(codes.len())),
            State::Missing(_) | State::Sparse { .. } | State::Mixed => Ok(()),
        };
    }

    fn dictionary(&self) -> Option<&Dictionary> {
        match &self.cells {
            State::Text { dictionary, .. } => Some(dictionary),
            _ => None,
        }
    }

    /// Whether the text of the column must be read again if it is text.
    pub(super) fn mixed(&self) -> bool {
        matches!(self.cells, State::Mixed) || self.seen.partly_dates()
    }

    /// Whether there are numbers whose text is gone.
    pub(super) fn lacks_text(&self) -> bool {
        matches!(
            self.cells,
            State::Mixed | State::Numbers(_) | State::Sparse { .. }
        )
    }

    /// Appends `rows` cells that a block does not have.
    fn pad(&mut self, rows: usize, format: Format) {
        if rows == 0 {
            return;
        }
        // What svmlight does not write is zero.
        let part = match format {
            Format::Svmlight => match self.declared {
                None | Some(Kind::Numeric) => Part::Sparse {
                    len: rows,
                    rows: Vec::new(),
                    values: Vec::new(),
                },
                Some(_) => Part::Text {
                    codes: vec![0; rows],
                    known: 0,
                    levels: vec!["0".to_owned()],
                },
            },
            _ => Part::Missing(rows),
        };
        self.push(part);
    }

    fn push(&mut self, part: Part) {
        if self.role == Role::Ignored {
            return;
        }
        self.cells = match (mem::replace(&mut self.cells, State::Mixed), part) {
            (State::Missing(0), Part::Sparse { len, rows, values }) => {
                State::Sparse { len, rows, values }
            }
            (State::Missing(missing), part @ Part::Sparse { .. }) => {
                self.cells = State::Sparse {
                    len: missing,
                    rows: (0..missing as u32).collect(), // Rows are fewer than 2^32.
                    values: vec![f64::NAN; missing],
                };
                return self.push(part);
            }
            (
                State::Sparse {
                    len: before,
                    rows: mut all,
                    values: mut numbers,
                },
                Part::Sparse { len, rows, values },
            ) => {
                all.extend(rows.iter().map(|row| before as u32 + row));
                numbers.extend_from_slice(&values);
                State::Sparse {
                    len: before + len,
                    rows: all,
                    values: numbers,
                }
            }
            (State::Missing(rows), Part::Missing(more)) => State::Missing(rows + more),
            (State::Missing(0), Part::Numbers(values)) => State::Numbers(values),
            (State::Missing(rows), Part::Numbers(values)) => {
                let mut all = vec![f64::NAN; self.before(rows)];
                all.extend_from_slice(&values);
                State::Numbers(all)
            }
            (State::Missing(rows), part @ Part::Text { .. }) => {
                self.cells = State::Text {
                    codes: vec![MISSING; self.before(rows)],
                    dictionary: Dictionary::default(),
                };
                return self.push(part);
            }
            (State::Numbers(mut all), Part::Numbers(values)) => {
                all.extend_from_slice(&values);
                State::Numbers(all)
            }
            (State::Numbers(mut all), Part::Missing(rows)) => {
                all.resize(all.len() + rows, f64::NAN);
                State::Numbers(all)
            }
            (
                State::Text {
                    mut codes,
                    dictionary,
                },
                Part::Missing(rows),
            ) => {
                codes.resize(codes.len() + rows, MISSING);
                State::Text { codes, dictionary }
            }
            (
                State::Text {
                    codes: mut all,
                    mut dictionary,
                },
                Part::Text {
                    codes,
                    known,
                    levels,
                },
            ) => {
                let new: Vec<u32> = levels
                    .into_iter()
                    .map(|level| dictionary.take(level))
                    .collect();
                all.extend(codes.iter().map(|&code| match code as usize {
                    _ if code == MISSING => MISSING,
                    position if position < known => code,
                    position => new[position - known],
                }));
                State::Text {
                    codes: all,
                    dictionary,
                }
            }
            (State::Numbers(_), Part::Text { .. } | Part::Sparse { .. })
            | (State::Text { .. }, Part::Numbers(_) | Part::Sparse { .. })
            | (State::Sparse { .. } | State::Mixed, _) => State::Mixed,
        };
    }

    /// How many missing cells must be written down before the first that is there: none where the
    /// disk has the cells, which keeps their number.
    fn before(&mut self, rows: usize) -> usize {
        match &mut self.spilled {
            None => rows,
            Some(spilled) => {
                spilled.missing = rows;
                0
            }
        }
    }

    /// Bytes of cells in memory.
    fn bytes(&self) -> u64 {
        match &self.cells {
            State::Numbers(values) => size_of_val(values.as_slice()) as u64,
            State::Text { codes, .. } => size_of_val(codes.as_slice()) as u64,
            // Never on the disk: see `body::check_bounded`.
            State::Missing(_) | State::Sparse { .. } | State::Mixed => 0,
        }
    }

    /// Moves the cells to the disk.
    fn spill(&mut self, spill: &mut Spill) -> Result<(), StorageError> {
        let Some(spilled) = &mut self.spilled else {
            return Ok(());
        };
        match &mut self.cells {
            State::Numbers(values) => {
                spill.append(&mut spilled.segments, values)?;
                *values = Vec::new();
            }
            State::Text { codes, .. } => {
                spill.append(&mut spilled.segments, codes)?;
                *codes = Vec::new();
            }
            State::Missing(_) | State::Sparse { .. } | State::Mixed => {}
        }
        Ok(())
    }

    /// Takes the cells back from the disk.
    pub(super) fn unspill(&mut self, spill: &Spill) -> Result<(), StorageError> {
        let Some(Spilled { missing, segments }) = self.spilled.take() else {
            return Ok(());
        };
        let (read, all) = (0..segments.len(), missing + segments.len());
        match &mut self.cells {
            State::Numbers(values) => {
                let mut cells = vec![f64::NAN; all];
                spill.read(&segments, read, &mut cells[missing..])?;
                cells.append(values);
                *values = cells;
            }
            State::Text { codes, .. } => {
                let mut cells = vec![MISSING; all];
                spill.read(&segments, read, &mut cells[missing..])?;
                cells.append(codes);
                *codes = cells;
            }
            State::Missing(_) | State::Sparse { .. } | State::Mixed => {}
        }
        Ok(())
    }

    /// The cells of a column of that kind; `None` when they must be read again.
    pub(super) fn finish(self, kind: Kind, rows: usize) -> Option<Cells> {
        Some(match (self.cells, kind) {
            (State::Missing(_), Kind::Numeric) => Cells::Numeric(vec![f64::NAN; rows]),
            (State::Missing(_), Kind::Categorical | Kind::Boolean | Kind::Date) => Cells::Text {
                codes: vec![MISSING; rows],
                levels: Vec::new(),
            },
            (State::Sparse { len, rows, values }, Kind::Numeric) => {
                let cells = SparseCells::read(len, rows, values);
                let feature = self.role == Role::Feature;
                if feature && SparseCells::pays(cells.stored(), cells.len()) {
                    Cells::Sparse(cells)
                } else {
                    Cells::Numeric(cells.to_dense())
                }
            }
            (State::Numbers(mut values), Kind::Numeric | Kind::Date) => {
                values.shrink_to_fit();
                Cells::Numeric(values)
            }
            (
                State::Text {
                    mut codes,
                    dictionary,
                },
                Kind::Categorical | Kind::Boolean | Kind::Date,
            ) => {
                codes.shrink_to_fit();
                let levels = match kind {
                    Kind::Boolean => lower(&mut codes, dictionary.into_levels()),
                    _ => dictionary.into_levels(),
                };
                Cells::Text { codes, levels }
            }
            (State::Mixed | State::Numbers(_) | State::Sparse { .. } | State::Text { .. }, _) => {
                return None;
            }
        })
    }
}

impl<'a> Assembly<'a> {
    pub(super) fn new(
        plan: &'a Plan<'a>,
        format: Format,
        names: &[String],
        disk: Option<Disk>,
    ) -> Self {
        let mut assembly = Self {
            plan,
            format,
            lines: Lines::default(),
            columns: Vec::new(),
            positions: HashMap::new(),
            disk,
        };
        for name in names {
            assembly.position(name, 0);
        }
        assembly
    }

    /// The column of that name; if there is none, a new one that lacks the first `rows` rows.
    fn position(&mut self, name: &str, rows: usize) -> usize {
        if let Some(&position) = self.positions.get(name) {
            return position;
        }
        let position = self.columns.len();
        let mut column = self.plan.column(name);
        column.spilled = self.disk.is_some().then(Spilled::default);
        column.pad(rows, self.format);
        self.columns.push(column);
        self.positions.insert(name.to_owned(), position);
        position
    }

    /// What is wanted of each column of a block, which has these names if they are its own.
    pub(super) fn tasks(&self, names: Option<&[String]>) -> Vec<Task<'_>> {
        match names {
            None => self.columns.iter().map(Growing::task).collect(),
            Some(names) => names
                .iter()
                .map(|name| match self.positions.get(name) {
                    Some(&position) => self.columns[position].task(),
                    None => self.plan.task(name),
                })
                .collect(),
        }
    }

    /// Appends blocks of the file at that position, in order, and hands their memory back.
    pub(super) fn append(
        &mut self,
        file: usize,
        blocks: Vec<Columns>,
        spare: &mut Vec<(Vec<u8>, Vec<Span>)>,
    ) {
        // For each column its parts, with the rows that each lacks before it.
        let mut parts: Vec<Vec<(usize, Looked, Part)>> = Vec::new();
        parts.resize_with(self.columns.len(), Vec::new);
        let mut filled = vec![0; self.columns.len()];
        let (before, mut rows) = (self.lines.len(), 0);
        for block in blocks {
            for (own, (looked, part)) in block.parts.into_iter().enumerate() {
                let position = match &block.names {
                    None => own,
                    Some(names) => self.position(&names[own], before),
                };
                if position == parts.len() {
                    parts.push(Vec::new());
                    filled.push(0);
                }
                parts[position].push((rows - filled[position], looked, part));
                filled[position] = rows + block.lines.len();
            }
            rows += block.lines.len();
            spare.push(block.spare);
            self.lines.extend(file as u32, &block.lines);
        }
        let format = self.format;
        self.columns
            .par_iter_mut()
            .zip(parts)
            .zip(filled)
            .for_each(|((column, parts), filled)| {
                for (lacking, looked, part) in parts {
                    column.pad(lacking, format);
                    column.seen.add(file, looked);
                    column.push(part);
                }
                column.pad(rows - filled, format);
            });
    }

    /// Moves cells to the disk where they have become too many.
    ///
    /// # Errors
    /// [`StorageError::TooManyLevels`], and what the disk says.
    pub(super) fn spill(&mut self) -> Result<(), StorageError> {
        let Some(Disk { storage, spill }) = &mut self.disk else {
            return Ok(());
        };
        let dictionaries = self.columns.iter().filter_map(Growing::dictionary);
        let levels: usize = dictionaries.map(Dictionary::bytes).sum();
        if levels as u64 > storage.levels() {
            let bytes = |column: &&Growing| column.dictionary().map_or(0, Dictionary::bytes);
            if let Some(widest) = self.columns.iter().max_by_key(bytes) {
                return Err(StorageError::TooManyLevels {
                    column: widest.name.clone(),
                    levels: widest.dictionary().map_or(0, Dictionary::len),
                    needed: levels as u64,
                    allowed: storage.levels(),
                });
            }
        }
        if self.columns.iter().map(Growing::bytes).sum::<u64>() > storage.buffered() {
            for column in &mut self.columns {
                column.spill(spill)?;
            }
        }
        Ok(())
    }

    /// Blocks of that size that may be under way, `most` at the most.
    ///
    /// # Errors
    /// [`StorageError::TooSmall`] where there is no room for one.
    pub(super) fn blocks(&self, block: usize, most: usize) -> Result<usize, StorageError> {
        match &self.disk {
            None => Ok(most),
            Some(disk) => match disk.storage.blocks(block) {
                0 => Err(disk.storage.too_small_for_block(block)),
                some => Ok(some.min(most)),
            },
        }
    }

    /// Whether cells go to the disk.
    #[cfg(feature = "parquet")]
    pub(super) fn is_bounded(&self) -> bool {
        self.disk.is_some()
    }

    /// Checks that so many rows of so many columns may be in memory at a time.
    ///
    /// # Errors
    /// [`StorageError::TooSmall`].
    #[cfg(feature = "parquet")]
    pub(super) fn fits(&self, rows: usize, columns: usize) -> Result<(), StorageError> {
        let disk = self.disk.as_ref();
        disk.map_or(Ok(()), |disk| disk.storage.group(rows, columns))
    }

    /// The disk that cells were moved to.
    pub(super) fn take_disk(&mut self) -> Option<Disk> {
        self.disk.take()
    }

    /// Makes room for so many rows in all.
    pub(super) fn reserve(&mut self, rows: usize) {
        if self.disk.is_some() {
            return;
        }
        for column in &mut self.columns {
            column.reserve(rows);
        }
    }

    /// The columns in the order of the table.
    pub(super) fn into_columns(self) -> Vec<Growing> {
        let mut columns = self.columns;
        if self.format == Format::Svmlight {
            // An index may turn up late, 0 for example.
            columns.sort_by_cached_key(|column| svmlight::index(&column.name));
        }
        columns
    }
}
