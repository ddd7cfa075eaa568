//! A whole table, its blocks read in parallel.

use rayon::prelude::*;

use super::assembly::{Assembly, Columns, Disk, Growing, Plan};
use super::blocks::{Block, Blocks, Layout, Rows, Sizes};
use super::body::{self, Body};
use super::column::{self, GridColumn};
use super::csv::MissingCells;
use super::header::Header;
use super::input::Part;
use super::source::Source;
use super::{CsvOptions, Format, Input, ReadError, ReadProgress, conversion, infer, svmlight};
use crate::fingerprint::{Checksum, Fingerprint};
use crate::schema::{Role, Schema, SchemaOptions, Told};
use crate::storage::{Storage, StorageError, StoredColumns, StoredTable};
use crate::table::{Column, Lines, Table};

/// Blocks that wait for one thread: enough that none is idle while the next are read.
const BLOCKS_PER_THREAD: usize = 8;

/// What one pass over all bytes gives.
pub(super) struct Pass {
    lines: Lines,
    columns: Vec<Growing>,
    bytes: u64,
    sha256: String,
    disk: Option<Disk>,
}

/// A table as it is put together, column by column.
pub(super) trait Collected {
    type Table;

    fn push(&mut self, column: Column) -> Result<(), StorageError>;

    fn table(self, source: String, files: Vec<String>, lines: Lines) -> Self::Table;
}

impl Collected for Vec<Column> {
    type Table = Table;

    fn push(&mut self, column: Column) -> Result<(), StorageError> {
        self.push(column);
        Ok(())
    }

    fn table(self, source: String, files: Vec<String>, lines: Lines) -> Table {
        Table::read(source, self, lines).with_files(files)
    }
}

impl Collected for StoredColumns {
    type Table = StoredTable;

    fn push(&mut self, column: Column) -> Result<(), StorageError> {
        self.push(column)
    }

    fn table(self, source: String, files: Vec<String>, lines: Lines) -> StoredTable {
        self.table(source, files, lines)
    }
}

/// Reads a whole table: see [`read_table`](super::read_table).
pub(super) fn read(
    input: &Input,
    csv: &CsvOptions,
    options: &SchemaOptions,
    sizes: Sizes,
) -> Result<(Table, Schema, Fingerprint), ReadError> {
    let told = options.told();
    let first = first(input, csv, &told, sizes, None)?;
    finish(input, csv, &told, sizes, first, Vec::new(), None)
}

/// Reads a whole table to the disk: see [`read_stored`](super::read_stored).
pub(super) fn read_stored(
    input: &Input,
    csv: &CsvOptions,
    options: &SchemaOptions,
    sizes: Sizes,
    storage: &Storage,
) -> Result<(StoredTable, Schema, Fingerprint), ReadError> {
    let told = options.told();
    let first = first(input, csv, &told, sizes, Some(storage))?;
    storage.columns(first.lines.len())?;
    let columns = StoredColumns::new(storage)?;
    finish(input, csv, &told, sizes, first, columns, Some(storage))
}

/// The first pass, which has to find rows.
fn first(
    input: &Input,
    csv: &CsvOptions,
    told: &Told<'_>,
    sizes: Sizes,
    storage: Option<&Storage>,
) -> Result<Pass, ReadError> {
    let first = pass(input, csv, &Plan::First(told), sizes, storage)?;
    let path = || input.name().to_owned();
    if first.columns.is_empty() {
        return Err(ReadError::Empty { path: path() });
    }
    if first.lines.len() == 0 {
        return Err(ReadError::NoRows { path: path() });
    }
    Ok(first)
}

/// Decides what every column is, and reads again what turned out to be text.
pub(super) fn finish<C: Collected>(
    input: &Input,
    csv: &CsvOptions,
    told: &Told<'_>,
    sizes: Sizes,
    first: Pass,
    mut columns: C,
    storage: Option<&Storage>,
) -> Result<(C::Table, Schema, Fingerprint), ReadError> {
    let files: Vec<String> = input.parts().iter().map(|part| part.name.clone()).collect();
    let names: Vec<String> = first.columns.iter().map(|c| c.name.clone()).collect();
    // A file that names its columns line by line has its header now.
    infer::check_names(
        input.name(),
        &Header::of_names(input.name(), names.clone()),
        told.options,
    )?;
    let (mut schema, doubts) = infer::decide(&files, &first.columns)?;
    let rows = first.lines.len();
    let mixed: Vec<String> = first
        .columns
        .iter()
        .zip(&doubts)
        .filter(|(column, doubt)| column.mixed() || (doubt.is_some() && column.lacks_text()))
        .map(|(column, _)| column.name.clone())
        .collect();
    let (mut again, second_disk) = if mixed.is_empty() {
        (Vec::new(), None)
    } else {
        let plan = Plan::Text(&mixed);
        let second = pass(input, csv, &plan, sizes, storage)?;
        let same = second.bytes == first.bytes
            && second.sha256 == first.sha256
            && second.lines == first.lines;
        if !same {
            let path = input.name().to_owned();
            return Err(ReadError::Changed { path });
        }
        (second.columns, second.disk)
    };
    let read = first.columns.into_iter().zip(doubts);
    for ((column, doubt), described) in read.zip(&mut schema.columns) {
        if described.role == Role::Ignored {
            continue;
        }
        let (mut column, disk) = match again.iter().position(|other| other.name == column.name) {
            Some(position) if mixed.contains(&column.name) => {
                (again.swap_remove(position), &second_disk)
            }
            _ => (column, &first.disk),
        };
        if let Some(disk) = disk {
            column.unspill(&disk.spill)?;
        }
        let cells = column.finish(described.kind, rows);
        let cells = cells.ok_or_else(|| ReadError::Changed {
            path: input.name().to_owned(),
        })?;
        let place = |row| {
            let file = files.get(first.lines.file(row) as usize);
            let file = file.map_or_else(|| input.name().to_owned(), Clone::clone);
            (file, first.lines.get(row))
        };
        let cells = conversion::convert(described, cells, told, doubt, place)?;
        if described.role != Role::Ignored {
            columns.push(Column {
                name: described.name.clone(),
                cells,
            })?;
        }
    }
    let fingerprint = Fingerprint {
        sha256: first.sha256,
        bytes: first.bytes,
        rows,
        columns: schema.columns.len(),
    };
    let files = if files.len() > 1 { files } else { Vec::new() };
    let table = columns.table(input.name().to_owned(), files, first.lines);
    Ok((table, schema, fingerprint))
}

/// Reads all files of a table, one after the other.
pub(super) fn pass(
    input: &Input,
    csv: &CsvOptions,
    plan: &Plan<'_>,
    sizes: Sizes,
    storage: Option<&Storage>,
) -> Result<Pass, ReadError> {
    let na = csv.missing();
    if let Some(progress) = input.progress() {
        progress.begin();
    }
    let mut checksum = Checksum::default();
    let mut bytes = 0;
    let mut begun: Option<(Assembly<'_>, First<'_>)> = None;
    #[cfg(feature = "parquet")]
    let mut first_columns = None;
    for (file, part) in input.parts().iter().enumerate() {
        let before = checksum.clone();
        #[cfg(feature = "parquet")]
        let stored = input.progress().map(ReadProgress::bytes);
        let source = Source::open(
            &part.name,
            input.open_part(part)?,
            csv,
            input.format(),
            Some(before.clone()),
            sizes.block,
        )?;
        if storage.is_some() {
            body::check_bounded(&source, part)?;
        }
        let body = Body::open(source, Some(part), csv, sizes)?;
        if begun.is_none() {
            if let (Plan::First(told), Some(header)) = (plan, body.header()) {
                infer::check_names(input.name(), header, told.options)?;
            }
            let mut names = body
                .header()
                .map_or_else(Vec::new, |header| header.names.clone());
            if let (Plan::First(told), Format::Svmlight) = (plan, body.format()) {
                names = svmlight::mentioned(told.options);
            }
            let first = First {
                part,
                header: body.header().cloned(),
                format: body.format(),
            };
            let disk = storage.map(Disk::new).transpose()?;
            begun = Some((Assembly::new(plan, body.format(), &names, disk), first));
        }
        let Some((assembly, first)) = &mut begun else {
            break;
        };
        first.check(part, &body)?;
        let stamp = storage.and_then(|_| part.stamp());
        match body {
            Body::Text(mut blocks) => {
                let size = if input.parts().len() == 1 {
                    part.size()
                } else {
                    None
                };
                read_blocks(&mut blocks, assembly, file, &na, size, input.progress())?;
                bytes += blocks.bytes();
                checksum = blocks.into_checksum().unwrap_or_default();
            }
            #[cfg(feature = "parquet")]
            Body::Columns(columns) => {
                if let Some(first) = &first_columns {
                    columns.check(first)?;
                }
                checksum = before;
                let progress = input.progress();
                columns.read(file, assembly, &na, &mut checksum, progress)?;
                bytes += columns.bytes();
                if let (Some(progress), Some(stored)) = (progress, stored) {
                    // Its first bytes were read twice, and its description counts for no rows.
                    progress.set_bytes(stored + part.size().unwrap_or_default());
                }
                first_columns.get_or_insert(columns);
            }
        }
        if stamp != storage.and_then(|_| part.stamp()) {
            let path = part.name.clone();
            return Err(ReadError::Changed { path });
        }
    }
    let Some((mut assembly, _)) = begun else {
        let pattern = input.name().to_owned();
        return Err(ReadError::NoMatch { pattern });
    };
    Ok(Pass {
        lines: std::mem::take(&mut assembly.lines),
        disk: assembly.take_disk(),
        columns: assembly.into_columns(),
        bytes,
        sha256: checksum.hex(),
    })
}

/// The file that the others must be like.
struct First<'a> {
    part: &'a Part,
    header: Option<Header>,
    format: Format,
}

impl First<'_> {
    fn check<R: std::io::Read>(&self, part: &Part, body: &Body<R>) -> Result<(), ReadError> {
        if body.format() != self.format {
            return Err(ReadError::MixedFormats {
                path: part.name.clone(),
                found: body.format(),
                first: self.part.name.clone(),
                expected: self.format,
            });
        }
        let (Some(header), Some(first)) = (body.header(), &self.header) else {
            return Ok(());
        };
        let longer = header.names.len().max(first.names.len());
        for position in 0..longer {
            let (found, expected) = (header.names.get(position), first.names.get(position));
            if found != expected {
                return Err(ReadError::OtherColumns {
                    path: part.name.clone(),
                    first: self.part.name.clone(),
                    position: position + 1,
                    found: found.cloned(),
                    expected: expected.cloned(),
                });
            }
        }
        Ok(())
    }
}

/// Reads the blocks of one file: the next are read from it while the last are cut into cells.
///
/// How many are under way at a time depends on the number of threads, what they are does not:
/// blocks end where the text says, and their columns are joined in order.
fn read_blocks<R: std::io::Read + Send>(
    blocks: &mut Blocks<R>,
    assembly: &mut Assembly<'_>,
    file: usize,
    na: &MissingCells,
    size: Option<u64>,
    progress: Option<&ReadProgress>,
) -> Result<(), ReadError> {
    let mut size = size;
    let some = BLOCKS_PER_THREAD * rayon::current_num_threads();
    let some = assembly.blocks(blocks.size(), some)?;
    let (path, layout) = (blocks.path().to_owned(), blocks.layout());
    let (mut current, mut failure) = take(blocks, some);
    while !current.is_empty() {
        let waiting = std::mem::take(&mut current);
        let read_so_far = blocks.bytes();
        let ((next, failed), read) = rayon::join(
            || match &failure {
                None => take(blocks, some),
                Some(_) => (Vec::new(), None),
            },
            || {
                waiting
                    .into_par_iter()
                    .map(|block| cut(&path, layout, assembly, na, block))
                    .collect::<Vec<_>>()
            },
        );
        let mut sound = Vec::with_capacity(read.len());
        for block in read {
            // The first mistake of the file counts, whichever thread finds its own first.
            sound.push(block?);
        }
        let before = assembly.lines.len();
        assembly.append(file, sound, &mut blocks.spare);
        assembly.spill()?;
        let (rows, columns) = (assembly.lines.len(), assembly.columns.len());
        if let Some(progress) = progress {
            progress.add_rows(rows - before);
        }
        if let Some(size) = size.take() {
            // Rows to come are about as long as these. Room that is not used costs nothing.
            let all = rows as u128 * u128::from(size) / u128::from(read_so_far.max(1));
            assembly.reserve(usize::try_from(all + all / 50).unwrap_or(rows));
        }
        if layout == Layout::Svmlight && !svmlight::fits(rows, columns) {
            return Err(ReadError::TooWide {
                path,
                rows,
                columns,
            });
        }
        current = next;
        failure = failure.or(failed);
    }
    failure.map_or(Ok(()), Err)
}

/// Up to so many blocks, and what went wrong behind them.
fn take<R: std::io::Read>(blocks: &mut Blocks<R>, some: usize) -> (Vec<Block>, Option<ReadError>) {
    let mut taken = Vec::with_capacity(some);
    while taken.len() < some {
        match blocks.next() {
            Ok(Some(block)) => taken.push(block),
            Ok(None) => break,
            Err(error) => return (taken, Some(error)),
        }
    }
    (taken, None)
}

/// Cuts a block into cells and reads its columns.
fn cut(
    path: &str,
    layout: Layout,
    assembly: &Assembly<'_>,
    na: &MissingCells,
    block: Block,
) -> Result<Columns, ReadError> {
    let (rows, error) = layout.cut(path, block);
    if let Some(error) = error {
        return Err(error);
    }
    match rows {
        Rows::Cells(grid) => {
            let tasks = assembly.tasks(grid.names.as_deref());
            let grid_column = |(column, task)| {
                let grid = &grid;
                column::read(&GridColumn { grid, column }, task, na)
            };
            let parts = tasks.into_iter().enumerate().map(grid_column).collect();
            Ok(Columns {
                lines: grid.lines,
                names: grid.names,
                parts,
                spare: (grid.text, grid.spans),
            })
        }
        Rows::Pairs(pairs) => {
            let indices = pairs.indices().into_iter().map(svmlight::name);
            let names: Vec<String> = [svmlight::LABEL.to_owned()]
                .into_iter()
                .chain(indices)
                .collect();
            let parts = pairs.columns(&assembly.tasks(Some(&names)), na);
            Ok(Columns {
                lines: pairs.lines,
                names: Some(names),
                parts,
                spare: (pairs.text, Vec::new()),
            })
        }
    }
}
